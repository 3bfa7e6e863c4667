"""The home of genealogy: which lots went into which lot, in both directions, through every level.

Links come from what orders consumed and produced. An order with several output lots links each of
them to all that it consumed, because nobody saw which bag went into which piece.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sync.domain.order import Order
from sync.domain.quantity import Quantity, of_micros


class Node(NamedTuple):
    """A lot of a material; an empty lot stands for output that does not exist yet."""

    material: str
    lot: str


@dataclass(frozen=True, slots=True, order=True)
class Link:
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


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A link found so many levels from the lot that was asked for, 1 being the nearest."""

    level: int
    link: Link


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
