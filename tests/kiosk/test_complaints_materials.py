"""What people complain about in other systems, fed to this one: materials, quantities, undo.

Each test takes a complaint's own input and finds its opposite in the journal and on the screen.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar

import pytest

from kiosk.journal import Journal
from kiosk.screens.floor import BODIES
from kiosk.station import new_id
from labels.codes import Code, LotCode, MaterialCode
from sync.domain.events import (
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialReceived,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationStarted,
    stamped,
)
from sync.wire import FeedMark, Unknown
from sync.wire import encode as body_of
from tests.kiosk.dialog.bakery import TODAY, kg
from tests.kiosk.terminals import (
    StillClock,
    Terminal,
    badge,
    command,
    lot,
    number,
    order,
    reason,
    running,
    seeded,
)

E = TypeVar("E", bound=Event)
WHEAT_25: Final = b"]C10109521101530018310302500010W-204\r"
RYE_25: Final = b"]C10109521101530025310302500010W-204\r"
STRANGE: Final = b"]C10109521101539998310302500010W-204\r"


@asynccontextmanager
async def at_work(
    data: Path, name: str = "B-1", more: Iterable[Event] = ()
) -> AsyncIterator[Terminal]:
    """Anna at an order that was opened just now; `more` is what the office told beside."""
    config = seeded(data)
    told(data, tuple(more))
    terminal = Terminal(config)
    async with running(terminal):
        await scans(terminal, badge("anna"), order(name))
        if name == "B-1":
            await terminal.scan(command("OK"))
        yield terminal


def told(data: Path, events: tuple[Event, ...]) -> None:
    """Something more from the office, before the terminal starts."""
    if not events:
        return
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    bodies = [
        body_of(stamped(one, id=f"1-{n:04}", n=n, station="office", at=TODAY.isoformat()))
        for n, one in enumerate(events, 1000)
    ]
    journal.absorb(bodies, FeedMark("i1", 1000 + len(bodies), "00")).result(5)
    journal.close()


async def scans(terminal: Terminal, *codes: Code | bytes) -> None:
    for code in codes:
        await terminal.scan(code)


def journal(terminal: Terminal, kind: type[E]) -> list[E]:
    """The station's own events of a type, as they stand in the journal."""
    assert terminal.station is not None
    events = (record.event for _, record in terminal.station.journal.replay())
    return [
        one
        for one in events
        if not isinstance(one, Unknown) and isinstance(one, kind) and one.station == "BAKE-1"
    ]


def booked(terminal: Terminal) -> list[tuple[str, str, str]]:
    """What went in and was not taken back."""
    gone = {one.of for one in journal(terminal, EventReversed)}
    found = [one for one in journal(terminal, MaterialConsumed) if one.act not in gone]
    return [(one.material, one.serial or one.lot, str(one.quantity)) for one in found]


def row(terminal: Terminal, name: str) -> list[str]:
    """The cells of a material's row on the order."""
    lines = terminal.zone("order").splitlines()
    return next(line for line in lines if line.startswith(name)).split()


