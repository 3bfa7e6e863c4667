"""What the zones show of one state: who, which order, how much is left, what UNDO would do."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from kiosk.dialog import Asking, Choice, Dialog, Notice, Typing, Workplace
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import Around, Link
from kiosk.screens.band import Band, tag, what
from kiosk.screens.choices import choices
from kiosk.screens.floor import View, next_step
from kiosk.screens.head import head
from kiosk.screens.notices import own_sentences
from kiosk.screens.queue import queue
from kiosk.texts import LINE_COLUMNS_MAX, WORD_CHARS_MAX, Texts
from kiosk.texts.forms import Forms
from labels.codes import Code
from tests.kiosk.dialog.bakery import TODAY, Floor
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, running, seeded
from tests.kiosk.test_texts import FORBIDDEN

ENGLISH = Texts.load("en")
STOP = Band("stop", "WRONG LOT", "You scanned Rye flour R-118. This order needs Wheat flour.")


@dataclass
class Opened:
    """A floor with B-1 open, and a number that waits."""

    floor: Floor = field(default_factory=Floor)

    def __post_init__(self) -> None:
        self.floor.badge("anna")
        self.floor.open("B-1")
        self.floor.type("1.5")

    def tag(self, band: Band) -> str:
        return tag(band, self.floor.dialog, self.floor.shop, Forms())


@pytest.mark.parametrize(
    ("band", "told"),
    [
        (STOP, "B-1 · 1.5 KG"),
        (Band("ok", "OPEN", "Wheat roll B-1: 1000 PCS"), "1.5 KG"),
        (Band("note", "1.5 KG", "1.5 KG for the next scan."), "B-1"),
        (Band("ok", "OPEN", "Wheat roll B-12: 1000 PCS"), "B-1 · 1.5 KG"),
        (Band("rest", "B-1", "1.5 of it"), ""),
    ],
)
def test_the_order_and_a_number_stand_in_the_band_at_every_answer(band: Band, told: str) -> None:
    assert Opened().tag(band) == told


@pytest.mark.parametrize(
    ("rows", "width", "shown"),
    [
        (2, 80, "✖ STOP · B-1   You scanned Rye flour R-118. This order needs Wheat flour."),
        (2, 70, "✖ STOP · B-1\nYou scanned Rye flour R-118. This order needs Wheat flour."),
        (1, 70, "✖ · B-1   You scanned Rye flour R-118. This order needs Wheat flour."),
        (1, 63, "✖   You scanned Rye flour R-118. This order needs Wheat flour."),
        (1, 60, "You scanned Rye flour R-118. This order needs Wheat flour."),
        (1, 30, "You scanned Rye flour R-118. …"),
    ],
)
def test_the_sentence_gives_way_last(rows: int, width: int, shown: str) -> None:
    assert what(STOP, "B-1", ENGLISH.label, rows, width).plain == shown


UP = (SourceState("hand", True, ""), SourceState("/dev/serial/by-id/left", True, ""))
DOWN = (UP[0], SourceState("left", False, "unplugged"))
PRINTERS = (PrintState("batch", "idle"), PrintState("pallet", "waiting", queued=2))


@pytest.mark.parametrize(
    ("around", "width", "told"),
    [
        (
            {"sources": UP, "printers": PRINTERS[:1]},
            80,
            " BAKE-1 │ Anna Berg │ ● hand  ● left │ ● batch",
        ),
        ({"sources": UP, "printers": PRINTERS[:1]}, 62, " BAKE-1 │ Anna Berg │ ● scan  ● print"),
        ({"sources": DOWN, "printers": PRINTERS}, 120, "✖ left │ ● batch  ✖ pallet: waits +2"),
        (
            {"sources": DOWN, "printers": PRINTERS, "link": Link("offline", "10:42", "", 12)},
            100,
            "Anna Berg │ ✖ left  ● scan  ✖ pallet  ● print",
        ),
        (
            {"sources": UP, "printers": PRINTERS[:1], "link": Link("offline", "10:42", "", 123)},
            80,
            "Anna Berg │ ● scan  ● print     │ OFFLINE 10:42 · 123 waiting │ 08:00",
        ),
    ],
)
def test_the_head_tells_all_by_name_or_counts_what_is_well(
    around: dict[str, object], width: int, told: str
) -> None:
    floor = Opened().floor
    surroundings = replace(Around(TODAY, "BAKE-1", Link("online")), **around)  # type: ignore[arg-type]
    shown = head(floor.dialog, floor.shop, surroundings, ENGLISH.label, width).plain
    assert told in shown
    assert cell_len(shown) == width
    assert "…" not in shown


def test_the_head_names_everybody_who_is_signed_in() -> None:
    floor = Opened().floor
    floor.badge("paul")
    around = Around(TODAY, "BAKE-1", Link("online"))
    assert (
        "│ Anna Berg, Paul Lind "
        in head(floor.dialog, floor.shop, around, ENGLISH.label, 100).plain
    )
    assert "│ Anna Berg +1 " in head(floor.dialog, floor.shop, around, ENGLISH.label, 50).plain


def test_a_pin_is_not_to_be_read_in_the_entry_line() -> None:
    dialog = Dialog(Workplace("BAKE-1"), entry="4711")
    view = View(
        dialog, Floor().shop, Around(TODAY, "BAKE-1"), Band("ask", "PIN", ""), label=ENGLISH.label
    )
    assert next_step(view, 40).plain.endswith(" TYPED: 4711_ ")
    asking = Asking("pin", Notice("ask", "pin"), 0.0)
    view = replace(view, dialog=replace(dialog, asking=asking))
    assert next_step(view, 40).plain.endswith(" TYPED: ••••_ ")


def test_choices_are_numbered_and_ours_are_named_by_the_texts() -> None:
    own = (Choice("PAUSE"), Choice("KEEP"), Choice("BURNT", "Burnt"))
    asking = Asking("leave", Notice("ask", "leave"), 0.0, choices=own, selected=1)
    rows = [row.split() for row in choices(asking, Texts.load("en").label, 70, 8).plain.split("\n")]
    assert rows[1:] == [
        ["1", *["PAUSE:", "the", "work", "stops"]],
        ["▶", "2", *["KEEP", "RUNNING:", "the", "work", "goes", "on"]],
        ["3", "Burnt", "BURNT"],
    ]


@pytest.mark.parametrize(("rows", "shown"), [(9, 5), (6, 4), (5, 3), (3, 1)])
def test_the_queue_tells_how_many_orders_do_not_fit(rows: int, shown: int) -> None:
    floor = Floor()
    told = queue(
        floor.dialog, floor.shop, Around(TODAY, "BAKE-1"), ENGLISH.label, 80, rows
    ).plain.split("\n")
    assert len(told) <= rows
    assert len([line for line in told if line.startswith("B-")]) == shown
    assert ("more" in told[-1]) == (shown < 5)


def test_lines_above_the_queue_are_wrapped_and_counted() -> None:
    floor = Floor()
    around = Around(TODAY, "BAKE-1", rest=("word " * 30, "second"))
    told = queue(floor.dialog, floor.shop, around, ENGLISH.label, 80, 8).plain.split("\n")
    assert (len(told), told[2].strip(), told[-1].strip()) == (8, "second", "and 2 more: ↑ ↓")


async def shown_after(tmp_path: Path, zone: str, *codes: Code) -> str:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        for code in codes:
            await terminal.scan(code)
        return terminal.zone(zone)


async def test_undo_says_what_it_will_undo_before_it_is_scanned(tmp_path: Path) -> None:
    codes = (badge("anna"), order("B-1"), command("OK"), lot("W-204", "WHEAT"))
    shown = await shown_after(tmp_path, "scans", *codes)
    assert shown.splitlines()[-1] == "UNDO takes back Wheat flour W-204: 60 KG for B-1."


async def test_while_a_question_stands_undo_is_not_offered(tmp_path: Path) -> None:
    codes: tuple[Code, ...] = (badge("anna"), order("B-1"), *number("3"), command("SCRAP"))
    assert "UNDO" not in await shown_after(tmp_path, "scans", *codes)


async def test_what_runs_without_anybody_says_so(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        for code in (badge("anna"), order("B-1")):
            await terminal.scan(code)
        terminal.still.advance(601)
        await terminal.desk.tick()
        await terminal.settle()
        assert "RUNNING, nobody is signed in" in terminal.zone("order")
        await terminal.desk.take(Typing("12"))
        await terminal.settle()
        assert "TYPED: 12_" in terminal.zone("next")


def test_what_the_terminal_says_of_itself_is_plain_too() -> None:
    for key, one in own_sentences(ENGLISH).items():
        facts = {"label": "17", "printer": "batch", "station": "BAKE-1", "work_centers": "MIX"}
        facts |= {"saved": "19996", "missing": "4", "file": "kiosk.toml"}
        lines = [
            part.format(**facts, why="", server="plant:8400", path="journal.old")
            for part in (one.word, one.what, one.next)
        ]
        assert len(one.word) <= WORD_CHARS_MAX, key
        assert all(len(line) <= LINE_COLUMNS_MAX for line in lines), key
        assert not any(FORBIDDEN.search(line) for line in lines), key
