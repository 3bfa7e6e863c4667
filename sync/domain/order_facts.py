"""The home of what an order's events add up to, and of `evolve`, which adds one.

Everything here sums, unites or keeps the highest `(revision, id)`, so that an order's facts are a
function of the set of its effective events, and an event that is taken out again leaves no trace.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from sync.domain.amounts import AmountsBy, add, micros_of, put
from sync.domain.events import (
    CheckRecorded,
    Event,
    LabelDoubted,
    LabelEvent,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReturned,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OrderCancelled,
    OrderChanged,
    OrderClosed,
    OrderHeader,
    OrderHeld,
    OrderPlanned,
    OrderReleased,
    OrderReopened,
    OrderResumed,
    SetupEnded,
    StepConfirmed,
    UnitClosed,
    UnitPacked,
)
from sync.domain.needs import Sums, Used, needs_of
from sync.domain.pieces import repeated
from sync.domain.quantity import MICROS_PER_ONE

Label = LabelRequested | LabelPrinted | LabelDoubted | LabelVoided
Pieces = dict[str, Any]


class Register(Protocol):
    """An event of which the highest `(revision, id)` wins."""

    @property
    def revision(self) -> int: ...
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Register)


def winner(held: R | None, event: R) -> R:
    """Of two events of one register the one in force."""
    if held is None or (event.revision, event.id) > (held.revision, held.id):
        return event
    return held


class Derived:
    """Where an order keeps what it derived from facts: neither compared nor stored."""

    __slots__ = ("_sums",)

    def kept_sums(self, release: OrderReleased, header: OrderHeader | None) -> Sums:
        """The sums by line of a release as a header plans it, made again when one changed."""
        known: Sums | None = getattr(self, "_sums", None)
        if known is None or known.needs.release is not release or known.needs.header is not header:
            known = self._sums = Sums(needs_of(release, header or release))
        return known

    def add_use(self, line: str, unit: str, micros: int, *, torn: bool) -> None:
        """See that the sums hold what was used."""
        known: Sums | None = getattr(self, "_sums", None)
        if known is not None:
            known.add(line, unit, micros, torn=torn)


@dataclass(slots=True)
class OrderFacts(Derived):
    """What an order's effective events add up to.

    Registers hold the event that won; dicts of events are keyed by id.
    """

    number: str
    facts: int = 0  # effective events that tell of it
    header: OrderPlanned | OrderReleased | OrderChanged | None = None
    release: OrderReleased | None = None
    hold: OrderHeld | OrderResumed | None = None
    closure: OrderClosed | OrderReopened | OrderCancelled | None = None
    starts: dict[str, OperationStarted] = field(default_factory=dict)
    pauses: dict[str, OperationPaused] = field(default_factory=dict)
    resumes: dict[str, OperationResumed] = field(default_factory=dict)
    ends: dict[str, OperationEnded] = field(default_factory=dict)
    setups: dict[str, SetupEnded] = field(default_factory=dict)
    joins: dict[str, OperatorJoined] = field(default_factory=dict)
    leaves: dict[str, OperatorLeft] = field(default_factory=dict)
    consumed: dict[str, AmountsBy] = field(default_factory=dict)  # material → lot, net of returns
    waste: AmountsBy = field(default_factory=dict)  # material: scrapped components in `consumed`
    used: Used = field(default_factory=dict)  # as `consumed`, by line and operation
    wasted: Used = field(default_factory=dict)  # as `waste`, by line and operation
    serials_in: dict[str, dict[str, str]] = field(default_factory=dict)  # serial → id → material
    serials_back: dict[str, dict[str, str]] = field(default_factory=dict)
    serials_out: dict[str, dict[str, str]] = field(default_factory=dict)
    serials_at: dict[str, dict[str, dict[str, str]]] = field(
        default_factory=dict
    )  # operation first
    good: AmountsBy = field(default_factory=dict)  # operation, as reported; a piece counts once
    scrap: AmountsBy = field(default_factory=dict)  # operation
    scrap_reasons: AmountsBy = field(default_factory=dict)
    produced: AmountsBy = field(default_factory=dict)  # lot
    outputs: dict[str, AmountsBy] = field(default_factory=dict)  # material → lot
    made: AmountsBy = field(default_factory=dict)  # operation, of what went into stock
    pieces_good: Pieces = field(default_factory=dict)  # operation → unit → serial → times told
    pieces_made: Pieces = field(default_factory=dict)  # operation → material → unit …
    pieces_out: Pieces = field(default_factory=dict)  # material → lot → unit …
    disposed: dict[str, AmountsBy] = field(default_factory=dict)  # disposition → operation
    rework: AmountsBy = field(default_factory=dict)  # the operation where it waits
    reworked: AmountsBy = field(default_factory=dict)  # operation, as reported after rework there
    sent_back: AmountsBy = field(default_factory=dict)  # operation, from later ones for rework
    built: dict[str, dict[str, tuple[str, str, str]]] = field(
        default_factory=dict
    )  # serial of the product → id → component's (material, lot, serial)
    steps: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)  # … → id → operator
    checks: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)  # … → id → value
    labels: dict[str, dict[str, Label]] = field(default_factory=dict)  # label number → id
    on_units: dict[str, dict[str, UnitPacked | UnitClosed]] = field(default_factory=dict)  # … → id
    packed: dict[str, AmountsBy] = field(default_factory=dict)  # material → lot, on units
    accepted: dict[str, dict[str, str]] = field(default_factory=dict)  # deviation → id → badge

    @property
    def is_empty(self) -> bool:
        """Whether no effective event tells of this order."""
        return not self.facts


Facts = TypeVar("Facts", bound=OrderFacts)


def ends_setup(end: SetupEnded, start: OperationStarted) -> bool:
    """Whether that is the end of this start's set-up; without a name, of any start there."""
    if end.of:
        return end.of == start.id
    return (end.operation, end.station) == (start.operation, start.station)


