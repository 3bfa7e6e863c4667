"""The proof of a template: the worst records it allows are laid out before any is printed.

Proved for a head: everything lies on the media, nothing touches another's ink or quiet zone, each
symbol has whole-dot modules of its class, and each is read back. Raises TemplateError.
"""

from itertools import combinations, cycle, islice

from labels import gs1
from labels.layout import HEADS, dots, place
from labels.primitives import Area, Build, LabelError, Layout, TemplateError, ValueRefusedError
from labels.symbol_classes import height_fault
from labels.template import Field, SymbolItem, Template

_WIDEST = "W"
_DENSEST = "W-.9A"  # changes of character class cost a symbol most
_SHORT = "9"


def prove(template: Template, dpi: int, build: Build) -> None:
    """Raises TemplateError unless the template works on a head of `dpi` for every record."""
    if dpi not in HEADS:
        known = ", ".join(str(head) for head in HEADS)
        raise TemplateError(template.file, "dpi", f"{dpi} is none of {known}")
    _check_heights(template)
    for sample in samples(template):
        try:
            layout = place(template, sample, dpi, build)
        except ValueRefusedError as error:
            raise TemplateError(
                template.file, error.field, f"{error.value!r}: {error.reason} ({dpi} dpi)"
            ) from error
        except LabelError as error:
            raise TemplateError(template.file, "item", f"{error} ({dpi} dpi)") from error
        _check_areas(template, layout)


def samples(template: Template) -> list[dict[str, str]]:
    """Records at the ends of what the fields allow."""
    fields = template.fields.values()
    full = [
        {field.name: _sample(field, pattern) for field in fields}
        for pattern in (_WIDEST, _DENSEST, "99")
    ]
    least = {field.name: _sample(field, "")[:1] or "" for field in fields}
    short = {
        field.name: "" if field.optional else _shortest(field, least[field.name])
        for field in fields
    }
    return [*full, short]


def _sample(field: Field, pattern: str) -> str:
    length = field.chars_max
    match field.kind:
        case "text" | "code" | "unit":
            return "".join(islice(cycle(pattern or _SHORT), length))
        case "amount":
            places = min(6, max(0, length - 13))
            whole = "9" * min(12, length)
            return f"{whole}.{'9' * places}" if places else whole
        case "date":
            return "2026-12-28"
        case "gtin":
            body = "0987654321987"
            return body + gs1.check_digit(body)


def _shortest(field: Field, least: str) -> str:
    return _sample(field, "") if field.kind in {"date", "gtin"} else least


def _check_heights(template: Template) -> None:
    for item in template.items:
        if isinstance(item, SymbolItem) and item.height:
            reason = height_fault(template.label_class, item.kind, item.height)
            if reason:
                raise TemplateError(template.file, f"{item.where}.height", reason)


def _check_areas(template: Template, layout: Layout) -> None:
    margin = dots(template.margin, layout.dpi)
    media = Area(margin, margin, layout.width - margin, layout.height - margin)
    named = [(_name(one), area) for one in layout.primitives for area in one.areas]
    for name, area in named:
        if not media.holds(area):
            raise TemplateError(template.file, name, f"leaves the media at {layout.dpi} dpi")
    for one, other in combinations(layout.primitives, 2):
        if any(left.overlaps(right) for left in one.areas for right in other.areas):
            reason = f"touches {_name(other)} or its quiet zone at {layout.dpi} dpi"
            raise TemplateError(template.file, _name(one), reason)


def _name(primitive: object) -> str:
    content = getattr(primitive, "value", None)
    symbol = getattr(primitive, "symbol", None)
    if symbol is not None:
        content = symbol.content
    kind = type(primitive).__name__.lower() if symbol is None else symbol.kind
    return f"{kind} {content!r}" if content else kind
