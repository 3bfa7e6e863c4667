"""Floor rule 6, sentence by sentence, and the order of work, with the server and without it."""

from dataclasses import replace

import pytest

from kiosk.dialog import Workplace, settled
from kiosk.texts import Said
from sync.domain.events import (
    Event,
    OperationEnded,
    OperationReported,
    OperatorSignedIn,
    OrderHeld,
    OrderResumed,
    RoutingOperation,
    order_of,
    stamped,
)
from tests.kiosk.dialog.bakery import ENGLISH, Floor, kg, line, pcs, released


@pytest.fixture(params=[True, False], ids=["online", "offline"])
def signed(floor: Floor, request: pytest.FixtureRequest) -> Floor:
    floor.dialog = replace(floor.dialog, online=bool(request.param), heard="10:42")
    floor.badge("anna")
    return floor


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


def rest(floor: Floor) -> Said:
    return ENGLISH.say(settled(floor.dialog, floor.shop, floor.now))


def test_exactly_one_order_is_current_and_every_answer_names_it(signed: Floor) -> None:
    for order in ("B-1", "B-2", "B-3", "B-2"):
        signed.open(order)
        assert (signed.dialog.order, signed.notice.facts["current"]) == (order, order)
    signed.lot("R-118", "RYE", "25", "KGM")
    assert signed.notice.facts["current"] == "B-2"
    signed.command("CANCEL")
    assert signed.notice.facts["current"] == "B-2"


def test_another_traveller_makes_that_one_current_and_the_previous_keeps_running(
    signed: Floor,
) -> None:
    signed.open("B-1")
    signed.open("B-2")
    assert signed.dialog.order == "B-2"
    assert [one.number for one in signed.shop.open_orders("BAKE-1")] == ["B-1", "B-2"]
    start = signed.order("B-1").start_of("10", "BAKE-1")
    assert start is not None
    assert signed.order("B-1").is_paused(start.id) is None
    assert "anna" in signed.order("B-1").joined()


def test_lots_and_done_go_to_the_current_order_only(signed: Floor) -> None:
    wheat = (line("1", "WHEAT", kg("60")),)
    operation = (RoutingOperation("10", "MIX", "Mix"),)
    for number in ("Q-1", "Q-2"):
        signed.absorb(released(number, "ROLL", pcs("100"), operation, wheat))
        signed.open(number)
    signed.wheat("60")
    signed.command("DONE")
    assert {order_of(one) for one in signed.turn.events} == {"Q-2"}
    assert signed.order("Q-1").consumed == {}
    assert signed.order("Q-1").good == {}


def test_a_lot_of_another_open_order_is_stopped_and_says_which_to_scan_first(
    signed: Floor,
) -> None:
    signed.open("B-3")
    signed.open("B-1")
    signed.lot("BT-12", "BUTTER")
    assert signed.told[0] == "stop"
    assert "THIS LOT IS FOR B-3 · SCAN B-3 FIRST" in signed.said.what
    signed.command("CANCEL")
    signed.open("B-3")
    signed.lot("BT-12", "BUTTER")
    assert (signed.told, kinds(signed)) == (("ok", "consumed"), ["MaterialConsumed"])


def test_the_current_order_again_changes_nothing(signed: Floor) -> None:
    signed.open("B-1")
    before = signed.dialog
    signed.open("B-1")
    assert (signed.told, kinds(signed)) == (("note", "order_current"), [])
    assert (signed.dialog.order, signed.dialog.operation) == (before.order, before.operation)


def test_after_a_restart_it_is_the_same_one(signed: Floor) -> None:
    for order in ("B-1", "B-3", "B-2"):
        signed.open(order)
    signed.open("B-3")
    signed.restart()
    assert (signed.dialog.order, signed.dialog.operation) == ("B-3", "10")


def test_the_operation_is_the_first_not_ended_here(signed: Floor) -> None:
    signed.open("B-3")
    signed.lot("BT-12", "BUTTER")
    start = signed.order("B-3").start_of("10")
    assert start is not None
    end = OperationEnded(order="B-3", operation="10", work_center="MIX", of=start.id)
    signed.absorb(stamped(end, station="BAKE-2"))
    signed.open("B-3")
    assert (signed.dialog.order, signed.dialog.operation) == ("B-3", "20")


def test_of_two_that_fit_it_asks(signed: Floor) -> None:
    report = OperationReported(order="B-3", operation="10", work_center="MIX", good=pcs("100"))
    signed.absorb(stamped(report, station="BAKE-2"))
    signed.open("B-3")
    assert signed.told == ("ask", "which_operation")
    signed.type("2")
    assert (signed.dialog.order, signed.dialog.operation) == ("B-3", "20")


