"""What the projector knows while it folds: states loaded for what a slice touches, and kept since.

A cache keyed by the projector's mark: where the mark in the database is another one, all of it is
dropped and read again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, select

from sync.domain.events import (
    Event,
    OperatorSignedIn,
)
from sync.domain.order import Order
from sync.domain.registers import REGISTERS
from sync.domain.shop import Lot, Shop
from sync.domain.stock import Stock
from sync.server.projector_open import OpenDeviations
from sync.server.projector_rows import OrderRows
from sync.server.rows import LOOKUP_VALUES_MAX, rows_with
from sync.server.tables import event as event_table
from sync.server.view_tables import (
    SHADOW,
    SHADOWS,
    VIEWS,
    concern,
    lot_event,
    master,
    order_state,
    reversed_act,
    stock,
)
from sync.wire import Unknown, decode

ORDERS_KEPT_MAX: Final = 2_000
LOTS_KEPT_MAX: Final = 20_000
_JSON_OPENS: Final = b"{"
_KINDS: Final = {kind.__name__: kind for kind in REGISTERS}
SIGNED_IN: Final = OperatorSignedIn.__name__
SIGNED_OUT: Final = "OperatorSignedOut"


class Entry(NamedTuple):
    """One event of the ledger, where it stands, and when the server had it."""

    position: int
    received_ms: int
    event: Event


@dataclass(slots=True)
class Holding:
    """A lot's state, and what goods receipts brought of it."""

    lot: Lot
    received: int = 0
    received_unit: str = ""
    supplier_lot: str = ""


@dataclass(frozen=True, slots=True)
class Tables:
    """The live view tables, or with `suffix` their shadows while a rebuild fills them."""

    suffix: str = ""

    def __getitem__(self, view: Table) -> Table:
        return SHADOWS[view.name] if self.suffix else view

    @property
    def all(self) -> tuple[Table, ...]:
        return tuple(self[view] for view in VIEWS)


LIVE: Final = Tables()
SHADOWED: Final = Tables(SHADOW)


@dataclass(slots=True)
class Memory:
    """Everything kept between slices; `position` is the mark that it is valid at."""

    position: int = -1
    shop: Shop = field(default_factory=Shop)
    sign_ins: dict[str, dict[str, OperatorSignedIn]] = field(default_factory=dict)
    signed_out: set[str] = field(default_factory=set)
    orders: dict[str, Order] = field(default_factory=dict)
    rows: dict[str, OrderRows] = field(default_factory=dict)
    stock: Stock = field(default_factory=dict)
    holdings: dict[tuple[str, str], Holding] = field(default_factory=dict)
    concerns: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    open: OpenDeviations = field(default_factory=OpenDeviations)

    def trim(self) -> None:
        """Forget states where more are kept than memory should hold."""
        if len(self.orders) > ORDERS_KEPT_MAX:
            self.orders.clear()
            self.rows.clear()
            self.concerns.clear()
        if len(self.holdings) > LOTS_KEPT_MAX:
            self.holdings.clear()
            self.stock.clear()
        self.open.trim()


_orders: Final = msgspec.msgpack.Decoder(Order)
_orders_json: Final = msgspec.json.Decoder(Order)
_holdings: Final = msgspec.msgpack.Decoder(Holding)
_holdings_json: Final = msgspec.json.Decoder(Holding)
_sign_in: Final = msgspec.json.Decoder(OperatorSignedIn)


def encode_state(state: Order | Holding) -> bytes:
    """A state as stored: msgpack, or JSON where a sum is longer than msgpack's 64 bits."""
    try:
        return msgspec.msgpack.encode(state)
    except OverflowError:
        return msgspec.json.encode(state)


def decode_order(body: bytes) -> Order:
    return (_orders_json if body[:1] == _JSON_OPENS else _orders).decode(body)


def decode_holding(body: bytes) -> Holding:
    return (_holdings_json if body[:1] == _JSON_OPENS else _holdings).decode(body)


def load_memory(connection: Connection, tables: Tables, position: int) -> Memory:
    """A fresh memory at a mark: master data and who is signed in."""
    memory = Memory(position, open=OpenDeviations(whole=not position))
    table = tables[master]
    rows = connection.execute(select(table.c.kind, table.c.key, table.c.body)).all()
    for kind, key, body in rows:
        if kind == SIGNED_IN:
            event = _sign_in.decode(body)
            memory.sign_ins.setdefault(event.station, {})[event.operator] = event
        elif kind == SIGNED_OUT:
            memory.signed_out.add(key)
        else:
            register, _ = REGISTERS[_KINDS[kind]]
            getattr(memory.shop, register)[key] = msgspec.json.decode(body, type=_KINDS[kind])
    return memory


