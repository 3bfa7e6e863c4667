"""The dialog's machine: one input and the shop in; the next dialog, an act and an answer out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from kiosk.dialog import actions, entry, materials, orders, output, people, questions, undo
from kiosk.dialog.acts import foreseen, said, stop
from kiosk.dialog.state import (
    FOLLOWS,
    IDLE_SECONDS_MAX,
    NUMBER_SECONDS_MAX,
    STUTTER_SECONDS,
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
from kiosk.dialog.steps import (
    current,
    done_quantity,
    following,
    open_check,
    open_note,
    open_steps,
    queue,
)
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
)
from sync.domain.rules_base import amount, order_facts
from sync.domain.shop import Shop

_BODIES: Final[dict[str, Body]] = {
    "HELP": "help",
    "OUTBOX": "outbox",
    "QUEUE": "queue",
    "ORDER": "order",
}
_BOOKINGS: Final = frozenset({"lot", "done"})


def advance(dialog: Dialog, shop: Shop, given: Input, now: Moment) -> Turn:
    """What one input makes of the dialog; never raises on anything a person or device can send."""
    dialog = replace(dialog, today=now.today.isoformat())
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
    turn = undo.ask_label(turn, shop, now)
    return _named(turn, shop)


def settled(dialog: Dialog, shop: Shop, now: Moment) -> Notice:
    """What the band says at rest."""
    dialog = replace(dialog, today=dialog.today or now.today.isoformat())
    asked = questions.question(dialog, shop)
    if asked is not None:
        return asked
    here = current(dialog, shop)
    if here is None:
        return _at_rest(dialog, shop)
    facts = {
        **order_facts(shop, here.order.number),
        "left": done_quantity(dialog, shop),
        "good": amount(here.order.good_at(here.operation), here.order.unit or "C62"),
        "planned": amount(here.order.planned, here.order.unit or "C62"),
    }
    running = "order_paused" if here.pause is not None else "order_open"
    text = running if dialog.person is not None else "order_running"
    return _with(dialog, shop, said("rest", text, **facts))


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
    return Turn(dialog)


def _scan(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError, payload: bytes) -> Turn:
    recent = tuple(one for one in dialog.recent if 0 <= now.mono - one[1] < STUTTER_SECONDS)
    dialog = replace(dialog, recent=recent)
    if any(one == payload for one, _ in recent):
        return Turn(dialog, notice=said("note", "stutter"))
    turn = _meaning(dialog, shop, now, code)
    if turn.refused or turn.notice is None or turn.notice.kind in {"stop", "ask"}:
        return turn
    after = turn.dialog
    return replace(turn, dialog=replace(after, recent=(*after.recent, (payload, now.mono))))


def _meaning(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn:
    """A code as if no body were open; one that is accepted leads back to the work."""
    if isinstance(code, CommandCode) and code.command in _BODIES:
        return _body(dialog, shop, _BODIES[code.command])
    turn = _answered(dialog, shop, now, code)
    if turn.refused or turn.notice is None or turn.notice.kind in {"stop", "ask"}:
        return turn
    after = turn.dialog
    home = _home(after)
    selected = after.selected if after.body == home else 0
    return replace(turn, dialog=replace(after, body=home, selected=selected))


def _answered(dialog: Dialog, shop: Shop, now: Moment, code: Code | CodeError) -> Turn:
    """A code by what is asked, else by itself."""
    if dialog.asking is not None:
        turn = questions.answer(dialog, shop, now, code)
        if turn is not None:
            return turn
        dialog = replace(dialog, asking=None)
    match code:
        case CodeError():
            text = f"unreadable_{code.kind}" if code.kind in {"layout", "gs1"} else "unreadable"
            return stop(dialog, text, why=str(code))
        case BadgeCode(badge):
            return people.badge(dialog, shop, now, badge)
        case OrderCode():
            return orders.scan_order(dialog, shop, now, code)
        case LotCode() | MaterialCode():
            return materials.scan_material(dialog, shop, now, code)
        case DigitCode(sign):
            return entry.digit(dialog, shop, now, sign)
        case CommandCode(command):
            return _command(dialog, shop, now, command)
        case ReasonCode(reason):
            return _reason(dialog, shop, reason)
        case LabelCode():
            return undo.scan_label(dialog, shop, now, code)
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


def _home(dialog: Dialog) -> Body:
    return "order" if dialog.order is not None else "queue"


def _body(dialog: Dialog, shop: Shop, body: Body) -> Turn:
    """Another body in the middle; the same again goes back to the work; a question stands on."""
    asked = questions.question(dialog, shop)
    if dialog.asking is not None and dialog.asking.choices:
        return Turn(dialog, notice=asked)
    other = _home(dialog) if dialog.body == body else body
    selected = actions.first_fitting(dialog, shop) if other == "help" else 0
    after = replace(dialog, body=other, selected=selected)
    return Turn(after, notice=asked or said("note", f"body_{after.body}"))


def _ok(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    """OK where nothing is asked: a correction, a value, a note that was read, a step."""
    if dialog.person is None:
        return stop(dialog, "not_signed_in")
    here = current(dialog, shop)
    if dialog.number and dialog.booked in _BOOKINGS:
        return undo.correct(dialog, shop, now)
    if dialog.number and here is not None and open_check(here) is not None:
        return orders.record_check(dialog, shop, now)
    if dialog.number:
        return stop(dialog, "nothing_to_correct", number=dialog.number)
    if open_note(dialog, shop):
        return orders.read_note(dialog, shop)
    if here is not None and open_steps(here):
        return orders.confirm_step(dialog, shop, now)
    return Turn(dialog, notice=said("note", "nothing_to_confirm"))


def _cancel(dialog: Dialog, _shop: Shop, _now: Moment) -> Turn:
    """CANCEL where nothing is asked: the number goes, then staged scrap, then the body."""
    if dialog.number:
        after = replace(dialog, number="")
        return Turn(after, notice=said("note", "number_cancelled"))
    if dialog.scrap or dialog.serials:
        after = replace(dialog, scrap=(), serials=())
        return Turn(after, notice=said("note", "scrap_cancelled"))
    after = replace(dialog, body=_home(dialog), entry="")
    return Turn(after, notice=said("note", "nothing_to_cancel"))


def _scrap(dialog: Dialog, shop: Shop, now: Moment) -> Turn:
    if dialog.number:
        return output.stage_scrap(dialog, shop, now)
    if dialog.booked == "lot":
        return undo.scrap_last(dialog, shop, now)
    return stop(dialog, "scrap_what" if dialog.person else "not_signed_in")


def _print(dialog: Dialog, _shop: Shop, _now: Moment) -> Turn:
    return Turn(dialog, notice=said("note", "labels_by_themselves"))


def _key(dialog: Dialog, shop: Shop, now: Moment, name: str) -> Turn:
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
    if dialog.body == "queue":
        return orders.pick(dialog, shop, now)
    return _ok(dialog, shop, now)


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
    if dialog.order is not None and free and entry.is_like_number(text):
        return entry.number_typed(replace(dialog, asking=None), shop, now, text)
    code = entry.code_of(text, shop)
    if isinstance(code, CodeError) and free:
        return stop(replace(dialog, asking=None), "entry_unknown", entry=entry.short(text))
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


def _at_rest(dialog: Dialog, shop: Shop) -> Notice:
    centers = ", ".join(dialog.workplace.work_centers) or dialog.workplace.station
    facts = {"work_centers": centers, "heard": dialog.heard, "station": dialog.workplace.station}
    if dialog.person is None:
        return _with(dialog, shop, said("rest", "nobody", **facts))
    if not queue(dialog, shop):
        text = "queue_empty" if dialog.online else "queue_empty_offline"
        text = text if dialog.heard else "queue_empty_never"
        return _with(dialog, shop, said("rest", text, **facts))
    return _with(dialog, shop, said("rest", "choose_order", **facts))


def _named(turn: Turn, shop: Shop) -> Turn:
    if turn.notice is None:
        return turn
    later = foreseen(shop, turn.events) if turn.events else shop
    return replace(turn, notice=_with(turn.dialog, later, turn.notice))


def _with(dialog: Dialog, shop: Shop, notice: Notice) -> Notice:
    """The answer with what every answer tells: the current order and who works."""
    here = shop.orders.get(dialog.order or "")
    key, more = following(dialog, shop) if notice.next == FOLLOWS else (notice.next, {})
    base = {
        "current": dialog.order or "",
        "order": dialog.order or "",
        "product": order_facts(shop, here.number)["product"] if here is not None else "",
        "person": people.name_of(shop, dialog.person),
        "station": dialog.workplace.station,
    }
    facts = {**base, **more, **notice.facts, "current": base["current"]}
    return replace(notice, facts=facts, next=key)


_COMMANDS: Final[dict[str, Callable[[Dialog, Shop, Moment], Turn]]] = {
    "DONE": output.done,
    "OK": _ok,
    "CANCEL": _cancel,
    "SCRAP": _scrap,
    "UNDO": undo.undo,
    "END": output.end,
    "PAUSE": orders.pause,
    "RESUME": orders.resume,
    "JOIN": people.join_own,
    "PRINT": _print,
}
