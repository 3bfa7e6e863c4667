"""Template and values -> pages of placed primitives in dots. Raises ValueRefusedError.

Symbols and letters come in as arguments, so that this stays free of barcode and font libraries.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labels import gs1
from labels.heads import HEADS, dots
from labels.layout_fields import UNIT_WORDS, Filled, fill, letters_fault
from labels.layout_symbols import elements_of, place_symbol
from labels.layout_text import cut, set_lines, shrunk
from labels.primitives import (
    Box,
    Build,
    Layout,
    Letters,
    Line,
    Primitive,
    ValueRefusedError,
)
from labels.template import (
    Flow,
    Item,
    Point,
    RowsItem,
    RuleItem,
    SymbolItem,
    Template,
    TextItem,
    Values,
)

__all__ = ("HEADS", "PAGES_MAX", "UNIT_WORDS", "Page", "dots", "pages", "place", "placed")

PAGES_MAX = 99
Page = list[tuple[str, Primitive]]
"""Primitives, each with the item that it comes from."""


@dataclass(frozen=True, slots=True)
class _Maker:
    """What placing needs and no item changes."""

    template: Template
    dpi: int
    build: Build
    letters: Letters


def place(template: Template, values: Values, dpi: int, build: Build, letters: Letters) -> Layout:
    """The label of one record, of a document its first page."""
    return pages(template, values, dpi, build, letters)[0]


def pages(
    template: Template, values: Values, dpi: int, build: Build, letters: Letters
) -> tuple[Layout, ...]:
    """The pages of one record. Values that the template does not name are left aside."""
    width, height = (dots(size, dpi) for size in template.media)
    return tuple(
        Layout(template.name, dpi, width, height, tuple(primitive for _, primitive in page))
        for page in placed(template, values, dpi, build, letters)
    )


def placed(
    template: Template, values: Values, dpi: int, build: Build, letters: Letters
) -> list[Page]:
    """The pages of one record, every primitive with the `where` of its item."""
    maker = _Maker(template, dpi, build, letters)
    filled = fill(template, values, letters)
    _check_elements(template, filled)
    found: list[Page] = [[]]
    if template.flow is not None:
        _flow(maker, template.flow, filled, found)
    for number, page in enumerate(found, 1):
        texts = {"page": str(number), "pages": str(len(found))}
        numbered = filled.with_texts(texts) if template.flow is not None else filled
        still = [one for one in template.items if not isinstance(one, RowsItem)]
        page[:0] = _place_all(maker, still, numbered, (0.0, 0.0), number)
    return found


def _check_elements(template: Template, filled: Filled) -> None:
    """What the GS1 symbols of one label say is legal as a whole (GenSpecs 4.13, 4.14)."""
    found: dict[gs1.Element, str] = {}
    for item in template.items:
        if isinstance(item, SymbolItem) and _is_wanted(item, filled, 1):
            found.update(dict.fromkeys(elements_of(item, filled), item.where))
    if not found:
        return
    try:
        gs1.format(found, associations=True)
    except gs1.Gs1Error as error:
        where = next((found[one] for one in found if one.ai == error.ai), template.name)
        value = "".join(f"({one.ai}){one.value}" for one in found)
        reason = f"on the whole label: {error}"
        raise ValueRefusedError(f"{where}.elements", value, reason) from error


def _flow(maker: _Maker, flow: Flow, filled: Filled, found: list[Page]) -> None:
    """Rows below each other, on as many pages as they need."""
    top = flow.first
    for item in maker.template.items:
        if isinstance(item, RowsItem) and _is_wanted(item, filled, 1):
            top = _place_rows(maker, item, filled, found, top)


def _place_rows(
    maker: _Maker, item: RowsItem, filled: Filled, found: list[Page], top: float
) -> float:
    """Rows from `top` mm of the last page on; where on it they end."""
    flow = maker.template.flow
    assert flow is not None, "names were checked"
    field = maker.template.fields[item.of]
    records = filled.rows[item.of]
    lines = [
        records[start : start + item.columns] for start in range(0, len(records), item.columns)
    ]
    top += item.at[1]
    needs_head = True
    for line in lines:
        needed = item.cell[1] + (item.head_height if needs_head else 0.0)
        if top + needed > flow.bottom:
            top, needs_head = _next_page(item, found, flow), True
        if needs_head:
            corner = (item.at[0], top)
            found[-1] += _place_all(maker, item.head, filled, corner, len(found))
            top, needs_head = top + item.head_height, False
        for column, record in enumerate(line):
            corner = (item.at[0] + column * item.cell[0], top)
            inside = filled.with_row(field, record)
            found[-1] += _place_all(maker, item.cells, inside, corner, len(found))
        top += item.cell[1]
    return top


def _next_page(item: RowsItem, found: list[Page], flow: Flow) -> float:
    if flow.following + item.head_height + item.cell[1] > flow.bottom:
        raise ValueRefusedError(f"{item.where}.cell", "one cell", "is higher than a page's flow")
    if len(found) == PAGES_MAX:
        raise ValueRefusedError(item.where, "its rows", f"need more than {PAGES_MAX} pages")
    found.append([])
    return flow.following


def _is_wanted(item: Item, filled: Filled, page: int) -> bool:
    on_page = item.page == "every" or (item.page == "first") == (page == 1)
    if any(filled.has(name) for name in item.unless):
        return False
    return on_page and (not item.when or filled.has(item.when))


def _place_all(
    maker: _Maker, items: Iterable[Item], filled: Filled, corner: Point, page: int
) -> Iterator[tuple[str, Primitive]]:
    for item in items:
        if _is_wanted(item, filled, page):
            for primitive in _place(maker, item, filled, corner):
                yield item.where, primitive


def _place(maker: _Maker, item: Item, filled: Filled, corner: Point) -> list[Primitive]:
    at = (corner[0] + item.at[0], corner[1] + item.at[1])
    match item:
        case TextItem():
            return _place_text(item, filled.words(), at, maker)
        case SymbolItem():
            label_class = maker.template.label_class
            dpi, build, letters = maker.dpi, maker.build, maker.letters
            return place_symbol(item, filled, at, dpi, build, letters, label_class)
        case RuleItem():
            return [_place_rule(item, at, maker.dpi)]
        case RowsItem():
            raise AssertionError("rows stand in the flow")


def _place_rule(item: RuleItem, at: Point, dpi: int) -> Primitive:
    x, y = (dots(one, dpi) for one in at)
    width, height = max(1, dots(item.width, dpi)), max(1, dots(item.height, dpi))
    if item.thickness:
        return Box(x, y, width, height, max(1, dots(item.thickness, dpi)))
    return Line(x, y, width, height)


def _place_text(item: TextItem, words: dict[str, str], at: Point, maker: _Maker) -> list[Primitive]:
    text = " ".join(item.value.format_map(words).split())
    if not text:
        return []
    dpi, letters = maker.dpi, maker.letters
    if reason := letters_fault(text, letters):
        raise ValueRefusedError(f"{item.where}.value", text, reason)
    room = (dots(item.width, dpi), dots(item.height, dpi))
    sizes = (dots(item.size, dpi), dots(item.min_size, dpi))
    height, lines = shrunk(text, sizes, room, item.lines, letters)
    kept = cut(lines, height, room, item.lines, letters)
    if kept != lines and item.fit == "shrink":
        over = f" on {item.lines} lines" if item.lines > 1 else ""
        reason = f"is wider than {item.width:g} mm{over} with letters of {item.min_size:g} mm"
        raise ValueRefusedError(f"{item.where}.value", text, reason)
    corner = (dots(at[0], dpi), dots(at[1], dpi))
    return [*set_lines(kept, corner, height, room[0], item.align, item.weight, letters)]
