"""Numbers and typed lines: what stands in the band before the scan that it belongs to."""

import re
from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import said, stop
from kiosk.dialog.state import NUMBER_CHARS_MAX, NUMBER_WORD_CHARS_MAX, Dialog, Moment, Turn
from kiosk.dialog.steps import line_to_feed, number_unit, output_unit
from labels.codes import COMMANDS, Code, CodeError, CommandCode, LotCode, OrderCode, decode
from sync.domain.quantity import QuantityError, shown, typed
from sync.domain.rules_base import line_name
from sync.domain.shop import Shop

_NUMBER: Final = re.compile(r"[0-9]{1,12}([.,][0-9]{0,6})?\Z", re.ASCII)
_LIKE_NUMBER: Final = re.compile(r"[-+0-9., '’]+\Z", re.ASCII)
_SHOWN_CHARS_MAX: Final = 20


def digit(dialog: Dialog, shop: Shop, now: Moment, sign: str) -> Turn:
    """A digit code: one more place of the staged number."""
    number = _plain(dialog.number + sign)
    if not _NUMBER.match(number):
        return stop(dialog, "not_a_number", number=number[:NUMBER_CHARS_MAX])
    return stage(dialog, shop, now, number)


def number_typed(dialog: Dialog, shop: Shop, now: Moment, text: str) -> Turn:
    """A typed line that is meant as a number."""
    if not is_number(text):
        return stop(dialog, "not_a_number", number=short(text))
    return stage(dialog, shop, now, text)


def stage(dialog: Dialog, shop: Shop, now: Moment, number: str) -> Turn:
    """A number stands in the band, for the scan that follows."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    if not is_counted(dialog) and dialog.booked != "done":
        return stop(dialog, "no_order")
    after = replace(dialog, number=_plain(number), number_since=now.mono)
    line, output = line_to_feed(after, shop), output_unit(after, shop)
    if after.handover is not None or after.packing is not None:
        line = None  # what is counted there was made
    unit = line.line.quantity.unit if line is not None else output
    facts = {"number": after.number, "unit": shown(unit), "output_unit": shown(output)}
    name = "number"
    if len(f"{after.number} {facts['unit']}") > NUMBER_WORD_CHARS_MAX:
        name = "number_long"
    elif line is not None and unit != output and _counts(after.number, output):
        name, facts["next_name"] = "number_of_lot", line_name(shop, line.line)
    return Turn(after, notice=said("note", name, **facts))


def is_counted(dialog: Dialog) -> bool:
    """Whether a number can belong to the next scan: an order is open, or a unit is packed."""
    return dialog.order is not None or dialog.packing is not None


def is_number(text: str) -> bool:
    """Whether a typed line is a number as people write it, without thousands separators."""
    return bool(_NUMBER.match(_plain(text))) and not text.endswith((".", ","))


def is_like_number(text: str) -> bool:
    """Whether a typed line was meant as a number, though it is none that can be taken."""
    return bool(_LIKE_NUMBER.match(text))


def code_of(text: str, shop: Shop) -> Code | CodeError:
    """A typed line as a code: as a scan would read it, or by the name printed beside a code."""
    capitals = text.strip().upper()
    for name in (text.strip(), capitals):
        if name in shop.orders:
            return OrderCode(name)
        if shop.lots_named(name):
            return LotCode(name)
    if capitals in COMMANDS:
        return CommandCode(capitals)
    try:
        return decode(capitals.encode())
    except CodeError as fault:
        return fault


def expired_number(dialog: Dialog, shop: Shop) -> Turn:
    """A number that no scan followed goes, with a note."""
    facts = {"number": dialog.number, "unit": shown(number_unit(dialog, shop))}
    after = replace(dialog, number="")
    return Turn(after, notice=said("note", "number_dropped", **facts))


def _counts(number: str, unit: str) -> bool:
    try:
        return bool(unit and typed(number, unit))
    except QuantityError:
        return False


def _plain(number: str) -> str:
    """A number with a point, and without zeros that say nothing."""
    whole, point, part = number.replace(",", ".").partition(".")
    return (whole.lstrip("0") or "0") + point + part


def short(text: str) -> str:
    """Foreign text, cut for a sentence."""
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[: _SHOWN_CHARS_MAX - 1]}…"


def dropped(dialog: Dialog) -> Turn | None:
    """CANCEL drops the number, then what is staged for a DONE; None where neither is there."""
    if dialog.number:
        after = replace(dialog, number="")
        return Turn(after, notice=said("note", "number_cancelled"))
    if dialog.scrap or dialog.serials:
        after = replace(dialog, scrap=(), serials=())
        return Turn(after, notice=said("note", "scrap_cancelled"))
    return None
