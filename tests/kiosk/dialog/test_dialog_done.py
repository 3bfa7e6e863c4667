"""DONE, SCRAP, END and UNDO."""

import msgspec
import pytest

from kiosk.dialog import done_quantity, expected, undoes
from labels.codes import CommandCode, LabelCode
from sync.domain.events import (
    Event,
    EventReversed,
    LabelPrinted,
    LabelRule,
    LabelVoided,
    MaterialConsumed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
    OperationStarted,
    stamped,
)
from sync.domain.order import Status
from tests.kiosk.dialog.bakery import ENGLISH, Floor, kg, pcs


@pytest.fixture
def fed(work: Floor) -> Floor:
    """B-1 with all its materials in."""
    work.wheat()
    work.lot("Y-31", "YEAST")
    return work


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


def reported(floor: Floor) -> list[tuple[str, str, str]]:
    found = [one for one in floor.turn.events if isinstance(one, OperationReported)]
    return [(str(one.good), str(one.scrap or ""), one.reason) for one in found]


def test_done_is_shown_before_it_is_scanned_and_takes_the_planned_remainder(fed: Floor) -> None:
    assert done_quantity(fed.dialog, fed.shop) == "1000 PCS"
    fed.type("480")
    assert done_quantity(fed.dialog, fed.shop) == "480 PCS"
    fed.command("DONE")
    assert fed.told == ("ok", "partial")
    assert fed.said.what == "Wheat roll B-1: 480 OF 1000 · 520 LEFT"
    assert done_quantity(fed.dialog, fed.shop) == "520 PCS"
    assert kinds(fed) == ["OperationReported", "MaterialProduced"]
    assert (fed.dialog.order, fed.order("B-1").status) == ("B-1", Status.STARTED)
    fed.command("DONE")
    assert reported(fed) == [("520 PCS", "", "")]
    assert kinds(fed) == ["OperationReported", "MaterialProduced", "OperationEnded"]


def test_scrap_is_staged_and_committed_with_done(fed: Floor) -> None:
    fed.type("12")
    fed.command("SCRAP")
    assert fed.told == ("ask", "reason_scrap")
    assert [one.text for one in fed.dialog.asking.choices] == ["Bag torn", "Burnt"]  # type: ignore[union-attr]
    fed.reason("BURNT")
    assert fed.told == ("note", "scrap_staged")
    assert fed.turn.events == ()
    fed.type("3")
    fed.command("SCRAP")
    fed.key("enter")
    assert done_quantity(fed.dialog, fed.shop) == "985 PCS"
    fed.command("DONE")
    assert reported(fed) == [("985 PCS", "12 PCS", "BURNT"), ("0 PCS", "3 PCS", "TORN")]
    assert fed.told == ("ok", "order_done_scrap")
    assert fed.order("B-1").scrap_total == 15_000_000
    assert fed.dialog.scrap == ()


def test_scrap_of_everything_prints_no_label(fed: Floor) -> None:
    fed.type("1000")
    fed.command("SCRAP")
    fed.reason("BURNT")
    fed.command("DONE")
    assert kinds(fed) == ["OperationReported", "OperationEnded"]


@pytest.mark.parametrize(("good", "ended"), [("979", False), ("980", True), ("1020", True)])
def test_the_plan_is_reached_within_tolerance(fed: Floor, good: str, ended: bool) -> None:
    fed.type(good)
    fed.command("DONE")
    assert ("OperationEnded" in kinds(fed)) is ended


@pytest.mark.parametrize(
    ("good", "told"),
    [("1050", ("ask", "over_production")), ("1101", ("stop", "over_production"))],
)
def test_more_than_planned_is_asked(fed: Floor, good: str, told: tuple[str, str]) -> None:
    fed.type(good)
    fed.command("DONE")
    assert fed.told == told


