"""Home of the question where one scan ends: bytes or keys, with times, become whole scans.

Pure: times (monotonic seconds) come in as arguments, values go out. `Framer` reads the byte stream
of a serial or network scanner, `KeyFramer` the keys of a keyboard on which both a scanner and a
person type. Neither knows what a code means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf
from typing import Final, Literal

SCAN_BYTES_MAX: Final = 4096
GARBAGE_HEAD_BYTES: Final = 32
LEAD_BYTES_MAX: Final = 8
FRAME_GAP_S: Final = 0.1
BURST_GAP_S: Final = 0.05
BLUETOOTH_GAP_S: Final = 0.3
BURST_GUARD_S: Final = 0.1
BURST_CHARACTERS_MIN: Final = 4
TAP: Final = "tap:"  # begins the name of a touch, as of a key that waits and can be swallowed

_MARKS = re.compile(rb"[\r\n\x02\x03]")
_AIM = re.compile(rb"\][A-Za-z][0-9A-Fa-f]")
_LINES = re.compile(r"([^\r\n]*)([\r\n]*)")
_STX = b"\x02"
_BRACKETS = b"\x02\x03"
_GS = "\x1d"
_ESC = "\x1b"
_ENTER_KEYS = frozenset({"enter", "ctrl+m", "ctrl+j"})
_END_KEYS = _ENTER_KEYS | {"tab", "ctrl+i"}
_BACKSPACE_KEYS = frozenset({"backspace", "delete"})
_FUNCTION_KEYS = frozenset(
    {f"f{number}" for number in range(1, 25)}
    | {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "escape"}
)


@dataclass(frozen=True, slots=True)
class Way:
    """How a code came, for the doctor: nobody decides by it.

    `lead`: marks before it, such as STX or the LF of the code before; `end`: what ended it, ""
    for silence; `seconds` from its first to its last byte, `gap` the longest silence between.
    """

    lead: str = ""
    end: str = ""
    seconds: float = 0.0
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole scan: payload without AIM identifier, terminator, STX and ETX; `aim` like "]C1"."""

    payload: bytes
    aim: str
    at: float
    way: Way = field(default=Way(), compare=False)


@dataclass(frozen=True, slots=True)
class Garbage:
    """Input that is no scan and was dropped whole; `head` is its beginning, for the doctor."""

    why: Literal["torn", "too_long", "empty", "dropped"]
    head: bytes
    at: float


@dataclass(frozen=True, slots=True)
class TypedKey:
    """A key for the entry line: one printable character, "backspace" or "enter"."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class PassedKey:
    """A function key, arrow or Esc that a person pressed: it may act."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class SwallowedKey:
    """A key that must not act: within 100 ms of a burst, or a control character by itself."""

    key: str
    at: float


KeyResult = Frame | Garbage | TypedKey | PassedKey | SwallowedKey


def frame_of(raw: bytes, at: float) -> Frame | Garbage:
    """Split STX, ETX and the AIM identifier (`]`, letter, modifier) off one frame."""
    return _framed(raw, at, Way())


def _framed(raw: bytes, at: float, way: Way) -> Frame | Garbage:
    raw = raw.strip(_BRACKETS)
    found = _AIM.match(raw)
    aim = found.group().decode("ascii") if found else ""
    payload = raw[len(aim) :]
    if not payload:
        return Garbage("empty", raw[:GARBAGE_HEAD_BYTES], at)
    if len(payload) > SCAN_BYTES_MAX:
        return Garbage("too_long", raw[:GARBAGE_HEAD_BYTES], at)
    return Frame(payload, aim, at, way)


