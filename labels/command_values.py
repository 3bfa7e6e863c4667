"""What goes on a label, as people give it: NAME=VALUE, or the rows of a CSV file."""

import argparse
import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TextIO

from labels import proof
from labels.heads import HEADS
from labels.primitives import LabelError
from labels.template import Template, Values

ROWS_MAX: Final = 10_000
VALUES_HELP: Final = (
    "NAME=VALUE for each field; NAME=@FILE.csv for a field of rows, one a line of the file"
)
TEMPLATE_HELP: Final = "name of a template that comes with this program, or path of a .toml file"


class RowsError(LabelError):
    """A file of rows cannot be used; the message names file and line."""


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE of a command line."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def add_values(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what goes on a label, and for which head it is drawn."""
    parser.add_argument("values", nargs="*", type=pair, metavar="NAME=VALUE", help=VALUES_HELP)
    add_head(parser)


def add_head(parser: argparse.ArgumentParser) -> None:
    """The resolution of the print head."""
    parser.add_argument(
        "--dpi",
        type=int,
        default=203,
        choices=sorted(HEADS),
        help="dots per inch of the print head (203)",
    )


def given(template: Template, pairs: Sequence[tuple[str, str]]) -> dict[str, object]:
    """The values of a command line. Raises RowsError, LabelError."""
    _check_names(template, (name for name, _ in pairs), "")
    return {name: _value(template, name, value) for name, value in pairs}


def with_samples(template: Template, values: Mapping[str, object]) -> Values:
    """Fields that are not given take what the template or its proof offers."""
    return {**proof.sample(template), **values}  # type: ignore[dict-item]


def records(template: Template, path: Path, common: Mapping[str, object]) -> list[Values]:
    """One record a row of a CSV file whose heading names fields; empty cells are left out.

    Separated by comma, semicolon or tab, UTF-8. Raises RowsError with file and line.
    """
    found: list[Values] = []
    for line, row in _rows(path):
        _check_names(template, row, f"{path}:{line}: ")
        values = {name: value for name, value in row.items() if value}
        found.append({**common, **values})  # type: ignore[dict-item]
    if not found:
        raise RowsError(f"{path}: has no row below its heading")
    return found


def _value(template: Template, name: str, value: str) -> object:
    if template.fields[name].kind != "rows":
        return value
    if not value.startswith("@"):
        raise RowsError(f"field {name} takes rows: write {name}=@FILE.csv")
    path = Path(value[1:])
    known = template.fields[name].fields
    rows = []
    for line, row in _rows(path):
        unknown = [column for column in row if column not in known]
        if unknown:
            columns = ", ".join(known)
            raise RowsError(f"{path}:{line}: {name} has no {unknown[0]!r}; columns: {columns}")
        rows.append({column: cell for column, cell in row.items() if cell})
    return tuple(rows)


def _check_names(template: Template, names: Iterator[str] | Mapping[str, str], where: str) -> None:
    for name in names:
        if name not in template.fields:
            fields = ", ".join(template.fields)
            raise RowsError(f"{where}there is no field {name}; fields: {fields}")


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {column: cell}) of a CSV file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _read_rows(path, file)
    except (OSError, UnicodeDecodeError) as error:
        raise RowsError(f"{path}: cannot be read ({error}): it is to be CSV in UTF-8") from error
    except csv.Error as error:
        raise RowsError(f"{path}: is no CSV ({error})") from error


def _read_rows(path: Path, file: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    first = file.readline()
    file.seek(0)
    separator = max(",;\t", key=first.count)
    reader = csv.reader(file, delimiter=separator, strict=True)
    heading = [name.strip() for name in next(reader, [])]
    if not all(heading) or len(set(heading)) != len(heading) or not heading:
        raise RowsError(f"{path}:1: its heading is to name each column once")
    for number, cells in enumerate(reader, 1):
        if number > ROWS_MAX:
            raise RowsError(f"{path}:{reader.line_num}: has more than {ROWS_MAX} rows")
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(heading):
            cells_told = f"{len(cells)} cells for {len(heading)} columns"
            raise RowsError(f"{path}:{reader.line_num}: has {cells_told}")
        yield reader.line_num, dict(zip(heading, (cell.strip() for cell in cells), strict=True))
