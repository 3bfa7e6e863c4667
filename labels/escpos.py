"""Primitives -> ESC/POS (receipt printers): the label in bands of raster, then feed and cut."""

from typing import Final

from labels import raster
from labels.primitives import LabelError, Layout

BAND_ROWS: Final = 256  # what small receive buffers hold
DOTS_ACROSS_MAX: Final = 832  # of the widest heads, 104 mm at 203 dpi; 80 mm paper shows 576
_INITIALIZE: Final = b"\x1b@"
_RASTER: Final = b"\x1dv0\x00"  # GS v 0, not enlarged
_FEED_AND_CUT: Final = b"\x1dVB\x00"  # GS V 66 0: feeds to the cutter; ignored where there is none


def write(layout: Layout) -> bytes:
    """One label. Raises LabelError where no head is as wide."""
    if layout.width > DOTS_ACROSS_MAX:
        raise LabelError(
            f"label {layout.name}: {layout.width} dots across are more than the "
            f"{DOTS_ACROSS_MAX} of an ESC/POS head; choose another printer for it"
        )
    bitmap = raster.bits(layout)
    parts = [_INITIALIZE]
    for top in range(0, bitmap.height, BAND_ROWS):
        band = bitmap.band(top, BAND_ROWS)
        size = band.row_bytes.to_bytes(2, "little") + band.height.to_bytes(2, "little")
        parts += [_RASTER, size, band.data]
    return b"".join([*parts, _FEED_AND_CUT])
