"""The home of pictures in cells: two pixels a cell by half blocks, in true colour or two tones."""

from itertools import groupby
from typing import Final

from kiosk.drawings import CELL_PIXELS_HIGH, Cells, Run

PIXEL_BYTES: Final = 3
DARK_LEVEL: Final = 128
# The Linux console has no bright grounds: there the paper is the ink.
CONSOLE_STYLE: Final = "ansi_bright_white on ansi_black"
_TONES: Final = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
_PAPER: Final = b"\xff" * PIXEL_BYTES


def cells(pixels: bytes, wide: int, *, console: bool = False) -> Cells:
    """Rows of RGB pixels as cells, a last odd row above paper."""
    stride = wide * PIXEL_BYTES
    assert stride > 0, "a picture without columns"
    assert len(pixels) % stride == 0, "a row that is not whole"
    lines = [pixels[at : at + stride] for at in range(0, len(pixels), stride)]
    lines += [_PAPER * wide] * (len(lines) % CELL_PIXELS_HIGH)
    row = _toned if console else _coloured
    return tuple(row(*pair) for pair in zip(lines[::2], lines[1::2], strict=True))


def _coloured(upper: bytes, lower: bytes) -> tuple[Run, ...]:
    pairs = zip(_colours(upper), _colours(lower), strict=True)
    return tuple(_run(*pair, len(list(same))) for pair, same in groupby(pairs))


def _run(upper: str, lower: str, count: int) -> Run:
    if upper == lower:
        return " " * count, f"on {lower}"
    return "▀" * count, f"{upper} on {lower}"


def _colours(line: bytes) -> list[str]:
    """Sixteen levels a colour: more are not told apart, and fewer runs are quicker to draw."""
    text = bytes(level // 16 * 17 for level in line).hex()
    step = PIXEL_BYTES * 2
    return [f"#{text[at : at + step]}" for at in range(0, len(text), step)]


def _toned(upper: bytes, lower: bytes) -> tuple[Run, ...]:
    pairs = zip(_darks(upper), _darks(lower), strict=True)
    return (("".join(_TONES[pair] for pair in pairs), CONSOLE_STYLE),)


def _darks(line: bytes) -> list[int]:
    pixels = zip(line[::3], line[1::3], line[2::3], strict=True)
    return [int(sum(pixel) < DARK_LEVEL * PIXEL_BYTES) for pixel in pixels]
