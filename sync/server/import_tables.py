"""The CSV tables of a factory folder: which files, which columns, what each cell may hold.

`read_table` turns a file's bytes into checked rows and names every problem by file, line, column.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from sync.domain.quantity import (
    AMOUNT,
    UNIT,
    QuantityError,
    UnitUnknown,
    factor,
    micros,
    unit_named,
)

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
CELL_CHARS_MAX: Final = 2_000
NAME_CHARS_MAX: Final = 120
ANY: Final = "*"
_RELATIVE: Final = re.compile(r"([+-])(\d{1,5})d\Z", re.ASCII)
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
    "units",
    "choice",
]
Cell = str | int | bool | tuple[str, ...] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an import, where, and what to do next.

    `refers` is the file and name that is missing, for problems that may be the echo of another.
    """

    file: str
    line: int
    column: str
    text: str
    refers: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        where = f", line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{where}{column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind
    note: str
    needed: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its columns, and those that make a row unique."""

    file: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Row:
    """A checked row. The accessors give the cell as its column's kind says."""

    file: str
    line: int
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        value = self.cells[column]
        assert isinstance(value, str), f"{self.file} {column} is not text"
        return value

    def count(self, column: str) -> int:
        value = self.cells[column]
        assert isinstance(value, int), f"{self.file} {column} is not a count"
        return value

    def yes(self, column: str) -> bool:
        return self.cells[column] is True

    def names(self, column: str) -> tuple[str, ...]:
        value = self.cells[column]
        assert isinstance(value, tuple), f"{self.file} {column} is not a list"
        return value

    def units(self, column: str) -> dict[str, str]:
        value = self.cells[column]
        assert isinstance(value, dict), f"{self.file} {column} holds no conversions"
        return value

    def problem(self, column: str, text: str, refers: tuple[str, str] = ("", "")) -> Problem:
        return Problem(self.file, self.line, column, text, refers)


@dataclass(slots=True)
class Reading:
    """The rows of one file that could be read, and the problems of those that could not.

    `unread` names the rows with a problem by their first key; `*` stands for any row.
    """

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)


def known_unit(unit: str) -> bool:
    """Whether a unit is one whose dimension is known (UN/CEFACT Recommendation 20)."""
    return any(_converts(unit, base) for base in _BASES)


def read_table(table: Table, content: bytes, today: date) -> Reading:
    """The rows of a file; nothing is raised, every problem is in the reading."""
    reading = Reading()
    if len(content) > FILE_BYTES_MAX:
        _give_up(table, reading, 0, f"{len(content)} bytes: split it, at most {FILE_BYTES_MAX}")
        return reading
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        _give_up(table, reading, line, "not UTF-8: save it as CSV UTF-8")
        return reading
    _read_rows(table, text, today, reading)
    _refuse_doubles(table, reading)
    return reading


def template_of(table: Table) -> str:
    """An empty file with a comment line for each column, and the header."""
    lines = [f"# {column.name}: {_explained(column)}" for column in table.columns]
    return "\n".join([*lines, ",".join(column.name for column in table.columns)]) + "\n"


def _give_up(table: Table, reading: Reading, line: int, text: str) -> None:
    """From this line on nothing can be told of the file's rows."""
    reading.problems.append(Problem(table.file, line, "", text))
    reading.unread.add(ANY)


def _explained(column: Column) -> str:
    default = f" (empty: {column.default})" if column.default else ""
    return f"{column.note}{' [needed]' if column.needed else default}"


def _read_rows(table: Table, text: str, today: date, reading: Reading) -> None:
    header: list[str] | None = None
    for line, cells in _records(table, text, reading):
        if header is None:
            header = [cell.strip() for cell in cells]
            faults = list(_header_problems(table, header, line))
            if faults:
                reading.problems += faults
                reading.unread.add(ANY)
                return
        elif len(cells) != len(header):
            fault = f"{len(cells)} of {len(header)} columns: cut off, or a comma is unquoted"
            _give_up(table, reading, line, fault)
        else:
            _read_row(table, dict(zip(header, cells, strict=True)), line, today, reading)
    if header is None and not reading.problems:
        _give_up(table, reading, 1, "empty: the first row names columns")


def _records(table: Table, text: str, reading: Reading) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            told = f"{fault}: is a quote open, or the file cut off?"
            _give_up(table, reading, line, told)
            return
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
            yield line, cells
        line = reader.line_num + 1


def _header_problems(table: Table, header: Sequence[str], line: int) -> Iterator[Problem]:
    if len(header) == 1 and ";" in header[0]:
        yield Problem(table.file, line, "", "columns are parted by ';': save with ',' instead")
        return
    wanted = ", ".join(column.name for column in table.columns)
    for name in header:
        if table.column(name) is None:
            yield Problem(table.file, line, name, f"unknown column: known are {wanted}")
        elif header.count(name) > 1:
            yield Problem(table.file, line, name, "column twice: keep one")
    for column in table.columns:
        if column.needed and column.name not in header:
            yield Problem(table.file, line, column.name, f"missing column: {column.note}")


def _read_row(
    table: Table, texts: Mapping[str, str], line: int, today: date, reading: Reading
) -> None:
    cells: dict[str, Cell] = {}
    faults = []
    for column in table.columns:
        written = texts.get(column.name, "").strip()
        try:
            cells[column.name] = cell_of(column, written, today)
        except ValueError as fault:
            faults.append(Problem(table.file, line, column.name, str(fault)))
    reading.problems += faults
    if faults:
        reading.unread.add(texts.get(table.key[0], "").strip())
    else:
        reading.rows.append(Row(table.file, line, cells))


def _refuse_doubles(table: Table, reading: Reading) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in reading.rows:
        key = tuple(row.text(column) for column in table.key)
        known = first.setdefault(key, row.line)
        if known != row.line:
            fault = f"{' '.join(key)} stands in line {known} already: keep one"
            reading.problems.append(row.problem(table.key[-1], fault))


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
    if not AMOUNT.match(written) or micros(written) < 0:
        raise ValueError(f"{written[:40]!r} is no amount: write digits, as 12.5")
    return written


def _quantity(column: Column, written: str, today: date) -> str:
    """`12.5` or `12.5 kg`, as `12.5` or `12.5 KGM`."""
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
        return (today + timedelta(days=days)).isoformat()
    try:
        return date.fromisoformat(written).isoformat() if written else ""
    except ValueError:
        raise ValueError(f"{written[:40]!r} is no date: write 2027-03-31 or +3d") from None


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


def _units(column: Column, written: str, today: date) -> dict[str, str]:
    found = {}
    for part in _names(column, written, today):
        name, _, rest = part.partition("=")
        amount, _, base = rest.strip().partition(" ")
        if not AMOUNT.match(amount) or micros(amount) <= 0 or not known_unit(unit_named(base)):
            raise ValueError(f"{part[:40]!r} is no conversion: write BAG=25 kg")
        found[str(_unit(column, name, today))] = f"{amount} {unit_named(base)}"
    return found


def _choice(column: Column, written: str, _today: date) -> str:
    if written.lower() not in column.choices:
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
    "units": _units,
    "choice": _choice,
}
