"""The home of the shop: all folded state that one station knows, and the questions asked of it.

`absorb` takes each event once, by id. The state is a function of the set of events: a reversal may
come before what it reverses, an end before its start, and an order's release after its consumption.
"""

from bisect import insort
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from sync.domain.acts import Acts, Packed, act_key, read_key, remember
from sync.domain.amounts import add, put
from sync.domain.events import (
    REVERSIBLE,
    BomDefined,
    CalendarDefined,
    DemandDefined,
    DeviationReviewed,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HandoverSigned,
    HelpAnswered,
    HelpCalled,
    LabelEvent,
    LotStatusSet,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReturned,
    NumbersGranted,
    OperatorDefined,
    OperatorSignedIn,
    OperatorSignedOut,
    ReasonDefined,
    ReceiptScheduled,
    RoutingDefined,
    UnitClosed,
    UnitPacked,
    WorkCenterDefined,
    order_of,
)
from sync.domain.needs import takes
from sync.domain.numbers import highest_of, left_of, next_of, ranges_of
from sync.domain.order import OPEN_STATUSES, Order
from sync.domain.order_facts import ORDER_FACTS, Label, evolve, winner
from sync.domain.registers import REGISTERS
from sync.domain.stock import Derived, Lot, Stock, book, lot_told, set_status

__all__ = ["Lot", "Shop", "absorb"]

LABEL_DIGITS_MAX: Final = 12
NO_DATE: Final = "9999-99-99"
_NOBODY: Final[dict[str, OperatorSignedIn]] = {}