async def test_w16_a_wrong_product_is_answered_and_adds_no_line(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        before = terminal.zone("order")
        await terminal.scan(lot("SD-5", "SEEDS"))
        assert booked(terminal) == []
        assert terminal.band.word == "WRONG LOT"
        assert "You scanned Sunflower seeds SD-5." in terminal.zone("what")
        assert terminal.zone("order") == before
        await terminal.scan(lot("R-118", "RYE"))
        assert "Rye flour R-118 belongs to order B-2." in terminal.zone("what")


@pytest.mark.parametrize(
    ("label", "says"), [(RYE_25, "Rye flour W-204"), (STRANGE, "09521101539998")]
)
async def test_w17_the_gtin_in_a_code_is_compared_with_the_line(
    tmp_path: Path, label: bytes, says: str
) -> None:
    async with at_work(tmp_path) as terminal:
        await terminal.scan(label)
        assert booked(terminal) == []
        assert terminal.band.kind == "stop"
        assert says in terminal.zone("what")
        await scans(terminal, command("CANCEL"), WHEAT_25)
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG")]


async def test_w18_a_lot_number_of_two_products_is_that_of_the_scanned_one(tmp_path: Path) -> None:
    shared = [
        MaterialReceived(material=one, lot="L-1", quantity=kg("90")) for one in ("WHEAT", "YEAST")
    ]
    async with at_work(tmp_path, more=shared) as terminal:
        await terminal.scan(lot("L-1"))
        assert booked(terminal) == []
        assert "Wheat flour and of Fresh yeast" in terminal.zone("what")
        await terminal.scan(MaterialCode("YEAST"))
        assert "WHICH LOT OF Fresh yeast" in terminal.zone("what")
        await terminal.scan(lot("L-1"))
        assert booked(terminal) == [("YEAST", "L-1", "2 KG")]
        assert row(terminal, "Wheat flour")[2:6] == ["60", "KG", "0", "60"]


async def test_w19_a_second_lot_of_an_item_stands_beside_the_first(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await scans(terminal, WHEAT_25, *number("5"), lot("W-210", "WHEAT"))
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG"), ("WHEAT", "W-210", "5 KG")]
        assert row(terminal, "Wheat flour")[2:6] == ["60", "KG", "30", "30"]
        await terminal.scan(lot("W-204", "WHEAT"))
        assert "W-204, W-210" in terminal.zone("order")


async def test_w20_one_serial_adds_no_other(tmp_path: Path) -> None:
    async with at_work(tmp_path, "B-4") as terminal:
        await terminal.scan(MaterialCode("CHIP", serial="C-2"))
        assert booked(terminal) == [("CHIP", "C-2", "1 PCS")]
        assert "1 PCS · 1 PCS left" in terminal.zone("what")
        assert row(terminal, "Thermometer chip")[2:6] == ["2", "PCS", "1", "1"]


async def test_w21_scanning_counts_and_never_changes_the_plan(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await scans(terminal, WHEAT_25, WHEAT_25)
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG")] * 2
        assert row(terminal, "Wheat flour")[2:6] == ["60", "KG", "50", "10"]
        await scans(terminal, *number("1"), command("DONE"), command("CANCEL"))
        assert "0 of 1000 PCS" in terminal.zone("order")


async def test_w22_a_container_of_ten_issues_the_two_that_are_needed(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await terminal.scan(LotCode("Y-31", "YEAST", amount=Decimal(10), unit="KGM"))
        assert booked(terminal) == [("YEAST", "Y-31", "2 KG")]
        assert "2 KG of 10 KG on label · 0 KG left · 8 KG LEFT IN BAG" in terminal.zone("what")


async def test_w22_another_material_is_taken_where_the_order_allows_it(tmp_path: Path) -> None:
    async with at_work(tmp_path, "B-2") as terminal:
        assert "or Wheat flour: W-204 at A3" in terminal.zone("order")
        await terminal.scan(WHEAT_25)
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG")]
        assert "25 KG instead of Rye flour · 75 KG left" in terminal.zone("what")


async def test_w23_the_quantity_of_a_label_is_shown_and_can_be_changed(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await terminal.scan(WHEAT_25)
        assert "25 KG of 25 KG on label · 35 KG left" in terminal.zone("what")
        await scans(terminal, *number("20"), command("OK"))
        assert booked(terminal) == [("WHEAT", "W-204", "20 KG")]
        assert "20 KG instead of 25 KG · 40 KG left" in terminal.zone("what")


async def test_w24_scan_after_scan_with_the_place_of_the_next(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        assert "lot W-204 from A3" in terminal.zone("next")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert "Fresh yeast: lot Y-31 from C1" in terminal.zone("next")
        await terminal.scan(lot("Y-31", "YEAST"))
        assert "Scan DONE" in terminal.zone("next")
        assert booked(terminal) == [("WHEAT", "W-204", "60 KG"), ("YEAST", "Y-31", "2 KG")]


async def fed(terminal: Terminal) -> None:
    await scans(terminal, lot("W-204", "WHEAT"), lot("Y-31", "YEAST"))


async def test_w25_eight_of_ten_is_a_part_and_no_loss(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await fed(terminal)
        await scans(terminal, *number("800"), command("DONE"))
        (report,) = journal(terminal, OperationReported)
        assert (str(report.good), report.scrap) == ("800 PCS", None)
        assert journal(terminal, OperationEnded) == []
        assert "800 OF 1000 · 200 LEFT" in terminal.zone("what")
        assert "DONE = 200 PCS" in terminal.zone("order")


async def test_w26_no_order_closes_with_nothing_in(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await terminal.scan(command("DONE"))
        assert journal(terminal, OperationReported) == []
        assert (terminal.band.kind, terminal.band.word) == ("stop", "NOTHING IN")
        await scans(terminal, command("CANCEL"))
        await fed(terminal)
        await terminal.scan(command("DONE"))
        assert len(journal(terminal, OperationReported)) == 1


async def test_w26_another_lot_instead_counts_once(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await scans(terminal, *number("20"), lot("W-204", "WHEAT"), command("UNDO"))
        await scans(terminal, *number("20"), lot("W-210", "WHEAT"))
        assert booked(terminal) == [("WHEAT", "W-210", "20 KG")]
        assert row(terminal, "Wheat flour")[2:6] == ["60", "KG", "20", "40"]


async def test_w27_a_pause_wants_no_quantity_and_the_clock_starts_with_the_work(
    tmp_path: Path,
) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal):
        await scans(terminal, badge("anna"), command("QUEUE"), command("HELP"), command("QUEUE"))
        assert journal(terminal, OperationStarted) == []
        await scans(terminal, order("B-1"), command("PAUSE"), reason("BREAK"))
        assert len(journal(terminal, OperationPaused)) == 1
        assert journal(terminal, OperationReported) == []
        assert terminal.band.word == "PAUSED"
        assert "PAUSED" in terminal.zone("order")


async def test_w28_good_scrap_and_reason_are_one_act_on_one_screen(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await fed(terminal)
        await scans(terminal, *number("12"), command("SCRAP"), reason("BURNT"))
        assert terminal.query_one("#body").has_class("order")
        assert "12 PCS SCRAP waits for DONE" in terminal.zone("order")
        await scans(terminal, *number("480"), command("DONE"))
        (report,) = journal(terminal, OperationReported)
        assert (str(report.good), str(report.scrap)) == ("480 PCS", "12 PCS")
        assert report.reason == "BURNT"
        assert "480 OF 1000 · 508 LEFT" in terminal.zone("what")


async def test_w29_more_than_planned_is_asked_and_taken(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await fed(terminal)
        await scans(terminal, *number("1050"), command("DONE"))
        assert journal(terminal, OperationReported) == []
        assert (terminal.band.kind, terminal.band.word) == ("ask", "TOO MANY?")
        await terminal.scan(command("OK"))
        (report,) = journal(terminal, OperationReported)
        assert str(report.good) == "1050 PCS"
        assert [one.deviation for one in report.accepted] == ["over_production"]


async def test_w30_a_wrong_lot_is_taken_back_and_the_need_stands_again(tmp_path: Path) -> None:
    async with at_work(tmp_path) as terminal:
        await terminal.scan(lot("W-204", "WHEAT"))
        assert row(terminal, "Wheat flour")[4:6] == ["60", "✔"]
        await terminal.scan(command("UNDO"))
        assert booked(terminal) == []
        assert row(terminal, "Wheat flour")[2:6] == ["60", "KG", "0", "60"]
        assert "W-204 at A3" in terminal.zone("order")
        await terminal.scan(WHEAT_25)
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG")]


async def test_w31_a_wrong_serial_is_taken_back(tmp_path: Path) -> None:
    async with at_work(tmp_path, "B-4") as terminal:
        await scans(terminal, MaterialCode("CHIP", serial="C-1"), command("UNDO"))
        assert booked(terminal) == []
        assert terminal.band.word == "UNDONE"
        await scans(terminal, MaterialCode("CHIP", serial="C-2"))
        await scans(terminal, MaterialCode("CHIP", serial="C-1"))
        assert booked(terminal) == [("CHIP", "C-2", "1 PCS"), ("CHIP", "C-1", "1 PCS")]


BODY_COMMANDS: Final = {
    "queue": "QUEUE",
    "order": "",
    "outbox": "OUTBOX",
    "help": "HELP",
    "prints": "PRINT",
    "drawing": "DRAWING",
}
CLAIMS: Final = {
    "doctor",
    "handover",
    "choices",
    "enrol",
    "packing",
}  # bodies that claim scans, or ask


@pytest.mark.parametrize("body", [one for one in BODIES if one not in CLAIMS])
async def test_a_lot_scanned_from_any_body_is_booked_and_leads_to_the_order(
    tmp_path: Path, body: str
) -> None:
    async with at_work(tmp_path) as terminal:
        if BODY_COMMANDS[body]:
            await terminal.scan(command(BODY_COMMANDS[body]))
        assert terminal.query_one("#body").has_class(body)
        await terminal.scan(WHEAT_25)
        assert booked(terminal) == [("WHEAT", "W-204", "25 KG")]
        assert terminal.query_one("#body").has_class("order")
        assert "25 KG of 25 KG on label" in terminal.zone("what")
