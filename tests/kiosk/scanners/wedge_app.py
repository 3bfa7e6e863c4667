"""A small app on the wedge driver: it tells on a pipe, one JSON line each, what reaches it."""

from __future__ import annotations

import json
import os
import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from kiosk.scanners import visible
from kiosk.scanners.wedge import (
    KeySwallowed,
    ScanLost,
    Scanned,
    SourceChanged,
    Typed,
    WedgeDriver,
    post_to,
)


class WedgeApp(App[None]):
    """Keeps Textual's own bindings (Ctrl+Q quits, Ctrl+P opens a palette) on purpose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "tell_key('f5')"),
        Binding("down", "tell_key('down')"),
        Binding("escape", "tell_key('escape')"),
        Binding("a", "tell_key('a')"),
    ]

    def __init__(self, pipe: int) -> None:
        super().__init__(driver_class=WedgeDriver)
        self.pipe = pipe

    def compose(self) -> ComposeResult:
        yield Static("", id="band", markup=False)

    def tell(self, *facts: object) -> None:
        os.write(self.pipe, json.dumps(facts).encode() + b"\n")

    def on_mount(self) -> None:
        self.sink = post_to(self)

    def on_source_changed(self, message: SourceChanged) -> None:
        self.tell("source", message.state.source, message.state.up)

    def on_scanned(self, message: Scanned) -> None:
        scan = message.scan
        self.query_one("#band", Static).update(visible(scan.payload))
        self.tell("scan", scan.payload.decode("latin-1"), scan.aim, *self.size)

    def on_scan_lost(self, message: ScanLost) -> None:
        self.tell("lost", message.misread.why)

    def on_typed(self, message: Typed) -> None:
        self.tell("typed", message.key)

    def on_entry_submitted(self) -> None:
        self.tell("submitted")

    def on_key_swallowed(self, message: KeySwallowed) -> None:
        self.tell("swallowed", message.key)

    def action_tell_key(self, key: str) -> None:
        self.tell("key", key)


if __name__ == "__main__":
    WedgeApp(int(sys.argv[1])).run(mouse=False)
