"""The home of the production order: its folded state, its operations and its status.

The facts add up in `order_facts`. What people ask of it (status, need, what is left) is derived
when asked and never stored. Amounts are micros of a unit (`quantity`).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from sync.domain.amounts import Amounts, AmountsBy, merged, micros_of, total
from sync.domain.events import (
    LabelDoubted,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    OperationPaused,
    OperationStarted,
    OperatorJoined,
    OrderCancelled,
    OrderClosed,
    OrderHeld,
    ReleasedLine,
    RoutingOperation,
)
from sync.domain.needs import (
    WHOLE,
    LineNeed,
    LineState,
    Sums,
    line_state,
    need_for,
    percent,
    percent_of,
)
from sync.domain.order_facts import OrderFacts, ends_setup, evolve
from sync.domain.quantity import Quantity

__all__ = ["OPEN_STATUSES", "Amounts", "LineState", "Order", "Status", "evolve"]


class Status(StrEnum):
    """planned → released → started → completed → closed; held and cancelled aside."""

    PLANNED = "planned"
    RELEASED = "released"
    STARTED = "started"
    COMPLETED = "completed"
    CLOSED = "closed"
    HELD = "held"
    CANCELLED = "cancelled"


_NOTHING: Final[Amounts] = {}
_NOTHING_BY: Final[AmountsBy] = {}
OPEN_STATUSES: Final = frozenset({Status.RELEASED, Status.STARTED, Status.HELD})


@dataclass(slots=True)
class Order(OrderFacts):
    """A production order: its facts, and what is derived from them."""

    @property
    def status(self) -> Status:
        """Derived from the registers and from what happened, never stored."""
        if isinstance(self.closure, OrderClosed):
            return Status.CLOSED
        if isinstance(self.closure, OrderCancelled):
            return Status.CANCELLED
        if self.is_held:
            return Status.HELD
        if self.is_completed:
            return Status.COMPLETED
        if self.has_begun:
            return Status.STARTED
        return Status.RELEASED if self.release else Status.PLANNED

    @property
    def is_over(self) -> bool:
        """Whether it is closed or cancelled."""
        return isinstance(self.closure, OrderClosed | OrderCancelled)

    @property
    def is_held(self) -> bool:
        """Whether the office holds it; of one that is over nobody asks."""
        return isinstance(self.hold, OrderHeld)

    @property
    def has_begun(self) -> bool:
        """Whether anything happened on the floor for it."""
        return bool(self.starts or self.ends or self.used or self.good or self.scrap or self.made)

    @property
    def is_completed(self) -> bool:
        """Whether the last operation ended; without a routing, whether any did."""
        last = self.last_operation
        if last is not None:
            return self.is_ended(last.operation)
        return self.release is not None and bool(self.ends)

    @property
    def material(self) -> str:
        """What is made: by the office, else by the traveller that started it."""
        if self.header is not None:
            return self.header.material
        told = self._traveller()
        return told.material if told else ""

    @property
    def quantity(self) -> Quantity | None:
        """The planned quantity: the office's, else the traveller's."""
        if self.header is not None:
            return self.header.quantity
        told = self._traveller()
        return told.target if told else None

    @property
    def unit(self) -> str:
        """The unit that output counts in; empty while nothing tells it."""
        quantity = self.quantity
        if quantity is not None:
            return quantity.unit
        return min((unit for amounts in self.good.values() for unit in amounts), default="")

    @property
    def planned(self) -> int:
        quantity = self.quantity
        return micros_of(quantity) if quantity else 0

    @property
    def priority(self) -> int:
        return self.header.priority if self.header else 50

    @property
    def due(self) -> str:
        return self.header.due if self.header else ""

    @property
    def operations(self) -> tuple[RoutingOperation, ...]:
        return self.release.operations if self.release else ()

    @property
    def last_operation(self) -> RoutingOperation | None:
        return self.operations[-1] if self.operations else None

    def operation(self, name: str) -> RoutingOperation | None:
        for one in self.operations:
            if one.operation == name:
                return one
        return None

    def is_ended(self, operation: str) -> bool:
        """Whether an end says so, and no rework waits there."""
        return self.was_ended(operation) and not (self.rework and self.rework_at(operation))

    def was_ended(self, operation: str) -> bool:
        """Whether an end says so, whatever came back since."""
        for end in self.ends.values():  # noqa: SIM110 — asked of every event
            if end.operation == operation:
                return True
        return False

    def is_last(self, operation: str) -> bool:
        """Whether output of this operation is stock; of an order without routing, always."""
        last = self.last_operation
        return last is None or last.operation == operation

    def next_operations(self, work_centers: Collection[str]) -> tuple[RoutingOperation, ...]:
        """What can be worked on at these work centers, in routing order; two or more: ask.

        An operation can be worked on once the one before it ended or gave something good. Where
        that is true of none, the first one that is not ended stands alone: out of sequence.
        """
        here = [
            (before, one)
            for before, one in zip((None, *self.operations), self.operations, strict=False)
            if one.work_center in work_centers and not self.is_ended(one.operation)
        ]
        ready = tuple(one for before, one in here if self._is_ready(before, one))
        return ready or tuple(one for _, one in here[:1])

    def open_starts(self, station: str = "") -> tuple[OperationStarted, ...]:
        """Starts that no end closes (of one station, or of all), the latest last."""
        closed = {end.of for end in self.ends.values()}
        whole = {end.operation for end in self.ends.values() if not end.of}
        found = (
            start
            for start in self.starts.values()
            if start.id not in closed
            and start.operation not in whole
            and station in ("", start.station)
        )
        return tuple(sorted(found, key=lambda start: (start.n, start.id)))

    def start_of(self, operation: str, station: str = "") -> OperationStarted | None:
        """The latest start of an operation that no end closes."""
        found = [one for one in self.open_starts(station) if one.operation == operation]
        return found[-1] if found else None

    def is_paused(self, start: str) -> OperationPaused | None:
        """The latest pause of a start (by its id) that no resume closes."""
        resumed = {resume.of for resume in self.resumes.values()}
        found = [p for p in self.pauses.values() if p.of == start and p.id not in resumed]
        return max(found, key=lambda pause: (pause.n, pause.id), default=None)

    def in_setup(self, start: OperationStarted) -> bool:
        """Whether a start's operation has a set-up that nobody ended yet."""
        planned = self.operation(start.operation)
        return planned is not None and planned.setup_seconds > 0 and not self.has_run(start)

    def has_run(self, start: OperationStarted) -> bool:
        """Whether the set-up of a start was ended."""
        return any(ends_setup(end, start) for end in self.setups.values())

    def joined(self) -> dict[str, OperatorJoined]:
        """Who works on it: person → latest join that was not left, of operations not ended."""
        left = {leave.of for leave in self.leaves.values()}
        found = [
            join
            for join in self.joins.values()
            if join.id not in left and not self.is_ended(join.operation)
        ]
        return {one.operator: one for one in sorted(found, key=lambda join: (join.n, join.id))}

    def good_at(self, operation: str) -> int:
        """Good output of an operation, less what left it for rework.

        The last operation tells its output twice, reported and into stock: the greater counts.
        """
        unit, good = self.unit, self._reported_at(operation)
        if "rework" in self.disposed:
            good -= total(self.disposed["rework"].get(operation, _NOTHING), unit)
        if operation in self.sent_back:
            good -= min(max(0, good), total(self.sent_back[operation], unit))
        return good

    def made_at(self, operation: str) -> int:
        """What was made at an operation, good or not: what was reworked there counts once."""
        again = total(self.reworked.get(operation, _NOTHING), self.unit)
        made = self._reported_at(operation) - again
        return made + self.scrap_at(operation) + self.held_at(operation)

    def scrap_at(self, operation: str) -> int:
        return total(self.scrap[operation], self.unit) if operation in self.scrap else 0

    def held_at(self, operation: str) -> int:
        """Output of an operation that was put on hold: neither good nor scrap."""
        if "hold" not in self.disposed:
            return 0
        return total(self.disposed["hold"].get(operation, _NOTHING), self.unit)

    def rework_at(self, operation: str) -> int:
        """What waits for rework at an operation, 0 or more."""
        return max(0, total(self.rework.get(operation, _NOTHING), self.unit))

    @property
    def rework_total(self) -> int:
        """What waits for rework, at whatever operation."""
        return sum(self.rework_at(one) for one in self.rework)

    @property
    def held_total(self) -> int:
        """Output on hold of all operations."""
        return sum(self.held_at(one) for one in self.disposed.get("hold", _NOTHING_BY))

    def as_built(self, serial: str) -> tuple[tuple[str, str, str], ...]:
        """The (material, lot, serial) of what went into a piece of the product, less returns."""
        parts = sorted(self.built.get(serial, {}).items())
        return tuple(part for _, part in parts if not part[2] or self.has_in(part[0], part[2]))

    def has_in(self, material: str, serial: str) -> bool:
        """Whether a component is in, and was not returned since."""
        came = list(self.serials_in.get(serial, {}).values()).count(material)
        return came > list(self.serials_back.get(serial, {}).values()).count(material)

    @property
    def good_total(self) -> int:
        """Good output of the last operation; without a routing, the most that any reports."""
        last = self.last_operation
        if last is not None:
            return self.good_at(last.operation)
        return max((self.good_at(one) for one in {*self.good, *self.made}), default=0)

    @property
    def scrap_total(self) -> int:
        """Scrap of all operations."""
        whole: Amounts = {}
        for amounts in self.scrap.values():
            merged(whole, amounts)
        return total(whole, self.unit)

    def remaining(self, operation: str) -> int:
        """What is still to be made good there, 0 or more."""
        return max(0, self.planned - self.good_at(operation))

    @property
    def lowest(self) -> int:
        """The least good output that reaches the plan: planned less tolerance."""
        return self.planned - percent_of(self.planned, self._tolerance)

    @property
    def highest(self) -> int:
        """The most good output that is no deviation: planned and tolerance."""
        return self.planned + percent_of(self.planned, self._tolerance)

    @property
    def limit(self) -> int:
        """The most good output that an operator may confirm alone."""
        text = self.header.limit_percent if self.header else "100"
        return percent_of(self.planned, percent(text, WHOLE))

    def lines(self, operation: str) -> tuple[LineState, ...]:
        """The lines of one operation; a line that names none belongs to the first."""
        return self._states(self.needs_at(operation))

    def all_lines(self) -> tuple[LineState, ...]:
        """Every line of the order, in the order of the release."""
        return self._states(self.all_needs())

    def all_needs(self) -> tuple[LineNeed, ...]:
        """What every line needs, in the order of the release; what was used is not looked at."""
        release = self.release
        return self.kept_sums(release, self.header).needs.lines if release is not None else ()

    def needs_at(self, operation: str) -> tuple[LineNeed, ...]:
        """What the lines of one operation need."""
        if self.release is None:
            return ()
        return self.kept_sums(self.release, self.header).needs.at.get(operation, ())

    def issued(self, line: LineNeed) -> int:
        """What counts against a line's need: consumption less waste."""
        consumed, waste = self.use(line)
        return consumed - waste

    def use(self, line: LineNeed) -> tuple[int, int]:
        """(consumption net of returns, the part of it that was scrapped) of a line."""
        return self._sums_now.of(line, self.used, self.wasted)

    def need_for(self, line: ReleasedLine, good: int) -> int:
        """A line's need for so much good output (micros of the order's unit), rounded up."""
        return need_for(self._sums_now.needs, line, good)

    def label_states(self) -> dict[str, str]:
        """Label number → voided, printed, doubted or requested, the first that was told."""
        ranks = {
            LabelVoided: "voided",
            LabelPrinted: "printed",
            LabelDoubted: "doubted",
            LabelRequested: "requested",
        }
        return {
            label: next(word for kind, word in ranks.items() if kind in map(type, told.values()))
            for label, told in sorted(self.labels.items())
        }

    def _reported_at(self, operation: str) -> int:
        """Good output as it was told, rework or not: reported or into stock, the greater."""
        unit = self.unit
        reported = total(self.good.get(operation, _NOTHING), unit)
        return max(reported, total(self.made.get(operation, _NOTHING), unit))

    @property
    def _tolerance(self) -> Fraction:
        return percent(self.header.tolerance_percent) if self.header else Fraction(0)

    @property
    def _sums_now(self) -> Sums:
        assert self.release is not None, f"{self.number}: a line's need before its release"
        return self.kept_sums(self.release, self.header)

    def _states(self, lines: Iterable[LineNeed]) -> tuple[LineState, ...]:
        return tuple(
            line_state(self._sums_now.needs, line, self.used, self.wasted) for line in lines
        )

    def _is_ready(self, before: RoutingOperation | None, one: RoutingOperation) -> bool:
        if before is None or self.is_ended(before.operation):
            return True
        return self.good_at(before.operation) > 0 or self.start_of(one.operation) is not None

    def _traveller(self) -> OperationStarted | None:
        told = [start for start in self.starts.values() if start.target or start.material]
        return min(told, key=lambda start: (start.n, start.station, start.id), default=None)
