"""What users of other terminals complain of about servers and printers that are away.

Each test feeds the complaint's own input and looks at the journal and at the screen.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from kiosk.config import Config, PrinterConfig, StationConfig
from kiosk.dialog import Key
from labels.codes import Code, EnrolmentCode
from sync.domain.events import LabelDoubted, LabelPrinted, MaterialConsumed
from sync.wire import Unknown
from tests.kiosk.dialog.bakery import office
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, running, seeded
from tests.sync.server.server_parts import Server

WAIT_SECONDS: Final = 30.0
BAD_WORDS: Final = re.compile(r"invalid|error|fail|503", re.IGNORECASE)
OPENED: Final[tuple[Code, ...]] = (badge("anna"), order("B-1"), command("OK"))
FED: Final[tuple[Code, ...]] = (*OPENED, lot("W-204", "WHEAT"), lot("Y-31", "YEAST"))


async def until(terminal: Terminal, holds: Callable[[], bool]) -> None:
    """Until it holds; whatever comes by itself, nobody touches anything."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not holds():
            await terminal.settle()


def written(terminal: Terminal, kind: type) -> list[object]:
    """The station's own events of a kind, as its journal holds them."""
    assert terminal.station is not None
    replayed = (record.event for _, record in terminal.station.journal.replay())
    return [one for one in replayed if isinstance(one, kind) and not isinstance(one, Unknown)]


def waiting(terminal: Terminal) -> int:
    assert terminal.station is not None
    return terminal.station.journal.waiting()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "server") as one:
        one.office(*office())
        yield one


async def enrolled(server: Server, terminal: Terminal) -> None:
    """A station that knows all that the server knows, by a scan."""
    await terminal.settle()
    await terminal.scan(EnrolmentCode(server.url, server.code("BAKE-1", ["MIX"])))
    await until(terminal, lambda: "B-1" in terminal.shop.orders)
    await until(terminal, lambda: terminal.desk.surroundings.link.state == "online")


def bare(data: Path) -> Terminal:
    data.mkdir()
    return Terminal(Config(data=data, station=StationConfig(data=str(data))), online=True)


def again(server: Server) -> Server:
    """The same server at the same address."""
    return Server(server.data, "--port", str(urlsplit(server.url).port))


# W34, hotwax/inventory-count#1014: what was scanned without a server is not sent when it is back,
# until somebody scans again. W35, fttx/barcode-to-pc-app#202: offline ends by itself, unannounced.


async def test_w34_what_waits_is_sent_without_another_scan(tmp_path: Path, server: Server) -> None:
    terminal = bare(tmp_path / "kiosk")
    async with running(terminal):
        await enrolled(server, terminal)
        server.kill()
        for code in FED:
            await terminal.scan(code)
        held = waiting(terminal)
        assert held >= 5
        handled = terminal.desk._handled
        with again(server) as back:
            await until(terminal, lambda: waiting(terminal) == 0)
            await until(terminal, lambda: "online" in terminal.zone("head"))
            told = [one["event"] for one in back.exported()]
        assert len([one for one in told if one.get("station") == "BAKE-1"]) == held
        assert terminal.desk._handled == handled
        await until(terminal, lambda: "waiting" not in terminal.zone("head"))


async def test_w35_going_offline_and_back_is_told_and_takes_nothing_from_the_operator(
    tmp_path: Path, server: Server
) -> None:
    terminal = bare(tmp_path / "kiosk")
    async with running(terminal):
        await enrolled(server, terminal)
        for code in OPENED:
            await terminal.scan(code)
        await until(terminal, lambda: waiting(terminal) == 0)
        server.kill()
        await until(terminal, lambda: "OFFLINE since" in terminal.zone("head"))
        for code in (*FED[3:], *number("480"), command("OUTBOX")):
            await terminal.scan(code)
        told = terminal.zone("outbox")
        assert "2 events wait: no server since" in told
        assert "Safe on this disk; sent by itself later" in told
        dialog = terminal.dialog
        with again(server):
            await until(terminal, lambda: "Everything is on the server." in terminal.zone("outbox"))
        assert (terminal.dialog.number, terminal.dialog.order) == ("480", "B-1")
        assert terminal.dialog.body == dialog.body == "outbox"
        assert len(written(terminal, MaterialConsumed)) == 2


# W36, pretix/pretixscan-android#28: the first scans meet the fault of the server before the device
# decides that it is offline. W37, pretix/pretixscan-desktop#65: offline, every code is invalid
# although all was fetched.


