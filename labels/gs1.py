"""GS1 element strings <-> values, strictly: formats, check digits, dates, associations.

An element string here is the payload after the AIM identifier: no leading FNC1, GS (0x1D) as
separator (GS1 General Specifications 7.8). Values stay text; `amount_of`, `date_of` read them.

Gs1Error(ValueError)    a rule of the specification is broken: names AI, position and rule
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from labels.gs1_table import AI_CHARS_MAX, IDENTIFIERS, Identifier

GS = "\x1d"
CENTURY_YEAR = 2026  # the year that two-digit years are read against when the caller has no clock
CHARSET_82 = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
_DIGITS = frozenset("0123456789")
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Gs1Error(ValueError):
    """A broken rule. `position` counts characters of the element string from 0."""

    def __init__(self, ai: str, position: int, rule: str) -> None:
        super().__init__(f"GS1 AI {ai or '?'} at character {position + 1}: {rule}")
        self.ai = ai
        self.position = position
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value as it stands in the symbol."""

    ai: str
    value: str


def check_digit(digits: str) -> str:
    """The mod 10 check digit that follows `digits` (GenSpecs 7.9.1): GTIN, SSCC, GLN, GSRN."""
    assert digits, "digits wanted"
    assert set(digits) <= _DIGITS, f"digits wanted, not {digits!r}"
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)


def gtin_check_digit(digits: str) -> str:
    """The check digit of a GTIN whose other 7, 11, 12 or 13 digits are given."""
    assert len(digits) in {7, 11, 12, 13}, f"7, 11, 12 or 13 digits wanted, not {digits!r}"
    return check_digit(digits)


def has_check_digit(key: str) -> bool:
    """Whether `key` is digits of which the last is the check digit of the others."""
    return len(key) > 1 and set(key) <= _DIGITS and check_digit(key[:-1]) == key[-1]


def parse(text: str, *, associations: bool = True) -> tuple[Element, ...]:
    """The elements of `text`, each AI once, in order; raises Gs1Error.

    `associations=False` is for one symbol of several on a label: the others may hold what it needs.
    """
    found: dict[str, tuple[str, int]] = {}
    position = 0
    while position < len(text):
        row = _identifier_at(text, position)
        start = position + len(row.ai)
        end = _value_end(text, start, row)
        value = text[start:end]
        _check_value(row, value, position)
        if found.setdefault(row.ai, (value, position))[0] != value:
            raise Gs1Error(row.ai, position, "stands twice with two values")
        position = end + 1 if text[end : end + 1] == GS else end
    if not found:
        raise Gs1Error("", 0, "there is no element")
    if associations:
        _check_associations({ai: place for ai, (_, place) in found.items()})
    return tuple(Element(ai, value) for ai, (value, _) in found.items())


def format(elements: Iterable[Element], *, associations: bool = True) -> str:  # noqa: A001
    """The canonical element string: GS after each element of variable length but the last.

    Raises Gs1Error for whatever `parse` would refuse.
    """
    wanted = tuple(elements)
    text = "".join(_with_separator(element) for element in wanted).removesuffix(GS)
    if parse(text, associations=associations) != tuple(dict.fromkeys(wanted)):
        raise Gs1Error(wanted[0].ai, 0, "the values do not stand apart in one element string")
    return text


def date_of(element: Element, current_year: int = CENTURY_YEAR) -> date:
    """The day that a date element names; day 00 is the month's last; raises Gs1Error."""
    try:
        return read_date(element.value[:6], current_year)
    except ValueError as error:
        raise Gs1Error(element.ai, 0, str(error)) from None


def read_date(digits: str, current_year: int = CENTURY_YEAR) -> date:
    """YYMMDD as a day, century by GenSpecs 7.12; day 00 is the month's last; raises ValueError."""
    if len(digits) != 6 or not set(digits) <= _DIGITS:
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
    """The number in a count or measure element, exactly: (3103)001250 is 1.250."""
    decimals = int(element.ai[3]) if len(element.ai) == AI_CHARS_MAX else 0
    return Decimal(int(element.value)).scaleb(-decimals)


