"""PINs of supervisors: asked after the badge, since a badge can be copied."""

from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import stop
from kiosk.dialog.state import Asking, Dialog, Moment, Notice, Turn
from sync.domain.events import OperatorDefined

TRIES_MAX: Final = 3
PIN_CHARS_MAX: Final = 12
SIGN: Final = "×"  # one that the big letters have


def is_asked(dialog: Dialog, person: OperatorDefined) -> bool:
    """Whether this person's badge alone is not enough here."""
    return dialog.workplace.pin and person.role == "supervisor" and bool(person.pin)


def ask(dialog: Dialog, now: Moment, person: OperatorDefined) -> Turn:
    """The PIN of whoever showed a badge; what that badge was for waits."""
    before = dialog.asking
    notice = Notice("ask", "pin", {"person": person.name, "digits": ""})
    waiting = before.proposal if before is not None else None
    opened = before.open if before is not None else ()
    asking = Asking("pin", notice, now.mono, waiting, opened, of=person.person)
    return Turn(replace(dialog, asking=asking, number=""), notice=notice)


def digit(dialog: Dialog, sign: str) -> Turn:
    """One more digit of the PIN; nobody reads it on the screen."""
    asking = dialog.asking
    assert asking is not None, "a digit of no PIN"
    digits = asking.digits + sign if sign.isdecimal() else asking.digits
    if len(digits) > PIN_CHARS_MAX:
        return wrong(dialog)
    facts = {**asking.notice.facts, "digits": SIGN * len(digits)}
    notice = replace(asking.notice, facts=facts)
    return Turn(replace(dialog, asking=replace(asking, digits=digits, notice=notice)), (), notice)


def wrong(dialog: Dialog) -> Turn:
    """A PIN that does not fit; the question goes after so many."""
    asking = dialog.asking
    assert asking is not None, "a wrong answer to no PIN"
    tries = asking.tries + 1
    if tries >= TRIES_MAX:
        text = "pin_given_up" if asking.proposal is None else "pin_given_up_act"
        return stop(replace(dialog, asking=None), text)
    facts = {**asking.notice.facts, "digits": ""}
    again = replace(asking, digits="", tries=tries, notice=replace(asking.notice, facts=facts))
    return stop(replace(dialog, asking=again), "pin_other", left=str(TRIES_MAX - tries))
