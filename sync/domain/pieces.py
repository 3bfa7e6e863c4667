"""The home of pieces: a serial number is one piece, however many events tell that it was finished.

Two stations that did not know of each other may both finish it. Sums hold what events report less
what was repeated, and how often a number was told does not depend on the order of arrival: server
and stations count alike without knowing which of the two was first.
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


def told(times: dict[str, Any], *path: str) -> int:
    """How often the serial number at the end of a path was told."""
    node: Any = times
    for name in path:
        node = node.get(name)
        if node is None:
            return 0
    return int(node)