@dataclass(slots=True)
class Shop(Derived):
    """Everything folded; registers hold the event that won. Round-trips through msgpack."""

    orders: dict[str, Order] = field(default_factory=dict)
    materials: dict[str, MaterialDefined] = field(default_factory=dict)
    boms: dict[str, BomDefined] = field(default_factory=dict)
    routings: dict[str, RoutingDefined] = field(default_factory=dict)
    work_centers: dict[str, WorkCenterDefined] = field(default_factory=dict)
    demands: dict[str, DemandDefined] = field(default_factory=dict)
    receipts: dict[str, ReceiptScheduled] = field(default_factory=dict)
    calendars: dict[str, CalendarDefined] = field(default_factory=dict)
    operators: dict[str, OperatorDefined] = field(default_factory=dict)
    reasons: dict[str, ReasonDefined] = field(default_factory=dict)
    numbers: dict[str, NumbersGranted] = field(default_factory=dict)  # by id
    stock: Stock = field(default_factory=dict)
    sign_ins: dict[str, dict[str, OperatorSignedIn]] = field(default_factory=dict)  # the latest
    signed_out: set[str] = field(default_factory=set)  # ids of sign-ins
    downtimes: dict[str, DowntimeStarted] = field(default_factory=dict)  # by id
    downtime_ends: dict[str, DowntimeEnded] = field(default_factory=dict)
    helps: dict[str, HelpCalled] = field(default_factory=dict)
    help_answers: dict[str, HelpAnswered] = field(default_factory=dict)
    handovers: dict[str, HandoverSigned] = field(default_factory=dict)
    reviews: dict[str, DeviationReviewed] = field(default_factory=dict)
    units: dict[str, dict[str, UnitPacked | UnitClosed]] = field(default_factory=dict)
    unit_names: set[str] = field(default_factory=set)  # those of reversed acts too
    labels: dict[str, dict[str, Label]] = field(default_factory=dict)  # of no order
    serials: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)  # used: … → order
    serials_made: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    label_counts: dict[str, int] = field(default_factory=dict)  # station
    label_highest: dict[str, int] = field(default_factory=dict)
    packed: Packed = field(default_factory=dict)
    act_keys: dict[str, list[str]] = field(default_factory=dict)  # station, sorted
    reversed: set[str] = field(default_factory=set)  # acts
    seen: set[str] = field(default_factory=set)  # event ids

    @property
    def acts(self) -> Acts:
        """Act → its reversible events, reversed acts included."""
        return Acts(self.packed)

    @property
    def station_acts(self) -> dict[str, list[str]]:
        """Station → its acts in order of `n`."""
        return {
            station: list(dict.fromkeys(read_key(key)[0] for key in keys))
            for station, keys in self.act_keys.items()
        }

    @property
    def sessions(self) -> dict[str, dict[str, OperatorSignedIn]]:
        """Station → person → sign-in, of those who are signed in."""
        return {station: here for station in self.sign_ins if (here := self.signed_in(station))}

    def signed_in(self, station: str) -> dict[str, OperatorSignedIn]:
        """Person → sign-in, of those who are signed in at a station."""
        latest = self.sign_ins.get(station, {})
        return {who: one for who, one in latest.items() if one.id not in self.signed_out}

    def is_signed_in(self, station: str, person: str) -> bool:
        """Whether a person is signed in at a station."""
        latest = self.sign_ins.get(station, _NOBODY).get(person)
        return latest is not None and latest.id not in self.signed_out

    def operator_of_badge(self, badge: str) -> OperatorDefined | None:
        """The active person with this badge."""
        found = (one for one in self.operators.values() if one.active and one.badge == badge)
        return min(found, key=lambda one: one.person, default=None) if badge else None

    def material_of_gtin(self, gtin: str) -> MaterialDefined | None:
        """The active material with this GTIN; leading zeros (GTIN-8 to GTIN-14) do not matter."""
        plain = gtin.lstrip("0")
        found = (
            one
            for one in self.materials.values()
            if one.active and one.gtin and one.gtin.lstrip("0") == plain
        )
        return min(found, key=lambda one: one.material, default=None) if plain else None

    def lot(self, material: str, lot: str) -> Lot | None:
        return self.stock.get(material, {}).get(lot)

    def lots_named(self, lot: str) -> tuple[Lot, ...]:
        """Every material's lot of this name, by material."""
        return tuple(lots[lot] for _, lots in sorted(self.stock.items()) if lot in lots)

    def fefo(self, material: str, unit: str = "") -> tuple[Lot, ...]:
        """Lots to take, first expiry first: available, not empty, in `unit` if one is named."""
        taking = self.taking_from(self.stock)
        lots = taking.get(material)
        if lots is None:
            found = [lot for lot in self.stock.get(material, {}).values() if _standing(lot)[0]]
            lots = tuple(sorted(found, key=lambda lot: (lot.expiry or NO_DATE, lot.lot)))
            taking[material] = lots
        return tuple(lot for lot in lots if lot.unit == unit) if unit else lots

    def open_orders(self, station: str) -> tuple[Order, ...]:
        """Orders with an operation that was started at this station and that nobody ended."""
        found = (
            order
            for order in self.orders.values()
            if order.starts
            and order.status in OPEN_STATUSES
            and any(not order.is_ended(one.operation) for one in order.open_starts(station))
        )
        return tuple(sorted(found, key=_urgency))

    def queue(self, work_centers: Collection[str]) -> tuple[Order, ...]:
        """Orders to work on at these work centers, held ones too: by priority, due and number."""
        found = (
            order
            for order in self.orders.values()
            if order.release is not None
            and order.status in OPEN_STATUSES
            and order.next_operations(work_centers)
        )
        return tuple(sorted(found, key=_urgency))

    def orders_needing(self, material: str) -> tuple[Order, ...]:
        """Open orders with a line for this material, or that takes it, with something left."""
        found = (
            order
            for order in self.orders.values()
            if order.release is not None
            and order.status in OPEN_STATUSES
            and any(takes(line, material) for line in order.release.lines)
            and any(s.remaining and takes(s.line, material) for s in order.all_lines())
        )
        return tuple(sorted(found, key=_urgency))

    def last_act(self, station: str, person: str = "") -> tuple[Event, ...]:
        """The reversible events of a station's latest act in effect, of one person if named."""
        keys = reversed(self.act_keys.get(station, ()))
        for key in (one for one in keys if one.endswith(person)):  # few of tens of thousands
            act, operator = read_key(key)
            if act not in self.reversed and person in ("", operator):
                return tuple(self.acts[act])
        return ()

    def serial_used(self, material: str, serial: str) -> str:
        """The order that consumed this serial number, or nothing."""
        return _order_with(self.serials, material, serial)

    def serial_made(self, material: str, serial: str) -> str:
        """The order that produced this serial number, or nothing."""
        return _order_with(self.serials_made, material, serial)

    def labels_made(self, station: str) -> int:
        """How many label numbers this station has used up, those of reversed acts included."""
        return max(self.label_counts.get(station, 0), self.label_highest.get(station, 0))

    def numbers_left(self, origin: str, kind: str, used: Collection[int] = ()) -> int:
        """How many of the numbers granted to this origin were not used."""
        return left_of(ranges_of(self.numbers.values(), origin, kind), used)

    def next_number(self, origin: str, kind: str, used: Collection[int] = ()) -> int | None:
        """The lowest number granted to this origin that was not used; nothing where all are."""
        return next_of(ranges_of(self.numbers.values(), origin, kind), used)

    def numbers_granted(self) -> dict[str, int]:
        """Kind → the highest number known to be granted, to whichever origin."""
        return highest_of(self.numbers.values())

    def down(self, work_center: str) -> DowntimeStarted | None:
        """The latest stop of a work center that no end closes."""
        return next(reversed(self.stops((work_center,))), None)

    def stops(self, work_centers: Collection[str]) -> tuple[DowntimeStarted, ...]:
        """Stops of these work centers that no end closes, the latest last."""
        ended = {end.of for end in self.downtime_ends.values()}
        found = (
            one
            for one in self.downtimes.values()
            if one.work_center in work_centers and one.id not in ended
        )
        return tuple(sorted(found, key=lambda one: (one.n, one.id)))

    def calls(self, work_centers: Collection[str]) -> tuple[HelpCalled, ...]:
        """Calls for help at these work centers that nobody answered."""
        answered = {answer.of for answer in self.help_answers.values()}
        found = (
            one
            for one in self.helps.values()
            if one.work_center in work_centers and one.id not in answered
        )
        return tuple(sorted(found, key=lambda one: (one.n, one.id)))


