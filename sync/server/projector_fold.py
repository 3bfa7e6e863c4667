"""The fold of one slice of the ledger: events in, changed states and rows for the feed out.

Reads only. What changes is kept apart (`Changes`) and written in a transaction of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select

from sync.domain.acts import remember
from sync.domain.events import (
    REVERSIBLE,
    DeviationReviewed,
    Event,
    EventReversed,
    LabelVoided,
    LotStatusSet,
    MaterialConsumed,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationEnded,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderHeld,
    OrderRegister,
    OrderResumed,
    order_of,
)
from sync.domain.order import Order
from sync.domain.order_facts import ORDER_FACTS, evolve, winner
from sync.domain.rules import check
from sync.domain.rules_material import supplied
from sync.domain.shop import Shop
from sync.domain.stock import Lot, book, set_status
from sync.server import scopes
from sync.server.projector_changes import (
    Changes,
    Decision,
    Dissolved,
    Found,
    Touch,
    clash_of,
    followed_by,
    is_of_a_set,
    subject_of,
    touch_of,
)
from sync.server.projector_state import (
    REGISTERS,
    SIGNED_IN,
    SIGNED_OUT,
    Entry,
    Holding,
    Memory,
    Tables,
    acts_of,
    load_concerns,
    load_lots,
    load_orders,
    past_of,
    reversed_acts,
    taken_of,
)
from sync.server.view_tables import order_lot

_REVERSIBLE: Final = frozenset(REVERSIBLE)
_NO_STATION: Final = frozenset({"", scopes.OFFICE})
_NOBODY: Final[frozenset[str]] = frozenset()
_NO_LOTS: Final[dict[str, Lot]] = {}
_OF_LOTS: Final = (MaterialConsumed, MaterialReturned, MaterialProduced)
_OF_ORDER: Final = (MaterialConsumed, MaterialReturned)


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
        self._touches = [touch_of(entry) for entry in entries]
        self._load()

    def _load(self) -> None:
        """Read the states of all that the events touch, a table at a time."""
        events = [touch.entry.event for touch in self._touches]
        opened = (self.connection, self.tables, self.memory)
        load_orders(*opened, {touch.order for touch in self._touches} - {""})
        load_lots(*opened, {touch.lot for touch in self._touches if touch.lot is not None})
        load_concerns(*opened, self._keys())
        undone = {event.of for event in events if isinstance(event, EventReversed)} - {""}
        self._acts = acts_of(self.connection, undone)
        acts = {event.act for event in events if event.act} | undone
        self.reversed = reversed_acts(self.connection, self.tables, acts)
        self._past = past_of(self.connection, self.tables, *self._begun())

    def _keys(self) -> set[tuple[str, str]]:
        """The (key, kind) of all concerns that the slice begins, and of those that it follows."""
        keys = {(one.key, one.kind) for touch in self._touches for one in touch.begins}
        return keys.union(*map(followed_by, self._touches)) if self.feeding else keys

    def _begun(self) -> tuple[set[str], int]:
        """The orders that begin to concern a scope, and the last position that tells of them."""
        beginning = [touch for touch in self._touches if touch.begins and self.feeding]
        begun = {
            concern.key
            for touch in beginning
            for concern in touch.begins
            if concern.kind == scopes.ORDER and not self._is_known(concern)
        }
        return begun, beginning[-1].entry.position if beginning else 0

    def _is_known(self, concern: scopes.Concern) -> bool:
        return concern.scope in self.memory.concerns.get((concern.key, concern.kind), _NOBODY)

    def run(self) -> Changes:
        """Fold all events, one after the other."""
        for touch in self._touches:
            self._take(touch)
        return self.changes

    def _take(self, touch: Touch) -> None:
        entry, event = touch.entry, touch.entry.event
        late = self.reversed.get(event.act, 0) if type(event) in _REVERSIBLE else 0
        told = _NOBODY
        if isinstance(event, EventReversed):
            told = self._reverse(touch, event)
        elif not late:
            self._judge(touch)
            self._apply(entry.position, touch, 1)
        if touch.begins:
            self._begin(touch)
        if touch.lot is not None:
            of_order = int(isinstance(event, _OF_ORDER))
            self.changes.lot_events.append((*touch.lot, entry.position, of_order))
        if self.feeding:
            self._feed(touch, told, late)

    def _feed(self, touch: Touch, told: frozenset[str], late: int) -> None:
        """Tell all whom the event concerns; where it came late, of what reversed it too."""
        position, feed = touch.entry.position, self.changes.feed
        hearers = sorted(told | self._scopes(touch) if told else self._scopes(touch))
        feed += [(scope, position) for scope in hearers]
        if late:
            feed += [(scope, late) for scope in hearers]

    def _apply(self, position: int, touch: Touch, sign: int) -> None:
        event, number = touch.entry.event, touch.order
        kind = type(event)
        if number and kind in ORDER_FACTS:
            evolve(self._order(number), event, sign)
            self.changes.orders[number] = position
            if isinstance(event, MaterialConsumed) and event.operation in self._order(number).good:
                self._supply(position, event)
            if isinstance(event, _OF_LOTS):
                of = self.changes.made if kind is MaterialProduced else self.changes.taken
                of.add((number, event.material, event.lot, event.quantity.unit))
        if touch.lot is not None:
            self._to_stock(event, sign, touch.lot)
        elif kind in REGISTERS:
            self._register(event)
        elif isinstance(event, OperatorSignedIn | OperatorSignedOut):
            self._session(event)
        elif isinstance(event, DeviationReviewed):
            self.changes.reviews.append(event)
        elif isinstance(event, LabelVoided):
            voided = Dissolved(number, "label_outstanding", event.of, position)
            self.changes.dissolved.append(voided)

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

    def _reverse(self, touch: Touch, event: EventReversed) -> frozenset[str]:
        """Take the act out again; returns the scopes that were told of it."""
        now = touch.entry.position
        act = [touch_of(one) for one in self._acts.get(event.of, ()) if one.position < now]
        reversible = [one for one in act if type(one.entry.event) in _REVERSIBLE]
        self._judge(touch, [one.entry.event for one in reversible])
        told = self._hearers(act) if self.feeding else _NOBODY
        if event.of in self.reversed or not event.of:
            return told
        self.reversed[event.of] = self.changes.reversed[event.of] = now
        for one in reversible:
            self._apply(now, one, -1)
            self.changes.withdrawn.append(one.entry.event.id)
            self._reopen(now, one)
        return told

    def _reopen(self, now: int, touch: Touch) -> None:
        """Work that came after an end was not late where that end is taken back."""
        event = touch.entry.event
        if isinstance(event, OperationEnded) and not self._order(touch.order).is_ended(
            event.operation
        ):
            subject = f"operation {event.operation}"
            self.changes.dissolved.append(Dissolved(touch.order, "already_ended", subject, now))

    def _supply(self, now: int, event: MaterialConsumed) -> None:
        """What was short for a report is not any more: another station's scan came later."""
        order = self._order(event.order)
        for material in supplied(order, event.operation, event.material):
            for name in ("line_unconsumed", "under_issue"):
                self.changes.dissolved.append(Dissolved(event.order, name, material, now))

    def _hearers(self, act: Iterable[Touch]) -> frozenset[str]:
        """The scopes that were told of an act."""
        told = _NOBODY
        for one in act:
            load_concerns(self.connection, self.tables, self.memory, followed_by(one))
            told |= self._scopes(one)
        return told

    def _judge(self, touch: Touch, act: Sequence[Event] = ()) -> None:
        """Flag where the event disagrees with what was known before it."""
        entry = touch.entry
        if isinstance(entry.event, OrderRegister | LotStatusSet):
            clash = clash_of(entry.event, self._in_force(touch, entry.event))
            self.changes.found += [Found(entry, clash)] if clash is not None else []
        if entry.event.station in _NO_STATION:
            return
        self._set_scene(touch, act)
        try:
            verdict = check(self.memory.shop, entry.event, received=self._received_at(entry))
        except Exception as fault:  # a rule's own fault must not hold back what is behind it
            self.changes.faults.append((entry, f"{type(fault).__name__}: {fault}"))
            return
        for one in verdict:
            if not is_of_a_set(entry.event, one):
                self.changes.found.append(Found(entry, one, subject_of(one)))

    def _in_force(self, touch: Touch, event: Decision) -> Decision | None:
        """What holds of the order or the lot that a decision is about."""
        if isinstance(event, LotStatusSet):
            return self._holding((event.material, event.lot)).lot.status_set
        order = self._order(touch.order)
        return order.hold if isinstance(event, OrderHeld | OrderResumed) else order.closure

    def _set_scene(self, touch: Touch, act: Sequence[Event]) -> None:
        """Show the rules exactly what the event is about: the same live and in a rebuild."""
        shop, key = self.memory.shop, touch.lot
        order = self._order(touch.order) if touch.order else None
        shop.orders = {order.number: order} if order is not None and order.facts else {}
        shop.packed = {}
        if act:
            self._add_act(shop, act)
        lot = self.memory.stock.get(key[0], _NO_LOTS).get(key[1]) if key else None
        shop.stock = {lot.material: {lot.lot: lot}} if lot is not None else {}

    def _add_act(self, shop: Shop, act: Sequence[Event]) -> None:
        """Show an act that is to be taken back, its orders, and those that used what it made."""
        for number in {*map(order_of, act), *self._users(act)} - {""}:
            order = self._order(number)
            if not order.is_empty:
                shop.orders[number] = order
        for one in act:
            remember(shop.packed, one)

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

    def _scopes(self, touch: Touch) -> frozenset[str]:
        concerns, event = self.memory.concerns, touch.entry.event
        order, material = touch.order, scopes.material_of(event)
        return scopes.told_of(
            event,
            concerns.get((order, scopes.ORDER), _NOBODY) if order else _NOBODY,
            concerns.get((material, scopes.MATERIAL), _NOBODY) if material else _NOBODY,
        )

    def _begin(self, touch: Touch) -> None:
        """Feed earlier events of what begins to concern a scope by this event."""
        for concern in touch.begins:
            key = (concern.key, concern.kind)
            known = self.memory.concerns.get(key, _NOBODY)
            if concern.scope in known:
                continue
            self.memory.concerns[key] = known | {concern.scope}
            self.changes.concerns.append(concern)
            if not self.feeding:
                continue
            earlier = self._earlier(concern) | self._earlier_here(concern)
            before = sorted(position for position in earlier if position < touch.entry.position)
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
