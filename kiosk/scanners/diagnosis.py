"""The home of what the doctor remembers of each source, and of what it makes of it.

Pure. Advice is told by keys and facts; the words are the screen's.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kiosk.scanners import Misread, Scan, visible
from kiosk.scanners.framing import BURST_GAP_S, Way
from labels.keyboard import Fault

SCANS_KEPT: Final = 6
SOURCES_MAX: Final = 16
REPEAT_S: Final = 1.5
SLOW_PART: Final = 0.5  # of the limit: gaps beyond it are near to tearing a code
MASK: Final = "••••"
# Names and not pictures: the fonts of consoles have no pictures of control characters.
_NAMES: Final = (
    *("NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF"),
    *("CR", "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM"),
    *("SUB", "ESC", "FS", "GS", "RS", "US"),
)
_NAMED: Final = {code: f"<{name}>" for code, name in enumerate(_NAMES)} | {0x7F: "<DEL>"}

Advice = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One scan as it came: `raw` with names of control characters, from mark to mark."""

    raw: str
    chars: int
    milliseconds: int
    gap: int
    lost: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """What is known of one source: its last scans, the newest first, and what to change."""

    source: str
    scans: int
    lost: int
    rows: tuple[Row, ...]
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    row: Row
    way: Way
    aim: str
    payload: bytes
    at: float
    why: str = ""
    fault: Fault | None = None


def named(raw: bytes | str) -> str:
    """A code as it came, for the screen: control characters by name, bytes of no text as hex."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")
    return visible(text.translate(_NAMED))


class _History:
    def __init__(self) -> None:
        self.scans = self.lost = 0
        self.seen: deque[_Seen] = deque(maxlen=SCANS_KEPT)


class Diagnosis:
    """Remembers a few scans of each source. `limit`: the longest gap in a keyboard's burst."""

    def __init__(self, limit: float = BURST_GAP_S, keyboard: str = "keyboard") -> None:
        self._limit = limit
        self._keyboard = keyboard
        self._sources: dict[str, _History] = {}

    def scanned(self, scan: Scan, fault: Fault | None = None, *, secret: bool = False) -> None:
        """Take a scan and what changed it on its way; of a `secret` only its beginning is kept."""
        payload = scan.payload[:2] if secret else scan.payload
        text = named(payload) + (MASK if secret else "")
        way = scan.way
        row = Row(
            f"{named(way.lead)}{scan.aim}{text}{named(way.end)}",
            len(scan.aim) + len(scan.payload),
            round(way.seconds * 1000),
            round(way.gap * 1000),
        )
        history = self._of(scan.source)
        history.scans += 1
        history.seen.appendleft(_Seen(row, way, scan.aim, scan.payload, scan.at, fault=fault))

    def lost(self, misread: Misread) -> None:
        """Take what was no whole scan."""
        row = Row(named(misread.head), len(misread.head), 0, 0, misread.why)
        history = self._of(misread.source)
        history.lost += 1
        history.seen.appendleft(_Seen(row, Way(), "", b"", misread.at, why=misread.why))

    def exams(self, swallowed: Counter[str]) -> tuple[Exam, ...]:
        """Every source that sent something, the last one first."""
        return tuple(
            Exam(
                source,
                history.scans,
                history.lost,
                tuple(one.row for one in history.seen),
                tuple(self._advice(source, history, swallowed)),
            )
            for source, history in reversed(self._sources.items())
        )

    def _of(self, source: str) -> _History:
        history = self._sources.pop(source, None) or _History()
        self._sources[source] = history  # the last that sent something stands last
        if len(self._sources) > SOURCES_MAX:
            del self._sources[next(iter(self._sources))]
        return history

    def _advice(self, source: str, history: _History, swallowed: Counter[str]) -> list[Advice]:
        newest = history.seen[0]
        found = [*_changed(newest.fault), *_marks(newest)]
        repeat = _repeat(history.seen)
        if repeat is not None:
            found.append(("doctor_repeat", {"ms": str(round(repeat * 1000))}))
        typed = source == self._keyboard
        if typed and newest.way.gap > SLOW_PART * self._limit:
            gap, wanted = newest.row.gap, 2 * newest.row.gap
            found.append(("doctor_slow", {"ms": str(gap), "wanted": str(wanted)}))
        if typed and swallowed:
            keys = ", ".join(visible(key) for key, _ in swallowed.most_common(3))
            found.append(("doctor_swallowed", {"keys": keys, "count": str(swallowed.total())}))
        return found or [("doctor_fine", {})]


def _changed(fault: Fault | None) -> list[Advice]:
    if fault is None:
        return []
    found: list[Advice] = []
    if fault.changed:
        found.append(("doctor_layout", {"layout": fault.layout}))
    if fault.caps:
        found.append(("doctor_caps", {}))
    if fault.gs_lost:
        found.append(("doctor_gs_lost", {}))
    return found


def _marks(one: _Seen) -> list[Advice]:
    """What begins and ends a code."""
    if one.why:
        return [(f"doctor_{one.why}", {})]
    found: list[Advice] = []
    if not one.way.end:
        found.append(("doctor_no_suffix", {}))
    elif one.way.end not in "\r\n\x03":
        found.append(("doctor_tab", {}))
    if not one.aim:
        found.append(("doctor_no_aim", {}))
    return found


def _repeat(seen: deque[_Seen]) -> float | None:
    """The time after which the newest code came twice, if that is a trigger's stutter."""
    newest = seen[0]
    before = next((one for one in list(seen)[1:] if not one.why), None)
    if newest.why or before is None or before.payload != newest.payload:
        return None
    apart = newest.at - before.at
    return apart if apart < REPEAT_S else None
