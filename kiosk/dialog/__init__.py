"""The home of the dialog: pure state machine between what is scanned and what happened.

`advance(dialog, shop, given, now)` proposes an act; the caller appends it to the journal, absorbs
it into the shop, keeps `kept(turn.dialog)`, and shows `turn.notice`. The events of a turn bear
time, station, operator and `accepted`; the journal gives the rest of their stamp.
"""

from kiosk.dialog.expected import expected
from kiosk.dialog.machine import advance
from kiosk.dialog.memory import begin, kept
from kiosk.dialog.people import session_ended
from kiosk.dialog.rest import settled
from kiosk.dialog.state import (
    IDLE_SECONDS_MAX,
    NUMBER_SECONDS_MAX,
    OVERRIDE_SECONDS_MAX,
    STUTTER_SECONDS,
    Answer,
    Asking,
    Body,
    Choice,
    Connected,
    Dialog,
    Entry,
    Handover,
    Input,
    Key,
    Kind,
    Moment,
    Notice,
    Pointed,
    Proposal,
    Scanned,
    Scrap,
    Tick,
    Turn,
    Typing,
    Workplace,
)
from kiosk.dialog.steps import (
    current,
    done_quantity,
    number_unit,
    open_check,
    open_note,
    open_steps,
)
from kiosk.dialog.trouble import calls_here, stops_here
from kiosk.dialog.undo import undoes
from kiosk.dialog.waiting import Waiting, queue, waiting

__all__ = [
    "IDLE_SECONDS_MAX",
    "NUMBER_SECONDS_MAX",
    "OVERRIDE_SECONDS_MAX",
    "STUTTER_SECONDS",
    "Answer",
    "Asking",
    "Body",
    "Choice",
    "Connected",
    "Dialog",
    "Entry",
    "Handover",
    "Input",
    "Key",
    "Kind",
    "Moment",
    "Notice",
    "Pointed",
    "Proposal",
    "Scanned",
    "Scrap",
    "Tick",
    "Turn",
    "Typing",
    "Waiting",
    "Workplace",
    "advance",
    "begin",
    "calls_here",
    "current",
    "done_quantity",
    "expected",
    "kept",
    "number_unit",
    "open_check",
    "open_note",
    "open_steps",
    "queue",
    "session_ended",
    "settled",
    "stops_here",
    "undoes",
    "waiting",
]
