"""A station's data folder as it is after enrolment and some months of work, made without a server.

One operator, one open order of a million pieces with one material, its lots in stock. Behind it
lie finished orders of a hundred events each; the same orders as files, for a server to import.
"""

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from uuid_utils import uuid7

from kiosk.clock import Clock
from kiosk.config import ENROLMENT_NAME, TOKEN_NAME
from kiosk.journal import Journal
from labels.codes import BadgeCode, LotCode, OrderCode, encode
from sync.domain.events import (
    Event,
    LabelPrinted,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OperatorDefined,
    OrderReleased,
    ReleasedLine,
    RoutingOperation,
    StepConfirmed,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.wire import FeedMark
from sync.wire import encode as body_of

STATION: Final = "BENCH-1"
WORK_CENTER: Final = "MIX"
ORDER: Final = "BENCH-ORDER"
PIECES: Final = "1000000"
LOTS: Final = 40
LOT_CHARS: Final = 12
BATCH_EVENTS: Final = 500
NO_SERVER: Final = "http://127.0.0.1:9"
ORDER_EVENTS: Final = 100
DONES, SCANS_A_DONE = 5, 16
COMPONENTS, COMPONENT_LOTS = 8, 5
AT: Final = "2026-03-02T06:14:09.125+01:00"

BADGE: Final = encode(BadgeCode("4402917386")).encode()
TRAVELLER: Final = encode(OrderCode(ORDER, "ROLL", Decimal(PIECES), "C62")).encode()


def lots(count: int = LOTS) -> list[str]:
    """Lot numbers of which neighbours share no letter: every cell of a new one must be drawn."""
    dice = random.Random(7)
    alphabets = ("ABCDEFGHJKLM", "NPQRSTUVWXYZ")
    return [
        "".join(dice.choice(alphabets[number % 2]) for _ in range(LOT_CHARS))
        for number in range(count)
    ]


def container(lot: str) -> bytes:
    """The label of one bag of half a kilogram."""
    return encode(LotCode(lot, "WHEAT", amount=Decimal("0.5"), unit="KGM")).encode()


def make(folder: Path, *, server: str = NO_SERVER, events: int = 0, serial: str = "") -> None:
    """An enrolled folder; `events` of earlier months are in its journal and in its image."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENROLMENT_NAME).write_text(
        f'name = "{STATION}"\nwork_centers = ["{WORK_CENTER}"]\nserver = "{server}"\n'
    )
    (folder / TOKEN_NAME).write_text("bench-token\n")
    scanner = f'[[scanner]]\nname = "scanner"\nport = "{serial}"\n' if serial else ""
    (folder / "kiosk.toml").write_text(f"{scanner}[site]\npin = false\n")
    journal = opened(folder)
    try:
        bodies = [body_of(event) for event in _office(events // ORDER_EVENTS)]
        journal.absorb(bodies, FeedMark("bench", len(bodies), "")).result()
        append(journal, shifts(events))
        shop, local = journal.folded()
        assert journal.save_image(shop, local)
    finally:
        journal.close()


def opened(folder: Path) -> Journal:
    """The folder's journal."""
    return Journal.open(folder, station=STATION, clock=Clock(), new_id=lambda: str(uuid7()))


def append(journal: Journal, events: Sequence[Event]) -> None:
    """Record events as acts of their own, in transactions of many."""
    for start in range(0, len(events), BATCH_EVENTS):
        journal.append(events[start : start + BATCH_EVENTS]).result()


def shifts(events: int) -> list[Event]:
    """So many events of finished orders, as an operator's scans make them; a multiple of 100."""
    made = [event for number in range(events // ORDER_EVENTS) for event in _worked(f"P-{number}")]
    return [
        stamped(event, id=_identity(7, number), act=_identity(8, number), at=AT, operator="anna")
        for number, event in enumerate(made, 1)
    ]


def write_factory(folder: Path, orders: int) -> None:
    """The CSV files of the finished orders, their materials and their stock."""
    folder.mkdir()
    names = [f"PART-{number}" for number in range(COMPONENTS)]
    files = {
        "materials": ["material,name,unit", "ROLL,Wheat roll,pcs"]
        + [f"{name},Component {name},kg" for name in names],
        "boms": ["material,for_quantity,component,quantity,unit,operation"]
        + [f"ROLL,1000,{name},12.5,kg,10" for name in names],
        "routings": ["material,operation,work_center,name", f"ROLL,10,{WORK_CENTER},Mix and bake"],
        "work_centers": ["work_center,name", f"{WORK_CENTER},Bakehouse"],
        "operators": ["person,name,badge", "anna,Anna Berg,4402917386"],
        "orders": ["order,material,quantity,due,release"]
        + [f"P-{number},ROLL,1000 pcs,+1d,yes" for number in range(orders)],
        "stock": ["material,lot,quantity,unit,place"]
        + [f"{name},{lot},1000000,kg,A3" for name in names for lot in _part_lots()],
    }
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _worked(order: str) -> Iterator[Event]:
    where: dict[str, Any] = {"order": order, "operation": "10", "work_center": WORK_CENTER}
    lots_here, pieces = cycle(_part_lots()), Quantity("200", "C62")
    yield OperationStarted(**where)
    for done in range(DONES):
        for scan in range(SCANS_A_DONE):
            number = (done * SCANS_A_DONE + scan) % COMPONENTS
            yield MaterialConsumed(
                **where,
                material=f"PART-{number}",
                lot=next(lots_here),
                quantity=Quantity("1.25", "KGM"),
                line=str(number + 1),
            )
        yield OperationReported(**where, good=pieces)
        yield MaterialProduced(
            **where, material="ROLL", lot=order, quantity=pieces, label=f"{done + 1}"
        )
        yield LabelPrinted(order=order, label=f"{done + 1}", of=_identity(7, 1), printer="labels")
    start = _identity(7, 1)
    yield StepConfirmed(**where, step="Mix 12 minutes")
    yield OperationPaused(**where, of=start, reason="BREAK")
    yield OperationResumed(**where, of=start)
    yield OperationEnded(**where, of=start)


def _part_lots() -> list[str]:
    return [f"L-{number}" for number in range(COMPONENT_LOTS)]


def _identity(kind: int, number: int) -> str:
    return f"0196f3a0-7c1e-7b44-{kind}a51-{number:012d}"


def _office(orders: int) -> Iterator[Event]:
    """What the server would have fed."""
    for number, event in enumerate((*_plan(), *_finished(orders)), 1):
        identity = _identity(9, number)
        yield stamped(event, id=identity, act=identity, at=AT, station="office", n=number)


def _finished(orders: int) -> Iterator[Event]:
    """The finished orders' releases and what they took."""
    lines = tuple(
        ReleasedLine(
            str(number + 1), f"PART-{number}", f"Component PART-{number}", Quantity("100", "KGM")
        )
        for number in range(COMPONENTS)
    )
    for number in range(orders):
        yield OrderReleased(
            order=f"P-{number}",
            revision=1,
            material="ROLL",
            name="Wheat roll",
            quantity=Quantity("1000", "C62"),
            operations=(RoutingOperation("10", WORK_CENTER, "Mix and bake"),),
            lines=lines,
        )
    for number in range(COMPONENTS):
        for lot in _part_lots():
            yield MaterialReceived(
                material=f"PART-{number}", lot=lot, quantity=Quantity("1000000", "KGM"), place="A3"
            )


def _plan() -> Iterator[Event]:
    yield OperatorDefined(person="anna", revision=1, name="Anna Berg", badge="4402917386")
    yield MaterialDefined(material="ROLL", revision=1, name="Wheat roll", unit="C62")
    yield MaterialDefined(
        material="WHEAT", revision=1, name="Wheat flour", unit="KGM", label_quantity=True
    )
    need = Quantity("900000", "KGM")
    yield OrderReleased(
        order=ORDER,
        revision=1,
        material="ROLL",
        name="Wheat roll",
        quantity=Quantity(PIECES, "C62"),
        due="2026-12-24",
        operations=(RoutingOperation("10", WORK_CENTER, "Mix and bake"),),
        lines=(
            ReleasedLine("1", "WHEAT", "Wheat flour", need, operation="10", label_quantity=True),
        ),
    )
    for lot in lots():
        yield MaterialReceived(
            material="WHEAT", lot=lot, quantity=Quantity("5000", "KGM"), place="A3"
        )
