"""Template and values -> placed primitives in dots. Raises ValueRefusedError.

Symbols come from the `build` that is passed in, so that this stays free of barcode libraries.
"""

import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from labels import codes, gs1, house
from labels.primitives import (
    Box,
    Build,
    Layout,
    Line,
    Placed,
    Primitive,
    Symbol,
    SymbolError,
    Text,
    ValueRefusedError,
)
from labels.symbol_classes import fault
from labels.template import (
    CODE_CLASSES,
    Field,
    Item,
    RuleItem,
    SymbolItem,
    Template,
    TextItem,
)

# Dots per millimetre of the heads that are sold; "203 dpi" is 8 dots a millimetre exactly.
HEADS = {203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4}
CUT_SIGN = ".."
PRINTABLE = "cp1252"  # what both the printer's own font and the PDF's can show
# What operators call a UN/CEFACT unit code.
UNIT_WORDS = {
    "C62": "PCS",
    "H87": "PCS",
    "EA": "PCS",
    "KGM": "KG",
    "GRM": "G",
    "TNE": "T",
    "LTR": "L",
    "MLT": "ML",
    "MTR": "M",
    "MTK": "M2",
    "MTQ": "M3",
    "BG": "BAG",
    "BX": "BOX",
}
# Advance widths from space to tilde, thousandths of the height: the wider of Helvetica Bold (PDF)
# and a label printer's font 0, whose signs are wide. What fits by these fits on paper.
_WIDTHS = (
    *(312, 333, 500, 556, 556, 938, 722, 312, 333, 333, 500, 938, 312, 938, 312, 312),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 1000, 938, 1000, 611),
    *(975, 722, 722, 722, 722, 667, 611, 778, 722, 300, 556, 722, 611, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 500, 333, 584, 556),
    *(333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611),
    *(611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 528, 512, 528, 1000),
)
_WIDTH_OTHER = 1000


def dots(millimetres: float, dpi: int) -> int:
    """Whole dots of a head of `dpi`, one of HEADS."""
    return round(millimetres * HEADS[dpi])


def place(template: Template, values: Mapping[str, str], dpi: int, build: Build) -> Layout:
    """The label of one record. Values that the template does not name are left aside."""
    filled = fill(template, values)
    primitives: list[Primitive] = []
    for item in template.items:
        if isinstance(item, RuleItem) or not item.when or filled[item.when]:
            primitives += _place(template, item, filled, dpi, build)
    width, height = (dots(size, dpi) for size in template.media)
    return Layout(template.name, dpi, width, height, tuple(primitives))