def evolve(order: Facts, event: Event, sign: int = 1) -> Facts:
    """Add one event in place, or with `sign` -1 take it out again; never raises.

    The caller sees to it that an event comes once, and takes out only what it added.
    """
    add_fact = _FACTS.get(type(event))
    if add_fact is not None:
        order.facts += sign
        add_fact(order, event, sign)
        for one in event.accepted:
            put(order.accepted, sign, one.by, one.deviation, event.id)
    return order


def _header(order: OrderFacts, event: Any, _sign: int) -> None:
    order.header = winner(order.header, event)
    if isinstance(event, OrderReleased):
        order.release = winner(order.release, event)


def _hold(order: OrderFacts, event: Any, _sign: int) -> None:
    order.hold = winner(order.hold, event)


def _closure(order: OrderFacts, event: Any, _sign: int) -> None:
    order.closure = winner(order.closure, event)


def _kept(name: str) -> Callable[[OrderFacts, Any, int], None]:
    def keep(order: OrderFacts, event: Event, sign: int) -> None:
        put(getattr(order, name), sign, event, event.id)

    return keep


def _reported(order: OrderFacts, event: OperationReported, sign: int) -> None:
    good, scrap, operation = event.good, event.scrap, event.operation
    add(order.good, sign * micros_of(good), operation, good.unit)
    if event.serials:
        twice = repeated(order.pieces_good, sign, event.serials, good, operation)
        add(order.good, -sign * len(twice) * MICROS_PER_ONE, operation, good.unit)
    if scrap is not None:
        add(order.scrap, sign * micros_of(scrap), operation, scrap.unit)
        add(order.scrap_reasons, sign * micros_of(scrap), event.reason, scrap.unit)
    if event.reworked is not None:
        again, unit = sign * micros_of(event.reworked), event.reworked.unit
        add(order.rework, -again, operation, unit)
        add(order.reworked, again, operation, unit)
    for serial in event.serials:
        put(order.serials_at, sign, event.station, operation, serial, event.id)


def _consumed(order: OrderFacts, event: MaterialConsumed, sign: int) -> None:
    _use(order, event, sign * micros_of(event.quantity), torn=event.scrapped)
    if event.serial:
        put(order.serials_in, sign, event.material, event.serial, event.id)
    if event.into:
        part = (event.material, event.lot, event.serial)
        put(order.built, sign, part, event.into, event.id)


def _returned(order: OrderFacts, event: MaterialReturned, sign: int) -> None:
    _use(order, event, -sign * micros_of(event.quantity), torn=False)
    if event.serial:
        put(order.serials_back, sign, event.material, event.serial, event.id)


