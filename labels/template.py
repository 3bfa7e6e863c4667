"""The home of what a label template is; `template_read` reads one, `proof` shows that it works.

[label]         name, kind, revision, class, media and margin in mm; `flow` makes it a document
[fields.NAME]   type, max characters (of rows: how many), optional, sample
[[item]]        text, line, box, rows or a symbol; `at` is its top left corner, quiet zone included

A value holds field names in braces; an item is left out without the field that `when` names, and
with any that `unless` names. Rows repeat their parts for each record of a field of type rows; they
stand below each other inside the flow, and on further pages under their head again. The texts of a
document may name {page} and {pages}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Literal

from labels.codes import (
    BadgeCode,
    CommandCode,
    DigitCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
)
from labels.primitives import SymbolKind, TemplateError, Weight
from labels.symbol_classes import LabelClass

FieldKind = Literal[
    "text",
    "code",
    "serial",
    "amount",
    "count",
    "unit",
    "date",
    "gtin",
    "sscc",
    "gln",
    "scan",
    "gs1",
    "rows",
]
FIELD_KINDS: tuple[FieldKind, ...] = (
    *("text", "code", "serial", "amount", "count", "unit", "date"),
    *("gtin", "sscc", "gln", "scan", "gs1", "rows"),
)
# Kinds whose length is a standard's: of the GS1 keys with their check digit.
FIELD_CHARS: Mapping[str, int] = {"date": 10, "gtin": 14, "sscc": 18, "gln": 13}
FIELD_CHARS_MAX = 200
ROWS_MAX = 400
MEDIA_MM_MAX = 300.0
PAGE_NAMES = ("page", "pages")
CODE_CLASSES = {
    "lot": LotCode,
    "order": OrderCode,
    "material": MaterialCode,
    "label": LabelCode,
    "unit": UnitCode,
    "badge": BadgeCode,
    "command": CommandCode,
    "digit": DigitCode,
    "reason": ReasonCode,
}
SETUP_CODE = "setup"  # the text whose characters show what a scanner changes on their way
Point = tuple[float, float]
Pairs = tuple[tuple[str, str], ...]
Align = Literal["left", "center", "right"]
Hri = Literal["none", "above", "below"]
PageChoice = Literal["every", "first", "next"]
Record = Mapping[str, str]
Values = Mapping[str, str | Sequence[Record]]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a record. `chars_max` bounds its text, of rows their number.

    `fields` are those of one row. `sample` is what previews show.
    """

    name: str
    kind: FieldKind
    chars_max: int
    optional: bool
    fields: Mapping[str, "Field"]
    sample: str | tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Common:
    """What every item has. `where` is what errors call it, `page` which pages of a document."""

    where: str
    at: Point
    width: float
    when: str
    unless: tuple[str, ...]
    page: PageChoice


@dataclass(frozen=True, slots=True)
class TextItem(Common):
    """`fit`: "shrink" down to `min_size` and no further, or then "cut" the text's end.

    A text of several `lines` breaks between words, as many lines as `height` has room for.
    """

    size: float
    min_size: float
    lines: int
    height: float
    align: Align
    weight: Weight
    value: str
    fit: str


@dataclass(frozen=True, slots=True)
class RuleItem(Common):
    """A line (thickness 0: filled) or a box, sizes in mm."""

    height: float
    thickness: float


@dataclass(frozen=True, slots=True)
class SymbolItem(Common):
    """A barcode; the widest of `modules` (mm) that fits `width` is taken.

    Content is one of `value` (text), `code` (class name and field texts of an in-house code),
    `elements` (AI and text pairs) and `element_string` (the field that holds one). `hri` is where
    the human-readable interpretation stands, `hri_size` its height.
    """

    kind: SymbolKind
    height: float
    modules: tuple[float, ...]
    align: Align
    value: str
    code: Pairs
    elements: Pairs
    element_string: str
    hri: Hri
    hri_size: float


@dataclass(frozen=True, slots=True)
class RowsItem(Common):
    """Cells of `cell` mm in `columns`, one for each record of the field `of`.

    `at` is left and the gap above; the items inside are placed from their cell's corner, those of
    the head, `head_height` mm high, from the head's.
    """

    of: str
    columns: int
    cell: Point
    head_height: float
    head: tuple["Item", ...]
    cells: tuple["Item", ...]


Item = TextItem | RuleItem | SymbolItem | RowsItem


@dataclass(frozen=True, slots=True)
class Flow:
    """Where rows stand on the page, in mm: tops of the first page and the next, and the bottom."""

    first: float
    following: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Template:
    """A template as read; `file` is what errors call it, `lines` where what they name stands."""

    file: str
    name: str
    kind: str
    revision: int
    label_class: LabelClass
    media: Point
    margin: float
    flow: Flow | None
    fields: Mapping[str, Field]
    items: tuple[Item, ...]
    lines: Mapping[str, int]

    def refuse(self, field: str, reason: str) -> TemplateError:
        """The error that names `field` and its line."""
        return TemplateError(self.file, field, reason, line_of(self.lines, field))


def line_of(lines: Mapping[str, int], field: str) -> int:
    """The line of a field or of the nearest thing around it, 0 if none is known."""
    while field and field not in lines:
        field = field.rpartition(".")[0]
    return lines.get(field, 0)


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


def texts_of(item: Item) -> list[tuple[str, str]]:
    """(key, text) of all of an item that may hold field names in braces."""
    if isinstance(item, TextItem):
        return [("value", item.value)]
    if isinstance(item, SymbolItem):
        texts = [("value", item.value), *((f"code.{name}", text) for name, text in item.code[1:])]
        return [*texts, *((f"elements ({ai})", text) for ai, text in item.elements)]
    return []


def fields_named(item: Item) -> list[tuple[str, str]]:
    """(key, field name) of all of an item that is the name of a field."""
    named = [("when", item.when), *(("unless", name) for name in item.unless)]
    if isinstance(item, SymbolItem):
        named.append(("element_string", item.element_string))
    if isinstance(item, RowsItem):
        named.append(("of", item.of))
    return [(key, name) for key, name in named if name]
