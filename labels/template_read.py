"""TOML text -> Template, strictly: every table and key is known and of its kind.

Raises TemplateError, naming file, line and field. What a record does to it is shown by `proof`.
"""

import re
import tomllib
from typing import Any, cast

from labels.primitives import TemplateError, shown
from labels.symbol_classes import LABEL_CLASSES, LabelClass
from labels.template import (
    FIELD_CHARS,
    FIELD_CHARS_MAX,
    FIELD_KINDS,
    MEDIA_MM_MAX,
    ROWS_MAX,
    Field,
    FieldKind,
    Flow,
    Record,
    Template,
)
from labels.template_items import read_item
from labels.template_lines import lines_of
from labels.template_names import check_names
from labels.template_table import Source, Table

LINE_CHARS_MAX = 4000
_KIND = re.compile(r"[a-z][a-z0-9-]{0,23}")


def parse(text: str, file: str) -> Template:
    """The template that `text` (TOML) describes; raises TemplateError."""
    data = _toml(text, file)
    root = Table(Source(file, lines_of(text), {}), "file", (), data)
    label = root.table("label")
    known = _fields(root.table("fields"))
    items = tuple(
        read_item(entry, f"item {place}") for place, entry in enumerate(root.tables("item"), 1)
    )
    root.finish()
    name = label.text("name")
    template = Template(
        file=file,
        name=name,
        kind=_kind(label, name),
        revision=label.whole("revision", 1, 9999),
        label_class=cast("LabelClass", label.choice("class", LABEL_CLASSES)),
        media=label.point("media"),
        margin=label.number("margin", 0.0, 20.0),
        flow=_flow(label),
        fields=known,
        items=items,
        lines=root.named,
    )
    label.finish()
    check_names(template)
    return template


def _toml(text: str, file: str) -> dict[str, Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_CHARS_MAX:
            raise TemplateError(file, "TOML", f"is longer than {LINE_CHARS_MAX} characters", number)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        end = int(at[1]) if at else text.count("\n") + 1
        raise TemplateError(file, "TOML", str(error), end) from None
    except RecursionError:
        raise TemplateError(file, "TOML", "its brackets stand too deep in one another") from None


def _kind(label: Table, name: str) -> str:
    """What printers choose by: the template's name unless it says another."""
    kind = label.text("kind", name)
    if _KIND.fullmatch(kind) is None:
        raise label.refuse("kind", f"{kind!r} is not 1 to 24 of a-z 0-9 -, a letter first")
    return kind


def _flow(label: Table) -> Flow | None:
    tops = label.take("flow", list, [])
    if not tops:
        return None
    if len(tops) != 3 or any(type(one) not in {int, float} for one in tops):
        raise label.refuse("flow", f"must be three heights in mm, not {shown(tops)}")
    first, following, bottom = tops
    if not (0 <= first < bottom <= MEDIA_MM_MAX and 0 <= following < bottom):
        reason = (
            f"{shown(tops)}: two tops and a bottom below both, within 0 and {MEDIA_MM_MAX:g} mm"
        )
        raise label.refuse("flow", reason)
    return Flow(float(first), float(following), float(bottom))


def _fields(table: Table) -> dict[str, Field]:
    return {name: _field(table.table(name), name) for name in table.names()}


def _field(table: Table, name: str) -> Field:
    if not name.isidentifier():
        raise table.refuse("", f"{name!r} is not a plain name")
    kind = cast("FieldKind", table.choice("type", FIELD_KINDS))
    most = ROWS_MAX if kind == "rows" else FIELD_CHARS_MAX
    chars_max = FIELD_CHARS.get(kind) or table.whole("max", 1, most)
    inner = _fields(table.table("fields")) if kind == "rows" else {}
    if kind == "rows" and not inner:
        raise table.refuse("fields", "has no field")
    for one in inner.values():
        if one.kind == "rows":
            raise table.refuse(f"fields.{one.name}.type", "rows do not stand in rows")
    optional = table.take("optional", bool, default=False)
    field = Field(name, kind, chars_max, optional, inner, _sample(table, kind))
    table.finish()
    return field


def _sample(table: Table, kind: FieldKind) -> str | tuple[Record, ...]:
    if kind != "rows":
        return table.text("sample", "")
    rows: list[Any] = table.take("sample", list, [])
    for row in rows:
        if not isinstance(row, dict) or any(type(text) is not str for text in row.values()):
            raise table.refuse("sample", f"{shown(row)} is not a table of texts")
    return tuple(rows)