class Framer:
    """A byte stream -> frames. CR, LF and ETX end a frame, STX begins one, GS stays in it."""

    __slots__ = ("_began", "_buffer", "_dropping", "_gap", "_last", "_lead", "_longest")

    def __init__(self, gap: float = FRAME_GAP_S) -> None:
        self._gap = gap
        self._buffer = bytearray()
        self._dropping = False
        self._lead = b""
        self._began = 0.0
        self._longest = 0.0
        self._last = -inf

    def feed(self, data: bytes, at: float) -> list[Frame | Garbage]:
        """Take bytes that arrived at `at`; no bytes means: silence until `at`."""
        out = self.close(at) if at > self._last + self._gap else []
        position = 0
        for mark in _MARKS.finditer(data):
            self._gather(data[position : mark.start()], at, out)
            self._mark(mark.group(), at, out)
            position = mark.end()
        self._gather(data[position:], at, out)
        if data:
            self._last = at
        return out

    def close(self, at: float) -> list[Frame | Garbage]:
        """The source is silent or gone: a partial frame is torn, and dropped."""
        out: list[Frame | Garbage] = []
        if self._buffer:
            out.append(Garbage("torn", bytes(self._buffer[:GARBAGE_HEAD_BYTES]), at))
            self._buffer.clear()
        self._dropping = False
        return out

    def lose(self, at: float) -> list[Frame | Garbage]:
        """The device says that it lost input: the code in work is refused up to its end."""
        head = bytes(self._buffer[:GARBAGE_HEAD_BYTES])
        self._buffer.clear()
        self._dropping, self._last = True, at
        return [Garbage("dropped", head, at)]

    def _gather(self, piece: bytes, at: float, out: list[Frame | Garbage]) -> None:
        if self._dropping or not piece:
            return
        if self._buffer:
            self._longest = max(self._longest, at - self._last)
        else:
            self._began, self._longest = at, 0.0
        self._buffer += piece
        if len(self._buffer) > SCAN_BYTES_MAX:
            out.append(Garbage("too_long", bytes(self._buffer[:GARBAGE_HEAD_BYTES]), at))
            self._buffer.clear()
            self._dropping = True

    def _mark(self, mark: bytes, at: float, out: list[Frame | Garbage]) -> None:
        if mark == _STX:
            out += self.close(at)
        if self._buffer:
            way = Way(self._lead.decode("ascii"), mark.decode("ascii"))
            way = replace(way, seconds=at - self._began, gap=self._longest)
            out.append(_framed(bytes(self._buffer), at, way))
            self._buffer.clear()
            self._lead = b""
        else:
            self._lead = (self._lead + mark)[-LEAD_BYTES_MAX:]
        self._dropping = False


@dataclass(frozen=True, slots=True)
class _Stroke:
    key: str
    text: str
    at: float

    @property
    def graphic(self) -> bool:
        """Shows as more than a blank. A byte that is not UTF-8 (a surrogate here) counts."""
        return self.text >= " " and self.text != "\x7f" and not self.text.isspace()


def _text_of(key: str, character: str | None) -> str:
    """What a key adds to a code; "" if nothing."""
    if key == "ctrl+right_square_bracket":
        return _GS
    if key.startswith("alt+") and character:
        return _ESC + character  # a terminal's way to tell ESC and a character in one
    return character or ""


def _join(run: list[_Stroke]) -> bytes:
    """The bytes of a code; "surrogateescape" gives back the bytes that were not UTF-8."""
    text = "".join(stroke.text for stroke in run)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # another lone surrogate: no keyboard means it, no code holds it
        return text.encode("utf-8", "replace")


def _way_of(run: list[_Stroke], end: str) -> Way:
    gaps = (later.at - stroke.at for stroke, later in pairwise(run))
    return Way("", end, run[-1].at - run[0].at, max(gaps, default=0.0))


def _typed(stroke: _Stroke) -> TypedKey | SwallowedKey:
    if stroke.key in _BACKSPACE_KEYS:
        return TypedKey("backspace", stroke.at)
    if len(stroke.text) == 1 and stroke.text.isprintable():
        return TypedKey(stroke.text, stroke.at)
    return SwallowedKey(stroke.key, stroke.at)


