"""The home of the week board: rows of work centers, columns of days, blocks of what runs there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sync.server.planning.explain import late_because
from sync.server.planning.load import Load
from sync.server.planning.schedule import Slot
from sync.server.views.jobs import OpenOrder
from sync.server.web.plan_words import Words

DAYS_COUNT: Final = 7
BLOCKS_COUNT_MAX: Final = 5
BLOCKS_ALONE_MAX: Final = 60
BACKLOG_COUNT_MAX: Final = 60
FULL: Final = 1.0
BUSY: Final = 0.85
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Block:
    """What runs of an order on one day at one work center."""

    order: OpenOrder
    slot: Slot
    since: str
    until: str
    from_before: bool
    goes_on: bool
    slack: int | None
    why: str

    @property
    def tone(self) -> str:
        if self.slack is not None and self.slack < 0:
            return "bad"
        return "now" if self.slot.begun else ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a work center; `more` blocks are left out."""

    day: date
    load: Load
    blocks: tuple[Block, ...]
    more: int

    @property
    def is_closed(self) -> bool:
        return not self.load.available and not self.load.minutes

    @property
    def percent(self) -> int:
        return round(100 * (self.load.share or 0))

    @property
    def tone(self) -> str:
        return tone_of(self.load.share)


@dataclass(frozen=True, slots=True)
class Row:
    """A work center and its week."""

    work_center: str
    name: str
    cells: tuple[Cell, ...]
    load: Load

    @property
    def tone(self) -> str:
        return tone_of(self.load.share)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that is late, held or without a place, and what to know of it."""

    order: OpenOrder
    kind: str
    slack: int | None
    ends: datetime | None
    why: str


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def tone_of(share: float | None) -> str:
    """How a load is marked: full in one colour, nearly full in another."""
    if share is None or share < BUSY:
        return ""
    return "bad" if share > FULL else "warn"


def rows_of(words: Words, monday: date, center: str = "") -> list[Row]:
    """The rows of a week, of one work center or of all; shut ones without work are left out."""
    plan, most = words.plan, BLOCKS_ALONE_MAX if center else BLOCKS_COUNT_MAX
    loads = plan.load(monday, DAYS_COUNT)
    days = [monday + timedelta(days=n) for n in range(DAYS_COUNT)]
    names = [center] if center in plan.capacities else sorted(plan.capacities, key=words.center)
    return [
        Row(
            name,
            words.center(name),
            tuple(_cell(words, name, day, loads[name, day], most) for day in days),
            sum_of(loads[name, day] for day in days),
        )
        for name in names
    ]


def sum_of(loads: Iterable[Load]) -> Load:
    """Several days as one."""
    known = list(loads)
    return Load(sum(one.minutes for one in known), sum(one.available for one in known))


def days_shown(rows: Sequence[Row], monday: date) -> list[date]:
    """The days of the week on which anybody works; a weekend that all are at home is left out."""
    days = [monday + timedelta(days=n) for n in range(DAYS_COUNT)]
    worked = {cell.day for row in rows for cell in row.cells if not cell.is_closed}
    return [day for day in days if day in worked or day.weekday() < DAYS_COUNT - 2]


def backlog_of(words: Words) -> tuple[list[Waiting], int]:
    """Orders that no block tells of as it should be, and how many more there are."""
    plan = words.plan
    found = [
        one
        for order in plan.orders.values()
        if (one := _waiting(words, order, plan.slack(order.order))) is not None
    ]
    rank = {"unplaced": 0, "late": 1, "held": 2, "no_work": 3}
    found.sort(key=lambda one: (rank[one.kind], one.slack or 0, one.order.order))
    return found[:BACKLOG_COUNT_MAX], max(0, len(found) - BACKLOG_COUNT_MAX)


def _waiting(words: Words, order: OpenOrder, slack: int | None) -> Waiting | None:
    plan, number = words.plan, order.order
    ends = plan.schedule.ends.get(number)
    if number in plan.schedule.unplaced:
        why = words.unplaced(plan.schedule.unplaced[number])
        return Waiting(order, "unplaced", slack, None, why)
    if order.is_held:
        return Waiting(order, "held", slack, None, words.say("backlog.held"))
    if not order.steps:
        return Waiting(order, "no_work", slack, None, words.say("backlog.no_work"))
    if slack is not None and slack < 0:
        lost = late_because(plan.schedule, number)
        why = words.lost(lost) if lost is not None else words.say("lost.own")
        return Waiting(order, "late", slack, ends, why)
    return None


def _cell(words: Words, center: str, day: date, load: Load, most: int) -> Cell:
    begin = datetime.combine(day, time())
    own = [
        slot
        for slot in words.plan.schedule.at_work_center(center)
        if slot.begins < begin + _DAY and (slot.ends > begin or slot.begins >= begin)
    ]
    # A slot of days of work may sleep over a closed day: nothing of it is to be seen there.
    seen = [slot for slot in own if load.minutes or slot.begins >= begin]
    blocks = tuple(_block(words, slot, begin) for slot in seen[:most])
    return Cell(day, load, blocks, max(0, len(seen) - most))


def _block(words: Words, slot: Slot, begin: datetime) -> Block:
    end, plan = begin + _DAY, words.plan
    before, after = slot.begins < begin, slot.ends > end
    since = "…" if before else f"{slot.begins:%H:%M}"
    until = "…" if after else "24:00" if slot.ends == end else f"{slot.ends:%H:%M}"
    why = "" if before else words.because(slot)
    order = plan.orders[slot.order]
    return Block(order, slot, since, until, before, after, plan.slack(slot.order), why)
