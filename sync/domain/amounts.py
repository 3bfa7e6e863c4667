"""The home of sums inside folded states: trees of exact integers of 10⁻⁶ by name and unit.

A leaf at zero and a branch left empty go, so that equal sums are equal trees whatever the order of
arrival, and taking an event out again leaves the tree as if it had never come.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sync.domain.quantity import UnitUnknown, factor

Amounts = dict[str, int]  # unit → micros
AmountsBy = dict[str, Amounts]  # name → unit → micros
Factors = Mapping[str, str]


def add(tree: dict[str, Any], value: int, *path: str) -> None:
    """Add `value` to the integer at the end of `path`."""
    *branches, leaf = path
    node = tree
    for name in branches:
        below = node.get(name)
        if below is None:
            below = node[name] = {}
        node = below
    total = node.get(leaf, 0) + value
    if total:
        node[leaf] = total
    else:
        node.pop(leaf, None)
        _prune(tree, branches)


def put(tree: dict[str, Any], sign: int, value: object, *path: str) -> None:
    """Set the fact at the end of `path`, or with `sign` -1 take it away."""
    *branches, leaf = path
    node = tree
    for name in branches:
        node = node.setdefault(name, {})
    if sign > 0:
        node[leaf] = value
    else:
        node.pop(leaf, None)
        _prune(tree, branches)


def total(amounts: Amounts, unit: str, factors: Factors | None = None) -> int:
    """Micros of `unit` in all amounts that convert to it exactly; a rest below 10⁻⁶ is cut."""
    if len(amounts) == 1 and unit in amounts:
        return amounts[unit]
    return math.floor(
        sum(
            (
                value * known
                for held, value in amounts.items()
                if (known := _known(held, unit, factors))
            ),
            Fraction(0),
        )
    )


def foreign(amounts: Amounts, unit: str, factors: Factors | None = None) -> Amounts:
    """The amounts whose unit has no factor into `unit`."""
    return {held: value for held, value in amounts.items() if not _known(held, unit, factors)}


def merged(into: Amounts, more: Amounts) -> None:
    """Add every amount of `more` to `into`."""
    for unit, value in more.items():
        add(into, value, unit)


def _known(unit: str, into: str, factors: Factors | None) -> Fraction | None:
    if unit == into:
        return Fraction(1)
    try:
        return factor(unit, into, factors)
    except UnitUnknown:
        return None


def _prune(tree: dict[str, Any], branches: list[str]) -> None:
    if not branches:
        return
    below = tree[branches[0]]
    _prune(below, branches[1:])
    if not below:
        del tree[branches[0]]
