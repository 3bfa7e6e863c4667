"""The sheet for laser scanners: every symbol is read off the rendered page, opposites far apart."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
import zxingcpp
from pypdfium2 import PdfDocument

from kiosk.demo.factory import Factory
from kiosk.demo.sheet import write
from kiosk.dialog.actions import opposed
from labels.codes import COMMANDS, DIGITS, Code, CommandCode, DigitCode, ReasonCode, decode
from labels.sheet import CELL
from tests.kiosk.terminals import seeded

SCALE = 4
open_pdf: Callable[[bytes], PdfDocument] = PdfDocument


@dataclass(frozen=True, slots=True)
class Found:
    """A linear symbol on a page: its code and its middle in points."""

    code: Code
    page: int
    x: float
    y: float


def linear_symbols(pdf: bytes) -> list[Found]:
    """Every Code 128 of a PDF as a laser would read it."""
    found = []
    formats = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128])
    for number, page in enumerate(open_pdf(pdf)):
        picture = page.render(scale=SCALE).to_pil().convert("L")
        for one in zxingcpp.read_barcodes(picture, formats):
            middle = one.position.top_left, one.position.bottom_right
            x, y = (sum(getattr(corner, axis) for corner in middle) / 2 / SCALE for axis in "xy")
            found.append(Found(decode(one.bytes), number, x, y))
    return found


def kiosk(*arguments: str) -> "subprocess.CompletedProcess[str]":
    whole = [sys.executable, "-m", "kiosk", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> list[Found]:
    """The sheet of a station that knows its reasons."""
    folder = tmp_path_factory.mktemp("sheet")
    seeded(folder / "data")
    out = folder / "codes.pdf"
    done = kiosk("sheet", "--out", str(out), "--data", str(folder / "data"))
    assert (done.returncode, done.stdout) == (0, f"{out}: 4 reasons\n"), done.stderr
    return linear_symbols(out.read_bytes())


def test_every_command_digit_and_reason_is_read(bakery: list[Found]) -> None:
    wanted: set[Code] = {CommandCode(name) for name in COMMANDS}
    wanted |= {DigitCode(sign) for sign in DIGITS}
    wanted |= {ReasonCode(name) for name in ("BURNT", "TORN", "NOFLOUR", "BREAK")}
    assert {one.code for one in bakery} == wanted
    assert len(bakery) == len(wanted)


def test_opposites_are_neither_neighbours_nor_in_one_sweep(bakery: list[Found]) -> None:
    width, height = CELL
    commands = [one for one in bakery if isinstance(one.code, CommandCode)]
    checked = 0
    for one, other in combinations(commands, 2):
        assert isinstance(one.code, CommandCode)
        assert isinstance(other.code, CommandCode)
        if one.page != other.page:
            continue
        if opposed(one.code.command, other.code.command):
            assert abs(one.y - other.y) > 1.5 * height, (one, other)
            checked += 1
        else:
            assert max(abs(one.x - other.x) / width, abs(one.y - other.y) / height) > 0.5
    assert checked


def test_a_station_that_knows_nothing_has_its_commands(tmp_path: Path) -> None:
    out = tmp_path / "codes.pdf"
    done = kiosk("sheet", "--out", str(out), "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (
        0,
        f"{out}: no reasons: this station has heard of none\n",
    )
    assert len(linear_symbols(out.read_bytes())) == len(COMMANDS) + len(DIGITS)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = kiosk("sheet", "--out", str(tmp_path / "no" / "codes.pdf"), "--data", str(tmp_path))
    assert done.returncode == 1
    assert "give --out a file to write" in done.stderr


def test_the_demo_prints_the_same_commands(tmp_path: Path) -> None:
    pdf = write(Factory.named("bakery", date(2026, 11, 22)), tmp_path).read_bytes()
    read = {one.code for one in linear_symbols(pdf)}
    assert {CommandCode(name) for name in COMMANDS} <= read
    assert {DigitCode(sign) for sign in DIGITS} <= read
