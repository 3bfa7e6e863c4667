"""The terminal at work: scans as bytes in, answers on screen, facts in the journal."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from kiosk.config import Config, StationConfig
from kiosk.dialog import Key, Tick
from kiosk.journal import Journal, JournalFull
from kiosk.journal.writer import Turn
from kiosk.links import PrintChanged
from kiosk.observer import Observer
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.scanners.wedge import EntrySubmitted, SourceChanged, Typed
from labels.codes import Code, EnrolmentCode, encode
from sync.domain.events import HelpCalled, LabelPrinted
from sync.exchange import State, SyncStatus
from sync.wire import Unknown
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.terminals import (
    Terminal,
    badge,
    command,
    lot,
    number,
    order,
    running,
    seeded,
)
from tests.sync.server.server_parts import Server

SHIFT: Final[tuple[Code, ...]] = (
    badge("anna"),
    order("B-1"),
    command("OK"),
    lot("W-204", "WHEAT"),
    lot("Y-31", "YEAST"),
    command("DONE"),
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(seeded(tmp_path / "data"))


def heard(terminal: Terminal) -> str:
    """What the scanner was told last."""
    return terminal.scanner.last_answer or ""


def own_events(journal: Journal) -> list[str]:
    """The types of the station's own events, in order."""
    return [
        type(record.event).__name__
        for _, record in journal.replay()
        if not isinstance(record.event, Unknown) and record.event.station == "BAKE-1"
    ]


async def test_an_order_from_badge_to_done(terminal: Terminal) -> None:
    seen = []
    async with running(terminal):
        for code in SHIFT:
            await terminal.scan(code)
            seen.append((terminal.band.kind, terminal.band.key))
        assert terminal.station is not None
        events = own_events(terminal.station.journal)
        done = terminal.shop.orders["B-1"]
    assert seen == [
        ("ok", "signed_in"),
        ("ok", "order_opened"),
        ("ok", "note_read"),
        ("ok", "consumed"),
        ("ok", "consumed"),
        ("ok", "order_done"),
    ]
    assert events == [
        "OperatorSignedIn",
        "OperationStarted",
        "OperatorJoined",
        "MaterialConsumed",
        "MaterialConsumed",
        "OperationReported",
        "MaterialProduced",
        "OperationEnded",
    ]
    assert done.status == "completed"


async def test_scans_that_come_while_one_is_processed_are_queued(terminal: Terminal) -> None:
    async with running(terminal):
        codes = [f"]Q1{encode(code)}\r".encode() for code in SHIFT]
        terminal.scanner.feed(b"".join(codes))
        await terminal.settle()
        assert (terminal.band.key, terminal.shop.orders["B-1"].status) == (
            "order_done",
            "completed",
        )
        assert len(terminal.desk.scans) == len(SHIFT)


async def test_a_wrong_lot_stops_full_width_and_a_right_one_goes_on(terminal: Terminal) -> None:
    async with running(terminal):
        for code in (*SHIFT[:3], lot("R-118", "RYE")):
            await terminal.scan(code)
        assert terminal.band.word == "WRONG LOT"
        assert "Rye flour R-118" in terminal.zone("what")
        assert terminal.zone("what").startswith("✖ STOP")
        assert "W-204" in terminal.zone("next")
        assert terminal.query_one("#band").has_class("stop")
        assert terminal.query_one("#band").size.width == 120
        assert heard(terminal) == "stop"
        await terminal.scan(lot("W-204", "WHEAT"))
        assert terminal.query_one("#band").has_class("ok")
        assert heard(terminal) == "ok"
        assert terminal.station is not None
        assert [row[3] for row in terminal.station.journal.scan_log()] == ["lot_of_order"]


async def test_after_a_restart_it_is_the_same_order_step_and_number(tmp_path: Path) -> None:
    config = seeded(tmp_path)
    first = Terminal(config)
    async with running(first):
        for code in (*SHIFT[:4], *number("480")):
            await first.scan(code)
        before = first.dialog
    second = Terminal(config)
    async with running(second):
        after = second.dialog
        assert (after.person, after.order, after.operation, after.number) == (
            before.person,
            before.order,
            before.operation,
            "480",
        )
        assert second.shop.orders["B-1"].lines("10")[0].consumed == 60_000_000
        assert "60 KG" in second.zone("order")


