"""The home of the check that a template's names agree: each is a field, each field is used.

Raises TemplateError.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from labels.template import (
    PAGE_NAMES,
    Field,
    Item,
    RowsItem,
    SymbolItem,
    Template,
    fields_named,
    names_in,
    texts_of,
)


def check_names(template: Template) -> None:
    """Raises TemplateError for a name that is no field, and for a field that no item names."""
    used = _used(template, template.items, template.fields)
    for item in template.items:
        if not isinstance(item, RowsItem):
            continue
        _check_rows(template, item)
        field = template.fields[item.of]
        used |= _used(template, item.head, template.fields)
        in_cells = _used(template, item.cells, {**template.fields, **field.fields})
        used |= in_cells - set(field.fields)
        _check_all_used(template, field.fields, in_cells, f"fields.{field.name}.fields")
    _check_all_used(template, template.fields, used, "fields")


def _check_rows(template: Template, item: RowsItem) -> None:
    if template.fields[item.of].kind != "rows":
        raise template.refuse(f"{item.where}.of", f"the field {item.of} has no rows")
    if template.flow is None:
        raise template.refuse("label.flow", "is missing: rows need a place on the page")


def _check_all_used(
    template: Template, fields: Mapping[str, Field], used: Iterable[str], where: str
) -> None:
    for name in fields:
        if name not in set(used):
            raise template.refuse(f"{where}.{name}", "is used by no item")


def _used(template: Template, items: tuple[Item, ...], fields: Mapping[str, Field]) -> set[str]:
    used: set[str] = set()
    for item in items:
        for key, value in texts_of(item):
            used.update(_names(template, item, key, value, fields))
        for key, name in fields_named(item):
            _check_known(template, f"{item.where}.{key}", name, fields)
            used.add(name)
        if isinstance(item, SymbolItem) and item.element_string:
            _check_element_string(template, item, fields)
    return used


def _names(
    template: Template, item: Item, key: str, value: str, fields: Mapping[str, Field]
) -> set[str]:
    where = f"{item.where}.{key}"
    try:
        names = names_in(value)
    except ValueError as error:
        raise template.refuse(where, str(error)) from None
    of_page = PAGE_NAMES if template.flow and not isinstance(item, SymbolItem) else ()
    own = [name for name in names if name not in of_page]
    for name in own:
        _check_known(template, where, name, fields)
        if fields[name].kind == "rows":
            raise template.refuse(where, f"{name} is rows: an item of kind rows shows them")
    return set(own)


def _check_known(template: Template, where: str, name: str, fields: Mapping[str, Field]) -> None:
    if name not in fields:
        near = get_close_matches(name, fields, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise template.refuse(where, f"there is no field {name}{hint}")


def _check_element_string(
    template: Template, item: SymbolItem, fields: Mapping[str, Field]
) -> None:
    if fields[item.element_string].kind != "gs1":
        reason = f"the field {item.element_string} is not of type gs1"
        raise template.refuse(f"{item.where}.element_string", reason)
