"""The home of what stations bring back: events of the office that a restored ledger has lost.

Only what the office itself said is taken, in the bytes that the station once received, under the
office's origin of this incarnation. An event that the ledger has is never touched.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from sync.server import tables
from sync.server.alarms import raise_alarm, tell_alarm
from sync.server.intake import entry_of, prepare
from sync.server.ledger import head_of
from sync.server.locks import hold_office
from sync.server.receiving import Receiving, store
from sync.server.rows import rows_with
from sync.server.settings import OFFICE, incarnations_before, keep_setting, setting
from sync.wire import Mark, PushHeader, chain_start

RECOVERED_EVENTS_MAX: Final = 500
RECOVERY_DAYS: Final = 30
DAY_MS: Final = 86_400_000
RECOVERED: Final = "recovered"


def recover(connection: Connection, station: str, bodies: Sequence[bytes], now_ms: int) -> int:
    """Store what the ledger lost of the office's events, in the order offered; returns how many.

    Nothing is taken before the first restore: there is nothing that could have been lost. Nor is
    it later than `RECOVERY_DAYS` after the office spoke again: its events carry no signature.
    """
    if not incarnations_before(connection):
        return 0
    origin = hold_office(connection, now_ms)
    if now_ms > _began_ms(connection, origin) + RECOVERY_DAYS * DAY_MS:
        return 0
    lost = _lost(connection, bodies)
    if not lost:
        return 0
    head = head_of(connection, origin)
    header = PushHeader(head.mark, Mark(1, chain_start(origin).hex()))
    store(Receiving.of_office(connection, prepare(origin, OFFICE, header, lost), now_ms))
    _tell(connection, origin, station, len(lost), now_ms)
    return len(lost)


def _began_ms(connection: Connection, origin: str) -> int:
    """When the office's log of this incarnation began."""
    table = tables.origin
    found = select(table.c.first_ms).where(table.c.origin == origin)
    return int(connection.execute(found).scalar_one())


def _lost(connection: Connection, bodies: Sequence[bytes]) -> list[bytes]:
    """The bodies of readable office events that the ledger has not, each once."""
    offered: dict[str, bytes] = {}
    for body in bodies:
        entry = entry_of(body)
        if not entry.unreadable and entry.station == OFFICE:
            offered.setdefault(entry.id, body)
    known = {row[0] for row in rows_with(connection, tables.event, "id", list(offered), "position")}
    return [body for name, body in offered.items() if name not in known]


def _tell(connection: Connection, origin: str, station: str, stored: int, now_ms: int) -> None:
    """One alarm for each station and incarnation, with the count of all its pages."""
    counter = f"{RECOVERED}:{origin}:{station}"
    count = int(setting(connection, counter) or 0) + stored
    keep_setting(connection, counter, str(count))
    text = f"{station} brought back {count} events of the office that the restored ledger lacked"
    if not raise_alarm(
        connection, RECOVERED, text, now_ms, origin=origin, subject=station, station=station
    ):
        tell_alarm(connection, RECOVERED, text, origin=origin, subject=station)
