"""Workbooks (XLSX, ECMA-376) as tables: each sheet is a file of the import, cells stand as text.

WorkbookError    a file that is no workbook, or larger than we read; the message says which
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from sync.server.errors import ServerError
from sync.server.wording import Said

SUFFIX: Final = ".xlsx"
BYTES_UNPACKED_MAX: Final = 256 * 1024 * 1024
ROWS_MAX: Final = 200_000
COLUMNS_MAX: Final = 60
NUMBER_DIGITS: Final = 15  # a double tells no more
CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_ERROR: Final = re.compile(r"#(REF|N/A|NAME|DIV/0|VALUE|NUM|NULL)[!?]?\Z")
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, ParseError)
Cells = list[tuple[int, Sequence[str]]]


class WorkbookError(ServerError):
    """See the tree at the top; `said` is without the file's name."""

    def __init__(self, name: str, said: Said) -> None:
        super().__init__(f"{name}: {said}")
        self.said = said


def sheets(name: str, content: bytes) -> dict[str, Cells]:
    """The rows of each sheet with their numbers, by the sheet's name in small letters.

    Raises `WorkbookError`.
    """
    from openpyxl.reader.excel import load_workbook

    _check_size(name, content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            return {
                sheet.title.strip().lower(): list(_rows(name, sheet)) for sheet in book.worksheets
            }
        finally:
            book.close()
    except _UNREADABLE as fault:
        told = str(fault)[:200] or type(fault).__name__
        raise WorkbookError(name, Said("import.workbook_unread", why=told)) from None


def workbook(tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[str]]]]) -> bytes:
    """A workbook of header and rows by the sheet's name; every cell is text."""
    from openpyxl.styles.fonts import Font
    from openpyxl.workbook.workbook import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, (header, rows) in tables.items():
        sheet = book.create_sheet(name)
        sheet.append(list(header))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for row in rows:
            sheet.append(list(row))
        for cells in sheet.iter_rows(min_row=2):
            for cell in cells:
                cell.data_type, cell.number_format = "s", "@"  # `=1+1` and `007` stay as written
        sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def letter(column: int) -> str:
    """What a spreadsheet calls a column; the first is 1."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_size(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(one.file_size for one in packed.infolist())
    except _UNREADABLE:
        raise WorkbookError(name, Said("import.no_workbook")) from None
    if size > BYTES_UNPACKED_MAX:
        raise WorkbookError(name, Said("import.unpacked", count=size, most=BYTES_UNPACKED_MAX))


def _rows(name: str, sheet: Any) -> Iterator[tuple[int, Sequence[str]]]:
    for number, row in enumerate(sheet.iter_rows(max_col=COLUMNS_MAX, values_only=True), 1):
        if number > ROWS_MAX:
            raise WorkbookError(name, Said("import.rows", sheet=sheet.title, most=ROWS_MAX))
        cells = [_text(value) for value in row]
        if any(cells):
            yield number, cells


def _text(value: object) -> str:
    """A cell as a person would type it into a CSV; an error of a formula stays what it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return _plain(value)
    return str(value).strip()


def _plain(value: float) -> str:
    """A double as the shortest decimal that spreadsheets show, never with an exponent."""
    shown = f"{Decimal(f'{value:.{NUMBER_DIGITS}g}'):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def is_formula_error(text: str) -> bool:
    """Whether a cell holds what a spreadsheet shows for a broken formula."""
    return _ERROR.match(text) is not None
