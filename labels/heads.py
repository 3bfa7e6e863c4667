"""The home of print heads: how many dots they burn a millimetre."""

# Of the heads that are sold; "203 dpi" is 8 dots a millimetre exactly.
HEADS = {203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4}


def dots(millimetres: float, dpi: int) -> int:
    """Whole dots of a head of `dpi`, one of HEADS."""
    return round(millimetres * HEADS[dpi])
