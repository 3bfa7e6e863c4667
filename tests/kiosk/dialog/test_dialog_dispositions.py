"""REWORK and HOLD: output that is neither good nor scrap, where it waits, and how it comes back."""

import pytest

from kiosk.dialog import Workplace, done_quantity, queue
from sync.domain.events import (
    Event,
    MaterialDisposed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
)
from sync.domain.order import Status
from tests.kiosk.dialog.bakery import Floor, pcs

ONE = 1_000_000


@pytest.fixture
def fed(work: Floor) -> Floor:
    """B-1 with all its materials in."""
    work.wheat()
    work.lot("Y-31", "YEAST")
    return work


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


def disposed(floor: Floor) -> MaterialDisposed:
    (event,) = [one for one in floor.turn.events if isinstance(one, MaterialDisposed)]
    return event


def put_aside(floor: Floor, number: str, command: str, reason: str = "BURNT") -> None:
    floor.type(number)
    floor.command(command)
    if floor.notice.text == "which_rework":
        floor.command("OK")
    floor.reason(reason)


def counts(floor: Floor, number: str, operation: str) -> tuple[int, ...]:
    """Good, rework and hold at an operation, and what the output lot holds."""
    order, lot = floor.order(number), floor.shop.lot(floor.order(number).material, number)
    sums = (order.good_at(operation), order.rework_at(operation), order.held_at(operation))
    return tuple(one // ONE for one in (*sums, lot.micros if lot is not None else 0))


def test_rework_leaves_the_good_count_and_the_stock_and_counts_again_when_it_is_done(
    fed: Floor,
) -> None:
    fed.type("480")
    fed.command("DONE")
    fed.type("12")
    fed.command("REWORK")
    assert (fed.said.word, fed.said.what) == (
        "WHY REWORK?",
        "12 PCS to be done again wants a reason.",
    )
    fed.reason("BURNT")
    assert fed.said.what == "Wheat roll B-1: 12 PCS to rework at Mix and bake · 468 PCS good"
    assert fed.said.next == "Do it again, then scan DONE: REWORK 12 PCS · DONE = 12 PCS."
    event = disposed(fed)
    assert (event.quantity, event.disposition, event.lot) == (pcs("12"), "rework", "B-1")
    assert (event.reason, event.operation, event.rework_operation) == ("BURNT", "10", "")
    assert kinds(fed) == ["MaterialDisposed"]
    assert counts(fed, "B-1", "10") == (468, 12, 0, 468)
    assert done_quantity(fed.dialog, fed.shop) == "12 PCS"
    fed.command("DONE")
    assert fed.said.what == "Wheat roll B-1: 12 PCS reworked, 480 OF 1000 · 520 LEFT"
    assert counts(fed, "B-1", "10") == (480, 0, 0, 480)
    (report,) = [one for one in fed.turn.events if isinstance(one, OperationReported)]
    assert (report.good, report.reworked) == (pcs("12"), pcs("12"))
    assert done_quantity(fed.dialog, fed.shop) == "520 PCS"
    fed.command("DONE")
    assert fed.told == ("ok", "order_done")
    assert counts(fed, "B-1", "10") == (1000, 0, 0, 1000)


def test_what_was_not_reported_yet_is_reported_and_put_aside_in_one_act(fed: Floor) -> None:
    put_aside(fed, "12", "REWORK")
    assert kinds(fed) == ["OperationReported", "MaterialDisposed"]
    assert disposed(fed).lot == ""
    assert counts(fed, "B-1", "10") == (0, 12, 0, 0)
    fed.command("DONE")
    assert counts(fed, "B-1", "10") == (12, 0, 0, 12)
    fed.command("DONE")
    assert counts(fed, "B-1", "10") == (1000, 0, 0, 1000)
    assert fed.order("B-1").status == Status.COMPLETED


def test_more_than_was_good_is_partly_new(fed: Floor) -> None:
    fed.type("5")
    fed.command("DONE")
    put_aside(fed, "12", "REWORK")
    sent = [one for one in fed.turn.events if isinstance(one, MaterialDisposed)]
    assert [(str(one.quantity), one.lot) for one in sent] == [("7 PCS", ""), ("5 PCS", "B-1")]
    assert counts(fed, "B-1", "10") == (0, 12, 0, 0)
    fed.command("DONE")
    assert counts(fed, "B-1", "10") == (12, 0, 0, 12)


def test_rework_may_turn_out_scrap(fed: Floor) -> None:
    fed.type("480")
    fed.command("DONE")
    put_aside(fed, "12", "REWORK")
    fed.type("2")
    fed.command("SCRAP")
    fed.reason("BURNT")
    assert done_quantity(fed.dialog, fed.shop) == "10 PCS"
    fed.command("DONE")
    assert counts(fed, "B-1", "10") == (478, 0, 0, 478)
    assert fed.order("B-1").scrap_at("10") == 2 * ONE
    assert done_quantity(fed.dialog, fed.shop) == "520 PCS"


def test_rework_is_finished_before_the_order_ends(fed: Floor) -> None:
    put_aside(fed, "12", "REWORK")
    fed.command("END")
    assert fed.told == ("stop", "end_rework")
    fed.type("1000")
    fed.command("DONE")
    assert fed.told == ("ok", "order_done")
    assert counts(fed, "B-1", "10") == (1000, 0, 0, 1000)
    (report, *_) = [one for one in fed.turn.events if isinstance(one, OperationReported)]
    assert report.reworked == pcs("12")


def test_rework_is_undone_as_one_act(fed: Floor) -> None:
    put_aside(fed, "12", "REWORK")
    fed.command("UNDO")
    assert fed.said.what == "Wheat roll B-1: 12 PCS are not put aside any more."
    assert counts(fed, "B-1", "10") == (0, 0, 0, 0)


@pytest.fixture
def packing(floor: Floor) -> Floor:
    """B-2 mixed and ended; half of it is packed at a station that does both."""
    both = Floor(Workplace("BAKE-1", ("MIX", "PACK")), shop=floor.shop)
    both.badge("anna")
    both.open("B-2")
    both.lot("R-118", "RYE")
    both.command("DONE")
    both.open("B-2")
    both.type("100")
    both.command("DONE")
    return both


def test_the_operation_that_reworks_is_asked_and_the_work_goes_back_there(packing: Floor) -> None:
    packing.type("8")
    packing.command("REWORK")
    assert packing.told == ("ask", "which_rework")
    asking = packing.dialog.asking
    assert asking is not None
    assert [one.code for one in asking.choices] == ["10", "20"]
    assert asking.selected == 1
    packing.key("up")
    packing.key("enter")
    packing.reason("BURNT")
    assert disposed(packing).rework_operation == "10"
    assert counts(packing, "B-2", "20") == (92, 0, 0, 92)
    assert counts(packing, "B-2", "10")[:2] == (192, 8)
    assert not packing.order("B-2").is_ended("10")
    assert done_quantity(packing.dialog, packing.shop) == "100 PCS"
    assert "B-2" in [one.number for one in queue(packing.dialog, packing.shop)]
    packing.command("REWORK")
    assert (packing.dialog.operation, done_quantity(packing.dialog, packing.shop)) == (
        "10",
        "8 PCS",
    )
    packing.command("DONE")
    assert "OperationEnded" in kinds(packing)
    assert packing.order("B-2").is_ended("10")
    assert counts(packing, "B-2", "10")[:2] == (200, 0)
    packing.open("B-2")
    assert done_quantity(packing.dialog, packing.shop) == "108 PCS"
    packing.command("DONE")
    assert packing.told == ("ok", "order_done")
    assert counts(packing, "B-2", "20") == (200, 0, 0, 200)


def test_hold_is_a_blocked_lot_and_counts_as_made(fed: Floor) -> None:
    fed.type("12")
    fed.command("HOLD")
    assert fed.said.word == "WHY HOLD?"
    fed.reason("BURNT")
    assert fed.said.what == "Wheat roll B-1: 12 PCS blocked as lot B-1-HOLD. Burnt"
    event = disposed(fed)
    assert (event.disposition, event.lot, event.reason) == ("hold", "B-1-HOLD", "BURNT")
    held = fed.shop.lot("ROLL", "B-1-HOLD")
    assert held is not None
    assert (held.status, held.micros) == ("blocked", 12 * ONE)
    assert counts(fed, "B-1", "10") == (0, 0, 12, 0)
    assert done_quantity(fed.dialog, fed.shop) == "988 PCS"
    fed.command("DONE")
    assert fed.order("B-1").status == Status.COMPLETED
    assert counts(fed, "B-1", "10") == (988, 0, 12, 988)


def test_hold_before_the_last_operation_is_no_stock(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-2")
    floor.lot("R-118", "RYE")
    put_aside(floor, "5", "HOLD")
    assert floor.told == ("ok", "held")
    assert (disposed(floor).material, disposed(floor).lot) == ("", "")
    assert "" not in floor.shop.stock
    floor.command("DONE")
    assert counts(floor, "B-2", "10") == (195, 0, 5, 0)
    assert floor.order("B-2").is_ended("10")


def test_pieces_put_aside_are_named_by_their_serial_numbers(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-4")
    floor.item("CHIP", "C-1")
    floor.item("BOX", "X-1")
    floor.command("REWORK")
    floor.reason("BURNT")
    assert disposed(floor).serials == ("X-1",)
    assert floor.dialog.serials == ()
    assert counts(floor, "B-4", "10")[:2] == (0, 1)
    floor.item("BOX", "X-1")
    floor.command("DONE")
    made = [one for one in floor.turn.events if isinstance(one, MaterialProduced)]
    assert [one.serials for one in made] == [("X-1",)]
    assert counts(floor, "B-4", "10")[:2] == (1, 0)


@pytest.mark.parametrize(
    ("number", "command", "text"),
    [
        ("", "REWORK", "rework_what"),
        ("", "HOLD", "hold_what"),
        ("0", "REWORK", "number_zero"),
        ("2,5", "HOLD", "fraction"),
    ],
)
def test_what_cannot_be_put_aside(fed: Floor, number: str, command: str, text: str) -> None:
    if number:
        fed.type(number)
    fed.command(command)
    assert fed.told == ("stop", text)
    assert fed.turn.events == ()


@pytest.mark.parametrize("command", ["REWORK", "HOLD"])
def test_nobody_and_no_order(floor: Floor, command: str) -> None:
    floor.command(command)
    assert floor.told == ("stop", "not_signed_in")
    floor.badge("anna")
    floor.command(command)
    assert floor.told == ("stop", "no_order")


def test_ends_of_rework_close_its_start(packing: Floor) -> None:
    packing.type("8")
    packing.command("REWORK")
    packing.key("up")
    packing.key("enter")
    packing.reason("BURNT")
    packing.command("REWORK")
    packing.command("DONE")
    ends: list[Event] = [one for one in packing.turn.events if isinstance(one, OperationEnded)]
    assert len(ends) == 1
    assert packing.order("B-2").start_of("10") is None
