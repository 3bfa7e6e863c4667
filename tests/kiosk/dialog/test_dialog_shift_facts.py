"""Whatever a shift does: the server flags nothing that the station took as fine, a reversal brings
the state before the act back, and looking ahead moves nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.dialog import Input, Turn, Workplace
from kiosk.dialog.acts import foreseen, without
from sync.domain.events import (
    REVERSIBLE,
    CheckRecorded,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HandoverSigned,
    HelpAnswered,
    HelpCalled,
    LabelVoided,
    MaterialConsumed,
    MaterialDisposed,
    MaterialMoved,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
    ReasonDefined,
    RoutingOperation,
    SetupEnded,
    StepConfirmed,
    StockCounted,
    UnitClosed,
    UnitPacked,
    stamped,
)
from sync.domain.rules import Severity, check
from sync.domain.shop import Shop, absorb
from sync.server.projector_changes import is_of_a_set
from tests.kiosk.dialog.bakery import MIX, PACK, Floor, kg, line, office, pcs, released

REMEMBERED: Final = frozenset(  # what is told of acts and paper, which no reversal takes back
    {"seen", "packed", "act_keys", "reversed", "label_counts", "label_highest"}
)
BAKE: Final = RoutingOperation("15", "MIX", "Bake", setup_seconds=600)


def factory() -> list[Event]:
    """The bakery, an order of three operations, one of them with a set-up, and a reason to stop."""
    found = [*office()]
    lines = (line("1", "WHEAT", kg("10")), line("2", "SEEDS", kg("1"), "15"))
    found.append(released("B-8", "ROLL", pcs("20"), (MIX, BAKE, PACK), lines, priority=5))
    found.append(ReasonDefined(reason="JAM", revision=1, text="Jam", group="downtime"))
    return [
        stamped(event, id=f"o-{n:04d}", n=n, act=f"o-{n}", station="office")
        for n, event in enumerate(found, 1)
    ]


OFFICE: Final = factory()


def folded(events: Sequence[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def facts(shop: Shop) -> dict[str, Any]:
    """All that a shop knows, but what it remembers of acts."""
    return {one.name: getattr(shop, one.name) for one in fields(shop) if one.name not in REMEMBERED}


class Checked(Floor):
    """A floor that holds after each act what this module is about."""

    def __init__(self, workplace: Workplace) -> None:
        super().__init__(workplace, shop=folded(OFFICE))

    def hear(self, other: "Checked") -> None:
        """Fold what another station did and this one does not know."""
        for event in other.events:
            if absorb(self.shop, event):
                self.events.append(event)

    def _store(self, event: Event, act: str) -> None:
        station = self.dialog.workplace.station
        n = len(self.shop.seen) + 1
        fresh = stamped(event, id=f"{station}-{n:04d}", n=n, act=f"{station}-{act}")
        absorb(self.shop, fresh)
        self.events.append(fresh)

    def give(self, given: Input, wait: float = 2.0) -> Turn:
        known, told = [*OFFICE, *self.events], len(self.events)
        turn = super().give(given, wait)
        new = self.events[told:]
        if new:
            self._hold(known, turn, new)
        return turn

    def _hold(self, known: list[Event], turn: Turn, new: list[Event]) -> None:
        assert_agreed(folded(known), new)
        before = folded(known)
        foreseen(before, turn.events)
        assert before == folded(known), "looking ahead moved the shop"
        if any(isinstance(one, EventReversed) for one in new):
            return
        act = new[0].act
        kept = [one for one in new if not isinstance(one, REVERSIBLE)]
        back = EventReversed(id="back", act="back", of=act)
        assert facts(folded([*known, *new, back])) == facts(folded([*known, *kept]))
        assert facts(folded([back, *reversed(new), *known])) == facts(folded([*known, *kept]))
        apart = without(self.shop, act)
        assert facts(apart) == facts(folded([*known, *kept]))
        assert self.shop == folded([*known, *new]), "looking back moved the shop"

    def asked(self, reason: str = "BURNT") -> None:
        """Answer whatever is asked, until nothing is."""
        for _ in range(4):
            asking = self.dialog.asking
            if asking is None:
                return
            if asking.wanted == "reason":
                self.type("1")
            elif asking.wanted == "supervisor":
                self.badge("eva")
            elif asking.wanted == "label":
                self.command("CANCEL")
            else:
                self.command("OK")
        self.command("CANCEL")


def assert_agreed(shop: Shop, new: Sequence[Event]) -> None:
    """What the server would flag, event by event, is what the act itself says was accepted."""
    for event in new:
        accepted = {one.deviation for one in event.accepted}
        for one in check(shop, event):
            if one.severity is not Severity.NOTE and not is_of_a_set(event, one):
                assert one.name in accepted, f"{type(event).__name__}: {one.name} {one.facts}"
        absorb(shop, event)


def said(number: str, command: str, choose: str = "") -> Callable[[Checked], None]:
    def say(floor: Checked) -> None:
        if number:
            floor.type(number)
        floor.command(command)
        if choose and floor.dialog.asking is not None and floor.dialog.asking.choices:
            floor.type(choose)
        floor.asked()

    return say


def opened(number: str) -> Callable[[Checked], None]:
    def work(floor: Checked) -> None:
        floor.open(number)
        floor.asked()

    return work


def fed(lot: str, material: str) -> Callable[[Checked], None]:
    def feed(floor: Checked) -> None:
        floor.lot(lot, material)
        floor.asked()

    return feed


def gives_back(floor: Checked) -> None:
    floor.type("1")
    floor.command("RETURN")
    floor.lot("W-204", "WHEAT")
    floor.asked()


def comes(person: str) -> Callable[[Checked], None]:
    def come(floor: Checked) -> None:
        floor.badge(person)
        floor.asked()

    return come


STEPS: Final = (
    *(comes(who) for who in ("anna", "paul")),
    *(opened(number) for number in ("B-8", "B-8", "B-8", "B-1", "B-4")),
    *(fed(*one) for one in (("W-204", "WHEAT"), ("SD-5", "SEEDS"), ("Y-31", "YEAST"))),
    *(said(number, "DONE") for number in ("", "", "5", "2")),
    *(said(number, "REWORK", choice) for number in ("2", "5") for choice in ("1", "2", "3")),
    *(said("", word) for word in ("REWORK", "END", "UNDO", "PAUSE", "RESUME", "OK", "JOIN")),
    *(said(*one) for one in (("2", "HOLD"), ("3", "SCRAP"), ("1", "SCRAP"), ("7", "OK"))),
    *(said("", word) for word in ("DOWNTIME", "DOWNTIME", "CALL", "CALL", "HANDOVER", "CANCEL")),
    gives_back,
)
CENTERS: Final = (("MIX", "PACK"), ("MIX",), ("PACK",))
MEETING: Final = len(STEPS)  # both stations hear of each other
DONE_BY: Final = st.tuples(st.booleans(), st.integers(0, MEETING + 3))


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(CENTERS),
    st.sampled_from(CENTERS),
    st.lists(DONE_BY, max_size=20),
    st.randoms(use_true_random=False),
)
def test_a_shift_of_two_stations_is_judged_alike_adds_up_and_can_be_taken_back(
    centers: tuple[str, ...], others: tuple[str, ...], steps: list[tuple[bool, int]], order: Random
) -> None:
    pair = Checked(Workplace("BAKE-1", centers)), Checked(Workplace("BAKE-2", others))
    for floor, who in zip(pair, ("anna", "paul"), strict=True):
        floor.badge(who)
        floor.open("B-8")
        floor.asked()
    for second, step in steps:
        if step < MEETING:
            STEPS[step](pair[second])
        else:
            meet(*pair)
    meet(*pair)
    assert facts(pair[0].shop) == facts(pair[1].shop)
    history = [*OFFICE, *pair[0].events]
    whole = folded(history)
    order.shuffle(history)
    assert folded(history) == whole
    assert folded([*history, *history]) == whole


def meet(one: Checked, other: Checked) -> None:
    one.hear(other)
    other.hear(one)


@pytest.fixture
def ended_elsewhere() -> Checked:
    """12 of B-1 wait for rework here, and another station, not knowing, finished the rest."""
    here, there = Checked(Workplace("BAKE-1", ("MIX",))), Checked(Workplace("BAKE-2", ("MIX",)))
    here.badge("anna")
    there.badge("paul")
    opened("B-1")(here)
    here.command("OK")
    here.wheat()
    here.lot("Y-31", "YEAST")
    said("480", "DONE")(here)
    meet(here, there)
    opened("B-1")(there)
    said("12", "REWORK")(here)
    said("520", "DONE")(there)
    assert there.told == ("ok", "order_done")
    meet(here, there)
    return here


def test_rework_that_is_finished_after_the_end_is_not_late(ended_elsewhere: Checked) -> None:
    ended_elsewhere.command("DONE")
    assert ended_elsewhere.told == ("ok", "order_done")
    assert ended_elsewhere.order("B-1").good_at("10") == pcs("1000").micros


def test_rework_that_turns_out_scrap_for_two_reasons_is_not_late(ended_elsewhere: Checked) -> None:
    said("2", "SCRAP")(ended_elsewhere)
    said("3", "SCRAP")(ended_elsewhere)
    ended_elsewhere.command("DONE")
    order = ended_elsewhere.order("B-1")
    sums = (order.good_at("10"), order.scrap_at("10"), order.rework_at("10"))
    assert sums == (pcs("995").micros, pcs("5").micros, 0)
    told = [one for one in ended_elsewhere.events if isinstance(one, OperationReported)]
    again = [str(one.reworked) for one in told if one.reworked is not None]
    assert again == ["9 PCS", "3 PCS"]


SHARED: Final = frozenset(  # no act of a station writes to these
    {
        *("materials", "boms", "routings", "work_centers", "operators", "reasons", "numbers"),
        *("reviews", "packed", "act_keys", "demands", "receipts", "calendars"),
    }
)


def test_a_shop_that_is_looked_ahead_on_shares_nothing_that_an_act_writes_to() -> None:
    shop = folded(OFFICE)
    apart = foreseen(shop, ())
    containers = [
        one.name for one in fields(shop) if isinstance(getattr(shop, one.name), dict | set)
    ]
    shared = {name for name in containers if getattr(apart, name) is getattr(shop, name)}
    assert len(containers) == len(fields(shop))
    assert shared == SHARED


WHERE: Final[dict[str, Any]] = {"order": "B-8", "operation": "10", "work_center": "MIX"}
CHIP: Final[dict[str, Any]] = {"material": "CHIP", "lot": "CH-1", "quantity": pcs("1")}
BOX: Final[dict[str, Any]] = {"material": "BOX", "lot": "X", "quantity": pcs("1")}
ACTS: Final[tuple[Event, ...]] = (
    OperationStarted(**WHERE),
    OperationPaused(**WHERE, of="s"),
    OperationResumed(**WHERE, of="p"),
    SetupEnded(**WHERE, of="s"),
    OperationReported(
        **WHERE, good=pcs("2"), scrap=pcs("1"), reason="BURNT", serials=("A",), reworked=pcs("1")
    ),
    OperationEnded(**WHERE, of="s"),
    MaterialConsumed(**WHERE, **CHIP, serial="C-1", into="A", scrapped=True),
    MaterialReturned(**WHERE, **CHIP, serial="C-1"),
    MaterialProduced(**WHERE, **BOX, serials=("A",), label="17"),
    *(MaterialDisposed(**WHERE, **BOX, disposition=one) for one in ("scrap", "rework", "hold")),
    StepConfirmed(**WHERE, step="Fold"),
    CheckRecorded(**WHERE, check="CORE", value="95", unit="CEL"),
    OperatorJoined(order="B-8", operation="10"),
    OperatorLeft(order="B-8", operation="10", of="j"),
    OperatorSignedIn(),
    OperatorSignedOut(of="i"),
    HandoverSigned(giver="anna"),
    DowntimeStarted(work_center="MIX", reason="JAM"),
    DowntimeEnded(work_center="MIX", of="d"),
    HelpCalled(work_center="MIX"),
    HelpAnswered(work_center="MIX", of="h"),
    LabelVoided(label="17", of="m", order="B-8"),
    UnitPacked(unit="U-1", order="B-8", lot="X", material="BOX", quantity=pcs("1")),
    UnitClosed(unit="U-1", order="B-8"),
)


@pytest.mark.parametrize("event", ACTS, ids=lambda one: type(one).__name__)
def test_looking_ahead_and_back_moves_nothing(event: Event) -> None:
    stamp: dict[str, Any] = {"station": "BAKE-1", "operator": "anna"}
    first = stamped(event, id="e-1", n=500, act="a-1", **stamp)
    shop, known = folded([*OFFICE, first]), [*OFFICE, first]
    foreseen(shop, [stamped(event, **stamp)])
    assert shop == folded(known)
    without(shop, "a-1")
    assert shop == folded(known)
    foreseen(shop, [EventReversed(of="a-1", **stamp), stamped(event, **stamp)])
    assert shop == folded(known)


def test_every_act_that_can_be_taken_back_is_looked_at() -> None:
    of_the_office = {MaterialReceived, MaterialMoved, StockCounted}
    assert set(REVERSIBLE) - of_the_office <= {type(one) for one in ACTS}
