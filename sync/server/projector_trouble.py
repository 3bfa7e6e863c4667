"""Stops and calls for help as the projector folds them: what began, and what closed it.

A row is a function of the events that name it: an end may come before what it ends, and either may
be taken back.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from typing import Final

from sqlalchemy import Connection

from sync.domain.events import DowntimeEnded, DowntimeStarted, Event, HelpAnswered, HelpCalled
from sync.server.projector_rows import Row
from sync.server.projector_state import Tables
from sync.server.rows import rows_with
from sync.server.view_tables import trouble

BEGINS: Final = (DowntimeStarted, HelpCalled)
ENDS: Final = (DowntimeEnded, HelpAnswered)
TROUBLE: Final = (*BEGINS, *ENDS)


@dataclass(slots=True)
class Trouble:
    """One stop or call; `begun` is 1 once it was told, `ended` how many events close it."""

    kind: str = ""
    work_center: str = ""
    order_number: str = ""
    station: str = ""
    operator: str = ""
    reason: str = ""
    at: str = ""
    begun: int = 0
    ended: int = 0


_NAMES: Final = tuple(one.name for one in fields(Trouble))
TROUBLE_COLUMNS: Final = ("id", *_NAMES)


class Troubles:
    """What a slice makes of stops and calls; reads the rows that it touches."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._connection = connection
        self._table = tables[trouble]
        self.told: dict[str, Trouble] = {}

    def load(self, events: Iterable[Event]) -> None:
        """Read the rows that these events touch, those that are not read yet."""
        ids = {_of(event) for event in events if isinstance(event, TROUBLE)} - {""}
        wanted = sorted(ids - self.told.keys())
        if wanted:
            for name, *row in rows_with(self._connection, self._table, "id", wanted, *_NAMES):
                self.told[name] = Trouble(*row)

    def tell(self, event: Event, sign: int) -> None:
        """Add one event, or with `sign` -1 take it out again."""
        if not _of(event):
            return
        self.load((event,))
        one = self.told.setdefault(_of(event), Trouble())
        if isinstance(event, BEGINS):
            began = _begun(event) if sign > 0 else Trouble()
            began.ended = one.ended
            self.told[event.id] = began
        else:
            one.ended += sign

    def rows(self) -> tuple[list[Row], list[Row]]:
        """Rows to put, and keys of those of which nothing is told any more."""
        kept = {name: one for name, one in self.told.items() if one.begun or one.ended}
        gone: list[Row] = [(name,) for name in self.told if name not in kept]
        return [(name, *astuple(one)) for name, one in kept.items()], gone


def _of(event: Event) -> str:
    """The id of the stop or call that an event tells of."""
    return event.of if isinstance(event, ENDS) else event.id


def _begun(event: DowntimeStarted | HelpCalled) -> Trouble:
    return Trouble(
        type(event).__name__,
        event.work_center,
        event.order,
        event.station,
        event.operator,
        event.reason,
        event.at,
        begun=1,
    )
