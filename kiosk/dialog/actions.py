"""The home of what a person can do: every action in one order, its number, and what fits now.

The same order stands in HELP, on the command sheet and behind `*n` typed: a number learned stays.
"""

from dataclasses import dataclass
from typing import Final, Literal

from kiosk.dialog.handover_state import asked
from kiosk.dialog.state import Asking, Dialog
from kiosk.dialog.steps import (
    Current,
    current,
    done_quantity,
    open_check,
    open_lines,
    open_note,
    open_steps,
    planned_remainder,
)
from kiosk.dialog.trouble import stops_here
from labels.codes import DIGITS, Code, CommandCode, DigitCode, ReasonCode
from sync.domain.packing import contents
from sync.domain.shop import Shop

Group = Literal["forward", "around", "back", "goods", "trouble", "show"]
COMMANDS_SHOWN_MAX: Final = 2
TYPED_MARK: Final = "*"
PLACE_CHARS_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Action:
    """One command, the function key that does it too ("" where `*n` is its key), and its group."""

    command: str
    group: Group
    key: str = ""

    @property
    def label(self) -> str:
        """The key of the texts' label that says what it does."""
        return f"action_{self.command}"

    @property
    def word(self) -> str:
        """The key of the label that is its word on screen and paper."""
        return f"command_{self.command}"


# In rows of three, as on the sheet, no two opposites are in one row or in two rows that touch.
ACTIONS: Final = (
    Action("OK", "forward", "f9"),
    Action("DONE", "forward", "f8"),
    Action("END", "forward", "f12"),
    Action("PAUSE", "forward"),
    Action("HELP", "around", "f1"),
    Action("JOIN", "around"),
    Action("PRINT", "around"),
    Action("QUEUE", "around", "f2"),
    Action("CANCEL", "back", "escape"),
    Action("SCRAP", "back", "f11"),
    Action("UNDO", "back", "f4"),
    Action("RESUME", "back"),
    Action("RETURN", "goods"),
    Action("REWORK", "goods"),
    Action("HOLD", "goods"),
    Action("DOWNTIME", "trouble"),
    Action("CALL", "trouble"),
    Action("HANDOVER", "trouble"),
    Action("OUTBOX", "show", "f3"),
    Action("DRAWING", "show"),
    Action("DOCTOR", "show"),
    Action("PACK", "goods"),
    Action("SEAL", "goods"),
)
NUMBERS: Final = {action.command: number for number, action in enumerate(ACTIONS, 1)}
# A scanner that reads the one instead of the other does the contrary of what was meant.
OPPOSITES: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("OK", "CANCEL"),
        ("OK", "UNDO"),
        ("DONE", "CANCEL"),
        ("DONE", "UNDO"),
        ("DONE", "SCRAP"),
        ("PAUSE", "RESUME"),
        ("END", "RESUME"),
    )
)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of HELP: its code, its name or the label's key for it, and what it does: a label's
    key or the site's own text.
    """

    code: Code
    name: str
    label: str = ""
    text: str = ""
    key: str = ""
    number: int = 0
    word: str = ""


def items(shop: Shop) -> tuple[Item, ...]:
    """All that HELP lists: the numbered actions, then digits, then the site's reasons."""
    actions = tuple(
        Item(CommandCode(one.command), one.command, one.label, "", one.key, number, one.word)
        for number, one in enumerate(ACTIONS, 1)
    )
    digits = tuple(Item(DigitCode(sign), sign, "action_digit") for sign in DIGITS)
    known = sorted(
        (one for one in shop.reasons.values() if one.active), key=lambda one: (one.group, one.text)
    )
    reasons = tuple(Item(ReasonCode(one.reason), one.reason, text=one.text) for one in known)
    return (*actions, *digits, *reasons)


def chosen(dialog: Dialog, shop: Shop) -> Item:
    """The line of HELP that is selected."""
    found = items(shop)
    return found[min(dialog.selected, len(found) - 1)]