def test_done_with_too_little_in_is_asked_by_the_quantity_now_reported(work: Floor) -> None:
    work.type("30")
    work.wheat()
    work.lot("Y-31", "YEAST")
    work.type("500")
    work.command("DONE")
    assert work.told == ("ok", "partial")
    work.command("DONE")
    assert work.told == ("ask", "under_issue")
    assert work.said.what == "Wheat flour WHEAT: 30 KG in, 60 KG needed for this output."
    assert work.said.next == "Fetch W-204 from A3, or scan OK if that is so."
    work.command("OK")
    assert work.told == ("ok", "order_done")
    event = next(one for one in work.turn.events if isinstance(one, OperationReported))
    assert [(one.deviation, one.by) for one in event.accepted] == [("under_issue", "anna")]


def test_a_lot_controlled_line_with_nothing_in_wants_a_supervisor(work: Floor) -> None:
    work.wheat()
    work.command("DONE")
    assert work.told == ("stop", "line_unconsumed")
    assert work.said.what == "Fresh yeast YEAST: nothing scanned, 2 KG needed for this output."
    work.badge("eva")
    assert work.told == ("ok", "order_done")


def test_not_the_last_operation_reports_and_makes_no_stock(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-2")
    floor.lot("R-118", "RYE")
    floor.command("DONE")
    assert floor.told == ("ok", "operation_done")
    assert kinds(floor) == ["OperationReported", "OperationEnded"]
    assert floor.order("B-2").status is Status.STARTED
    assert floor.shop.stock.get("LOAF") is None


def test_the_next_operation_offers_no_more_than_the_one_before_gave(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-3")
    floor.lot("BT-12", "BUTTER")
    for _ in range(3):
        floor.command("OK")
    floor.type("20")
    floor.command("SCRAP")
    floor.reason("BURNT")
    floor.command("DONE")
    assert floor.told == ("ok", "operation_done_scrap")
    floor.open("B-3")
    assert floor.dialog.operation == "20"
    assert done_quantity(floor.dialog, floor.shop) == "480 PCS"
    floor.command("DONE")
    assert floor.told == ("ok", "partial")
    assert floor.said.what == "Butter croissant B-3: 480 OF 500 · 20 LEFT"
    floor.command("DONE")
    assert floor.told == ("stop", "number_zero")
    assert expected(floor.dialog, floor.shop)[0] == CommandCode("END")
    floor.command("END")
    floor.key("enter")
    assert floor.told == ("ok", "ended")
    assert floor.order("B-3").status is Status.COMPLETED


def test_backflushed_lines_are_drawn_with_the_output_first_expiry_first(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-3")
    floor.lot("BT-12", "BUTTER")
    floor.type("250")
    floor.command("DONE")
    drawn = [
        (one.material, one.lot, str(one.quantity))
        for one in floor.turn.events
        if isinstance(one, MaterialConsumed)
    ]
    assert drawn == [("PAPER", "P-1", "5 PCS"), ("WATER", "", "2.5 L")]
    floor.command("DONE")
    assert floor.told == ("ask", "step_skipped")
    floor.command("OK")
    drawn = [
        (one.material, one.lot, str(one.quantity))
        for one in floor.turn.events
        if isinstance(one, MaterialConsumed)
    ]
    assert drawn == [("PAPER", "P-1", "1 PCS"), ("PAPER", "P-2", "4 PCS"), ("WATER", "", "2.5 L")]


def test_an_operation_that_is_counted_wants_a_number(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-4")
    for serial in ("C-1", "C-2"):
        floor.item("CHIP", serial)
    assert done_quantity(floor.dialog, floor.shop) == ""
    floor.command("DONE")
    assert floor.told == ("stop", "count_wanted")
    floor.type("1")
    floor.command("DONE")
    floor.item("BOX", "SN-77")
    assert floor.told == ("ok", "serial_staged")
    floor.item("BOX", "SN-77")
    assert floor.told == ("stop", "serial_seen_before")
    assert done_quantity(floor.dialog, floor.shop) == "1 PCS"
    floor.command("DONE")
    made = [one for one in floor.events if isinstance(one, MaterialProduced)]
    assert [(one.serials, one.lot, one.label) for one in made] == [
        (("B-4-BAKE-1-001",), "B-4-BAKE-1-1", "1"),
        (("SN-77",), "B-4-BAKE-1-2", "2"),
    ]


@pytest.mark.parametrize("label", ["none", "per_pallet"])
def test_a_lot_of_each_done_is_new_where_no_label_counts(fed: Floor, label: str) -> None:
    release = fed.order("B-1").release
    assert release is not None
    rule = msgspec.convert({"label": label, "lot": "per_done"}, LabelRule)
    fed.absorb(stamped(release, id="", revision=9, label=rule))
    for number in ("100", "200"):
        fed.type(number)
        fed.command("DONE")
        if fed.told[0] == "confirm":
            fed.command("OK")
    made = [one for one in fed.events if isinstance(one, MaterialProduced)]
    assert [(one.lot, one.label) for one in made] == [("B-1-BAKE-1-1", ""), ("B-1-BAKE-1-2", "")]


def test_serial_numbers_that_wait_are_what_done_reports(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-4")
    for serial in ("C-1", "C-2"):
        floor.item("CHIP", serial)
    for serial in ("SN-1", "SN-2"):
        floor.item("BOX", serial)
    assert floor.said.next == "Scan DONE when it is made: DONE = 2 PCS."
    floor.type("1")
    floor.command("DONE")
    assert (floor.told, floor.turn.events) == (("stop", "serials_more"), ())
    floor.command("CANCEL")
    floor.command("DONE")
    assert floor.order("B-4").status is Status.COMPLETED


def test_end_takes_no_number(fed: Floor) -> None:
    fed.type("480")
    fed.command("END")
    assert (fed.told, fed.dialog.number) == (("stop", "number_waits"), "480")
    fed.command("DONE")
    fed.command("END")
    assert fed.said.what == "Wheat roll B-1: 480 PCS of 1000 PCS good, 520 PCS short."


def test_end_closes_short_with_a_reason(fed: Floor) -> None:
    fed.type("480")
    fed.command("DONE")
    fed.command("END")
    assert fed.told == ("ask", "reason_short")
    assert fed.said.what == "Wheat roll B-1: 480 PCS of 1000 PCS good, 520 PCS short."
    fed.reason("BURNT")
    assert fed.told == ("stop", "reason_other")
    fed.reason("NOFLOUR")
    assert fed.told == ("ok", "ended")
    (event,) = fed.turn.events
    assert isinstance(event, OperationEnded)
    assert (event.reason, event.short) == ("NOFLOUR", pcs("520"))
    assert fed.order("B-1").status is Status.COMPLETED
    assert fed.dialog.order is None


def test_a_question_for_a_reason_stands_until_it_is_answered(fed: Floor) -> None:
    fed.command("END")
    fed.wheat("25")
    assert fed.told == ("stop", "reason_short")
    assert (fed.turn.events, fed.turn.refused) == ((), True)
    fed.key("help")
    assert (fed.told, fed.dialog.body) == (("ask", "reason_short"), "order")
    fed.command("CANCEL")
    assert fed.dialog.asking is None
    assert fed.dialog.order == "B-1"


# UNDO


def test_undo_says_what_it_takes_back(work: Floor) -> None:
    work.wheat("25")
    before = undoes(work.dialog, work.shop)
    assert before is not None
    assert ENGLISH.say(before).what == "UNDO takes back Wheat flour W-204: 25 KG for B-1."
    work.command("UNDO")
    assert work.said.what == "Wheat flour W-204: 25 KG for B-1 is taken back."
    assert work.told == ("ok", "undone")
    (event,) = work.turn.events
    assert isinstance(event, EventReversed)
    assert work.order("B-1").consumed == {}
    assert work.said.next == "Scan Wheat flour: lot W-204 from A3, 60 KG to go."


def test_undo_after_a_minute_wants_a_supervisor(work: Floor) -> None:
    work.wheat("25")
    work.wait(61)
    work.command("UNDO")
    assert work.told == ("stop", "reversal_late")
    work.badge("eva")
    assert work.told == ("ok", "undone")
    assert [(one.deviation, one.by) for one in work.turn.events[0].accepted] == [
        ("reversal_late", "eva")
    ]


def test_undo_of_anothers_act_wants_a_supervisor(work: Floor) -> None:
    work.wheat("25")
    work.badge("paul")
    work.badge("anna")
    assert work.dialog.person == "paul"
    work.command("UNDO")
    assert work.told == ("stop", "reversal_of_other")


def test_undo_with_nothing_booked(floor: Floor) -> None:
    floor.badge("anna")
    floor.command("UNDO")
    assert floor.told == ("note", "nothing_to_undo")


def test_undo_of_the_start_leaves_no_order_open(work: Floor) -> None:
    before = undoes(work.dialog, work.shop)
    assert before is not None
    assert before.text == "undo_start"
    work.command("UNDO")
    assert work.said.what == "The start of Wheat roll B-1 is taken back."
    assert work.dialog.order is None
    assert work.order("B-1").status is Status.RELEASED


def test_undo_of_a_pause_runs_on_and_undo_of_that_stands(work: Floor) -> None:
    work.command("PAUSE")
    work.reason("BREAK")
    work.command("UNDO")
    assert work.said.what == "The pause of Wheat roll B-1 is taken back: it runs."
    work.command("PAUSE")
    work.reason("BREAK")
    work.command("RESUME")
    before = undoes(work.dialog, work.shop)
    assert before is not None
    assert ENGLISH.say(before).what == "UNDO takes back that Wheat roll B-1 went on."
    work.command("UNDO")
    assert work.said.what == "Wheat roll B-1 stands again."


@pytest.fixture
def undone(fed: Floor) -> Floor:
    """A part of B-1 reported DONE, and that taken back."""
    fed.type("480")
    fed.command("DONE")
    fed.command("UNDO")
    return fed


def test_undo_of_a_done_asks_for_its_label(undone: Floor) -> None:
    assert undone.told == ("note", "label_wanted")
    assert undone.said.next == "SCAN LABEL 1 TO VOID IT, or CANCEL if it is not at hand."
    assert (undone.dialog.order, undone.order("B-1").status) == ("B-1", Status.STARTED)
    undone.scan(LabelCode("1"))
    assert undone.told == ("ok", "label_voided")
    (event,) = undone.turn.events
    assert isinstance(event, LabelVoided)
    made = next(one for one in undone.events if isinstance(one, MaterialProduced))
    assert (event.of, event.label) == (made.id, "1")
    undone.scan(LabelCode("1", "BAKE-1"))
    assert undone.told == ("note", "label_void_already")


def test_a_label_that_is_not_at_hand_is_outstanding(undone: Floor) -> None:
    undone.command("CANCEL")
    assert undone.told == ("note", "label_outstanding")
    assert undone.said.what == "Label 1 is outstanding: it is listed for the office."


def test_a_label_that_is_wanted_holds_nothing_up(undone: Floor) -> None:
    undone.command("DONE")
    assert undone.told == ("ok", "order_done")
    assert next(one.label for one in undone.turn.events if isinstance(one, MaterialProduced)) == "2"


def test_labels_tell_what_they_are(fed: Floor) -> None:
    fed.scan(LabelCode("9"))
    assert fed.told == ("stop", "label_unknown")
    fed.type("5")
    fed.command("DONE")
    made = fed.turn.events[-1]
    assert isinstance(made, MaterialProduced)
    fed.absorb(LabelPrinted(label="1", of="made", order="B-1", station="BAKE-1"))
    fed.scan(LabelCode("1"))
    assert fed.told == ("stop", "label_valid")


@pytest.mark.parametrize("seconds", [2, 61])
def test_after_the_order_is_complete_only_the_office_takes_back(fed: Floor, seconds: float) -> None:
    fed.command("DONE")
    assert undoes(fed.dialog, fed.shop) is None
    fed.wait(seconds)
    fed.command("UNDO")
    assert fed.told == ("stop", "reversal_after_end")
    assert fed.said.what == "Wheat roll B-1 is finished: only the office takes back."
    fed.badge("eva")
    fed.command("UNDO")
    assert fed.told == ("stop", "reversal_after_end")
    assert fed.order("B-1").status == Status.COMPLETED


def test_a_number_and_ok_correct_a_done(fed: Floor) -> None:
    fed.type("480")
    fed.command("DONE")
    fed.type("470")
    fed.command("OK")
    assert kinds(fed) == ["EventReversed", "OperationReported", "MaterialProduced"]
    assert fed.told == ("note", "label_wanted")
    assert fed.order("B-1").good_total == 470_000_000


def test_a_number_and_ok_correct_the_done_that_completed(fed: Floor) -> None:
    fed.command("DONE")
    assert fed.dialog.order is None
    fed.type("900")
    assert fed.said.word == "900 PCS"
    fed.command("OK")
    assert fed.told == ("note", "label_wanted")
    assert kinds(fed) == ["EventReversed", "OperationReported", "MaterialProduced"]
    assert (fed.order("B-1").good_total, fed.order("B-1").status) == (900_000_000, Status.STARTED)
    assert fed.dialog.order == "B-1"


def test_the_number_that_completed_is_put_right_within_a_minute_alone(fed: Floor) -> None:
    fed.command("DONE")
    fed.wait(40)
    fed.type("900")
    fed.wait(25)
    fed.command("OK")
    assert fed.told == ("stop", "reversal_after_end")
    assert fed.order("B-1").status == Status.COMPLETED


@pytest.mark.parametrize(
    "command", ["DONE", "END", "PAUSE", "RESUME", "SCRAP", "UNDO", "JOIN", "OK"]
)
def test_nobody_signed_in_nothing_is_booked(floor: Floor, command: str) -> None:
    floor.command(command)
    assert floor.told == ("stop", "not_signed_in")


@pytest.mark.parametrize("command", ["DONE", "END", "PAUSE", "RESUME", "JOIN"])
def test_no_order_open_nothing_is_booked(floor: Floor, command: str) -> None:
    floor.badge("anna")
    floor.command(command)
    assert floor.told == ("stop", "no_order")


def test_what_others_report_leaves_only_the_end(fed: Floor) -> None:
    others: tuple[Event, ...] = (
        OperationStarted(order="B-1", operation="10", station="BAKE-2"),
        OperationReported(order="B-1", operation="10", good=pcs("1000"), station="BAKE-2"),
    )
    for event in others:
        fed.absorb(event)
    assert done_quantity(fed.dialog, fed.shop) == "0 PCS"
    fed.command("DONE")
    assert kinds(fed) == ["OperationEnded"]


def test_consumption_while_paused_goes_on_first(work: Floor) -> None:
    work.command("PAUSE")
    work.reason("BREAK")
    assert work.said.next == "Scan RESUME to go on, or another order."
    work.wheat("25")
    assert kinds(work) == ["OperationResumed", "MaterialConsumed"]


def test_a_corrected_consumption_may_be_over_issue(work: Floor) -> None:
    work.wheat("25")
    work.type("80")
    work.command("OK")
    assert work.told == ("stop", "over_issue")
    work.badge("eva")
    assert kinds(work) == ["EventReversed", "MaterialConsumed"]
    (state,) = [one for one in work.order("B-1").lines("10") if one.line.material == "WHEAT"]
    assert state.consumed == kg("80").micros
