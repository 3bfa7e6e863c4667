"""The home of genealogy: which lots went into which lot, in both directions, through every level.

Links come from what orders consumed and produced. An order with several output lots links each of
them to all that it consumed, because nobody saw which bag went into which piece. What was packed is
followed too: from a logistic unit down to its lots, from a lot up to the pallet.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sync.domain.amounts import micros_of
from sync.domain.events import UnitPacked
from sync.domain.order import Order
from sync.domain.quantity import Quantity, of_micros


class Node(NamedTuple):
    """A lot of a material; an empty lot stands for output that does not exist yet."""

    material: str
    lot: str


class Link(NamedTuple):
    """An order used so much of `parent` (what went in) while it made `child` (what came out)."""

    child: Node
    parent: Node
    order: str
    unit: str
    micros: int

    @property
    def quantity(self) -> Quantity:
        """What the order consumed of the parent lot; raises `QuantityError` past 12 digits."""
        return of_micros(self.micros, self.unit)


class Step(NamedTuple):
    """A link found so many levels from the lot that was asked for, 1 being the nearest."""

    level: int
    link: Link


class Placing(NamedTuple):
    """On `unit` stands a lower unit, or so much of a lot (of `serial` one piece) of an order."""

    unit: str
    packed_unit: str
    node: Node
    serial: str
    order: str
    measure: str
    micros: int


@dataclass(frozen=True, slots=True, order=True)
class UnitStep:
    """A placing found so many levels from what was asked for, 1 being the nearest."""

    level: int
    placing: Placing


@dataclass(frozen=True, slots=True)
class Genealogy:
    """Links by what came out and by what went in."""

    by_child: dict[Node, tuple[Link, ...]]
    by_parent: dict[Node, tuple[Link, ...]]

    def up(self, material: str, lot: str) -> tuple[Step, ...]:
        """Every link to what went into a lot, level by level; each lot is entered once."""
        return _walk(Node(material, lot), self.by_child, lambda link: link.parent)

    def down(self, material: str, lot: str) -> tuple[Step, ...]:
        """Every link to what a lot went into, level by level; each lot is entered once."""
        return _walk(Node(material, lot), self.by_parent, lambda link: link.child)


def links_of(order: Order) -> tuple[Link, ...]:
    """The links of one order, sorted; without output yet, to its material with an empty lot.

    What was returned as a whole did not go in.
    """
    children = [
        Node(material, lot) for material, lots in order.outputs.items() for lot in lots
    ] or [Node(order.material, "")]
    return tuple(
        sorted(
            Link(child, Node(material, lot), order.number, unit, micros)
            for child in children
            for material, lots in order.consumed.items()
            for lot, amounts in lots.items()
            for unit, micros in amounts.items()
            if micros > 0
        )
    )


def genealogy(links: Iterable[Link]) -> Genealogy:
    """Links made ready to be walked; the same link twice counts once."""
    by_child: dict[Node, list[Link]] = {}
    by_parent: dict[Node, list[Link]] = {}
    for link in sorted(set(links)):
        by_child.setdefault(link.child, []).append(link)
        by_parent.setdefault(link.parent, []).append(link)
    return Genealogy(
        {node: tuple(found) for node, found in by_child.items()},
        {node: tuple(found) for node, found in by_parent.items()},
    )


def placings_of(order: Order) -> tuple[Placing, ...]:
    """What an order tells of logistic units, sorted."""
    return tuple(
        sorted(
            placing_of(event)
            for told in order.on_units.values()
            for event in told.values()
            if isinstance(event, UnitPacked)
        )
    )


def placing_of(event: UnitPacked) -> Placing:
    """What an event put where."""
    quantity = event.quantity
    return Placing(
        event.unit,
        event.packed_unit,
        Node(event.material, event.lot),
        event.serial,
        event.order,
        quantity.unit if quantity is not None else "",
        micros_of(quantity) if quantity is not None else 0,
    )


def on_unit(unit: str, placings: Iterable[Placing]) -> tuple[UnitStep, ...]:
    """Everything on a unit, level by level down to the lots; each unit is entered once."""
    by_unit: dict[str, list[Placing]] = {}
    for placing in sorted(placings):
        by_unit.setdefault(placing.unit, []).append(placing)
    return _climb([unit], by_unit, lambda placing: placing.packed_unit)


def units_with(node: Node, placings: Iterable[Placing]) -> tuple[UnitStep, ...]:
    """The units that hold a lot, and those that they stand on, up to the pallet."""
    known = sorted(placings)
    by_packed: dict[str, list[Placing]] = {}
    for placing in known:
        if placing.packed_unit:
            by_packed.setdefault(placing.packed_unit, []).append(placing)
    first = [one for one in known if one.node == node and not one.packed_unit]
    higher = _climb(list(dict.fromkeys(one.unit for one in first)), by_packed, lambda one: one.unit)
    above = (UnitStep(step.level + 1, step.placing) for step in higher)
    return (*(UnitStep(1, one) for one in first), *above)


def _climb(
    units: list[str], placings: dict[str, list[Placing]], onward: Callable[[Placing], str]
) -> tuple[UnitStep, ...]:
    steps: list[UnitStep] = []
    entered = set(units)
    waiting = deque((1, unit) for unit in units)
    while waiting:
        level, unit = waiting.popleft()
        for placing in placings.get(unit, ()):
            steps.append(UnitStep(level, placing))
            further = onward(placing)
            if further and further not in entered:
                entered.add(further)
                waiting.append((level + 1, further))
    return tuple(steps)


def _walk(
    root: Node, links: dict[Node, tuple[Link, ...]], onward: Callable[[Link], Node]
) -> tuple[Step, ...]:
    steps: list[Step] = []
    entered = {root}
    waiting = deque([(1, root)])
    while waiting:
        level, node = waiting.popleft()
        for link in links.get(node, ()):
            steps.append(Step(level, link))
            further = onward(link)
            if further.lot and further not in entered:
                entered.add(further)
                waiting.append((level + 1, further))
    return tuple(steps)
