"""The home of what a station may forget: `plan` decides, and reads only. Pure.

An order or a lot goes whole or not at all, and the folded shop stays the same for all that is still
to be worked on. May go, where older than `DAYS_KEPT` and of the own chain only up to what every
backup holds:
- the events of an order closed or cancelled, but for its moves of lots that are not used up;
- those of a lot that is used up and not blocked, with nothing moved lately;
- sessions that ended, stops and calls for help that were closed, revisions that were superseded;
- acts that were reversed, and the reversal once nothing of its act is left.

Stays: what the counts of label numbers and the names of units stand on, labels that a printer has
not reached, what could be undone next, the newest event and the newest place, and what this program
cannot read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sync.domain.acts import read_key
from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpAnswered,
    HelpCalled,
    LabelRequested,
    MaterialProduced,
    OperatorSignedIn,
    OperatorSignedOut,
    UnitClosed,
    UnitPacked,
    order_of,
)
from sync.domain.logistic_unit import last_names
from sync.domain.order_facts import ORDER_FACTS
from sync.domain.registers import REGISTERS
from sync.domain.shop import Shop
from sync.domain.stock import Lot, lot_told
from sync.wire import Recorded, Unknown

DAYS_KEPT: Final = 30
CONDEMNED_EVENTS_MAX: Final = 20_000
_CLOSERS: Final = (OperatorSignedOut, DowntimeEnded, HelpAnswered)
_CLOSES: Final[Mapping[type[Event], type[Event]]] = {
    DowntimeStarted: DowntimeEnded,
    HelpCalled: HelpAnswered,
}

LotName = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Limits:
    """What must stay whatever it is."""

    today: date
    seq: int  # the highest own place that may go
    local: int  # the newest event that the plan knows
    printed: int | None  # how far the slowest printer got

    @property
    def before(self) -> str:
        """The first day that is kept, RFC 3339."""
        return (self.today - timedelta(days=DAYS_KEPT)).isoformat()


@dataclass(frozen=True, slots=True)
class Held:
    """What the journal tells of its events: own events' seq by id, and orders retired before."""

    places: dict[str, int] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go, and of which orders and lots it is; `left`: orders of which some events stay."""

    locals: list[int]
    last: int  # the last own place that goes, or 0
    orders: frozenset[str]
    lots: frozenset[LotName]
    left: list[str]


@dataclass(slots=True)
class _Row:
    """One event as the plan sees it.

    `old`: nothing but its order or lot may hold it. `goes`: no label number stands on it either.
    """

    local: int
    event: Event
    seq: int | None
    old: bool
    goes: bool


@dataclass(slots=True)
class _Sorted:
    """Rows by what they belong to; `acts` are the reversed ones, `closing` goes by what is closed.

    `opened` are stops and calls, by id.
    """

    orders: dict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    lots: dict[LotName, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    acts: dict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    sessions: dict[tuple[str, str], list[_Row]] = field(default_factory=lambda: defaultdict(list))
    closing: dict[str, list[_Row]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[str, _Row] = field(default_factory=dict)
    superseded: list[_Row] = field(default_factory=list)
    reversals: list[_Row] = field(default_factory=list)


def plan(shop: Shop, events: Iterable[tuple[int, Recorded]], held: Held, limits: Limits) -> Plan:
    """What may go of `events`, all that is known, with `local`; `shop` is all of them folded."""
    found = _sort(shop, events, held.places, limits)
    going: dict[int, _Row] = {}
    over = _orders_over(shop, found, held.retired)
    spent = {name for name, rows in found.lots.items() if _is_spent(shop, name, rows, over)}
    for unit in _units(shop, found, over, spent):
        if len(going) + len(unit) <= CONDEMNED_EVENTS_MAX:
            going.update((row.local, row) for row in unit)
    for row in found.reversals:
        if row.goes and all(one.local in going for one in found.acts[_of(row.event)]):
            going[row.local] = row
    last = max((row.seq or 0 for row in going.values()), default=0)
    left = [number for number in sorted(over) if _is_left(found.orders[number], going)]
    return Plan(sorted(going), last, over, frozenset(spent), left)


def _sort(
    shop: Shop, events: Iterable[tuple[int, Recorded]], places: dict[str, int], limits: Limits
) -> _Sorted:
    found, before, latest = _Sorted(), limits.before, _latest_acts(shop)
    names = last_names(shop)
    for local, record in events:
        event = record.event
        if isinstance(event, Unknown):
            continue
        seq = places.get(event.id)
        old = (
            local < limits.local
            and (seq is None or seq <= limits.seq)
            and "" < event.at[:10] < before
            and event.act not in latest
        )
        named = isinstance(event, UnitPacked | UnitClosed) and event.unit in names
        goes = old and not named and not _tells_numbers(shop, event, local, limits)
        _put(found, shop, _Row(local, event, seq, old, goes))
    return found


def _latest_acts(shop: Shop) -> frozenset[str]:
    """What could be undone next, at each station and by each person there."""
    latest: dict[tuple[str, str], str] = {}
    for station, keys in shop.act_keys.items():
        for key in keys:
            act, person = read_key(key)
            if act not in shop.reversed:
                latest[station, person] = latest[station, ""] = act
    return frozenset(latest.values())


def _put(found: _Sorted, shop: Shop, row: _Row) -> None:
    event = row.event
    if _is_undone(shop, event):
        found.acts[event.act].append(row)
    if isinstance(event, OperatorSignedIn):
        found.sessions[event.station, event.operator].append(row)
    elif isinstance(event, _CLOSERS):
        found.closing[event.of].append(row)
    elif type(event) in _CLOSES:
        found.opened[event.id] = row
    elif isinstance(event, EventReversed):
        found.reversals.append(row)
    elif type(event) in REGISTERS:
        found.superseded.append(row)
    else:
        if number := order_of(event):
            found.orders[number].append(row)
        if (lot := lot_told(event)) is not None:
            found.lots[lot].append(row)


def _is_undone(shop: Shop, event: Event) -> bool:
    return event.act in shop.reversed and event.id in shop.packed.get(event.act, ())


def _tells_numbers(shop: Shop, event: Event, local: int, limits: Limits) -> bool:
    """Whether label numbers stand on it: the highest used, or one not printed yet."""
    waits = limits.printed is not None and local > limits.printed
    if not isinstance(event, MaterialProduced) or not event.label:
        return waits and isinstance(event, UnitClosed | LabelRequested)
    highest = shop.label_highest.get(event.station, 0)
    counted = shop.label_counts.get(event.station, 0) > highest
    return counted or waits or event.label.lstrip("0") == str(highest)


def _orders_over(shop: Shop, found: _Sorted, retired: frozenset[str]) -> frozenset[str]:
    """Orders that ended long ago and of which nothing was said since, and those retired before."""
    over = set()
    for number, rows in found.orders.items():
        order = shop.orders.get(number)
        before = order is None and number in retired
        if before or (order is not None and order.is_over and all(row.old for row in rows)):
            over.add(number)
    return frozenset(over)


def _is_left(rows: list[_Row], going: dict[int, _Row]) -> bool:
    return any(row.local not in going and type(row.event) in ORDER_FACTS for row in rows)


def _is_spent(shop: Shop, name: LotName, rows: list[_Row], over: frozenset[str]) -> bool:
    """Whether a lot is used up, and all that moved it may go with it."""
    lot = shop.lot(*name)
    if lot is not None and not _is_used_up(lot):
        return False
    return all(
        (row.goes and order_of(row.event) in {"", *over}) or _is_undone(shop, row.event)
        for row in rows
    )


def _is_used_up(lot: Lot) -> bool:
    return (
        lot.is_available
        and lot.holds == 0
        and not any(lot.amounts.values())
        and not any(times > 0 for times in lot.serials.values())
    )


def _units(
    shop: Shop, found: _Sorted, over: frozenset[str], spent: set[LotName]
) -> Iterator[list[_Row]]:
    """What goes together: never a part of a unit without the rest."""
    for number in sorted(over):
        yield [
            row
            for row in found.orders[number]
            if row.goes and (lot_told(row.event) is None or _is_undone(shop, row.event))
        ]
    for name in sorted(spent):
        yield [row for row in found.lots[name] if row.goes]
    for rows in found.acts.values():
        yield [row for row in rows if row.goes and not order_of(row.event)]
    for (station, person), rows in sorted(found.sessions.items()):
        ended = list(_ended(shop, station, person, rows))
        outs = [out for row in ended for out in found.closing[row.event.id] if out.goes]
        yield [*ended, *outs]
    yield from _closed(shop, found)
    yield [row for row in found.superseded if row.goes and _is_superseded(shop, row.event)]


def _ended(shop: Shop, station: str, person: str, rows: list[_Row]) -> Iterator[_Row]:
    """Sign-ins without effect, oldest first: none goes before an older one."""
    held = shop.signed_in(station).get(person)
    for row in sorted(rows, key=lambda row: (row.event.n, row.event.id)):
        if not row.goes or (held is not None and row.event.id == held.id):
            return
        yield row


def _closed(shop: Shop, found: _Sorted) -> Iterator[list[_Row]]:
    """Stops and calls with what closed them; what closes something that went before."""
    sessions = {row.event.id for rows in found.sessions.values() for row in rows}
    for of, rows in found.closing.items():
        start = found.opened.get(of)
        if start and not any(isinstance(row.event, _CLOSES[type(start.event)]) for row in rows):
            continue
        whole = [*rows, start] if start else rows
        if of not in sessions and all(row.goes for row in whole):
            in_effect = not any(_is_undone(shop, row.event) for row in whole)
            yield whole if in_effect else []


def _is_superseded(shop: Shop, event: Event) -> bool:
    register, key = REGISTERS[type(event)]
    held = getattr(shop, register).get(getattr(event, key))
    return held is not None and held.id != event.id


def _of(event: Event) -> str:
    return str(getattr(event, "of", ""))
