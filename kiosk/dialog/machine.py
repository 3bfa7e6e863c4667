"""The dialog's machine: one input and the shop in; the next dialog, an act and an answer out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kiosk.dialog import (
    actions,
    bare,
    checks,
    dispositions,
    drawing,
    entry,
    handover,
    materials,
    orders,
    output,
    packing,
    people,
    printing,
    questions,
    readings,
    returns,
    trouble,
    undo,
)
from kiosk.dialog.acts import foreseen, said, stop
from kiosk.dialog.bodies import home
from kiosk.dialog.rest import told
from kiosk.dialog.state import (
    IDLE_SECONDS_MAX,
    NUMBER_SECONDS_MAX,
    STUTTER_SECONDS,
    Asking,
    Body,
    Connected,
    Dialog,
    Entry,
    Input,
    Key,
    Moment,
    Notice,
    Pointed,
    Scanned,
    Tick,
    Turn,
    Typing,
)
from kiosk.dialog.waiting import queue
from labels.codes import (
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    EnrolmentCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
)
from sync.domain.shop import Shop

_BODIES: Final[dict[str, Body]] = {
    "HELP": "help",
    "OUTBOX": "outbox",
    "QUEUE": "queue",
    "DOCTOR": readings.DOCTOR,
    "ORDER": "order",
    "DRAWING": drawing.DRAWING,
    "PRINT": printing.PRINTS,
}
PAGES_TURNED_MAX: Final = 5_040  # a whole number of turns through up to ten pages


def advance(dialog: Dialog, shop: Shop, given: Input, now: Moment) -> Turn:
    """What one input makes of the dialog; never raises on anything a person or device can send."""
    dialog = handover.overtaken(replace(dialog, today=now.today.isoformat()), shop)
    match given:
        case Tick():
            turn = _tick(dialog, shop, now)
        case Typing(text):
            turn = Turn(replace(dialog, entry=text, touched=now.mono))
        case Connected(online, heard):
            turn = Turn(replace(dialog, online=online, heard=heard or dialog.heard))
        case Scanned(code, payload):
            turn = _scan(replace(dialog, touched=now.mono), shop, now, code, payload)
        case Key(name):
            turn = _key(replace(dialog, touched=now.mono), shop, now, name.lower())
        case Entry(text):
            turn = _entry(replace(dialog, touched=now.mono, entry=""), shop, now, text.strip())
        case Pointed(place, takes):
            turn = _pointed(replace(dialog, touched=now.mono), shop, now, place, takes)
    turn = packing.held_to(turn, shop)
    turn = trouble.asked(dialog, undo.ask_label(turn, shop, now), shop, now)
    turn = handover.progressed(turn, shop)
    turn = _secret_gone(dialog, turn)
    return _named(turn, shop)


def _secret_gone(before: Dialog, turn: Turn) -> Turn:
    """Typed digits of a PIN are nobody else's, and are never shown once it is not asked for."""
    was = before.asking if before.asking is not None and before.asking.wanted == "pin" else None
    asking = turn.dialog.asking
    if was is None or (asking is not None and asking.wanted == "pin" and asking.of == was.of):
        return turn
    return replace(turn, dialog=replace(turn.dialog, entry=""))


