"""The home of the print ledger: every print that is wanted and not settled, and how far it got.

    queued → sending → printed | doubt
                     → sent → printed | doubt      where the printer tells whether it has printed
    queued → failed                                what it says is refused; nothing was sent

Each step is on disk before the next begins, and what settles a print leaves it in the transaction
of its event. Before the first byte a print goes back to `queued` freely; whatever was `sending` or
`sent` when power went is in doubt, and never printed again by itself.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import msgspec

from kiosk.journal import Journal
from kiosk.journal.own import own_events
from kiosk.journal.retention import PRINTS_MARK
from kiosk.readers import QueuedLabel, QueuedState, ShopAccess
from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelEvent,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    MaterialProduced,
    UnitClosed,
)
from sync.domain.label_jobs import (
    Job,
    copies_of,
    doubts,
    jobs_of,
    label_facts,
    state_of,
    told_by,
)
from sync.domain.shop import Shop

KEPT: Final = "prints"
OPEN_ROWS_MAX: Final = 200
FAILED_ROWS_MAX: Final = 50
EVENTS_READ_MAX: Final = 500
MARK_EVENTS: Final = 50
POWER_WENT: Final = "power went while it was printed"
_KINDS: Final = (MaterialProduced, UnitClosed, LabelEvent)
_UNSURE: Final = ("sending", "sent")

# Which printer takes a job; the reason where none does.
Route = Callable[[Job], tuple[str, str]]


class Row(msgspec.Struct, frozen=True, array_like=True):
    """One print: the `local` of what wanted it, the printer that has it, and its copy number."""

    local: int
    job: Job
    printer: str
    state: QueuedState = "queued"
    copy: int = 1
    why: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from every other print."""
        return self.job.of, self.job.label, self.job.request

    @property
    def queued_label(self) -> QueuedLabel:
        job = self.job
        return QueuedLabel(job.label, job.order, self.state, self.copy, self.why)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What outlasts a restart: how far the journal was read for prints, and those that wait."""

    reached: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One event of the journal as the shop knows it."""

    local: int
    event: Event | None
    jobs: tuple[Job, ...] = ()


