"""The current order, the queue, typed lines, keys and bodies."""

from decimal import Decimal

import pytest

from kiosk.dialog import (
    Connected,
    Key,
    Typing,
    Workplace,
    begin,
    expected,
    kept,
    open_note,
    queue,
    settled,
)
from labels.codes import (
    CodeError,
    CommandCode,
    EnrolmentCode,
    LotCode,
    OrderCode,
    ReasonCode,
    encode,
)
from sync.domain.events import (
    CheckRecorded,
    MaterialConsumed,
    OperationStarted,
    OrderCancelled,
    OrderResumed,
    StepConfirmed,
    order_of,
)
from tests.kiosk.dialog.bakery import ENGLISH, Floor, pcs, released


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


@pytest.fixture
def signed(floor: Floor) -> Floor:
    floor.badge("anna")
    return floor


def test_opening_starts_and_joins_in_one_act(signed: Floor) -> None:
    signed.open("B-1")
    assert kinds(signed) == ["OperationStarted", "OperatorJoined"]
    assert (signed.dialog.order, signed.dialog.operation, signed.dialog.body) == (
        "B-1",
        "10",
        "order",
    )


def test_nobody_signed_in_opens_nothing(floor: Floor) -> None:
    floor.open("B-1")
    assert floor.told == ("stop", "not_signed_in_order")
    assert floor.said.what == "Wheat roll B-1 was not opened: nobody is signed in."
    floor.wheat("25")
    assert floor.told == ("stop", "not_signed_in_lot")


def test_another_traveller_switches_and_the_previous_runs_on(work: Floor) -> None:
    work.open("B-2")
    assert work.notice.facts["current"] == "B-2"
    assert work.order("B-1").start_of("10", "BAKE-1") is not None
    work.lot("R-118", "RYE", "25", "KGM")
    assert [order_of(one) for one in work.turn.events] == ["B-2"]
    work.open("B-1")
    assert work.told == ("ok", "order_switched")
    assert kinds(work) == []


def test_the_current_order_again_changes_nothing(work: Floor) -> None:
    work.open("B-1")
    assert work.told == ("note", "order_current")
    assert work.turn.events == ()


def test_pause_and_resume(work: Floor) -> None:
    work.command("PAUSE")
    assert work.told == ("ask", "reason_pause")
    work.reason("BREAK")
    assert (work.told, kinds(work)) == (("ok", "paused"), ["OperationPaused"])
    work.command("PAUSE")
    assert work.told == ("note", "paused_already")
    assert expected(work.dialog, work.shop)[0] == CommandCode("RESUME")
    work.command("RESUME")
    assert (work.told, kinds(work)) == (("ok", "order_resumed"), ["OperationResumed"])
    assert work.said.next == "Scan Wheat flour: lot W-204 from A3, 60 KG to go."
    work.command("RESUME")
    assert work.told == ("note", "running_already")


def test_the_paused_orders_traveller_resumes_it(work: Floor) -> None:
    work.command("PAUSE")
    work.reason("BREAK")
    work.open("B-1")
    assert (work.told, kinds(work)) == (("ok", "order_resumed"), ["OperationResumed"])


def test_a_lot_without_an_order_says_which_is_next(signed: Floor) -> None:
    signed.wheat("25")
    assert signed.told == ("stop", "no_order_lot")
    assert signed.said.next == "Scan an order: Wheat roll B-1 is next."


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("B-5", ("stop", "order_held")),
        ("B-6", ("ask", "wrong_work_center")),
        ("B-7", ("stop", "order_not_released")),
        ("B-99", ("stop", "unknown_order_bare")),
    ],
)
def test_orders_that_are_not_as_planned(signed: Floor, number: str, told: tuple[str, str]) -> None:
    signed.open(number)
    assert signed.told == told
    assert signed.dialog.order is None


def test_a_cancelled_order_is_not_opened_even_by_a_supervisor(signed: Floor) -> None:
    signed.absorb(OrderCancelled(order="B-1", revision=9))
    signed.open("B-1")
    assert signed.told == ("stop", "already_ended")
    assert signed.dialog.asking is None


def test_a_held_order_may_be_resumed_by_the_office(signed: Floor) -> None:
    assert [one.number for one in queue(signed.dialog, signed.shop)] == [
        "B-1",
        "B-2",
        "B-3",
        "B-4",
        "B-5",
    ]
    signed.absorb(OrderResumed(order="B-5", revision=3))
    signed.open("B-5")
    assert signed.told == ("ok", "order_opened")


