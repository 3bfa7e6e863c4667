"""What is short and what is to buy, as people ask it of the plan. Pure: the plan comes in."""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from sync.domain.events import MaterialDefined
from sync.server.planning.supply import PurchaseNeed
from sync.server.views.jobs import OpenOrder
from sync.server.views.plan import PlanView
from sync.server.views.supply import OpenReceipt

NEVER: Final = date.max
ORDERED_MAX: Final = 40  # orders named behind one purchase need


class Arrival(msgspec.Struct, frozen=True):
    """The next that comes of a material: by a `receipt` or from an `order`."""

    kind: str
    key: str
    day: date
    micros: int


class ShortOrder(msgspec.Struct, frozen=True):
    """An order that lacks so much of a material."""

    order: str
    status: str
    product: str
    due: date | None
    start: date | None
    missing: int


class Shortage(msgspec.Struct, frozen=True):
    """A material that stock does not cover, and the orders that it stops, the first ones first."""

    material: str
    name: str
    unit: str
    available: int
    needed: int
    missing: int
    orders: tuple[ShortOrder, ...]
    arrival: Arrival | None

    @property
    def stopped(self) -> int:
        """How many orders in work it stops."""
        return sum(one.status != "planned" for one in self.orders)

    @property
    def first(self) -> date:
        """The first day on which an order lacks it."""
        return min((one.start or one.due or NEVER for one in self.orders), default=NEVER)


class Purchase(msgspec.Struct, frozen=True):
    """What to order; `urgent` where the day to order by is gone."""

    key: str
    material: str
    name: str
    micros: int
    unit: str
    need_by: date
    order_by: date
    arrives: date
    supplier: str
    orders: tuple[str, ...]
    demands: tuple[str, ...]
    late: bool
    why: str


class ReceiptRow(msgspec.Struct, frozen=True):
    """A scheduled receipt that is still owed; `late` where its day is gone."""

    receipt: str
    material: str
    name: str
    supplier: str
    reference: str
    due: str
    ordered: int
    received: int
    open: int
    unit: str
    late: bool
    revision: int
    note: str


def shortages(plan: PlanView, material: str = "") -> list[Shortage]:
    """Materials that open orders lack, by the orders that they stop.

    Stock is given to orders in work first, by priority and start; orders only planned come after.
    """
    lacking: dict[str, list[ShortOrder]] = {}
    needed: dict[str, int] = {}
    left = dict(plan.known.stock)
    for order in sorted(plan.orders.values(), key=_urgency):
        for part in order.parts:
            needed[part.material] = needed.get(part.material, 0) + part.micros
            short = part.micros - max(0, left.get(part.material, 0))
            left[part.material] = left.get(part.material, 0) - part.micros
            if short > 0:
                lacking.setdefault(part.material, []).append(_short(order, short))
    wanted = [name for name in lacking if material in ("", name)]
    found = [_shortage(plan, name, needed[name], lacking[name]) for name in wanted]
    return sorted(found, key=lambda one: (-one.stopped, -len(one.orders), one.first, one.material))


def purchases(plan: PlanView) -> list[Purchase]:
    """What to order, the most urgent first."""
    found = (_purchase(plan, need) for need in plan.requirements.purchases)
    return sorted(found, key=lambda one: (one.order_by, one.supplier, one.material, one.key))


def receipts(plan: PlanView) -> list[ReceiptRow]:
    """What suppliers owe, by due day."""
    return [_receipt(plan, one) for one in plan.known.receipts]


def arrivals(plan: PlanView, material: str) -> list[Arrival]:
    """All that will come of a material, the first first."""
    found = [
        Arrival("receipt", one.scheduled.receipt, _day(one.scheduled.due, plan.today), one.open)
        for one in plan.known.receipts
        if one.scheduled.material == material
    ]
    found += _made(plan, material)
    return sorted(found, key=lambda one: (one.day, one.key))


def outlook(plan: PlanView, material: str) -> tuple[tuple[date, int], ...]:
    """Projected availability of a material by day, if nothing more is ordered or planned."""
    return plan.requirements.projected.get(material, ())


def _made(plan: PlanView, material: str) -> Iterator[Arrival]:
    for order in plan.orders.values():
        comes = order.left if order.material == material else 0
        comes += sum(one.micros for one in order.beside if one.material == material)
        ends = plan.schedule.ends.get(order.order)
        day = ends.date() if ends else order.due
        if comes > 0 and day is not None:
            yield Arrival("order", order.order, day, comes)


def _urgency(order: OpenOrder) -> tuple[bool, int, date, date, str]:
    """As the board gives stock to orders."""
    is_planned = order.status == "planned"
    begun = date.min if order.has_begun else order.start or NEVER
    return is_planned, order.priority, begun, order.due or NEVER, order.order


def _short(order: OpenOrder, missing: int) -> ShortOrder:
    return ShortOrder(
        order.order, order.status, order.name or order.material, order.due, order.start, missing
    )


def _shortage(plan: PlanView, name: str, needed: int, orders: list[ShortOrder]) -> Shortage:
    item = plan.known.book.materials.get(name)
    return Shortage(
        material=name,
        name=item.name if item else name,
        unit=item.unit if item else "",
        available=plan.known.stock.get(name, 0),
        needed=needed,
        missing=sum(one.missing for one in orders),
        orders=tuple(orders),
        arrival=next(iter(arrivals(plan, name)), None),
    )


def _purchase(plan: PlanView, need: PurchaseNeed) -> Purchase:
    item: MaterialDefined | None = plan.known.book.materials.get(need.material)
    return Purchase(
        key=need.key,
        material=need.material,
        name=item.name if item else need.material,
        micros=need.micros,
        unit=item.unit if item else "",
        need_by=need.need_by,
        order_by=need.order_by,
        arrives=need.arrives,
        supplier=need.supplier,
        orders=need.orders[:ORDERED_MAX],
        demands=need.demands[:ORDERED_MAX],
        late=need.late,
        why=need.why,
    )


def _receipt(plan: PlanView, one: OpenReceipt) -> ReceiptRow:
    told = one.scheduled
    item = plan.known.book.materials.get(told.material)
    return ReceiptRow(
        receipt=told.receipt,
        material=told.material,
        name=item.name if item else told.material,
        supplier=told.supplier,
        reference=told.reference,
        due=told.due,
        ordered=one.open + one.received,
        received=one.received,
        open=one.open,
        unit=one.unit,
        late=bool(told.due) and told.due < plan.today.isoformat(),
        revision=told.revision,
        note=told.note,
    )


def _day(written: str, today: date) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return today
