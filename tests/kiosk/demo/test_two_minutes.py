"""A newcomer's two minutes at the demo: Space and F-keys only, in a real tmux."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

STUTTER_SECONDS = 1.6
TMUX = shutil.which("tmux")
assert TMUX, "need: apt install tmux"


class Tmux:
    """One tmux server with one window of 120 by 40, and what is to be seen in it."""

    def __init__(self, folder: Path, command: str) -> None:
        self.socket = str(folder / "tmux.sock")
        environment = {key: text for key, text in os.environ.items() if not key.startswith("TMUX")}
        environment |= {"LANG": "C.UTF-8", "TERM": "xterm-256color"}
        words = ["-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", command]
        subprocess.run([TMUX or "", "-S", self.socket, *words], check=True, env=environment)
        self._run("set-option", "-g", "status", "off")
        self._run("set-option", "-g", "remain-on-exit", "on")

    def screen(self) -> str:
        return self._run("capture-pane", "-p")

    def press(self, key: str) -> None:
        self._run("send-keys", key)

    def until(self, wanted: str | Callable[[str], bool], seconds: float) -> tuple[str, float]:
        """The screen that shows what is wanted, and how long it took."""
        holds = (lambda screen: re.search(wanted, screen)) if isinstance(wanted, str) else wanted
        begun = time.monotonic()
        while True:
            screen = self.screen()
            took = time.monotonic() - begun
            if holds(screen):
                return screen, took
            assert took < seconds, f"{wanted!r} not within {seconds} s:\n{screen}"
            time.sleep(0.02)

    def close(self) -> None:
        subprocess.run([TMUX or "", "-S", self.socket, "kill-server"], capture_output=True)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [TMUX or "", "-S", self.socket, *words], capture_output=True, text=True, check=True
        )
        return done.stdout


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Tmux]:
    command = f"{sys.executable} -m kiosk demo --data {tmp_path / 'demo'}"
    terminal = Tmux(tmp_path, command)
    yield terminal
    if "To go on" not in terminal.screen():
        terminal.press("F10")
        terminal.until("To go on", 20)
    terminal.close()


def waiting(screen: str) -> int:
    found = re.search(r"(\d+) waiting", screen)
    return int(found.group(1)) if found else 0


def test_space_and_function_keys_tell_the_whole_story(tmux: Tmux, tmp_path: Path) -> None:
    first, _ = tmux.until("press Space", 60)
    board = re.search(r"http://127\.0\.0\.1:\d+/board", first)
    assert board, first

    tmux.press("Space")
    tmux.until("│ Anna Berg │", 5)
    tmux.press("Space")
    tmux.until(r"Wheat flour +60 KG +0 +60 KG +W-204 at A3", 5)

    tmux.press("Space")
    stop, _ = tmux.until("Rye flour R-118 belongs to order B-2. This order needs Wheat flour.", 5)
    assert re.search("fetch W-204 from A3", stop, re.IGNORECASE), (
        "what is wanted, and where it lies"
    )
    tmux.press("Space")
    tmux.until("▶ Scan Wheat flour", 5)
    online = [scan_again(tmux), scan_again(tmux)]
    tmux.until(r"Wheat flour +60 KG +50 +10 KG", 5)

    tmux.press("F5")
    offline, _ = tmux.until("OFFLINE", 15)
    before = waiting(offline)
    away = [scan_again(tmux), scan_again(tmux)]
    tmux.until(lambda text: waiting(text) == before + 2, 5)
    assert min(away) < 2 * min(online) + 0.1, (online, away)

    in_order = order_lines(tmux.screen())
    tmux.press("F6")
    tmux.until(lambda text: not order_lines(text), 5)
    _, took = tmux.until(lambda text: order_lines(text) == in_order, 6)
    assert took < 2.0, took
    tmux.until("OFFLINE", 10)

    scan_again(tmux)
    tmux.until("▶ Scan DONE", 5)
    scan_again(tmux)
    tmux.until("LABEL 1 CAME OUT", 15)
    label, _ = tmux.until(r"LOB-1\+ROLL\+1000\+C62", 5)
    assert "▀" in label
    assert "label-0001.png" in label

    tmux.press("F5")
    tmux.until(lambda text: waiting(text) == 0 and "OFFLINE" not in text, 15)
    _, took = tmux.until(r"(\d+) of \1 on the server, none twice", 15)
    assert took < 2.0, took
    page = httpx.get(board.group()).text
    assert column_of(page, "B-1") == "completed"

    tmux.press("F10")
    ended, _ = tmux.until("To go on", 20)
    assert "none twice" in ended.replace("\n", " ")


def scan_again(tmux: Tmux) -> float:
    """Space, no sooner than a hand takes the next bag; how long the answer took."""
    time.sleep(STUTTER_SECONDS)
    before = tmux.screen()
    begun = time.monotonic()
    tmux.press("Space")
    tmux.until(lambda screen: screen != before, 5)
    return time.monotonic() - begun


def order_lines(screen: str) -> list[str]:
    """What the order's body says of the materials: what is needed, taken and left."""
    names = ("Wheat flour", "Fresh yeast", "Sea salt")
    lines = [line.strip() for line in screen.splitlines()]
    return [line for line in lines if line.startswith(names) and " KG " in line]


def column_of(page: str, order: str) -> str:
    """The status column in which the board shows an order's card."""
    before = page[: page.index(f'id="order-{order}"')]
    return str(re.findall(r'<div class="cards" id="(\w+)"', before)[-1])
