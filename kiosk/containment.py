"""Home of what we do about faults of Textual 8.2.8, so that none of them stops a terminal.

- A byte on the keyboard that is not UTF-8 ends the app (its issue 6456): `TerminalInput` decodes it
  to a surrogate, which a scan encodes back to the byte that it was.
- Its key parser reads a paste for ever when the end of the paste is missing, and raises on some
  sequences that no terminal sends, such as a mouse in a window of no size; a barcode can hold
  both. `TerminalInput` ends the one and survives the other.
- It drops an ESC that a character follows, or makes another character of both (ESC 1 is an
  inverted exclamation mark): `TerminalInput` says "alt+" and the character, so nothing is lost.
- Its writing thread dies of the first write to a terminal that was closed; then its queue fills and
  the app waits for ever, deaf to signals: `TerminalOutput` drops what nobody can see any more.
- `StylesCache.get_inner_outer` keeps removed widgets alive (its issue 6665): `install` mends it.
- The kitty keyboard protocol reports every shift key of a burst as a key of its own, and its parser
  raises on `ESC [ 1 : 3 R`: `install` turns it off.
"""

from __future__ import annotations

import codecs
import functools
import re
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar, cast

from textual import constants, events
from textual._styles_cache import StylesCache
from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.style import Style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.color import Color
    from textual.message import Message

T = TypeVar("T")
PASTE_SILENCE_S: Final = 0.5
ESC_SILENCE_S: Final = 0.1
STYLES_MAX: Final = 1024
_MARK_LENGTH: Final = len(BRACKETED_PASTE_START)
_ESC: Final = "\x1b"
# ESC and a character that begins no sequence: on a keyboard, Alt and that key.
_ESC_AND_CHARACTER = re.compile(r"\x1b([^\x1b\[O])")


@functools.lru_cache(STYLES_MAX)
def _inner_outer(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _get_inner_outer(
    _cache: StylesCache, base_background: Color, background: Color
) -> tuple[Style, Style]:
    """The same styles, remembered by their colours alone: no widget lives on in the key."""
    return _inner_outer(base_background, background)


def install() -> None:
    """Mend what is mended in Textual itself; call it before the app starts. Twice is harmless."""
    cast("Any", StylesCache).get_inner_outer = _get_inner_outer
    cast("Any", constants).DISABLE_KITTY_KEY = True


class TerminalOutput:
    """A terminal to write to that may be closed at any moment; then nothing is written any more."""

    def __init__(self, terminal: IO[str]) -> None:
        self._terminal = terminal
        self._gone = False

    def write(self, text: str) -> int:
        """Write it, or drop it; never raises."""
        return self._unless_gone(lambda: self._terminal.write(text), 0)

    def flush(self) -> None:
        """Have it written; never raises."""
        self._unless_gone(self._terminal.flush, None)

    def fileno(self) -> int:
        """The terminal's own."""
        return self._terminal.fileno()

    def isatty(self) -> bool:
        """As the terminal says."""
        return self._terminal.isatty()

    def _unless_gone(self, act: Callable[[], T], otherwise: T) -> T:
        if self._gone:
            return otherwise
        try:
            return act()
        except (OSError, ValueError):  # EIO: closed at the far end; ValueError: closed at ours
            self._gone = True
            return otherwise


class TerminalInput:
    """The bytes of a terminal -> Textual's messages, with times in monotonic seconds.

    `lost` is called with input that the parser could not take.
    """

    def __init__(self, lost: Callable[[bytes], None]) -> None:
        self._lost = lost
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._parser = XTermParser()
        self._pasting = False
        self._tail = ""
        self._esc = ""
        self._last = 0.0

    @property
    def undecided(self) -> bool:
        """True while an ESC may still be the Esc key or the start of a sequence."""
        return bool(self._esc) or self._in_sequence

    def feed(self, data: bytes, at: float) -> Iterable[Message]:
        """Take bytes that arrived at `at`."""
        self._last = at
        text = self._esc + self._decode(data)
        self._esc = _ESC if text.endswith(_ESC) else ""
        text = text.removesuffix(_ESC)
        pasted = self._pasting or BRACKETED_PASTE_START in text
        self._watch(text)
        return self._parsed(text) if pasted or self._pasting else self._split(text)

    def idle(self, at: float) -> Iterable[Message]:
        """No bytes came until `at`: an Esc was the key, an endless paste is at its end."""
        messages: list[Message] = list(self._parser.tick())
        if self._esc and at - self._last >= ESC_SILENCE_S:
            self._esc = ""
            messages.append(events.Key("escape", _ESC))
        if self._pasting and at - self._last >= PASTE_SILENCE_S:
            self._pasting = False
            messages += self._parsed(BRACKETED_PASTE_END)
        return messages

    @property
    def _in_sequence(self) -> bool:
        return self._parser._timeout_time is not None

    def _split(self, text: str) -> list[Message]:
        """Take ESC and a character out; the parser gets the rest."""
        messages: list[Message] = []
        for index, piece in enumerate(_ESC_AND_CHARACTER.split(text)):
            if index % 2 == 0:
                messages += self._parsed(piece)
            elif self._in_sequence:
                messages += self._parsed(_ESC + piece)
            else:
                messages.append(events.Key(f"alt+{piece}", piece))
        return messages

    def _watch(self, text: str) -> None:
        """Follow whether a paste is open; its marks may come in pieces."""
        seen = self._tail + text
        begun, ended = seen.rfind(BRACKETED_PASTE_START), seen.rfind(BRACKETED_PASTE_END)
        if begun != ended:
            self._pasting = begun > ended
        self._tail = seen[1 - _MARK_LENGTH :]

    def _parsed(self, text: str) -> list[Message]:
        messages: list[Message] = []
        if not text:
            return messages  # to the parser that would be the end of all input
        try:
            messages += self._parser.tick()
            messages.extend(self._parser.feed(text))
        except Exception:
            # A fault ends the parser's generator: a new one reads on.
            self._parser = XTermParser()
            self._pasting = False
            self._lost(text.encode("utf-8", "surrogateescape"))
        return messages