async def test_w36_and_w37_without_a_server_each_scan_is_answered_as_ever(
    tmp_path: Path, server: Server
) -> None:
    terminal = bare(tmp_path / "kiosk")
    async with running(terminal):
        await enrolled(server, terminal)
        server.kill()  # and nobody has noticed it yet
        for code in (*FED, command("DONE")):
            await terminal.scan(code)
            assert terminal.band.kind != "stop", terminal.band
            shown = " ".join(terminal.zone(name) for name in ("head", "word", "what", "next"))
            assert not BAD_WORDS.search(shown), shown
        assert len(written(terminal, MaterialConsumed)) == 2
        assert "1000 PCS" in terminal.zone("what")
        await until(terminal, lambda: "OFFLINE since" in terminal.zone("head"))
        await terminal.scan(command("OUTBOX"))
        known = re.search(r"Known here: [1-9]\d* orders, [1-9]", terminal.zone("outbox"))
        assert known is not None
        assert "heard from the server" in terminal.zone("outbox")


# Printers


def received(link: socket.socket) -> bytes:
    return b"".join(iter(lambda: link.recv(65_536), b""))


class Paper:
    """A label printer on a port of this machine; it takes what comes."""

    def __init__(self, port: int = 0) -> None:
        self._door = socket.create_server(("127.0.0.1", port))
        self._door.settimeout(WAIT_SECONDS)
        self.port: int = self._door.getsockname()[1]
        self.jobs: list[bytes] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                link, _ = self._door.accept()
            except OSError:
                return
            with link:
                taken = received(link)
            if taken:
                self.jobs.append(taken)

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(WAIT_SECONDS)


def printing(tmp_path: Path, url: str) -> Terminal:
    """A station whose server is out of reach, with a printer of its own."""
    return Terminal(
        replace(seeded(tmp_path), printers=(PrinterConfig("labels", url),)), online=True
    )


# W41, inventree/inventree-app#586, #530: the label came out, and the screen shows a fault.
# W43, msupply-foundation/open-msupply#7648: the server cannot reach a printer of the local network.


async def test_w41_and_w43_the_station_prints_itself_and_says_that_it_is_out(
    tmp_path: Path,
) -> None:
    paper = Paper()
    terminal = printing(tmp_path, f"tcp://127.0.0.1:{paper.port}")
    async with running(terminal):
        for code in (*FED, *number("480"), command("DONE")):
            await terminal.scan(code)
        await until(terminal, lambda: bool(written(terminal, LabelPrinted)))
        await until(terminal, lambda: terminal.band.word == "PRINTED")
        assert terminal.band.kind == "ok"
        assert "● labels " in terminal.zone("head")
        assert "not connected" in terminal.zone("head") or "OFFLINE" in terminal.zone("head")
        assert written(terminal, LabelDoubted) == []
        await terminal.scan(command("PRINT"))
        assert "● labels: label 1 is out" in terminal.zone("prints")
        (row,) = (one for one in terminal.zone("prints").splitlines() if "lot B-1" in one)
        assert "480 PCS" in row
        assert "printed" in row
    paper.close()
    assert len(paper.jobs) == 1
    assert b"480" in paper.jobs[0]


# W42, inventree/InvenTree#8740: nothing is printed, and nothing is said.


async def test_w42_a_label_that_does_not_come_out_is_told_with_its_reason_and_comes_later(
    tmp_path: Path,
) -> None:
    gone = Paper()
    port = gone.port
    gone.close()
    terminal = printing(tmp_path, f"tcp://127.0.0.1:{port}")
    async with running(terminal):
        for code in (*FED, *number("480"), command("DONE")):
            await terminal.scan(code)
        await until(terminal, lambda: terminal.band.word == "NO PRINTER")
        assert "Label 1 waits. Switch labels on" in terminal.zone("what")
        assert "Scan DONE" in terminal.zone("next")
        assert "✖ labels: waits" in terminal.zone("head")
        await terminal.desk.take(Key("print"))
        await terminal.settle()
        assert f"127.0.0.1:{port}" in terminal.zone("prints")
        assert "not printed yet" in terminal.zone("prints")
        assert written(terminal, LabelPrinted) == []
        paper = Paper(port)
        await until(terminal, lambda: bool(written(terminal, LabelPrinted)))
        await until(terminal, lambda: "✖" not in terminal.zone("head"))
        await until(terminal, lambda: "label 1 is out" in terminal.zone("prints"))
    paper.close()
    assert len(paper.jobs) == 1
