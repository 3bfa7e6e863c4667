"""The open deviations of events that later events may dissolve: what a slice need not ask for.

Most events that could dissolve something find nothing of it. So the orders' open ones are kept,
and only rows that are known are written. One that was reviewed or withdrawn meanwhile may still
be kept here: the writer looks at its status.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table

from sync.server.rows import rows_with

DISSOLVED_NAMES: Final = frozenset(
    {"line_unconsumed", "under_issue", "already_ended", "label_outstanding"}
)
KEPT_COUNT_MAX: Final = 50_000
_COLUMNS: Final = ("target", "name", "subject", "kind", "status", "position")
Key = tuple[str, str, str]  # target, name, subject
About = tuple[str, str]  # name, subject


class Dissolved(NamedTuple):
    """From a position on, what was found of this subject before it is none any more."""

    order: str
    name: str
    subject: str
    position: int


class OpenDeviations:
    """By order, name and subject; `whole` where no table has any that is not here."""

    __slots__ = ("_count", "_of", "_whole")

    def __init__(self, *, whole: bool = False) -> None:
        self._of: dict[str, dict[About, dict[str, int]]] = {}
        self._whole = whole
        self._count = 0

    def load(self, connection: Connection, table: Table, orders: Iterable[str]) -> None:
        """See that those of these orders are here."""
        if self._whole:
            return
        wanted = sorted({order for order in orders if order not in self._of})
        for order in wanted:
            self._of[order] = {}
        for order, target, name, subject, kind, status, position in rows_with(
            connection, table, "order_number", wanted, *_COLUMNS
        ):
            if kind == "event" and status == "open" and name in DISSOLVED_NAMES:
                self._keep(order, name, subject, target, position)

    def add(self, order: str, key: Key, position: int) -> None:
        """One was found; of an order that is not here nothing is kept."""
        target, name, subject = key
        if name in DISSOLVED_NAMES and (self._whole or order in self._of):
            self._keep(order, name, subject, target, position)

    def may_have(self, order: str) -> bool:
        """Whether any of an order may be open."""
        return bool(self._of.get(order)) if self._whole or order in self._of else True

    def take(self, dissolved: Iterable[Dissolved]) -> list[Key]:
        """The keys of those that these dissolve; they are open no more."""
        gone: list[Key] = []
        for one in {late[:3]: late for late in dissolved}.values():  # the last of each
            here = self._of.get(one.order, {}).get((one.name, one.subject), {})
            past = [target for target, position in here.items() if position < one.position]
            for target in past:
                del here[target]
                gone.append((target, one.name, one.subject))
        self._count -= len(gone)
        return gone

    def trim(self) -> None:
        """Forget all where more are kept than memory should hold."""
        if self._count + len(self._of) > KEPT_COUNT_MAX:
            self._of.clear()
            self._count, self._whole = 0, False

    def _keep(self, order: str, name: str, subject: str, target: str, position: int) -> None:
        here = self._of.setdefault(order, {}).setdefault((name, subject), {})
        self._count += target not in here
        here[target] = position
