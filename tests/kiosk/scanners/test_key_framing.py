"""What is a scan and what is typing, key by key. Times are milliseconds in the tables."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.scanners.framing import (
    BLUETOOTH_GAP_S,
    SCAN_BYTES_MAX,
    Frame,
    Garbage,
    KeyFramer,
    KeyResult,
    PassedKey,
    SwallowedKey,
    TypedKey,
)

NAMES = {
    "\r": "enter",
    "\n": "ctrl+j",
    "\t": "tab",
    "\x1d": "ctrl+right_square_bracket",
    "\x11": "ctrl+q",
    " ": "space",
    "\x7f": "backspace",
}
Press = tuple[int, str]


def play(presses: list[Press], *, gap: float = 0.05) -> list[KeyResult]:
    """Feed (millisecond, character or key name), with the timer's releases between, as in life."""
    framer, out = KeyFramer(gap), []
    for at, what in presses:
        while (due := framer.due()) is not None and due < at / 1000:
            out += framer.release(due)
        character = what if len(what) == 1 else None
        out += framer.feed(NAMES.get(what, what), character, at / 1000)
    while (due := framer.due()) is not None:
        out += framer.release(due)
    return out


def burst(text: str, start: int, step: int = 2) -> list[Press]:
    return [(start + step * index, character) for index, character in enumerate(text)]


def typed(text: str, *at: int) -> list[KeyResult]:
    return [TypedKey(key, when / 1000) for key, when in zip(text, at, strict=True)]


RUNS: list[tuple[str, list[Press], list[KeyResult]]] = [
    ("a burst and Enter is a scan", burst("LOT-1\r", 0), [Frame(b"LOT-1", "", 0.008)]),
    ("Tab ends it too", burst("LOT-1\t", 0), [Frame(b"LOT-1", "", 0.008)]),
    ("silence ends it", burst("LOT-1", 0), [Frame(b"LOT-1", "", 0.008)]),
    ("CR LF is one end", burst("LOT-1\r\n", 0), [Frame(b"LOT-1", "", 0.008)]),
    ("double CR is one end", burst("LOT-1\r\r", 0), [Frame(b"LOT-1", "", 0.008)]),
    ("four characters are enough", burst("1200\r", 0), [Frame(b"1200", "", 0.006)]),
    (
        "three quick characters are typing",
        burst("120\r", 0),
        [*typed("120", 0, 2, 4), TypedKey("enter", 0.006)],
    ),
    ("one quick digit is typing", burst("7\r", 0), [TypedKey("7", 0.0), TypedKey("enter", 0.002)]),
    ("gaps at the limit are a burst", burst("ABCD\r", 0, 50), [Frame(b"ABCD", "", 0.15)]),
    ("gaps above are typing", burst("ABCD", 0, 51), typed("ABCD", 0, 51, 102, 153)),
    (
        "slow typing and Enter submits",
        burst("12\r", 0, 200),
        [*typed("12", 0, 200), TypedKey("enter", 0.4)],
    ),
    (
        "Enter by CR LF submits once",
        [(0, "5"), (200, "\r"), (202, "\n")],
        [TypedKey("5", 0.0), TypedKey("enter", 0.2)],
    ),
    ("Enter alone submits", [(0, "\r")], [TypedKey("enter", 0.0)]),
    ("Tab alone does nothing", [(0, "\t")], []),
    (
        "backspace is typing",
        [(0, "1"), (200, "\x7f"), (230, "\x7f")],
        [TypedKey("1", 0.0), TypedKey("backspace", 0.2), TypedKey("backspace", 0.23)],
    ),
    (
        "backspace right behind a key",
        [(0, "1"), (20, "\x7f")],
        [TypedKey("1", 0.0), TypedKey("backspace", 0.02)],
    ),
    ("AIM identifier and GS", burst("]C110A\x1d21B\r", 0), [Frame(b"10A\x1d21B", "]C1", 0.018)]),
    ("STX and ETX", burst("\x02LOT-1\x03\r", 0), [Frame(b"LOT-1", "", 0.012)]),
    (
        "a byte that was not UTF-8 comes back",
        burst("LOT\udcff\r", 0),
        [Frame(b"LOT\xff", "", 0.006)],
    ),
    ("a lone surrogate is no fault", burst("LOT\ud800\r", 0), [Frame(b"LOT?", "", 0.006)]),
    ("control characters stay in the code", burst("LO\x11T\r", 0), [Frame(b"LO\x11T", "", 0.006)]),
    ("a control key alone never acts", [(0, "\x11")], [SwallowedKey("ctrl+q", 0.0)]),
    ("a control key without character", [(0, "ctrl+home")], [SwallowedKey("ctrl+home", 0.0)]),
    ("space bar held down is typing", burst("     ", 0, 30), typed("     ", 0, 30, 60, 90, 120)),
    (
        "a hiccup does not tear a burst",
        [*burst("LOT-", 0), (86, "1"), (88, "\r")],
        [Frame(b"LOT-1", "", 0.086)],
    ),
    (
        "two scans back to back",
        burst("LOT-1\rLOT-2\r", 0),
        [Frame(b"LOT-1", "", 0.008), Frame(b"LOT-2", "", 0.02)],
    ),
    (
        "typing before and after a scan",
        [(0, "1"), *burst("LOT-1\r", 300), (900, "2")],
        [TypedKey("1", 0.0), Frame(b"LOT-1", "", 0.308), TypedKey("2", 0.9)],
    ),
    ("a function key alone acts", [(0, "f5")], [PassedKey("f5", 0.0)]),
    ("with shift too", [(0, "shift+f5")], [PassedKey("shift+f5", 0.0)]),
    ("Esc acts", [(0, "escape")], [PassedKey("escape", 0.0)]),
    (
        "an arrow held down acts again and again",
        [(0, "down"), (30, "down"), (60, "down")],
        [PassedKey("down", at / 1000) for at in (0, 30, 60)],
    ),
    (
        "an arrow in a burst is swallowed",
        [*burst("LOT-", 0), (8, "down"), *burst("12\r", 10)],
        [SwallowedKey("down", 0.008), Frame(b"LOT-12", "", 0.012)],
    ),
    (
        "a function key before a burst",
        [(0, "f5"), *burst("LOT-1\r", 40)],
        [SwallowedKey("f5", 0.0), Frame(b"LOT-1", "", 0.048)],
    ),
    (
        "a function key at its start",
        [(0, "L"), (2, "f5"), *burst("OT-1\r", 4)],
        [SwallowedKey("f5", 0.002), Frame(b"LOT-1", "", 0.01)],
    ),
    (
        "a function key 100 ms after",
        [*burst("LOT-1\r", 0), (110, "f6")],
        [Frame(b"LOT-1", "", 0.008), SwallowedKey("f6", 0.11)],
    ),
    (
        "and later it acts",
        [*burst("LOT-1\r", 0), (120, "f6")],
        [Frame(b"LOT-1", "", 0.008), PassedKey("f6", 0.12)],
    ),
    (
        "held key and slow typing both count",
        [(0, "f5"), (80, "1")],
        [TypedKey("1", 0.08), PassedKey("f5", 0.0)],
    ),
]


