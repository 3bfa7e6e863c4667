"""The fold of one slice of the ledger: events in, changed states and rows for the feed out.

Reads only. What changes is kept apart (`Changes`) and written in a transaction of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from sync.domain.acts import remember
from sync.domain.events import (
    REVERSIBLE,
    DeviationReviewed,
    Event,
    EventReversed,
    LotStatusSet,
    MaterialConsumed,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperatorSignedIn,
    OperatorSignedOut,
    order_of,
)
from sync.domain.order import Order
from sync.domain.order_facts import ORDER_FACTS, evolve, winner
from sync.domain.rules import Deviation, check
from sync.domain.stock import STOCK_FACTS, book, movements, set_status
from sync.server import scopes
from sync.server.ledger import bodies_at, positions_of_act, positions_of_order
from sync.server.projector_state import (
    REGISTERS,
    SIGNED_IN,
    SIGNED_OUT,
    Holding,
    Memory,
    Tables,
    load_concerns,
    load_lots,
    load_orders,
    reversed_acts,
)
from sync.server.tables import event as event_table
from sync.server.view_tables import lot_event, order_lot, reversed_act, stock
from sync.wire import Unknown, decode

# Judged from what all events add up to, never from one event: it may arrive before the other.
OF_A_SET: Final = frozenset({"over_issue", "serial_seen_before"})
_REVERSIBLE: Final = frozenset(REVERSIBLE)
_OF_ORDER: Final = (MaterialConsumed, MaterialReturned)


class Entry(NamedTuple):
    """One event of the slice, where it stands, and when the server had it."""

    position: int
    received_ms: int
    event: Event


class Found(NamedTuple):
    """A deviation of one event."""

    entry: Entry
    deviation: Deviation


@dataclass(slots=True)
class Changes:
    """What a slice changes: keys of touched states in `Memory`, and rows to add."""

    orders: dict[str, int] = field(default_factory=dict)  # number → position of the last change
    lots: set[tuple[str, str]] = field(default_factory=set)
    masters: dict[tuple[str, str], Event | None] = field(default_factory=dict)
    signed_out: set[str] = field(default_factory=set)
    lot_events: list[tuple[str, str, int, int]] = field(default_factory=list)
    serials: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    reversed: dict[str, int] = field(default_factory=dict)
    concerns: list[scopes.Concern] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    reviews: list[DeviationReviewed] = field(default_factory=list)
    feed: list[tuple[str, int]] = field(default_factory=list)
    faults: list[tuple[Entry, str]] = field(default_factory=list)


class Fold:
    """Folds entries in ledger order over what `memory` holds and `connection` reads."""

    def __init__(
        self, connection: Connection, tables: Tables, memory: Memory, entries: Sequence[Entry]
    ) -> None:
        self.connection = connection
        self.tables = tables
        self.memory = memory
        self.changes = Changes()
        self._received = (-1, "")
        events = [entry.event for entry in entries]
        load_orders(connection, tables, memory, filter(None, map(order_of, events)))
        self._lots = {one.position: key for one in entries if (key := _lot_key(one.event))}
        load_lots(connection, tables, memory, self._lots.values())
        load_concerns(connection, tables, memory, {key for e in events for key in _keys(e)})
        acts = {event.act for event in events if event.act}
        self.reversed = reversed_acts(connection, tables, acts)

    def take(self, entry: Entry) -> None:
        """Fold one event."""
        event = entry.event
        late = self.reversed.get(event.act, 0) if type(event) in _REVERSIBLE else 0
        told: frozenset[str] = frozenset()
        if isinstance(event, EventReversed):
            told = self._reverse(entry, event)
        elif not late:
            self._judge(entry)
            self._apply(entry, event, 1, self._lots.get(entry.position))
        self._begin(entry)
        self._note_lot(entry)
        told |= self._scopes(event)
        self.changes.feed += [(scope, entry.position) for scope in sorted(told)]
        if late:
            self.changes.feed += [(scope, late) for scope in sorted(told)]

    def _apply(self, entry: Entry, event: Event, sign: int, lot: tuple[str, str] | None) -> None:
        kind = type(event)
        number = order_of(event)
        if kind in ORDER_FACTS and number:
            evolve(self._order(number), event, sign)
            self.changes.orders[number] = entry.position
        if lot is not None:
            self._to_stock(event, sign, lot)
        elif kind in REGISTERS:
            self._register(event)
        elif isinstance(event, OperatorSignedIn | OperatorSignedOut):
            self._session(event)
        elif isinstance(event, DeviationReviewed):
            self.changes.reviews.append(event)

    def _order(self, number: str) -> Order:
        if number not in self.memory.orders:
            load_orders(self.connection, self.tables, self.memory, (number,))
        return self.memory.orders[number]

    def _holding(self, key: tuple[str, str]) -> Holding:
        if key not in self.memory.holdings:
            load_lots(self.connection, self.tables, self.memory, (key,))
        return self.memory.holdings[key]

    def _to_stock(self, event: Event, sign: int, key: tuple[str, str]) -> None:
        held = self._holding(key)
        self.memory.stock.setdefault(key[0], {}).setdefault(key[1], held.lot)
        if isinstance(event, LotStatusSet):
            set_status(self.memory.stock, event)
        else:
            book(self.memory.stock, event, sign)
        if isinstance(event, MaterialReceived):
            held.received += sign * event.quantity.micros
            held.received_unit = event.quantity.unit
            held.supplier_lot = event.supplier_lot or held.supplier_lot
        self.changes.lots.add(key)
        self._serials(event, sign)

    def _serials(self, event: Event, sign: int) -> None:
        if isinstance(event, MaterialProduced):
            for serial in event.serials:
                self._count(event.material, serial, "out", event.order, sign)
        elif isinstance(event, _OF_ORDER) and event.serial:
            back = isinstance(event, MaterialReturned)
            self._count(event.material, event.serial, "in", event.order, -sign if back else sign)

    def _count(self, material: str, serial: str, way: str, order: str, uses: int) -> None:
        key = (serial, material, way, order)
        self.changes.serials[key] = self.changes.serials.get(key, 0) + uses

    def _register(self, event: Event) -> None:
        name, key_name = REGISTERS[type(event)]
        held = getattr(self.memory.shop, name)
        key = getattr(event, key_name)
        held[key] = winner(held.get(key), event)
        self.changes.masters[type(event).__name__, key] = held[key]

    def _session(self, event: OperatorSignedIn | OperatorSignedOut) -> None:
        here = self.memory.sign_ins.setdefault(event.station, {})
        if isinstance(event, OperatorSignedIn):
            if event.id in self.memory.signed_out:
                return
            here[event.operator] = event
            self.changes.masters[SIGNED_IN, f"{event.station}/{event.operator}"] = event
            return
        closed = [who for who, one in here.items() if one.id == event.of]
        for who in closed:
            del here[who]
            self.changes.masters[SIGNED_IN, f"{event.station}/{who}"] = None
        if not closed:
            self.memory.signed_out.add(event.of)
            self.changes.masters[SIGNED_OUT, event.of] = event

    def _reverse(self, entry: Entry, event: EventReversed) -> frozenset[str]:
        """Take the act out again; returns the scopes that were told of it."""
        known = event.of in self.changes.reversed or bool(
            reversed_acts(self.connection, self.tables, [event.of])
        )
        act = self._act(event.of, entry.position)
        self._judge(entry, tuple(one for one in act if type(one) in _REVERSIBLE))
        told: frozenset[str] = frozenset()
        for one in act:
            load_concerns(self.connection, self.tables, self.memory, set(_keys(one)))
            told |= self._scopes(one)
        if known or not event.of:
            return told
        self.reversed[event.of] = self.changes.reversed[event.of] = entry.position
        for one in act:
            if type(one) in _REVERSIBLE:
                self._apply(entry, one, -1, _lot_key(one))
                self.changes.withdrawn.append(one.id)
        return told

    def _act(self, act: str, before: int) -> tuple[Event, ...]:
        positions = [one for one in positions_of_act(self.connection, act) if one < before]
        bodies = bodies_at(self.connection, positions)
        events = (decode(bodies[one]).event for one in positions if one in bodies)
        return tuple(event for event in events if not isinstance(event, Unknown))

    def _judge(self, entry: Entry, act: Sequence[Event] = ()) -> None:
        """Flag where the event disagrees with what was known before it."""
        event = entry.event
        if event.station in {"", scopes.OFFICE}:
            return
        self._set_scene(entry.position, event, act)
        try:
            verdict = check(self.memory.shop, event, received=self._received_at(entry))
        except Exception as fault:  # a rule's own fault must not hold back what is behind it
            self.changes.faults.append((entry, f"{type(fault).__name__}: {fault}"))
            return
        self.changes.found += [Found(entry, d) for d in verdict if d.name not in OF_A_SET]

    def _set_scene(self, at: int, event: Event, act: Sequence[Event]) -> None:
        """Show the rules exactly what the event is about: the same live and in a rebuild."""
        shop, memory = self.memory.shop, self.memory
        numbers = {order_of(event), *map(order_of, act)} if act else {order_of(event)}
        numbers.discard("")
        if act:
            numbers |= self._users(act)
        scene = {number: self._order(number) for number in numbers}
        shop.orders = {number: one for number, one in scene.items() if not one.is_empty}
        shop.sign_ins = {event.station: memory.sign_ins.get(event.station, {})}
        shop.packed = {}
        for one in act:
            remember(shop.packed, one)
        shop.stock = {}
        key = self._lots.get(at)
        lot = memory.stock.get(key[0], {}).get(key[1]) if key else None
        if lot is not None:
            shop.stock = {lot.material: {lot.lot: lot}}

    def _users(self, act: Sequence[Event]) -> set[str]:
        """The orders that took what the act made."""
        made = {(e.material, e.lot) for e in act if isinstance(e, MaterialProduced)}
        table = self.tables[order_lot]
        found = set()
        for material, lot in made:
            rows = select(table.c.order_number).where(
                table.c.lot == lot, table.c.material == material
            )
            found |= {row[0] for row in self.connection.execute(rows)}
            found |= {
                number
                for number in self.changes.orders
                if lot in self.memory.orders[number].consumed.get(material, {})
            }
        return found

    def _received_at(self, entry: Entry) -> str:
        if self._received[0] != entry.received_ms:
            at = datetime.fromtimestamp(entry.received_ms / 1000, UTC).isoformat()
            self._received = (entry.received_ms, at)
        return self._received[1]

    def _scopes(self, event: Event) -> frozenset[str]:
        concerns = self.memory.concerns
        order, material = order_of(event), scopes.material_of(event)
        return scopes.told_of(
            event,
            frozenset(concerns.get((order, scopes.ORDER), ())) if order else frozenset(),
            frozenset(concerns.get((material, scopes.MATERIAL), ())) if material else frozenset(),
        )

    def _begin(self, entry: Entry) -> None:
        """Feed earlier events of what begins to concern a scope by this event."""
        for concern in scopes.begun_by(entry.event):
            key = (concern.key, concern.kind)
            known = self.memory.concerns.setdefault(key, set())
            if concern.scope in known:
                continue
            known.add(concern.scope)
            self.changes.concerns.append(concern)
            earlier = earlier_of(self.connection, self.tables, concern, entry.position)
            earlier |= self._earlier_here(concern, entry.position)
            self.changes.feed += [(concern.scope, position) for position in sorted(earlier)]

    def _earlier_here(self, concern: scopes.Concern, before: int) -> set[int]:
        """Positions in this slice that the view tables do not tell yet."""
        if concern.kind == scopes.ORDER:
            return {at for at in self.changes.reversed.values() if at < before}
        return {
            position
            for material, _, position, of_order in self.changes.lot_events
            if material == concern.key and of_order and position < before
        }

    def _note_lot(self, entry: Entry) -> None:
        key = self._lots.get(entry.position)
        if key is not None:
            of_order = int(isinstance(entry.event, _OF_ORDER))
            self.changes.lot_events.append((*key, entry.position, of_order))


def earlier_of(
    connection: Connection, tables: Tables, concern: scopes.Concern, before: int
) -> set[int]:
    """Positions before `before` of what a scope must be told when it begins to concern it."""
    if concern.kind == scopes.ORDER:
        found = set(positions_of_order(connection, concern.key))
        table = tables[reversed_act]
        reversals = (
            select(table.c.position)
            .join(event_table, event_table.c.act == table.c.act)
            .where(event_table.c.order_number == concern.key, event_table.c.order_number != "")
        )
        found |= {row[0] for row in connection.execute(reversals)}
    else:
        moved, held = tables[lot_event], tables[stock]
        in_stock = select(held.c.lot).where(held.c.material == concern.key, held.c.micros != 0)
        rows = select(moved.c.position).where(
            moved.c.material == concern.key, moved.c.of_order == 1, moved.c.lot.in_(in_stock)
        )
        found = {row[0] for row in connection.execute(rows)}
    return {position for position in found if position < before}


def _lot_key(event: Event) -> tuple[str, str] | None:
    """The (material, lot) that an event moves or sets, if it is of a lot."""
    if isinstance(event, LotStatusSet):
        return event.material, event.lot
    if type(event) not in STOCK_FACTS:
        return None
    moves = movements(event)
    return (moves[0].material, moves[0].lot) if moves else None


def _keys(event: Event) -> Iterable[tuple[str, str]]:
    """The (key, kind) whose concerns an event follows or begins."""
    if order := order_of(event):
        yield order, scopes.ORDER
    if material := scopes.material_of(event):
        yield material, scopes.MATERIAL
    for concern in scopes.begun_by(event):
        if concern.kind == scopes.MATERIAL:
            yield concern.key, scopes.MATERIAL
