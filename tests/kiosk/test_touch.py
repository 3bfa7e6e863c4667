"""A mouse or a finger: off unless it is configured, and then on targets that a hand can hit."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events

from kiosk.config import InputConfig, load
from kiosk.dialog import Key
from kiosk.scanners.framing import BURST_GUARD_S
from kiosk.scanners.wedge import KeySwallowed, KeyWedge, Scanned, tap_of
from kiosk.screens.touch import TARGET_COLUMNS, TARGET_ROWS, Shelf, shelf
from labels.codes import Code
from sync.domain.events import MaterialConsumed
from tests.kiosk.real_terminals import PtyKiosk
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, running, seeded

MOUSE_MODES = (b"?1000h", b"?1002h", b"?1003h", b"?1006h", b"?1015h")


def touching(folder: Path) -> Terminal:
    return Terminal(replace(seeded(folder), input=InputConfig(mouse=True)))


async def tap(terminal: Terminal, zone: str, row: int = 1) -> None:
    """A finger in the middle of a row of a zone."""
    terminal.still.advance(1)
    at = terminal.query_one(f"#{zone}").content_region
    terminal.on_key(events.Key(f"tap:{at.x + at.width // 2}:{at.y + row}", None))
    await terminal.settle()


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_fits_is_a_target(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = touching(tmp_path)
    slot = "touch" if size == (80, 24) else "code"
    async with running(terminal, size):
        for code in (badge("anna"), order("B-1")):
            await terminal.scan(code)
        for name in ("first", "second"):
            target = terminal.query_one(f"#{slot}-{name}").size
            assert target.width >= TARGET_COLUMNS
            assert target.height >= TARGET_ROWS
        await tap(terminal, f"{slot}-first")
        assert terminal.band.key == "note_read"
        await tap(terminal, f"{slot}-second")
        assert terminal.dialog.body == "help"


async def test_answers_and_help_are_touched(tmp_path: Path) -> None:
    terminal = touching(tmp_path)
    async with running(terminal, (80, 24)):
        scans: list[Code] = [badge("anna"), order("B-1"), command("OK"), *number("3")]
        for code in (*scans, command("SCRAP")):
            await terminal.scan(code)
        await tap(terminal, "choices", 0)
        assert terminal.dialog.asking is not None
        await tap(terminal, "choices", 1 + TARGET_ROWS)
        assert [one.reason for one in terminal.dialog.scrap] == ["BURNT"]
        await terminal.desk.take(Key("help"))
        await terminal.settle()
        await tap(terminal, "help", 2 + 3 * TARGET_ROWS)
        assert terminal.dialog.body == "help"
        await tap(terminal, "help", 2 + TARGET_ROWS)
        assert terminal.band.key != "body_help"


async def test_a_finger_that_bounces_counts_once_and_nothing_is_beside_a_target(
    tmp_path: Path,
) -> None:
    terminal = touching(tmp_path)
    async with running(terminal, (80, 24)):
        for code in (badge("anna"), order("B-1"), lot("W-204", "WHEAT")):
            await terminal.scan(code)
        at = terminal.query_one("#touch-second").content_region
        for _ in range(2):
            terminal.on_key(events.Key(f"tap:{at.x}:{at.y}", None))
        await terminal.settle()
        assert terminal.dialog.body == "help"
        await tap(terminal, "head", 0)
        assert terminal.dialog.body == "help"
        terminal.on_key(events.Key("tap:999:999", None))
        await terminal.settle()


@pytest.mark.parametrize(
    ("selected", "of", "rows", "wanted"),
    [
        (0, 3, 9, Shelf(0, 3)),
        (0, 4, 10, Shelf(0, 2, more=True)),
        (3, 4, 10, Shelf(2, 2, more=True)),
        (6, 7, 10, Shelf(6, 1, more=True)),
        (5, 9, 3, Shelf(5, 1)),
        (5, 9, 0, Shelf(5, 1)),
    ],
)
def test_a_long_list_has_pages(selected: int, of: int, rows: int, wanted: Shelf) -> None:
    assert shelf(selected, of, rows) == wanted


def test_a_click_inside_a_code_is_swallowed() -> None:
    """A barcode may hold the bytes of a mouse: with a burst beside it, it is no touch."""
    told: list[object] = []
    wedge = KeyWedge(0.05, told.append, touch=True)
    press = events.MouseDown(None, 5, 7, 0, 0, 1, False, False, False)
    wedge.take(press, 10.0)
    for place, sign in enumerate("LOT-1"):
        wedge.take(events.Key(sign, sign), 10.01 + place / 1000)
    wedge.take(events.Key("enter", "\r"), 10.02)
    assert [type(one) for one in told] == [KeySwallowed, Scanned]
    wedge.take(press, 11.0)
    wedge.release(11.0 + BURST_GUARD_S)
    last = told[-1]
    assert isinstance(last, events.Key)
    assert tap_of(last.key) == (5, 7)
    assert tap_of("f8") is None


def test_without_a_mouse_none_is_heard() -> None:
    told: list[object] = []
    wedge = KeyWedge(0.05, told.append)
    wedge.take(events.MouseDown(None, 5, 7, 0, 0, 1, False, False, False), 10.0)
    wedge.release(11.0)
    assert told == []


@pytest.mark.parametrize("mouse", [False, True])
def test_the_terminal_is_asked_for_a_mouse_only_where_that_is_configured(
    tmp_path: Path, mouse: bool
) -> None:
    settings = "[input]\nmouse = true\n" if mouse else ""
    kiosk = PtyKiosk(tmp_path / "data", settings)
    assert load(data=kiosk.data).input.mouse is mouse
    kiosk.until("Scan your badge", "● keyboard")
    kiosk.send(badge("anna"), order("B-1"), command("OK"), lot("W-204", "WHEAT"))
    shown = kiosk.until("0 KG left" if mouse else "W-204")
    if mouse:
        row = next(place for place, line in enumerate(shown.splitlines()) if " HELP " in line)
        kiosk.watch(0.5)
        kiosk.send(f"\x1b[<0;60;{row + 1}M\x1b[<0;60;{row + 1}m".encode())
        kiosk.until("*4  PAUSE", "▼ more")
    events_of = kiosk.end()
    assert any(mode in kiosk.raw for mode in MOUSE_MODES) is mouse
    assert any(isinstance(one, MaterialConsumed) for one in events_of)