def load_orders(
    connection: Connection, tables: Tables, memory: Memory, numbers: Iterable[str]
) -> None:
    """See that the states of these orders are in memory; unknown ones begin empty."""
    wanted = sorted({number for number in numbers if number not in memory.orders})
    for number, body in rows_with(connection, tables[order_state], "order_number", wanted, "body"):
        memory.orders[number] = decode_order(body)
    for number in wanted:
        if number not in memory.orders:
            memory.orders[number] = Order(number)


def order_in(connection: Connection, tables: Tables, memory: Memory, number: str) -> Order:
    """The state of an order, read if it is not in memory."""
    order = memory.orders.get(number)
    if order is None:
        load_orders(connection, tables, memory, (number,))
        order = memory.orders[number]
    return order


def load_lots(
    connection: Connection, tables: Tables, memory: Memory, keys: Iterable[tuple[str, str]]
) -> None:
    """See that the states of these (material, lot) are in memory, if they are known at all."""
    wanted = {key for key in keys if key not in memory.holdings}
    lots = sorted({lot for _, lot in wanted})
    for lot, material, body in rows_with(
        connection, tables[stock], "lot", lots, "material", "body"
    ):
        if (material, lot) in wanted:
            held = decode_holding(body)
            memory.holdings[material, lot] = held
            memory.stock.setdefault(material, {})[lot] = held.lot
    for material, lot in wanted - memory.holdings.keys():
        memory.holdings[material, lot] = Holding(Lot(material, lot))


def holding_of(
    connection: Connection, tables: Tables, memory: Memory, key: tuple[str, str]
) -> Holding:
    """The state of a (material, lot), read if it is not in memory."""
    held = memory.holdings.get(key)
    if held is None:
        load_lots(connection, tables, memory, (key,))
        held = memory.holdings[key]
    return held


def load_concerns(
    connection: Connection, tables: Tables, memory: Memory, keys: Collection[tuple[str, str]]
) -> None:
    """See that the scopes of these (key, kind) are in memory."""
    wanted = {key for key in keys if key not in memory.concerns}
    found: dict[tuple[str, str], set[str]] = {key: set() for key in wanted}
    names = sorted({key for key, _ in wanted})
    for name, kind, scope in rows_with(connection, tables[concern], "key", names, "kind", "scope"):
        if (name, kind) in wanted:
            found[name, kind].add(scope)
    memory.concerns.update((key, frozenset(hearers)) for key, hearers in found.items())


def reversed_acts(connection: Connection, tables: Tables, acts: Collection[str]) -> dict[str, int]:
    """Of these acts the reversed ones, with the position of what reversed them."""
    found = rows_with(connection, tables[reversed_act], "act", sorted(acts), "position")
    return dict(found)


def acts_of(connection: Connection, acts: Collection[str]) -> dict[str, list[Entry]]:
    """Act → its readable events, in the order of the ledger."""
    columns = ("position", "received_ms", "body", "unreadable")
    rows = rows_with(connection, event_table, "act", sorted(acts), *columns)
    found: dict[str, list[Entry]] = {}
    for act, position, received, body, unreadable in sorted(rows):
        event = decode(body).event
        if not unreadable and not isinstance(event, Unknown):
            found.setdefault(act, []).append(Entry(position, received, event))
    return found


def stations_of(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Event → the station that made it."""
    return dict(rows_with(connection, event_table, "id", sorted(ids), "station"))


def past_of(
    connection: Connection, tables: Tables, orders: Collection[str], last: int
) -> dict[str, set[int]]:
    """Order → positions up to the last of its events, and of what reversed them."""
    found: dict[str, set[int]] = {order: set() for order in orders}
    table, reversals = event_table, tables[reversed_act]
    names = sorted(orders)
    for start in range(0, len(names), LOOKUP_VALUES_MAX):
        rows = (
            select(table.c.order_number, table.c.position, reversals.c.position)
            .join(reversals, reversals.c.act == table.c.act, isouter=True)
            .where(table.c.order_number.in_(names[start : start + LOOKUP_VALUES_MAX]))
            .where(table.c.order_number != "", table.c.unreadable == "")
            .where(table.c.position <= last)
        )
        for order, position, reversal in connection.execute(rows):
            found[order].add(position)
            if reversal is not None:
                found[order].add(reversal)
    return found


def taken_of(connection: Connection, tables: Tables, material: str) -> set[int]:
    """Positions of what orders took of the lots of a material that are not used up."""
    moved, held = tables[lot_event], tables[stock]
    in_stock = select(held.c.lot).where(held.c.material == material, held.c.micros != 0)
    rows = select(moved.c.position).where(
        moved.c.material == material, moved.c.of_order == 1, moved.c.lot.in_(in_stock)
    )
    return {row[0] for row in connection.execute(rows)}