class Ledger:
    """The prints of a station. Every method may be called by any printer's thread."""

    def __init__(self, journal: Journal, shop: ShopAccess, route: Route) -> None:
        self._journal = journal
        self._shop = shop
        self._route = route
        self._lock = threading.RLock()
        self._reached = 0
        self._rows: list[Row] = []
        self._own: list[LabelEvent] = []  # what was told and is not folded yet
        self._begun_before: set[int] = set()  # `local` of what an older program was sending
        self._marked = 0

    def open(self, printers: Sequence[str]) -> None:
        """Take up where it was left; for the first time at the end of the journal as it is now.

        What was made before a station had a printer is not printed by itself. Raises JournalError.
        """
        kept = self._kept()
        if kept is None:
            self._reached = self._before(printers)
            self._keep()
        else:
            self._reached, rows = kept.reached, (self._routed(row) for row in kept.rows)
            self._rows = [_at_one_of(printers, row) for row in rows]

    def settle_interrupted(self, printer: str) -> list[tuple[Row, list[Event]]]:
        """What was being sent when power went is in doubt, once; the events as on disk."""
        with self._lock:
            mine = [row for row in self._rows if row.printer == printer and row.state in _UNSURE]
            return [(row, self.doubted(row, POWER_WENT)) for row in mine]

    def take_in(self) -> list[Row]:
        """Read what was appended since, as far as the shop has folded it; new rows that failed."""
        failed: list[Row] = []
        with self._lock:
            while sum(row.state == "queued" for row in self._rows) < OPEN_ROWS_MAX:
                own = own_events(self._journal, self._reached, *_KINDS)
                page = list(islice(own, EVENTS_READ_MAX))
                seen = self._shop(partial(_look, page=page)) if page else []
                for one in seen:
                    failed += self._apply(one)
                    self._reached = one.local
                if len(seen) < EVENTS_READ_MAX:
                    break
                self._keep()
        return failed

    def next_for(self, printer: str) -> Row | None:
        """The print that comes next at a printer, on its way from now on; with its copy number.

        What was undone, voided or asked for anew meanwhile leaves the queue.
        """
        with self._lock:
            for row in self._waiting(printer):
                facts = self._facts(row.job)
                if self._is_wanted(row, facts):
                    begun = msgspec.structs.replace(
                        row, state="sending", copy=1 + self._copies(row, facts)
                    )
                    self._put(row, begun)
                    return begun
                self._rows.remove(row)
        return None

    def back(self, row: Row) -> None:
        """No byte of it left: it waits as before."""
        self._put(row, msgspec.structs.replace(row, state="queued"))

    def sent(self, row: Row) -> Row:
        """The printer has all of it, and will tell when it has printed it."""
        after = msgspec.structs.replace(row, state="sent")
        self._put(row, after)
        return after

    def failed(self, row: Row, why: str) -> None:
        """It cannot be printed, and nothing of it was sent."""
        self._put(row, msgspec.structs.replace(row, state="failed", why=why))

    def printed(self, row: Row) -> list[Event]:
        """It came out; the event as it is on disk."""
        job = row.job
        fact = LabelPrinted(
            label=job.label,
            of=job.of,
            order=job.order,
            printer=row.printer,
            template=job.template,
            copy_number=row.copy,
            reason=job.reason,
            request=job.request,
            operator=job.operator,
        )
        with self._lock:
            return self._settle(row, fact)

    def doubted(self, row: Row, why: str) -> list[Event]:
        """It may have come out; the event as it is on disk."""
        with self._lock:
            return self._settle(row, _doubt_of(row, why))

    def waiting(self, printer: str, behind: Row | None = None) -> int:
        """How many prints wait for a printer, behind one that is told of if there is one."""
        with self._lock:
            return sum(behind is None or row.key != behind.key for row in self._waiting(printer))

    def doubts(self, printer: str) -> int:
        """Labels of a printer of which nobody has said yet whether they came out."""
        with self._lock:
            own = [one for one in self._own if isinstance(one, LabelDoubted)]

        def count(shop: Shop) -> int:
            told = [*doubts(shop, self._journal.station)]
            told += [one for one in own if one.id not in shop.seen]
            return sum(one.printer == printer for one in told)

        return self._shop(count)

    def queue(self, printer: str, limit: int) -> tuple[QueuedLabel, ...]:
        """The first prints of a printer in their order, those that failed last."""
        with self._lock:
            own = [row for row in self._rows if row.printer == printer]
        own.sort(key=lambda row: row.state == "failed")
        return tuple(row.queued_label for row in own[:limit])

    def _kept(self) -> _Kept | None:
        content = self._journal.kept(KEPT)
        try:
            return msgspec.msgpack.decode(content, type=_Kept) if content else None
        except msgspec.DecodeError:  # of a newer program: what it had printed is not known
            return None

    def _before(self, printers: Sequence[str]) -> int:
        """Where printers of a program with a mark for each had got; else the journal's end."""
        reached = 0
        for name in printers:
            mark = self._journal.reader_mark(f"printed:{name}")
            begun = int(self._journal.kept(f"sending:{name}") or b"0")
            self._begun_before |= {begun} if begun > mark else set()
            reached = max(mark, reached)
        return min([reached or self._journal.local(), *(one - 1 for one in self._begun_before)])

    def _routed(self, row: Row) -> Row:
        """A waiting print goes where the configuration says now."""
        if row.state != "queued":
            return row
        printer, why = self._route(row.job)
        state: QueuedState = "failed" if why else "queued"
        return msgspec.structs.replace(row, printer=printer, state=state, why=why)

    def _waiting(self, printer: str) -> list[Row]:
        return [row for row in self._rows if (row.printer, row.state) == (printer, "queued")]

    def _apply(self, seen: _Seen) -> list[Row]:
        event = seen.event
        if isinstance(event, LabelRequested | LabelVoided | LabelPrinted):
            self._rows = [row for row in self._rows if not _replaces(event, row)]
        known = {row.key for row in self._rows}
        rows = [self._routed(Row(seen.local, job, "")) for job in seen.jobs]
        fresh = [row for row in rows if row.key not in known]
        if seen.local in self._begun_before:
            fresh = [msgspec.structs.replace(row, state="sending") for row in fresh]
        self._rows += fresh
        return [row for row in fresh if row.state == "failed"]

    def _facts(self, job: Job) -> list[LabelEvent]:
        told = self._shop(lambda shop: label_facts(shop, job.of, job.label, job.order))
        known = {one.id for one in told}
        fresh = (one for one in self._own if (one.of, one.label) == (job.of, job.label))
        return [*told, *(one for one in fresh if one.id not in known)]

    def _is_wanted(self, row: Row, facts: Sequence[LabelEvent]) -> bool:
        state = state_of(facts)
        if not row.job.request:
            return state == "unprinted" and self._shop(partial(_stands, job=row.job))
        told = [one for one in facts if isinstance(one, LabelPrinted | LabelDoubted)]
        return state != "voided" and row.job.request not in {one.request for one in told}

    def _copies(self, row: Row, facts: Iterable[LabelEvent]) -> int:
        """Prints of this label that came out or may have, those on their way elsewhere too."""
        away = sum(
            one.state in _UNSURE and one.key[:2] == row.key[:2] and one.key != row.key
            for one in self._rows
        )
        return copies_of(facts) + away

    def _put(self, row: Row, after: Row) -> None:
        with self._lock:
            self._rows[self._rows.index(row)] = after
            failed = [one for one in self._rows if one.state == "failed"]
            for old in failed[:-FAILED_ROWS_MAX]:
                self._rows.remove(old)
            self._keep()

    def _settle(self, row: Row, fact: LabelEvent) -> list[Event]:
        self._rows.remove(row)
        records = self._journal.append([fact], {KEPT: self._content()}).result()
        told = [one.event for one in records if isinstance(one.event, LabelEvent)]
        folded = self._shop(lambda shop: {one.id for one in self._own} & shop.seen)
        self._own = [one for one in self._own if one.id not in folded] + told
        self._mark()
        return list(told)

    def _content(self) -> bytes:
        return msgspec.msgpack.encode(_Kept(self._reached, self._rows))

    def _keep(self) -> None:
        """On disk when this returns: an older state must not overtake a newer one."""
        self._journal.keep(KEPT, self._content()).result()
        self._mark()

    def _mark(self) -> None:
        """How far the journal may be forgotten as far as labels go; told now and then."""
        lowest = min((row.local - 1 for row in self._rows), default=self._reached)
        if abs(lowest - self._marked) >= MARK_EVENTS:
            self._journal.move_mark(PRINTS_MARK, lowest)
            self._marked = lowest


