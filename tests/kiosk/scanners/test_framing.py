from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.scanners.framing import SCAN_BYTES_MAX, Frame, Framer, Garbage

FRAMES = [
    ("carriage return", b"LOT-1\r", [Frame(b"LOT-1", "", 1.0)]),
    ("line feed", b"LOT-1\n", [Frame(b"LOT-1", "", 1.0)]),
    ("both", b"LOT-1\r\n", [Frame(b"LOT-1", "", 1.0)]),
    ("double carriage return", b"LOT-1\r\r", [Frame(b"LOT-1", "", 1.0)]),
    ("terminators alone", b"\r\n\r\r\n", []),
    ("STX and ETX", b"\x02LOT-1\x03", [Frame(b"LOT-1", "", 1.0)]),
    ("STX, ETX, CR LF", b"\x02LOT-1\x03\r\n", [Frame(b"LOT-1", "", 1.0)]),
    ("AIM identifier", b"]C1LOT-1\r", [Frame(b"LOT-1", "]C1", 1.0)]),
    ("STX before the AIM identifier", b"\x02]d2LOT-1\x03", [Frame(b"LOT-1", "]d2", 1.0)]),
    ("only the first identifier", b"]Q3]C1X\r", [Frame(b"]C1X", "]Q3", 1.0)]),
    ("a bracket that is no identifier", b"]1C\r", [Frame(b"]1C", "", 1.0)]),
    ("GS is kept", b"]C110A\x1d21B\r", [Frame(b"10A\x1d21B", "]C1", 1.0)]),
    (
        "RS and EOT are kept",
        b"[)>\x1e06\x1d1T5\x1e\x04\r",
        [Frame(b"[)>\x1e06\x1d1T5\x1e\x04", "", 1.0)],
    ),
    ("identifier and nothing else", b"]C1\r", [Garbage("empty", b"]C1", 1.0)]),
    ("no terminator yet", b"LOT", []),
    ("two at once", b"A-1\rB-2\r", [Frame(b"A-1", "", 1.0), Frame(b"B-2", "", 1.0)]),
    ("STX in mid-scan", b"A-1\x02B-2\x03", [Garbage("torn", b"A-1", 1.0), Frame(b"B-2", "", 1.0)]),
    ("not UTF-8", b"\xff\x80\x00\r", [Frame(b"\xff\x80\x00", "", 1.0)]),
    ("as long as may be", b"x" * SCAN_BYTES_MAX + b"\r", [Frame(b"x" * SCAN_BYTES_MAX, "", 1.0)]),
    (
        "too long, then clean",
        b"y" * (SCAN_BYTES_MAX + 1) + b"tail\rA-1\r",
        [Garbage("too_long", b"y" * 32, 1.0), Frame(b"A-1", "", 1.0)],
    ),
]


@pytest.mark.parametrize(("_name", "data", "expected"), FRAMES, ids=[row[0] for row in FRAMES])
def test_frames(_name: str, data: bytes, expected: list[Frame | Garbage]) -> None:
    assert Framer().feed(data, 1.0) == expected


def test_a_partial_frame_older_than_the_gap_is_torn() -> None:
    framer = Framer(gap=0.1)
    assert framer.feed(b"LOT-", 1.0) == []
    assert framer.feed(b"12\r", 1.2) == [Garbage("torn", b"LOT-", 1.2), Frame(b"12", "", 1.2)]


def test_a_gap_within_the_limit_joins() -> None:
    framer = Framer(gap=0.1)
    assert framer.feed(b"LOT-", 1.0) == []
    assert framer.feed(b"12\r", 1.1) == [Frame(b"LOT-12", "", 1.1)]


def test_silence_and_loss_of_the_source_report_the_torn_frame() -> None:
    framer = Framer()
    framer.feed(b"LOT-", 1.0)
    assert framer.feed(b"", 1.05) == []
    assert framer.feed(b"", 1.2) == [Garbage("torn", b"LOT-", 1.2)]
    framer.feed(b"A", 2.0)
    assert framer.close(2.01) == [Garbage("torn", b"A", 2.01)]
    assert framer.feed(b"B\r", 2.02) == [Frame(b"B", "", 2.02)]


def test_an_over_long_frame_ends_at_silence_too() -> None:
    framer = Framer()
    framer.feed(b"x" * 5000, 1.0)
    assert framer.feed(b"A-1\r", 2.0) == [Frame(b"A-1", "", 2.0)]


PIECES = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"]C1", b"]", b"LOT-1", b"\x1d", b"\xff"]
    )
    | st.binary(max_size=40)
    | st.just(b"z" * 4000),
    max_size=12,
)


@settings(deadline=None)
@given(PIECES, st.lists(st.integers(0, 5000), max_size=8))
def test_any_split_gives_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(pieces)
    framer, split = Framer(), []
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for begin, end in itertools.pairwise(edges):
        split += framer.feed(data[begin:end], 1.0)
    assert split == Framer().feed(data, 1.0)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=6))
def test_after_any_garbage_the_next_scan_is_clean(chunks: list[bytes]) -> None:
    framer = Framer()
    for chunk in chunks:
        framer.feed(chunk, 1.0)
    assert framer.feed(b"]C1LOT-1\r", 2.0)[-1] == Frame(b"LOT-1", "]C1", 2.0)
