"""The keyboard as a scanner: a Textual driver that frames keys before the app sees any of them.

A keyboard wedge types what it reads. Here keys become values in the input thread, so nothing that a
barcode holds can reach a key binding: the app gets `Scanned`, `Typed` and `EntrySubmitted`, and of
the keys only function keys, arrows and Esc that no burst came with.

This is also the home of the messages by which every driver speaks to the app (`post_to`).
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, messages
from textual.message import Message

from kiosk import containment
from kiosk.scanners import KEYBOARD, Delivery, Misread, Scan, Sink, SourceState, delivery, visible
from kiosk.scanners.framing import (
    BURST_GAP_S,
    GARBAGE_HEAD_BYTES,
    TAP,
    KeyFramer,
    KeyResult,
    PassedKey,
    SwallowedKey,
    TypedKey,
)
from sync.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.app import App

SOURCE: Final = KEYBOARD
POLL_S: Final = 1.0
ESC_POLL_S: Final = 0.02
READ_BYTES_MAX: Final = 4096
TERMINAL_GONE_STATUS: Final = 1

# All else that a terminal can say is dropped: a barcode may hold a window size or a mouse click.
_HARMLESS = (events.AppBlur, events.AppFocus, messages.TerminalSupportsSynchronizedOutput)


class Scanned(Message, bubble=False):
    """A device read a code."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        super().__init__()


class SourceChanged(Message, bubble=False):
    """A device came or went."""

    def __init__(self, state: SourceState) -> None:
        self.state = state
        super().__init__()


class ScanLost(Message, bubble=False):
    """A device sent what is no whole scan."""

    def __init__(self, misread: Misread) -> None:
        self.misread = misread
        super().__init__()


class Typed(Message, bubble=False):
    """A person typed one printable character, or "backspace"."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__()


class EntrySubmitted(Message, bubble=False):
    """A person pressed Enter."""


class KeySwallowed(Message, bubble=False):
    """A key that must not act: it came with a burst, or is a control character. For the doctor."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__()


def message_of(item: Delivery) -> Message:
    """The message by which the app hears of what a driver delivers."""
    if isinstance(item, Scan):
        return Scanned(item)
    return SourceChanged(item) if isinstance(item, SourceState) else ScanLost(item)


def post_to(app: App[Any]) -> Sink:
    """A sink that hands on to `app`; it never waits, from whichever thread it is called."""

    def sink(item: Delivery) -> None:
        app.post_message(message_of(item))

    return sink


class KeyWedge:
    """Textual's input messages -> ours, by way of the framer. Not for two threads at once.

    With `touch`, a press of the mouse or a finger is a key of its own, `tap:COLUMN:ROW`: a burst
    beside it swallows it, for a barcode may hold a mouse click.
    """

    def __init__(self, gap: float, send: Callable[[Message], None], *, touch: bool = False) -> None:
        self._framer = KeyFramer(gap)
        self._send = send
        self._touch = touch
        self.due = self._framer.due

    def take(self, message: Message, at: float) -> None:
        """Take what the terminal sent at `at`, monotonic seconds."""
        if isinstance(message, events.Key):
            self._hand_on(self._framer.feed(message.key, message.character, at))
        elif isinstance(message, events.Paste):
            self._hand_on(self._framer.paste(message.text, at))
        elif isinstance(message, events.MouseDown):
            if self._touch:
                key = f"{TAP}{int(message.x)}:{int(message.y)}"
                self._hand_on(self._framer.feed(key, None, at))
        elif isinstance(message, _HARMLESS):
            self._send(message)

    def release(self, at: float) -> None:
        """No key came until `at`."""
        self._hand_on(self._framer.release(at))

    def _hand_on(self, results: Iterable[KeyResult]) -> None:
        for result in results:
            self._send(_message_of_key(result))


def _message_of_key(result: KeyResult) -> Message:
    match result:
        case TypedKey(key="enter"):
            return EntrySubmitted()
        case TypedKey(key=key):
            return Typed(key)
        case PassedKey(key=key):
            return events.Key(key, None)
        case SwallowedKey(key=key):
            return KeySwallowed(visible(key))
        case _:
            return message_of(delivery(result, SOURCE))


if sys.platform == "win32":
    from textual.drivers.windows_driver import WindowsDriver

    class WedgeDriver(WindowsDriver):
        """Textual's driver for Windows with the keys framed."""

        gap: ClassVar[float] = BURST_GAP_S
        touch: ClassVar[bool] = False

        def __init__(self, app: App[Any], **options: Any) -> None:
            containment.install()
            super().__init__(app, **options)
            self._wedge = KeyWedge(self.gap, super().process_message, touch=self.touch)
            self._lock = threading.Lock()  # keys come in the input thread, timers in the app's

        def start_application_mode(self) -> None:
            super().start_application_mode()
            super().process_message(SourceChanged(SourceState(SOURCE, up=True, why="")))

        def process_message(self, message: Message) -> None:
            with self._lock:
                self._wedge.take(message, time.monotonic())
            self._loop.call_soon_threadsafe(self._plan)

        def _plan(self) -> None:
            with self._lock:
                due = self._wedge.due()
            if due is not None:
                self._loop.call_later(max(0.0, due - time.monotonic()), self._release)

        def _release(self) -> None:
            with self._lock:
                self._wedge.release(time.monotonic())
            self._plan()

