"""The home of the one rule book, run by the kiosk before an act and by the server after it.

A deviation is where an event disagrees with the plan. It is a value, never an exception, and never
keeps a fact out of a log: at a kiosk its severity is a dialog, at the server a flag.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from sync.domain.events import (
    EVENT_TYPES,
    CheckRecorded,
    ClockJumped,
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialProduced,
    MaterialReturned,
    Operating,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.rules_base import SEVERITIES, Case, Deviation, Severity, material_name
from sync.domain.rules_material import consumption, giving_back
from sync.domain.rules_operation import check_value, end, operating, report, start
from sync.domain.rules_packing import packing, sealing
from sync.domain.rules_repair import reversal, seconds_between
from sync.domain.shop import Shop

__all__ = ["CLOCK_OFF_SECONDS_MIN", "SEVERITIES", "Deviation", "Severity", "check"]

CLOCK_OFF_SECONDS_MIN: Final = 60


def check(
    shop: Shop,
    event: Event,
    *,
    work_centers: Collection[str] = (),
    severities: Mapping[str, Severity] = SEVERITIES,
    stale: bool = False,
    received: str = "",
    today: str = "",
) -> tuple[Deviation, ...]:
    """Where `event` disagrees with `shop` as it was before it; `today` is the day that expiry
    is judged by, else that of `event.at`.

    No `work_centers`: where an operation runs is not judged. `stale`: the shop may not know new
    lots. `received` is the server's time; an event cannot be younger than that.
    """
    order = shop.orders.get(order_of(event))
    case = Case(shop, event, work_centers, severities, stale, received, order, today or event.at)
    rules = _RULES.get(type(event), ())
    return tuple([deviation for rule in rules for deviation in rule(case, event)])


def _serials(case: Case, event: MaterialProduced) -> Iterator[Deviation]:
    """Serial numbers of the product that were given before, by any order."""
    for serial in event.serials:
        other = case.shop.serial_made(event.material, serial)
        if other:
            facts = {
                "name": material_name(case.shop, event.material),
                "material": event.material,
                "lot": event.lot,
                "quantity": str(event.quantity),
                "serial": serial,
                "other": other,
            }
            yield case.deviation("serial_seen_before", **facts)


def _clock(case: Case, event: OperatorSignedIn | ClockJumped) -> Iterator[Deviation]:
    """A clock that is off: told where someone signs in and where it jumps, not with every scan."""
    ahead = seconds_between(case.received, event.at) if case.received and event.at else 0.0
    jumped = abs(event.seconds) if isinstance(event, ClockJumped) else 0
    off = max(ahead, jumped)
    if off >= CLOCK_OFF_SECONDS_MIN:
        yield case.deviation("clock_off", seconds=str(round(off)), station=event.station)


Rule = Callable[[Case, Any], Iterator[Deviation]]

_RULES_OF: Final[Mapping[type[Event], Rule]] = {
    OperationStarted: start,
    MaterialConsumed: consumption,
    MaterialReturned: giving_back,
    OperationReported: report,
    OperationEnded: end,
    MaterialProduced: _serials,
    CheckRecorded: check_value,
    EventReversed: reversal,
    OperatorSignedIn: _clock,
    ClockJumped: _clock,
    UnitPacked: packing,
    UnitClosed: sealing,
}


def _rules_for(kind: type[Event]) -> tuple[Rule, ...]:
    """The rules for one type of event, in the order in which people are told."""
    of_operations = (operating,) if issubclass(kind, Operating) else ()
    own = (_RULES_OF[kind],) if kind in _RULES_OF else ()
    return (*of_operations, *own)


_RULES: Final = {kind: _rules_for(kind) for kind in EVENT_TYPES.values()}
