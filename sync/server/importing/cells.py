"""What a cell may hold: each kind of column reads its text, or says what to write instead.

A reader raises `ValueError` with the value and the next step; `tables` adds file, line and column.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from sync.domain.quantity import (
    AMOUNT,
    UNIT,
    QuantityError,
    UnitUnknown,
    factor,
    micros,
    shown,
    unit_named,
)

CELL_CHARS_MAX: Final = 2_000
NAME_CHARS_MAX: Final = 120
_RELATIVE: Final = re.compile(r"([+-])(\d{1,5})d\Z", re.ASCII)
_NUMBER: Final = re.compile(r"[\d.,]+", re.ASCII)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(\.\d{3})+\Z", re.ASCII)
_CHECK: Final = re.compile(
    r"(?P<text>[^=]{1,80}?)\s*=\s*(?P<lowest>-?\d{1,12}([.,]\d{1,6})?)?\s*\.\.\s*"
    r"(?P<highest>-?\d{1,12}([.,]\d{1,6})?)?(\s+(?P<unit>\S{1,12}))?\Z",
    re.ASCII,
)
_BASES: Final = ("KGM", "LTR", "MTR", "SEC", "C62")

Kind = Literal[
    "name",
    "text",
    "amount",
    "quantity",
    "count",
    "yes",
    "date",
    "base",
    "unit",
    "names",
    "dates",
    "units",
    "checks",
    "choice",
]
Cell = str | int | bool | tuple[str, ...] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    note: str
    needed: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()


def known_unit(unit: str) -> bool:
    """Whether a unit is one whose dimension is known (UN/CEFACT Recommendation 20)."""
    return any(_converts(unit, base) for base in _BASES)


def with_point(column: Column, written: str) -> str:
    """Amounts with a decimal comma as we read them: `1.000,5` is `1000.5`.

    Raises `ValueError` where a point may be either.
    """
    if column.kind not in {"amount", "quantity", "units"}:
        return written
    return _NUMBER.sub(_with_point, written)


def _with_point(number: re.Match[str]) -> str:
    text = number[0]
    if "," in text:
        return text.replace(".", "").replace(",", ".")
    if _THOUSANDS.match(text):
        plain, fraction = text.replace(".", ""), text.replace(".", ",")
        raise ValueError(f"{text!r} may be either: write {plain} or {fraction}")
    return text


def cell_of(column: Column, written: str, today: date) -> Cell:
    """A cell's value; raises `ValueError` telling what is wrong and what to write."""
    if any(ord(sign) < 32 or 0xD800 <= ord(sign) <= 0xDFFF for sign in written):
        raise ValueError("holds a control character: write plain text")
    if not written and column.needed:
        raise ValueError(f"empty: {column.note}")
    return _READERS[column.kind](column, written or column.default, today)


def _text(_column: Column, written: str, _today: date) -> str:
    if len(written) > CELL_CHARS_MAX:
        raise ValueError(f"{len(written)} characters: at most {CELL_CHARS_MAX}")
    return written


def _name(_column: Column, written: str, _today: date) -> str:
    if len(written) > NAME_CHARS_MAX:
        raise ValueError(f"{len(written)} characters: at most {NAME_CHARS_MAX}")
    return written


def _amount(_column: Column, written: str, _today: date) -> str:
    if not written:
        return ""
    if not AMOUNT.match(written) or micros(written) < 0:
        raise ValueError(f"{written[:40]!r} is no amount: write digits, as 12.5")
    return written


def _quantity(column: Column, written: str, today: date) -> str:
    """`12.5` or `12.5 kg`, as `12.5` or `12.5 KGM`."""
    if not written:
        return ""
    amount, _, unit = written.partition(" ")
    positive = _amount(column, amount, today)
    if not micros(positive):
        raise ValueError(f"{written[:40]!r}: must be more than nothing")
    return f"{positive} {_unit(column, unit, today)}" if unit.strip() else positive


