"""The home of values to be measured: typed, scanned digit by digit, or sent by a measuring device.

A value stands in the band with its unit and its limits until OK records it.
"""

import re
from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import said
from kiosk.dialog.state import NUMBER_CHARS_MAX, Dialog, Moment, Turn
from kiosk.dialog.steps import check_next, limits_of
from labels.codes import Code, CodeError
from sync.domain.events import Check
from sync.domain.quantity import shown
from sync.domain.shop import Shop

# Of a device: a sign or a decimal mark tells a value from a number that names something.
_MEASURED: Final = re.compile(
    r"(?:[-+]\s?[0-9]{1,12}(?:[.,][0-9]{1,6})?|[0-9]{1,12}[.,][0-9]{1,6})(?:\s?[^\s0-9]{1,4})?\Z"
)
_VALUE: Final = re.compile(r"[-+]?[0-9]{1,12}([.,][0-9]{0,6})?\Z", re.ASCII)


def digit(dialog: Dialog, shop: Shop, now: Moment, sign: str) -> Turn | None:
    """A digit code: one more place of the value; None where no value is wanted."""
    return _staged(dialog, shop, now, dialog.number + sign)


def typed(dialog: Dialog, shop: Shop, now: Moment, text: str) -> Turn | None:
    """A typed line that is a value, below zero too; None where none is wanted, or it is none."""
    return _staged(dialog, shop, now, text) if not text.endswith((".", ",")) else None


def measured(
    dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError, payload: bytes
) -> Turn | None:
    """What a measuring device sent as a keyboard would; None: it is no value, or none is wanted.

    What means something to us is never a value, nor what comes while something is asked.
    """
    if not isinstance(code, CodeError) or dialog.asking is not None:
        return None
    try:
        text = payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    if not _MEASURED.match(text):
        return None
    found = re.match(r"[-+]?\s?[0-9]+([.,][0-9]+)?", text)
    assert found is not None, "a value begins with its number"
    return _staged(dialog, shop, now, found[0].replace(" ", ""))


def _staged(dialog: Dialog, shop: Shop, now: Moment, text: str) -> Turn | None:
    check = check_next(dialog, shop)
    if check is None or len(text) > NUMBER_CHARS_MAX or not _VALUE.match(text):
        return None
    after = replace(dialog, number=plain(text), number_since=now.mono, booked="")
    return Turn(after, notice=said("note", "value", **_facts(after, check)))


def plain(text: str) -> str:
    """A value with a point, without a plus, and without zeros that say nothing before it."""
    sign = "-" if text.startswith("-") else ""
    whole, point, part = text.lstrip("+-").replace(",", ".").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{part}"


def _facts(dialog: Dialog, check: Check) -> dict[str, str]:
    return {
        "value": dialog.number,
        "unit": shown(check.unit),
        "name": check.text or check.check,
        "next_limits": limits_of(check),
    }
