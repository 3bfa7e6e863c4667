"""The home of what is asked of BOMs and routings as REST tells it: lists, differences, costs.

Amounts are decimal text with UN/CEFACT units, money is decimal text in the site's currency.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
from litestar.params import QueryParameter

from sync.domain.events import BomDefined, RoutingDefined
from sync.domain.quantity import text
from sync.server.api_master_told import line_wanted
from sync.server.api_registers import RevisionLine
from sync.server.office.structure import BomLineWanted
from sync.server.openapi import AMOUNT, DATE
from sync.server.planning.costing import Cost
from sync.server.views.bom_effect import Change, Effect, OrderEffect, Shortage
from sync.server.views.books import Masters
from sync.server.views.master import Branch, Revision, differences

AMOUNT_CHARS_MAX: Final = 40
AmountAsked = Annotated[
    str,
    QueryParameter(
        max_length=AMOUNT_CHARS_MAX,
        schema_extra={"pattern": AMOUNT},
        description="12.5, or `12.5 kg`; without a unit in the material's own.",
    ),
]
DayAsked = Annotated[
    str,
    QueryParameter(
        max_length=10,
        schema_extra={"pattern": DATE},
        description="The day whose BOMs count; none: today.",
    ),
]


class BomListLine(msgspec.Struct, frozen=True):
    """One BOM in the list; `later` is the first day of a revision that does not hold yet."""

    material: str
    name: str
    quantity: str
    unit: str
    components: int
    by_products: int
    valid_from: str
    later: str
    revision: int


class BomList(msgspec.Struct, frozen=True):
    items: tuple[BomListLine, ...]
    next: str = ""


class RoutingListLine(msgspec.Struct, frozen=True):
    """One routing in the list; `work_centers` in the order of its operations."""

    material: str
    name: str
    operations: int
    work_centers: tuple[str, ...]
    revision: int


class RoutingList(msgspec.Struct, frozen=True):
    items: tuple[RoutingListLine, ...]
    next: str = ""


class LineDifference(msgspec.Struct, frozen=True):
    """A component or by-product that differs; a side without it is null."""

    material: str
    operation: str
    before: BomLineWanted | None
    after: BomLineWanted | None


class FieldDifference(msgspec.Struct, frozen=True):
    """What differs of the BOM itself."""

    field: Literal["quantity", "unit", "valid_from", "note", "active"]
    before: str
    after: str


class BomDifference(msgspec.Struct, frozen=True):
    """Two revisions of a BOM, who said them, and what differs; components before by-products."""

    before: RevisionLine
    after: RevisionLine
    fields: tuple[FieldDifference, ...]
    lines: tuple[LineDifference, ...]


class AmountLine(msgspec.Struct, frozen=True):
    """One component; `cost` is empty where a price is missing, `circle` contains itself."""

    level: int
    material: str
    name: str
    needed: str
    unit: str
    cost: str
    made: bool
    circle: bool


class Amounts(msgspec.Struct, frozen=True):
    items: tuple[AmountLine, ...]


class RollUpLine(msgspec.Struct, frozen=True):
    """One component, or the work at one operation; by-products count below nothing."""

    kind: Literal["material", "labour"]
    key: str
    name: str
    amount: str
    unit: str
    cost: str


class RollUp(msgspec.Struct, frozen=True):
    """`unknown` are materials without a price, work centers without a rate: they count nothing."""

    currency: str
    total: str
    material: str
    labour: str
    items: tuple[RollUpLine, ...]
    unknown: tuple[str, ...]


class EffectNeed(msgspec.Struct, frozen=True):
    """What is needed of a component, before and after."""

    material: str
    name: str
    unit: str
    before: str
    after: str
    more: str


class EffectOrder(msgspec.Struct, frozen=True):
    """An open order and its planned cost before and after, empty where a price is missing.

    `needs` are those of its own components that change.
    """

    order: str
    status: str
    material: str
    quantity: str
    unit: str
    start: str
    due: str
    before: str
    after: str
    needs: tuple[EffectNeed, ...]


class EffectShortage(msgspec.Struct, frozen=True):
    """What runs out, or lacks more, from that day on if nobody acts; `order_by` what is bought."""

    material: str
    name: str
    unit: str
    day: str
    before: str
    after: str
    order_by: str
    supplier: str


class BomEffect(msgspec.Struct, frozen=True):
    """`orders` are planned and take the new BOM; `above` reach it through what it goes into,
    `demands` through proposals; `keeping` were released and keep theirs, `before_day` begin before
    it holds. `needs` and `shortages` are of the whole plan; `unit_before` and `unit_after` are the
    cost of the BOM's own quantity, `more` what all of `orders` cost more.
    """

    currency: str
    orders: tuple[EffectOrder, ...]
    above: tuple[EffectOrder, ...]
    demands: tuple[str, ...]
    keeping: tuple[str, ...]
    before_day: tuple[str, ...]
    needs: tuple[EffectNeed, ...]
    shortages: tuple[EffectShortage, ...]
    unit_before: str
    unit_after: str
    more: str
    unknown: tuple[str, ...]


def bom_lines(known: Masters, search: str, after: str, today: str) -> Iterator[BomListLine]:
    """The active BOMs by material behind `after` that the words fit."""
    for key, name in _found(known, known.boms, search, after):
        several = known.dated[key]
        bom = next((one for one in several if one.valid_from <= today), several[0])
        if not bom.active:
            continue
        later = min((one.valid_from for one in several if one.valid_from > today), default="")
        yield BomListLine(
            key, name, bom.quantity.amount, bom.quantity.unit, len(bom.lines),
            len(bom.by_products), bom.valid_from, later, bom.revision,
        )  # fmt: skip


def routing_lines(known: Masters, search: str, after: str) -> Iterator[RoutingListLine]:
    """The active routings by material behind `after` that the words fit."""
    for key, name in _found(known, known.routings, search, after):
        one: RoutingDefined = known.routings[key]
        if one.active:
            centers = tuple(dict.fromkeys(step.work_center for step in one.operations))
            yield RoutingListLine(key, name, len(one.operations), centers, one.revision)


def difference_of(
    before: tuple[BomDefined, Revision], after: tuple[BomDefined, Revision]
) -> BomDifference:
    """Two revisions side by side."""
    (one, first), (other, second) = before, after
    heads = _head(one), _head(other)
    return BomDifference(
        before=RevisionLine(first.revision, first.account, first.at),
        after=RevisionLine(second.revision, second.account, second.at),
        fields=tuple(
            FieldDifference(name, heads[0][name], heads[1][name])
            for name in heads[0]
            if heads[0][name] != heads[1][name]
        ),
        lines=tuple(
            LineDifference(
                line.material,
                line.operation,
                line_wanted(line.before) if line.before is not None else None,
                line_wanted(line.after) if line.after is not None else None,
            )
            for line in differences(one, other)
        ),
    )


def branches(rows: Sequence[Branch]) -> Amounts:
    """An exploded BOM."""
    return Amounts(
        tuple(
            AmountLine(
                one.level, one.material, one.name, text(one.micros), one.unit,
                _money(one.cost), one.made, one.circle,
            )
            for one in rows
        )
    )  # fmt: skip


def rolled_up(cost: Cost, currency: str) -> RollUp:
    """A cost with its lines."""
    return RollUp(
        currency,
        text(cost.total),
        text(cost.material),
        text(cost.labour),
        tuple(
            RollUpLine(one.kind, one.key, one.name, text(one.micros), one.unit, text(one.cost))
            for one in cost.lines
        ),
        cost.unknown,
    )


def effect_of(found: Effect, currency: str) -> BomEffect:
    """What saving would change."""
    return BomEffect(
        currency,
        tuple(map(_order, found.orders)),
        tuple(map(_order, found.above)),
        found.demands,
        tuple(one.order for one in found.keeping),
        tuple(one.order for one in found.before_day),
        tuple(map(_need, found.changes)),
        tuple(map(_shortage, found.shortages)),
        text(found.unit_before.total),
        text(found.unit_after.total),
        text(found.more),
        tuple(sorted({*found.unit_before.unknown, *found.unit_after.unknown})),
    )


def _order(one: OrderEffect) -> EffectOrder:
    return EffectOrder(
        one.order, one.status, one.material, one.quantity.amount, one.quantity.unit, one.start,
        one.due, _money(one.before), _money(one.after), tuple(map(_need, one.changes)),
    )  # fmt: skip


def _need(one: Change) -> EffectNeed:
    return EffectNeed(
        one.material, one.name, one.unit, text(one.before), text(one.after), text(one.more)
    )


def _shortage(one: Shortage) -> EffectShortage:
    buy = one.purchase
    return EffectShortage(
        one.material, one.name, one.unit, one.day.isoformat(), text(one.before), text(one.after),
        buy.order_by.isoformat() if buy is not None else "",
        buy.supplier if buy is not None else "",
    )  # fmt: skip


def _money(told: int | None) -> str:
    return text(told) if told is not None else ""


_Field = Literal["quantity", "unit", "valid_from", "note", "active"]


def _head(bom: BomDefined) -> dict[_Field, str]:
    return {
        "quantity": bom.quantity.amount,
        "unit": bom.quantity.unit,
        "valid_from": bom.valid_from,
        "note": bom.note,
        "active": "yes" if bom.active else "no",
    }


def _found(
    known: Masters, keys: Iterable[str], search: str, after: str
) -> Iterator[tuple[str, str]]:
    """The keys behind `after` by order, each with its material's name, that the words fit."""
    words = search.casefold().split()
    for key in sorted(key for key in keys if key > after):
        name = known.names.get(key, key)
        if all(word in f"{key} {name}".casefold() for word in words):
            yield key, name
