"""The doctor on the screen: raw codes and advice, nothing booked; several scanners by name."""

from __future__ import annotations

import os
import pty
import tty
from typing import TYPE_CHECKING

import pytest

from labels.codes import encode
from labels.keyboard import SETUP_TEXT, typed
from tests.kiosk.real_terminals import PtyKiosk, sent
from tests.kiosk.terminals import Terminal, badge, command, lot, order, running, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHEAT = lot("W-204", "WHEAT")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(seeded(tmp_path / "data"))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_doctor_claims_scans_shows_them_raw_and_lets_go(
    terminal: Terminal, size: tuple[int, int]
) -> None:
    async with running(terminal, size):
        for code in (badge("anna"), order("B-1"), command("OK"), command("DOCTOR")):
            await terminal.scan(code)
        assert (terminal.dialog.body, terminal.band.key) == ("doctor", "body_doctor")
        assert "Nothing is booked" in terminal.zone("what")
        assert "OP••••<CR>" in terminal.zone("doctor")
        await terminal.scan(WHEAT)
        assert terminal.band.key == "doctor_scan"
        assert terminal.scanner.last_answer == "note"
        assert f"]Q1{encode(WHEAT)}<CR>" in terminal.zone("doctor")
        assert "Nothing to change." in terminal.zone("doctor")
        await terminal.scan(b"]C1010952110153001810A\x1d21\x1b[2J\r")
        assert "]C1010952110153001810A<GS>21<ESC>[2J<CR>" in terminal.zone("doctor")
        await terminal.scan(badge("paul"))
        assert terminal.dialog.person == "anna"
        await terminal.scan(command("DOCTOR"))
        assert terminal.dialog.body == "order"
        await terminal.scan(WHEAT)
        assert terminal.band.key == "consumed"


async def test_what_is_wrong_is_named_with_what_to_change(terminal: Terminal) -> None:
    async with running(terminal):
        await terminal.scan(badge("anna"))
        await terminal.scan(command("DOCTOR"))
        await terminal.scan(f"{typed(encode(WHEAT), 'de')}\r".encode())
        assert "Keyboard GERMAN: set the PC's layout" in terminal.zone("doctor")
        assert "No AIM identifier" in terminal.zone("doctor")
        await terminal.scan(SETUP_TEXT.replace("\x1d", "").encode() + b"\r")
        assert "GS is lost" in terminal.zone("doctor")
        assert terminal.band.key == "unreadable_gs_lost"
        assert terminal.dialog.body == "doctor"
        await terminal.scan(SETUP_TEXT.encode() + b"\r")
        assert terminal.band.key == "setup_good"


async def test_esc_leaves_the_doctor(terminal: Terminal) -> None:
    async with running(terminal) as pilot:
        await terminal.scan(command("DOCTOR"))
        bodies = [terminal.dialog.body]
        await pilot.press("escape")
        await terminal.settle()
        assert [*bodies, terminal.dialog.body] == ["doctor", "queue"]


async def test_the_set_up_code_is_answered_before_anybody_signs_in(terminal: Terminal) -> None:
    async with running(terminal):
        await terminal.scan(f"{typed(SETUP_TEXT, 'be')}\r".encode())
        assert terminal.zone("what").endswith(
            "KEYBOARD BELGIAN: this PC changes what the scanner types."
        )
        assert terminal.scanner.last_answer == "stop"
        await terminal.scan(f"]Q1{SETUP_TEXT}\r".encode())
        assert (terminal.band.kind, terminal.scanner.last_answer) == ("ok", "ok")


class Cables:
    """Two serial scanners on pseudo-terminals."""

    def __init__(self) -> None:
        self.outer: dict[str, int] = {}
        self.inner: list[int] = []
        self.settings = ""
        for name in ("left", "right"):
            outer, inner = pty.openpty()
            tty.setraw(inner)
            self.outer[name] = outer
            self.inner.append(inner)
            self.settings += f'[[scanner]]\nport = "{os.ttyname(inner)}"\nname = "{name}"\n'

    def send(self, name: str, data: bytes) -> None:
        os.write(self.outer[name], data)

    def unplug(self, name: str) -> None:
        os.close(self.outer.pop(name))

    def close(self) -> None:
        for one in (*self.outer.values(), *self.inner):
            os.close(one)


@pytest.fixture
def cables() -> Iterator[Cables]:
    cables = Cables()
    yield cables
    cables.close()


@pytest.fixture
def wired(tmp_path: Path, cables: Cables) -> Iterator[PtyKiosk]:
    """It ends before its cables go to somebody else."""
    kiosk = PtyKiosk(tmp_path / "data", cables.settings, size=(120, 40))
    yield kiosk
    if kiosk.master >= 0:
        kiosk.close()


def test_several_scanners_at_once_each_named_when_it_is_gone(
    wired: PtyKiosk, cables: Cables
) -> None:
    wired.until("● left", "● right", "● keyboard", "Scan your badge")
    cables.send("left", sent(badge("anna")))
    wired.until("Anna")
    cables.send("right", sent(order("B-1")))
    wired.until("Wheat flour")
    cables.unplug("left")
    wired.until("✖ left", "● right", "● keyboard")
    wired.send(command("OK"))
    wired.until("NOTED")
    cables.send("right", sent(WHEAT))
    wired.until("W-204: 60 KG")
    names = [type(one).__name__ for one in wired.end()]
    assert names.count("MaterialConsumed") == 1