else:
    import os
    import select

    from textual.drivers.linux_driver import LinuxDriver

    class _Ending(threading.Event):
        """Ends the input thread at once, however long it waits for a key."""

        def __init__(self) -> None:
            super().__init__()
            self._reader, self._writer = os.pipe()
            weakref.finalize(self, _close, self._reader, self._writer)

        def fileno(self) -> int:
            return self._reader

        def set(self) -> None:
            if not self.is_set():
                super().set()
                os.write(self._writer, b"!")

        def clear(self) -> None:
            if self.is_set():
                os.read(self._reader, 1)
                super().clear()

    def _close(*descriptors: int) -> None:
        for one in descriptors:
            os.close(one)

    class WedgeDriver(LinuxDriver):
        """Textual's driver for terminals with an input loop that knows when each key came."""

        gap: ClassVar[float] = BURST_GAP_S
        touch: ClassVar[bool] = False

        def __init__(self, app: App[Any], **options: Any) -> None:
            containment.install()
            super().__init__(app, **options)
            self._wedge = KeyWedge(self.gap, super().process_message, touch=self.touch)
            self._input = containment.TerminalInput(self._report_lost)
            terminal: Any = self
            terminal._file = containment.TerminalOutput(terminal._file)
            self._ending = _Ending()
            self.exit_event = self._ending
            self.pulse = Pulse()

        def start_application_mode(self) -> None:
            """Begin, and again after SIGCONT: one thread at a time reads, or none ends both.

            What was typed or scanned while the process was stopped stays in the terminal.
            """
            if self._key_thread is not None and self._key_thread.is_alive():
                self._ending.set()
                self._key_thread.join()
                self._ending.clear()
            super().start_application_mode()  # type: ignore[no-untyped-call]

        def run_input_thread(self) -> None:
            """Read until the app or its terminal ends; the app does not outlive the terminal.

            Keys are released here, in the order in which they came.
            """
            self._report(up=True)
            while not self.exit_event.is_set():
                self.pulse.tick()
                ends = [self.fileno, self._ending.fileno()]
                ready = select.select(ends, [], [], self._patience())[0]
                now = time.monotonic()
                if self._ending.fileno() in ready:
                    break
                if not ready:
                    self._take_silence(now)
                elif data := self._read():
                    self._take(self._input.feed(data, now), now)
                else:
                    self._report(up=False, why="the terminal is gone")
                    self._loop.call_soon_threadsafe(self._end)
                    return  # an app that ends while it starts tells no thread of it

        def _end(self) -> None:
            """Nobody can read or type here any more: a fresh start may find a terminal again."""
            self._app.exit(return_code=TERMINAL_GONE_STATUS)

        def _query_in_band_window_resize(self) -> None:
            """Not asked for: sizes come by SIGWINCH, which no barcode can send."""

        def _patience(self) -> float:
            """How long to wait for input, seconds."""
            if self._input.undecided:
                return ESC_POLL_S
            due = self._wedge.due()
            return POLL_S if due is None else min(POLL_S, max(0.0, due - time.monotonic()))

        def _read(self) -> bytes:
            try:
                return os.read(self.fileno, READ_BYTES_MAX)
            except OSError:  # EIO: the terminal was closed
                return b""

        def _take(self, received: Iterable[Message], now: float) -> None:
            # Only a wait that ran out empty is silence: on a busy machine this thread wakes late,
            # and keys that lay waiting meanwhile did not come late.
            due = self._wedge.due()
            at = now if due is None else min(now, due)
            for message in received:
                self._wedge.take(message, at)

        def _take_silence(self, now: float) -> None:
            was_undecided = self._input.undecided
            self._take(self._input.idle(now), now)
            if not was_undecided:
                self._wedge.release(now)

        def _report(self, *, up: bool, why: str = "") -> None:
            super().process_message(SourceChanged(SourceState(SOURCE, up, why)))

        def _report_lost(self, data: bytes) -> None:
            head = data[:GARBAGE_HEAD_BYTES]
            misread = Misread(SOURCE, "unreadable", head, time.monotonic())
            super().process_message(ScanLost(misread))


def wedge_driver(gap: float, *, touch: bool = False) -> type[WedgeDriver]:
    """The driver for a keyboard scanner with its own gap, such as `BLUETOOTH_GAP_S`."""
    return type("WedgeDriver", (WedgeDriver,), {"gap": gap, "touch": touch})


def tap_of(key: str) -> tuple[int, int] | None:
    """Column and row of the touch that such a key tells; None: it is a key."""
    if not key.startswith(TAP):
        return None
    column, _, row = key.removeprefix(TAP).partition(":")
    return int(column), int(row)
