"""People: sessions at a station, work on an order, handover."""

from sync.domain.events.base import Event, Id, Name, Text


class OperatorSignedIn(Event, frozen=True, kw_only=True):
    pass


class OperatorSignedOut(Event, frozen=True, kw_only=True):
    of: Id
    idle: bool = False


class OperatorJoined(Event, frozen=True, kw_only=True):
    """A person (`operator`) works on an order from now on."""

    order: Name
    operation: Name


class OperatorLeft(Event, frozen=True, kw_only=True):
    of: Id
    order: Name
    operation: Name


class HandoverSigned(Event, frozen=True, kw_only=True):
    giver: Name
    successor: Name = ""
    orders: tuple[str, ...] = ()
    note: Text = ""
