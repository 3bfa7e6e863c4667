"""A much smaller model of the floor's rules: sums counted anew from events, needs from a table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sync.domain.events import (
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialDisposed,
    MaterialReturned,
    OperationReported,
    OperatorSignedIn,
    OperatorSignedOut,
    UnitPacked,
)
from sync.domain.order import Order
from sync.domain.quantity import MICROS_PER_ONE, Quantity
from tests.kiosk.dialog.bakery import Floor

Sums = dict[tuple[str, ...], Decimal]
NOTHING: Final = Decimal(0)
PLANNED: Final = Decimal(1000)  # of B-1
LOWEST: Final = Decimal(980)  # its plan less two per cent
# What the lines of operation 10 need, by order and material; WHEAT may stand in for RYE.
NEEDS: Final[Mapping[tuple[str, str], tuple[str, Decimal]]] = {
    ("B-1", "WHEAT"): ("1", Decimal(60)),
    ("B-1", "YEAST"): ("2", Decimal(2)),
    ("B-2", "RYE"): ("1", Decimal(100)),
    ("B-2", "WHEAT"): ("1", Decimal(100)),
    ("B-3", "BUTTER"): ("1", Decimal("12.5")),
    ("B-5", "WHEAT"): ("1", Decimal("0.6")),
}


@dataclass
class Act:
    """What was written at once, and what the sums were before it."""

    name: str
    events: list[Event]
    before: Sums


@dataclass
class Ledger:
    """Every act as it was written; what it says is counted anew each time."""

    acts: list[Act] = field(default_factory=list)
    taken_back: set[str] = field(default_factory=set)
    sessions: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, events: Sequence[Event]) -> None:
        """One more act."""
        self.acts.append(Act(name, list(events), self.sums()))
        for event in events:
            if isinstance(event, EventReversed):
                self.taken_back.add(event.of)
            elif isinstance(event, OperatorSignedIn):
                self.sessions[event.id] = event.operator
            elif isinstance(event, OperatorSignedOut):
                self.sessions.pop(event.of, None)

    @property
    def here(self) -> set[str]:
        """Who is signed in."""
        return set(self.sessions.values())

    def live(self) -> Iterable[Event]:
        """The events that count."""
        for act in self.acts:
            if act.name not in self.taken_back:
                yield from act.events

    def sums(self) -> Sums:
        """Consumed and packed per lot, good, scrap, rework and hold per operation."""
        found: Sums = {}
        pieces: set[tuple[str, str, str]] = set()
        for event in self.live():
            for key, amount in _told(event, pieces):
                found[key] = found.get(key, NOTHING) + amount
        return {key: amount for key, amount in found.items() if amount}

    def issued(self, order: str, line: str) -> Decimal:
        """What counts against a line's need: what went in and was not spoilt, less returns."""
        whole = NOTHING
        for event in self.live():
            if isinstance(event, MaterialConsumed) and not event.scrapped:
                whole += of(event.quantity) if (event.order, event.line) == (order, line) else 0
            elif isinstance(event, MaterialReturned) and (event.order, event.line) == (order, line):
                whole -= of(event.quantity)
        return whole

    def left(self, order: str, material: str) -> Decimal:
        """What an order still needs of a material at its first operation."""
        line, need = NEEDS.get((order, material), ("", NOTHING))
        return max(NOTHING, need - self.issued(order, line)) if line else NOTHING

    def before(self, name: str) -> Sums | None:
        """The sums before an act, where nothing that counts was written since."""
        place = next(at for at, act in enumerate(self.acts) if act.name == name)
        later = self.acts[place + 1 :]
        pieces: set[tuple[str, str, str]] = set()
        counts = (
            act.name not in self.taken_back and any(list(_told(one, pieces)) for one in act.events)
            for act in later
        )
        return None if any(counts) else self.acts[place].before


def of(quantity: Quantity) -> Decimal:
    """The amount alone."""
    return Decimal(quantity.amount)


def _told(
    event: Event, pieces: set[tuple[str, str, str]]
) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    """What an event adds to which sum; a numbered piece is good once at each operation."""
    match event:
        case MaterialConsumed() | MaterialReturned():
            where = (event.order, event.material, event.lot, event.quantity.unit)
            sign = -1 if isinstance(event, MaterialReturned) else 1
            yield ("consumed", *where), sign * of(event.quantity)
        case OperationReported():
            yield from _reported(event, pieces)
        case UnitPacked(quantity=Quantity() as amount):
            where = (event.order, event.material, event.lot, amount.unit)
            if event.order:
                yield ("packed", *where), of(amount)
        case MaterialDisposed():
            target = event.operation
            if event.disposition == "rework":
                target = event.rework_operation or target
            yield (event.disposition, event.order, target), of(event.quantity)


def _reported(
    event: OperationReported, pieces: set[tuple[str, str, str]]
) -> Iterable[tuple[tuple[str, ...], Decimal]]:
    again = 0
    for serial in event.serials:
        piece = (event.order, event.operation, serial)
        again += piece in pieces
        pieces.add(piece)
    yield ("good", event.order, event.operation), of(event.good) - again
    if event.scrap is not None:
        yield ("scrap", event.order, event.operation), of(event.scrap)
    if event.reworked is not None:
        yield ("rework", event.order, event.operation), -of(event.reworked)


def counted(floor: Floor) -> Sums:
    """What the shop says of the same."""
    found: Sums = {}
    for number, order in floor.shop.orders.items():
        for material, lots in order.consumed.items():
            for lot, amounts in lots.items():
                for unit, micros in amounts.items():
                    found["consumed", number, material, lot, unit] = _ones(micros)
        for material, lots in order.packed.items():
            for lot, amounts in lots.items():
                for unit, micros in amounts.items():
                    found["packed", number, material, lot, unit] = _ones(micros)
        for key, micros in _output(order):
            found[key] = _ones(micros)
    return {key: amount for key, amount in found.items() if amount}


def _output(order: Order) -> Iterable[tuple[tuple[str, ...], int]]:
    for what, tree in (("good", order.good), ("scrap", order.scrap), ("rework", order.rework)):
        for operation, amounts in tree.items():
            yield (what, order.number, operation), sum(amounts.values())
    for operation, amounts in order.disposed.get("hold", {}).items():
        yield ("hold", order.number, operation), sum(amounts.values())


def _ones(micros: int) -> Decimal:
    return Decimal(micros) / MICROS_PER_ONE
