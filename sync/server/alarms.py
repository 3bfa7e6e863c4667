"""The home of alarms: what an administrator or a planner should look at, noted once a thing."""

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from sync.server.tables import alarm as table


def raise_alarm(
    connection: Connection,
    kind: str,
    text: str,
    now_ms: int,
    *,
    origin: str = "",
    subject: str = "",
    station: str = "",
) -> bool:
    """Note something once for each (kind, origin, subject); False where it was known already."""
    same = _same(kind, origin, subject)
    if connection.execute(select(table.c.number).where(same)).first() is not None:
        return False
    values = {"kind": kind, "origin": origin, "subject": subject, "station": station}
    connection.execute(insert(table).values(**values, text=text, at_ms=now_ms))
    return True


def tell_alarm(
    connection: Connection, kind: str, text: str, *, origin: str = "", subject: str = ""
) -> None:
    """Say a known alarm in other words: the thing has grown since."""
    connection.execute(update(table).where(_same(kind, origin, subject)).values(text=text))


def _same(kind: str, origin: str, subject: str) -> ColumnElement[bool]:
    return and_(table.c.kind == kind, table.c.origin == origin, table.c.subject == subject)
