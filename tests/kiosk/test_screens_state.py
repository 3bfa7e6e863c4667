"""What the station says of itself: head line, outbox, printers; by scans in, on the screen out."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from rich.cells import cell_len

from kiosk.config import PrinterConfig, ScreenConfig
from kiosk.dialog import Key
from kiosk.links import PrintChanged
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import Around, Latency, Link
from kiosk.screens.head import head, is_alarm
from kiosk.screens.outbox import OutboxPage, outbox
from kiosk.screens.palette import theme_for
from kiosk.screens.prints import doing
from kiosk.screens.text import amount, day_of, short_day
from kiosk.screens.words import ago, told
from kiosk.texts import Texts, TextsError
from kiosk.texts.forms import Forms
from labels.codes import Code
from sync.domain.events import (
    EVENT_TYPES,
    Event,
    LabelPrinted,
    MaterialConsumed,
    MaterialDisposed,
    OperationReported,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop
from sync.exchange import State, SyncStatus
from sync.wire import Review
from tests.kiosk.dialog.bakery import TODAY, Floor
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, running, seeded

ENGLISH = Texts.load("en")
LABEL = ENGLISH.label
GERMAN = Forms(
    ",",
    ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"),
    "{weekday} {day}. {month}",
    "{day}. {month}",
    "{day}. {month} {year}",
)
FED: tuple[Code, ...] = (
    *(badge("anna"), order("B-1"), command("OK")),
    *(lot("W-204", "WHEAT"), lot("Y-31", "YEAST")),
)
WORST = Around(
    TODAY,
    "BAKE-1",
    Link("offline", "10:42", "", 1234, reviews=(Review("x", "already_ended"),)),
    sources=(SourceState("hand", True, ""), SourceState("gate-scanner", False, "gone")),
    printers=(PrintState("labels", "idle"), PrintState("pallets", "doubt")),
    is_disk_low=True,
    clock="off",
)


# The head


@pytest.mark.parametrize("width", [80, 100, 120, 160, 240])
def test_whatever_is_wrong_has_its_lasting_sign(width: int) -> None:
    floor = Floor()
    floor.badge("anna")
    shown = head(floor.dialog, floor.shop, WORST, LABEL, width).plain
    assert cell_len(shown) == width
    wanted = ("BAKE-1", "✖ ", "▲ p", "OFFLINE", "10:42", "1234 wait")
    for sign in (*wanted, "▲ 1", "▲ DISK", "▲ 08:00"):
        assert sign in shown, (sign, shown)
    assert "…" not in shown
    assert is_alarm(WORST)


@pytest.mark.parametrize(
    ("change", "alarm"),
    [({}, False), ({"is_disk_low": True}, True), ({"clock": "off"}, True)],
    ids=["well", "disk", "clock"],
)
def test_the_head_catches_the_eye_for_disk_and_clock(
    change: dict[str, object], alarm: bool
) -> None:
    around = replace(Around(TODAY, "BAKE-1", Link("online")), **change)  # type: ignore[arg-type]
    shown = head(Floor().dialog, Floor().shop, around, LABEL, 120).plain
    assert is_alarm(around) is alarm
    assert ("▲ DISK LOW" in shown, "clock off ▲ 08:00:00" in shown) == (
        bool(change.get("is_disk_low")),
        change.get("clock") == "off",
    )


# The outbox


def lines(around: Around, width: int = 80, rows: int = 11, turned: int = 0) -> list[str]:
    page = outbox(OutboxPage(Floor().shop, around, LABEL, turned), width, rows)
    return [row.rstrip() for row in page.plain.split("\n")]


@pytest.mark.parametrize(
    ("link", "seconds", "told_age"),
    [
        (Link("online", heard="10:42"), 400.0, "heard from the server just now"),
        (Link("offline", heard="10:42"), 200.0, "heard from the server 10:42, 3 min ago"),
        (Link("offline", heard="10:42"), 9_000.0, "heard from the server 10:42, 2 h ago"),
        (Link("never"), None, "the server was not heard since this start"),
    ],
)
def test_what_the_station_knows_and_how_old_it_is(
    link: Link, seconds: float | None, told_age: str
) -> None:
    around = Around(TODAY, "BAKE-1", link, heard_seconds=seconds)
    knows = next(row for row in lines(around, 120) if row.startswith("Known here"))
    assert knows == f"Known here: 7 orders, 11 lots, 3 people · {told_age}"


@pytest.mark.parametrize(
    ("latency", "row"),
    [
        (Latency(9, 4), "Last scan answered in 9 ms, on disk after 4 ms"),
        (Latency(3), "Last scan answered in 3 ms, nothing to write"),
    ],
)
def test_the_last_scans_latency(latency: Latency, row: str) -> None:
    assert row in lines(Around(TODAY, "BAKE-1", Link("online"), latency=latency))


def test_what_does_not_fit_is_on_further_pages() -> None:
    waiting = tuple(
        LabelPrinted(id=f"e{n}", label=str(n), of="e", order="B-1", station="BAKE-1")
        for n in range(20)
    )
    around = Around(TODAY, "BAKE-1", Link("offline", waiting=20), unsent=waiting)
    pages = [lines(around, turned=turned) for turned in range(4)]
    assert [page[-1].strip() for page in pages] == [
        f"page {number} of 3: ↑ ↓" for number in (1, 2, 3, 1)
    ]
    shown = "\n".join(row for page in pages[:3] for row in page)
    assert all(f"label {n} printed, order B-1" in shown for n in range(20))
    assert {len(page) for page in pages} == {11}
    assert all(len(row) <= 80 for page in pages for row in page)


def test_a_review_stands_there_in_full() -> None:
    why = "Both BAKE-1 and BAKE-2 finished operation 10 of B-1 " * 6
    around = Around(TODAY, "BAKE-1", Link("online", reviews=(Review("x", "ended", why.strip()),)))
    shown = " ".join(" ".join(lines(around, rows=30)).split())
    assert why.strip() in shown


async def test_arrows_turn_the_outbox_and_a_scan_comes_back_to_the_work(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        for code in FED:
            await terminal.scan(code)
        for digit in "123456":
            await terminal.scan(command("CANCEL"))
            for digit_code in number(digit):
                await terminal.scan(digit_code)
            await terminal.scan(command("DONE"))
        await terminal.scan(command("OUTBOX"))
        first = terminal.zone("outbox")
        assert "wait: no server yet" in first
        assert "Known here: 7 orders, 12 lots, 3 people" in first
        assert "Last scan answered in" in first
        assert "page 1 of " in first
        await terminal.desk.take(Key("down"))
        await terminal.settle()
        assert "page 2 of " in terminal.zone("outbox")
        await terminal.desk.take(Key("up"))
        await terminal.settle()
        assert terminal.zone("outbox") == first
        await terminal.desk.take(Key("down"))
        await terminal.scan(command("CANCEL"))
        assert (terminal.dialog.body, terminal.dialog.selected) == ("order", 0)
        await terminal.scan(command("OUTBOX"))
        await terminal.scan(order("B-1"))
        assert terminal.dialog.body == "order"
        assert terminal.dialog.selected == 0


async def test_each_event_says_what_became_of_it(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (120, 40)):
        for code in (badge("anna"), command("OUTBOX")):
            await terminal.scan(code)
        row = next(one for one in terminal.zone("outbox").splitlines() if "signed in" in one)
        assert row.endswith("recorded    ")
        await terminal.desk.relink(SyncStatus(State.ONLINE, since=TODAY.isoformat()))
        await terminal.settle()
        assert "online" in terminal.zone("head")
        assert "heard from the server just now" in terminal.zone("outbox")


# The printers


async def test_print_shows_each_printer_its_queue_and_what_is_in_doubt(tmp_path: Path) -> None:
    config = replace(seeded(tmp_path), printers=(PrinterConfig("labels", "tcp://127.0.0.1:9"),))
    terminal = Terminal(config)
    async with running(terminal, (80, 24)):
        await terminal.scan(command("PRINT"))
        assert "● labels: ready, nothing waits" in terminal.zone("prints")
        assert "Nothing was printed here lately." in terminal.zone("prints")
        for code in (*FED, *number("480"), command("DONE"), command("PRINT")):
            await terminal.scan(code)
        state = PrintState("labels", "waiting", "1", "B-1", "480 PCS", "it does not answer", 2)
        terminal.post_message(PrintChanged(state))
        await terminal.settle()
        shown = terminal.zone("prints")
        assert "✖ labels: label 1 waits: it does not answer · 2 wait behind it" in shown
        assert [row.split()[:8] for row in shown.splitlines() if "not printed" in row] == [
            ["▶", "1", "Label", "1", "lot", "B-1", "480", "PCS"]
        ]
        assert "✖ labels" in terminal.zone("head")
        await terminal.scan(command("PRINT"))
        assert "was not printed yet" in terminal.zone("what")
        await terminal.scan(command("CANCEL"))
        assert terminal.dialog.body == "order"


def test_a_station_without_a_printer_says_so() -> None:
    assert doing(PrintState("x", "waiting", why="no way"), LABEL) == "waits: no way"
    assert doing(PrintState("x", "doubt", "7"), LABEL).startswith("label 7 may be out or not")


# Words and forms


def test_every_event_that_a_station_writes_has_its_words() -> None:
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(Path("kiosk").rglob("*.py"))]
    calls = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    written = {one.id for one in calls if isinstance(one, ast.Name)} & EVENT_TYPES.keys()
    told_of = {key.split("_")[1] for key in ENGLISH.labels if key.startswith("told_")}
    assert len(written) > 20
    assert written <= told_of


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (
            MaterialConsumed(
                order="B-1",
                operation="10",
                material="WHEAT",
                lot="W-1",
                quantity=Quantity("12.5", "KGM"),
            ),
            "12,5 KG Wheat flour, lot W-1: into B-1",
        ),
        (
            MaterialDisposed(
                order="B-1",
                operation="10",
                material="ROLL",
                quantity=Quantity("12", "C62"),
                disposition="scrap",
                reason="BURNT",
            ),
            "12 PCS Wheat roll: scrapped, Burnt, order B-1",
        ),
        (
            OperationReported(order="B-1", operation="10", good=Quantity("1.25", "KGM")),
            "1,25 KG good: operation 10 of B-1",
        ),
    ],
)
def test_events_are_told_in_the_languages_numbers(event: Event, words: str) -> None:
    assert told(event, Floor().shop, LABEL, GERMAN) == words


def test_an_event_without_words_of_its_own_names_its_kind() -> None:
    event = LabelPrinted(label="1", of="e", order="B-1")
    assert told(event, Shop(), lambda key, **_: key.upper()) == "TOLD_OTHER"


def test_dates_and_numbers_in_another_language() -> None:
    today = TODAY.date()
    assert amount(12_500_000, "KGM", GERMAN) == "12,5 KG"
    assert day_of("2026-11-27", today, GERMAN) == "Fr 27. Nov"
    assert day_of("2027-03-01", today, GERMAN) == "1. Mär 2027"
    assert short_day("2026-12-27", today, GERMAN) == "27. Dez"
    assert day_of("2026-11-27", today) == "Fri 27 Nov"
    assert ago(200, LABEL) == "3 min"
    assert replace(ENGLISH, forms=GERMAN).say is not None


def test_the_catalogues_forms_are_whole() -> None:
    assert replace(ENGLISH.forms, units={}) == Forms()
    assert all(name == shown for name, shown in ENGLISH.forms.units.items())
    with pytest.raises(ValueError, match="want 7 names"):
        Forms.read({**_forms(), "weekdays": ["Mon"]})
    with pytest.raises(ValueError, match="decimals: want just"):
        Forms.read({**_forms(), "decimals": "."})
    assert issubclass(TextsError, Exception)


def _forms() -> dict[str, object]:
    return {name: getattr(GERMAN, name) for name in Forms.__slots__}


# Sizes and themes


async def test_a_giant_screen_has_no_empty_zone_larger_than_a_third(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (240, 67)):
        for code in FED:
            await terminal.scan(code)
        rows = {name: terminal.query_one(f"#{name}").size.height for name in ("band", "body")}
        used = len(terminal.zone("order").rstrip().splitlines())
        assert rows["band"] >= 67 // 3
        assert rows["body"] - used <= 67 // 3
        assert len(terminal.zone("word").splitlines()) == 18
        assert cell_len(terminal.zone("head")) == 240


@pytest.mark.parametrize("theme", ["blue", "green", "contrast"])
async def test_the_site_chooses_the_colours(
    tmp_path: Path, theme: Literal["blue", "green", "contrast"]
) -> None:
    terminal = Terminal(replace(seeded(tmp_path), screen=ScreenConfig(theme)))
    async with running(terminal, (80, 24)):
        await terminal.scan(badge("anna"))
        ground = terminal.query_one("#band").styles.background.hex.lower()
        assert ground == theme_for({}, theme).variables["ok"]
