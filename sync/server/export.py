"""The home of the export: the whole ledger as JSON lines, bodies byte for byte as they came."""

import base64
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from sync.server import tables
from sync.server.rows import rows_with
from sync.server.verify import Readable

SLICE_EVENTS_MAX: Final = 1_000


class ExportLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event: `places` are (origin, seq, digest); quarantined bytes stand in `bytes`, base64."""

    position: int
    received_ms: int
    places: tuple[tuple[str, int, str], ...]
    event: msgspec.Raw = msgspec.Raw(b"")
    unreadable: str = ""
    bytes: str = ""


def export_page(connection: Connection, after: int) -> tuple[int, bytes]:
    """The next lines and the last position in them; the same position and nothing at the end."""
    table = tables.event
    columns = (table.c.position, table.c.received_ms, table.c.body, table.c.unreadable)
    rows = connection.execute(
        select(*columns)
        .where(table.c.position > after)
        .order_by(table.c.position)
        .limit(SLICE_EVENTS_MAX)
    ).all()
    if not rows:
        return after, b""
    places = _places(connection, [row[0] for row in rows])
    encoder = msgspec.json.Encoder()
    lines = [encoder.encode(_line(row, sorted(places.get(row[0], ())))) for row in rows]
    return rows[-1][0], b"\n".join(lines) + b"\n"


def export_now(database: Readable, after: int = 0) -> Iterator[bytes]:
    """All lines after a position, page by page, in short reads."""
    while True:
        after, lines = database.read_now(partial(export_page, after=after))
        if not lines:
            return
        yield lines


def _line(row: Any, places: Sequence[tuple[str, int, str]]) -> ExportLine:
    position, received, body, unreadable = row
    if unreadable:
        text = base64.b64encode(body).decode()
        return ExportLine(position, received, tuple(places), unreadable=unreadable, bytes=text)
    return ExportLine(position, received, tuple(places), msgspec.Raw(body))


def _places(
    connection: Connection, positions: Sequence[int]
) -> dict[int, list[tuple[str, int, str]]]:
    found: dict[int, list[tuple[str, int, str]]] = {}
    columns = ("origin", "seq", "digest")
    for at, origin, seq, digest in rows_with(
        connection, tables.place, "position", positions, *columns
    ):
        found.setdefault(at, []).append((origin, seq, bytes(digest).hex()))
    return found
