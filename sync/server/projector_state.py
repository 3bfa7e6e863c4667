"""What the projector knows while it folds: states loaded for what a slice touches, and kept since.

A cache keyed by the projector's mark: where the mark in the database is another one, all of it is
dropped and read again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from sqlalchemy import Connection, Table, select

from sync.domain.events import (
    BomDefined,
    Event,
    MaterialDefined,
    OperatorDefined,
    OperatorSignedIn,
    ReasonDefined,
    RoutingDefined,
    WorkCenterDefined,
)
from sync.domain.order import Order
from sync.domain.shop import Lot, Shop
from sync.domain.stock import Stock
from sync.server.database import rows_with
from sync.server.projector_rows import OrderRows
from sync.server.view_tables import (
    SHADOW,
    SHADOWS,
    VIEWS,
    concern,
    master,
    order_state,
    reversed_act,
    stock,
)

ORDERS_KEPT_MAX: Final = 2_000
LOTS_KEPT_MAX: Final = 20_000
_JSON_OPENS: Final = b"{"
REGISTERS: Final[Mapping[type[Event], tuple[str, str]]] = {
    MaterialDefined: ("materials", "material"),
    BomDefined: ("boms", "material"),
    RoutingDefined: ("routings", "material"),
    WorkCenterDefined: ("work_centers", "work_center"),
    OperatorDefined: ("operators", "person"),
    ReasonDefined: ("reasons", "reason"),
}
"""Where each register of master data stands in a Shop, and the field that names it."""
_KINDS: Final = {kind.__name__: kind for kind in REGISTERS}
SIGNED_IN: Final = OperatorSignedIn.__name__
SIGNED_OUT: Final = "OperatorSignedOut"


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

    def trim(self) -> None:
        """Forget states where more are kept than memory should hold."""
        if len(self.orders) > ORDERS_KEPT_MAX:
            self.orders.clear()
            self.rows.clear()
            self.concerns.clear()
        if len(self.holdings) > LOTS_KEPT_MAX:
            self.holdings.clear()
            self.stock.clear()


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
    memory = Memory(position)
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
