"""The home of lines: cells of fixed width, clipped by what a terminal shows, never by characters.

Everything foreign passes through `fit`, `columns` or `plain`, which let no control character by.
"""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from kiosk.scanners import visible
from kiosk.texts.forms import Forms
from sync.domain.quantity import shown, text

GAP: Final = 2
WRAPPED_COLUMNS_MIN: Final = 8
FAINT: Final = "dim"
STRONG: Final = "bold"
MARKED: Final = "bold reverse"

Drawn = Content  # what a zone shows: lines with their styles
Part = str | tuple[str, str]
Align = Literal["left", "right"]
Label = Callable[..., str]  # a short word by its key, filled with facts
ENGLISH: Final = Forms()


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its head, its least width, and its share of what is left over."""

    head: str
    width: int
    share: int = 0
    align: Align = "left"


def plain(foreign: str) -> str:
    """Foreign text, safe to send to a terminal."""
    return visible(foreign)


def fit(foreign: str, width: int, align: Align = "left") -> str:
    """Text in exactly `width` cells; what does not fit ends in …"""
    shown_text = visible(foreign)
    cells = cell_len(shown_text)
    if cells > width:
        return set_cell_size(shown_text, max(0, width - 1)) + "…"[:width]
    blank = " " * (width - cells)
    return blank + shown_text if align == "right" else shown_text + blank


def line(*parts: Part) -> Content:
    """A line of parts, each plain text or (text, style); no part is read as markup."""
    return Content.assemble(
        *(visible(part) if isinstance(part, str) else (visible(part[0]), part[1]) for part in parts)
    )


def page(lines: Iterable[Content]) -> Content:
    """Lines below each other."""
    return Content("\n").join(lines)


def widths(table: Sequence[Column], room: int) -> list[int]:
    """How wide each column is in `room` cells; the last shared column takes the odd rest."""
    left = room - sum(column.width for column in table) - GAP * (len(table) - 1)
    shares = sum(column.share for column in table)
    given = [column.width + max(0, left) * column.share // max(1, shares) for column in table]
    odd = room - sum(given) - GAP * (len(table) - 1)
    last = max((n for n, column in enumerate(table) if column.share), default=None)
    if last is not None and odd > 0:
        given[last] += odd
    return given


def header(table: Sequence[Column], room: int) -> Content:
    """The heads of a table."""
    return Content.styled(columns(table, [column.head for column in table], room), FAINT)


def columns(table: Sequence[Column], cells: Sequence[str], room: int) -> str:
    """One row of a table in `room` cells."""
    fitted = zip(table, cells, widths(table, room), strict=True)
    row = (" " * GAP).join(fit(cell, width, column.align) for column, cell, width in fitted)
    return set_cell_size(row, room) if cell_len(row) > room else row


def wrapped(told: str, width: int, rows: int) -> list[str]:
    """A sentence in at most `rows` lines; what does not fit ends in …"""
    if cell_len(told) <= width or rows < 2 or width < WRAPPED_COLUMNS_MIN:
        return [fit(told, width).rstrip()]
    first, *rest = textwrap.wrap(visible(told), width) or [""]
    return [first, *wrapped(" ".join(rest), width, rows - 1)] if rest else [first]


def folded(told: str, width: int) -> list[str]:
    """A sentence in as many lines as it needs."""
    return textwrap.wrap(visible(told), max(width, WRAPPED_COLUMNS_MIN))


def two_sides(left: str, right: str, room: int) -> str:
    """`left` and `right` at the two ends of a line; `left` gives way."""
    tail = visible(right)
    return fit(left, max(0, room - cell_len(tail) - 1)) + " " + tail if tail else fit(left, room)


def amount(micros: int, unit: str = "", forms: Forms = ENGLISH) -> str:
    """Micros for people: `12.5 KG`, or the bare number."""
    number = forms.number(text(micros))
    return f"{number} {forms.unit(shown(unit))}" if unit else number


def hour_of(at: str | datetime) -> str:
    """10:42 of a time as it stands in an event; "–" if it is none."""
    try:
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    except ValueError:
        return "–"
    return moment.strftime("%H:%M")


def day_of(iso: str, today: date, forms: Forms = ENGLISH) -> str:
    """`Fri 27 Nov` of 2026-11-27, `27 Nov 2027` in another year; as it is if unreadable."""
    day = _date_of(iso)
    return iso if day is None else forms.of_day(day, today)


def short_day(iso: str, today: date, forms: Forms = ENGLISH) -> str:
    """`27 Nov` of 2026-11-27, with its year where that is another; as it is if unreadable."""
    day = _date_of(iso)
    return iso if day is None else forms.of_date(day, today)


def _date_of(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None