def absorb(shop: Shop, event: Event) -> bool:
    """Fold one event into the shop in place; False where its id is known. Never raises."""
    if event.id in shop.seen:
        return False
    shop.seen.add(event.id)
    if isinstance(event, EventReversed):
        _reverse(shop, event.of)
        return True
    if isinstance(event, MaterialProduced) and event.label:
        _number(shop, event.station, event.label)
    elif isinstance(event, UnitPacked | UnitClosed):
        shop.unit_names.add(event.unit)
    if event.act and type(event) in _REVERSIBLE:
        remember(shop.packed, event)
        insort(shop.act_keys.setdefault(event.station, []), act_key(event))
        if event.act in shop.reversed:
            return True
    _apply(shop, event, 1)
    return True


def _reverse(shop: Shop, act: str) -> None:
    if not act or act in shop.reversed:
        return
    shop.reversed.add(act)
    for event in shop.acts.get(act, ()):
        _apply(shop, event, -1)


def _apply(shop: Shop, event: Event, sign: int) -> None:
    kind = type(event)
    watched = _watched(shop, event) if getattr(shop, "_taking", None) else None
    if kind in ORDER_FACTS and (number := order_of(event)):
        _to_order(shop, number, event, sign)
    book(shop.stock, event, sign)
    told = _TOLD.get(kind)
    if told is not None:
        told(shop, event, sign)
    elif isinstance(event, LabelEvent) and not event.order:
        put(shop.labels, sign, event, event.label, event.id)
    if watched is not None and _standing(shop.lot(*watched[:2])) != watched[2]:
        del shop.taking_from(shop.stock)[watched[0]]


