"""What stands on the floor, and who calls for help, until it runs again and help has come."""

from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import Connection, select

from sync.domain.events import OperatorDefined, ReasonDefined, WorkCenterDefined
from sync.server.view_tables import master, trouble
from sync.server.views.times import times_of

LINES_MAX: Final = 200
_STOP: Final = "DowntimeStarted"


class TroubleLine(msgspec.Struct, frozen=True):
    """An open stop or call: human names first; `since` is RFC 3339 by the station's clock,
    put right; `time_group` is the reason's by ISO 22400.
    """

    kind: Literal["stop", "call"]
    place: str
    work_center: str
    reason: str
    time_group: str
    order: str
    station: str
    who: str
    since: str
    id: str = ""


def trouble_lines(connection: Connection) -> list[TroubleLine]:
    """All that is open, calls first, the longest first."""
    table = trouble
    rows = connection.execute(
        select(table)
        .where(table.c.ended == 0, table.c.begun > 0)
        .order_by(table.c.kind.desc(), table.c.at, table.c.id)
        .limit(LINES_MAX)
    ).all()
    if not rows:
        return []
    times = times_of(connection, {row.id for row in rows})
    known = _known(connection, {name for row in rows for name in _names(row)})
    return [_line(row, times[row.id].time if row.id in times else "", known) for row in rows]


def _names(row: Any) -> tuple[str, str, str]:
    return row.work_center, row.operator, row.reason


def _known(connection: Connection, names: Collection[str]) -> dict[tuple[str, str], Any]:
    """(kind, key) → what master data says of these work centers, people and reasons."""
    kinds = {one.__name__: one for one in (WorkCenterDefined, OperatorDefined, ReasonDefined)}
    found = select(master.c.kind, master.c.key, master.c.body).where(
        master.c.kind.in_(sorted(kinds)), master.c.key.in_(sorted(names))
    )
    return {
        (kind, key): msgspec.json.decode(body, type=kinds[kind])
        for kind, key, body in connection.execute(found)
    }


def _line(row: Any, since: str, known: dict[tuple[str, str], Any]) -> TroubleLine:
    center = known.get(("WorkCenterDefined", row.work_center))
    person = known.get(("OperatorDefined", row.operator))
    reason = known.get(("ReasonDefined", row.reason))
    return TroubleLine(
        kind="stop" if row.kind == _STOP else "call",
        place=center.name if center is not None else row.work_center,
        work_center=row.work_center,
        reason=reason.text if reason is not None else row.reason,
        time_group=reason.time_group if reason is not None else "",
        order=row.order_number,
        station=row.station,
        who=person.name if person is not None else row.operator,
        since=since,
        id=row.id,
    )
