"""What waits at a station: the queue, the next order first, and what there is to know of each."""

from dataclasses import dataclass
from typing import Final, Literal

from kiosk.dialog.state import Dialog
from sync.domain.amounts import total
from sync.domain.events import RoutingOperation
from sync.domain.needs import LineState
from sync.domain.order import Order, Status
from sync.domain.rules_base import is_expired, line_name
from sync.domain.rules_operation import before
from sync.domain.shop import Shop
from sync.domain.slack import urgency

Standing = Literal["ready", "waits", "held", "planned"]
_KEPT_BACK: Final[frozenset[Standing]] = frozenset({"held", "planned"})
_TURN: Final[tuple[Standing, ...]] = ("ready", "waits", "held", "planned")


@dataclass(frozen=True, slots=True)
class Lack:
    """A material of which less is known to be in stock than is needed: micros of `unit`."""

    name: str
    micros: int
    unit: str


@dataclass(frozen=True, slots=True)
class Came:
    """What the operation before has given, in micros; 0 where nothing has come yet."""

    operation: str
    name: str
    micros: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order of the queue. `why` is the office's reason of a hold; `came` is there where the
    operation here is not the first and nobody has begun it here; `elsewhere` tells other stations
    with the people at work there; `rework` micros wait to be reworked here, `good` are done here.
    """

    order: Order
    standing: Standing
    why: str = ""
    came: Came | None = None
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lacks: tuple[Lack, ...] = ()
    rework: int = 0
    good: int = 0


def queue(dialog: Dialog, shop: Shop) -> tuple[Order, ...]:
    """Orders of this station's work centers by priority and slack; what cannot be worked on last.

    First what has arrived, then what the operation before still has, held ones, planned ones.
    """
    return tuple(order for _, order in _in_turn(dialog, shop))


def workable(dialog: Dialog, shop: Shop) -> tuple[Order, ...]:
    """Those of the queue that neither the office nor the plan keeps back."""
    return tuple(order for stands, order in _in_turn(dialog, shop) if stands not in _KEPT_BACK)


def standing(dialog: Dialog, order: Order) -> Standing:
    """Whether an order can be worked on at this station."""
    if order.status is Status.HELD:
        return "held"
    if order.release is None:
        return "planned"
    here = _operation_here(dialog, order)
    came = _came(order, here) if here is not None else None
    return "waits" if came is not None and not came.micros else "ready"


def waiting(dialog: Dialog, shop: Shop, order: Order) -> Waiting:
    """What the queue tells of one order."""
    stands = standing(dialog, order)
    here = _operation_here(dialog, order)
    if here is None:
        return Waiting(order, stands)
    hold = order.hold
    begun = order.start_of(here.operation, dialog.workplace.station) is not None
    return Waiting(
        order,
        stands,
        why=hold.reason if stands == "held" and hold is not None else "",
        came=None if begun else _came(order, here),
        elsewhere=_elsewhere(dialog, shop, order),
        lacks=_lacks(dialog, shop, order),
        good=order.good_at(here.operation),
        rework=max(0, total(order.rework.get(here.operation, {}), order.unit)),
    )


def _in_turn(dialog: Dialog, shop: Shop) -> list[tuple[Standing, Order]]:
    """The queue, each order with how it stands."""
    orders = (*shop.queue(dialog.workplace.work_centers), *_planned(dialog, shop))
    found = [(standing(dialog, one), one) for one in orders]
    return sorted(found, key=lambda one: (_TURN.index(one[0]), urgency(one[1])))


def _planned(dialog: Dialog, shop: Shop) -> list[Order]:
    """Orders that are not released, of materials that are made at these work centers."""
    centers = set(dialog.workplace.work_centers)
    return [
        order
        for order in shop.orders.values()
        if order.status is Status.PLANNED
        and (routing := shop.routings.get(order.material)) is not None
        and any(one.work_center in centers for one in routing.operations)
    ]


def _operation_here(dialog: Dialog, order: Order) -> RoutingOperation | None:
    """The operation that would be opened; of two the one that runs here already."""
    fits = order.next_operations(dialog.workplace.work_centers)
    running = (one for one in fits if order.start_of(one.operation, dialog.workplace.station))
    return next(running, fits[0] if fits else None)


def _came(order: Order, operation: RoutingOperation) -> Came | None:
    """What the operation before gave; nothing to tell of the first one."""
    earlier = before(order, operation.operation)
    if earlier is None or order.start_of(operation.operation) is not None:
        return None
    good = order.good_at(earlier.operation)
    if order.is_ended(earlier.operation) and not good:
        return None
    return Came(earlier.operation, earlier.name or earlier.operation, max(0, good))


def _elsewhere(dialog: Dialog, shop: Shop, order: Order) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Other stations where it runs, with the names of who is joined there."""
    own = dialog.workplace.station
    found: dict[str, dict[str, None]] = {
        start.station: {} for start in order.open_starts() if start.station not in {"", own}
    }
    for person, join in order.joined().items():
        if join.station in found:
            known = shop.operators.get(person)
            found[join.station][known.name if known is not None else person] = None
    return tuple((station, tuple(names)) for station, names in sorted(found.items()))


def _lacks(dialog: Dialog, shop: Shop, order: Order) -> tuple[Lack, ...]:
    """Scanned lines of the operations here that need more than this station knows of in stock."""
    fits = order.next_operations(dialog.workplace.work_centers)
    lines = (line for one in fits for line in order.lines(one.operation))
    found = (_lack(dialog, shop, line) for line in lines if not line.line.backflush)
    return tuple(one for one in found if one is not None)


def _lack(dialog: Dialog, shop: Shop, line: LineState) -> Lack | None:
    unit = line.line.quantity.unit
    lots = [lot for one in (line.line.material, *line.line.substitutes) for lot in shop.fefo(one)]
    if any(lot.unit != unit for lot in lots):
        return None  # stock in another unit is not added up here
    held = sum(lot.micros for lot in lots if not is_expired(lot.expiry, dialog.today))
    if line.remaining <= held:
        return None
    return Lack(line_name(shop, line.line), line.remaining - held, unit)
