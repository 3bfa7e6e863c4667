"""The home of the vocabulary: one frozen struct per event (ISA-95 / B2MML, APICS and GS1 terms).

An event happened and is immutable. Its struct name is its stored `type` and never changes; fields
may be added with a default, anything else is a new type. Registers (master data, plan, holds, lot
status) carry `revision`: the highest `(revision, id)` wins. Closing events name in `of` what they
close. `act` is the id of the accepted scan or key that made the event.
"""

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from sync.domain.events.base import (
    NAME_CHARS_MAX,
    TEXT_CHARS_MAX,
    Acceptance,
    Count,
    Date,
    Event,
    Id,
    Name,
    Part,
    Text,
)
from sync.domain.events.floor import (
    CheckRecorded,
    DowntimeEnded,
    DowntimeStarted,
    HelpAnswered,
    HelpCalled,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReturned,
    Operating,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    SetupEnded,
    StepConfirmed,
)
from sync.domain.events.label import (
    LabelDoubted,
    LabelEvent,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    UnitClosed,
    UnitPacked,
)
from sync.domain.events.master import (
    BomDefined,
    BomLine,
    Check,
    MaterialDefined,
    NumbersGranted,
    OperatorDefined,
    ReasonDefined,
    RoutingDefined,
    RoutingOperation,
    TimeGroup,
    WorkCenterDefined,
)
from sync.domain.events.people import (
    HandoverSigned,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
)
from sync.domain.events.plan import (
    LabelRule,
    OrderCancelled,
    OrderChanged,
    OrderClosed,
    OrderHeader,
    OrderHeld,
    OrderPlanned,
    OrderRegister,
    OrderReleased,
    OrderReopened,
    OrderResumed,
    ReleasedLine,
    Served,
)
from sync.domain.events.repair import ClockJumped, DeviationReviewed, EventReversed, JournalSalvaged
from sync.domain.events.stock import LotStatusSet, MaterialMoved, MaterialReceived, StockCounted
from sync.domain.events.supply import CalendarDefined, DemandDefined, ReceiptScheduled

__all__ = [
    "EVENT_TYPES",
    "MASTER_DATA",
    "NAME_CHARS_MAX",
    "OFFICE_DATA",
    "REVERSIBLE",
    "TEXT_CHARS_MAX",
    "Acceptance",
    "BomDefined",
    "BomLine",
    "CalendarDefined",
    "Check",
    "CheckRecorded",
    "ClockJumped",
    "Count",
    "Date",
    "DemandDefined",
    "DeviationReviewed",
    "DowntimeEnded",
    "DowntimeStarted",
    "Event",
    "EventReversed",
    "HandoverSigned",
    "HelpAnswered",
    "HelpCalled",
    "Id",
    "JournalSalvaged",
    "LabelDoubted",
    "LabelEvent",
    "LabelPrinted",
    "LabelRequested",
    "LabelRule",
    "LabelVoided",
    "LotStatusSet",
    "MaterialConsumed",
    "MaterialDefined",
    "MaterialDisposed",
    "MaterialMoved",
    "MaterialProduced",
    "MaterialReceived",
    "MaterialReturned",
    "Name",
    "NumbersGranted",
    "Operating",
    "OperationEnded",
    "OperationPaused",
    "OperationReported",
    "OperationResumed",
    "OperationStarted",
    "OperatorDefined",
    "OperatorJoined",
    "OperatorLeft",
    "OperatorSignedIn",
    "OperatorSignedOut",
    "OrderCancelled",
    "OrderChanged",
    "OrderClosed",
    "OrderHeader",
    "OrderHeld",
    "OrderPlanned",
    "OrderRegister",
    "OrderReleased",
    "OrderReopened",
    "OrderResumed",
    "Part",
    "ReasonDefined",
    "ReceiptScheduled",
    "ReleasedLine",
    "RoutingDefined",
    "RoutingOperation",
    "Served",
    "SetupEnded",
    "StepConfirmed",
    "StockCounted",
    "Text",
    "TimeGroup",
    "UnitClosed",
    "UnitPacked",
    "WorkCenterDefined",
    "order_of",
    "stamped",
]

_BASES: Final = frozenset({OrderHeader, OrderRegister, Operating, LabelEvent})


def _concrete(base: type[Event]) -> Iterable[type[Event]]:
    for kind in base.__subclasses__():
        if kind not in _BASES:
            yield kind
        yield from _concrete(kind)


EVENT_TYPES: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in _concrete(Event)}
MASTER_DATA: Final = (
    MaterialDefined,
    BomDefined,
    RoutingDefined,
    WorkCenterDefined,
    OperatorDefined,
    ReasonDefined,
)
OFFICE_DATA: Final = (DemandDefined, ReceiptScheduled, CalendarDefined)
REVERSIBLE: Final = (
    MaterialReceived,
    MaterialMoved,
    StockCounted,
    OperationStarted,
    OperationPaused,
    OperationResumed,
    SetupEnded,
    OperationReported,
    OperationEnded,
    MaterialConsumed,
    MaterialReturned,
    MaterialProduced,
    MaterialDisposed,
    StepConfirmed,
    CheckRecorded,
    DowntimeStarted,
    DowntimeEnded,
    HelpCalled,
    HelpAnswered,
    UnitPacked,
    UnitClosed,
)

E = TypeVar("E", bound=Event)


def stamped(event: E, /, **stamp: object) -> E:
    """The same event with fields of its stamp set (`id`, `n`, `act`, `at`, `boot` …)."""
    return msgspec.structs.replace(event, **stamp)


def order_of(event: Event) -> str:
    """The order that an event concerns, or nothing."""
    return getattr(event, "order", "")