def test_an_unknown_order_starts_from_its_traveller_with_a_supervisor(signed: Floor) -> None:
    signed.scan(OrderCode("B-99", "ROLL", Decimal(40), "C62"))
    assert signed.told == ("stop", "unknown_order")
    signed.badge("eva")
    assert signed.told == ("ok", "order_opened")
    start = signed.turn.events[0]
    assert isinstance(start, OperationStarted)
    assert (start.material, str(start.target)) == ("ROLL", "40 PCS")
    assert [one.deviation for one in start.accepted] == ["unknown_order"]
    signed.wheat("25")
    assert signed.told == ("note", "unknown_target")
    assert signed.dialog.order == "B-99"
    signed.command("DONE")
    assert kinds(signed) == ["OperationReported"]
    signed.absorb(
        released(
            "B-99",
            "ROLL",
            pcs("40"),
            signed.order("B-1").operations,
            (),
        )
    )
    signed.command("DONE")
    assert signed.told[0] in {"ok", "ask"}


def test_two_operations_that_fit_are_asked(signed: Floor) -> None:
    signed.open("B-3")
    signed.lot("BT-12", "BUTTER")
    signed.type("100")
    signed.command("DONE")
    signed.open("B-1")
    signed.open("B-3")
    assert signed.told == ("ok", "order_switched")
    assert signed.dialog.operation == "10"
    other = Floor(Workplace("BAKE-2", ("MIX",)), shop=signed.shop)
    other.mono = signed.mono
    other.badge("paul")
    other.open("B-3")
    assert other.told == ("ask", "which_operation")
    other.key("down")
    other.key("enter")
    assert (other.dialog.order, other.dialog.operation) == ("B-3", "20")


def test_the_offices_note_stands_until_ok_and_blocks_nothing(work: Floor) -> None:
    assert open_note(work.dialog, work.shop) == "Pack in blue crates"
    work.wheat("25")
    assert work.told[0] == "ok"
    work.command("OK")
    assert work.told == ("ok", "note_read")
    assert open_note(work.dialog, work.shop) == ""
    again = begin(work.dialog.workplace, work.shop, kept(work.dialog))
    assert open_note(again, work.shop) == ""


def test_steps_and_values(signed: Floor) -> None:
    signed.open("B-3")
    signed.lot("BT-12", "BUTTER")
    assert signed.said.next == "Do this, then scan OK: Fold twice"
    signed.command("OK")
    signed.command("OK")
    assert [one.step for one in signed.events if isinstance(one, StepConfirmed)] == [
        "Fold twice",
        "Rest 20 minutes",
    ]
    assert signed.said.next == "Measure Core temperature (92–98 °C), enter the number, scan OK."
    signed.type("99")
    signed.command("OK")
    assert signed.told == ("ask", "check_out_of_limits")
    signed.command("CANCEL")
    signed.type("95,5")
    signed.command("OK")
    (value,) = [one for one in signed.events if isinstance(one, CheckRecorded)]
    assert (value.check, value.value) == ("CORE", "95.5")


def test_the_queue_is_picked_by_arrows_and_enter(signed: Floor) -> None:
    signed.key("down")
    signed.key("down")
    signed.key("up")
    assert signed.dialog.selected == 1
    signed.key("enter")
    assert signed.dialog.order == "B-2"


def test_typed_lines(signed: Floor) -> None:
    signed.type("b-1")
    assert signed.dialog.order == "B-1"
    signed.type(encode(LotCode("W-204", "WHEAT")))
    assert [type(one) for one in signed.turn.events] == [MaterialConsumed]
    signed.type("y-31")
    assert signed.told == ("ok", "consumed")
    signed.type("nonsense")
    assert signed.told == ("stop", "entry_unknown")
    signed.type("undo")
    assert signed.told == ("ok", "undone")
    signed.give(Typing("12"))
    assert (signed.dialog.entry, signed.turn.notice) == ("12", None)
    signed.type("12")
    assert (signed.dialog.entry, signed.dialog.number) == ("", "12")


def test_without_an_order_a_typed_number_is_an_order(signed: Floor) -> None:
    signed.type("4711")
    assert signed.told == ("stop", "entry_unknown")


