"""The proof of a template: the worst records it allows are laid out before any is printed.

Proved for a head: everything lies on the media, nothing touches another's ink or quiet zone, each
symbol has whole-dot modules and the height of its class, is read back, and what the GS1 symbols say
is legal together. Raises TemplateError.
"""

from collections.abc import Iterator
from functools import cache

from labels import codes
from labels.heads import HEADS, dots
from labels.layout import Page, placed
from labels.primitives import (
    LINEAR_KINDS,
    Area,
    Build,
    LabelError,
    Letters,
    TemplateError,
    ValueRefusedError,
    shown,
)
from labels.proof_samples import Sample, sample, samples
from labels.symbol_classes import height_fault
from labels.template import Item, RowsItem, SymbolItem, Template

__all__ = ("prove", "sample", "samples")

_SSCC = "00"


def prove(template: Template, dpi: int, build: Build, letters: Letters) -> None:
    """Raises TemplateError unless the template works on a head of `dpi` for every record."""
    if dpi not in HEADS:
        known = ", ".join(str(head) for head in HEADS)
        raise TemplateError(template.file, "dpi", f"{dpi} is none of {known}")
    symbols = [item for item in _every_item(template.items) if isinstance(item, SymbolItem)]
    _check_heights(template, symbols)
    if template.label_class == "distribution":
        _check_logistic(template, symbols)
    # The records share most of their symbols; some codes are longer than those of the records.
    kept = cache(lambda kind, content: build(kind, codes.filled(content)))
    for record in samples(template):
        for page in _laid_out(template, record, dpi, kept, letters):
            _check_areas(template, page, dpi)


def _laid_out(
    template: Template, record: Sample, dpi: int, build: Build, letters: Letters
) -> list[Page]:
    try:
        return placed(template, record, dpi, build, letters)
    except ValueRefusedError as error:
        field = error.field if error.field in template.lines else _field_of(template, error.field)
        raise template.refuse(field, f"{shown(error.value)}: {error.reason} ({dpi} dpi)") from error
    except LabelError as error:
        raise template.refuse("item", f"{error} ({dpi} dpi)") from error


def _field_of(template: Template, field: str) -> str:
    """What a template calls a field of a record."""
    name, _, inner = field.partition(" ")
    if name not in template.fields:
        return field
    row_field = inner.rpartition(".")[2]
    return f"fields.{name}.fields.{row_field}" if row_field else f"fields.{name}"


def _every_item(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        if isinstance(item, RowsItem):
            yield from item.head
            yield from item.cells


def _check_heights(template: Template, symbols: list[SymbolItem]) -> None:
    for item in symbols:
        if item.height:
            reason = height_fault(template.label_class, item.kind, item.height)
            if reason:
                raise template.refuse(f"{item.where}.height", reason)


def _check_logistic(template: Template, symbols: list[SymbolItem]) -> None:
    """Bars with their interpretation, the SSCC lowest (GenSpecs 6.6.4)."""
    lowest = max((item.at[1] for item in symbols), default=0.0)
    for item in symbols:
        if item.kind in LINEAR_KINDS and item.hri == "none":
            reason = "bars of a distribution label have a human-readable interpretation"
            raise template.refuse(f"{item.where}.hri", reason)
        if any(ai == _SSCC for ai, _ in item.elements) and item.at[1] < lowest:
            reason = "the symbol of the SSCC stands lowest on a logistic label"
            raise template.refuse(f"{item.where}.at", reason)


def _check_areas(template: Template, page: Page, dpi: int) -> None:
    margin = dots(template.margin, dpi)
    width, height = (dots(size, dpi) for size in template.media)
    media = Area(margin, margin, width - margin, height - margin)
    named = [(where, one, area) for where, one in page for area in one.areas]
    for where, _, area in named:
        if not media.holds(area):
            raise template.refuse(f"{where}.at", f"leaves the media at {dpi} dpi")
    named.sort(key=lambda entry: entry[2].top)
    for number, (where, one, area) in enumerate(named):
        for other_where, other, other_area in named[number + 1 :]:
            if other_area.top >= area.bottom:
                break
            if other is not one and area.overlaps(other_area):
                reason = f"touches {other_where} or its quiet zone at {dpi} dpi"
                raise template.refuse(f"{where}.at", reason)
