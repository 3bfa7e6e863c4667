"""Set-up and run: what begins the one, what ends it, and that no scan more is wanted for it."""

import pytest

from kiosk.dialog import expected, settled
from kiosk.texts import Said
from labels.codes import CommandCode
from sync.domain.durations import run_seconds, setup_seconds
from sync.domain.events import RoutingOperation, SetupEnded
from tests.kiosk.dialog.bakery import ENGLISH, Floor, kg, line, pcs, released

LOADED = RoutingOperation("10", "MIX", "Mix and bake", setup_seconds=1200)
BARE = RoutingOperation("10", "MIX", "Glaze", setup_seconds=600)
STEPPED = RoutingOperation(
    "10", "MIX", "Laminate", setup_seconds=600, steps=("Fold twice", "Rest 20 minutes")
)


@pytest.fixture
def signed(floor: Floor) -> Floor:
    floor.absorb(released("S-1", "ROLL", pcs("100"), (LOADED,), (line("1", "WHEAT", kg("60")),)))
    floor.absorb(released("S-2", "ROLL", pcs("100"), (BARE,), ()))
    floor.absorb(released("S-3", "ROLL", pcs("100"), (STEPPED,), ()))
    floor.badge("anna")
    return floor


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


def in_setup(floor: Floor, order: str) -> bool:
    start = floor.order(order).start_of("10", "BAKE-1")
    return start is not None and floor.order(order).in_setup(start)


def test_an_order_with_a_set_up_opens_in_it(signed: Floor) -> None:
    signed.open("S-1")
    assert kinds(signed) == ["OperationStarted", "OperatorJoined"]
    assert (signed.said.word, signed.said.what) == (
        "SET-UP",
        "Wheat roll S-1: 100 PCS Mix and bake · 0:20 h set-up",
    )
    signed.wait(9 * 60)
    assert ENGLISH.say(settled(signed.dialog, signed.shop, signed.now)) == Said(
        "rest",
        "SET-UP",
        "Wheat roll S-1: set-up for 0:09 h, 0:20 h planned.",
        "Scan Wheat flour: lot W-204 from A3, 60 KG to go.",
    )


def test_an_order_without_a_set_up_runs_at_once(signed: Floor) -> None:
    signed.open("B-1")
    assert signed.told == ("ok", "order_opened")
    assert not in_setup(signed, "B-1")


def test_ok_ends_it(signed: Floor) -> None:
    signed.open("S-2")
    assert signed.said.next == (
        "Scan DONE when it is made: DONE = 100 PCS. Scan OK when it is set up."
    )
    signed.command("OK")
    assert (signed.told, kinds(signed)) == (("ok", "setup_ended"), ["SetupEnded"])
    event = signed.turn.events[0]
    start = signed.order("S-2").start_of("10")
    assert isinstance(event, SetupEnded)
    assert start is not None
    assert (event.of, event.work_center) == (start.id, "MIX")
    signed.command("OK")
    assert signed.told == ("note", "nothing_to_confirm")


@pytest.mark.parametrize(
    ("order", "act", "events"),
    [
        ("S-1", "lot", ["SetupEnded", "MaterialConsumed"]),
        (
            "S-2",
            "DONE",
            ["SetupEnded", "OperationReported", "MaterialProduced", "OperationEnded"],
        ),
        ("S-3", "OK", ["SetupEnded", "StepConfirmed"]),
    ],
)
@pytest.mark.parametrize("paused", [False, True])
def test_work_ends_it_in_the_same_act(
    signed: Floor, order: str, act: str, events: list[str], paused: bool
) -> None:
    signed.open(order)
    if paused:
        signed.command("PAUSE")
        signed.reason("BREAK")
    signed.wheat("25") if act == "lot" else signed.command(act)
    assert kinds(signed) == (["OperationResumed"] if paused else []) + events
    assert not in_setup(signed, order)
    if act == "lot":
        signed.wheat("25")
        assert kinds(signed) == ["MaterialConsumed"]


def test_the_best_next_scan_is_the_same_with_and_without_a_set_up(signed: Floor) -> None:
    signed.open("S-2")
    assert expected(signed.dialog, signed.shop)[0] == CommandCode("DONE")


def test_undo_takes_it_back_alone_or_with_the_lot(signed: Floor) -> None:
    signed.open("S-1")
    signed.command("OK")
    signed.command("UNDO")
    assert signed.said.what == "Wheat roll S-1 is being set up again."
    assert in_setup(signed, "S-1")
    signed.wheat("25")
    assert not in_setup(signed, "S-1")
    signed.command("UNDO")
    assert in_setup(signed, "S-1")
    assert signed.order("S-1").consumed == {}


def test_set_up_and_run_time_stand_apart(signed: Floor) -> None:
    signed.open("S-2")
    signed.wait(300)
    signed.command("OK")
    signed.wait(500)
    signed.command("DONE")
    order = signed.order("S-2")
    assert (setup_seconds(order, "10"), run_seconds(order, "10")) == (302, 502)


def test_a_start_that_was_undone_is_made_again_by_the_lot_that_ends_its_set_up(
    signed: Floor,
) -> None:
    signed.open("S-1")
    signed.dialog = signed.dialog.__class__(
        signed.dialog.workplace, person="anna", order="S-1", operation="10", body="order"
    )
    start = signed.order("S-1").start_of("10")
    assert start is not None
    signed.order("S-1").starts.clear()
    signed.wheat("25")
    assert kinds(signed)[:2] == ["OperationStarted", "SetupEnded"]
    assert not in_setup(signed, "S-1")
