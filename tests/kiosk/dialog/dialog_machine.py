"""What holds of every turn of a dialog, whatever came in: a machine that rules are added to."""

from dataclasses import replace
from typing import Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kiosk.catalogues import languages
from kiosk.dialog import Connected, Dialog, Input, Key, Scanned, Turn, Workplace, advance, settled
from kiosk.texts import LINE_COLUMNS_MAX, WORD_CHARS_MAX, Texts
from labels.codes import BadgeCode, Code, CodeError, OrderCode
from sync.domain import pin
from sync.domain.events import (
    Event,
    LotStatusSet,
    OperationEnded,
    OperationReported,
    OperatorDefined,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderChanged,
    OrderClosed,
    OrderHeld,
    OrderReopened,
    OrderResumed,
    stamped,
)
from sync.domain.order import Status
from sync.domain.packing import closing, contents
from sync.domain.shifts import shift_of
from tests.kiosk.dialog.bakery import Floor, day, pcs
from tests.kiosk.dialog.floor_model import Ledger, counted

TEXTS: Final = tuple(Texts.load(one) for one in languages())
BADGES: Final = {"anna": "4402917386", "paul": "5820174463", "eva": "9914402758"}
GOOD_LOTS: Final = {"W-204": "WHEAT", "Y-31": "YEAST", "R-118": "RYE", "BT-12": "BUTTER"}
PIN: Final = "2468"
PEOPLE: Final = (OperatorSignedIn, OperatorSignedOut, OperatorJoined, OperatorLeft)
CANCELS_MAX: Final = 5  # the number, staged scrap, the handover, the body, the packing


