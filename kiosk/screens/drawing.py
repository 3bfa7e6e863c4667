"""The drawing: the operation's steps and checks, its drawing in half blocks, its QR code."""

import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog, open_steps
from kiosk.dialog.drawing import CODE_PAGE
from kiosk.dialog.steps import Current, current, limits_of, open_check
from kiosk.drawings import Cells, Paper, Trouble
from kiosk.screens.symbols_drawn import CONSOLE_PAPER, PAPER, QUIET_MODULES, half_blocks
from kiosk.screens.text import FAINT, STRONG, Label, fit, page, plain
from labels import symbols
from labels.primitives import SymbolError
from sync.domain.events import RoutingOperation
from sync.domain.quantity import shown
from sync.domain.shop import Shop

GAP: Final = 2
TEXT_COLUMNS: Final = 30
TEXT_COLUMNS_WIDE: Final = 44
WIDE_COLUMNS_MIN: Final = 100
STACKED_PART: Final = 3  # text of at most a third of the rows stands above the drawing
PICTURE_ROWS_MIN: Final = 6
QUIET_MODULES_MIN: Final = 2  # what phones read; imagers get the standard's four
INDENT: Final = 5
DONE, NEXT, LATER = "✔", "▶", "·"
Mark = tuple[str, str]  # a sign, and the text beside it


def drawing(
    dialog: Dialog,
    shop: Shop,
    paper: Paper | None,
    label: Label,
    width: int,
    rows: int,
    *,
    console: bool = False,
) -> Content:
    """The body in `width` × `rows` cells."""
    here = current(dialog, shop)
    operation = here.order.operation(here.operation) if here is not None else None
    if here is None or operation is None:
        return Content.styled(fit(label("drawing_no_order"), width), STRONG)
    if paper is not None and dialog.selected == CODE_PAGE:
        return _code_page(paper, label, width, rows, console=console)
    told = list(_told(here, operation, label))
    if paper is None:
        none = [Content.styled(one, FAINT) for one in _wrapped(label("drawing_none"), width)]
        return page([*_window(told, operation, width, rows - len(none)), *none])
    if width >= WIDE_COLUMNS_MIN:
        above = [*_window(told, operation, width, rows), _hint("drawing_again", label, width)]
        if len(above) <= rows // STACKED_PART:
            return page([*above, *_sheet(paper, label, width, rows - len(above))])
    columns = TEXT_COLUMNS_WIDE if width >= WIDE_COLUMNS_MIN else TEXT_COLUMNS
    hint = [Content.styled(one, FAINT) for one in _wrapped(label("drawing_again"), columns)]
    left = _window(told, operation, columns, rows - len(hint))
    left += [Content("")] * (rows - len(hint) - len(left)) + hint
    right = list(_sheet(paper, label, width - columns - GAP, rows))
    return page(_beside(left, right, columns))


def _hint(key: str, label: Label, width: int) -> Content:
    return Content.styled(fit(label(key), width), FAINT)


def _beside(left: Sequence[Content], right: Sequence[Content], columns: int) -> Iterator[Content]:
    apart = Content(" " * GAP)
    for one, other in zip_longest(left, right, fillvalue=Content("")):
        yield one.pad_right(columns - one.cell_length) + apart + other


def _told(here: Current, operation: RoutingOperation, label: Label) -> Iterator[Mark]:
    """Steps by number, then checks: what is done, what is next, what comes later."""
    waiting, check = open_steps(here), open_check(here)
    for number, step in enumerate(operation.steps, 1):
        is_next = bool(waiting) and step == waiting[0]
        sign = NEXT if is_next else LATER if step in waiting else DONE
        yield sign, f"{number} {step}"
    recorded = here.order.checks.get(here.operation, {})
    for one in operation.checks:
        name, unit = one.text or one.check, shown(one.unit)
        if one.check in recorded:
            value = next(reversed(list(recorded[one.check].values())))
            yield DONE, label("drawing_recorded", name=name, value=value, unit=unit)
        else:
            is_next = not waiting and check is not None and one.check == check.check
            limits = limits_of(one)
            text = label("drawing_measure", name=name, limits=limits) if limits else name
            yield NEXT if is_next else LATER, text
    if not operation.steps and not operation.checks:
        yield "", label("drawing_no_steps")


