"""The drawing on the screen: in by scanner bytes, out as cells; its code read back from them."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from kiosk.dialog.state import STUTTER_SECONDS
from kiosk.drawings.cache import Cache
from kiosk.drawings.keeper import DrawingKeeper
from kiosk.links import DrawingsChanged, shop_access
from kiosk.readers import Reader
from kiosk.station import Station
from labels import symbols
from labels.codes import Code, LotCode
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.drawing_parts import CROISSANT, pdf, png_head
from tests.kiosk.real_terminals import PtyKiosk
from tests.kiosk.terminals import Terminal, badge, command, order, running, seeded

LINK: Final = "/D/7Q4ABCDEFGHJK"
URL: Final = f"HTTP://127.0.0.1:9{LINK}/2"
TO_STEPS: Final[tuple[Code, ...]] = (badge("anna"), order("B-3"), LotCode("BT-12", "BUTTER"))
_DARK: Final = {" ": "00", "▀": "10", "▄": "01", "█": "11"}


class WithDrawings(Terminal):
    """A terminal that keeps drawings; its server is not heard."""

    def make_readers(self, station: Station) -> list[Reader]:
        super().make_readers(station)
        config = station.config
        return [
            DrawingKeeper(
                config.data,
                config.station.server,
                "none",
                shop_access(station),
                lambda: self._post(DrawingsChanged()),
                now=lambda: TODAY,
                first_look_seconds=60.0,
            )
        ]

    async def shows(self, zone: str, text: str) -> str:
        """What a zone shows once that text is in it."""
        for _ in range(200):
            await self.settle()
            if text in self.zone(zone):
                return self.zone(zone)
            await self.ticked()
        raise AssertionError(f"{text!r} never came:\n{self.zone(zone)}")

    async def ticked(self) -> None:
        """A moment for the threads beside the app."""
        await asyncio.sleep(0.05)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def kept(data: Path, body: bytes, name: str = CROISSANT) -> None:
    cache = Cache(data)
    data.mkdir(exist_ok=True)
    assert cache.put(name, body, LINK, TODAY.timestamp(), {name})


def code_on(lines: list[str]) -> bytes:
    """What a phone reads from the cells at the left of these lines."""
    rows: list[str] = []
    for line in lines:
        pairs = [_DARK.get(sign, "00") for sign in line]
        rows += ["".join(pair[half] for pair in pairs) for half in (0, 1)]
    wide = max(len(row) for row in rows)
    image = Image.new("L", (wide, len(rows)), 255)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark == "1":
                image.putpixel((x, y), 0)
    ((read, _, _),) = symbols.decode_image(
        image.resize((wide * 4, len(rows) * 4), Image.Resampling.NEAREST)
    )
    return read


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_steps_checks_and_drawing_stand_side_by_side(
    data: Path, size: tuple[int, int]
) -> None:
    terminal = WithDrawings(seeded(data))
    kept(data, pdf())
    async with running(terminal, size):
        for code in (*TO_STEPS, command("OK"), command("DRAWING")):
            await terminal.scan(code)
        shown = await terminal.shows("drawing", "▀")
    for text in ("Laminate", "✔  1 Fold twice", "▶  2 Rest 20 minutes", "·  Core temperature:"):
        assert text in shown, shown
    assert f"{CROISSANT}, page 2" in shown
    assert terminal.band.key == "body_drawing"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (240, 67)])
async def test_a_phone_reads_the_code_from_the_screen(data: Path, size: tuple[int, int]) -> None:
    terminal = WithDrawings(seeded(data))
    kept(data, pdf())
    async with running(terminal, size):
        for code in (*TO_STEPS, command("DRAWING"), command("DRAWING")):
            await terminal.scan(code)
        shown = terminal.zone("drawing")
        assert code_on([line[:45] for line in shown.splitlines()]) == URL.encode()
        assert "The server is on this machine alone" in " ".join(shown.split())
        await terminal.scan(command("OK"))
        assert (terminal.band.key, terminal.dialog.body) == ("step_confirmed", "order")


async def test_a_missing_drawing_says_so_with_the_time(data: Path) -> None:
    terminal = WithDrawings(seeded(data))
    async with running(terminal, (80, 24)):
        for code in (*TO_STEPS, command("DRAWING")):
            await terminal.scan(code)
        shown = await terminal.shows("drawing", "tried 08:00")
        text = " ".join(shown.split())
        assert "not fetched yet" in text
        await terminal.scan(command("DRAWING"))
        assert "not fetched yet" in " ".join(terminal.zone("drawing").split())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (png_head(3_000, 3_000), "The drawing cannot be read."),
        (pdf(100), "The drawing has 100 pages, 60 at most are drawn here."),
        (pdf(1), "The drawing has 1 pages, and page 2 is wanted."),
    ],
)
async def test_a_hostile_drawing_is_a_sentence_and_the_work_goes_on(
    data: Path, body: bytes, told: str
) -> None:
    terminal = WithDrawings(seeded(data))
    kept(data, body)
    async with running(terminal, (120, 40)):
        for code in (*TO_STEPS, command("DRAWING")):
            await terminal.scan(code)
        await terminal.shows("drawing", told.split(",", maxsplit=1)[0][:24])
        assert told.split(",", maxsplit=1)[0] in " ".join(terminal.zone("drawing").split())
        await terminal.scan(command("OK"))
        assert terminal.band.key == "step_confirmed"


async def test_an_operation_without_steps_and_drawing_says_so(data: Path) -> None:
    terminal = WithDrawings(seeded(data))
    async with running(terminal, (80, 24)):
        for code in (badge("anna"), order("B-1"), command("DRAWING")):
            await terminal.scan(code)
        shown = terminal.zone("drawing")
    assert "No steps to confirm, nothing to measure." in shown
    assert "This operation has no drawing." in shown


def test_a_kept_drawing_is_drawn_on_a_real_terminal_without_a_server(data: Path) -> None:
    kept(data, pdf())
    with closing(PtyKiosk(data, size=(80, 24))) as kiosk:
        kiosk.until("Nobody is signed in")
        kiosk.send(badge("anna"))
        kiosk.until("Anna")
        for code, *texts in (
            (order("B-3"), "B-3"),
            (LotCode("BT-12", "BUTTER"), "Fold twice"),
            (command("DRAWING"), f"{CROISSANT}, page 2", "Laminate", "▀▀▀"),
        ):
            kiosk.send(code)
            kiosk.until(*texts)
        kiosk.watch(STUTTER_SECONDS + 0.1)
        kiosk.send(command("DRAWING"))
        kiosk.until("plant's network")
        lines = kiosk.watch(1.0).splitlines()
        assert code_on([line[1:46] for line in lines[8:23]]) == URL.encode()
        kiosk.send(command("OK"))
        kiosk.until("Rest 20 minutes")
        kiosk.watch(STUTTER_SECONDS + 0.1)
        kiosk.send(command("OK"))
        kiosk.until("Measure Core temperature")
        kiosk.send(b"95,5\r")  # a measuring device that types
        kiosk.until("Core temperature: 95.5 °C")
        kiosk.send(command("OK"))
        kiosk.until("Scan DONE")
        told = [type(one).__name__ for one in kiosk.end()]
        assert told[-3:] == ["StepConfirmed", "StepConfirmed", "CheckRecorded"]
