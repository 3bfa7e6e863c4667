"""The floor: operations, materials, output, steps, checks, stops and calls for help."""

from typing import Literal

from sync.domain.events.base import Date, Event, Id, Name
from sync.domain.quantity import Quantity


class Operating(Event, frozen=True, kw_only=True):
    order: Name
    operation: Name
    work_center: Name = ""


class OperationStarted(Operating, frozen=True, kw_only=True):
    """`target` carries the traveller's word where the order is not known here."""

    material: Name = ""
    target: Quantity | None = None


class OperationPaused(Operating, frozen=True, kw_only=True):
    of: Id
    reason: Name = ""


class OperationResumed(Operating, frozen=True, kw_only=True):
    of: Id


class SetupEnded(Operating, frozen=True, kw_only=True):
    """The set-up of a start is over and its run begins; without `of`: of any start there."""

    of: Id = ""


class OperationReported(Operating, frozen=True, kw_only=True):
    """Good and scrapped output of one DONE at one operation; stock is `MaterialProduced` alone.

    `reworked` is the part of it that had waited for rework at this operation.
    """

    good: Quantity
    scrap: Quantity | None = None
    reason: Name = ""
    serials: tuple[str, ...] = ()
    reworked: Quantity | None = None


class OperationEnded(Operating, frozen=True, kw_only=True):
    """`of` names the start; `reason` is given where END closed it short."""

    of: Id = ""
    reason: Name = ""
    short: Quantity | None = None


class MaterialConsumed(Operating, frozen=True, kw_only=True):
    """`quantity` in the line's unit, `scanned` as it was scanned, `factor` between them as text;
    `into` is the serial number of the product that the component went into, where that is known.
    """

    material: Name
    lot: Name
    quantity: Quantity
    line: Name = ""
    scanned: Quantity | None = None
    factor: Name = ""
    serial: Name = ""
    scrapped: bool = False
    reason: Name = ""
    into: Name = ""


class MaterialReturned(Operating, frozen=True, kw_only=True):
    material: Name
    lot: Name
    quantity: Quantity
    line: Name = ""
    serial: Name = ""
    place: Name = ""


class MaterialProduced(Operating, frozen=True, kw_only=True):
    """Good output of the last operation, into stock; one label an event by default."""

    material: Name
    lot: Name
    quantity: Quantity
    expiry: Date = ""
    serials: tuple[str, ...] = ()
    place: Name = ""
    label: Name = ""


class MaterialDisposed(Operating, frozen=True, kw_only=True):
    """Output that is not good as it is: it leaves `lot` for rework, or becomes the blocked `lot`.

    Output that is no stock yet has no lot; an operation before the last has no `material` to hold.
    """

    material: Name
    quantity: Quantity
    disposition: Literal["scrap", "rework", "hold"]
    lot: Name = ""
    reason: Name = ""
    rework_operation: Name = ""
    serials: tuple[str, ...] = ()


class StepConfirmed(Operating, frozen=True, kw_only=True):
    step: Name


class CheckRecorded(Operating, frozen=True, kw_only=True):
    check: Name
    value: Name
    unit: Name = ""


class DowntimeStarted(Event, frozen=True, kw_only=True):
    work_center: Name
    reason: Name
    order: Name = ""


class DowntimeEnded(Event, frozen=True, kw_only=True):
    of: Id
    work_center: Name


class HelpCalled(Event, frozen=True, kw_only=True):
    work_center: Name
    reason: Name = ""
    order: Name = ""


class HelpAnswered(Event, frozen=True, kw_only=True):
    of: Id
    work_center: Name = ""