def first_fitting(dialog: Dialog, shop: Shop) -> int:
    """Which line of HELP is selected when it opens: what fits the moment best."""
    fit = [NUMBERS[command] - 1 for command in fitting(dialog, shop) if command != "HELP"]
    return fit[0] if fit else 0


def command_typed(text: str) -> str | None:
    """The command that `*n` names; `*` alone is HELP, "" is a number of nothing.

    None: the text is no such line.
    """
    if not text.startswith(TYPED_MARK):
        return None
    place = text[1:]
    if not place:
        return "HELP"
    if not (place.isascii() and place.isdigit()) or len(place) > PLACE_CHARS_MAX:
        return ""
    number = int(place)
    return ACTIONS[number - 1].command if 1 <= number <= len(ACTIONS) else ""


def opposed(one: str, other: str) -> bool:
    """Whether two commands are opposites, which are never offered side by side."""
    return frozenset((one, other)) in OPPOSITES


def fitting(dialog: Dialog, shop: Shop) -> tuple[str, ...]:
    """The commands that fit the moment, at most two, never opposites; the likelier one first."""
    if dialog.asking is not None:
        return _answers(dialog.asking)
    here = current(dialog, shop)
    if dialog.person is None:
        return ()
    if dialog.handover is not None:
        return _handing_over(dialog, shop)
    if dialog.packing is not None:
        return _packing(dialog, shop)
    if stops_here(dialog, shop):
        return ("RESUME", "HELP")
    if here is None or here.order.is_ended(here.operation):
        return ("HELP",)
    return _at_work(dialog, shop, here)


def _packing(dialog: Dialog, shop: Shop) -> tuple[str, ...]:
    """SEAL once there is something on the unit and no number waits for a scan."""
    is_begun = bool(contents(shop, dialog.packing or ""))
    return ("SEAL", "HELP") if is_begun and not dialog.number else ("HELP",)


def _handing_over(dialog: Dialog, shop: Shop) -> tuple[str, ...]:
    """OK keeps what is asked about, or says that no successor is here."""
    if asked(dialog, shop) is not None:
        return ("DONE", "HELP") if dialog.number else ("OK", "PAUSE")
    signed = dialog.handover is not None and dialog.handover.is_signed
    return ("OK", "HELP") if signed else ("CANCEL", "HELP")


def _answers(asking: Asking) -> tuple[str, ...]:
    """Of a question: HELP cannot be opened over a list of answers."""
    if asking.choices:
        return ("OK",)
    if asking.wanted == "doubt":
        return ("OK", "PRINT")
    if asking.wanted == "confirm" or (asking.wanted == "pin" and asking.digits):
        return ("OK", "HELP")
    return ("CANCEL", "HELP")


def _at_work(dialog: Dialog, shop: Shop, here: Current) -> tuple[str, ...]:
    if here.pause is not None:
        return ("RESUME", "HELP")
    aside = ("PAUSE", "HELP") if here.start is not None else ("HELP",)
    if dialog.number:
        return _with_number(dialog, shop, here)
    if open_note(dialog, shop):
        return ("OK", "HELP")
    if open_lines(here.order, here.operation):
        return aside
    if open_steps(here) or here.in_setup:
        return ("OK", "HELP")
    if open_check(here) is None and _is_countable(dialog, shop):
        return ("DONE", aside[0])
    return aside


def _with_number(dialog: Dialog, shop: Shop, here: Current) -> tuple[str, ...]:
    """A number belongs to the scan that follows: a lot where one is wanted, a check, or DONE."""
    if open_lines(here.order, here.operation) or open_steps(here):
        return ("HELP",)
    if open_check(here) is not None:  # just after a booking, a number and OK correct that
        return ("HELP",) if dialog.booked else ("OK", "HELP")
    return ("DONE", "HELP") if _is_countable(dialog, shop) else ("HELP",)


def _is_countable(dialog: Dialog, shop: Shop) -> bool:
    """Whether DONE would report something."""
    if not done_quantity(dialog, shop):
        return False
    if dialog.number:
        return any(sign in "123456789" for sign in dialog.number)
    return bool(dialog.serials or dialog.scrap or planned_remainder(dialog, shop))