def _tick(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    dialog = replace(dialog, touched=now.mono if dialog.touched is None else dialog.touched)
    touched = dialog.touched or 0.0
    idle = now.mono - touched >= IDLE_SECONDS_MAX
    if idle and (dialog.person is not None or shop.signed_in(dialog.workplace.station)):
        return people.idle_out(dialog, shop, now)
    lapsed = questions.lapse(dialog, now)
    if lapsed is not None:
        return lapsed
    if dialog.number and now.mono - dialog.number_since >= NUMBER_SECONDS_MAX:
        return entry.expired_number(dialog, shop)
    return handover.offer(dialog, shop, now) or Turn(dialog)


def _scan(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError, payload: bytes) -> Turn:
    raw = readings.raw(dialog, code)
    if raw is not None:
        return raw
    measured = checks.measured(dialog, shop, now, code, payload)
    if measured is not None:
        return replace(measured, dialog=replace(measured.dialog, body=home(dialog), recent=()))
    recent = tuple(one for one in dialog.recent if 0 <= now.mono - one[1] < STUTTER_SECONDS)
    dialog = replace(dialog, recent=recent)
    if any(one == payload and not _asked_since(dialog, at) for one, at in recent):
        return Turn(dialog, notice=said("note", "stutter"))
    turn = _meaning(dialog, shop, now, code)
    if turn.refused or turn.notice is None or turn.notice.kind in {"stop", "ask"}:
        return turn
    after = turn.dialog
    return replace(turn, dialog=replace(after, recent=(*after.recent, (payload, now.mono))))


def _asked_since(dialog: Dialog, at: float) -> bool:
    """Whether a question came up after a scan: then the same code again is meant as its answer."""
    return dialog.asking is not None and dialog.asking.since > at


def _meaning(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn:
    """A code as if no body were open; one that is accepted leads back to the work."""
    is_body = isinstance(code, CommandCode) and code.command in _BODIES
    if isinstance(code, CommandCode) and is_body and not printing.is_own(dialog, code):
        return _body(dialog, shop, now, _BODIES[code.command])
    turn = _answered(dialog, shop, now, code)
    if turn.refused or turn.notice is None or turn.notice.kind in {"stop", "ask"}:
        return turn
    after = turn.dialog
    body = home(after)
    selected = after.selected if after.body == body else 0
    return replace(turn, dialog=replace(after, body=body, selected=selected))


def _answered(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn:
    """A code by what is asked, else by itself: then the question is let go of, and that is told."""
    asking = dialog.asking
    if asking is None:
        return _unasked(dialog, shop, now, code)
    turn = questions.answer(dialog, shop, now, code)
    if turn is not None:
        return turn
    return _dropping(asking, _unasked(replace(dialog, asking=None), shop, now, code))


def _dropping(asking: Asking | None, turn: Turn) -> Turn:
    """The answer names the question that nobody answered: nothing of it was booked."""
    if asking is None or turn.notice is None or asking.wanted not in questions.TOLD_WHEN_DROPPED:
        return turn
    return replace(turn, notice=replace(turn.notice, dropped=asking.notice.text))


def _unasked(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn:
    """A code by itself."""
    claimed = handover.claim(dialog, shop, now, code) if dialog.handover is not None else None
    claimed = claimed or printing.claimed(dialog, shop, now, code)
    claimed = claimed or undo.unit_voided(dialog, shop, now, code)
    claimed = claimed or packing.scanned(dialog, shop, now, code)
    if claimed is not None:
        return claimed
    match code:
        case CodeError():
            return readings.unreadable(dialog, code)
        case BadgeCode(badge):
            return people.badge(dialog, shop, now, badge)
        case OrderCode():
            return orders.scan_order(dialog, shop, now, code)
        case LotCode() | MaterialCode():
            lost = readings.gs_lost(dialog, shop, code) if isinstance(code, LotCode) else None
            return lost or materials.scan_material(dialog, shop, now, code)
        case DigitCode(sign):
            return checks.digit(dialog, shop, now, sign) or entry.digit(dialog, shop, now, sign)
        case CommandCode(command):
            return _command(dialog, shop, now, command)
        case ReasonCode(reason):
            return _reason(dialog, shop, reason)
        case LabelCode():
            return undo.scan_label(dialog, shop, now, code)
        case UnitCode(unit):
            return packing.scan_unit(dialog, shop, unit)
        case EnrolmentCode():
            return stop(dialog, "enrolled_already", station=dialog.workplace.station)


def _reason(dialog: Dialog, shop: Shop, reason: str) -> Turn:
    known = shop.reasons.get(reason)
    return stop(dialog, "reason_early", reason=known.text if known is not None else reason)


def _command(dialog: Dialog, shop: Shop, now: Moment, command: str) -> Turn:
    act = _COMMANDS.get(command)
    if act is None:
        return stop(dialog, "command_unknown", command=entry.short(command))
    return act(dialog, shop, now)


def _body(dialog: Dialog, shop: Shop, now: Moment, body: Body) -> Turn:
    """Another body in the middle; the same again goes back to the work; a question stands on."""
    asked = questions.question(dialog, shop)
    if dialog.asking is not None and dialog.asking.choices:
        return Turn(dialog, notice=asked)
    if body == drawing.DRAWING:
        return drawing.show(dialog, shop, home(dialog), asked)
    other = home(dialog) if dialog.body == body else body
    if other == printing.PRINTS and dialog.asking is None and dialog.person is not None:
        return printing.opened(dialog, shop, now)
    selected = actions.first_fitting(dialog, shop) if other == "help" else 0
    after = replace(dialog, body=other, selected=selected)
    if after.body == readings.DOCTOR:
        return Turn(after, notice=Notice("note", "body_doctor"))
    return Turn(after, notice=asked or said("note", f"body_{after.body}"))


def _key(dialog: Dialog, shop: Shop, now: Moment, name: str) -> Turn:
    if name in {"up", "down"} and dialog.body == printing.PRINTS and dialog.asking is None:
        return printing.select(dialog, shop, dialog.selected + (1 if name == "down" else -1))
    if name in {"up", "down"}:
        return Turn(_moved(dialog, shop, 1 if name == "down" else -1))
    if name == "enter":
        return _enter(dialog, shop, now)
    return _meaning(dialog, shop, now, CommandCode(name.upper()))


def _moved(dialog: Dialog, shop: Shop, step: int) -> Dialog:
    if _helps(dialog):
        return replace(dialog, selected=(dialog.selected + step) % len(actions.items(shop)))
    if dialog.asking is not None:
        return questions.move(dialog, step)
    if dialog.body == "outbox":
        return replace(dialog, selected=(dialog.selected + step) % PAGES_TURNED_MAX)
    if dialog.body == drawing.DRAWING:
        return replace(dialog, selected=(dialog.selected + step) % drawing.pages(dialog, shop))
    rows = len(queue(dialog, shop)) if dialog.body == "queue" else 0
    return replace(dialog, selected=(dialog.selected + step) % rows if rows else 0)


def _helps(dialog: Dialog) -> bool:
    """Whether arrows and Enter belong to HELP: a question with several answers goes before it."""
    return dialog.body == "help" and not (dialog.asking is not None and dialog.asking.choices)


def _enter(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    asking = dialog.asking
    if asking is not None and asking.choices:
        return questions.choose(dialog, shop, now, asking.choices[asking.selected].code)
    if _helps(dialog):
        return _meaning(dialog, shop, now, actions.chosen(dialog, shop).code)
    if asking is not None:
        return _meaning(dialog, shop, now, CommandCode("OK"))
    if dialog.handover is not None:
        return _meaning(dialog, shop, now, CommandCode("OK"))
    if dialog.body == "queue":
        return orders.pick(dialog, shop, now)
    if dialog.body == printing.PRINTS:
        return _meaning(dialog, shop, now, CommandCode("PRINT"))
    return bare.ok(dialog, shop, now)


def _entry(dialog: Dialog, shop: Shop, now: Moment, text: str) -> Turn:
    """A typed line: a choice by its number, a quantity where an order is open, else a code."""
    if not text:
        return _enter(dialog, shop, now)
    command = actions.command_typed(text)
    if command is not None:
        return _numbered(dialog, shop, now, text, command)
    asking = dialog.asking
    if asking is not None and asking.choices and text.isascii() and text.isdigit():
        place = int(text[:4])
        if 1 <= place <= len(asking.choices):
            return questions.choose(dialog, shop, now, asking.choices[place - 1].code)
    if asking is not None and asking.wanted == "pin" and text.isascii() and text.isdigit():
        return questions.pin_entered(dialog, shop, now, text)
    free = asking is None or asking.wanted in questions.LET_GO
    if dialog.handover is not None and free and entry.is_like_number(text):
        claimed = handover.number_typed(dialog, shop)
        if claimed is not None:
            return claimed
    if dialog.body == printing.PRINTS and asking is None and printing.is_row(dialog, shop, text):
        return printing.select(dialog, shop, int(text) - 1)
    value = checks.typed(dialog, shop, now, text) if asking is None else None
    if value is not None:
        return value
    kept = asking if asking is not None and asking.wanted in questions.TAKES_NUMBERS else None
    counts = entry.is_counted(dialog) or (dialog.booked == "done" and text not in shop.orders)
    if counts and (free or kept) and entry.is_like_number(text):
        turn = entry.number_typed(replace(dialog, asking=kept), shop, now, text)
        return turn if kept else _dropping(asking, turn)
    code = entry.code_of(text, shop)
    if isinstance(code, CodeError) and free:
        turn = stop(replace(dialog, asking=None), "entry_unknown", entry=entry.short(text))
        return _dropping(asking, turn)
    return _meaning(dialog, shop, now, code)


def _pointed(dialog: Dialog, shop: Shop, now: Moment, place: int, takes: bool) -> Turn:
    """A touched row; one that is not there by now changes nothing."""
    asking = dialog.asking
    if asking is not None and asking.choices:
        count = len(asking.choices)
        after = replace(dialog, asking=replace(asking, selected=place))
    else:
        helps = _helps(dialog)
        count = len(actions.items(shop) if helps else queue(dialog, shop))
        count = count if helps or (dialog.body == "queue" and asking is None) else 0
        after = replace(dialog, selected=place)
    if not 0 <= place < count:
        return Turn(dialog)
    return _enter(after, shop, now) if takes else Turn(after)


def _numbered(dialog: Dialog, shop: Shop, now: Moment, text: str, command: str) -> Turn:
    """An action by its number in HELP."""
    if not command:
        facts = {"entry": entry.short(text), "count": str(len(actions.ACTIONS))}
        return stop(dialog, "action_unknown", **facts)
    return _meaning(dialog, shop, now, CommandCode(command))


def _named(turn: Turn, shop: Shop) -> Turn:
    if turn.notice is None:
        return turn
    later = foreseen(shop, turn.events) if turn.events else shop
    return replace(turn, notice=told(turn.dialog, later, turn.notice))


_COMMANDS: Final[dict[str, Callable[[Dialog, Shop, Moment], Turn]]] = {
    "DONE": output.done,
    "OK": bare.ok,
    "CANCEL": bare.cancel,
    "SCRAP": bare.scrap,
    "UNDO": undo.undo,
    "END": output.end,
    "RETURN": returns.ask,
    "REWORK": dispositions.rework,
    "HOLD": dispositions.hold,
    "PAUSE": orders.pause,
    "RESUME": trouble.resume,
    "DOWNTIME": trouble.downtime,
    "CALL": trouble.call,
    "JOIN": people.join_own,
    "HANDOVER": handover.hand_over,
    "PACK": packing.pack,
    "SEAL": packing.seal,
}