def test_one_person_on_several_orders_and_several_on_one(signed: Floor) -> None:
    signed.open("B-1")
    signed.badge("paul")
    assert set(signed.order("B-1").joined()) == {"anna", "paul"}
    signed.open("B-2")
    assert set(signed.order("B-2").joined()) == {"anna", "paul"}
    assert set(signed.order("B-1").joined()) == {"anna", "paul"}


def test_each_operation_starts_pauses_resumes_and_ends(signed: Floor) -> None:
    told = []
    for step in ("open", "PAUSE", "BREAK", "RESUME", "END", "NOFLOUR"):
        if step == "open":
            signed.open("B-2")
        elif step in {"PAUSE", "RESUME", "END"}:
            signed.command(step)
        else:
            signed.reason(step)
        if kinds(signed):
            told.append((signed.notice.text, kinds(signed)[0]))
    assert told == [
        ("order_opened", "OperationStarted"),
        ("paused", "OperationPaused"),
        ("order_resumed", "OperationResumed"),
        ("ended", "OperationEnded"),
    ]
    last = signed.turn.events[-1]
    assert isinstance(last, OperationEnded)
    assert (last.reason, str(last.short)) == ("NOFLOUR", "200 PCS")


HELD = (OrderHeld(order="B-1", revision=5, reason="Taste panel"),)


@pytest.mark.parametrize(
    ("before", "order", "answer", "opens_by"),
    [
        (
            HELD,
            "B-1",
            (
                "stop",
                "ON HOLD",
                "Wheat roll B-1 is held by the office. Taste panel",
                "IT HAS HAPPENED ALREADY: SUPERVISOR BADGE, else scan CANCEL.",
            ),
            "eva",
        ),
        (
            (),
            "B-7",
            (
                "stop",
                "NOT RELEASED",
                "Wheat roll B-7 is planned, but the office has not released it.",
                "IT HAS HAPPENED ALREADY: SUPERVISOR BADGE, else scan CANCEL.",
            ),
            "eva",
        ),
        (
            (),
            "B-6",
            (
                "ask",
                "OTHER PLACE",
                "Rye loaf B-6: Slice and pack belongs to Packing, not here.",
                "Scan OK if that is so, or CANCEL.",
            ),
            "OK",
        ),
    ],
)
def test_what_is_not_as_planned_is_said_with_what_to_do(
    signed: Floor,
    before: tuple[Event, ...],
    order: str,
    answer: tuple[str, str, str, str],
    opens_by: str,
) -> None:
    for event in before:
        signed.absorb(event)
    signed.open(order)
    said = signed.said
    assert (said.kind, said.word, said.what, said.next) == answer
    assert (signed.dialog.order, kinds(signed)) == (None, [])
    signed.command("OK") if opens_by == "OK" else signed.badge(opens_by)
    assert signed.dialog.order == order
    assert kinds(signed)[0] == "OperationStarted"


@pytest.mark.parametrize("online", [True, False])
def test_out_of_sequence_is_asked(online: bool) -> None:
    floor = Floor(Workplace("PACK-1", ("PACK",)))
    floor.dialog = replace(floor.dialog, online=online)
    floor.badge("anna")
    floor.open("B-2")
    assert floor.told == ("ask", "out_of_sequence")
    assert floor.said.what == "Rye loaf B-2: nothing has come from Mix and bake yet."
    assert floor.said.next == "Scan OK if that is so, or CANCEL."
    floor.command("OK")
    start = floor.turn.events[0]
    assert [one.deviation for one in start.accepted] == ["out_of_sequence"]


def test_a_hold_while_work_runs_stops_the_next_booking_until_the_office_resumes(
    signed: Floor,
) -> None:
    signed.open("B-1")
    signed.absorb(OrderHeld(order="B-1", revision=5, reason="Taste panel"))
    signed.wheat("25")
    assert (signed.told, kinds(signed)) == (("stop", "order_held"), [])
    signed.command("CANCEL")
    signed.absorb(OrderResumed(order="B-1", revision=6))
    signed.wheat("25")
    assert signed.told[0] == "ok"


def test_who_signs_in_again_finds_the_running_order(signed: Floor) -> None:
    signed.open("B-1")
    signed.wait(700)
    assert rest(signed).word == "RUNNING"
    signed.badge("paul")
    assert signed.dialog.order == "B-1"
    assert any(isinstance(one, OperatorSignedIn) for one in signed.turn.events)
