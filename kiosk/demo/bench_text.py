"""The home of how the workbench looks: things in columns, a label as paper and in words."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Final

from rich.cells import cell_len

from kiosk.demo.virtual_printer import PrintedLabel, Symbol
from kiosk.screens.text import Drawn, fit, line, page, plain
from labels import codes
from sync.domain.quantity import shown

MARKED: Final = "bold reverse"
PAPER: Final = "black on white"
COLUMN_CELLS_MIN: Final = 16
TITLE_CELLS_MIN: Final = 6
INK_BELOW: Final = 190  # of 255: thin strokes must survive the reduction


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing as it is shown: its letter, its title, a remark, whether it is the next one."""

    letter: str
    title: str
    remark: str = ""
    is_next: bool = False

    def text(self, slim: bool) -> str:
        """The whole cell."""
        return self._mark(slim) + self.title + self._remark()

    def fitted(self, slim: bool, width: int) -> str:
        """The cell in `width` cells: the name gives way before the code at its end."""
        if cell_len(self.text(slim)) < width:
            return fit(self.text(slim), width)
        name, _, code = self.title.rpartition(" ")
        tail = f" {code}{self._remark()}"
        if not name or not any(map(str.isdigit, code)):
            name, tail = self.title, self._remark()
        room = width - 1 - cell_len(self._mark(slim)) - cell_len(tail)
        if room < TITLE_CELLS_MIN:
            return fit(self._mark(slim) + self.title, width - 1) + " "
        return fit(self._mark(slim) + fit(name, room) + tail, width)

    def _mark(self, slim: bool) -> str:
        mark = "▶" if self.is_next else " "
        return f"{mark}{self.letter} " if slim else f"{mark} {self.letter}  "

    def _remark(self) -> str:
        return f" ({self.remark})" if self.remark else ""


def pages(cells: Sequence[Cell], width: int, rows: int) -> list[Sequence[Cell]]:
    """The cells in as many parts as `rows` × `width` cells make necessary."""
    columns = max(1, width // COLUMN_CELLS_MIN)
    if len(cells) <= rows * columns:
        return [cells]
    each = max(1, rows - 1) * columns
    return [cells[start : start + each] for start in range(0, len(cells), each)]


def table(cells: Sequence[Cell], width: int, rows: int, turned: int = 0) -> Drawn:
    """The cells in columns, the next one in view; `turned` pages on from there."""
    parts = pages(cells, width, rows)
    if len(parts) == 1:
        return page(_lines(cells, width, rows))
    home = next((n for n, part in enumerate(parts) if any(one.is_next for one in part)), 0)
    shown_now = (home + turned) % len(parts)
    more = f"  page {shown_now + 1} of {len(parts)}: PgUp PgDn; letters work on every page"
    return page([*_lines(parts[shown_now], width, rows - 1), line(fit(more, width))])


def _lines(cells: Sequence[Cell], width: int, rows: int) -> Iterator[Drawn]:
    each_column = max(1, rows)
    columns = [cells[start : start + each_column] for start in range(0, len(cells), each_column)]
    slim = sum(_widths(columns, slim=False)) > width
    widths = _shared(_widths(columns, slim), width)
    for row in range(rows):
        beside = [
            (column[row], each)
            for column, each in zip(columns, widths, strict=True)
            if row < len(column)
        ]
        yield line(
            *((one.fitted(slim, each), MARKED if one.is_next else "") for one, each in beside)
        )


def _widths(columns: Sequence[Sequence[Cell]], slim: bool) -> list[int]:
    return [max(cell_len(cell.text(slim)) for cell in column) + 1 for column in columns]


def _shared(widths: list[int], width: int) -> list[int]:
    """What is over goes to all columns; what is missing is taken from the widest."""
    while sum(widths) > width:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    over = (width - sum(widths)) // max(1, len(widths))
    return [each + over for each in widths]


def label_lines(label: PrintedLabel, width: int) -> list[str]:
    """What a printed label says as its symbols were read back, and where its picture lies."""
    lines = [f"LABEL {label.number} CAME OUT"]
    for symbol in label.symbols:
        told = f"{plain(symbol.text)} {_meaning(symbol)}".strip()
        parts = (plain(symbol.text), _meaning(symbol))
        lines += [told] if cell_len(told) <= width else _wrapped(parts, width)
    picture = Path(label.picture)
    fault = _wrapped([f"Not drawn: {plain(label.fault)}"] if label.fault else [], width)
    place = [f"{picture.name} in", *_folded(str(picture.parent), width)] if label.picture else []
    return [*lines, *fault, *place]


def _meaning(symbol: Symbol) -> str:
    """A code in people's words."""
    try:
        code = codes.decode(symbol.text.encode(), symbol.aim)
    except codes.CodeError:
        return ""
    match code:
        case codes.LotCode():
            amount = f"{code.amount} {shown(code.unit or '')}".strip() if code.amount else ""
            expiry = f"use by {code.expiry:%-d %b %Y}" if code.expiry else ""
            return "= " + ", ".join(filter(None, (f"lot {code.lot}", amount, expiry)))
        case codes.LabelCode(label=number):
            return f"= label {number}"
        case codes.MaterialCode(serial=str(serial)):
            return f"= serial {serial}"
    return ""


def _wrapped(parts: Iterable[str], width: int) -> list[str]:
    return [line for part in parts for line in wrap(part, max(1, width))]


def _folded(text: str, width: int) -> list[str]:
    return [text[start : start + width] for start in range(0, len(text), max(1, width))]


def paper(picture: Path, columns: int, rows: int) -> Drawn:
    """A picture as paper with ink, in half blocks, within `columns` × `rows` cells."""
    from PIL import Image

    image = Image.open(io.BytesIO(picture.read_bytes())).convert("L")
    wide = min(columns, max(1, round(rows * 2 * image.width / image.height)))
    tall = max(1, round(wide * image.height / image.width / 2))
    small = image.resize((wide, tall * 2), Image.Resampling.BOX)
    inked = [level < INK_BELOW for level in small.tobytes()]
    dots = [inked[start : start + wide] for start in range(0, len(inked), wide)]
    lines = (
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(dots[::2], dots[1::2], strict=True)
    )
    return page(line((one, PAPER)) for one in lines)
