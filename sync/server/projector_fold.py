"""The fold of one slice of the ledger: events in, changed states and rows for the feed out.

Reads only. What changes is kept apart (`Changes`) and written in a transaction of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection

from sync.domain.events import (
    REVERSIBLE,
    DeviationReviewed,
    Event,
    EventReversed,
    LabelVoided,
    LotStatusSet,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationEnded,
    OperatorSignedIn,
    OperatorSignedOut,
    UnitClosed,
    UnitPacked,
)
from sync.domain.order_facts import ORDER_FACTS, evolve, winner
from sync.domain.registers import REGISTERS, REVISED
from sync.domain.rules_material import supplied
from sync.domain.stock import book, set_status
from sync.server import scopes
from sync.server.projector_changes import (
    Changes,
    Touch,
    followed_by,
    order_told,
    touch_of,
)
from sync.server.projector_judge import Judge
from sync.server.projector_open import Dissolved
from sync.server.projector_state import (
    SIGNED_IN,
    SIGNED_OUT,
    Entry,
    Memory,
    Tables,
    acts_of,
    holding_of,
    load_concerns,
    load_lots,
    load_orders,
    order_in,
    past_of,
    reversed_acts,
    stations_of,
    taken_of,
)
from sync.server.projector_trouble import TROUBLE, Troubles
from sync.server.view_tables import deviation

_REVERSIBLE: Final = frozenset(REVERSIBLE)
_NOBODY: Final[frozenset[str]] = frozenset()
_OF_LOTS: Final = (MaterialConsumed, MaterialReturned, MaterialProduced, MaterialDisposed)
_OUTPUT: Final = frozenset({MaterialProduced, MaterialDisposed})
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
        self._opened = (connection, tables, memory)
        self.judge = Judge(connection, tables, memory, self.changes)
        self._troubles = Troubles(connection, tables)
        self.changes.troubles = self._troubles
        memory.shop.sign_ins = memory.sign_ins
        self._touches = [touch_of(entry) for entry in entries]
        self._short: set[str] = set()  # orders of which something was found in this slice,
        self._looked = 0  # as far as that was looked through
        self._load()

    def _load(self) -> None:
        """Read the states of all that the events touch, a table at a time."""
        events = [touch.entry.event for touch in self._touches]
        load_orders(*self._opened, {touch.order for touch in self._touches} - {""})
        load_lots(*self._opened, {touch.lot for touch in self._touches if touch.lot is not None})
        load_concerns(*self._opened, self._keys())
        consumed = {one.order for one in events if type(one) is MaterialConsumed}
        self.memory.open.load(self.connection, self.tables[deviation], consumed)
        undone = {event.of for event in events if isinstance(event, EventReversed)} - {""}
        self._acts = acts_of(self.connection, undone)
        self._troubles.load(events)
        acts = {event.act for event in events if event.act} | undone
        self.reversed = reversed_acts(self.connection, self.tables, acts)
        self._past = past_of(self.connection, self.tables, *self._begun())
        reviewed = {event.of for event in events if isinstance(event, DeviationReviewed)}
        self._reviewed = stations_of(self.connection, reviewed) if self.feeding else {}

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
            self.judge.judge(touch)
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
            order = evolve(order_in(*self._opened, number), event, sign)
            self.changes.orders[number] = position
            if isinstance(event, MaterialConsumed) and event.operation in order.good:
                self._supply(position, event)
            if isinstance(event, _OF_LOTS):
                of = self.changes.made if kind in _OUTPUT else self.changes.taken
                of.add((number, event.material, event.lot, event.quantity.unit))
        if touch.lot is not None:
            self._to_stock(event, sign, touch.lot)
        elif kind in REGISTERS:
            self._register(position, event)
        elif isinstance(event, OperatorSignedIn | OperatorSignedOut):
            self._session(event)
        elif isinstance(event, TROUBLE):
            self._troubles.tell(event, sign)
        elif isinstance(event, UnitPacked | UnitClosed):
            self.changes.units[event.id] = (event, position) if sign > 0 else None
        elif isinstance(event, DeviationReviewed):
            self.changes.reviews.append(event)
        elif isinstance(event, LabelVoided):
            voided = Dissolved(number, "label_outstanding", event.of, position)
            self.changes.dissolved.append(voided)

    def _to_stock(self, event: Event, sign: int, key: tuple[str, str]) -> None:
        held = holding_of(*self._opened, key)
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

    def _register(self, position: int, event: Event) -> None:
        name, key_name = REGISTERS[type(event)]
        held = getattr(self.memory.shop, name)
        key = getattr(event, key_name)
        held[key] = winner(held.get(key), event)
        if isinstance(event, REVISED):
            self.changes.revisions.append((key, position, event))
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
        self.judge.judge(touch, [one.entry.event for one in reversible])
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
        if isinstance(event, OperationEnded) and not order_in(*self._opened, touch.order).is_ended(
            event.operation
        ):
            subject = f"operation {event.operation}"
            self.changes.dissolved.append(Dissolved(touch.order, "already_ended", subject, now))

    def _supply(self, now: int, event: MaterialConsumed) -> None:
        """What was short for a report is not any more: another station's scan came later."""
        found = self.changes.found
        self._short.update(order_told(one) for one in found[self._looked :])
        self._looked = len(found)
        if event.order not in self._short and not self.memory.open.may_have(event.order):
            return
        order = order_in(*self._opened, event.order)
        for material in supplied(order, event.operation, event.material):
            for name in ("line_unconsumed", "under_issue"):
                self.changes.dissolved.append(Dissolved(event.order, name, material, now))

    def _hearers(self, act: Iterable[Touch]) -> frozenset[str]:
        """The scopes that were told of an act."""
        told = _NOBODY
        for one in act:
            load_concerns(*self._opened, followed_by(one))
            told |= self._scopes(one)
        return told

    def _scopes(self, touch: Touch) -> frozenset[str]:
        concerns, event = self.memory.concerns, touch.entry.event
        if isinstance(event, DeviationReviewed):
            known = concerns.get((event.of, scopes.ORDER), _NOBODY)
            return known | scopes.told_of_station(self._reviewed.get(event.of, ""))
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
