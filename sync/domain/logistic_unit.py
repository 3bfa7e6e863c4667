"""The home of the names of logistic units (pallets, cartons): SSCC, or numbers of the house.

An SSCC (GS1 General Specifications 3.2) is an extension digit, the company prefix, a serial
reference and a check digit. It is made only where the office entered its company prefix: then the
ranges granted to a station's origin carry it. A name is used once, also where its act was undone.
"""

from bisect import bisect_right
from typing import Final

from sync.domain.events import NumbersGranted
from sync.domain.numbers import Ranges, ranges_of
from sync.domain.shop import Shop

UNIT_KIND: Final = "sscc"
HOUSE: Final = "U-"
SSCC_DIGITS: Final = 18
PREFIX_DIGITS_MIN, PREFIX_DIGITS_MAX = 5, 13  # the extension digit and 4 to 12 of the company
ORIGIN_SIGNS: Final = 8


def next_unit(shop: Shop, origin: str) -> str:
    """The name of the next unit packed at a station whose journal has this origin.

    An SSCC, or `U-17` where the range has no company prefix; without any number left `U-9F86D081-1`
    by the origin, which nobody else has.
    """
    prefix, ranges = _ranges_in_use(shop, origin)
    highest = _highest_by_range(shop, prefix, ranges)
    for (first, last), taken in zip(ranges, highest, strict=True):
        if taken < last:
            return unit_name(prefix, max(first, taken + 1))
    own = f"{HOUSE}{origin[:ORIGIN_SIGNS].upper()}-"
    counts = (_count_after(own, name) for name in shop.unit_names)
    return f"{own}{max((one for one in counts if one is not None), default=0) + 1}"


def units_left(shop: Shop, origin: str) -> int:
    """How many names are left of what was granted to the origin."""
    prefix, ranges = _ranges_in_use(shop, origin)
    highest = _highest_by_range(shop, prefix, ranges)
    return sum(last - taken for (_, last), taken in zip(ranges, highest, strict=True))


def units_granted(shop: Shop, origin: str) -> int:
    """How many names the newest range of the origin had."""
    newest = _newest(shop, origin)
    return newest.last - newest.first + 1 if newest is not None else 0


def last_names(shop: Shop) -> frozenset[str]:
    """The last name taken of each range and series: what was taken is known by them alone."""
    granted = [one for one in shop.numbers.values() if one.kind == UNIT_KIND]
    last: dict[tuple[str, int], tuple[int, str]] = {}
    for name in shop.unit_names:
        stem, _, end = name.rpartition("-")
        found = [((stem, 0), int(end))] if _is_number(end) else []
        for one in granted:
            number = number_of(one.prefix, name)
            if number is not None and one.first <= number <= one.last:
                found.append(((one.prefix, one.first), number))
        for series, number in found:
            last[series] = max((number, name), last.get(series, (number, name)))
    return frozenset(name for _, name in last.values())


def unit_name(prefix: str, number: int) -> str:
    """What a unit is called that takes this number of a range."""
    return sscc(prefix, number) if prefix else f"{HOUSE}{number}"


def number_of(prefix: str, name: str) -> int | None:
    """The number of a range with this prefix that a name was made of; nothing where it was not."""
    if not prefix:
        return _count_after(HOUSE, name)
    is_of = is_sscc(name) and name.startswith(prefix)
    return int(name[len(prefix) : SSCC_DIGITS - 1]) if is_of else None


def sscc(prefix: str, number: int) -> str:
    """The SSCC of a serial reference below a prefix of extension digit and company prefix."""
    assert is_prefix(prefix), f"{prefix!r} is no extension digit and company prefix"
    digits = f"{prefix}{number:0{SSCC_DIGITS - 1 - len(prefix)}d}"
    assert len(digits) == SSCC_DIGITS - 1, f"{number} is too large for the prefix {prefix}"
    return f"{digits}{check_digit(digits)}"


def is_prefix(text: str) -> bool:
    """Whether a text is an extension digit and a company prefix."""
    return text.isascii() and text.isdigit() and _is_within(len(text))


def is_sscc(text: str) -> bool:
    """Whether a text is 18 digits with the right check digit."""
    is_number = text.isascii() and text.isdigit() and len(text) == SSCC_DIGITS
    return is_number and text[-1] == check_digit(text[:-1])


def check_digit(digits: str) -> str:
    """Modulo 10, weights 3 and 1 from the right (GS1 General Specifications 7.9)."""
    total = sum(int(one) * (1 if place % 2 else 3) for place, one in enumerate(reversed(digits)))
    return str(-total % 10)


def numbers_max(prefix: str) -> int:
    """The highest serial reference below a prefix."""
    return int(10 ** (SSCC_DIGITS - 1 - len(prefix))) - 1


def _is_within(digits: int) -> bool:
    return PREFIX_DIGITS_MIN <= digits <= PREFIX_DIGITS_MAX


def _newest(shop: Shop, origin: str) -> NumbersGranted | None:
    own = [one for one in shop.numbers.values() if (one.origin, one.kind) == (origin, UNIT_KIND)]
    return max(own, key=lambda one: (one.n, one.id), default=None)


def _ranges_in_use(shop: Shop, origin: str) -> tuple[str, Ranges]:
    """The prefix that the office granted last, and the ranges that carry it."""
    newest = _newest(shop, origin)
    if newest is None or (newest.prefix and not is_prefix(newest.prefix)):
        return "", ()
    granted = [one for one in shop.numbers.values() if one.prefix == newest.prefix]
    found = ranges_of(granted, origin, UNIT_KIND)
    if not newest.prefix:
        return "", found
    highest = numbers_max(newest.prefix)
    return newest.prefix, tuple((one, min(last, highest)) for one, last in found if one <= highest)


def _highest_by_range(shop: Shop, prefix: str, ranges: Ranges) -> list[int]:
    """The highest number taken of each range, below its first where none was."""
    numbers = (number_of(prefix, name) for name in shop.unit_names)
    taken = sorted(number for number in numbers if number is not None)
    found = []
    for first, last in ranges:
        place = bisect_right(taken, last)
        found.append(max(first - 1, taken[place - 1] if place else 0))
    return found


def _count_after(stem: str, name: str) -> int | None:
    end = name.removeprefix(stem)
    return int(end) if name.startswith(stem) and _is_number(end) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < SSCC_DIGITS