def _use(
    order: OrderFacts, event: MaterialConsumed | MaterialReturned, micros: int, *, torn: bool
) -> None:
    unit, material, lot = event.quantity.unit, event.material, event.lot
    path = (event.line, event.operation, material, lot, unit)
    add(order.consumed, micros, material, lot, unit)
    add(order.used, micros, *path)
    order.add_use(event.line, unit, micros, torn=torn)
    if torn:
        add(order.waste, micros, material, unit)
        add(order.wasted, micros, *path)


def _produced(order: OrderFacts, event: MaterialProduced, sign: int) -> None:
    quantity, material, lot = event.quantity, event.material, event.lot
    unit, micros = quantity.unit, sign * micros_of(quantity)
    made = out = micros
    if event.serials:
        twice = repeated(
            order.pieces_made, sign, event.serials, quantity, event.operation, material
        )
        made -= sign * len(twice) * MICROS_PER_ONE
        twice = repeated(order.pieces_out, sign, event.serials, quantity, material, lot)
        out -= sign * len(twice) * MICROS_PER_ONE
    add(order.produced, out, lot, unit)
    add(order.outputs, out, material, lot, unit)
    add(order.made, made, event.operation, unit)
    for serial in event.serials:
        put(order.serials_out, sign, event.material, serial, event.id)


def _disposed(order: OrderFacts, event: MaterialDisposed, sign: int) -> None:
    unit, micros = event.quantity.unit, sign * micros_of(event.quantity)
    add(order.disposed, micros, event.disposition, event.operation, unit)
    if event.disposition == "scrap":
        add(order.scrap, micros, event.operation, unit)
        add(order.scrap_reasons, micros, event.reason, unit)
    elif event.disposition == "rework":
        _sent_to_rework(order, event, micros)
    elif event.lot and event.material:  # a blocked lot: what went in is traced to it as well
        add(order.outputs, micros, event.material, event.lot, unit)


def _sent_to_rework(order: OrderFacts, event: MaterialDisposed, micros: int) -> None:
    """It waits at an operation; where that is an earlier one, it is not good there any more."""
    unit, operation = event.quantity.unit, event.operation
    target = event.rework_operation or operation
    add(order.rework, micros, target, unit)
    if target != operation:
        add(order.sent_back, micros, target, unit)
    if event.lot:  # it leaves stock, and comes again when it is finished
        add(order.produced, -micros, event.lot, unit)
        add(order.outputs, -micros, event.material, event.lot, unit)


def _step(order: OrderFacts, event: StepConfirmed, sign: int) -> None:
    put(order.steps, sign, event.operator, event.operation, event.step, event.id)


def _check(order: OrderFacts, event: CheckRecorded, sign: int) -> None:
    put(order.checks, sign, event.value, event.operation, event.check, event.id)


def _label(order: OrderFacts, event: LabelEvent, sign: int) -> None:
    put(order.labels, sign, event, event.label, event.id)


def _on_unit(order: OrderFacts, event: UnitPacked | UnitClosed, sign: int) -> None:
    put(order.on_units, sign, event, event.unit, event.id)
    if isinstance(event, UnitPacked) and event.quantity is not None:
        micros, unit = micros_of(event.quantity), event.quantity.unit
        add(order.packed, sign * micros, event.material, event.lot, unit)


_FACTS: Final[dict[type[Event], Callable[[OrderFacts, Any, int], None]]] = {
    OrderPlanned: _header,
    OrderReleased: _header,
    OrderChanged: _header,
    OrderHeld: _hold,
    OrderResumed: _hold,
    OrderClosed: _closure,
    OrderReopened: _closure,
    OrderCancelled: _closure,
    OperationStarted: _kept("starts"),
    OperationPaused: _kept("pauses"),
    OperationResumed: _kept("resumes"),
    SetupEnded: _kept("setups"),
    OperationReported: _reported,
    OperationEnded: _kept("ends"),
    OperatorJoined: _kept("joins"),
    OperatorLeft: _kept("leaves"),
    MaterialConsumed: _consumed,
    MaterialReturned: _returned,
    MaterialProduced: _produced,
    MaterialDisposed: _disposed,
    StepConfirmed: _step,
    CheckRecorded: _check,
    LabelRequested: _label,
    LabelPrinted: _label,
    LabelDoubted: _label,
    LabelVoided: _label,
    UnitPacked: _on_unit,
    UnitClosed: _on_unit,
}
ORDER_FACTS: Final = frozenset(_FACTS)
