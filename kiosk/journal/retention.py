"""The home of retention's deeds: a plan is settled in one transaction, and carried out in steps.

From then on what was condemned counts as gone: after a power cut it is deleted before anything is
folded. Places go before the events that they name, so that no place ever lacks its bytes.
"""

import sqlite3
from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from kiosk.journal import queries, store
from kiosk.journal.retention_plan import Held, Limits, Plan
from kiosk.journal.store import Head
from kiosk.journal.writer import Turn, Writer
from sync.domain.events import Event, EventReversed, order_of
from sync.domain.shop import Shop
from sync.domain.stock import lot_told
from sync.wire import Unknown, decode

DELETED_EVENTS_MAX: Final = 200
SINCE_EVENTS_MAX: Final = 1_000
RETIRING: Final = "retiring"
RETIRED: Final = "retired"
PRINTS_MARK: Final = "prints"
_NOTED: Final = "retiring_at"
# Marks of single printers are from a program before the one of all.
_SETTLED: Final = "SELECT coalesce((SELECT local FROM mark WHERE reader = ?), min(local)) FROM mark"


class Retiring(msgspec.Struct, frozen=True):
    """What was condemned: places up to seq `last` of an origin, and events by `local`."""

    origin: str
    last: int
    locals: list[int]


def condemn(
    connection: sqlite3.Connection, head: Head, origin: str, made: Plan, limits: Limits
) -> bool:
    """Settle a plan; False, and nothing done, if the chain or what it is about changed since."""
    if head.origin != origin or head.forking or queries.kept(connection, RETIRING) is not None:
        return False
    if made.last > min(head.acknowledged, head.seq - 1):
        return False
    since = queries.page(connection, limits.local, SINCE_EVENTS_MAX)
    if len(since) == SINCE_EVENTS_MAX:
        return False
    for _, body in since:
        event = decode(body).event
        if not isinstance(event, Unknown) and _is_about(event, made):
            return False
    kept = {RETIRED: msgspec.json.encode(made.left)}
    if made.locals:
        kept[RETIRING] = msgspec.msgpack.encode(Retiring(origin, made.last, made.locals))
    store.put_kept(connection, kept)
    return True


def _is_about(event: Event, made: Plan) -> bool:
    reverses = isinstance(event, EventReversed)
    return reverses or order_of(event) in made.orders or lot_told(event) in made.lots


def retire_step(connection: sqlite3.Connection, head: Head) -> bool:
    """Delete some of what was condemned, places first; True once nothing of it is left."""
    stored = queries.kept(connection, RETIRING)
    if stored is None:
        return True
    retiring = msgspec.msgpack.decode(stored, type=Retiring)
    if retiring.origin == head.origin and head.low <= retiring.last:
        _raise_low(connection, head, retiring.last)
        return False
    at = int(queries.kept(connection, _NOTED) or b"0")
    some = retiring.locals[at : at + DELETED_EVENTS_MAX]
    connection.executemany("DELETE FROM event WHERE local = ?", [(local,) for local in some])
    if at + len(some) < len(retiring.locals):
        store.put_kept(connection, {_NOTED: str(at + len(some)).encode()})
        return False
    connection.execute("DELETE FROM kept WHERE name IN (?, ?)", (RETIRING, _NOTED))
    return True


def _raise_low(connection: sqlite3.Connection, head: Head, last: int) -> None:
    to = min(last, head.low + DELETED_EVENTS_MAX - 1)
    (digest,) = connection.execute(
        "SELECT digest FROM place WHERE origin = ? AND seq = ?", (head.origin, to)
    ).fetchone()
    connection.execute("DELETE FROM place WHERE origin = ? AND seq <= ?", (head.origin, to))
    store.put_low(connection, head, to + 1, digest)


def limits(connection: sqlite3.Connection, today: date, seq: int, local: int) -> Limits:
    """What must stay, given the last place that may go and the newest event that is planned for."""
    (printed,) = connection.execute(_SETTLED, (PRINTS_MARK,)).fetchone()
    return Limits(today, seq, local, printed)


def held(connection: sqlite3.Connection, origin: str) -> Held:
    """The places of an origin, and what was retired before."""
    rows = connection.execute("SELECT id, seq FROM place WHERE origin = ?", (origin,))
    return Held(dict(rows.fetchall()), retired_orders(connection))


def carry_out(writer: Writer, origin: str, made: Plan, limits: Limits) -> int:
    """Settle a plan and delete what it names, waiting for the steps; how many events went."""
    settled = writer.do(
        Turn.UPKEEP, lambda connection, head: condemn(connection, head, origin, made, limits)
    ).result()
    if not settled:
        return 0
    writer.do_steps(Turn.UPKEEP, retire_step).result()
    return len(made.locals)


def retired_orders(connection: sqlite3.Connection) -> frozenset[str]:
    """Orders of which only moves of lots in stock are left."""
    found = queries.kept(connection, RETIRED)
    return frozenset(msgspec.json.decode(found, type=list[str]) if found else ())


def without_retired(shop: Shop, retired: Iterable[str]) -> None:
    """An order whose events went does not come back as what its lots still tell of it."""
    for number in retired:
        order = shop.orders.get(number)
        if order is not None and order.header is None and not order.starts:
            del shop.orders[number]


def fork_step(connection: sqlite3.Connection, head: Head) -> bool:
    """What is being retired goes first: the copying counts on the places that are held."""
    done = retire_step(connection, head)
    return done and store.fork_step(connection, head)
