"""What goes on a label, as people give it: NAME=VALUE, or the rows of a CSV file."""

import argparse
import csv
import io
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from labels import proof
from labels.heads import HEADS
from labels.primitives import LabelError
from labels.template import Template, Values

ROWS_MAX: Final = 10_000
ROWS_BYTES_MAX: Final = 16 * 1024 * 1024
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
    for name, _ in pairs:
        _check_name(name, template.fields, "")
    return {name: _value(template, name, value) for name, value in pairs}


def with_samples(template: Template, values: Mapping[str, object]) -> Values:
    """Fields that are not given take what the template or its proof offers."""
    return {**proof.sample(template), **values}  # type: ignore[dict-item]


def records(template: Template, path: Path, common: Mapping[str, object]) -> list[Values]:
    """One record a row of a CSV file whose heading names fields; empty cells are left out.

    Separated by comma, semicolon or tab, UTF-8. Raises RowsError with file and line.
    """
    rows = _rows(path, template.fields)
    if not rows:
        raise RowsError(f"{path}: has no row below its heading")
    return [{**common, **row} for row in rows]  # type: ignore[dict-item]


def _value(template: Template, name: str, value: str) -> object:
    if template.fields[name].kind != "rows":
        return value
    if not value.startswith("@"):
        raise RowsError(f"field {name} takes rows: write {name}=@FILE.csv")
    return tuple(_rows(Path(value[1:]), template.fields[name].fields))


def _check_name(name: str, fields: Collection[str], where: str) -> None:
    if name not in fields:
        near = get_close_matches(name, fields, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RowsError(f"{where}there is no field {name}{hint} (fields: {', '.join(fields)})")


def _rows(path: Path, fields: Collection[str]) -> list[dict[str, str]]:
    """{column: cell} of each row of a CSV file whose columns are `fields`, without empty cells."""
    lines = _lines(path, _text(path))
    heading = lines[0][1] if lines else []
    if not all(heading) or len(set(heading)) != len(heading) or not heading:
        raise RowsError(f"{path}:1: its heading is to name each column once")
    for name in heading:
        _check_name(name, fields, f"{path}:1: ")
    filled = [(number, cells) for number, cells in lines[1:] if any(cells)]
    if len(filled) > ROWS_MAX:
        raise RowsError(f"{path}: has {len(filled)} rows, more than {ROWS_MAX}")
    for number, cells in filled:
        if len(cells) != len(heading):
            told = f"cells: {len(cells)}, columns: {len(heading)}"
            raise RowsError(f"{path}:{number}: is not as wide as its heading ({told})")
    return [
        {name: cell for name, cell in zip(heading, cells, strict=True) if cell}
        for _, cells in filled
    ]


def _lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """(line on which it ends, cells) of whatever a CSV text holds."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        return [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise RowsError(f"{path}:{reader.line_num}: is no CSV ({error})") from error


def _text(path: Path) -> str:
    """What a file of rows holds. Raises RowsError."""
    try:
        with path.open("rb") as file:
            data = file.read(ROWS_BYTES_MAX + 1)
    except OSError as error:
        raise RowsError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > ROWS_BYTES_MAX:
        raise RowsError(f"{path}: has more than {ROWS_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RowsError(f"{path}:{line}: cannot be read: save it as CSV UTF-8") from error