def test_a_choice_is_picked_by_its_typed_number(work: Floor) -> None:
    work.type("3")
    work.command("SCRAP")
    work.type("2")
    assert [one.reason for one in work.dialog.scrap] == ["BURNT"]


@pytest.mark.parametrize("name", ["help", "outbox", "queue"])
def test_bodies_change_and_a_scan_returns_to_the_order(work: Floor, name: str) -> None:
    work.key(name)
    assert work.dialog.body == name
    work.key(name)
    assert work.dialog.body == "order"
    work.command(name.upper())
    work.wheat("25")
    assert work.dialog.body == "order"


@pytest.mark.parametrize("name", ["help", "outbox"])
def test_an_accepted_scan_closes_the_body_a_refused_one_does_not(work: Floor, name: str) -> None:
    work.key(name)
    work.scan(CodeError("unknown", "x"))
    assert work.dialog.body == name
    work.badge("paul")
    assert (work.told, work.dialog.body) == (("ok", "joined"), "order")


def test_a_body_is_looked_at_while_a_question_stands(work: Floor) -> None:
    work.lot("R-118", "RYE", "25", "KGM")
    work.key("help")
    assert (work.told, work.dialog.body) == (("stop", "lot_of_order"), "help")
    work.badge("eva")
    assert (work.told, work.dialog.body) == (("ok", "consumed_as_scanned"), "order")


def test_a_typed_number_lets_go_of_a_question_that_waits_for_ok(work: Floor) -> None:
    work.wheat("60")
    work.wheat("3")
    assert work.told == ("ask", "over_issue")
    work.type("2")
    assert (work.told, work.dialog.asking) == (("note", "number_of_lot"), None)
    work.command("CANCEL")
    work.wheat("3")
    work.type("nonsense")
    assert (work.told, work.dialog.asking) == (("stop", "entry_unknown"), None)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (CodeError("unknown", "x"), "unreadable"),
        (CodeError("bytes", "x"), "unreadable"),
        (CodeError("layout", "x"), "unreadable_layout"),
        (CodeError("gs1", "x"), "unreadable_gs1"),
        (EnrolmentCode("http://127.0.0.1", "A1"), "enrolled_already"),
        (ReasonCode("BURNT"), "reason_early"),
        (CommandCode("SCRAP"), "scrap_what"),
    ],
)
def test_codes_that_mean_nothing_now(
    work: Floor, code: CodeError | EnrolmentCode | ReasonCode | CommandCode, text: str
) -> None:
    work.scan(code)
    assert work.told == ("stop", text)
    assert work.turn.refused


def test_a_refused_scan_keeps_the_number(work: Floor) -> None:
    work.type("5")
    work.scan(CodeError("unknown", "x"))
    assert work.dialog.number == "5"


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([], "nobody"),
        (["badge"], "choose_order"),
        (["badge", "open"], "order_open"),
        (["badge", "open", "pause"], "order_paused"),
        (["badge", "open", "idle"], "order_running"),
    ],
)
def test_the_band_at_rest(floor: Floor, steps: list[str], text: str) -> None:
    for step in steps:
        if step == "badge":
            floor.badge("anna")
        elif step == "open":
            floor.open("B-1")
        elif step == "pause":
            floor.command("PAUSE")
            floor.reason("BREAK")
        else:
            floor.wait(600)
    notice = settled(floor.dialog, floor.shop, floor.now)
    assert (notice.kind, notice.text) == ("rest", text)
    assert notice.facts["current"] == (floor.dialog.order or "")


@pytest.mark.parametrize(
    ("online", "heard", "what"),
    [
        (True, "10:42", "No order is released for OVEN; server heard 10:42."),
        (False, "10:42", "No order is released for OVEN; last heard from the server 10:42."),
        (False, "", "No order is here for OVEN; nothing was heard from the server yet."),
    ],
)
def test_an_empty_queue_says_why(online: bool, heard: str, what: str) -> None:
    floor = Floor(Workplace("OVEN-1", ("OVEN",)))
    floor.badge("anna")
    floor.give(Connected(online, heard))
    assert ENGLISH.say(settled(floor.dialog, floor.shop, floor.now)).what == what
    floor.give(Key("enter"))
    assert floor.told == ("note", "nothing_here")
