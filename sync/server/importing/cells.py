"""What a cell may hold: each kind of column reads its text, or says what to write instead.

A reader raises `CellFault` with the value and the next step; `tables` adds file, line and column.
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
from sync.server.wording import Native, Said, either

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


class CellFault(ValueError):  # noqa: N818 — a finding, told to the planner
    """What is wrong with a cell and what to write."""

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    note: str
    needed: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()

    @property
    def told(self) -> Native:
        """The note, to be told in the reader's language."""
        return Native(f"note.{self.note}", self.note)


def known_unit(unit: str) -> bool:
    """Whether a unit is one whose dimension is known (UN/CEFACT Recommendation 20)."""
    return any(_converts(unit, base) for base in _BASES)


def with_point(column: Column, written: str) -> str:
    """Amounts with a decimal comma as we read them: `1.000,5` is `1000.5`.

    Raises `CellFault` where a point may be either.
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
        raise CellFault(Said("import.either", text=text, plain=plain, fraction=fraction))
    return text


def cell_of(column: Column, written: str, today: date) -> Cell:
    """A cell's value; raises `CellFault` telling what is wrong and what to write."""
    if any(ord(sign) < 32 or 0xD800 <= ord(sign) <= 0xDFFF for sign in written):
        raise CellFault(Said("import.control"))
    if not written and column.needed:
        raise CellFault(Said("import.empty", note=column.told))
    return _READERS[column.kind](column, written or column.default, today)


def _text(_column: Column, written: str, _today: date) -> str:
    if len(written) > CELL_CHARS_MAX:
        raise CellFault(Said("import.characters", count=len(written), most=CELL_CHARS_MAX))
    return written


def _name(_column: Column, written: str, _today: date) -> str:
    if len(written) > NAME_CHARS_MAX:
        raise CellFault(Said("import.characters", count=len(written), most=NAME_CHARS_MAX))
    return written


def _amount(_column: Column, written: str, _today: date) -> str:
    if not written:
        return ""
    if not AMOUNT.match(written) or micros(written) < 0:
        raise CellFault(Said("import.no_amount", written=written[:40]))
    return written


def _quantity(column: Column, written: str, today: date) -> str:
    """`12.5` or `12.5 kg`, as `12.5` or `12.5 KGM`."""
    if not written:
        return ""
    amount, _, unit = written.partition(" ")
    positive = _amount(column, amount, today)
    if not micros(positive):
        raise CellFault(Said("import.nothing", written=written[:40]))
    return f"{positive} {_unit(column, unit, today)}" if unit.strip() else positive


def _count(_column: Column, written: str, _today: date) -> int:
    digits = written or "0"
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise CellFault(Said("import.no_whole", written=written[:40]))
    return int(digits)


def _yes(_column: Column, written: str, _today: date) -> bool:
    if written.lower() not in {"yes", "no"}:
        raise CellFault(Said("import.yes_no", written=written[:40]))
    return written.lower() == "yes"


def _date(_column: Column, written: str, today: date) -> str:
    relative = _RELATIVE.match(written)
    if relative:
        days = int(relative[2]) * (1 if relative[1] == "+" else -1)
        written = _day_after(today, days) or written
    try:
        return date.fromisoformat(written).isoformat() if written else ""
    except ValueError:
        raise CellFault(Said("import.no_date", written=written[:40])) from None


def _day_after(today: date, days: int) -> str:
    """An ISO date, or nothing where the calendar ends."""
    try:
        return (today + timedelta(days=days)).isoformat()
    except OverflowError:
        return ""


def _unit(_column: Column, written: str, _today: date) -> str:
    unit = unit_named(written)
    if not UNIT.match(unit):
        raise CellFault(Said("import.unit", written=written[:40]))
    return unit


def _base(_column: Column, written: str, _today: date) -> str:
    unit = unit_named(written)
    if not known_unit(unit):
        raise CellFault(Said("import.base", written=written[:40]))
    return unit


def _names(_column: Column, written: str, _today: date) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in written.split(";") if part.strip())
    long = next((part for part in parts if len(part) > CELL_CHARS_MAX), "")
    if long:
        raise CellFault(Said("import.long", long=long[:40], most=CELL_CHARS_MAX))
    return parts


def _dates(column: Column, written: str, today: date) -> tuple[str, ...]:
    return tuple(_date(column, part, today) for part in _names(column, written, today))


def _units(column: Column, written: str, today: date) -> dict[str, str]:
    found = {}
    for part in _names(column, written, today):
        name, _, rest = part.partition("=")
        amount, _, base = rest.strip().partition(" ")
        if not AMOUNT.match(amount) or micros(amount) <= 0 or not known_unit(unit_named(base)):
            raise CellFault(Said("import.conversion", part=part[:40]))
        found[str(_unit(column, name, today))] = f"{amount} {unit_named(base)}"
    return found


def _checks(column: Column, written: str, today: date) -> tuple[str, ...]:
    """Each as text, lowest, highest and unit, parted by tabs: no cell holds one itself."""
    found = []
    for part in _names(column, written, today):
        read = _CHECK.match(part)
        if read is None:
            raise CellFault(Said("import.check", part=part[:40]))
        limits = [(read[name] or "").replace(",", ".") for name in ("lowest", "highest")]
        if all(limits) and float(limits[0]) > float(limits[1]):
            raise CellFault(Said("import.limits", part=part[:40]))
        unit = read["unit"] or ""
        code = unit_named(unit)
        found.append("\t".join((read["text"], *limits, code if shown(code) != code else unit)))
    return tuple(found)


def _choice(column: Column, written: str, _today: date) -> str:
    if written and written.lower() not in column.choices:
        raise CellFault(Said("import.choice", written=written[:40], choices=either(column.choices)))
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
