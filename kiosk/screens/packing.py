"""The logistic unit that is packed: what is on it, and how much of what was made is packed."""

from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.screens.around import Around
from kiosk.screens.text import FAINT, STRONG, Column, Label, amount, columns, header, line, page
from sync.domain.events import UnitPacked
from sync.domain.packing import contents, made_total, orders_on, packed_total
from sync.domain.rules_base import material_name, product_name
from sync.domain.shop import Shop

ORDERS_SHOWN_MAX: Final = 3


def packing(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int
) -> Content:
    """The newest thing at the bottom, in `width` × `rows` cells."""
    unit = dialog.packing or ""
    told = label("packing_unit", unit=unit) if unit else label("packing_new")
    heads = [line((told, STRONG)), *_packed_of(shop, dialog, around, label)]
    on_it = contents(shop, unit)
    if not on_it:
        return page([*heads, line((label("packing_nothing"), FAINT))][:rows])
    room = max(1, rows - len(heads) - 1)
    before = max(0, len(on_it) - room)
    if before:
        before += 1  # the row that tells of them
    shown = on_it[before:]
    table = _table(label)
    lines = [header(table, width)]
    if before:
        lines.append(line((label("packing_more", count=before), FAINT)))
    lines += [Content(columns(table, _cells(shop, one, around), width)) for one in shown]
    return page([*heads, *lines][:rows])


def _packed_of(shop: Shop, dialog: Dialog, around: Around, label: Label) -> list[Content]:
    """How much of each order's output is packed by now."""
    numbers = orders_on(shop, dialog.packing or "") or ((dialog.order,) if dialog.order else ())
    found = []
    for number in numbers[:ORDERS_SHOWN_MAX]:
        order = shop.orders.get(number)
        if order is not None and order.unit:
            packed = amount(packed_total(order), order.unit, around.forms)
            made = amount(max(0, made_total(order)), order.unit, around.forms)
            facts = {"packed": packed, "made": made, "order": number}
            found.append(line(label("packing_of", name=product_name(shop, order), **facts)))
    return found


def _table(label: Label) -> tuple[Column, ...]:
    return (
        Column(label("packing_what"), 24, 2),
        Column(label("packing_lot"), 20, 1),
        Column(label("packing_amount"), 14, 0, "right"),
    )


def _cells(shop: Shop, one: UnitPacked, around: Around) -> list[str]:
    quantity = one.quantity
    told = amount(quantity.micros, quantity.unit, around.forms) if quantity is not None else ""
    name = one.packed_unit or material_name(shop, one.material) or one.lot
    return [name, one.serial or one.lot, told]