def _window(
    told: Sequence[Mark], operation: RoutingOperation, width: int, rows: int
) -> list[Content]:
    """The operation's name and as many lines as fit, the next one among them."""
    lines: list[Content] = []
    at = 0
    for sign, text in told:
        if sign == NEXT:
            at = len(lines)
        lines += _marked(sign, text, width)
    head = Content.styled(fit(operation.name or operation.operation, width), STRONG)
    room = max(0, rows - 1)
    start = max(0, min(at - 1, len(lines) - room))
    seen = lines[start : start + room]
    if start and seen:
        seen[0] = Content.styled("↑ …", FAINT)
    if start + room < len(lines) and seen:
        seen[-1] = Content.styled("↓ …", FAINT)
    return [head, *seen]


def _marked(sign: str, text: str, width: int) -> Iterator[Content]:
    style = STRONG if sign == NEXT else FAINT if sign == DONE else ""
    for row, part in enumerate(_wrapped(text, max(1, width - INDENT))):
        yield Content.styled(f" {sign if not row else ' ':1}  {part}", style)


def _sheet(paper: Paper, label: Label, width: int, rows: int) -> Iterator[Content]:
    """The drawing's name, and its picture or why there is none."""
    name = label("drawing_page", name=paper.name, page=paper.page) if paper.page > 1 else paper.name
    yield Content.styled(fit(name, width), FAINT)
    if not paper.is_kept:
        yield from _sentence(_missing(paper, label), width)
        return
    picture = paper.draw(width, rows - 1)
    if picture is None:
        yield from _sentence(label("drawing_is_drawn"), width)
    elif isinstance(picture, Trouble):
        yield from _sentence(label(f"drawing_{picture.kind}", **picture.facts), width)
    else:
        yield from _picture(picture, width)


@lru_cache(4)
def _picture(cells: Cells, width: int) -> tuple[Content, ...]:
    """Cells in the middle of their columns."""
    wide = sum(len(signs) for signs, _ in cells[0]) if cells else 0
    side = Content(" " * max(0, (width - wide) // 2))
    return tuple(side + Content.assemble(*row) for row in cells)


def _missing(paper: Paper, label: Label) -> str:
    if not paper.tried:
        return label(f"drawing_why_{paper.why}")
    return f"{label(f'drawing_why_{paper.why}')} {label('drawing_tried', tried=paper.tried)}"


def _code_page(paper: Paper, label: Label, width: int, rows: int, *, console: bool) -> Content:
    """The code at the left, what it opens at the right."""
    code = qr_lines(paper.url, rows, console=console) if paper.url else ()
    room = max(1, width - (code[0].cell_length + GAP if code else 0))
    told = [Content.styled(one, STRONG) for one in _wrapped(paper.name, room)]
    if not paper.url:
        return page([*told, *_sentence(_no_link(paper, label), room)])
    keys = ["drawing_scan" if code else "drawing_small"]
    keys += ["drawing_local"] if paper.is_local else []
    for key in keys:
        told += _sentence(label(key), room)
    told += [Content(""), *(Content(one) for one in _wrapped(paper.url, room)), Content("")]
    told.append(_hint("drawing_back", label, room))
    if paper.is_kept and rows - len(told) >= PICTURE_ROWS_MIN:
        told += [Content(""), *_sheet(paper, label, room, rows - len(told) - 1)]
    lines = zip_longest(code, told[:rows], fillvalue=Content(""))
    return page(one + Content(" " * GAP) + other if code else other for one, other in lines)


def _no_link(paper: Paper, label: Label) -> str:
    return label("drawing_no_link") if paper.is_kept else _missing(paper, label)


@lru_cache(4)
def qr_lines(url: str, rows: int, *, console: bool = False) -> tuple[Content, ...]:
    """The QR code of an address in at most so many rows; nothing where none fits."""
    try:
        modules = symbols.qr(url, level="L").rows
    except SymbolError:
        return ()
    style = CONSOLE_PAPER if console else PAPER
    for quiet in (QUIET_MODULES, QUIET_MODULES_MIN):
        side, blank = "0" * quiet, "0" * (len(modules) + 2 * quiet)
        framed = [*[blank] * quiet, *(f"{side}{row}{side}" for row in modules), *[blank] * quiet]
        lines = half_blocks(framed, light_is_ink=console)
        if len(lines) <= rows:
            return tuple(Content.styled(one, style) for one in lines)
    return ()


def _sentence(text: str, width: int) -> Iterator[Content]:
    yield Content("")
    yield from (Content(one) for one in _wrapped(text, width))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(plain(text), max(1, width)) or [""]
