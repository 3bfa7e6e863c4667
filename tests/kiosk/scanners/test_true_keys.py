"""True key codes by an X server into an xterm with the product in it: the layout is named.

A keyboard scanner presses keys for US English; what arrives is the work of the X server's keyboard
map. The screen is read from what the product wrote to the xterm.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Final

import pyte
import pytest

from kiosk.scanners.layouts import control_of, sign_of
from labels.codes import BadgeCode, Code, LotCode, encode
from labels.keyboard import SETUP_TEXT
from tests.kiosk.real_terminals import STATION, command_line, environment
from tests.kiosk.terminals import BADGES, seeded
from tests.missing import missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S: Final = 30.0
COLUMNS, ROWS = 100, 30
X_OFFSET: Final = 8  # an X key code is the kernel's and this
SHIFT, CTRL, ENTER, CAPS = 42, 29, 28, 58
KEYS: Final = (*range(2, 14), *range(16, 28), *range(30, 42), 43, *range(44, 54))
PLAIN: Final = {sign_of(key, "us"): (key, 0) for key in KEYS}
SHIFTED: Final = {sign_of(key, "us", shift=True): (key, SHIFT) for key in KEYS}
CONTROL: Final = {control_of(27, "us"): (27, CTRL)}
STROKES: Final = {**SHIFTED, **PLAIN, **CONTROL, "\r": (ENTER, 0)}
LOT: Final = LotCode("W-204", "WHEAT")


def presses(text: str) -> list[str]:
    """The words of xdotool that press the keys a US scanner presses for a text."""
    words: list[str] = []
    for sign in text:
        key, held = STROKES[sign]
        press = ["key", "--delay", "1", str(key + X_OFFSET)]
        modifier = str(held + X_OFFSET)
        words += ["keydown", modifier, *press, "keyup", modifier] if held else press
    return words


class Keyboard:
    """An X server without a monitor, an xterm on it, the product in it."""

    def __init__(self, data: Path) -> None:
        for program in ("Xvfb", "xterm", "xdotool", "setxkbmap", "script"):
            if shutil.which(program) is None:
                missing(program, "run deploy/test-tools as root")
        seeded(data)
        (data / "kiosk.toml").write_text(f"{STATION}[wedge]\ngap_ms = 500\n")
        told, number = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(number), "-screen", "0", "1280x1024x24", "-noreset"],
            pass_fds=(number,),
            stderr=subprocess.DEVNULL,
        )
        os.close(number)
        with os.fdopen(told) as line:
            self.display = f":{line.readline().strip()}"
        self.log = data / "screen.log"
        self.process = data / "process"
        product = f"echo $$ > {self.process}; exec {' '.join(command_line(data))}"
        terminal = ["xterm", "-tn", "xterm-256color", "-u8", "-geometry", f"{COLUMNS}x{ROWS}+0+0"]
        self.xterm = subprocess.Popen(
            [*terminal, "-e", "script", "-q", "-f", "-c", product, str(self.log)],
            env=environment(DISPLAY=self.display),
            stderr=subprocess.DEVNULL,
        )

    def run(self, *words: str) -> None:
        """A tool of the X server."""
        subprocess.run(words, env=environment(DISPLAY=self.display), check=True, timeout=WAIT_S)

    def layout(self, name: str) -> None:
        """The PC's keyboard layout."""
        self.run("setxkbmap", name)

    def scan(self, code: Code | str) -> None:
        """What a scanner that is set to US English presses for a code, in one burst."""
        text = code if isinstance(code, str) else f"]Q1{encode(code)}"
        self.run("xdotool", "mousemove", "50", "50", *presses(f"{text}\r"))

    def screen(self) -> str:
        """What the xterm shows: all that was written to it, drawn anew."""
        screen = pyte.Screen(COLUMNS, ROWS)
        stream = pyte.ByteStream(screen)
        stream.feed(self.log.read_bytes() if self.log.exists() else b"")
        return "\n".join(screen.display)

    def shows(self, *texts: str) -> None:
        """Until the screen holds all of these."""
        end = time.monotonic() + WAIT_S
        while not all(text in (screen := self.screen()) for text in texts):
            assert time.monotonic() < end, f"never showed {texts}:\n{screen}"
            time.sleep(0.1)

    def close(self) -> None:
        """End the product, with which the xterm ends, then the server."""
        os.kill(int(self.process.read_text()), signal.SIGTERM)
        self.xterm.wait(WAIT_S)
        self.server.terminate()
        self.server.wait(WAIT_S)


@pytest.fixture
def keyboard(tmp_path: Path) -> Iterator[Keyboard]:
    keyboard = Keyboard(tmp_path / "data")
    keyboard.shows("BAKE-1", "Scan your badge")
    yield keyboard
    keyboard.close()


def test_layouts_and_caps_lock_are_named_on_the_screen(keyboard: Keyboard) -> None:
    keyboard.layout("us")
    keyboard.scan(SETUP_TEXT)
    keyboard.shows("Scanner and keyboard agree")
    for layout, name in (("fr", "FRENCH"), ("de", "GERMAN")):
        keyboard.layout(layout)
        keyboard.scan(SETUP_TEXT)
        keyboard.shows(f"KEYBOARD {name}: this PC changes", "set the PC's keyboard layout to US")
        keyboard.layout("us")
        keyboard.scan(SETUP_TEXT)
        keyboard.shows("Scanner and keyboard agree")
        keyboard.layout(layout)
        keyboard.scan(LOT)
        keyboard.shows(f"KEYBOARD {name}: this PC changes")
    keyboard.layout("us")
    keyboard.run("xdotool", "key", str(CAPS + X_OFFSET))
    keyboard.scan(LOT)
    keyboard.shows("CAPS LOCK is on: it changes the letters")
    keyboard.run("xdotool", "key", str(CAPS + X_OFFSET))
    keyboard.scan(BadgeCode(BADGES["anna"]))
    keyboard.shows("Anna")


def test_french_with_caps_lock_is_told_as_both(keyboard: Keyboard) -> None:
    keyboard.layout("fr")
    keyboard.run("xdotool", "key", str(CAPS + X_OFFSET))
    keyboard.scan(SETUP_TEXT)  # arrives as $c&)°!M3qQÇ$w
    keyboard.shows("KEYBOARD FRENCH, and CAPS LOCK is on")