@pytest.mark.parametrize(("_name", "presses", "expected"), RUNS, ids=[row[0] for row in RUNS])
def test_keys(_name: str, presses: list[Press], expected: list[KeyResult]) -> None:
    assert play(presses) == expected


def test_bluetooth_takes_its_time() -> None:
    assert play(burst("LOT-1\r", 0, 250), gap=BLUETOOTH_GAP_S) == [Frame(b"LOT-1", "", 1.0)]


def test_esc_with_a_character_stays_visible_in_a_code() -> None:
    framer = KeyFramer()
    for key, character in [("L", "L"), ("O", "O"), ("T", "T"), ("alt+x", "x")]:
        framer.feed(key, character, 0.0)
    assert framer.feed("enter", "\r", 0.0) == [Frame(b"LOT\x1bx", "", 0.0)]


def test_due_tells_when_pending_keys_are_released() -> None:
    framer = KeyFramer(gap=0.05)
    assert framer.due() is None
    assert framer.feed("5", "5", 1.0) == []
    assert framer.due() == 1.05
    assert framer.release(1.04) == []
    assert framer.release(1.05) == [TypedKey("5", 1.0)]
    assert framer.due() is None


def test_an_over_long_burst_is_dropped_whole_and_the_next_is_clean() -> None:
    presses = burst("x" * (SCAN_BYTES_MAX + 50) + "\r", 0, 1)
    out = play([*presses, *burst("LOT-1\r", 5000)])
    at = SCAN_BYTES_MAX / 1000
    assert out == [Garbage("too_long", b"x" * 32, at), Frame(b"LOT-1", "", 5.008)]


PASTES: list[tuple[str, str, list[KeyResult]]] = [
    ("one code", "LOT-1", [Frame(b"LOT-1", "", 1.0)]),
    ("lines", "LOT-1\r\nLOT-2\n", [Frame(b"LOT-1", "", 1.0), Frame(b"LOT-2", "", 1.0)]),
    ("a digit is typing", "7", [TypedKey("7", 1.0)]),
    ("a digit and Enter", "7\n", [TypedKey("7", 1.0), TypedKey("enter", 1.0)]),
    ("empty lines", "\n\n", []),
    ("nothing", "", []),
    ("too long", "x" * 5000, [Garbage("too_long", b"x" * 32, 1.0)]),
]


@pytest.mark.parametrize(("_name", "text", "expected"), PASTES, ids=[row[0] for row in PASTES])
def test_pastes(_name: str, text: str, expected: list[KeyResult]) -> None:
    framer = KeyFramer()
    assert framer.paste(text, 1.0) == expected
    assert framer.due() is None


@settings(deadline=None)
@given(
    st.text(
        st.characters(codec="utf-8", exclude_characters="\r\n\t\x02\x03\x7f\x08"),
        min_size=4,
        max_size=60,
    ),
    st.lists(st.integers(0, 50), min_size=60, max_size=60),
)
def test_any_burst_comes_through_whole_at_any_pace(text: str, gaps: list[int]) -> None:
    code = f"A{text}"
    at, presses = 0, []
    for character, gap in zip(code, gaps * 2, strict=False):
        at += gap
        presses.append((at, character))
    frames = [one for one in play([*presses, (at, "\r")]) if not isinstance(one, SwallowedKey)]
    assert frames == [Frame(code.encode(), "", at / 1000)]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from("1A-\r\n\t \x11\x1d\x7f" * 2) | st.sampled_from(["f5", "up", "escape"]),
        )
    )
)
def test_nothing_stays_pending_and_no_function_key_acts_near_a_burst(steps: list[Press]) -> None:
    at, presses = 0, []
    for gap, what in steps:
        at += gap
        presses.append((at, what))
    out = play(presses)
    burst_ends = [one.at for one in out if isinstance(one, Frame)]
    passed = [one.at for one in out if isinstance(one, PassedKey)]
    assert not [p for p in passed for end in burst_ends if 0 <= p - end <= 0.0999]
