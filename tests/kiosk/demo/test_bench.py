"""The demo's kiosk with its workbench: keys scan, labels come out, the supervisor is asked."""

import argparse
import json
import queue
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from textual import events

from kiosk.config import Config
from kiosk.demo.bench import KEYS_LINE, NOTHING_FITS, PLUG_FIRST, DemoApp, Told
from kiosk.demo.control import ControlServer
from kiosk.demo.factory import FACTORIES
from kiosk.demo.virtual_printer import PrintedLabel, Symbol
from kiosk.readers import Reader
from kiosk.scanners.wedge import Typed
from kiosk.station import Station
from tests.kiosk.terminals import StillClock, Watched, running, seeded

WIDE, SMALL = (120, 40), (80, 24)
STORM = ((80, 24), (20, 5), (1, 1), (240, 67), (60, 15), (200, 3), (10, 60), (80, 24))
SOON = 5.0


class Bench(DemoApp, Watched):
    """The demo's kiosk on the tests' bakery; a clock that stands, no server."""

    def __init__(self, config: Config, words: argparse.Namespace) -> None:
        self.still = StillClock()
        super().__init__(config, clock=self.still, observer=None, words=words)

    def make_readers(self, station: Station) -> list[Reader]:
        return []

    async def press_key(self, key: str) -> None:
        """One printable key, or a function key, two seconds after the one before."""
        self.still.advance(2)
        is_printable = len(key) == 1 or key == "backspace"
        self.post_message(Typed(key) if is_printable else events.Key(key, None))
        await self.settle()
        await self.settle()

    def things_shown(self) -> str:
        return self.zone("things")


@pytest.fixture
def asked() -> queue.Queue[object]:
    return queue.Queue()


@pytest.fixture
def control(tmp_path: Path, asked: queue.Queue[object]) -> Iterator[ControlServer]:
    server = ControlServer(tmp_path / "c", asked.put)
    yield server
    server.close()


@pytest.fixture
def bench(tmp_path: Path, control: ControlServer) -> Bench:
    words = argparse.Namespace(
        factory=FACTORIES / "bakery",
        today=date(2026, 11, 22),
        control=control.path,
        board="http://127.0.0.1:1/board",
        labels=tmp_path / "labels",
        demo_data=tmp_path,
    )
    return Bench(seeded(tmp_path / "data"), words)


async def test_space_scans_what_fits_and_the_wrong_lot_once(bench: Bench) -> None:
    said = []
    async with running(bench, WIDE):
        assert "▶ a  Badge Anna Berg" in bench.things_shown()
        for _ in range(4):
            await bench.press_key(" ")
            said.append(bench.band.key)
        assert "▶ g  Wheat flour W-204" in bench.things_shown()
        for _ in range(5):
            await bench.press_key(" ")
            said.append(bench.band.key)
        assert "▶ d  Order B-2" in bench.things_shown()
        assert "Rye flour R-118 (wrong)" in bench.things_shown()
        await bench.press_key(" ")
        assert "▶ i  Rye flour R-118  " in bench.things_shown()
    assert said == [
        "signed_in",
        "order_opened",
        "lot_of_order",
        "cancelled",
        "consumed_of_label",
        "consumed_again",
        "consumed_rest",
        "consumed",
        "order_done",
    ]


async def test_letters_scan_and_digits_are_typed(bench: Bench) -> None:
    async with running(bench, WIDE):
        for key in ("1", "2", "backspace", ",", "5"):
            await bench.press_key(key)
        assert bench.dialog.entry == "1,5"
        await bench.press_key("o")
        assert bench.band.key == "not_signed_in"
        await bench.press_key("€")
        assert bench.dialog.entry == "1,5€"


async def test_space_scans_nothing_where_nothing_fits(bench: Bench) -> None:
    async with running(bench, WIDE):
        for key in "af1":
            await bench.press_key(key)
        assert (bench.dialog.order, bench.dialog.entry) == ("B-4", "1")
        await bench.press_key(" ")
        assert bench.zone("said") == NOTHING_FITS
        assert bench.dialog.entry == "1"


async def test_keys_ask_the_supervisor_and_what_it_says_is_shown_for_a_while(
    bench: Bench, control: ControlServer, asked: queue.Queue[object]
) -> None:
    async with running(bench, WIDE):
        assert bench.zone("said") == KEYS_LINE
        for key, ask in (("f5", "network"), ("f6", "power"), ("f7", "play"), ("f10", "end")):
            await bench.press_key(key)
            assert asked.get(timeout=SOON) == {"do": ask}
        bench.on_told(Told({"network": False, "say": "The network is unplugged."}))
        assert bench.zone("said") == "The network is unplugged."
        await bench.press_key("f7")
        assert bench.zone("said") == PLUG_FIRST
        assert asked.empty()
        bench.on_told(Told({"network": True}))
        await bench.press_key("f7")
        assert asked.get(timeout=SOON) == {"do": "play"}


def came_out(bench: Bench, folder: Path) -> None:
    """A label falls into the tray."""
    picture = folder / "labels" / "label-0001.png"
    Image.new("1", (800, 600), 1).save(picture)
    symbols = (Symbol("LOB-1+ROLL+1000+C62+261125R", "]d1", "DataMatrix"),)
    label = PrintedLabel(1, "job", str(picture), symbols)
    (folder / "labels" / "labels.jsonl").write_text(json.dumps(asdict(label)) + "\n")
    bench.look_into_tray()


async def test_a_label_lies_beside_the_things(bench: Bench, tmp_path: Path) -> None:
    async with running(bench, WIDE):
        came_out(bench, tmp_path)
        await bench.settle()
        await bench.settle()
        assert "LABEL 1 CAME OUT" in bench.zone("read")
        width = bench.query_one("#things").content_size.width
        assert max(map(len, bench.things_shown().splitlines())) <= width < 70
        assert "label-0001.png in" in bench.zone("read")
        assert len(bench.zone("picture").splitlines()) >= 10
        await bench.press_key("1")
        assert bench.query_one("#label").display
        assert bench.query_one("#things").display


async def test_on_a_small_screen_a_label_lies_on_the_things_until_the_next_key(
    bench: Bench, tmp_path: Path
) -> None:
    async with running(bench, SMALL):
        before = bench.things_shown()
        came_out(bench, tmp_path)
        await bench.settle()
        await bench.settle()
        assert "= lot B-1, 1000 PCS, use by 25 Nov 2026" in bench.zone("read")
        assert not bench.query_one("#things").display
        await bench.press_key("1")
        assert bench.query_one("#things").display
        assert bench.things_shown() == before


async def test_a_storm_of_sizes_breaks_nothing(bench: Bench, tmp_path: Path) -> None:
    async with running(bench, WIDE) as pilot:
        for key in "ac":
            await bench.press_key(key)
        came_out(bench, tmp_path)
        for size in STORM:
            await pilot.resize_terminal(*size)
            await bench.settle()
        await pilot.resize_terminal(*WIDE)
        await bench.settle()
        await bench.settle()
        assert "▶ i  Rye" in bench.things_shown() or "▶i Rye" in bench.things_shown()
        assert "LABEL 1 CAME OUT" in bench.zone("read")


async def test_in_a_new_size_all_is_drawn_anew(bench: Bench) -> None:
    async with running(bench, WIDE) as pilot:
        wide = bench.things_shown()
        await pilot.resize_terminal(*SMALL)
        await bench.settle()
        await bench.settle()
        small = bench.things_shown()
        assert max(map(len, small.splitlines())) <= 78
        await pilot.resize_terminal(*WIDE)
        await bench.settle()
        await bench.settle()
        assert bench.things_shown() == wide
