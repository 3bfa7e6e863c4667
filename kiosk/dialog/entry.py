"""Numbers and typed lines: what stands in the band before the scan that it belongs to."""

import re
from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import said, stop
from kiosk.dialog.state import NUMBER_CHARS_MAX, Dialog, Moment, Turn
from kiosk.dialog.steps import number_unit
from labels.codes import Code, CodeError, OrderCode, decode
from sync.domain.quantity import shown
from sync.domain.shop import Shop

_NUMBER: Final = re.compile(r"[0-9]{1,12}([.,][0-9]{0,6})?\Z", re.ASCII)
_LIKE_NUMBER: Final = re.compile(r"[-+0-9., '’]+\Z", re.ASCII)
_SHOWN_CHARS_MAX: Final = 20


def digit(dialog: Dialog, shop: Shop, now: Moment, sign: str) -> Turn:
    """A digit code: one more place of the staged number."""
    number = dialog.number + sign
    if not _NUMBER.match("0" + number if number.startswith(".") else number):
        return stop(dialog, "not_a_number", number=number[:NUMBER_CHARS_MAX])
    if number.startswith("."):
        number = f"0{number}"
    return stage(dialog, shop, now, number)


def stage(dialog: Dialog, shop: Shop, now: Moment, number: str) -> Turn:
    """A number stands in the band, for the scan that follows."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    if dialog.order is None:
        return stop(dialog, "no_order")
    plain = number.replace(",", ".")
    after = replace(dialog, number=plain, number_since=now.mono)
    unit = shown(number_unit(after, shop))
    facts = {"number": plain, "unit": unit}
    return Turn(after, notice=said("note", "number", **facts))


def is_number(text: str) -> bool:
    """Whether a typed line is a number as people write it, without thousands separators."""
    return bool(_NUMBER.match(text)) and not text.endswith((".", ","))


def is_like_number(text: str) -> bool:
    """Whether a typed line was meant as a number, though it is none that can be taken."""
    return bool(_LIKE_NUMBER.match(text))


def code_of(text: str, shop: Shop) -> Code | CodeError:
    """A typed line as a code: as a scan would read it, or an order's number."""
    capitals = text.strip().upper()
    for number in (text.strip(), capitals):
        if number in shop.orders:
            return OrderCode(number)
    try:
        return decode(capitals.encode())
    except CodeError as fault:
        return fault


def expired_number(dialog: Dialog, shop: Shop) -> Turn:
    """A number that no scan followed goes, with a note."""
    facts = {"number": dialog.number, "unit": shown(number_unit(dialog, shop))}
    after = replace(dialog, number="")
    return Turn(after, notice=said("note", "number_dropped", **facts))


def short(text: str) -> str:
    """Foreign text, cut for a sentence."""
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[: _SHOWN_CHARS_MAX - 1]}…"
