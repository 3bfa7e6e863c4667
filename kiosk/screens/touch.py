"""The home of fingers: rows that are high enough to be touched, and what a touched row means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content

from kiosk.dialog import Pointed
from kiosk.screens.text import fit

TARGET_ROWS: Final = 3  # of a target; every target is at least TARGET_COLUMNS wide too
TARGET_COLUMNS: Final = 12


@dataclass(frozen=True, slots=True)
class Shelf:
    """Which lines of a list are targets now: `count` from `first`, then one for the next page."""

    first: int
    count: int
    more: bool = False

    def at(self, row: int, of: int) -> Pointed | None:
        """What a touch on a row of the targets means; `of` is the whole list's length."""
        slot = row // TARGET_ROWS
        if 0 <= slot < self.count:
            return Pointed(self.first + slot)
        if self.more and slot == self.count:
            return Pointed((self.first + self.count) % of, takes=False)
        return None


def shelf(selected: int, of: int, rows: int) -> Shelf:
    """The page of a list of `of` lines that holds the selected one, in `rows` rows."""
    slots = max(1, rows // TARGET_ROWS)
    if of <= slots:
        return Shelf(0, of)
    a_page = max(1, slots - 1)
    first = selected // a_page * a_page
    return Shelf(first, min(a_page, of - first), more=slots > 1)


def targets(lines: Sequence[Content], width: int, more: str) -> list[Content]:
    """Each line as a target: its text between two rows of the same ground, then `more` if any."""
    blank = Content(" " * width)
    every = [*lines, Content.styled(fit(f"▼ {more}", width), "bold")] if more else lines
    found: list[Content] = []
    for one in every:
        ground = [span.style for span in one.spans[:1]]
        edge = Content.styled(blank.plain, ground[0]) if ground else blank
        found += [edge, one, edge]
    return found


def button(word: str, columns: int, rows: int) -> Content:
    """A command in the middle of a target."""
    above = max(0, rows - 1) // 2
    return Content("\n" * above + word.center(columns).rstrip())
