"""What a dialog remembers across a restart: kept with each act, and taken up as far as it holds."""

import json
from dataclasses import replace
from typing import Final

from kiosk.dialog import entry
from kiosk.dialog.handover_state import at_question
from kiosk.dialog.state import Answer, Dialog, Handover, Scrap, Workplace
from sync.domain.packing import closing
from sync.domain.shop import Shop

KEPT_VERSION: Final = 1


def begin(workplace: Workplace, shop: Shop, kept: bytes | None) -> Dialog:
    """The dialog after a start: what was kept, as far as the shop still bears it out."""
    memory = _memory(kept)
    dialog = Dialog(workplace)
    here = shop.signed_in(workplace.station)
    person = memory.get("person")
    if person not in here:
        person = min(here, default=None) if "person" not in memory else None
    dialog = replace(dialog, person=person, noted=frozenset(_texts(memory.get("noted"))))
    dialog = replace(dialog, offered=str(memory.get("offered") or ""))
    dialog = _packing_again(_current_again(dialog, shop, memory), shop, memory)
    return _handed_over(dialog, shop, memory)


def _current_again(dialog: Dialog, shop: Shop, memory: dict[str, object]) -> Dialog:
    """The order that was current, with what was staged for it."""
    number, operation = _current(shop, dialog.workplace, memory)
    if number is None:
        return dialog
    staged = str(memory.get("number") or "")
    return replace(
        dialog,
        order=number,
        operation=operation,
        body="order",
        scrap=_staged(memory) if number == memory.get("order") else (),
        serials=tuple(_texts(memory.get("serials"))) if number == memory.get("order") else (),
        number=staged if entry.is_number(staged.removeprefix("-").removesuffix(".")) else "",
    )


def _packing_again(dialog: Dialog, shop: Shop, memory: dict[str, object]) -> Dialog:
    """The unit that was packed, unless it was sealed or nobody is signed in."""
    unit = memory.get("packing")
    if not isinstance(unit, str) or dialog.person is None or closing(shop, unit) is not None:
        return dialog
    if dialog.order is None:
        number = str(memory.get("number") or "")
        dialog = replace(dialog, number=number if entry.is_number(number) else "")
    return replace(dialog, packing=unit, body="packing")


def _handed_over(dialog: Dialog, shop: Shop, memory: dict[str, object]) -> Dialog:
    """A handover that was open is open again, for as long as its giver is signed in."""
    told = memory.get("handover")
    if not isinstance(told, dict) or dialog.person is None:
        return dialog
    found = told.get("answers")
    rows = found if isinstance(found, list) else []
    answers = tuple(
        Answer(*map(str, row)) for row in rows if isinstance(row, list) and len(row) == 3
    )
    order, operation = str(told.get("order") or ""), str(told.get("operation") or "")
    is_signed, successor = told.get("is_signed") is True, str(told.get("successor") or "")
    handover = Handover(order, operation, answers, is_signed, successor)
    return at_question(replace(dialog, handover=handover), shop)


def kept(dialog: Dialog) -> bytes:
    """What a restart must find again; given to the journal with each act."""
    memory: dict[str, object] = {
        "version": KEPT_VERSION,
        "person": dialog.person,
        "order": dialog.order,
        "operation": dialog.operation,
        "number": dialog.number,
        "scrap": [[one.amount, one.reason] for one in dialog.scrap],
        "serials": list(dialog.serials),
        "noted": sorted(dialog.noted),
        "offered": dialog.offered,
        "packing": dialog.packing,
    }
    handover = dialog.handover
    if handover is not None:
        memory["handover"] = {
            "order": handover.order,
            "operation": handover.operation,
            "answers": [[one.start, one.order, one.told] for one in handover.answers],
            "is_signed": handover.is_signed,
            "successor": handover.successor,
        }
    return json.dumps(memory, separators=(",", ":"), ensure_ascii=False).encode()


def _current(
    shop: Shop, workplace: Workplace, memory: dict[str, object]
) -> tuple[str | None, str | None]:
    """The order that was current, while it still runs here; else the one begun last, or none."""
    if "order" in memory:
        number, operation = memory["order"], memory.get("operation")
        order = shop.orders.get(str(number)) if number else None
        if order is None or order.is_ended(str(operation or "")):
            return None, None
        return str(number), str(operation or "")
    running = [
        start
        for order in shop.open_orders(workplace.station)
        for start in order.open_starts(workplace.station)
        if not order.is_ended(start.operation)
    ]
    last = max(running, key=lambda start: (start.n, start.id), default=None)
    return (last.order, last.operation) if last is not None else (None, None)


def _memory(kept_bytes: bytes | None) -> dict[str, object]:
    try:
        memory = json.loads(kept_bytes or b"{}")
    except ValueError:
        return {}
    return memory if isinstance(memory, dict) else {}


def _staged(memory: dict[str, object]) -> tuple[Scrap, ...]:
    found = memory.get("scrap")
    rows = found if isinstance(found, list) else []
    pairs = [row for row in rows if isinstance(row, list) and len(row) == 2]
    return tuple(Scrap(str(a), str(b)) for a, b in pairs if entry.is_number(str(a)))


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
