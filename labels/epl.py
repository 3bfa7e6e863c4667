"""Primitives -> EPL2 (older Zebra and Eltron desktops): the label as one graphic, 0 is black."""

from typing import Final

from labels import raster
from labels.heads import dots
from labels.primitives import LabelError, Layout

GAP_MM: Final = 3
DPI: Final = frozenset({203, 300})
DOTS_ACROSS_MAX: Final = 1248  # of the widest EPL2 head, 4 inch at 300 dpi
HEIGHT_DOTS_MAX: Final = 65_535


def write(layout: Layout) -> bytes:
    """One label, one copy. Raises LabelError where no EPL2 printer takes its size."""
    if layout.dpi not in DPI or layout.width > DOTS_ACROSS_MAX or layout.height > HEIGHT_DOTS_MAX:
        raise LabelError(
            f"label {layout.name}: {layout.width} x {layout.height} dots at {layout.dpi} dpi: an "
            f"EPL2 head has 203 or 300 dpi and at most {DOTS_ACROSS_MAX} dots across; choose "
            "another printer for it"
        )
    bitmap = raster.bits(layout)
    head = (
        f"\nN\nq{bitmap.row_bytes * 8}\nQ{layout.height},{dots(GAP_MM, layout.dpi)}\nZT\n"
        f"GW0,0,{bitmap.row_bytes},{bitmap.height},"
    )
    return head.encode("ascii") + bitmap.white_high + b"\nP1\n"
