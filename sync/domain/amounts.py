"""The home of sums inside folded states: trees of exact integers of 10⁻⁶ by name and unit.

A leaf at zero and a branch left empty go, so that equal sums are equal trees whatever the order of
arrival, and taking an event out again leaves the tree as if it had never come.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from sync.domain.quantity import Quantity, UnitUnknown, factor, micros

Amounts = dict[str, int]  # unit → micros
AmountsBy = dict[str, Amounts]  # name → unit → micros
Factors = Mapping[str, str]
AMOUNTS_KEPT_MAX: Final = 4_096
_micros: Final = lru_cache(AMOUNTS_KEPT_MAX)(micros)


def micros_of(quantity: Quantity) -> int:
    """The exact micros of an amount; amounts seen of late are not read again."""
    return _micros(quantity.amount)


def add(tree: dict[str, Any], value: int, *path: str) -> None:
    """Add `value` to the integer at the end of `path`."""
    leaf = path[-1]
    node = tree
    for name in path[:-1]:
        below = node.get(name)
        if below is None:
            below = node[name] = {}
        node = below
    total = node.get(leaf, 0) + value
    if total:
        node[leaf] = total
    else:
        node.pop(leaf, None)
        _prune(tree, path[:-1])


def put(tree: dict[str, Any], sign: int, value: object, *path: str) -> None:
    """Set the fact at the end of `path`, or with `sign` -1 take it away."""
    leaf = path[-1]
    node = tree
    for name in path[:-1]:
        node = node.setdefault(name, {})
    if sign > 0:
        node[leaf] = value
    else:
        node.pop(leaf, None)
        _prune(tree, path[:-1])


def total(amounts: Amounts, unit: str, factors: Factors | None = None) -> int:
    """Micros of `unit` in all amounts that convert to it exactly; a rest below 10⁻⁶ is cut."""
    if not amounts or (len(amounts) == 1 and unit in amounts):
        return amounts.get(unit, 0)
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
    if not amounts or (len(amounts) == 1 and unit in amounts):
        return {}
    return {held: value for held, value in amounts.items() if not _known(held, unit, factors)}


def merged(into: Amounts, more: Amounts) -> None:
    """Add every amount of `more` to `into`."""
    for unit, value in more.items():
        now = into.get(unit, 0) + value
        if now:
            into[unit] = now
        else:
            into.pop(unit, None)


def _known(unit: str, into: str, factors: Factors | None) -> Fraction | None:
    if unit == into:
        return Fraction(1)
    try:
        return factor(unit, into, factors)
    except UnitUnknown:
        return None


def _prune(tree: dict[str, Any], branches: tuple[str, ...]) -> None:
    if not branches:
        return
    below = tree[branches[0]]
    _prune(below, branches[1:])
    if not below:
        del tree[branches[0]]