def _at_one_of(printers: Sequence[str], row: Row) -> Row:
    """A printer that is not there any more leaves what it had to the first."""
    is_here = row.printer in printers
    return row if is_here else msgspec.structs.replace(row, printer=printers[0])


def _look(shop: Shop, page: Sequence[tuple[int, Event | None]]) -> list[_Seen]:
    """The first of the page that the shop has folded, with the prints that each wants."""
    seen: list[_Seen] = []
    for local, event in page:
        if event is not None and event.id not in shop.seen:
            break
        seen.append(_Seen(local, event, jobs_of(shop, event) if event is not None else ()))
    return seen


def _stands(shop: Shop, job: Job) -> bool:
    """Whether the act that a first print tells was not undone."""
    event = told_by(shop, job.of, job.label)
    return event is None or event.act not in shop.reversed


def _replaces(event: LabelEvent, row: Row) -> bool:
    """Whether a print that waits is settled by what a person said, or asked for anew."""
    if row.state not in ("queued", "failed") or row.job.of != event.of:
        return False
    if isinstance(event, LabelPrinted):
        return (row.job.label, row.job.request) == (event.label, event.request)
    is_whole = row.job.label.startswith(f"{event.label}-")
    return row.job.label == event.label or is_whole


def _doubt_of(row: Row, why: str) -> LabelDoubted:
    job = row.job
    return LabelDoubted(
        label=job.label,
        of=job.of,
        order=job.order,
        printer=row.printer,
        why=why,
        request=job.request,
        operator=job.operator,
    )