async def test_two_kiosks_on_one_folder_are_refused(terminal: Terminal) -> None:
    async with running(terminal):
        other = Terminal(terminal.config)
        async with running(other) as pilot:
            await pilot.pause()
        assert other.return_code == 1
        assert "another kiosk" in other.trouble


class Faulty(Terminal):
    """Meets a fault of its own whenever somebody types."""

    async def typed(self, key: str) -> None:
        raise LookupError(key)


async def test_a_fault_is_shown_and_the_next_input_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    terminal = Faulty(seeded(tmp_path))
    async with running(terminal):
        terminal.post_message(Typed("x"))
        await terminal.settle()
        assert (terminal.band.kind, terminal.band.word) == ("stop", "OUR FAULT")
        assert "LookupError" in caplog.text
        await terminal.scan(badge("anna"))
        assert terminal.band.key == "signed_in"


async def test_a_full_disk_stops_visibly_and_changes_nothing(terminal: Terminal) -> None:
    async with running(terminal):
        await terminal.scan(badge("anna"))
        assert terminal.station is not None
        journal = terminal.station.journal
        fill(journal)
        await terminal.scan(order("B-1"))
        assert terminal.band.key == "disk_full"
        assert terminal.query_one("#band").has_class("stop")
        assert heard(terminal) == "stop"
        assert terminal.dialog.order is None
        events = own_events(journal)
        let_grow(journal, 10_000)
        await terminal.scan(order("B-1"))
        assert terminal.band.kind == "ok"
        assert terminal.dialog.order == "B-1"
        assert own_events(journal)[: len(events)] == events


def fill(journal: Journal) -> None:
    """Let the journal's file grow no more, and use up what room is in it."""
    let_grow(journal, 0)
    with suppress(JournalFull):
        while True:
            journal.append([HelpCalled(work_center="ELSEWHERE")]).result(5)


