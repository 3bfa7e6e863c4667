"""A label template: TOML in millimetres, read strictly; `proof.prove` shows that it works.

[label]         name, revision, class (in-house or distribution), media and margin in mm
[fields.NAME]   type (text, code, amount, unit, date, gtin), max characters, optional
[[item]]        kind text, line, box or a symbol; `at` is its top left corner, quiet zone included

A value holds field names in braces; `when` names a field without which the item is left out.
Raises TemplateError, naming file and field.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from string import Formatter
from typing import Any, Literal, cast

from labels.codes import LabelCode, LotCode, MaterialCode, OrderCode
from labels.primitives import LINEAR_KINDS, QUIET_MODULES, SymbolKind, TemplateError
from labels.symbol_classes import LABEL_CLASSES, LabelClass

FieldKind = Literal["text", "code", "amount", "unit", "date", "gtin"]
FIELD_KINDS: tuple[FieldKind, ...] = ("text", "code", "amount", "unit", "date", "gtin")
FIELD_CHARS_MAX = 100
MEDIA_MM_MAX = 300.0
CODE_CLASSES = {"lot": LotCode, "order": OrderCode, "material": MaterialCode, "label": LabelCode}
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a record. `chars_max` bounds its text."""

    name: str
    kind: FieldKind
    chars_max: int
    optional: bool


@dataclass(frozen=True, slots=True)
class TextItem:
    """`fit`: "shrink" down to `min_size` and no further, or then "cut" the text's end."""

    where: str
    at: Point
    width: float
    size: float
    min_size: float
    value: str
    fit: str
    when: str


@dataclass(frozen=True, slots=True)
class RuleItem:
    """A line (thickness 0: filled) or a box, sizes in mm."""

    where: str
    at: Point
    width: float
    height: float
    thickness: float


@dataclass(frozen=True, slots=True)
class SymbolItem:
    """A barcode; the widest of `modules` (mm) that fits `width` is taken.

    Content is one of `value` (text), `code` (class name and field texts of an in-house code) and
    `elements` (AI and text pairs).
    """

    where: str
    kind: SymbolKind
    at: Point
    width: float
    height: float
    modules: tuple[float, ...]
    value: str
    code: tuple[tuple[str, str], ...]
    elements: tuple[tuple[str, str], ...]
    when: str


Item = TextItem | RuleItem | SymbolItem


@dataclass(frozen=True, slots=True)
class Template:
    """A template as read; `file` is what errors call it."""

    file: str
    name: str
    revision: int
    label_class: LabelClass
    media: Point
    margin: float
    fields: Mapping[str, Field]
    items: tuple[Item, ...]


def parse(text: str, file: str) -> Template:
    """The template that `text` (TOML) describes; raises TemplateError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(file, "TOML", str(error)) from None
    root = _Table(file, "file", data)
    label = _Table(file, "label", root.take("label", dict))
    known = {
        name: _field(_Table(file, f"fields.{name}", entry), name)
        for name, entry in root.take("fields", dict).items()
    }
    entries = root.take("item", list)
    root.finish()
    template = Template(
        file=file,
        name=label.text("name"),
        revision=label.take("revision", int),
        label_class=cast("LabelClass", label.choice("class", LABEL_CLASSES)),
        media=label.point("media"),
        margin=label.number("margin", 0.0, 20.0),
        fields=known,
        items=tuple(_item(file, place, entry) for place, entry in enumerate(entries, 1)),
    )
    label.finish()
    _check_names(template)
    return template


def names_in(value: str) -> tuple[str, ...]:
    """The field names in braces of a template's text; raises ValueError."""
    names = []
    for _, name, spec, conversion in Formatter().parse(value):
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}} is not a plain field name")
        names.append(name)
    return tuple(names)


