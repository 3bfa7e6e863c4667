"""Materials and output by scanner bytes, on a real terminal of the smallest size and a larger one."""

from pathlib import Path

import pytest

from kiosk.screens.floor import Zone
from labels.codes import MaterialCode
from sync.domain.events import MaterialConsumed, MaterialDisposed, MaterialReturned
from tests.kiosk.terminals import (
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
from tests.kiosk.test_complaints_materials import WHEAT_25, booked, journal, scans

SIZES = ((80, 24), (120, 40))


def whole(terminal: Terminal) -> None:
    """Nothing on the order is cut: no line is longer than its zone, no row falls below it."""
    zone = terminal.query_one("#order", Zone)
    lines = terminal.zone("order").splitlines()
    assert len(lines) <= terminal.query_one("#body").content_size.height
    assert all(len(line) <= zone.size.width for line in lines)


@pytest.mark.parametrize("size", SIZES)
async def test_a_lot_goes_back_to_stock(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, size):
        await scans(terminal, badge("anna"), order("B-1"), command("OK"), WHEAT_25)
        await scans(terminal, command("RETURN"))
        assert terminal.band.word == "RETURN"
        await scans(terminal, *number("5"), WHEAT_25)
        assert terminal.band.word == "BACK"
        assert "5 KG back to A3 · 40 KG to go" in terminal.zone("what")
        (event,) = journal(terminal, MaterialReturned)
        assert (event.lot, str(event.quantity), event.place) == ("W-204", "5 KG", "A3")
        await scans(terminal, *number("99"), command("RETURN"), WHEAT_25)
        assert "99 KG cannot go back, 20 KG went in." in terminal.zone("what")
        await scans(terminal, command("CANCEL"), command("UNDO"))
        assert "the return of 5 KG is taken back" in terminal.zone("what")
        whole(terminal)


@pytest.mark.parametrize("size", SIZES)
async def test_rework_and_hold_stand_on_the_order(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, size):
        await scans(terminal, badge("anna"), order("B-1"), command("OK"))
        await scans(terminal, lot("W-204", "WHEAT"), lot("Y-31", "YEAST"))
        await scans(terminal, *number("480"), command("DONE"))
        await scans(terminal, *number("12"), command("REWORK"))
        assert "Bag torn" in terminal.zone("choices")
        await scans(terminal, reason("BURNT"))
        assert "12 PCS to rework" in terminal.zone("what")
        assert "REWORK 12 PCS · DONE = 12 PCS" in terminal.zone("next")
        await scans(terminal, *number("6"), command("HOLD"), reason("BURNT"))
        assert "6 PCS blocked as lot B-1-HOLD" in terminal.zone("what")
        shown = terminal.zone("order")
        assert "468 of 1000 PCS done, 6 ON HOLD, 12 REWORK" in shown
        assert "REWORK 12 PCS · DONE = 12 PCS" in shown
        whole(terminal)
        await scans(terminal, command("QUEUE"))
        assert "12 PCS" in terminal.zone("queue") or "12 REWORK" in terminal.zone("queue")
        await scans(terminal, command("DONE"))
        assert "12 PCS reworked, 480 OF 1000 · 514 LEFT" in terminal.zone("what")
        events = journal(terminal, MaterialDisposed)
        assert [(one.disposition, one.reason) for one in events] == [
            ("rework", "BURNT"),
            ("hold", "BURNT"),
        ]


async def test_an_article_waits_visibly_for_its_lot(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await scans(terminal, badge("anna"), order("B-1"), command("OK"))
        await scans(terminal, b"]E09521101530018\r")
        assert terminal.band.word == "WHICH LOT?"
        assert "WHICH LOT OF Wheat flour?" in terminal.zone("what")
        await scans(terminal, lot("R-118"))
        assert "R-118 is a lot of Rye flour, not of Wheat flour." in terminal.zone("what")
        await scans(terminal, lot("W-204"))
        assert booked(terminal) == [("WHEAT", "W-204", "60 KG")]
        assert terminal.query_one("#body").has_class("order")


async def test_what_is_left_in_the_bag_and_what_question_was_dropped(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await scans(terminal, badge("anna"), order("B-1"), command("OK"))
        await scans(terminal, *number("47.5"), lot("W-204", "WHEAT"), WHEAT_25)
        assert "12.5 KG" in terminal.zone("what")
        assert "LEFT IN" in terminal.zone("what")
        await scans(terminal, *number("4"), WHEAT_25)
        assert terminal.band.word == "TOO MUCH?"
        await scans(terminal, lot("Y-31", "YEAST"))
        assert "TOO MUCH? NOT BOOKED" in terminal.zone("what")
        assert [one[0] for one in booked(terminal)] == ["WHEAT", "WHEAT", "YEAST"]


@pytest.mark.parametrize("size", SIZES)
async def test_substitutes_give_way_to_lines(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, size):
        await scans(terminal, badge("anna"), order("B-2"))
        shown = terminal.zone("order")
        assert "R-118 at A4" in shown
        assert "or Wheat flour: W-204 at A3" in shown
        whole(terminal)
        await scans(terminal, order("B-3"))
        assert "booked with DONE" in terminal.zone("order")
        whole(terminal)


async def test_a_piece_and_what_went_into_it(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await scans(terminal, badge("anna"), order("B-4"), MaterialCode("BOX", serial="X-1"))
        await scans(terminal, MaterialCode("CHIP", serial="C-1"))
        assert "1 PCS into X-1" in terminal.zone("what")
        (event,) = journal(terminal, MaterialConsumed)
        assert (event.serial, event.into) == ("C-1", "X-1")
        await scans(terminal, MaterialCode("BOX", serial="X-1"))
        assert terminal.band.word == "SEEN BEFORE"


async def test_a_done_that_completed_is_final_but_for_its_number(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await scans(terminal, badge("anna"), order("B-1"), command("OK"))
        await scans(terminal, lot("W-204", "WHEAT"), lot("Y-31", "YEAST"), command("DONE"))
        await scans(terminal, command("UNDO"))
        assert "only the office takes back" in terminal.zone("what")
        await scans(terminal, *number("990"), command("OK"))
        assert terminal.shop.orders["B-1"].good_total == 990_000_000
