"""Any bytes and keys from a scanner: a code or its documented refusal, whole frames, no lost time."""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from kiosk.scanners.framing import (
    GARBAGE_HEAD_BYTES,
    SCAN_BYTES_MAX,
    Frame,
    Framer,
    Garbage,
    KeyFramer,
    frame_of,
)
from labels import gs1
from labels.codes import CodeError, OrderCode, decode, encode
from tests.fuzz.trying import damaged, sizes, tried

AIMS: Final = ("", "]C1", "]d2", "]Q3", "]e0", "]E0", "]E4", "]C0", "]Q1", "]", "x")
PIECES: Final = (
    *("01", "10", "17", "21", "310", "3103", "3109", "37", "30", "02", "00", "8005", "99", gs1.GS),
    *("09521101530018", "261231", "260230", "000000", "001250", "999999", "LOT1", "²", "٣", "\0"),
    *("WO", "LO", "MA", "LB", "OP", "KC", "KR", "KD", "KE", "DONE", "+", "++", "-", ".", "1E9"),
)
KEYS: Final = (
    *("enter", "tab", "ctrl+m", "ctrl+j", "ctrl+i", "ctrl+right_square_bracket", "backspace"),
    *(
        "delete",
        "f1",
        "f12",
        "shift+f3",
        "up",
        "escape",
        "alt+a",
        "ctrl+c",
        "ctrl+@",
        "unknown",
        "",
    ),
)
MARKS: Final = frozenset(b"\r\n\x02\x03")
GOOD: Final = tuple(
    code.encode()
    for code in (
        encode(OrderCode("B-1")),
        encode(OrderCode("B-1", "ROLL")),
        "010952110153001810LOT1",
        f"010952110153001817261231310300125010LOT1{gs1.GS}21S1",
        "00095211015300000012",
    )
)


def payloads() -> st.SearchStrategy[bytes]:
    """Bytes of a scan, most of them near to a code."""
    pieces = st.lists(st.sampled_from(PIECES), max_size=8).map(
        lambda parts: "".join(parts).encode()
    )
    good = st.sampled_from(GOOD)
    return st.one_of(pieces, good, damaged(good), damaged(pieces), st.binary(max_size=600))


def refusal(act: Callable[[], object]) -> CodeError | None:
    """What an act on a code is refused with."""
    try:
        act()
    except CodeError as fault:
        return fault
    return None


def meant(scan: tuple[bytes, str, int]) -> None:
    payload, aim, year = scan
    fault = refusal(lambda: decode(payload, aim, current_year=year))
    if fault is not None:
        assert fault.kind in {"layout", "unknown", "gs1", "gs_lost", "bytes"}
        assert str(fault).endswith(".")
        return
    code = decode(payload, aim, current_year=year)
    again = refusal(lambda: encode(code, current_year=year))
    assert again is None or again.kind == "characters"


@sizes(800, 100_000)
def test_any_bytes_are_a_code_or_are_refused(count: int) -> None:
    scans = st.tuples(payloads(), st.sampled_from(AIMS), st.integers(1, 9_999))
    tried(count, scans, meant)


def framed(pieces: list[tuple[bytes, float]]) -> None:
    framer, at = Framer(), 0.0
    for piece, gap in pieces:
        at += gap
        for one in framer.feed(piece, at):
            assert not (isinstance(one, Frame) and MARKS & set(one.payload))
            bounded(one, at)
    for one in framer.close(at):
        bounded(one, at)
    assert framer.feed(b"AFTER\r", at + 10) == [Frame(b"AFTER", "", at + 10)]


def bounded(one: Frame | Garbage, at: float) -> None:
    assert one.at <= at
    if isinstance(one, Frame):
        assert 0 < len(one.payload) <= SCAN_BYTES_MAX
    else:
        assert len(one.head) <= GARBAGE_HEAD_BYTES


@sizes(200, 30_000)
def test_any_stream_is_whole_frames_and_the_next_scan_is_read(count: int) -> None:
    marks = st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"]C1", b"x" * 5_000, b""])
    piece = st.one_of(marks, payloads(), st.binary(max_size=50))
    gaps = st.sampled_from([0.0, 0.01, 0.1, 0.2, 5.0])
    tried(count, st.lists(st.tuples(piece, gaps), max_size=12), framed)


def typed(strokes: list[tuple[str, str | None, float]]) -> None:
    framer, at = KeyFramer(), 0.0
    for key, character, gap in strokes:
        at += gap
        if key == "paste":
            framer.paste(character or "", at)
        else:
            framer.feed(key, character, at)
    while (due := framer.due()) is not None:
        framer.release(due)
    again = at + 10
    found = [one for sign in "AFTER" for one in framer.feed(sign, sign, again)]
    found += framer.feed("enter", "\r", again)
    assert [one for one in found if isinstance(one, Frame)] == [Frame(b"AFTER", "", again)]


@sizes(200, 30_000)
def test_any_keys_are_told_and_the_next_scan_is_read(count: int) -> None:
    characters = st.one_of(
        st.none(), st.characters(exclude_categories=()), st.sampled_from(["\udc80", "\0", "\r"])
    )
    keys = st.one_of(st.sampled_from(KEYS), st.characters(), st.just("paste"))
    gaps = st.sampled_from([0.0, 0.01, 0.04, 0.06, 0.2])
    tried(count, st.lists(st.tuples(keys, characters, gaps), max_size=20), typed)


@sizes(100, 10_000)
def test_any_frame_is_split_or_told_to_be_none(count: int) -> None:
    tried(count, payloads(), lambda raw: bounded(frame_of(raw, 0.0), 0.0))
