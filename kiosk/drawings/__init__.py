"""The home of what a station has of a drawing: whether it is here, as cells, and for a phone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

Run = tuple[str, str]  # signs and their style
Cells = tuple[tuple[Run, ...], ...]  # rows of a picture
CELL_PIXELS_HIGH: Final = 2  # two half blocks


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a drawing cannot be drawn: the end of a text's key, and facts."""

    kind: str
    facts: Mapping[str, str] = field(default_factory=dict)


Picture = Cells | Trouble | None  # None: it is being drawn
Draw = Callable[[int, int], Picture]  # columns, rows


def _nothing(_columns: int, _rows: int) -> Picture:
    return None


@dataclass(frozen=True, slots=True)
class Paper:
    """One drawing that an operation names; `draw` gives its cells once they are made.

    Not kept here, `why` is the end of a text's key, and `tried` when it was last asked for.
    `url` is for a phone; with `is_local` that opens on this machine only.
    """

    name: str
    page: int = 1
    is_kept: bool = False
    tried: str = ""
    why: str = ""
    url: str = ""
    is_local: bool = False
    draw: Draw = _nothing
