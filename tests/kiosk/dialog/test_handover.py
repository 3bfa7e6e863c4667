"""Handover: offered, answered order by order, signed by two or by one, never in anybody's way."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from kiosk.dialog import Answer, Workplace, expected, settled
from kiosk.dialog.handover import OFFER_MINUTES
from kiosk.dialog.labels_open import OpenLabel, labels_open
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
from sync.domain.events import (
    DowntimeStarted,
    Event,
    HandoverSigned,
    HelpCalled,
    LabelDoubted,
    LabelPrinted,
    MaterialProduced,
    OperationEnded,
    OperationReported,
    stamped,
)
from sync.domain.shifts import shift_of
from tests.kiosk.dialog.bakery import ENGLISH, Floor

SHIFTS: Final = (shift_of("06:00-14:00"), shift_of("14:00-22:00"), shift_of("22:00-06:00"))


def two_orders(workplace: Workplace | None = None) -> Floor:
    """Anna has B-1 and B-2 open; B-2 is current."""
    here = Floor(workplace)
    here.badge("anna")
    here.open("B-1")
    here.open("B-2")
    return here


@pytest.fixture
def open_here() -> Floor:
    here = two_orders()
    here.command("HANDOVER")
    return here


def signed(here: Floor) -> list[HandoverSigned]:
    return [one for one in here.events if isinstance(one, HandoverSigned)]


def kinds(here: Floor) -> list[str]:
    return [type(one).__name__ for one in here.turn.events]


def test_it_asks_order_by_order_and_says_so(open_here: Floor) -> None:
    assert open_here.told == ("ask", "handover_order")
    assert (open_here.dialog.order, open_here.dialog.body) == ("B-1", "handover")
    assert open_here.said.next == (
        "Enter what B-1 has made, scan DONE. Or PAUSE, or OK to keep it RUNNING."
    )
    open_here.command("OK")
    assert open_here.told == ("ok", "handover_kept")
    assert open_here.said.what.startswith("Wheat roll B-1 runs on.")
    assert open_here.dialog.order == "B-2"
    open_here.command("PAUSE")
    open_here.reason("BREAK")
    assert open_here.told == ("ok", "paused")
    assert open_here.said.next.startswith("Scan your own badge to sign the handover.")
    assert open_here.order("B-2").is_paused(open_here.order("B-2").open_starts()[0].id)
    assert settled(open_here.dialog, open_here.shop, open_here.now).text == "handover_sign"


def test_a_count_is_a_done_of_that_order(open_here: Floor) -> None:
    for sign in "480":
        open_here.scan(DigitCode(sign))
    assert open_here.said.what == "480 PCS for the next scan."
    open_here.command("DONE")
    assert open_here.told == ("stop", "line_unconsumed")  # nothing was scanned into it
    open_here.badge("eva")
    assert open_here.told == ("ok", "partial")
    assert open_here.said.next == (
        "Enter what B-2 has made, scan DONE. Or PAUSE, or OK to keep it RUNNING."
    )
    (report,) = [one for one in open_here.events if isinstance(one, OperationReported)]
    assert (report.order, str(report.good)) == ("B-1", "480 PCS")
    assert any(isinstance(one, MaterialProduced) for one in open_here.events)
    assert [one.told for one in _answers(open_here)] == ["480 PCS"]


def test_a_count_that_reaches_the_plan_ends_the_order(open_here: Floor) -> None:
    open_here.type("1000")
    open_here.command("DONE")
    open_here.badge("eva")
    assert open_here.told == ("ok", "order_done")
    assert open_here.dialog.order == "B-2"
    assert [(one.order, one.told) for one in _answers(open_here)] == [("B-1", "1000 PCS")]


def test_nobody_signs_for_what_was_not_counted(open_here: Floor) -> None:
    open_here.command("DONE")
    assert open_here.told == ("stop", "handover_count")
    assert open_here.turn.events == ()
    open_here.type("5")
    for name in ("OK", "PAUSE"):
        open_here.command(name)
        assert open_here.told == ("stop", "handover_number")
    open_here.command("CANCEL")
    assert open_here.told == ("note", "number_cancelled")
    assert open_here.dialog.handover is not None


def test_scrap_goes_with_the_count(open_here: Floor) -> None:
    open_here.type("12")
    open_here.command("SCRAP")
    open_here.reason("BURNT")
    assert open_here.told == ("note", "scrap_staged")
    open_here.command("OK")
    assert open_here.told == ("stop", "handover_staged")
    open_here.badge("anna")
    assert open_here.told == ("stop", "handover_staged")
    open_here.type("400")
    open_here.command("DONE")
    open_here.badge("eva")
    (report,) = [one for one in open_here.events if isinstance(one, OperationReported)]
    assert (str(report.good), str(report.scrap)) == ("400 PCS", "12 PCS")


def test_a_paused_order_may_stay_so_and_one_that_was_counted_is_asked_again() -> None:
    here = two_orders()
    here.command("PAUSE")
    here.reason("BREAK")
    here.command("HANDOVER")
    here.command("OK")
    assert settled(here.dialog, here.shop, here.now).text == "handover_paused"
    here.type("20")
    here.command("DONE")
    here.badge("eva")
    assert here.dialog.order == "B-2"  # counting let it go on: keep that, or pause it?
    assert settled(here.dialog, here.shop, here.now).text == "handover_order"
    here.command("PAUSE")
    here.reason("BREAK")
    assert settled(here.dialog, here.shop, here.now).text == "handover_sign"
    again = two_orders()
    again.command("PAUSE")
    again.reason("BREAK")
    again.command("HANDOVER")
    again.command("OK")
    again.command("OK")
    assert again.told == ("ok", "handover_kept_paused")
    assert [one.told for one in _answers(again)] == ["keep", "pause"]


CLAIMED: Final[tuple[Code, ...]] = (
    OrderCode("B-3"),
    LotCode("W-204", "WHEAT"),
    MaterialCode("WATER"),
    ReasonCode("BREAK"),
    LabelCode("1"),
    EnrolmentCode("http://127.0.0.1:1", "A"),
    *(CommandCode(name) for name in ("UNDO", "END", "RESUME", "JOIN")),
)


@pytest.mark.parametrize("code", CLAIMED, ids=str)
def test_it_claims_every_scan_and_says_so_in_the_band(open_here: Floor, code: Code) -> None:
    before = open_here.dialog.handover
    open_here.scan(code)
    assert open_here.told == ("stop", "handover_claims")
    assert open_here.turn.refused
    assert open_here.turn.events == ()
    assert (open_here.dialog.handover, open_here.dialog.order) == (before, "B-1")
    assert open_here.said.what == "A handover is open: this scan was not taken."
    assert open_here.said.next.startswith("Enter what B-1 has made")


def test_what_cannot_be_read_is_said_to_be_so(open_here: Floor) -> None:
    open_here.scan(CodeError("bytes", "x"))
    assert open_here.told == ("stop", "unreadable")


def test_numbers_are_claimed_too_once_all_is_answered(open_here: Floor) -> None:
    open_here.command("OK")
    open_here.command("OK")
    open_here.type("5")
    assert open_here.told == ("stop", "handover_claims")
    open_here.scan(DigitCode("5"))
    assert open_here.told == ("stop", "handover_claims")
    for name in ("DONE", "PAUSE", "SCRAP"):
        open_here.command(name)
        assert open_here.told == ("stop", "handover_claims")
    open_here.command("OK")
    assert open_here.told == ("ask", "handover_sign")


def test_other_bodies_may_be_looked_at_and_enter_keeps(open_here: Floor) -> None:
    bodies = []
    for key in ("queue", "enter"):
        open_here.key(key)
        bodies.append(open_here.dialog.body)
    assert open_here.told == ("ok", "handover_kept")
    assert bodies == ["queue", "handover"]
    open_here.key("outbox")
    open_here.key("outbox")
    assert open_here.told[1] == "body_handover"
    open_here.command("HANDOVER")
    assert open_here.told == ("ask", "handover_order")


def test_both_sign(open_here: Floor) -> None:
    open_here.command("OK")
    open_here.command("OK")
    open_here.badge("anna")
    assert open_here.told == ("ok", "handover_signed")
    (first,) = signed(open_here)
    assert (first.giver, first.successor, first.orders, first.operator) == (
        "anna",
        "",
        ("B-1", "B-2"),
        "anna",
    )
    open_here.badge("paul")
    assert open_here.told == ("ok", "handover_taken")
    assert open_here.said.what == "Paul Lind has taken over from Anna Berg, who is signed out."
    _, second = signed(open_here)
    assert (second.giver, second.successor, second.of, second.operator) == (
        "anna",
        "paul",
        first.id,
        "paul",
    )
    assert (open_here.dialog.person, open_here.dialog.order) == ("paul", "B-2")
    for number in ("B-1", "B-2"):
        assert set(open_here.order(number).joined()) == {"paul"}
        assert open_here.order(number).start_of("10") is not None
    assert set(open_here.shop.signed_in("BAKE-1")) == {"paul"}


def test_a_successor_joins_no_work_that_stands(open_here: Floor) -> None:
    open_here.command("PAUSE")
    open_here.reason("BREAK")
    open_here.command("OK")
    open_here.badge("paul")
    open_here.badge("anna")
    assert open_here.order("B-1").joined() == {}
    assert set(open_here.order("B-2").joined()) == {"paul"}


def test_without_a_successor_one_signature_stands_and_the_next_badge_countersigns(
    open_here: Floor,
) -> None:
    open_here.badge("anna")  # unanswered orders run on: it never blocks
    open_here.command("OK")
    assert open_here.told == ("note", "handover_one")
    assert open_here.dialog.handover is None
    assert open_here.dialog.order == "B-2"
    open_here.badge("anna")
    open_here.command("OK")
    open_here.badge("anna")
    assert open_here.told == ("ok", "signed_out_several")
    open_here.badge("anna")
    assert kinds(open_here) == ["OperatorSignedIn"]  # not the giver's own
    open_here.badge("anna")
    open_here.badge("paul")
    assert open_here.told == ("ok", "countersigned")
    assert kinds(open_here) == ["OperatorSignedIn", "HandoverSigned"]
    first, second = signed(open_here)
    assert (second.of, second.giver, second.successor) == (first.id, "anna", "paul")
    open_here.badge("paul")
    open_here.badge("eva")
    assert kinds(open_here) == ["OperatorSignedIn"]  # once


@pytest.mark.parametrize("at_work", [True, False])
def test_who_joins_countersigns_too(at_work: bool) -> None:
    here = two_orders()
    here.command("HANDOVER")
    here.badge("anna")
    here.command("OK")
    if not at_work:
        here.badge("anna")
        here.command("OK")
    here.badge("paul")
    assert here.told == ("ok", "countersigned")
    joins = ["OperatorJoined"] if at_work else []
    assert kinds(here) == ["OperatorSignedIn", *joins, "HandoverSigned"]


def test_it_never_blocks_signing_out(open_here: Floor) -> None:
    open_here.badge("anna")
    open_here.badge("anna")
    assert open_here.told == ("ok", "handover_out")
    assert open_here.dialog.person is None
    assert (open_here.dialog.order, open_here.dialog.handover) == ("B-2", None)
    assert settled(open_here.dialog, open_here.shop, open_here.now).text == "order_running"
    assert open_here.shop.signed_in("BAKE-1") == {}
    assert all(open_here.order(one).start_of("10") for one in ("B-1", "B-2"))
    cancelled = two_orders()
    cancelled.command("HANDOVER")
    cancelled.command("CANCEL")
    assert cancelled.told == ("note", "handover_closed")
    assert signed(cancelled) == []
    assert cancelled.dialog.order == "B-2"
    cancelled.badge("anna")
    assert cancelled.told == ("ask", "leave")


def test_undo_after_it_never_takes_a_signature_back(open_here: Floor) -> None:
    open_here.badge("anna")
    open_here.command("OK")
    open_here.command("UNDO")
    assert len(signed(open_here)) == 1
    assert open_here.shop.handovers.keys() == {signed(open_here)[0].id}


def test_nobody_signed_in_hands_nothing_over(floor: Floor) -> None:
    floor.command("HANDOVER")
    assert floor.told == ("stop", "not_signed_in")


def test_staged_scrap_comes_first(work: Floor) -> None:
    work.type("5")
    work.command("SCRAP")
    work.reason("BURNT")
    work.command("HANDOVER")
    assert work.told == ("stop", "handover_staged")
    assert work.dialog.handover is None


def test_with_no_order_open_it_is_signed_at_once(floor: Floor) -> None:
    floor.badge("anna")
    floor.command("HANDOVER")
    assert floor.told == ("ask", "handover_sign")
    floor.badge("anna")
    assert signed(floor)[0].orders == ()


def test_idle_drops_it_with_a_note(open_here: Floor) -> None:
    open_here.wait(601)
    assert open_here.told == ("note", "idle_out_handover")
    assert (open_here.dialog.handover, open_here.dialog.body) == (None, "order")
    assert signed(open_here) == []


def test_an_order_that_ended_elsewhere_is_not_asked_about_any_more(open_here: Floor) -> None:
    open_here.type("480")
    start = open_here.order("B-1").open_starts()[0]
    ended = OperationEnded(order="B-1", operation="10", work_center="MIX", of=start.id)
    open_here.absorb(stamped(ended, station="BAKE-2", operator="paul"))
    open_here.command("DONE")
    assert open_here.told == ("stop", "handover_count")  # the number was for B-1
    assert open_here.dialog.order == "B-2"
    assert not any(isinstance(one, OperationReported) for one in open_here.events)


# After a restart


def test_after_a_restart_in_the_middle_it_is_open_again(open_here: Floor) -> None:
    open_here.command("OK")
    open_here.restart()
    assert (open_here.dialog.order, open_here.dialog.body) == ("B-2", "handover")
    assert [one.told for one in _answers(open_here)] == ["keep"]
    open_here.command("OK")
    open_here.badge("paul")
    open_here.restart()
    open_here.badge("anna")
    assert open_here.told == ("ok", "handover_taken")


def test_after_a_restart_a_signature_still_stands(open_here: Floor) -> None:
    open_here.badge("anna")
    open_here.restart()
    assert settled(open_here.dialog, open_here.shop, open_here.now).text == "handover_signed"
    open_here.badge("paul")
    assert open_here.told == ("ok", "handover_taken")
    assert len(signed(open_here)) == 2


# What is handed over


def test_labels_stops_and_calls_are_in_what_is_signed(work: Floor) -> None:
    for good in ("100", "200", "300", "50"):
        work.type(good)
        work.command("DONE")
        if work.dialog.asking is not None:
            work.badge("eva")
    made = {one.label: one for one in work.events if isinstance(one, MaterialProduced)}
    assert list(made) == ["1", "2", "3", "4"]
    work.absorb(_label(LabelPrinted, made["1"]))
    work.absorb(_label(LabelDoubted, made["2"]))
    work.absorb(_label(LabelPrinted, made["4"]))
    work.command("UNDO")
    work.command("CANCEL")  # label 4 is not at hand
    work.absorb(DowntimeStarted(work_center="MIX", reason="BREAK", station="BAKE-1"))
    work.absorb(HelpCalled(work_center="MIX", station="BAKE-1"))
    of = {label: event.id for label, event in made.items()}
    assert labels_open(work.shop, "BAKE-1") == (
        OpenLabel("2", "B-1", "doubt", of["2"], "B-1", "200 PCS", copies=1),
        OpenLabel("3", "B-1", "unprinted", of["3"], "B-1", "300 PCS"),
        OpenLabel("4", "B-1", "outstanding", of["4"], "B-1", "50 PCS", copies=1),
    )
    work.command("HANDOVER")
    work.badge("anna")
    (event,) = signed(work)
    assert event.labels == ("2", "3", "4")
    assert event.stops == (next(iter(work.shop.downtimes)),)
    assert event.calls == (next(iter(work.shop.helps)),)


def _label(kind: type[LabelPrinted | LabelDoubted], made: MaterialProduced) -> Event:
    return kind(label=made.label, of=made.id, order=made.order, station="BAKE-1")


# When it is offered


def at(clock: str) -> Floor:
    """Anna at work in three shifts, when the wall clock says so."""
    here = Floor(Workplace("BAKE-1", ("MIX",), shifts=SHIFTS))
    here.start = datetime.fromisoformat(f"2026-11-22T{clock}:00").replace(tzinfo=UTC) - timedelta(
        seconds=here.mono + 2
    )
    here.badge("anna")
    return here


@pytest.mark.parametrize(
    ("clock", "ends"),
    [
        *[("13:44", ""), ("13:45", "14:00"), ("13:59", "14:00"), ("14:00", "")],
        *[("21:50", "22:00"), ("05:50", "06:00"), ("23:59", "")],
    ],
)
def test_it_is_offered_a_quarter_of_an_hour_before_the_end(clock: str, ends: str) -> None:
    here = at(clock)
    here.wait(6)
    assert (here.turn.notice.facts.get("ends") if here.turn.notice else "") == ends
    if ends:
        assert here.told == ("note", "handover_offered")
        assert here.said.what == f"The shift ends at {ends}. Open at BAKE-1: 0 orders."
        here.wait(6)
        assert here.turn.notice is None  # once
        here.restart()
        here.wait(6)
        assert here.turn.notice is None


def test_it_is_offered_where_nothing_else_is_said() -> None:
    here = at("13:50")
    here.open("B-1")
    here.lot("W-190", "WHEAT", "25", "KGM")
    here.wait(6)
    assert here.turn.notice is None
    here.command("CANCEL")
    here.type("5")
    here.wait(6)
    assert here.turn.notice is None
    here.command("CANCEL")
    here.wait(1)
    assert here.turn.notice is None
    here.wait(6)
    assert here.told == ("note", "handover_offered")
    assert OFFER_MINUTES == 15


def test_who_hands_over_early_is_not_asked_again() -> None:
    here = at("13:50")
    here.command("HANDOVER")
    here.badge("anna")
    here.command("OK")
    here.wait(6)
    assert here.turn.notice is None


def test_without_shifts_it_is_by_command_only(work: Floor) -> None:
    for _ in range(3):
        work.wait(100)
        assert work.turn.notice is None


def test_nobody_is_offered_a_handover_of_nothing(floor: Floor) -> None:
    here = Floor(Workplace("BAKE-1", ("MIX",), shifts=SHIFTS))
    here.start = datetime(2026, 11, 22, 13, 50, tzinfo=UTC) - timedelta(seconds=here.mono)
    here.wait(6)
    assert here.turn.notice is None


def test_what_fits_next(open_here: Floor) -> None:
    assert expected(open_here.dialog, open_here.shop)[0] == CommandCode("OK")
    open_here.command("OK")
    open_here.command("OK")
    own = BadgeCode(open_here.shop.operators["anna"].badge)
    assert expected(open_here.dialog, open_here.shop)[0] == own
    open_here.badge("anna")
    assert CommandCode("OK") in expected(open_here.dialog, open_here.shop)


def test_every_answer_is_whole_at_80_columns(open_here: Floor) -> None:
    for name in ("OK", "DONE", "UNDO", "OK", "OK"):
        open_here.command(name)
        said = ENGLISH.say(open_here.notice)
        assert not said.what.endswith("…")
        assert said.next
        assert not said.next.endswith("…")


def _answers(here: Floor) -> tuple[Answer, ...]:
    assert here.dialog.handover is not None
    return here.dialog.handover.answers
