"""The CSV tables of a factory folder: which files, which columns, what each cell may hold.

`read_table` turns a file's bytes into checked rows and names every problem by file, line, column.
Columns are parted by commas (RFC 4180), or by semicolons or tabs, as spreadsheets of other places
save them; where they are parted by semicolons, an amount may have a decimal comma.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sync.server.importing.cells import Cell, CellFault, Column, cell_of, with_point
from sync.server.importing.workbook import is_formula_error, letter
from sync.server.wording import Said, Value

FILE_BYTES_MAX: Final = 32 * 1024 * 1024
ANY: Final = "*"
SHEET: Final = "sheet"
_SEPARATORS: Final = {",": "word.comma", ";": "word.semicolon", "\t": "word.tab"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an import, where, and what to do next; `str` is in English.

    `refers` is the file and name that is missing, for problems that may be the echo of another.
    """

    file: str
    line: int
    column: str
    text: Value
    refers: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        where = f", line {self.line}" if self.line else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{where}{column}: {self.text}"


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
    """A checked row. The accessors give the cell as its column's kind says.

    `given` are the columns that the file has; the others' cells are empty or their default.
    """

    file: str
    line: int
    cells: Mapping[str, Cell]
    given: frozenset[str] = frozenset()

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

    def problem(self, column: str, text: Value, refers: tuple[str, str] = ("", "")) -> Problem:
        return Problem(self.file, self.line, column, text, refers)


@dataclass(slots=True)
class Reading:
    """The rows of one file that could be read, and the problems of those that could not.

    `unread` names the rows with a problem by their first key; `*` stands for any row. `parted` is
    what stands between columns, or `sheet` where they are a workbook's cells: there `letters` are
    its columns by name.
    """

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    parted: str = ","
    letters: dict[str, str] = field(default_factory=dict)


def read_table(table: Table, content: bytes, today: date) -> Reading:
    """The rows of a file; nothing is raised, every problem is in the reading."""
    reading = Reading()
    if len(content) > FILE_BYTES_MAX:
        _give_up(table, reading, 0, Said("import.split", count=len(content), most=FILE_BYTES_MAX))
        return reading
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        _give_up(table, reading, line, Said("import.no_utf8"))
        return reading
    reading.parted = _parted(text)
    _read_rows(table, _records(table, text, reading), today, reading)
    _refuse_doubles(table, reading)
    return reading


def read_sheet(table: Table, rows: Iterable[tuple[int, Sequence[str]]], today: date) -> Reading:
    """The same from a workbook's rows, each with its number."""
    reading = Reading(parted=SHEET)
    _read_rows(table, (row for row in rows if not _is_comment(row[1])), today, reading)
    _refuse_doubles(table, reading)
    return reading


def template_of(table: Table) -> str:
    """An empty file with a comment line for each column, and the header."""
    lines = [f"# {column.name}: {_explained(column)}" for column in table.columns]
    return "\n".join([*lines, ",".join(column.name for column in table.columns)]) + "\n"


def _give_up(table: Table, reading: Reading, line: int, text: Said) -> None:
    """From this line on nothing can be told of the file's rows."""
    reading.problems.append(Problem(table.file, line, "", text))
    reading.unread.add(ANY)


def _explained(column: Column) -> str:
    default = f" (empty: {column.default})" if column.default else ""
    return f"{column.note}{' [needed]' if column.needed else default}"


def _read_rows(
    table: Table, records: Iterable[tuple[int, Sequence[str]]], today: date, reading: Reading
) -> None:
    header: list[str] | None = None
    for line, cells in records:
        if header is None:
            header = [cell.strip().lower() for cell in _without_blanks(cells, 0)]
            reading.letters = {name: letter(n) for n, name in enumerate(header, 1)}
            faults = list(_header_problems(table, header, line))
            if faults:
                reading.problems += faults
                reading.unread.add(ANY)
                return
            continue
        own = _without_blanks(cells, len(header))
        if len(own) < len(header) and reading.parted == SHEET:
            own = [*own, *[""] * (len(header) - len(own))]
        if len(own) != len(header) and reading.parted == SHEET:
            _give_up(table, reading, line, Said("import.no_column", cell=own[len(header)]))
        elif len(own) != len(header):
            sign = Said(_SEPARATORS[reading.parted])
            fault = Said("import.columns", count=len(own), wanted=len(header), sign=sign)
            _give_up(table, reading, line, fault)
        else:
            _read_row(table, dict(zip(header, own, strict=True)), line, today, reading)
    if header is None and not reading.problems:
        _give_up(table, reading, 1, Said("import.no_rows"))


def _parted(text: str) -> str:
    """What stands between the names in the header: the sign that it has most of."""
    lines = (line.lstrip('" ') for line in text.splitlines())
    header = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return max(_SEPARATORS, key=header.count)


def _without_blanks(cells: Sequence[str], least: int) -> Sequence[str]:
    """The cells without the empty ones that spreadsheets add behind the last column."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _records(table: Table, text: str, reading: Reading) -> Iterator[tuple[int, Sequence[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=reading.parted)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            told = Said("import.quote", why=str(fault))
            _give_up(table, reading, line, told)
            return
        if any(cell.strip() for cell in cells) and not _is_comment(cells):
            yield line, cells
        line = reader.line_num + 1


def _is_comment(cells: Sequence[str]) -> bool:
    return cells[0].lstrip().startswith("#")


def _header_problems(table: Table, header: Sequence[str], line: int) -> Iterator[Problem]:
    wanted = ", ".join(column.name for column in table.columns)
    for name in header:
        if table.column(name) is None:
            yield Problem(table.file, line, name, Said("import.unknown_column", known=wanted))
        elif header.count(name) > 1:
            yield Problem(table.file, line, name, Said("import.column_twice"))
    for column in table.columns:
        if column.needed and column.name not in header:
            yield Problem(
                table.file, line, column.name, Said("import.missing_column", note=column.told)
            )


def _read_row(
    table: Table, texts: Mapping[str, str], line: int, today: date, reading: Reading
) -> None:
    cells: dict[str, Cell] = {}
    faults = []
    for column in table.columns:
        written = texts.get(column.name, "").strip()
        try:
            plain = _as_we_write(reading.parted, column, written)
            cells[column.name] = cell_of(column, plain, today)
        except CellFault as fault:
            faults.append(Problem(table.file, line, column.name, fault.said))
    reading.problems += faults
    if faults:
        reading.unread.add(texts.get(table.key[0], "").strip())
    else:
        reading.rows.append(Row(table.file, line, cells, frozenset(texts)))


def _as_we_write(parted: str, column: Column, written: str) -> str:
    """The cell as it would stand in our own CSV; raises `CellFault`."""
    if parted == SHEET and is_formula_error(written):
        raise CellFault(Said("import.formula", written=written))
    return with_point(column, written) if parted == ";" else written


def _refuse_doubles(table: Table, reading: Reading) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in reading.rows:
        key = tuple(row.text(column) for column in table.key)
        known = first.setdefault(key, row.line)
        if known != row.line:
            fault = Said("import.row_twice", key=" ".join(key), line=known)
            reading.problems.append(row.problem(table.key[-1], fault))