class KeyFramer:
    """Keys with times -> scans, typed keys, and keys that may act (floor rules, section 7).

    Characters with gaps up to `gap` seconds form a run. A run of >= 4 characters is a burst, which
    is a scan; a shorter one is typing and is released when the gap has passed. Once a run is a
    burst, a hiccup of up to 100 ms does not tear it. Function keys wait 100 ms, because a burst
    may follow.
    """

    __slots__ = (
        "_dropping",
        "_ends_until",
        "_gap",
        "_graphic",
        "_guard_until",
        "_held",
        "_last",
        "_run",
        "_size",
    )

    def __init__(self, gap: float = BURST_GAP_S) -> None:
        self._gap = gap
        self._run: list[_Stroke] = []
        self._size = 0
        self._graphic = False
        self._dropping = False
        self._held: list[PassedKey] = []
        self._last = -inf
        self._guard_until = -inf
        self._ends_until = -inf

    def feed(self, key: str, character: str | None, at: float) -> list[KeyResult]:
        """Take one key press: its name as terminals tell it, and its character if it has one."""
        out = self._expired(at, strictly=True)
        if key in _END_KEYS:
            self._end(key, at, out)
        elif key.removeprefix("shift+") in _FUNCTION_KEYS or key.startswith(TAP):
            self._function(key, at, out)
        elif key in _BACKSPACE_KEYS and not self._run and not self._dropping:
            out.append(TypedKey("backspace", at))
        elif text := _text_of(key, character):
            self._gather(_Stroke(key, text, at), out)
        else:
            out.append(SwallowedKey(key, at))
        return out

    def paste(self, text: str, at: float) -> list[KeyResult]:
        """A bracketed paste: every line of >= 4 characters is a scan, a shorter one is typing."""
        out: list[KeyResult] = self._closed()
        for line, end in _LINES.findall(text):
            for character in line:
                self._gather(_Stroke(character, character, at), out)
            if end and (self._run or self._dropping):
                self._end("enter", at, out)
            out += self._closed()
        return out

    def due(self) -> float | None:
        """When `release` has to be called if no key comes before; None: nothing is pending."""
        times = [time for time in (self._run_due(), self._held_due()) if time is not None]
        return min(times, default=None)

    def release(self, at: float) -> list[KeyResult]:
        """Silence until `at`: what was pending is typing, a scan without terminator, or may act."""
        return self._expired(at, strictly=False)

    def _burst(self) -> bool:
        """Blanks alone are no code: somebody leans on the space bar."""
        return self._dropping or (self._graphic and len(self._run) >= BURST_CHARACTERS_MIN)

    def _run_due(self) -> float | None:
        if self._burst():
            return self._last + max(self._gap, BURST_GUARD_S)
        return self._last + self._gap if self._run else None

    def _held_due(self) -> float | None:
        """A held key waits for an open run too: that may still become a burst."""
        if not self._held:
            return None
        return max(self._held[0].at + BURST_GUARD_S, self._run_due() or -inf)

    def _expired(self, at: float, *, strictly: bool) -> list[KeyResult]:
        out: list[KeyResult] = []
        due = self._run_due()
        if due is not None and (at > due or (at == due and not strictly)):
            out += self._closed()
        while (due := self._held_due()) is not None:
            if at < due or (at == due and strictly):
                break
            out.append(self._held.pop(0))
        return out

    def _gather(self, stroke: _Stroke, out: list[KeyResult]) -> None:
        self._last = stroke.at
        if not self._dropping:
            self._run.append(stroke)
            self._size += len(stroke.text.encode("utf-8", "replace"))
            self._graphic = self._graphic or stroke.graphic
        if not self._burst():
            return
        self._guard_until = self._ends_until = stroke.at + BURST_GUARD_S
        out += [SwallowedKey(held.key, held.at) for held in self._held]
        self._held.clear()
        if self._size > SCAN_BYTES_MAX:
            out.append(Garbage("too_long", _join(self._run)[:GARBAGE_HEAD_BYTES], stroke.at))
            self._run, self._size, self._dropping = [], 0, True

    def _end(self, key: str, at: float, out: list[KeyResult]) -> None:
        if self._burst():
            out += self._closed("\t" if key in {"tab", "ctrl+i"} else "\r")
            self._guard_until = self._ends_until = at + BURST_GUARD_S
            return
        typed = bool(self._run)
        out += self._closed()
        if not typed and at <= self._ends_until:
            return  # the second half of CR LF or of a double CR
        if key in _ENTER_KEYS:
            out.append(TypedKey("enter", at))
            self._ends_until = at + BURST_GAP_S

    def _function(self, key: str, at: float, out: list[KeyResult]) -> None:
        if self._burst() or at <= self._guard_until:
            out.append(SwallowedKey(key, at))
        else:
            self._held.append(PassedKey(key, at))

    def _closed(self, end: str = "") -> list[KeyResult]:
        """End the open run by a key or by silence: a scan if it is a burst, else typed keys."""
        run, burst, dropped = self._run, self._burst(), self._dropping
        self._run, self._size, self._graphic, self._dropping = [], 0, False, False
        if dropped or not run:
            return []
        if burst:
            return [_framed(_join(run), run[-1].at, _way_of(run, end))]
        return [_typed(stroke) for stroke in run]
