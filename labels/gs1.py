"""GS1 data as it is scanned and printed <-> elements: the home of `parse` and `format`.

A scan is an element string as a scanner passes it on, or a GS1 Digital Link URI. Before an element
string may stand the AIM identifier of a GS1 symbol and one leading FNC1; FNC1 is GS (0x1D), or one
of two signs that scanners send in its place, and such a sign then separates elements too. Values
stay text; `amount_of`, `date_of` read them.

Gs1Error(ValueError)    a rule of the specification is broken: names AI, position and rule
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from labels import digital_link, gs1_elements, gs1_table
from labels.gs1_checks import CHARSET_82, check_digit
from labels.gs1_elements import GS, Element, Gs1Error

__all__ = (
    "AIMS",
    "CENTURY_YEAR",
    "CHARSET_82",
    "GS",
    "Element",
    "Gs1Error",
    "amount_of",
    "check_digit",
    "date_of",
    "format",
    "format_human",
    "format_scan",
    "gtin_check_digit",
    "has_check_digit",
    "parse",
    "parse_human",
    "read_date",
    "write_date",
)

CENTURY_YEAR = 2026  # the year that two-digit years are read against when the caller has no clock
# GS1-128, GS1 DataMatrix, GS1 QR, GS1 DataBar and composites, GS1 DotCode (GenSpecs 5.1.3).
AIMS = frozenset({"]C1", "]d2", "]Q3", "]e0", "]J1"})
_AIM_CHARS = 3
# FNC1 as GS, as the code word 232 of Data Matrix, as the sign that encoders write in Code 128.
_FNC1_SIGNS = (GS, "\xe8", "\xf1")
_BRACKETED = re.compile(r"\(([0-9]{2,4})\)")


def gtin_check_digit(digits: str) -> str:
    """The check digit of a GTIN whose other 7, 11, 12 or 13 digits are given."""
    assert len(digits) in {7, 11, 12, 13}, f"7, 11, 12 or 13 digits wanted, not {digits!r}"
    return check_digit(digits)


def has_check_digit(key: str) -> bool:
    """Whether `key` is digits of which the last is the check digit of the others."""
    good = len(key) > 1 and key.isascii() and key.isdigit()
    return good and check_digit(key[:-1]) == key[-1]


def parse(scan: str, *, associations: bool = True) -> tuple[Element, ...]:
    """The elements of `scan`, each AI once, in order; raises Gs1Error.

    `associations=False` is for one symbol of several on a label: the others may hold what it needs.
    """
    if "0" <= scan[:1] <= "9":
        return gs1_elements.read(scan, associations=associations)
    start = 0
    if scan.startswith("]"):
        start = _AIM_CHARS
    if digital_link.is_link(scan[start:]):
        return digital_link.read(scan[start:], associations=associations).elements
    if start and scan[:start] not in AIMS:
        raise Gs1Error("", 0, f"{scan[:start]} marks no symbol of GS1")
    text = scan
    for sign in _FNC1_SIGNS:
        if scan.startswith(sign, start):
            start += 1
            text = scan.replace(sign, GS)
            break
    return gs1_elements.read(text, start=start, associations=associations)


def format(elements: Iterable[Element], *, associations: bool = True) -> str:  # noqa: A001
    """The canonical element string: GS after each element of variable length but the last.

    Raises Gs1Error for whatever `parse` would refuse.
    """
    return gs1_elements.write(elements, associations=associations)


def format_scan(elements: Iterable[Element], aim: str, *, associations: bool = True) -> str:
    """What a scanner that sends AIM identifiers passes on of a GS1 symbol; raises Gs1Error."""
    assert aim in AIMS, f"{aim} marks no symbol of GS1"
    return aim + format(elements, associations=associations)


def format_human(elements: Iterable[Element], *, associations: bool = True) -> str:
    """Human readable interpretation: each AI in brackets (GenSpecs 4.15); raises Gs1Error.

    A value in which digits stand in brackets as an AI does could not be told apart: refused.
    """
    wanted = tuple(elements)
    format(wanted, associations=associations)
    text = "".join(f"({element.ai}){element.value}" for element in wanted)
    if _bracketed(text) != wanted:
        ai = next(element.ai for element in wanted if _BRACKETED.search(element.value))
        raise Gs1Error(ai, text.find(f"({ai})"), "digits in brackets would be read as an AI")
    return text


def parse_human(text: str, *, associations: bool = True) -> tuple[Element, ...]:
    """The elements of human readable text; two to four digits in brackets are always an AI."""
    elements = _bracketed(text)
    format(elements, associations=associations)
    return tuple(dict.fromkeys(elements))


def _bracketed(text: str) -> tuple[Element, ...]:
    head, *pairs = _BRACKETED.split(text)
    if head:
        raise Gs1Error("", 0, f"{head!r} stands before the first AI in brackets")
    return tuple(Element(ai, value) for ai, value in zip(pairs[::2], pairs[1::2], strict=True))


def date_of(element: Element, current_year: int = CENTURY_YEAR) -> date:
    """The day that a date element names; day 00 is the month's last; raises Gs1Error."""
    try:
        return read_date(element.value[:6], current_year)
    except ValueError as error:
        raise Gs1Error(element.ai, 0, str(error)) from None


def read_date(digits: str, current_year: int = CENTURY_YEAR) -> date:
    """YYMMDD as a day, century by GenSpecs 7.12; day 00 is the month's last; raises ValueError."""
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits} is not a date of six digits, YYMMDD")
    year = _full_year(int(digits[:2]), current_year)
    month, day = int(digits[2:4]), int(digits[4:])
    if day:
        return date(year, month, day)
    return date.fromordinal(_month_after(date(year, month, 1)).toordinal() - 1)


def write_date(day: date, current_year: int = CENTURY_YEAR) -> str:
    """`day` as YYMMDD; raises ValueError where its century would be read back as another."""
    digits = day.strftime("%y%m%d")
    if read_date(digits, current_year) != day:
        raise ValueError(f"{day.isoformat()} is too far from {current_year} for a two-digit year")
    return digits


def amount_of(element: Element) -> Decimal:
    """The number in a count, measure or price element, exactly: (3103)001250 is 1.250.

    Raises Gs1Error where the value is not digits.
    """
    rule = gs1_table.RULES.get(element.ai)
    if rule is None or not (element.value.isascii() and element.value.isdigit()):
        raise Gs1Error(element.ai, 0, f"{element.value} is not a number")
    decimals = int(element.ai[-1]) if gs1_table.is_measure(element.ai) else 0
    digits = element.value[sum(part.chars_max for part in rule.parts[:-1]) :]
    return Decimal(int(digits)).scaleb(-decimals)


def _full_year(two_digits: int, current_year: int) -> int:
    century, current = divmod(current_year, 100)
    ahead = two_digits - current
    if ahead >= 51:
        century -= 1
    elif ahead <= -50:
        century += 1
    return century * 100 + two_digits


def _month_after(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)