def _count(_column: Column, written: str, _today: date) -> int:
    digits = written or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise ValueError(f"{written[:40]!r} is no whole number: write digits, as 30")
    return int(digits)


def _yes(_column: Column, written: str, _today: date) -> bool:
    if written.lower() not in {"yes", "no"}:
        raise ValueError(f"{written[:40]!r}: write yes or no")
    return written.lower() == "yes"


def _date(_column: Column, written: str, today: date) -> str:
    relative = _RELATIVE.match(written)
    if relative:
        days = int(relative[2]) * (1 if relative[1] == "+" else -1)
        written = _day_after(today, days) or written
    try:
        return date.fromisoformat(written).isoformat() if written else ""
    except ValueError:
        raise ValueError(f"{written[:40]!r} is no date: write 2027-03-31 or +3d") from None


def _day_after(today: date, days: int) -> str:
    """An ISO date, or nothing where the calendar ends."""
    try:
        return (today + timedelta(days=days)).isoformat()
    except OverflowError:
        return ""


def _unit(_column: Column, written: str, _today: date) -> str:
    unit = unit_named(written)
    if not UNIT.match(unit):
        raise ValueError(f"unit {written[:40]!r}: write kg, g, l, pcs or a UN/CEFACT code")
    return unit


def _base(_column: Column, written: str, _today: date) -> str:
    unit = unit_named(written)
    if not known_unit(unit):
        raise ValueError(f"{written[:40]!r} is no base unit: write kg, g, l, m, pcs …")
    return unit


def _names(_column: Column, written: str, _today: date) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in written.split(";") if part.strip())
    long = next((part for part in parts if len(part) > CELL_CHARS_MAX), "")
    if long:
        raise ValueError(f"{long[:40]!r} is too long: at most {CELL_CHARS_MAX} characters")
    return parts


def _dates(column: Column, written: str, today: date) -> tuple[str, ...]:
    return tuple(_date(column, part, today) for part in _names(column, written, today))


def _units(column: Column, written: str, today: date) -> dict[str, str]:
    found = {}
    for part in _names(column, written, today):
        name, _, rest = part.partition("=")
        amount, _, base = rest.strip().partition(" ")
        if not AMOUNT.match(amount) or micros(amount) <= 0 or not known_unit(unit_named(base)):
            raise ValueError(f"{part[:40]!r} is no conversion: write BAG=25 kg")
        found[str(_unit(column, name, today))] = f"{amount} {unit_named(base)}"
    return found


def _checks(column: Column, written: str, today: date) -> tuple[str, ...]:
    """Each as text, lowest, highest and unit, parted by tabs: no cell holds one itself."""
    found = []
    for part in _names(column, written, today):
        read = _CHECK.match(part)
        if read is None:
            raise ValueError(f"{part[:40]!r} is no check: write Diameter = 19.98..20.02 mm")
        limits = [(read[name] or "").replace(",", ".") for name in ("lowest", "highest")]
        if all(limits) and float(limits[0]) > float(limits[1]):
            raise ValueError(f"{part[:40]!r}: write the lower limit first")
        unit = read["unit"] or ""
        code = unit_named(unit)
        found.append("\t".join((read["text"], *limits, code if shown(code) != code else unit)))
    return tuple(found)


def _choice(column: Column, written: str, _today: date) -> str:
    if written and written.lower() not in column.choices:
        raise ValueError(f"{written[:40]!r}: write {' or '.join(column.choices)}")
    return written.lower()


def _converts(unit: str, base: str) -> bool:
    try:
        return bool(factor(unit, base))
    except UnitUnknown:
        return False
    except QuantityError:
        return False


_READERS: Final[Mapping[Kind, Callable[[Column, str, date], Cell]]] = {
    "name": _name,
    "text": _text,
    "amount": _amount,
    "quantity": _quantity,
    "count": _count,
    "yes": _yes,
    "date": _date,
    "base": _base,
    "unit": _unit,
    "names": _names,
    "dates": _dates,
    "units": _units,
    "checks": _checks,
    "choice": _choice,
}
