"""The scanner without a device: bytes go through the same framing as those of a real one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kiosk.scanners import Answer, Sink, SourceState, delivery
from kiosk.scanners.framing import Framer

if TYPE_CHECKING:
    from collections.abc import Callable


class SimulatedScanner:
    """A scanner that is fed by the program itself: the demo's workbench, or a test."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.last_answer: Answer | None = None
        self._clock = clock
        self._framer = Framer()
        self._sink: Sink | None = None

    def start(self, sink: Sink) -> None:
        """Deliver to `sink`, in the thread that calls `feed`."""
        self._sink = sink
        sink(SourceState(self.name, up=True, why=""))

    def stop(self) -> None:
        self._sink = None
        self._framer = Framer()

    def answer(self, kind: Answer) -> None:
        """Remember the last answer, as an operator would its sound."""
        self.last_answer = kind

    def feed(self, data: bytes) -> None:
        """Bytes as a device sends them: AIM identifier, code, terminator; whole or in parts."""
        sink = self._sink
        assert sink is not None, f"scanner {self.name} is fed before it is started"
        for found in self._framer.feed(data, self._clock()):
            sink(delivery(found, self.name))
