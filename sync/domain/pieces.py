"""The home of pieces: a serial number is one piece, however many events tell of it.

Two stations that did not know of each other may both finish it, or both take it. Sums hold what
events report less what was repeated, and how often a number was told does not depend on the order
of arrival: server and stations count alike without knowing which of the two was first.

A piece that is finished twice in one order, or into one lot, counts there once. Two orders that
both say that they finished it each keep it: which of them is wrong only a look at the piece tells,
and both are flagged (`serial_seen_before`) until one is taken back. A piece that is taken twice
leaves its lot once, whichever orders took it, and they are flagged too.
"""

from collections.abc import Sequence
from typing import Any

from sync.domain.amounts import add, micros_of
from sync.domain.quantity import MICROS_PER_ONE, Quantity


def repeated(
    times: dict[str, Any], sign: int, serials: Sequence[str], quantity: Quantity, *path: str
) -> tuple[str, ...]:
    """The serial numbers of an event that others in effect tell as well; counts them in `times`.

    Below `path` it holds unit → serial → how often told. Each number is one piece of the amount;
    where the amount is less than that, the numbers say nothing about it.
    """
    if not serials or len(serials) * MICROS_PER_ONE > micros_of(quantity):
        return ()
    unit, found = quantity.unit, []
    for serial in serials:
        others = told(times, *path, unit, serial) - (sign < 0)
        add(times, sign, *path, unit, serial)
        if others > 0:
            found.append(serial)
    return tuple(found)


def taken_again(
    times: dict[str, Any], sign: int, serial: str, quantity: Quantity, *path: str
) -> int:
    """By how many micros more, or less, than the piece that it is a number is now taken.

    `sign` is 1 for what takes it and -1 for what gives it back. Of another amount than one piece
    the number says nothing.
    """
    if not serial or micros_of(quantity) != MICROS_PER_ONE:
        return 0
    unit = quantity.unit
    before = told(times, *path, unit, serial)
    add(times, sign, *path, unit, serial)
    return (max(0, before + sign - 1) - max(0, before - 1)) * MICROS_PER_ONE


def told(times: dict[str, Any], *path: str) -> int:
    """How often the serial number at the end of a path was told."""
    node: Any = times
    for name in path:
        node = node.get(name)
        if node is None:
            return 0
    return int(node)
