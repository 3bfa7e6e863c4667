"""RETURN: a lot goes back to stock, by a number or all of it, and never more than went in."""

import pytest

from labels.codes import CodeError, CommandCode, LotCode
from sync.domain.events import Event, EventReversed, MaterialConsumed, MaterialReturned
from tests.kiosk.dialog.bakery import Floor, kg

ONE = 1_000_000


@pytest.fixture
def fed(work: Floor) -> Floor:
    """B-1 with 25 KG of its 60 KG wheat flour in."""
    work.wheat("25")
    return work


def returned(floor: Floor) -> MaterialReturned:
    (event,) = floor.turn.events
    assert isinstance(event, MaterialReturned)
    return event


def wheat_left(floor: Floor) -> tuple[int, int]:
    """Micros that the line still needs, and that the lot holds."""
    lot = floor.shop.lot("WHEAT", "W-204")
    assert lot is not None
    return floor.order("B-1").lines("10")[0].remaining // ONE, lot.micros // ONE


@pytest.mark.parametrize("first", ["5", ""])
def test_a_number_before_or_after_return_says_how_much(fed: Floor, first: str) -> None:
    before = wheat_left(fed)
    fed.type(first or "1")
    fed.command("RETURN")
    assert fed.told == ("ask", "return_lot")
    if not first:
        fed.type("5")
        assert fed.said.word == "5 KG"
        assert fed.said.next == "Scan the lot that goes back to stock, or CANCEL."
    fed.wheat("25")
    assert fed.said.word == "BACK"
    assert fed.said.what == "Wheat flour W-204: 5 KG back to A3 · 40 KG to go"
    event = returned(fed)
    assert (event.order, event.operation, event.line, event.lot) == ("B-1", "10", "1", "W-204")
    assert (event.quantity, event.place) == (kg("5"), "A3")
    assert wheat_left(fed) == (before[0] + 5, before[1] + 5)
    assert (fed.dialog.number, fed.dialog.asking) == ("", None)


@pytest.mark.parametrize(("number", "back"), [("", "25 KG"), ("7,5", "7.5 KG")])
def test_without_a_number_all_of_it_is_asked(fed: Floor, number: str, back: str) -> None:
    fed.command("RETURN")
    fed.lot("W-204")
    assert fed.told == ("ask", "return_all")
    assert fed.said.what == "Wheat flour W-204: 25 KG of it went in. Does all of that go back?"
    assert fed.turn.events == ()
    if number:
        fed.type(number)
    fed.command("OK")
    assert str(returned(fed).quantity) == back
    assert fed.order("B-1").status == "started"


def test_what_was_booked_in_bags_comes_back_in_the_lines_unit(fed: Floor) -> None:
    fed.lot("W-204", "WHEAT", "1", "BAG")
    fed.command("RETURN")
    fed.lot("W-204", "WHEAT", "1", "BAG")
    fed.command("OK")
    assert returned(fed).quantity == kg("50")


@pytest.mark.parametrize(
    ("number", "code", "text", "what"),
    [
        ("26", LotCode("W-204"), "over_return", "26 KG cannot go back, 25 KG went in."),
        ("1", LotCode("Y-31"), "return_nothing", "nothing of it went into B-1."),
        ("1", LotCode("W-210", "WHEAT"), "return_nothing", "nothing of it went into B-1."),
        ("0", LotCode("W-204"), "number_zero", "0 KG is nothing to book."),
        ("1", CodeError("unknown", "?"), "unreadable_return", "RETURN still waits for its lot."),
    ],
)
def test_what_cannot_go_back_is_told_and_return_still_waits(
    fed: Floor, number: str, code: LotCode | CodeError, text: str, what: str
) -> None:
    before = wheat_left(fed)
    fed.command("RETURN")
    fed.type(number)
    fed.scan(code)
    assert fed.told == ("stop", text)
    assert fed.said.what.endswith(what)
    assert wheat_left(fed) == before
    fed.type("25")
    fed.lot("W-204")
    assert wheat_left(fed)[0] == 60
    assert returned(fed).quantity == kg("25")


def test_it_can_be_taken_back_and_taken_out_again(fed: Floor) -> None:
    before = wheat_left(fed)
    fed.type("5")
    fed.command("RETURN")
    fed.wheat()
    assert wheat_left(fed) != before
    fed.command("UNDO")
    assert fed.said.what == "Wheat flour W-204: the return of 5 KG is taken back."
    assert wheat_left(fed) == before
    fed.command("RETURN")
    fed.wheat()
    fed.command("OK")
    fed.command("RETURN")
    fed.wheat()
    assert fed.told == ("stop", "return_nothing")


def test_a_piece_comes_back_by_its_serial_number_and_may_go_in_again(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-4")
    floor.item("CHIP", "C-1")
    floor.command("RETURN")
    floor.item("CHIP", "C-2")
    assert floor.told == ("stop", "return_nothing")
    floor.item("CHIP", "C-1")
    assert floor.said.what == "Thermometer chip C-1: 1 PCS back to E1 · 2 PCS to go"
    assert returned(floor).serial == "C-1"
    floor.item("CHIP", "C-1")
    (event,) = [one for one in floor.turn.events if isinstance(one, MaterialConsumed)]
    assert event.serial == "C-1"


@pytest.mark.parametrize("code", [CommandCode("PAUSE"), CommandCode("DONE")])
def test_anything_else_lets_go_of_it_and_that_is_told(fed: Floor, code: CommandCode) -> None:
    fed.command("RETURN")
    fed.scan(code)
    assert fed.notice.dropped == "return_lot"
    assert fed.said.what.endswith("· RETURN NOT BOOKED")


def test_return_without_an_order_or_a_person(floor: Floor) -> None:
    floor.command("RETURN")
    assert floor.told == ("stop", "not_signed_in")
    floor.badge("anna")
    floor.command("RETURN")
    assert floor.told == ("stop", "no_order")


def test_a_return_that_only_the_server_finds_too_large_is_flagged(fed: Floor) -> None:
    back = MaterialReturned(
        order="B-1",
        operation="10",
        material="WHEAT",
        lot="W-204",
        quantity=kg("30"),
        line="1",
        station="BAKE-1",
        operator="anna",
    )
    reversal: Event = EventReversed(of="nothing", station="BAKE-1", operator="anna")
    found = [one.name for one in fed.judged(back)]
    assert found == ["over_return"]
    assert [one.name for one in fed.judged(reversal)] == ["unknown_target"]
