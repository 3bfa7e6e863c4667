"""Primitives -> TSPL (TSC and many others): the label as one bitmap, whose 0 is black."""

from typing import Final

from labels import raster
from labels.heads import HEADS
from labels.primitives import Layout

GAP_MM: Final = 3  # of die-cut stock; a printer that was calibrated corrects it


def write(layout: Layout) -> bytes:
    """One label, one copy."""
    bitmap = raster.bits(layout)
    width, height = (size / HEADS[layout.dpi] for size in (layout.width, layout.height))
    head = (
        f"SIZE {width:.2f} mm,{height:.2f} mm\r\n"
        f"GAP {GAP_MM} mm,0 mm\r\n"
        "DIRECTION 0\r\nREFERENCE 0,0\r\nCLS\r\n"
        f"BITMAP 0,0,{bitmap.row_bytes},{bitmap.height},0,"
    )
    return head.encode("ascii") + bitmap.white_high + b"\r\nPRINT 1,1\r\n"
