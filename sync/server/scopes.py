"""Whom an event concerns: the scopes of the feed that are told of it. Pure.

- Master data, receipts, moves, counts, lot status and output concern the `site`: everybody.
- What an order is and does concerns the work centers of its released operations, and each station
  where it was started.
- What an order takes from a lot concerns its own scopes and the work centers whose released orders
  take that material: with a thousand stations not every scan goes to each of them. A work center
  that begins to take a material is told what was taken before from lots that are not used up.
- Sign-ins, handovers and what a journal says of itself concern their station; stops and calls for
  help their work center; a reversal whatever it reverses.
- A planner's review concerns whom it settles something for: the station of the event reviewed, or
  the scopes of the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sync.domain.events import (
    MASTER_DATA,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    HelpAnswered,
    HelpCalled,
    LotStatusSet,
    MaterialConsumed,
    MaterialDisposed,
    MaterialMoved,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    NumbersGranted,
    OperationStarted,
    OrderReleased,
    StockCounted,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.needs import home_of

SITE: Final = "site"
OFFICE: Final = "office"
ORDER: Final = "order"
MATERIAL: Final = "material"
_ALL_HEAR: Final = frozenset(
    {
        *MASTER_DATA,
        NumbersGranted,
        MaterialReceived,
        MaterialMoved,
        StockCounted,
        LotStatusSet,
        MaterialProduced,
        MaterialDisposed,
    }
)
_AT_WORK_CENTER: Final = (DowntimeStarted, DowntimeEnded, HelpCalled, HelpAnswered)
_OF_LOTS: Final = (MaterialConsumed, MaterialReturned)


@dataclass(frozen=True, slots=True)
class Concern:
    """From now on the order or material (`kind`, `key`) concerns the scope."""

    kind: str
    key: str
    scope: str


def work_center_scope(work_center: str) -> str:
    return f"work_center:{work_center}"


def station_scope(station: str) -> str:
    return f"station:{station}"


def begun_by(event: Event) -> Iterator[Concern]:
    """The concerns that an event begins, some of them perhaps known already."""
    if isinstance(event, OrderReleased):
        yield from _release_concerns(event)
    elif isinstance(event, OperationStarted) and event.station:
        yield Concern(ORDER, event.order, station_scope(event.station))


def told_of(event: Event, of_order: frozenset[str], of_material: frozenset[str]) -> frozenset[str]:
    """The scopes told of an event; given those that its order and its material concern."""
    if type(event) in _ALL_HEAR:
        return frozenset({SITE})
    if isinstance(event, _OF_LOTS):
        return of_order | of_material or told_of_station(event.station)
    if isinstance(event, _AT_WORK_CENTER) and event.work_center:
        return of_order | {work_center_scope(event.work_center)}
    if isinstance(event, UnitPacked | UnitClosed) and not event.order:
        return frozenset({SITE})
    return of_order if order_of(event) and of_order else told_of_station(event.station)


def told_of_station(station: str) -> frozenset[str]:
    """The scope of a station; none of the office or of nobody."""
    return frozenset({station_scope(station)} if station not in {"", OFFICE} else ())


def material_of(event: Event) -> str:
    """The material whose concerns an event follows."""
    return event.material if isinstance(event, _OF_LOTS) else ""


def _release_concerns(event: OrderReleased) -> Iterator[Concern]:
    centers = {one.operation: one.work_center for one in event.operations}
    for center in dict.fromkeys(centers.values()):
        yield Concern(ORDER, event.order, work_center_scope(center))
    for line in event.lines:
        center = centers.get(home_of(event, line), "")
        if center:
            for material in (line.material, *line.substitutes):
                yield Concern(MATERIAL, material, work_center_scope(center))
