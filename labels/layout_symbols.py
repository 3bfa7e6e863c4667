"""The home of placing one symbol of a template with its human-readable interpretation.

Raises ValueRefusedError.
"""

from datetime import date
from decimal import Decimal

from labels import codes, gs1
from labels.heads import HEADS, dots
from labels.keyboard import SETUP_TEXT
from labels.layout_fields import Filled
from labels.layout_text import aligned, lines_at, set_lines
from labels.primitives import (
    Build,
    Letters,
    Placed,
    Primitive,
    Symbol,
    SymbolError,
    ValueRefusedError,
)
from labels.symbol_classes import LabelClass, fault
from labels.template import CODE_CLASSES, SETUP_CODE, Align, Point, SymbolItem
from labels.template_items import LINE_PITCH

HRI_GAP_MM = 0.8
HRI_LINES_MAX = 2


def place_symbol(
    item: SymbolItem,
    filled: Filled,
    corner: Point,
    dpi: int,
    build: Build,
    letters: Letters,
    label_class: LabelClass,
) -> list[Primitive]:
    """The symbol at `corner` (mm) and the lines of its interpretation."""
    elements = elements_of(item, filled)
    content = _content(item, filled, elements)
    try:
        symbol = build(item.kind, content)
    except SymbolError as error:
        raise ValueRefusedError(_content_key(item), content, str(error)) from error
    module = _module(label_class, item, symbol, dpi)
    room = dots(item.width, dpi)
    left = aligned(dots(corner[0], dpi), room, symbol.modules_across * module, item.align)
    top, quiet = dots(corner[1], dpi), symbol.quiet * module
    height = dots(item.height, dpi) if symbol.is_linear else len(symbol.rows) * module
    whole = height + (0 if symbol.is_linear else 2 * quiet)
    text = _interpretation(symbol, elements)
    if item.hri == "none":
        lines: list[str] = []
    else:
        lines = _hri_lines(item, text, elements, room, dpi, letters)
    size, gap = dots(item.hri_size, dpi), dots(HRI_GAP_MM, dpi)
    above = round(len(lines) * size * LINE_PITCH) + gap if item.hri == "above" else 0
    inside = 0 if symbol.is_linear else quiet
    placed = Placed(left + quiet, top + above + inside, symbol, module, height)
    line_top = top if item.hri == "above" else top + whole + gap
    start, align = dots(corner[0], dpi), item.align
    if symbol.is_linear and align != "center":
        widest = max((letters.width(line, size) for line in lines), default=0)
        middle = left + symbol.modules_across * module // 2
        start, room, align = _beside(start, room, middle, widest, align)
    where = (start, line_top)
    return [placed, *set_lines(lines, where, size, room, align, "regular", letters)]


def _beside(
    start: int, room: int, middle: int, widest: int, align: Align
) -> tuple[int, int, Align]:
    """Start, room and alignment of lines centred on bars, where the item has so much room."""
    half = min(middle - start, start + room - middle)
    return (middle - half, 2 * half, "center") if widest <= 2 * half else (start, room, align)


def elements_of(item: SymbolItem, filled: Filled) -> tuple[gs1.Element, ...]:
    """The GS1 elements of a symbol that have a value; none of a symbol that is not GS1's."""
    if item.element_string:
        return gs1.parse(filled.texts[item.element_string], associations=False)
    written = filled.digits() if item.elements else {}
    pairs = [(ai, value.format_map(written)) for ai, value in item.elements]
    return tuple(gs1.Element(ai, value) for ai, value in pairs if value)


def _content(item: SymbolItem, filled: Filled, elements: tuple[gs1.Element, ...]) -> str:
    if item.value:
        return item.value.format_map(filled.texts)
    if item.code:
        return _in_house(item, filled)
    try:
        return gs1.format(elements, associations=False)
    except gs1.Gs1Error as error:
        key = f"{item.where}.elements"
        raise ValueRefusedError(key, _bracketed(elements), str(error)) from error


def _content_key(item: SymbolItem) -> str:
    given = ("value", "code", "elements", "element_string")
    return f"{item.where}.{next(key for key in given if getattr(item, key))}"


def _in_house(item: SymbolItem, filled: Filled) -> str:
    meaning = item.code[0][1]
    if meaning == SETUP_CODE:
        return SETUP_TEXT
    parts: dict[str, object] = {}
    for name, value in item.code[1:]:
        text = value.format_map(filled.texts)
        if text:
            parts[name] = _part(name, text)
    try:
        return codes.encode(CODE_CLASSES[meaning](**parts))
    except (codes.CodeError, TypeError) as error:
        raise ValueRefusedError(f"{item.where}.code", str(parts), str(error)) from error


def _part(name: str, text: str) -> object:
    if name == "amount":
        return Decimal(text)
    return date.fromisoformat(text) if name == "expiry" else text


def _module(label_class: LabelClass, item: SymbolItem, symbol: Symbol, dpi: int) -> int:
    """Dots of the widest module that fits: whole dots inside the label class's range."""
    reasons = []
    for wanted in item.modules:
        module = dots(wanted, dpi)
        reason = fault(label_class, symbol, module, HEADS[dpi])
        if not reason and symbol.modules_across * module <= dots(item.width, dpi):
            return module
        across = f"{symbol.modules_across} modules within {item.width:g} mm"
        reasons.append(reason or f"{module} dots are too wide for {across}")
    wide = ", ".join(f"{one:g}" for one in item.modules)
    reason = f"none of x = {wide} mm gives whole dots at {dpi} dpi: {'; '.join(reasons)}"
    raise ValueRefusedError(f"{item.where}.x", symbol.content, reason)


def _interpretation(symbol: Symbol, elements: tuple[gs1.Element, ...]) -> str:
    return _bracketed(elements) if elements else symbol.content


def _bracketed(elements: tuple[gs1.Element, ...]) -> str:
    return "".join(f"({one.ai}){one.value}" for one in elements)


def _hri_lines(
    item: SymbolItem,
    text: str,
    elements: tuple[gs1.Element, ...],
    room: int,
    dpi: int,
    letters: Letters,
) -> list[str]:
    """One line, or elements on lines of their own; an interpretation is never cut or shrunk."""
    size = dots(item.hri_size, dpi)
    if letters.width(text, size) <= room:
        return [text]
    spaced = " ".join(f"({one.ai}){one.value}" for one in elements) or text
    lines = lines_at(spaced, size, (room, 0), letters)
    if len(lines) > HRI_LINES_MAX:
        reason = f"its interpretation is longer than {HRI_LINES_MAX} lines of {item.width:g} mm"
        raise ValueRefusedError(f"{item.where}.hri_size", text, reason)
    return lines
