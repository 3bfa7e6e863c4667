"""A plant with a past: master data, lots, open orders and years of closed ones, as events.

They go through the real ledger and the real projector, so that every table is as it would be.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count, islice
from typing import Any, Final

from sync.domain.events import (
    BomDefined,
    BomLine,
    DemandDefined,
    Event,
    LabelRule,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorDefined,
    OperatorSignedIn,
    OrderClosed,
    OrderReleased,
    ReasonDefined,
    ReleasedLine,
    RoutingDefined,
    RoutingOperation,
    StepConfirmed,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.server.ledger import Ledger
from sync.wire import Mark, PushHeader, chain, chain_start, encode
from tests.bench.gauge import Size

CENTERS: Final = 20
STATIONS: Final = 20
OPERATIONS: Final = 4
COMPONENTS: Final = 12
PRODUCTS: Final = 80
ORDERS_TOGETHER: Final = 100
OFFICE_EVENTS: Final = 1_000
WIDE: Final = ("M-00000", "L-WIDE")
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is of each."""

    open: int
    closed: int
    materials: int
    lots: int
    demands: int


EXTENTS: Final[dict[Size, Extent]] = {
    "small": Extent(100, 1_500, 500, 5_000, 100),
    "full": Extent(500, 50_000, 5_000, 200_000, 500),
}


@dataclass(slots=True)
class Log:
    """A station's own log as it grows: events are chained and pushed as they come."""

    ledger: Ledger
    name: str
    origin: str = field(default_factory=lambda: uuid.uuid4().hex)
    seq: int = 0
    digest: bytes = b""
    waiting: list[bytes] = field(default_factory=list)

    def say(self, events: list[Event], at: datetime, identity: Iterator[str]) -> str:
        """One act; returns the id of its first event."""
        act, moment = next(identity), at.isoformat(timespec="milliseconds")
        first = next(identity)
        for number, event in enumerate(events):
            self.seq += 1
            stamp: dict[str, Any] = {"id": next(identity) if number else first, "act": act}
            stamp["n"] = self.seq
            stamp |= {"at": moment, "boot": "b7e1c9d2", "mono": self.seq * 2_000}
            self.waiting.append(encode(stamped(event, **stamp, station=self.name, operator="anna")))
        return first

    def push(self) -> int:
        """Give the ledger what waits."""
        bodies, self.waiting = self.waiting, []
        if not bodies:
            return 0
        start = chain_start(self.origin)
        before = Mark(self.seq - len(bodies), (self.digest or start).hex())
        header = PushHeader(before, Mark(1, start.hex()))
        self.ledger.receive_now(self.origin, self.name, header, bodies)
        for body in bodies:
            self.digest = chain(self.digest or start, body)
        return len(bodies)