class _Table:
    """One TOML table, taken key by key; what is left at `finish` is refused."""

    def __init__(self, file: str, where: str, data: object) -> None:
        self.file = file
        self.where = where
        if not isinstance(data, dict):
            raise TemplateError(file, where, "must be a table")
        self._left = dict(data)
        self._known: list[str] = []

    def refuse(self, key: str, reason: str) -> TemplateError:
        return TemplateError(self.file, f"{self.where}.{key}", reason)

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        self._known.append(key)
        value = self._left.pop(key, default)
        if value is None:
            raise self.refuse(key, "is missing")
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.refuse(key, f"must be a {kind.__name__}, not {value!r}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        return str(self.take(key, str, default))

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.refuse(key, f"{value!r} is none of {', '.join(allowed)}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        value = float(self.take(key, (int, float), default))  # type: ignore[arg-type]
        if not low <= value <= high:
            raise self.refuse(key, f"{value:g} mm is not within {low:g} and {high:g} mm")
        return value

    def point(self, key: str) -> Point:
        pair = self.take(key, list)
        if len(pair) != 2 or any(type(one) not in {int, float} for one in pair):
            raise self.refuse(key, f"must be two numbers in mm, not {pair!r}")
        if not all(0 <= one <= MEDIA_MM_MAX for one in pair):
            raise self.refuse(key, f"{pair!r} is not within 0 and {MEDIA_MM_MAX:g} mm")
        return float(pair[0]), float(pair[1])

    def finish(self) -> None:
        for key in self._left:
            near = get_close_matches(key, self._known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise self.refuse(key, f"is not known{hint}")


def _field(table: _Table, name: str) -> Field:
    if not name.isidentifier():
        raise table.refuse("name", f"{name!r} is not a plain name")
    kind = cast("FieldKind", table.choice("type", FIELD_KINDS))
    chars_max = {"date": 10, "gtin": 14}.get(kind) or table.take("max", int)
    if not 1 <= chars_max <= FIELD_CHARS_MAX:
        raise table.refuse("max", f"{chars_max} is not within 1 and {FIELD_CHARS_MAX}")
    field = Field(name, kind, chars_max, table.take("optional", bool, default=False))
    table.finish()
    return field


def _item(file: str, place: int, data: object) -> Item:
    table = _Table(file, f"item {place}", data)
    kind = table.choice("kind", ("text", "line", "box", *QUIET_MODULES))
    table.where = f"item {place} ({kind})"
    item: Item
    if kind == "text":
        item = _text_item(table)
    elif kind in {"line", "box"}:
        item = _rule_item(table, kind)
    else:
        item = _symbol_item(table, cast("SymbolKind", kind))
    table.finish()
    return item


def _text_item(table: _Table) -> TextItem:
    size = table.number("size", 1.5, 40.0)
    return TextItem(
        table.where,
        table.point("at"),
        table.number("width", 1.0, MEDIA_MM_MAX),
        size,
        table.number("min_size", 1.5, size, size),
        table.text("value"),
        table.choice("fit", ("shrink", "cut"), "shrink"),
        table.text("when", ""),
    )


def _rule_item(table: _Table, kind: str) -> RuleItem:
    return RuleItem(
        table.where,
        table.point("at"),
        table.number("width", 0.1, MEDIA_MM_MAX),
        table.number("height", 0.1, MEDIA_MM_MAX),
        table.number("thickness", 0.1, 5.0) if kind == "box" else 0.0,
    )


def _symbol_item(table: _Table, kind: SymbolKind) -> SymbolItem:
    modules = table.take("x", list)
    if not modules or any(type(one) not in {int, float} or one <= 0 for one in modules):
        raise table.refuse("x", f"must be module widths in mm, not {modules!r}")
    code = _Table(table.file, f"{table.where}.code", table.take("code", dict, {}))
    item = SymbolItem(
        table.where,
        kind,
        table.point("at"),
        table.number("width", 1.0, MEDIA_MM_MAX),
        table.number("height", 1.0, MEDIA_MM_MAX) if kind in LINEAR_KINDS else 0.0,
        tuple(sorted((float(one) for one in modules), reverse=True)),
        table.text("value", ""),
        _code(code),
        _elements(table),
        table.text("when", ""),
    )
    _check_content(table, item)
    return item


def _code(table: _Table) -> tuple[tuple[str, str], ...]:
    if not table._left:
        return ()
    name = table.choice("type", tuple(CODE_CLASSES))
    parts = [("type", name)]
    for part in fields(CODE_CLASSES[name]):
        text = table.text(part.name, "")
        if text:
            parts.append((part.name, text))
    table.finish()
    return tuple(parts)


def _elements(table: _Table) -> tuple[tuple[str, str], ...]:
    pairs = table.take("elements", list, [])
    for pair in pairs:
        texts = isinstance(pair, list) and [type(one) for one in pair] == [str, str]
        if not texts:
            raise table.refuse("elements", f"{pair!r} is not a pair of AI and value")
    return tuple((ai, value) for ai, value in pairs)


def _check_content(table: _Table, item: SymbolItem) -> None:
    is_gs1 = item.kind.startswith("gs1-")
    given = [key for key in ("value", "code", "elements") if getattr(item, key)]
    if is_gs1 and given != ["elements"]:
        raise table.refuse("elements", "a GS1 symbol has elements and nothing else")
    if not is_gs1 and given not in (["value"], ["code"]):
        raise table.refuse("value", "needs either value or code")


def _check_names(template: Template) -> None:
    used: set[str] = set()
    for item in template.items:
        for key, value in _texts_of(item):
            where = f"{item.where}.{key}"
            try:
                names = (value,) if key == "when" else names_in(value)
            except ValueError as error:
                raise TemplateError(template.file, where, str(error)) from None
            for name in names:
                if name not in template.fields:
                    near = get_close_matches(name, template.fields, 1)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    raise TemplateError(template.file, where, f"there is no field {name}{hint}")
            used.update(names)
    for name in template.fields:
        if name not in used:
            raise TemplateError(template.file, f"fields.{name}", "is used by no item")


def _texts_of(item: Item) -> list[tuple[str, str]]:
    """(key, text) of all that may name a field."""
    if isinstance(item, RuleItem):
        return []
    texts = [("value", item.value), *([("when", item.when)] if item.when else [])]
    if isinstance(item, SymbolItem):
        texts += [(f"code.{name}", text) for name, text in item.code[1:]]
        texts += [(f"elements ({ai})", text) for ai, text in item.elements]
    return texts
