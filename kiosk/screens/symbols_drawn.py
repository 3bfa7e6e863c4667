"""The home of codes drawn in cells: QR by half blocks, for an imager that reads the screen."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from textual.content import Content

from kiosk.screens.text import plain
from labels import symbols
from labels.codes import Code, encode
from labels.primitives import SymbolError

QUIET_MODULES: Final = 4  # ISO/IEC 18004, 5.3.8
COMMAND_COLUMNS: Final = 29  # of version 1, which holds every command
COMMAND_ROWS: Final = 16  # its 29 modules, two a row, and its word below
DRAWN_KEPT: Final = 64
PAPER: Final = "#000000 on #ffffff"
# The Linux console has no bright grounds: there the light modules are the ink.
CONSOLE_PAPER: Final = "ansi_bright_white on ansi_black"
_CELLS: Final = {"00": " ", "10": "▀", "01": "▄", "11": "█"}


@lru_cache(DRAWN_KEPT)
def drawn(code: Code, word: str, *, console: bool = False) -> Content:
    """The QR of `code` with its quiet zone, `word` below it; the same object for the same code.

    A code too long for a symbol, or with characters that none can carry, is its word alone.
    """
    style = CONSOLE_PAPER if console else PAPER
    try:
        modules = symbols.qr(encode(code)).rows
    except (SymbolError, ValueError):
        return Content.styled(plain(word), style)
    lines = half_blocks(with_quiet(modules), light_is_ink=console)
    below = plain(word).center(len(lines[0]))[: len(lines[0])]
    return Content.styled("\n".join((*lines, below)), style)


def half_blocks(modules: Sequence[str], *, light_is_ink: bool = False) -> tuple[str, ...]:
    """Rows of "0" light and "1" dark, two of them a line of cells; a last odd one is light."""
    ink = str.maketrans("01", "10") if light_is_ink else str.maketrans("", "")
    paired = [*modules, "0" * len(modules[0])] if len(modules) % 2 else list(modules)
    rows = [row.translate(ink) for row in paired]
    return tuple(
        "".join(_CELLS[upper + lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )


def with_quiet(modules: Sequence[str]) -> list[str]:
    side = "0" * QUIET_MODULES
    wide = [f"{side}{row}{side}" for row in modules]
    blank = ["0" * len(wide[0])] * QUIET_MODULES
    return [*blank, *wide, *blank]
