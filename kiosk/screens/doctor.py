"""The scanner doctor: codes as they came, mark by mark, and what to change, source by source."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from textual.content import Content

from kiosk.scanners.diagnosis import Advice, Exam, Row
from kiosk.screens.choices import Label
from kiosk.screens.symbols_drawn import CONSOLE_PAPER, PAPER, half_blocks, with_quiet
from kiosk.screens.text import FAINT, STRONG, Column, columns, fit, page
from labels import symbols
from labels.keyboard import LAYOUTS, SETUP_TEXT

GAP: Final = 2
TEXT_COLUMNS_MIN: Final = 70
ROWS_OF_NEWEST: Final = 6
TABLE: Final = (
    Column("", 20, 1), Column("", 10, 0, "right"), Column("", 8, 0, "right"), Column("", 12),
)  # fmt: skip


def doctor(
    exams: Sequence[Exam], label: Label, width: int, rows: int, *, console: bool = False
) -> Content:
    """What is known of every source, in `width` × `rows` cells; at the right the set-up code."""
    code = set_up_code(console)
    tall = len(code) <= rows and width - code[0].cell_length - GAP >= TEXT_COLUMNS_MIN
    room = width - code[0].cell_length - GAP if tall else width
    hint = () if tall else (Content.styled(fit(label("doctor_set_up"), width), FAINT),)
    lines = [*_lines(exams, label, room, rows), *hint][:rows]
    if not tall:
        return page(lines)
    lines += [Content("")] * (len(code) - len(lines))
    apart = Content(" " * GAP)
    return page(
        one.pad_right(room - one.cell_length) + apart + code[place] if place < len(code) else one
        for place, one in enumerate(lines)
    )


@cache
def set_up_code(console: bool) -> tuple[Content, ...]:
    """The code whose characters reveal the keyboard's layout, as lines of cells."""
    style = CONSOLE_PAPER if console else PAPER
    modules = with_quiet(symbols.qr(SETUP_TEXT, with_gs=True).rows)
    return tuple(Content.styled(one, style) for one in half_blocks(modules, light_is_ink=console))


def _lines(exams: Sequence[Exam], label: Label, width: int, rows: int) -> Iterator[Content]:
    """The source that sent the last code in full, the others by a line and what to change."""
    if not exams:
        yield Content.styled(fit(label("doctor_nothing"), width), STRONG)
        return
    for place, exam in enumerate(exams):
        yield Content.styled(fit(_counted(exam, label), width), STRONG)
        shown = max(1, min(len(exam.rows), rows - len(exam.advice) - 3 * len(exams) + 1))
        for row in exam.rows[: min(shown, ROWS_OF_NEWEST) if not place else 1]:
            yield _row(row, label, width)
        for one in exam.advice:
            yield Content(fit(f"▶ {said(one, label)}", width))


def said(advice: Advice, label: Label) -> str:
    """What to change, in words."""
    key, facts = advice
    shown = dict(facts)
    if "layout" in shown:
        layout = shown["layout"]
        shown["layout"] = LAYOUTS[layout].name if layout else label("doctor_another")
    return label(key, **shown)


def _counted(exam: Exam, label: Label) -> str:
    name = exam.source.rsplit("/", 1)[-1]
    return label("doctor_counted", source=name, scans=str(exam.scans), lost=str(exam.lost))


def _row(row: Row, label: Label, width: int) -> Content:
    if row.lost:
        cells = [row.raw, "", "", label(f"doctor_is_{row.lost}")]
        return Content.styled(columns(TABLE, cells, width), FAINT)
    chars = label("doctor_chars", count=str(row.chars))
    gap = label("doctor_gap", ms=str(row.gap))
    return Content(columns(TABLE, [row.raw, chars, f"{row.milliseconds} ms", gap], width))
