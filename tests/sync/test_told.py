"""What a station tells of itself: read again, cut to its limits, and rubbish that tells nothing."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.told import (
    TOLD_BYTES_MAX,
    TOLD_LABELS_MAX,
    TOLD_PRINTERS_MAX,
    PrinterTold,
    StationTold,
    read,
    written,
)

TOLD = StationTold(
    "1.2.3", (PrinterTold("labels", "zpl", "tcp://10.0.0.9:9100", "silent", "no answer", 3, 1),)
)


def test_what_is_told_is_read_again() -> None:
    assert read(written(TOLD)) == TOLD


@pytest.mark.parametrize(
    "content",
    [
        b"null",
        b"",
        b"[]",
        b"{",
        b'"1.2"',
        b'{"version": 3}',
        b'{"version": "\xff"}',
        b'{"printers": [{"kind": "zpl"}]}',
        b'{"printers": [{"name": "a", "waiting": "3"}]}',
        b'{"printers": [{"name": "a", "waiting": 1.5}]}',
        b'{"printers": ' + b"[" * 4_000 + b"]" * 4_000 + b"}",
        b'{"version": "' + b"1" * TOLD_BYTES_MAX + b'"}',
    ],
)
def test_rubbish_tells_nothing(content: bytes) -> None:
    assert read(content) is None


def test_what_is_too_much_is_cut() -> None:
    printer = PrinterTold("n" * 90, "k\0", "\u2028o", "fine", "w" * 200, -4, 2**60)
    cut = PrinterTold("n" * 60, "k?", "?o", "", "w" * 160, 0, TOLD_LABELS_MAX)
    assert read(msgspec.json.encode(StationTold("v\n", (printer,)))) == StationTold("v?", (cut,))
    many = StationTold("1", (PrinterTold("p"),) * (TOLD_PRINTERS_MAX + 1))
    assert read(msgspec.json.encode(many)) == StationTold("1", many.printers[1:])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_tell_nothing(content: bytes) -> None:
    told = read(content)
    assert told is None or read(written(told)) == told