class Machine(RuleBasedStateMachine):
    """Every turn is held against the model; a rule adds what it foresees itself."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.ledger = Ledger()
        self.told = 0  # acts that the floor has absorbed

    @initialize(
        asks_pin=st.booleans(),
        alone=st.booleans(),
        shift=st.sampled_from(["", "", "00:00-08:20"]),
        order=st.sampled_from(["B-1", "B-1", "B-2", "B-3", "B-4", ""]),
    )
    def open_station(self, asks_pin: bool, alone: bool, shift: str, order: str) -> None:
        """The station as the site configured it; somebody begins to work, or nobody."""
        shifts = (shift_of(shift),) if shift else ()
        place = Workplace("BAKE-1", ("MIX",), one_person=alone, pin=asks_pin, shifts=shifts)
        self.floor.dialog = replace(self.floor.dialog, workplace=place)
        secret = pin.kept(PIN, "00", 1)
        badge = BADGES["eva"]
        self.office(
            OperatorDefined(
                person="eva",
                revision=2,
                name="Eva Holm",
                badge=badge,
                role="supervisor",
                pin=secret,
            )
        )
        if order:
            self.scan(BadgeCode(BADGES["anna"]))
            self.scan(OrderCode(order))

    # What is always true

    def step(self, given: Input, wait: float = 2.0) -> Turn:
        """One input, with all that holds of every turn."""
        before, sums, here = self.dialog, self.ledger.sums(), self.ledger.here
        turn = self.floor.give(given, wait)
        self._write()
        here_after = self.ledger.here
        assert here_after == set(self.floor.shop.signed_in("BAKE-1"))
        assert turn.dialog.person is None or turn.dialog.person in here_after
        for event in turn.events:
            assert event.operator in here | here_after, "written in the name of nobody here"
            if not isinstance(event, PEOPLE):
                assert before.person is not None or turn.dialog.person is not None
        if turn.refused:
            assert turn.events == ()
        if turn.events:
            assert turn.notice is not None, "written without a word"
        else:
            assert self.ledger.sums() == sums
        assert self.ledger.sums() == counted(self.floor)
        self._staged_holds()
        self._units_hold()
        self._speaks(turn)
        self._cancel_leads_out()
        return turn

    def _write(self) -> None:
        """The events of the act that the floor stored last."""
        fresh = self.floor.events[self.told :]
        self.told = len(self.floor.events)
        if fresh:
            self.ledger.write(fresh[0].act, fresh)

    def _staged_holds(self) -> None:
        dialog = self.dialog
        if dialog.number or dialog.scrap or dialog.serials:
            assert dialog.person is not None
            is_open = dialog.order is not None or dialog.packing is not None
            assert is_open or dialog.booked == "done"
        if dialog.order is not None:
            assert dialog.order in self.floor.shop.orders
        if dialog.asking is not None or dialog.handover is not None:
            assert dialog.person is not None or dialog.asking is not None

    def _units_hold(self) -> None:
        """Nothing goes onto a sealed unit; what is packed is open, and somebody packs it."""
        shop, packing = self.floor.shop, self.dialog.packing
        assert packing is None or self.dialog.person is not None
        assert not packing or closing(shop, packing) is None
        for unit in shop.units:
            sealed, on_it = closing(shop, unit), contents(shop, unit)
            assert sealed is None or (on_it and on_it[-1].n < sealed.n)
            lower = [one.packed_unit for one in on_it if one.packed_unit]
            assert len(set(lower)) == len(lower), "one carton twice"

    def _speaks(self, turn: Turn) -> None:
        rest = settled(self.dialog, self.floor.shop, self.floor.now)
        for texts in TEXTS:
            for notice in (turn.notice, rest):
                if notice is None:
                    continue
                assert notice.text in texts.sentences, notice.text
                assert notice.next in {"", *texts.following}, notice.next
                said = texts.say(notice)
                assert 0 < len(said.word) <= WORD_CHARS_MAX
                assert "…" not in said.word, notice
                assert 0 < len(said.what) <= LINE_COLUMNS_MAX
                assert len(said.next) <= LINE_COLUMNS_MAX
        if turn.notice is not None:
            assert turn.notice.facts["current"] == (self.dialog.order or "")

    def _cancel_leads_out(self) -> None:
        """Looked ahead, not done: so many CANCELs leave no question, number, scrap, handover."""
        dialog = self.dialog
        if not (dialog.asking or dialog.number or dialog.scrap or dialog.handover):
            return
        now = self.floor.now
        for count in range(1, CANCELS_MAX + 1):
            asked = dialog.asking
            later = replace(now, mono=now.mono + 2 * count)
            turn = advance(dialog, self.floor.shop, Key("cancel"), later)
            assert turn.events == ()
            assert asked is None or turn.dialog.asking is None
            dialog = turn.dialog
        left = (dialog.asking, dialog.handover, dialog.number, dialog.scrap, dialog.serials)
        assert not any(left)

    # What the model knows

    @property
    def dialog(self) -> Dialog:
        return self.floor.dialog

    @property
    def is_plain(self) -> bool:
        """Somebody works on an order, and nothing else is asked or open."""
        dialog = self.dialog
        is_free = dialog.asking is None and dialog.handover is None and dialog.packing is None
        is_free = is_free and dialog.body not in {"doctor", "prints"}
        return is_free and dialog.person is not None and dialog.order is not None

    @property
    def goes(self) -> bool:
        """The current order may be worked on, and the work center runs."""
        order = self.floor.order(self.dialog.order or "")
        stands = self.floor.shop.stops(("MIX",)) or order.is_ended(self.dialog.operation or "")
        return not stands and order.status in {Status.RELEASED, Status.STARTED}

    def scan(self, code: Code | CodeError, wait: float = 2.0) -> Turn:
        return self.step(Scanned(code, repr(code).encode()), wait)

    def office(self, event: Event, station: str = "office") -> None:
        """Something that the server sends: it moves no current order and answers no question."""
        before = self.dialog
        at = self.floor.now.at.isoformat(timespec="milliseconds")
        self.floor.absorb(stamped(event, station=station, at=at))
        self._write()
        assert self.ledger.sums() == counted(self.floor)
        assert self.dialog == before

    # What others do: the server, another station, whoever pulls the plug

    @rule(
        number=st.sampled_from(["B-2", "B-3", "B-5", "B-1", "B-2", "B-3"]),
        what=st.sampled_from(["held", "resumed", "changed", "closed", "reopened"]),
    )
    def feed(self, number: str, what: str) -> None:
        revision = len(self.floor.shop.seen) + 10
        material = self.floor.order(number).material
        quantity = self.floor.order(number).quantity or pcs("1")
        events: dict[str, Event] = {
            "held": OrderHeld(order=number, revision=revision, reason="Oven check"),
            "resumed": OrderResumed(order=number, revision=revision),
            "changed": OrderChanged(
                order=number,
                revision=revision,
                material=material,
                quantity=quantity,
                due=day(2),
                tolerance_percent="2",
                limit_percent="110",
                note="Bring 2 crates",
            ),
            "closed": OrderClosed(order=number, revision=revision),
            "reopened": OrderReopened(order=number, revision=revision),
        }
        self.office(events[what])

    @rule(lot=st.sampled_from([*GOOD_LOTS]), blocked=st.booleans(), online=st.booleans())
    def lot_status(self, lot: str, blocked: bool, online: bool) -> None:
        """The server is heard or not, and tells of a lot; most often that it is good."""
        self.step(Connected(online, "10:42"))
        revision = len(self.floor.shop.seen) + 10
        told: Literal["available", "blocked"] = "blocked" if blocked else "available"
        self.office(LotStatusSet(material=GOOD_LOTS[lot], lot=lot, revision=revision, status=told))

    @rule(good=st.sampled_from(["10", "200"]), ends=st.booleans())
    def elsewhere(self, good: str, ends: bool) -> None:
        """Another station works on B-2."""
        self.office(OperationReported(order="B-2", operation="10", good=pcs(good)), "BAKE-2")
        if ends:
            self.office(OperationEnded(order="B-2", operation="10"), "BAKE-2")

    @rule()
    def restart(self) -> None:
        """What a person sees is there again; a question is not, and nothing of it was written."""
        before, sums = self.dialog, self.ledger.sums()
        self.floor.restart()
        after = self.dialog
        told = self.floor.order(before.order) if before.order is not None else None
        # What the office closed is not taken up again by a handover.
        ended = told is not None and (
            told.is_ended(before.operation or "") or told.status in {"closed", "cancelled"}
        )
        assert after.person == before.person
        assert after.asking is None
        assert after.packing == before.packing
        if not ended:
            # A correction straight after a DONE does not outlive the program: its number goes too.
            is_open = before.order is not None or before.packing is not None
            number = before.number if is_open else ""
            was = (before.order, before.operation, number, before.scrap, before.serials)
            now = (after.order, after.operation, after.number, after.scrap, after.serials)
            assert now == was
        assert self.ledger.sums() == sums