def _with_separator(element: Element) -> str:
    row = IDENTIFIERS.get(element.ai)
    if row is None:
        raise Gs1Error(element.ai, 0, "is not an identifier that our labels know")
    if GS in element.value:
        raise Gs1Error(element.ai, 0, "a value holds no separator")
    return f"{element.ai}{element.value}{GS if row.separator else ''}"


def _identifier_at(text: str, position: int) -> Identifier:
    for chars in range(2, AI_CHARS_MAX + 1):
        row = IDENTIFIERS.get(text[position : position + chars])
        if row is not None:
            return row
    named = text[position : position + 2].replace(GS, "<GS>")
    raise Gs1Error(named, position, "is not an identifier that our labels know")


def _value_end(text: str, start: int, row: Identifier) -> int:
    if not row.separator:
        return min(start + row.chars_max, len(text))
    end = text.find(GS, start)
    return len(text) if end < 0 else end


def _check_value(row: Identifier, value: str, position: int) -> None:
    if GS in value or not row.chars_min <= len(value) <= row.chars_max:
        wanted = f"{row.chars_min} to {row.chars_max}"
        if row.chars_min == row.chars_max:
            wanted = f"{row.chars_max}"
        raise Gs1Error(row.ai, position, f"wants {wanted} characters, has {value!r}")
    allowed = _DIGITS if row.numeric else CHARSET_82
    for place, char in enumerate(value):
        if char not in allowed:
            rule = "digits only" if row.numeric else "not in character set 82"
            raise Gs1Error(row.ai, position + len(row.ai) + place, f"{char!r}: {rule}")
    broken = _broken_meaning(row, value)
    if broken:
        raise Gs1Error(row.ai, position, f"{value}: {broken}")


def _broken_meaning(row: Identifier, value: str) -> str:
    """What is wrong with a value of right form, or nothing."""
    if row.check == "check_digit" and not has_check_digit(value):
        return f"the check digit should be {check_digit(value[:-1])}"
    if row.check in {"date", "date_month", "time"}:
        return _broken_date(value[:6], day_may_be_zero=row.check == "date_month") or (
            _broken_time(value[6:]) if row.check == "time" else ""
        )
    return ""


def _broken_date(digits: str, *, day_may_be_zero: bool) -> str:
    year, month, day = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    if not 1 <= month <= 12:
        return f"there is no month {digits[2:4]}"
    days = 28 if month == 2 and year % 4 else _MONTH_DAYS[month - 1]
    if not (0 if day_may_be_zero else 1) <= day <= days:
        return f"month {digits[2:4]} has no day {digits[4:]}"
    return ""


def _broken_time(digits: str) -> str:
    if len(digits) % 2:
        return "a time is HH, HHMM or HHMMSS"
    for part, limit in zip((digits[:2], digits[2:4], digits[4:]), (24, 60, 60), strict=True):
        if part and int(part) >= limit:
            return f"{part} is not below {limit}"
    return ""


def _check_associations(places: dict[str, int]) -> None:
    """GenSpecs 4.13 and 4.14: which elements must and which must not stand together."""
    for ai, position in places.items():
        row = IDENTIFIERS[ai]
        for excluded in row.excludes:
            clash = next((other for other in places if _is_of(other, excluded, ai)), None)
            if clash:
                raise Gs1Error(ai, position, f"must not stand beside AI {clash}")
        if row.needs and not any(all(one in places for one in group) for group in row.needs):
            groups = " or ".join(" with ".join(group) for group in row.needs)
            raise Gs1Error(ai, position, f"needs AI {groups} beside it")


def _is_of(other: str, name: str, own: str) -> bool:
    return other != own and (other == name or (name[-1] == "n" and other[:-1] == name[:-1]))


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
