"""The fold of one slice of the ledger: events in, changed states and rows for the feed out.

Reads only. What changes is kept apart (`Changes`) and written in a transaction of its own.
"""

from collections.abc import Collection, Iterable, Sequence
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
from sync.domain.stock import Lot, book, lot_told, set_status
from sync.server import scopes
from sync.server.database import LOOKUP_VALUES_MAX
from sync.server.ledger import bodies_at, positions_of_act
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
_NO_STATION: Final = frozenset({"", scopes.OFFICE})
_NOBODY: Final[frozenset[str]] = frozenset()
_NO_LOTS: Final[dict[str, Lot]] = {}
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
    """Folds entries in ledger order over what `memory` holds and `connection` reads.

    Who is told of what is found only while `feeding`: a rebuild feeds nobody.
    """

    def __init__(
        self,
        connection: Connection,
        tables: Tables,
        memory: Memory,
        entries: Sequence[Entry],
        *,
        feeding: bool = True,
    ) -> None:
        self.connection = connection
        self.tables = tables
        self.memory = memory
        self.changes = Changes()
        self.feeding = feeding
        self._received = (-1, "")
        memory.shop.sign_ins = memory.sign_ins
        self._load(entries)

    def _load(self, entries: Sequence[Entry]) -> None:
        """Read the states of all that the events touch, a table at a time."""
        events = [entry.event for entry in entries]
        opened = (self.connection, self.tables, self.memory)
        load_orders(*opened, {order_of(event) for event in events} - {""})
        load_lots(*opened, {key for event in events if (key := lot_told(event))})
        load_concerns(*opened, {key for event in events for key in _keys(event)})
        self._past = (
            past_of(*opened[:2], self._begun(events), entries[-1].position) if entries else {}
        )
        acts = {event.act for event in events if event.act}
        self.reversed = reversed_acts(self.connection, self.tables, acts)

    def _begun(self, events: Iterable[Event]) -> set[str]:
        """The orders that begin to concern a scope by these events."""
        known = self.memory.concerns
        return {
            concern.key
            for event in events
            if self.feeding
            for concern in scopes.begun_by(event)
            if concern.kind == scopes.ORDER
            and concern.scope not in known.get((concern.key, concern.kind), _NOBODY)
        }

    def take(self, entry: Entry) -> None:
        """Fold one event."""
        event = entry.event
        lot = lot_told(event)
        late = self.reversed.get(event.act, 0) if type(event) in _REVERSIBLE else 0
        told: frozenset[str] = frozenset()
        if isinstance(event, EventReversed):
            told = self._reverse(entry, event)
        elif not late:
            self._judge(entry, lot)
            self._apply(entry.position, event, 1, lot)
        self._begin(entry)
        if lot is not None:
            of_order = int(isinstance(event, _OF_ORDER))
            self.changes.lot_events.append((*lot, entry.position, of_order))
        if self.feeding:
            self._feed(entry, told, late)

    def _feed(self, entry: Entry, told: frozenset[str], late: int) -> None:
        """Tell all whom the event concerns; where it came late, of what reversed it too."""
        hearers = sorted(told | self._scopes(entry.event))
        self.changes.feed += [(scope, entry.position) for scope in hearers]
        if late:
            self.changes.feed += [(scope, late) for scope in hearers]

    def _apply(self, position: int, event: Event, sign: int, lot: tuple[str, str] | None) -> None:
        kind = type(event)
        if kind in ORDER_FACTS and (number := order_of(event)):
            evolve(self._order(number), event, sign)
            self.changes.orders[number] = position
        if lot is not None:
            self._to_stock(event, sign, lot)
        elif kind in REGISTERS:
            self._register(event)
        elif isinstance(event, OperatorSignedIn | OperatorSignedOut):
            self._session(event)
        elif isinstance(event, DeviationReviewed):
            self.changes.reviews.append(event)

    def _order(self, number: str) -> Order:
        order = self.memory.orders.get(number)
        if order is None:
            load_orders(self.connection, self.tables, self.memory, (number,))
            order = self.memory.orders[number]
        return order

    def _holding(self, key: tuple[str, str]) -> Holding:
        held = self.memory.holdings.get(key)
        if held is None:
            load_lots(self.connection, self.tables, self.memory, (key,))
            held = self.memory.holdings[key]
        return held

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
        self._judge(entry, None, tuple(one for one in act if type(one) in _REVERSIBLE))
        told = self._hearers(act) if self.feeding else frozenset()
        if known or not event.of:
            return told
        self.reversed[event.of] = self.changes.reversed[event.of] = entry.position
        for one in act:
            if type(one) in _REVERSIBLE:
                self._apply(entry.position, one, -1, lot_told(one))
                self.changes.withdrawn.append(one.id)
        return told

    def _hearers(self, act: Iterable[Event]) -> frozenset[str]:
        """The scopes that were told of an act."""
        told: frozenset[str] = frozenset()
        for one in act:
            load_concerns(self.connection, self.tables, self.memory, set(_keys(one)))
            told |= self._scopes(one)
        return told

    def _act(self, act: str, before: int) -> tuple[Event, ...]:
        positions = [one for one in positions_of_act(self.connection, act) if one < before]
        bodies = bodies_at(self.connection, positions)
        events = (decode(bodies[one]).event for one in positions if one in bodies)
        return tuple(event for event in events if not isinstance(event, Unknown))

    def _judge(self, entry: Entry, lot: tuple[str, str] | None, act: Sequence[Event] = ()) -> None:
        """Flag where the event disagrees with what was known before it."""
        event = entry.event
        if event.station in _NO_STATION:
            return
        self._set_scene(event, lot, act)
        try:
            verdict = check(self.memory.shop, event, received=self._received_at(entry))
        except Exception as fault:  # a rule's own fault must not hold back what is behind it
            self.changes.faults.append((entry, f"{type(fault).__name__}: {fault}"))
            return
        if verdict:
            self.changes.found += [Found(entry, d) for d in verdict if d.name not in OF_A_SET]

    def _set_scene(self, event: Event, key: tuple[str, str] | None, act: Sequence[Event]) -> None:
        """Show the rules exactly what the event is about: the same live and in a rebuild."""
        shop = self.memory.shop
        numbers = {order_of(event)}
        if act:
            numbers |= {*map(order_of, act), *self._users(act)}
        scene = {number: self._order(number) for number in numbers if number}
        shop.orders = {number: one for number, one in scene.items() if one.facts}
        shop.packed = {}
        for one in act:
            remember(shop.packed, one)
        lot = self.memory.stock.get(key[0], _NO_LOTS).get(key[1]) if key else None
        shop.stock = {lot.material: {lot.lot: lot}} if lot is not None else {}

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
            concerns.get((order, scopes.ORDER), _NOBODY) if order else _NOBODY,
            concerns.get((material, scopes.MATERIAL), _NOBODY) if material else _NOBODY,
        )

    def _begin(self, entry: Entry) -> None:
        """Feed earlier events of what begins to concern a scope by this event."""
        for concern in scopes.begun_by(entry.event):
            key = (concern.key, concern.kind)
            known = self.memory.concerns.get(key, _NOBODY)
            if concern.scope in known:
                continue
            self.memory.concerns[key] = known | {concern.scope}
            self.changes.concerns.append(concern)
            if not self.feeding:
                continue
            earlier = self._earlier(concern) | self._earlier_here(concern)
            before = sorted(position for position in earlier if position < entry.position)
            self.changes.feed += [(concern.scope, position) for position in before]

    def _earlier(self, concern: scopes.Concern) -> set[int]:
        """Positions that the tables tell."""
        if concern.kind == scopes.ORDER:
            return self._past.get(concern.key, set())
        return taken_of(self.connection, self.tables, concern.key)

    def _earlier_here(self, concern: scopes.Concern) -> set[int]:
        """Positions in this slice that the view tables do not tell yet."""
        if concern.kind == scopes.ORDER:
            return set(self.changes.reversed.values())
        return {
            position
            for material, _, position, of_order in self.changes.lot_events
            if material == concern.key and of_order
        }


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


def _keys(event: Event) -> Iterable[tuple[str, str]]:
    """The (key, kind) whose concerns an event follows or begins."""
    if order := order_of(event):
        yield order, scopes.ORDER
    if material := scopes.material_of(event):
        yield material, scopes.MATERIAL
    for concern in scopes.begun_by(event):
        if concern.kind == scopes.MATERIAL:
            yield concern.key, scopes.MATERIAL