def _to_order(shop: Shop, number: str, event: Event, sign: int) -> None:
    order = shop.orders.get(number)
    if order is None:
        order = shop.orders[number] = Order(number)
    evolve(order, event, sign)
    if order.is_empty:
        del shop.orders[number]


def _watched(shop: Shop, event: Event) -> tuple[str, str, tuple[bool, str]] | None:
    """The lot that an event moves, and how it stands, where the order of taking is kept."""
    moved = lot_told(event)
    if moved is None or moved[0] not in shop.taking_from(shop.stock):
        return None
    return (*moved, _standing(shop.lot(*moved)))


def _standing(lot: Lot | None) -> tuple[bool, str]:
    """Whether a lot is one to take, and its use-by day."""
    return (False, "") if lot is None else (lot.is_available and lot.micros > 0, lot.expiry)


def _number(shop: Shop, station: str, label: str) -> None:
    add(shop.label_counts, 1, station)
    if label.isascii() and label.isdigit() and len(label) <= LABEL_DIGITS_MAX:
        shop.label_highest[station] = max(int(label), shop.label_highest.get(station, 0))


def _order_with(serials: dict[str, dict[str, dict[str, int]]], material: str, serial: str) -> str:
    orders = serials.get(material, {}).get(serial, {})
    return min((order for order, times in orders.items() if times > 0), default="")


def _urgency(order: Order) -> tuple[int, str, str]:
    return order.priority, order.due or NO_DATE, order.number


def _register(name: str, key: str) -> Callable[[Shop, Any, int], None]:
    def register(shop: Shop, event: Any, _sign: int) -> None:
        held = getattr(shop, name)
        held[getattr(event, key)] = winner(held.get(getattr(event, key)), event)

    return register


def _kept(name: str) -> Callable[[Shop, Any, int], None]:
    def keep(shop: Shop, event: Event, sign: int) -> None:
        put(getattr(shop, name), sign, event, event.id)

    return keep


def _consumed(shop: Shop, event: MaterialConsumed, sign: int) -> None:
    if event.serial:
        add(shop.serials, sign, event.material, event.serial, event.order)


def _returned(shop: Shop, event: MaterialReturned, sign: int) -> None:
    if event.serial:
        add(shop.serials, -sign, event.material, event.serial, event.order)


def _produced(shop: Shop, event: MaterialProduced, sign: int) -> None:
    for serial in event.serials:
        add(shop.serials_made, sign, event.material, serial, event.order)


def _packed(shop: Shop, event: UnitPacked | UnitClosed, sign: int) -> None:
    put(shop.units, sign, event, event.unit, event.id)


def _signed_in(shop: Shop, event: OperatorSignedIn, _sign: int) -> None:
    here = shop.sign_ins.setdefault(event.station, {})
    held = here.get(event.operator)
    if held is None or (event.n, event.id) > (held.n, held.id):
        here[event.operator] = event


def _signed_out(shop: Shop, event: OperatorSignedOut, _sign: int) -> None:
    shop.signed_out.add(event.of)


def _status(shop: Shop, event: LotStatusSet, _sign: int) -> None:
    set_status(shop.stock, event)


_REVERSIBLE: Final = frozenset(REVERSIBLE)
_TOLD: Final[dict[type[Event], Callable[[Shop, Any, int], None]]] = {
    **{kind: _register(*where) for kind, where in REGISTERS.items()},
    NumbersGranted: _kept("numbers"),
    LotStatusSet: _status,
    MaterialConsumed: _consumed,
    MaterialReturned: _returned,
    MaterialProduced: _produced,
    OperatorSignedIn: _signed_in,
    OperatorSignedOut: _signed_out,
    DowntimeStarted: _kept("downtimes"),
    DowntimeEnded: _kept("downtime_ends"),
    HelpCalled: _kept("helps"),
    HelpAnswered: _kept("help_answers"),
    HandoverSigned: _kept("handovers"),
    DeviationReviewed: _kept("reviews"),
    UnitPacked: _packed,
    UnitClosed: _packed,
}
