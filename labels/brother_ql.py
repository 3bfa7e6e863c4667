"""Primitives -> Brother QL raster: labels on continuous tape of 62 mm, 300 dpi.

The head has 720 pins; of 62 mm tape it burns 696 dots, mirrored, 12 pins free at either side
(Brother, "Software Developer's Manual, Raster Command Reference").
"""

from typing import Final

from labels import raster
from labels.heads import HEADS
from labels.primitives import LabelError, Layout

DPI: Final = 300
TAPE_MM: Final = 62
DOTS_ACROSS: Final = 696
HEAD_PINS: Final = 720
LENGTH_DOTS_MIN: Final = 150  # 12.7 mm
LENGTH_DOTS_MAX: Final = 11_811  # 1 m
_MARGIN_PINS: Final = (HEAD_PINS - DOTS_ACROSS) // 2
_FEED_DOTS: Final = 35  # before and after the label, the least on continuous tape
_INVALIDATE: Final = bytes(200)
_INITIALIZE: Final = b"\x1b@"
_RASTER_MODE: Final = b"\x1bia\x01"
_MEDIA: Final = b"\x1biz"
_MEDIA_KNOWN: Final = 0xC6  # recover, quality, width and type are valid
_CONTINUOUS: Final = 0x0A
_CUT_EACH: Final = b"\x1biM\x40\x1biA\x01\x1biK\x08"
_FEED: Final = b"\x1bid" + _FEED_DOTS.to_bytes(2, "little")
_NOT_PACKED: Final = b"M\x00"
_LINE: Final = b"g\x00" + bytes([HEAD_PINS // 8])
_PRINT: Final = b"\x1a"
_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def write(layout: Layout) -> bytes:
    """One label, cut off after it. Raises LabelError unless it is as wide as the head burns."""
    _check(layout)
    bitmap = raster.bits(layout)
    media = bytes([_MEDIA_KNOWN, _CONTINUOUS, TAPE_MM, 0])
    number = bitmap.height.to_bytes(4, "little") + b"\x00\x00"
    head = [_INVALIDATE, _INITIALIZE, _RASTER_MODE, _MEDIA, media, number]
    lines = (_LINE + _pins(row) for row in bitmap.rows())
    return b"".join([*head, _CUT_EACH, _FEED, _NOT_PACKED, *lines, _PRINT])


def _check(layout: Layout) -> None:
    if layout.dpi != DPI or layout.width != DOTS_ACROSS:
        wanted = DOTS_ACROSS / HEADS[DPI]
        raise LabelError(
            f"label {layout.name}: {layout.width} dots at {layout.dpi} dpi: a Brother QL burns "
            f"exactly {DOTS_ACROSS} dots at {DPI} dpi on {TAPE_MM} mm tape; make the template's "
            f"media {wanted:.2f} mm wide"
        )
    if not LENGTH_DOTS_MIN <= layout.height <= LENGTH_DOTS_MAX:
        raise LabelError(
            f"label {layout.name}: {layout.height} dots long: a Brother QL cuts from "
            f"{LENGTH_DOTS_MIN} to {LENGTH_DOTS_MAX} dots; change the template's media"
        )


def _pins(row: bytes) -> bytes:
    """A row as the head's pins take it: from the right, and in the middle of them."""
    mirrored = int.from_bytes(row[::-1].translate(_MIRRORED), "big")
    return (mirrored << _MARGIN_PINS).to_bytes(HEAD_PINS // 8, "big")
