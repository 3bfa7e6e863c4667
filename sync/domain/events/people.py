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
    """Who hands over, and to whom; `of` names the event of one signature that this countersigns.

    `orders` run on or stand. `labels` were not printed, or are to be found and voided; `stops` and
    `calls` are the events of those that were open.
    """

    giver: Name
    successor: Name = ""
    orders: tuple[str, ...] = ()
    note: Text = ""
    of: Id = ""
    labels: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
