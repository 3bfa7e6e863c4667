"""The floor under the kiosk's screen: a Textual app with one text, changed by each scan.

`python -m tests.bench.bare_app [--serial DEVICE]`. A scan ends with carriage return.
"""

import argparse
import threading

from textual.app import App, ComposeResult
from textual.events import Key
from textual.message import Message
from textual.widgets import Static

READY = "the floor is ready"


class Read(Message):
    """A code came by cable."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class BareApp(App[None]):
    """One text."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self._typed: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static(READY, id="text", markup=False)

    def on_mount(self) -> None:
        if self._device:
            threading.Thread(target=self._listen, daemon=True).start()

    def on_key(self, event: Key) -> None:
        if event.key == "enter":
            self._show("".join(self._typed))
            self._typed.clear()
        elif event.character:
            self._typed.append(event.character)

    def on_read(self, message: Read) -> None:
        self._show(message.text)

    def _show(self, text: str) -> None:
        self.query_one("#text", Static).update(f"OK {text}", layout=False)

    def _listen(self) -> None:
        with open(self._device, "rb", buffering=0) as line:  # noqa: PTH123 — a device
            waiting = b""
            while data := line.read(4_096):
                *codes, waiting = (waiting + data).split(b"\r")
                for code in codes:
                    self.post_message(Read(code.decode()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serial", default="", metavar="DEVICE", help="take scans from it too")
    BareApp(parser.parse_args().serial).run()
