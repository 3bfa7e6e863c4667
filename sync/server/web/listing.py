"""The home of long tables: pages by key, CSV of all of it, with the columns told once."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from litestar import Response

from sync.server.web.entry import AnyRequest

ROWS_ON_PAGE: Final = 100
CSV: Final = "text/csv"  # the charset, UTF-8, is added to it
T = TypeVar("T")
_FORMULA: Final = frozenset("=+-@\t\r")  # what a formula begins with


class Page(Generic[T]):
    """Some rows and the key after which the next ones stand; empty at the end."""

    def __init__(
        self, rows: Sequence[T], key: Callable[[T], str], most: int = ROWS_ON_PAGE
    ) -> None:
        """`rows` is asked for with one more than `most`."""
        self.rows = list(rows[:most])
        self.next = key(self.rows[-1]) if len(rows) > most else ""


def wants_csv(request: AnyRequest) -> bool:
    return request.query_params.get("format") == "csv"


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response[str]:
    """A table as a file (RFC 4180); text that a spreadsheet would run is made harmless."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(
        [
            _harmless(cell) if isinstance(cell, str) and cell[:1] in _FORMULA else cell
            for cell in row
        ]
        for row in rows
    )
    disposition = f'attachment; filename="{name}.csv"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(out.getvalue(), media_type=CSV, headers=headers)


def _harmless(cell: str) -> str:
    """A cell that begins as a formula does is text with an apostrophe; a number stays one."""
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
