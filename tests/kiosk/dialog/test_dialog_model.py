"""The dialog against a small model of the floor's rules: any history of scans, keys, time, feed."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kiosk.dialog import (
    NUMBER_SECONDS_MAX,
    OVERRIDE_SECONDS_MAX,
    Dialog,
    Entry,
    Input,
    Key,
    Pointed,
    Scanned,
    Tick,
    Turn,
    Typing,
    advance,
)
from kiosk.dialog.actions import ACTIONS
from labels.codes import (
    COMMANDS,
    DIGITS,
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
from sync.domain.events import (
    Event,
    EventReversed,
    LabelDoubted,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
    stamped,
)
from sync.domain.order import Status
from sync.domain.shop import Shop, absorb
from tests.kiosk.dialog.bakery import Floor, office
from tests.kiosk.dialog.dialog_machine import BADGES, GOOD_LOTS, PIN, Machine
from tests.kiosk.dialog.floor_model import LOWEST, NOTHING, PLANNED, counted, of

LOTS: Final = {**GOOD_LOTS, "W-190": "WHEAT", "W-210": "WHEAT", "R-7": "RYE", "SD-5": "SEEDS"}
OTHER_CODES: Final[tuple[Code | CodeError, ...]] = (
    MaterialCode("WHEAT"),
    MaterialCode("CHIP", serial="C-1"),
    MaterialCode("CHIP", serial="C-2"),
    MaterialCode("BOX", serial="SN-1"),
    MaterialCode(gtin="09521101530018"),
    MaterialCode(gtin="04006381333931"),
    LotCode("CH-1", "CHIP", serial="C-3"),
    LotCode("R-118", "RYE", amount=Decimal(1), unit="PALLET"),
    LotCode("W-999", "WHEAT"),
    LotCode("X-1"),
    *(ReasonCode(one) for one in ("BURNT", "NOFLOUR", "BREAK", "NONE")),
    LabelCode("1"),
    LabelCode("2", "BAKE-1"),
    UnitCode("U--1"),
    UnitCode("340123450000000017"),
    EnrolmentCode("http://127.0.0.1:1", "A"),
    BadgeCode("0"),
    CodeError("layout", "x"),
    CodeError("unknown", "x"),
    CodeError("gs_lost", "x"),
)
KEYS: Final = tuple(map(Key, ("up", "down", "enter", "cancel", "help", "f13", "ok", "outbox")))
LINES: Final = ("480", "1,5", "1000", "12", "0", "1 000", "B-2", "W-204", "?", "")
EXAMPLES_MIN: Final = 250
EXAMPLES: Final = max(EXAMPLES_MIN, settings().max_examples)  # `--hypothesis-profile long` for more


class Dialogs(Machine):
    """A rule adds what it foresees itself."""

    # Scans

    @rule(person=st.sampled_from([*BADGES]))
    def badge(self, person: str) -> None:
        before, here = self.dialog, self.ledger.here
        plain = before.asking is None and before.handover is None and before.body != "doctor"
        asks_pin = before.workplace.pin and person == "eva"
        turn = self.scan(BadgeCode(BADGES[person]))
        if not plain or (asks_pin and person not in here):
            return
        if before.person is None:
            assert turn.dialog.person == person
            assert turn.dialog.order == before.order
        elif before.order is None:
            assert (person in self.ledger.here) == (person not in here)
        elif person != before.person and person not in here:
            assert person in self.ledger.here
            assert turn.dialog.person == before.person
            assert turn.dialog.order == before.order
        elif person == before.person:
            asked = turn.dialog.asking
            left = turn.dialog.order is None or turn.dialog.person != person
            assert left or (asked is not None and asked.wanted == "leave")

    @rule(number=st.integers(1, 7))
    def order(self, number: int) -> None:
        before = self.dialog
        turn = self.scan(OrderCode(f"B-{number}"))
        if before.asking is None and before.handover is None and before.body != "doctor":
            assert turn.dialog.number == ""
            moved = turn.dialog.order == f"B-{number}"
            assert moved or turn.dialog.order == before.order
            assert moved or turn.notice is not None
            assert before.person is not None or turn.dialog.order == before.order

    @rule(lot=st.sampled_from([*LOTS]), amount=st.sampled_from(["", "", "25", "10", "0.5"]))
    def lot(self, lot: str, amount: str) -> None:
        self._lot(lot, amount)

    @precondition(lambda self: self.is_plain)
    @rule(amount=st.sampled_from(["", "25"]), again=st.integers(0, 2))
    def lot_that_fits(self, amount: str, again: int) -> None:
        """What the current order wants next, container by container."""
        wanted = self._wanted()
        for _ in range(again + 1):
            if wanted:
                self._lot(wanted[0], amount)

    def _lot(self, lot: str, amount: str) -> None:
        before, material = self.dialog, LOTS[lot]
        plain, first = self.is_plain, before.operation == "10"
        left = self.ledger.left(before.order or "", material) if first else NOTHING
        label = Decimal(amount) if amount else None
        known = self.floor.shop.lot(material, lot)
        good = lot in GOOD_LOTS and known is not None and known.status == "available"
        books = plain and good and left > 0 and not before.number and self.goes
        turn = self.scan(LotCode(lot, material, amount=label, unit="KGM" if amount else None))
        if not plain:
            return
        assert turn.dialog.order == before.order
        assert turn.events or not books, turn.notice
        booked = [one for one in turn.events if isinstance(one, MaterialConsumed)]
        for event in booked:
            expected = min(label, left) if label is not None and left else label or left
            assert of(event.quantity) == (Decimal(before.number) if before.number else expected)
            assert (event.order, event.lot) == (before.order, lot)
            assert turn.dialog.number == ""

    @rule(code=st.sampled_from(OTHER_CODES))
    def other(self, code: Code | CodeError) -> None:
        self.scan(code)

    @rule(sign=st.sampled_from(DIGITS))
    def digit(self, sign: str) -> None:
        before = self.dialog
        counts = self.is_plain and not self._is_check_open()
        turn = self.scan(DigitCode(sign))
        if counts and not turn.refused:
            assert Decimal(turn.dialog.number) == Decimal((before.number or "0") + sign)

    def _is_check_open(self) -> bool:
        return self.dialog.order == "B-3"

    # Work as it is meant to go

    @rule(steps=st.integers(1, 5), lot_amount=st.sampled_from(["", "25"]))
    def work(self, steps: int, lot_amount: str) -> None:
        """What the screen asks for, a few times over."""
        for _ in range(steps):
            self._go_on(lot_amount)

    def _go_on(self, lot_amount: str) -> None:
        dialog, wanted = self.dialog, self._wanted()
        if dialog.body == "doctor":
            self.step(Key("cancel"))
        elif dialog.asking is not None:
            self._answer_well(dialog.asking.wanted)
        elif dialog.person is None:
            self.badge("anna")
        elif dialog.order is None:
            self.order(1 + len(self.floor.events) % 4)
        elif wanted:
            self._lot(wanted[0], lot_amount)
        else:
            self._command("DONE")

    def _answer_well(self, wanted: str) -> None:
        if wanted == "supervisor":
            self.scan(BadgeCode(BADGES["eva"]))
        elif wanted == "pin":
            self.step(Entry(PIN))
        else:
            self.scan(CommandCode("CANCEL" if wanted in {"return", "lot"} else "OK"))

    def _wanted(self) -> list[str]:
        """Good lots of what the current order still needs."""
        order = self.dialog.order or ""
        return [lot for lot, one in GOOD_LOTS.items() if self.ledger.left(order, one) > 0]

    @precondition(lambda self: self.is_plain)
    @rule(
        number=st.sampled_from(["1", "12", "480", "1000"]),
        name=st.sampled_from(["DONE", "DONE", "OK", "SCRAP", "REWORK", "HOLD", "RETURN"]),
        then=st.sampled_from(["", "1", "OK"]),
    )
    def number_and(self, number: str, name: str, then: str) -> None:
        """A number, the command that it belongs to, and an answer where one is asked for."""
        for sign in number:
            self.digit(sign)
        self._command(name)
        if then and self.dialog.asking is not None:
            self.step(Entry(then) if then != "OK" else Key("ok"))

    # Commands

    @rule(name=st.sampled_from(COMMANDS))
    def command(self, name: str) -> None:
        self._command(name)

    def _command(self, name: str) -> None:
        before, plain = self.dialog, self.is_plain
        sums = self.ledger.sums()
        goes = plain and self.goes
        turn = self.scan(CommandCode(name))
        if name == "DONE" and goes and before.order == "B-1":
            self._done_foreseen(before, sums, turn)

    def _done_foreseen(
        self, before: Dialog, sums: dict[tuple[str, ...], Decimal], turn: Turn
    ) -> None:
        """DONE at B-1: the number, else what is left of the plan; END only by the plan reached."""
        at = ("B-1", "10")
        if any(isinstance(one, MaterialDisposed) for one in self.ledger.live()):
            return  # what comes back counts once: the tables of dispositions hold that
        told = sum(sums.get((what, *at), NOTHING) for what in ("good", "scrap", "hold"))
        scrap = sum((Decimal(one.amount) for one in before.scrap), NOTHING)
        good = Decimal(before.number) if before.number else PLANNED - told - scrap
        good = max(NOTHING, good)
        if not any(key[:3] == ("consumed", "B-1", "WHEAT") for key in sums):
            assert turn.events == (), "nothing went in"
        reported = [one for one in turn.events if isinstance(one, OperationReported)]
        if not turn.events:
            return
        assert sum((of(one.good) for one in reported), NOTHING) == good
        ended = any(isinstance(one, OperationEnded) for one in turn.events)
        assert ended == (told + scrap + good >= LOWEST)
        assert turn.dialog.order == (None if ended else "B-1")
        assert (turn.dialog.number, turn.dialog.scrap) == ("", ())

    @rule()
    def undo(self) -> None:
        dialog, shop = self.dialog, self.floor.shop
        act = shop.last_act("BAKE-1", dialog.person or "") if self.is_plain else ()
        fresh = bool(act) and self._age(act[0]) < 50
        is_lot = any(isinstance(one, MaterialConsumed) for one in act)
        open_still = is_lot and self.floor.order(act[-1].order).status is Status.STARTED  # type: ignore[attr-defined]
        mine = bool(act) and act[0].operator == dialog.person
        must = (
            fresh and open_still and mine and not any(isinstance(o, OperationReported) for o in act)
        )
        turn = self.scan(CommandCode("UNDO"))
        assert not must or turn.events, turn.notice
        for event in turn.events:
            if isinstance(event, EventReversed) and len(turn.events) == 1:
                before = self.ledger.before(event.of)
                assert before is None or before == self.ledger.sums()

    def _age(self, event: Event) -> float:
        return (self.floor.now.at - datetime.fromisoformat(event.at)).total_seconds()

    @rule(given=st.one_of(st.sampled_from(KEYS), st.builds(Pointed, st.integers(-1, 6))))
    def key(self, given: Input) -> None:
        self.step(given)

    @rule(number=st.integers(0, len(ACTIONS) + 1))
    def numbered(self, number: int) -> None:
        """`*n` is the same as the action's own code."""
        dialog, shop, now = self.dialog, self.floor.shop, self.floor.now
        if 1 <= number <= len(ACTIONS) and dialog.body != "doctor":  # which takes scans as raw
            code = CommandCode(ACTIONS[number - 1].command)
            later = replace(now, mono=now.mono + 2)
            scanned = advance(dialog, shop, Scanned(code, b"once"), later)
            typed = advance(dialog, shop, Entry(f"*{number}"), later)
            assert [type(one) for one in typed.events] == [type(one) for one in scanned.events]
            assert (typed.notice is None) == (scanned.notice is None)
        self.step(Entry(f"*{number}" if number else "*"))

    @rule(text=st.one_of(st.sampled_from(LINES), st.sampled_from(LINES), st.text(max_size=25)))
    def entry(self, text: str) -> None:
        before, plain = self.dialog, self.is_plain and not self._is_check_open()
        self.step(Typing(text))
        turn = self.step(Entry(text))
        if plain and text in {"480", "1,5", "1000", "12"}:
            assert turn.dialog.number == text.replace(",", ".")
            assert turn.dialog.order == before.order

    @precondition(lambda self: self.dialog.asking is not None)
    @rule(given=st.sampled_from(["OK", "SCRAP", "eva", "pin", "1", "2", "PAUSE", "CANCEL"]))
    def answer(self, given: str) -> None:
        """What answers a question."""
        if given == "eva":
            self.scan(BadgeCode(BADGES["eva"]))
        elif given == "pin":
            self.step(Entry(PIN))
        elif given.isdigit():
            self.step(Entry(given))
        else:
            self.scan(CommandCode(given))
        if given == "CANCEL":
            assert self.dialog.asking is None

    # Labels and units

    @precondition(lambda self: self.is_plain)
    @rule(
        number=st.sampled_from(["", "1", "100"]),
        lot=st.sampled_from(["B-1", "B-2", "B-3"]),
        ends=st.sampled_from(["SEAL", "SEAL", "UNDO", "CANCEL", ""]),
    )
    def pack(self, number: str, lot: str, ends: str) -> None:
        """A unit is begun or gone on with, something goes onto it, and it is sealed or not."""
        self._command("PACK")
        self.step(Entry("1"))
        for sign in number:
            self.digit(sign)
        self.scan(LotCode(lot))
        if ends:
            self._command(ends)

    @precondition(lambda self: self.dialog.packing is not None)
    @rule(place=st.integers(0, 5))
    def pack_unit(self, place: int) -> None:
        """A unit goes onto the one that is packed; never twice onto the same."""
        units = sorted(self.floor.shop.units)
        if units:
            self.scan(UnitCode(units[place % len(units)]))

    @precondition(lambda self: any(isinstance(e, MaterialProduced) for e in self.floor.events))
    @rule(answer=st.sampled_from(["OK", "PRINT", "UNDO", "label", ""]))
    def doubt(self, answer: str) -> None:
        """The printer does not say whether the last label came out; a person does, or not."""
        made = [e for e in self.floor.events if isinstance(e, MaterialProduced) and e.label]
        if not made:
            return
        label, of = made[-1].label, made[-1].id
        self.office(LabelDoubted(label=label, of=of, order=made[-1].order), "BAKE-1")
        self._command("PRINT")
        if answer == "label":
            self.scan(LabelCode(label))
        elif answer:
            self._command(answer)

    # Time, feed, restart

    @rule(seconds=st.sampled_from([0.2, 1.0, 5.0, 5.0, 31.0, 31.0, 59.0, 121.0, 300.0, 601.0]))
    def time(self, seconds: float) -> None:
        before = self.dialog
        turn = self.step(Tick(), seconds)
        after = turn.dialog
        assert after.order == before.order or before.handover is not None
        if seconds > 600 and before.touched is not None:
            assert after.person is None
            assert self.ledger.here == set()
        if seconds >= OVERRIDE_SECONDS_MAX:
            assert after.asking is None or after.asking.wanted not in {"supervisor", "pin"}
        elif seconds >= NUMBER_SECONDS_MAX and before.asking is None:
            assert after.number == ""

    @rule(lot=st.sampled_from([*GOOD_LOTS]), gap=st.sampled_from([0.1, 1.4]))
    def stutter(self, lot: str, gap: float) -> None:
        """An accepted code again, at once, is the same scan."""
        code = LotCode(lot, LOTS[lot])
        first = self.scan(code)
        second = self.scan(code, gap)
        assert not (first.events and second.events)

    def teardown(self) -> None:
        """The same events again, from nothing, say the same."""
        again = Floor(shop=_office_shop())
        for event in self.floor.events:
            absorb(again.shop, event)
        assert counted(again) == self.ledger.sums()


def _office_shop() -> Shop:
    shop = Shop()
    for number, event in enumerate(office(), 1):
        absorb(shop, stamped(event, id=f"office-{number}", n=number, station="office"))
    return shop


TestDialogs = pytest.mark.filterwarnings("error")(Dialogs.TestCase)
TestDialogs.settings = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES
    == EXAMPLES_MIN,  # the same histories each time; the profile draws new ones
    stateful_step_count=50,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
