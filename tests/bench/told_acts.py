"""What a hand did, each act with its answer and what the journal has of it; and what it was for.

A cause is told from the code that was scanned, the answer and the events: never from the script.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from kiosk.demo import audit, script
from kiosk.demo.player import Floor, Player
from labels.codes import (
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
    decode,
)

AIM_CHARS: Final = 3
ENTER_KEYS: Final = 1
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One scan, or one typed number of so many `keys`: answered by `kind`, and what it wrote."""

    line: int
    order: str
    operation: str
    code: Code | CodeError | None
    kind: str
    keys: int
    events: tuple[Json, ...]

    @property
    def types(self) -> frozenset[str]:
        return frozenset(str(event["type"]) for event in self.events)

    @property
    def acts(self) -> frozenset[str]:
        return frozenset(str(event["act"]) for event in self.events)

    def is_command(self, *names: str) -> bool:
        return isinstance(self.code, CommandCode) and self.code.command in names


class ToldPlayer(Player):
    """Plays a shift, and reads the journal after every answer."""

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor)
        self.acts: list[Act] = []
        self._known: set[str] = set()
        self._line = 0

    def _play(self, step: script.Step) -> None:
        self._line = step.line
        super()._play(step)

    def _scanned(self, sent: bytes) -> Json:
        before = self._before()
        answer = super()._scanned(sent)
        self.acts.append(self._act(before, answer, code=code_of(sent), keys=0))
        return answer

    def _typed(self, text: str) -> Json:
        before = self._before()
        answer = super()._typed(text)
        self.acts.append(self._act(before, answer, code=None, keys=len(text) + ENTER_KEYS))
        return answer

    def _before(self) -> Json:
        self._fresh()
        return self._at.observed.band

    def _act(self, before: Json, answer: Json, *, code: Code | CodeError | None, keys: int) -> Act:
        events = tuple(event for event in self._fresh() if event["type"] not in _BESIDE)
        told = [str(event["order"]) for event in events if event.get("order")]
        order = next(iter(told), "") or answer.get("order") or before.get("order") or ""
        operations = [str(one["operation"]) for one in events if one.get("operation")]
        operation = next(iter(operations), "") or answer.get("operation") or ""
        return Act(self._line, order, operation, code, str(answer["kind"]), keys, events)

    def _fresh(self) -> list[Json]:
        """The station's own events that were not there before, in the order of the journal."""
        rows = audit.own_events(self._at.data / "journal.db")
        fresh = [json.loads(body) for _, _, _, one, body in rows if one not in self._known]
        self._known.update(one for _, _, _, one, _ in rows)
        return fresh


_BESIDE: Final = frozenset({"LabelPrinted", "LabelDoubted", "ClockJumped"})


def code_of(sent: bytes) -> Code | CodeError:
    """What a scan says, or why it says nothing."""
    text = sent.rstrip(b"\r")
    aim, payload = text[:AIM_CHARS].decode("ascii"), text[AIM_CHARS:]
    try:
        return decode(payload, aim, current_year=date.today().year)  # noqa: DTZ011 — the floor's
    except CodeError as fault:
        return fault


def causes_of(acts: Sequence[Act]) -> Iterator[str]:
    """What each act of one order was for; "container" and "order or DONE" are what every one needs.

    Every first traveller is needed, and the DONE that ends the last operation, or the last DONE.
    """
    gone = {str(one["of"]) for act in acts for one in act.events if one["type"] == "EventReversed"}
    lasting = [act for act in acts if not act.acts & gone]
    done = [act for act in lasting if "OperationReported" in act.types]
    starts = [act for act in lasting if isinstance(act.code, OrderCode) and act.kind != "stop"]
    needed = [*starts[:1], *done[-1:]]
    for place, act in enumerate(acts):
        if any(act is one for one in needed):
            yield "order or DONE"
        elif act.acts & gone:
            yield "taken back and done again"
        else:
            yield _cause(act, acts[place + 1 :], done)


def _cause(act: Act, later: Sequence[Act], done: Sequence[Act]) -> str:
    if act.keys:
        return "number typed"
    if act.kind == "stop":
        return _of_refusal(later)
    match act.code:
        case BadgeCode() | LotCode() | MaterialCode() if "MaterialConsumed" in act.types:
            return "container"
        case LotCode() | MaterialCode():
            return "own number of a piece made"
        case OrderCode():
            return "another operation"
        case DigitCode():
            return "number scanned"
        case LabelCode() | UnitCode():
            return "taken back and done again"
        case ReasonCode():
            return _of_reason(act)
        case CommandCode(command):
            return _of_command(command, act, done)
        case _:
            return "other"


def _of_refusal(later: Sequence[Act]) -> str:
    decided = bool(later) and isinstance(later[0].code, BadgeCode)
    return "supervisor decides" if decided else "wrong code, and letting go of it"


def _of_reason(act: Act) -> str:
    return "ended short, with its reason" if act.events else "scrap and its reason"


def _of_command(command: str, act: Act, done: Sequence[Act]) -> str:
    if command == "DONE":
        last = [one for one in done if one.operation == act.operation][-1:]
        return "another operation" if any(act is one for one in last) else "output in parts"
    named = {
        "CANCEL": "wrong code, and letting go of it",
        "UNDO": "taken back and done again",
        "SCRAP": "scrap and its reason",
        "END": "ended short, with its reason",
        "OK": "office's note confirmed",
    }
    return named.get(command, "other")