def fill(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    """Every field of the template with its checked text, empty where optional and absent."""
    filled = {}
    for name, field in template.fields.items():
        text = values.get(name, "")
        if text:
            _check_field(field, text)
        elif not field.optional:
            raise ValueRefusedError(name, text, f"the label {template.name} needs it")
        filled[name] = text
    return filled


def text_width(text: str, height: int) -> int:
    """Dots that `text` takes at most in a font of `height` dots."""
    thousandths = sum(_advance(char) for char in text)
    return -(-thousandths * height // 1000)


def _advance(char: str) -> int:
    base = unicodedata.normalize("NFD", char)[0]
    return _WIDTHS[ord(base) - 32] if " " <= base <= "~" else _WIDTH_OTHER


def _check_field(field: Field, text: str) -> None:
    reason = _field_fault(field, text)
    if reason:
        raise ValueRefusedError(field.name, text, reason)


def _field_fault(field: Field, text: str) -> str:
    """Why `text` is not a value of this field, or nothing."""
    if len(text) > field.chars_max:
        return f"is longer than {field.chars_max} characters"
    match field.kind:
        case "text":
            return _text_fault(text)
        case "code" | "unit":
            return "" if house.is_plain(text) else "has other characters than A-Z 0-9 - ."
        case "amount":
            return _reading_fault(house.read_amount, text)
        case "date":
            return _reading_fault(date.fromisoformat, text)
        case "gtin":
            good = len(text) == 14 and gs1.has_check_digit(text)
            return "" if good else "is not a GTIN of 14 digits with check digit"


def _text_fault(text: str) -> str:
    for char in text:
        if not char.isprintable() or not char.encode(PRINTABLE, "ignore"):
            return f"{char!r} is in no printer's font"
    return ""


def _reading_fault(read: object, text: str) -> str:
    assert callable(read)
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


def _place(
    template: Template, item: Item, filled: Mapping[str, str], dpi: int, build: Build
) -> list[Primitive]:
    if isinstance(item, TextItem):
        return _place_text(item, _words(template, filled), dpi)
    if isinstance(item, SymbolItem):
        return [_place_symbol(template, item, filled, dpi, build)]
    x, y = (dots(one, dpi) for one in item.at)
    width, height = max(1, dots(item.width, dpi)), max(1, dots(item.height, dpi))
    if item.thickness:
        return [Box(x, y, width, height, max(1, dots(item.thickness, dpi)))]
    return [Line(x, y, width, height)]


def _words(template: Template, filled: Mapping[str, str]) -> dict[str, str]:
    """The values as people read them: a unit by its word."""
    kinds = template.fields
    return {
        name: UNIT_WORDS.get(text, text) if kinds[name].kind == "unit" else text
        for name, text in filled.items()
    }


def _place_text(item: TextItem, words: Mapping[str, str], dpi: int) -> list[Primitive]:
    text = item.value.format_map(words).strip()
    if not text:
        return []
    x, y, width = dots(item.at[0], dpi), dots(item.at[1], dpi), dots(item.width, dpi)
    height, least = dots(item.size, dpi), dots(item.min_size, dpi)
    while height > least and text_width(text, height) > width:
        height -= 1
    if text_width(text, height) > width:
        if item.fit == "shrink":
            raise ValueRefusedError(item.where, text, f"is wider than {item.width:g} mm")
        text = _cut(text, height, width)
    return [Text(x, y, height, width, text)]


def _cut(text: str, height: int, width: int) -> str:
    while text and text_width(text + CUT_SIGN, height) > width:
        text = text[:-1]
    return text.rstrip() + CUT_SIGN


def _place_symbol(
    template: Template, item: SymbolItem, filled: Mapping[str, str], dpi: int, build: Build
) -> Placed:
    content = _content(item, template, filled)
    try:
        symbol = build(item.kind, content)
    except SymbolError as error:
        raise ValueRefusedError(item.where, content, str(error)) from error
    module = _module(template, item, symbol, dpi)
    quiet = symbol.quiet * module
    x, y = dots(item.at[0], dpi) + quiet, dots(item.at[1], dpi)
    if symbol.is_linear:
        return Placed(x, y, symbol, module, dots(item.height, dpi))
    return Placed(x, y + quiet, symbol, module, len(symbol.rows) * module)


def _module(template: Template, item: SymbolItem, symbol: Symbol, dpi: int) -> int:
    """Dots of the widest module that fits: whole dots inside the label class's range."""
    reasons = []
    for wanted in item.modules:
        module = dots(wanted, dpi)
        reason = fault(template.label_class, symbol, module, HEADS[dpi])
        if not reason and symbol.modules_across * module <= dots(item.width, dpi):
            return module
        across = f"{symbol.modules_across} modules within {item.width:g} mm"
        reasons.append(reason or f"{module} dots are too wide for {across}")
    wide = ", ".join(f"{one:g}" for one in item.modules)
    reason = f"none of x = {wide} mm gives whole dots at {dpi} dpi: {'; '.join(reasons)}"
    raise ValueRefusedError(item.where, symbol.content, reason)


def _content(item: SymbolItem, template: Template, filled: Mapping[str, str]) -> str:
    if item.value:
        return item.value.format_map(filled)
    if item.code:
        return _in_house(item, filled)
    return _element_string(item, template, filled)


def _in_house(item: SymbolItem, filled: Mapping[str, str]) -> str:
    parts: dict[str, object] = {}
    for name, value in item.code[1:]:
        text = value.format_map(filled)
        if text:
            parts[name] = _part(name, text)
    try:
        return codes.encode(CODE_CLASSES[item.code[0][1]](**parts))
    except (codes.CodeError, TypeError) as error:
        raise ValueRefusedError(item.where, str(parts), str(error)) from error


def _part(name: str, text: str) -> object:
    if name == "amount":
        return Decimal(text)
    return date.fromisoformat(text) if name == "expiry" else text


def _element_string(item: SymbolItem, template: Template, filled: Mapping[str, str]) -> str:
    written = {
        name: _six_digits(text) if text and template.fields[name].kind == "date" else text
        for name, text in filled.items()
    }
    pairs = [(ai, value.format_map(written)) for ai, value in item.elements]
    elements = [gs1.Element(ai, value) for ai, value in pairs if value]
    try:
        return gs1.format(elements, associations=False)
    except gs1.Gs1Error as error:
        raise ValueRefusedError(item.where, str(pairs), str(error)) from error


def _six_digits(iso: str) -> str:
    return date.fromisoformat(iso).strftime("%y%m%d")
