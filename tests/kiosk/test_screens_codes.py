"""Codes on the screen: read by a decoder from pictures of a real terminal, and where they stand."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
import zxingcpp
from PIL import Image

from kiosk.screens.symbols_drawn import COMMAND_COLUMNS, COMMAND_ROWS, drawn, half_blocks
from labels.codes import COMMANDS, Code, CommandCode, DigitCode, ReasonCode, decode
from labels.symbols import decode_image
from tests.kiosk.real_terminals import XtermKiosk
from tests.kiosk.terminals import (
    badge,
    command,
    lot,
    number,
    order,
)

Edges = dict[str, tuple[int, int]]
Find = Callable[[Image.Image], Edges | None]
OPENED: Final[tuple[Code, ...]] = (badge("anna"), order("B-1"), command("OK"))
FED: Final[tuple[Code, ...]] = (*OPENED, lot("W-204", "WHEAT"), lot("Y-31", "YEAST"))
ASKED: Final[tuple[Code, ...]] = (*FED, *number("1030"), command("DONE"))
CODES_APART_MIN: Final = 20


def read(picture: Image.Image) -> Edges:
    """Command → left and right edge of its code on the picture, in pixels."""
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
    found = {}
    for one in zxingcpp.read_barcodes(picture.convert("L"), formats):
        code = decode(one.bytes)
        assert isinstance(code, CommandCode)
        corners = (one.position.top_left, one.position.top_right)
        found[code.command] = (min(it.x for it in corners), max(it.x for it in corners))
    return found


def shows(*commands: str) -> Find:
    """A search for just these codes."""

    def find(picture: Image.Image) -> Edges | None:
        found = read(picture)
        return found if found.keys() == set(commands) else None

    return find


@pytest.fixture
def xterm(tmp_path: Path) -> Iterator[XtermKiosk]:
    kiosk = XtermKiosk(tmp_path / "data")
    kiosk.begin()
    yield kiosk
    kiosk.close()


def test_an_imager_reads_both_codes_off_the_monitor(xterm: XtermKiosk) -> None:
    """The scanner's bytes go in, the codes come out of the pixels, and are scanned in again."""
    xterm.scan(*OPENED)
    xterm.until(shows("PAUSE", "HELP"), "PAUSE and HELP")
    xterm.scan(*FED[3:])
    found = xterm.until(shows("DONE", "PAUSE"), "DONE and PAUSE")
    cell = xterm.picture().width / 1920 * 11  # DejaVu Sans Mono at 14 points: 11 pixels
    left, right = sorted(found.values())
    assert (right[0] - left[1]) / cell >= CODES_APART_MIN
    xterm.scan(CommandCode(min(found)))
    xterm.until(shows("HELP"), "the end of the order")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[XtermKiosk]:
    kiosk = XtermKiosk(tmp_path / "data", (80, 24))
    kiosk.begin()
    yield kiosk
    kiosk.close()


def test_at_80x24_help_shows_them_one_at_a_time(small: XtermKiosk) -> None:
    small.scan(*FED)
    small.until(shows(), "the order without a code")
    small.begin()
    small.until(shows("DONE"), "DONE in HELP")
    small.scan(command("QUEUE"))
    small.until(shows(), "the queue without a code")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_one_symbol_of_the_same_size(name: str) -> None:
    code = drawn(CommandCode(name), name)
    lines = code.plain.split("\n")
    assert (len(lines), {len(line) for line in lines}) == (COMMAND_ROWS, {COMMAND_COLUMNS})
    assert lines[-1].strip() == name
    assert drawn(CommandCode(name), name) is code  # unchanged, it costs nothing


@pytest.mark.parametrize("console", [False, True])
@pytest.mark.parametrize(
    "code", [CommandCode("HANDOVER"), DigitCode("7"), ReasonCode("MATERIAL-RAN-OUT-2")]
)
def test_the_cells_are_the_symbol(code: Code, console: bool) -> None:
    """Two pixels a cell, as a terminal fills half blocks."""
    lines = drawn(code, "", console=console).plain.split("\n")[:-1]
    upper = [["1" if cell in "▀█" else "0" for cell in line] for line in lines]
    lower = [["1" if cell in "▄█" else "0" for cell in line] for line in lines]
    rows = [row for pair in zip(upper, lower, strict=True) for row in pair]
    ink = "0" if console else "1"
    pixels = bytes(0 if cell == ink else 255 for row in rows for cell in row)
    picture = Image.frombytes("L", (len(rows[0]), len(rows)), pixels)
    scaled = picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)
    assert [decode(data) for data, _, _ in decode_image(scaled)] == [code]


def test_half_blocks_of_an_odd_height_end_light() -> None:
    assert half_blocks(["10", "01", "11"]) == ("▀▄", "▀▀")
    assert half_blocks(["10", "01", "11"], light_is_ink=True) == ("▄▀", "▄▄")


def test_what_no_code_can_carry_is_its_word() -> None:
    assert drawn(ReasonCode("Größe"), "Größe").plain == "Größe"