def let_grow(journal: Journal, pages: int) -> None:
    """Let the journal's file grow by so many pages only."""

    def work(*_: object) -> None:
        execute = journal._writer._connection.execute
        (there,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {there + pages}").fetchone()

    journal._writer.do(Turn.ACT, work).result(5)


async def test_typed_keys_stand_in_the_entry_line_until_enter(terminal: Terminal) -> None:
    async with running(terminal):
        for code in SHIFT[:3]:
            await terminal.scan(code)
        for key in "12,6":
            terminal.post_message(Typed(key))
        terminal.post_message(Typed("backspace"))
        terminal.post_message(Typed("5"))
        await terminal.settle()
        assert "TYPED: 12,5_" in terminal.zone("next")
        await terminal.scan(lot("R-118", "RYE"), after=0)
        assert "TYPED: 12,5_" in terminal.zone("next")
        terminal.post_message(EntrySubmitted())
        await terminal.settle()
        assert (terminal.dialog.number, terminal.dialog.entry) == ("12.5", "")
        assert terminal.band.word == "12.5 KG"


async def test_function_keys_and_arrows(terminal: Terminal) -> None:
    async with running(terminal) as pilot:
        await terminal.scan(badge("anna"))
        await pilot.press("down")
        await terminal.settle()
        assert terminal.dialog.selected == 1
        await pilot.press("f1")
        await terminal.settle()
        assert "A number comes before" in terminal.zone("help")
        assert terminal.query_one("#help").display
        await pilot.press("f1")
        await terminal.settle()
        assert terminal.query_one("#body").has_class("queue")
        await pilot.press("ctrl+q", "ctrl+c", "ctrl+p", "tab")
        await terminal.settle()
        assert terminal.is_running


async def test_nothing_foreign_reaches_the_terminal_as_it_is(terminal: Terminal) -> None:
    async with running(terminal):
        await terminal.scan(b"LO\x1b[2J\x07evil\r")
        whole = terminal.export_screenshot()
        assert "\x1b" not in whole
        assert "\x07" not in whole
        assert terminal.band.kind == "stop"
        assert "\x1b" not in "".join(terminal.zone(name) for name in ("head", "what", "scans"))


async def test_the_head_tells_scanners_and_the_way_to_the_server(terminal: Terminal) -> None:
    async with running(terminal):
        assert "not connected yet" in terminal.zone("head")
        terminal.post_message(SourceChanged(SourceState("left", up=False, why="unplugged")))
        since = (TODAY + timedelta(hours=2)).isoformat()
        await terminal.desk.relink(SyncStatus(State.OFFLINE, since=since, why="no route"))
        await terminal.scan(badge("anna"))
        head = terminal.zone("head")
        assert "✖ left" in head
        assert "● hand" in head
        assert "OFFLINE since 10:00 · 1 waiting" in head
        assert "Anna Berg" in head
        assert terminal.query_one("#head").has_class("alarm")
        await terminal.desk.relink(SyncStatus(State.ONLINE, since=since))
        await terminal.desk.relink(SyncStatus(State.REFUSED, since=since, why="token unknown"))
        await terminal.settle()
        assert "REFUSED: token unknown · 1 waiting" in terminal.zone("head")


async def test_an_empty_queue_says_why(tmp_path: Path) -> None:
    config = seeded(tmp_path)
    terminal = Terminal(replace(config, station=replace(config.station, work_centers=("OVEN",))))
    async with running(terminal):
        await terminal.settle()
        assert "No order released for OVEN; the server was never heard" in terminal.zone("queue")
        await terminal.desk.relink(SyncStatus(State.ONLINE, since=""))
        await terminal.settle()
        assert "last heard from the server 10:00" in terminal.zone("queue")


async def test_printing_is_told_and_holds_nothing_up(terminal: Terminal) -> None:
    async with running(terminal):
        for code in SHIFT:
            await terminal.scan(code)
        state = PrintState("batch", "printing", label="1", lot="B-1", quantity="1000 PCS")
        terminal.post_message(PrintChanged(state))
        await terminal.settle()
        assert terminal.band.word == "PRINTING"
        assert "Scan an order" in terminal.zone("next")
        assert "batch: printing" in terminal.zone("head")
        await terminal.scan(lot("NO-SUCH"))
        assert terminal.band.kind == "stop"
        printed = LabelPrinted(id="lp-1", label="1", of="x", order="B-1", station="BAKE-1")
        done = replace(state, state="printed", events=(printed,))
        terminal.post_message(PrintChanged(done))
        await terminal.settle()
        assert terminal.band.kind == "stop"
        assert "● batch  " in terminal.zone("head")
        assert terminal.shop.orders["B-1"].label_states() == {"1": "printed"}
        await terminal.scan(badge("anna"))
        terminal.post_message(PrintChanged(replace(state, state="doubt", events=())))
        await terminal.settle()
        assert (terminal.band.word, terminal.band.kind) == ("DOUBT", "note")
        assert "▲ batch: look at label" in terminal.zone("head")
        terminal.post_message(PrintChanged(replace(state, state="printed", events=())))
        await terminal.settle()
        assert "● batch  " in terminal.zone("head")


async def test_the_clock_of_a_staged_number_runs_out(terminal: Terminal) -> None:
    async with running(terminal):
        for code in (*SHIFT[:3], *number("5")):
            await terminal.scan(code)
        terminal.still.advance(31)
        await terminal.desk.take(Tick())
        await terminal.settle()
        assert (terminal.band.key, terminal.dialog.number) == ("number_dropped", "")


async def test_it_is_drawn_anew_in_another_size(terminal: Terminal) -> None:
    async with running(terminal, (80, 24)) as pilot:
        await pilot.resize_terminal(120, 40)
        await terminal.settle()
        assert terminal.query_one("#band").size.height == 11
        assert len(terminal.zone("word").splitlines()) == 9
        assert len(terminal.zone("head")) == 120


@pytest.mark.parametrize("body", ["order", "queue", "outbox", "help"])
async def test_a_storm_of_sizes_breaks_nothing(terminal: Terminal, body: str) -> None:
    async with running(terminal) as pilot:
        for code in (*SHIFT[:3], *number("12"), command("SCRAP")):
            await terminal.scan(code)
        for size in ((80, 24), (20, 5), (1, 1), (240, 67), (200, 3), (10, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await terminal.settle()
            if terminal.dialog.asking is not None:
                await terminal.scan(command("CANCEL"))
                await terminal.desk.take(Key(body))
        assert len(terminal.zone("head")) == 80


class Bench(Terminal):
    """As the demo's bench adds to the terminal."""

    def lower_third(self) -> ComposeResult:
        yield Static("the workbench", id="bench", markup=False)

    def rest_lines(self) -> Sequence[str]:
        return ["Board: http://127.0.0.1:8400/board"]


async def test_a_subclass_adds_a_lower_third_and_lines_at_rest(tmp_path: Path) -> None:
    bench = Bench(seeded(tmp_path))
    async with running(bench, (80, 24)):
        await bench.settle()
        assert "Board: http" in bench.zone("queue")
        assert bench.screen.has_class("shared")
        assert bench.query_one("#bench").region.bottom == 24
        bench.inject(f"]Q1{encode(badge('anna'))}\r".encode(), "hand")
        await bench.settle()
        assert bench.band.key == "signed_in"
        assert "Board: http" not in bench.zone("queue")


# Without a server, then with one


def bare(data: Path) -> Config:
    return Config(data=data, station=StationConfig(data=str(data)))


async def test_not_enrolled_says_what_to_scan_or_type(tmp_path: Path) -> None:
    terminal = Terminal(bare(tmp_path))
    async with running(terminal):
        await terminal.settle()
        assert terminal.band.word == "NOT ENROLLED"
        assert "the server's address, a space and the code" in terminal.zone("enrol")
        await terminal.scan(badge("anna"))
        assert terminal.band.word == "NOT ENROLLED"
        for key in "plant":
            terminal.post_message(Typed(key))
        terminal.post_message(EntrySubmitted())
        await terminal.settle()
        assert terminal.band.kind == "stop"
        assert "a space and the code" in terminal.zone("what")
        await terminal.scan(EnrolmentCode("http://127.0.0.1:9", "K7QM"))
        assert "does not answer" in terminal.zone("what")
        assert not (tmp_path / "station.token").exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as running_server:
        yield running_server


@pytest.mark.parametrize("how", ["scanned", "typed"])
async def test_it_enrols_and_goes_on_without_a_restart(
    tmp_path: Path, server: Server, how: str
) -> None:
    code = server.code("BAKE-1", ["MIX"])
    terminal = Terminal(bare(tmp_path / "kiosk"), online=True)
    async with running(terminal):
        if how == "scanned":
            await terminal.scan(EnrolmentCode(server.url, code))
        else:
            for key in f"{server.url} {code}":
                terminal.post_message(Typed(key))
            terminal.post_message(EntrySubmitted())
            await terminal.settle()
        assert terminal.band.key == "enrolled"
        assert "This is station BAKE-1 for MIX" in terminal.zone("what")
        assert terminal.station is not None
        while terminal.desk.surroundings.link.state != "online":
            await terminal.settle()
        assert " BAKE-1 │" in terminal.zone("head")
        origin = terminal.station.journal.origin
    again = Terminal(terminal.config)
    async with running(again):
        assert again.station is not None
        assert again.station.journal.origin == origin


# The observer


async def test_the_observer_hears_each_answer_and_moves_the_clock(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(tmp_path / "o.sock"))
        door.listen()
        observer = Observer.connect(tmp_path / "o.sock", steered=True)
        link, _ = door.accept()
    terminal = Terminal(seeded(tmp_path / "data"), observer=observer)
    with link, link.makefile("rb") as lines:
        async with running(terminal):
            for code in SHIFT[:3]:
                await terminal.scan(code)
            link.sendall(b'{"type": "12,5"}\n{"advance": 31}\n{"oops": 1}\n')
            while terminal.still.offset_seconds < 31:
                await terminal.settle()
            await terminal.settle()
        heard = [json.loads(line) for line in lines]
    bands = [line for line in heard if "band" in line]
    assert [line["band"] for line in bands] == list(range(1, len(bands) + 1))
    assert [(line["kind"], line["key"], line["scan"]) for line in bands[1:]] == [
        ("ok", "signed_in", 1),
        ("ok", "order_opened", 2),
        ("ok", "note_read", 3),
        ("note", "number", 4),
        ("note", "number_dropped", 4),
    ]
    assert bands[2] | {"at": "", "next": ""} == {
        "band": 3,
        "kind": "ok",
        "word": "OPEN",
        "what": "Wheat roll B-1: 1000 PCS Mix and bake",
        "next": "",
        "key": "order_opened",
        "order": "B-1",
        "operation": "10",
        "person": "anna",
        "waiting": 3,
        "sync": "never",
        "at": "",
        "scan": 2,
    }
    events = [line["event"] for line in heard if "event" in line]
    assert events[0] == "ready"
    assert events[-1] == "end"
    assert {"status", "clock", "misunderstood"} <= set(events)
    status = [line["waiting"] for line in heard if line.get("event") == "status"]
    assert status == [0, 1, 3]