class World:
    """Everything that a plant of this extent has been told, in the order it happened."""

    def __init__(self, ledger: Ledger, extent: Extent, today: date) -> None:
        self.extent = extent
        self._ledger = ledger
        self._today = today
        self._dice = random.Random(11)
        self._logs = [Log(ledger, f"ST-{number:02d}") for number in range(STATIONS)]
        self._identities = (f"0196f3a0-0000-7000-8000-{number:012x}" for number in count(1))
        self.lots_each = max(1, extent.lots // extent.materials)

    def tell(self) -> Iterator[int]:
        """Tell the ledger all of it; gives how many events it has, now and then."""
        told = 0
        for act in self._acts():
            self._ledger.append_office_now(act)
            told += len(act)
            yield told
        orders = range(self.extent.closed + self.extent.open)
        for start in range(0, len(orders), ORDERS_TOGETHER):
            told += self._shift(orders[start : start + ORDERS_TOGETHER])
            yield told

    def _acts(self) -> Iterator[list[Event]]:
        said = self._master()
        while act := list(islice(said, OFFICE_EVENTS)):
            yield act

    def _master(self) -> Iterator[Event]:
        yield OperatorDefined(person="anna", revision=1, name="Anna Berg", badge="4402917386")
        yield ReasonDefined(reason="BURNT", revision=1, text="Burnt", group="scrap")
        for number in range(CENTERS):
            yield WorkCenterDefined(
                work_center=f"WC-{number:02d}", revision=1, name=f"Work center {number}",
                hours_per_day="16", cost_per_hour="48.5",
            )  # fmt: skip
        for number in range(self.extent.materials):
            yield _material(number)
        for number in range(min(PRODUCTS, self.extent.materials // 2)):
            yield from self._product(number)
        yield from self._stock()
        for number in range(self.extent.demands):
            yield DemandDefined(
                demand=f"SO-{number}", revision=1, material=self._made(number),
                quantity=Quantity("50", "C62"), due=self._day(number % 60),
            )  # fmt: skip

    def _product(self, number: int) -> Iterator[Event]:
        name = self._made(number)
        yield MaterialDefined(material=name, revision=1, name=f"Product {number}", unit="C62")
        parts = self._parts(number)
        lines = tuple(BomLine(part, Quantity("2.5", "KGM"), operation="10") for part in parts)
        yield BomDefined(material=name, revision=1, quantity=Quantity("10", "C62"), lines=lines)
        yield RoutingDefined(material=name, revision=1, operations=self._operations(number))

    def _stock(self) -> Iterator[Event]:
        material, lot = WIDE
        kilograms = Quantity("90000000", "KGM")
        yield MaterialReceived(material=material, lot=lot, quantity=kilograms, place="A1")
        for number in range(self.extent.materials):
            for lot_number in range(self.lots_each):
                yield MaterialReceived(
                    material=f"M-{number:05d}", lot=f"L-{number:05d}-{lot_number}",
                    quantity=Quantity("5000", "KGM"), place=f"A{lot_number % 30}",
                    expiry=self._day(400 + lot_number), supplier_lot=f"S-{lot_number}",
                )  # fmt: skip

    def _shift(self, orders: range) -> int:
        """Some orders: released, worked through, and closed if they are old."""
        open_from = self.extent.closed
        self._ledger.append_office_now([self._released(number) for number in orders])
        for log in self._logs:
            self._signed_in(log, orders[0])
        for number in orders:
            if number < open_from or number % 2:
                self._worked(number, operations=OPERATIONS if number < open_from else 1)
        told = sum(log.push() for log in self._logs)
        old = [f"P-{number:06d}" for number in orders if number < open_from]
        self._ledger.append_office_now([OrderClosed(order=order, revision=1) for order in old])
        return told + len(orders) + len(old)

    def _signed_in(self, log: Log, number: int) -> None:
        if not log.seq:
            log.say([OperatorSignedIn()], self._moment(number), self._identities)

    def _worked(self, number: int, operations: int) -> None:
        order, made = f"P-{number:06d}", self._made(number)
        log, at = self._logs[number % STATIONS], self._moment(number)
        for step, operation in enumerate(self._operations(number)[:operations]):
            where: dict[str, Any] = {"order": order, "operation": operation.operation}
            where["work_center"] = operation.work_center
            begun = at + timedelta(minutes=20 * step)
            started = log.say([OperationStarted(**where)], begun, self._identities)
            if not step:
                self._consumed(log, where, number, begun)
            for step_seen in ("Look", "Measure"):
                log.say([StepConfirmed(**where, step=step_seen)], begun, self._identities)
            pieces, done = Quantity("10", "C62"), begun + timedelta(minutes=15)
            report: list[Event] = [OperationReported(**where, good=pieces)]
            if step == OPERATIONS - 1:
                report.append(MaterialProduced(**where, material=made, lot=order, quantity=pieces))
            log.say(report, done, self._identities)
            log.say([OperationEnded(**where, of=started)], done, self._identities)

    def _consumed(self, log: Log, where: dict[str, Any], number: int, at: datetime) -> None:
        for line, part in enumerate(self._parts(number), 1):
            lot = f"L-{part[2:]}-{self._dice.randrange(self.lots_each)}"
            event = MaterialConsumed(
                **where, material=part, lot=WIDE[1] if part == WIDE[0] else lot,
                quantity=Quantity("2.5", "KGM"), line=str(line),
            )  # fmt: skip
            log.say([event], at, self._identities)

    def _released(self, number: int) -> OrderReleased:
        is_open = number >= self.extent.closed
        lines = tuple(
            ReleasedLine(
                str(line), part, f"Component {part}", Quantity("2.5", "KGM"), operation="10"
            )
            for line, part in enumerate(self._parts(number), 1)
        )
        return OrderReleased(
            order=f"P-{number:06d}", revision=1, material=self._made(number),
            name=f"Product {number % 80}",
            quantity=Quantity("10", "C62"),
            due=self._day(number % 45 - 5) if is_open else self._moment(number).date().isoformat(),
            priority=10 + number % 80, operations=self._operations(number), lines=lines,
            label=LabelRule(),
        )  # fmt: skip

    def _operations(self, number: int) -> tuple[RoutingOperation, ...]:
        return tuple(
            RoutingOperation(
                f"{step + 1}0", f"WC-{(number + step * 5) % CENTERS:02d}", f"Step {step + 1}",
                600, "60", steps=("Look", "Measure"),
            )
            for step in range(OPERATIONS)
        )  # fmt: skip

    def _parts(self, number: int) -> list[str]:
        """The components of a product; the first is that of the widest lot."""
        many = self.extent.materials
        others = ((number % PRODUCTS) * 37 + step * 101 + 1 for step in range(COMPONENTS - 1))
        return [WIDE[0], *dict.fromkeys(f"M-{other % (many - 1) + 1:05d}" for other in others)]

    def _made(self, number: int) -> str:
        return f"PROD-{number % min(PRODUCTS, self.extent.materials // 2):02d}"

    def _day(self, days: int) -> str:
        return (self._today + timedelta(days=days)).isoformat()

    def _moment(self, number: int) -> datetime:
        """Closed orders were worked in the last year, open ones today."""
        begun = datetime.combine(self._today, datetime.min.time(), UTC)
        if number >= self.extent.closed:
            return begun
        return begun - timedelta(days=YEAR_DAYS * (1 - number / self.extent.closed))


def _material(number: int) -> MaterialDefined:
    return MaterialDefined(
        material=f"M-{number:05d}", revision=1, name=f"Component {number}", unit="KGM",
        standard_cost="1.85", lead_time_days=5 + number % 20, supplier=f"Supplier {number % 40}",
        reorder_point=Quantity("100", "KGM"),
    )  # fmt: skip
