"""What the office does about deviations and calls: settle, take back, answer.

All raise `OfficeError` and `DatabaseError`, and may wait for the disk.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from sync.domain.events import Event
from sync.server.desk import Desk
from sync.server.office import OfficeConflict, OfficeUnknown
from sync.server.office import quality as said
from sync.server.view_tables import trouble
from sync.server.views.inbox import act_of, deviation_of, is_reversed
from sync.server.wording import Said


def review(
    desk: Desk, account: str, target: str, name: str, reason: str, subject: str = ""
) -> None:
    """Settle a deviation with a reason."""

    def make(connection: Connection) -> Sequence[Event]:
        line = deviation_of(connection, target, name, subject)
        if line is None:
            raise OfficeUnknown(Said("deviation.unknown", name=name[:40], target=target[:40]))
        return [said.reviewed(line.name, line.target, line.status, reason)]

    desk.act(make, account)


def take_back(desk: Desk, account: str, event_id: str, reason: str) -> None:
    """Take back the whole act that an event is of."""

    def make(connection: Connection) -> Sequence[Event]:
        act, order, events = act_of(connection, event_id)
        if not act:
            raise OfficeUnknown(Said("event.unknown", event_id=event_id[:40]))
        known = is_reversed(connection, act)
        return [said.taken_back(act, events, order, reason, is_reversed=known)]

    desk.act(make, account)


def answer(desk: Desk, account: str, call: str) -> None:
    """Tell that help came."""

    def make(connection: Connection) -> Sequence[Event]:
        table = trouble
        row = connection.execute(select(table).where(table.c.id == call)).one_or_none()
        if row is None or row.kind != "HelpCalled" or not row.begun:
            raise OfficeUnknown(Said("call.unknown", call=call[:40]))
        if row.ended:
            raise OfficeConflict(Said("call.answered", work_center=row.work_center))
        return [said.answered(call, row.work_center)]

    desk.act(make, account)
