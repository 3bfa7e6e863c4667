"""The home of reading one item of a template: text, line, box, rows or a symbol.

Raises TemplateError.
"""

from dataclasses import MISSING, fields
from typing import Any, cast

from labels.primitives import LINEAR_KINDS, QUIET_MODULES, SymbolKind, Weight, shown
from labels.template import (
    CODE_CLASSES,
    MEDIA_MM_MAX,
    SETUP_CODE,
    Align,
    Hri,
    Item,
    PageChoice,
    Pairs,
    RowsItem,
    RuleItem,
    SymbolItem,
    TextItem,
)
from labels.template_table import Table

KINDS = ("text", "line", "box", "rows", *QUIET_MODULES)
SIZE_MM_MIN = 1.5
SIZE_MM_MAX = 40.0
MODULE_MM_MAX = 5.0
LINES_MAX = 20
COLUMNS_MAX = 12
LINE_PITCH = 1.12  # of a font's height, from one line of a text to the next


def read_item(table: Table, where: str) -> Item:
    """One `[[item]]`, or one of those inside rows."""
    kind = table.choice("kind", KINDS)
    table.name(f"{where} ({kind})")
    item: Item
    if kind == "text":
        item = _text(table)
    elif kind in {"line", "box"}:
        item = _rule(table, kind)
    elif kind == "rows":
        item = _rows(table)
    else:
        item = _symbol(table, cast("SymbolKind", kind))
    table.finish()
    return item


def _common(table: Table, width: float | None = None) -> dict[str, Any]:
    pages = ("every", "first", "next")
    least = 0.1 if width is None else width
    return {
        "where": table.where,
        "at": table.point("at"),
        "width": table.number("width", least, MEDIA_MM_MAX),
        "when": table.text("when", ""),
        "unless": table.texts("unless"),
        "page": cast("PageChoice", table.choice("page", pages, "every")),
    }


def _text(table: Table) -> TextItem:
    size = table.number("size", SIZE_MM_MIN, SIZE_MM_MAX)
    lines = table.whole("lines", 1, LINES_MAX, 1)
    room = size * (1 + LINE_PITCH * (lines - 1))
    return TextItem(
        **_common(table, 1.0),
        size=size,
        min_size=table.number("min_size", SIZE_MM_MIN, size, size),
        lines=lines,
        height=table.number("height", size, MEDIA_MM_MAX, room),
        align=cast("Align", table.choice("align", ("left", "center", "right"), "left")),
        weight=cast("Weight", table.choice("weight", ("bold", "regular"), "bold")),
        value=table.text("value"),
        fit=table.choice("fit", ("shrink", "cut"), "shrink"),
    )


def _rule(table: Table, kind: str) -> RuleItem:
    return RuleItem(
        **_common(table),
        height=table.number("height", 0.1, MEDIA_MM_MAX),
        thickness=table.number("thickness", 0.1, 5.0) if kind == "box" else 0.0,
    )


def _rows(table: Table) -> RowsItem:
    if ".part" in table.where or ".head" in table.where:
        raise table.refuse("kind", "rows do not stand in rows")
    cell = table.point("cell")
    columns = table.whole("columns", 1, COLUMNS_MAX, 1)
    if min(cell) < 1:
        raise table.refuse("cell", f"{list(cell)!r} is smaller than 1 mm")
    where = table.where
    cells = table.tables("part")
    if not cells:
        raise table.refuse("part", "has no item")
    heads = table.tables("head", [])
    return RowsItem(
        where=where,
        at=table.point("at"),
        width=cell[0] * columns,
        when=table.text("when", ""),
        unless=table.texts("unless"),
        page="every",
        of=table.text("of"),
        columns=columns,
        cell=cell,
        head_height=table.number("head_height", 0.0, MEDIA_MM_MAX, 0.0),
        head=tuple(read_item(one, f"{where}.head {n}") for n, one in enumerate(heads, 1)),
        cells=tuple(read_item(one, f"{where}.part {n}") for n, one in enumerate(cells, 1)),
    )


def _symbol(table: Table, kind: SymbolKind) -> SymbolItem:
    modules = table.take("x", list)
    if not modules or any(type(one) not in {int, float} for one in modules):
        raise table.refuse("x", f"must be module widths in mm, not {shown(modules)}")
    if not all(0 < one <= MODULE_MM_MAX for one in modules):
        raise table.refuse("x", f"{shown(modules)} is not within 0 and {MODULE_MM_MAX:g} mm")
    is_linear = kind in LINEAR_KINDS
    item = SymbolItem(
        **_common(table, 1.0),
        kind=kind,
        height=table.number("height", 1.0, MEDIA_MM_MAX) if is_linear else 0.0,
        modules=tuple(sorted((float(one) for one in modules), reverse=True)),
        align=cast("Align", table.choice("align", ("left", "center", "right"), "left")),
        value=table.text("value", ""),
        code=_code(table),
        elements=_elements(table),
        element_string=table.text("element_string", ""),
        hri=cast("Hri", table.choice("hri", ("none", "above", "below"), "none")),
        hri_size=table.number("hri_size", SIZE_MM_MIN, SIZE_MM_MAX, 3.0),
    )
    _check_content(table, item)
    return item


def _code(around: Table) -> Pairs:
    table = around.table("code", {})
    if not table.names():
        return ()
    name = table.choice("type", (*CODE_CLASSES, SETUP_CODE))
    parts = [("type", name)]
    for part in fields(CODE_CLASSES[name]) if name != SETUP_CODE else ():
        text = table.text(part.name, "" if part.default is not MISSING else None)
        if text:
            parts.append((part.name, text))
    table.finish()
    return tuple(parts)


def _elements(table: Table) -> Pairs:
    pairs = table.take("elements", list, [])
    for pair in pairs:
        texts = isinstance(pair, list) and [type(one) for one in pair] == [str, str]
        if not texts:
            raise table.refuse("elements", f"{shown(pair)} is not a pair of AI and value")
    return tuple((ai, value) for ai, value in pairs)


def _check_content(table: Table, item: SymbolItem) -> None:
    of_gs1 = (["elements"], ["element_string"])
    keys = ("value", "code", "elements", "element_string")
    given = [key for key in keys if getattr(item, key)]
    is_gs1 = item.kind.startswith("gs1-")
    if is_gs1 and given not in of_gs1:
        raise table.refuse("elements", "a GS1 symbol has elements and nothing else")
    if not is_gs1 and given not in (["value"], ["code"]):
        raise table.refuse("value", "needs either value or code")
