"""The queue: its order, what it tells of each order, what is short, who is where, what arrives."""

from dataclasses import replace
from typing import Any, Final

import pytest

from kiosk.dialog import Workplace, expected, queue, waiting
from kiosk.dialog.waiting import Came, Lack, Waiting
from labels.codes import OrderCode
from sync.domain.events import (
    Event,
    MaterialConsumed,
    MaterialDisposed,
    OperationReported,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OrderPlanned,
    RoutingDefined,
    RoutingOperation,
    stamped,
)
from tests.kiosk.dialog.bakery import Floor, day, kg, line, pcs, released

PACKING = Workplace("PACK-1", ("PACK",))
SLOW = RoutingOperation("10", "MIX", "Mix slowly", run_seconds="3600")


@pytest.fixture
def packing() -> Floor:
    return Floor(PACKING)


def told(floor: Floor, order: str) -> Waiting:
    dialog = replace(floor.dialog, today=floor.now.today.isoformat())
    return waiting(dialog, floor.shop, floor.order(order))


def numbers(floor: Floor) -> list[str]:
    return [one.number for one in queue(floor.dialog, floor.shop)]


def at(station: str, event: Event) -> Event:
    return stamped(event, station=station, operator=event.operator or "paul")


B2: Final[dict[str, Any]] = {"order": "B-2", "operation": "10", "work_center": "MIX"}
REPORT = at("BAKE-2", OperationReported(**B2, good=pcs("80")))


def test_priority_goes_first_then_slack(floor: Floor) -> None:
    due = day(3)
    for number, operation in (("Q-1", RoutingOperation("10", "MIX", "Mix")), ("Q-2", SLOW)):
        release = released(number, "ROLL", pcs("20"), (operation,), (), priority=5)
        floor.absorb(stamped(release, due=due))
    late = released("Q-3", "ROLL", pcs("20"), (SLOW,), (), priority=6)
    floor.absorb(stamped(late, due=day(-1)))
    assert numbers(floor) == ["Q-2", "Q-1", "Q-3", "B-1", "B-2", "B-3", "B-4", "B-5"]


def test_what_cannot_be_worked_on_stands_below_with_its_reason(floor: Floor) -> None:
    operations = (RoutingOperation("10", "MIX", "Mix"),)
    floor.absorb(RoutingDefined(material="ROLL", revision=1, operations=operations))
    assert numbers(floor) == ["B-1", "B-2", "B-3", "B-4", "B-5", "B-7"]
    assert (told(floor, "B-5").standing, told(floor, "B-5").why) == ("held", "Oven check")
    assert told(floor, "B-7").standing == "planned"
    floor.badge("anna")
    assert OrderCode("B-5") not in expected(floor.dialog, floor.shop)
    assert OrderCode("B-7") not in expected(floor.dialog, floor.shop)


def test_a_planned_order_of_another_work_center_is_not_shown(packing: Floor) -> None:
    operations = (RoutingOperation("10", "MIX", "Mix"),)
    packing.absorb(RoutingDefined(material="ROLL", revision=1, operations=operations))
    packing.absorb(OrderPlanned(order="B-8", revision=1, material="ROLL", quantity=pcs("1")))
    assert "B-8" not in numbers(packing)


def test_the_next_operation_sees_an_order_arrive(packing: Floor) -> None:
    assert numbers(packing) == ["B-6", "B-2"]
    assert (told(packing, "B-2").standing, told(packing, "B-2").came) == (
        "waits",
        Came("10", "Mix and bake", 0),
    )
    packing.absorb(REPORT)
    assert numbers(packing) == ["B-2", "B-6"]
    assert (told(packing, "B-2").standing, told(packing, "B-2").came) == (
        "ready",
        Came("10", "Mix and bake", 80_000_000),
    )
    packing.badge("anna")
    packing.open("B-2")
    assert packing.told == ("ok", "order_opened")
    assert told(packing, "B-2").came is None


def test_who_is_on_it_elsewhere(floor: Floor) -> None:
    start = at("BAKE-2", OperationStarted(**B2))
    floor.absorb(start)
    join = at("BAKE-2", OperatorJoined(order="B-2", operation="10", operator="paul"))
    floor.absorb(join)
    assert told(floor, "B-2").elsewhere == (("BAKE-2", ("Paul Lind",)),)
    floor.badge("anna")
    floor.open("B-2")
    assert told(floor, "B-2").elsewhere == (("BAKE-2", ("Paul Lind",)),)
    known = next(iter(floor.order("B-2").joins.values()))
    floor.absorb(at("BAKE-2", OperatorLeft(of=known.id, order="B-2", operation="10")))
    assert told(floor, "B-2").elsewhere == (("BAKE-2", ()),)


@pytest.mark.parametrize(
    ("need", "used", "lacks"),
    [
        ("60", "0", ()),
        ("505", "0", ()),  # 500 and 5 are fresh; 150 are past their day
        ("545", "0", (Lack("Wheat flour", 40_000_000, "KGM"),)),
        ("545", "5", (Lack("Wheat flour", 40_000_000, "KGM"),)),
    ],
)
def test_what_is_short_of_the_stock_that_is_known(
    floor: Floor, need: str, used: str, lacks: tuple[Lack, ...]
) -> None:
    operation = RoutingOperation("10", "MIX", "Mix")
    lines = (line("1", "WHEAT", kg(need)), line("2", "WATER", kg("9"), backflush=True))
    floor.absorb(released("Q-1", "ROLL", pcs("10"), (operation,), lines))
    if used != "0":
        consumed = MaterialConsumed(
            order="Q-1", operation="10", material="WHEAT", lot="W-204", quantity=kg(used), line="1"
        )
        floor.absorb(consumed)
    assert told(floor, "Q-1").lacks == lacks


def test_a_substitute_in_stock_is_not_short(floor: Floor) -> None:
    operation = RoutingOperation("10", "MIX", "Mix")
    lines = (line("1", "SEEDS", kg("100"), substitutes=("WHEAT",)),)
    floor.absorb(released("Q-1", "ROLL", pcs("10"), (operation,), lines))
    assert told(floor, "Q-1").lacks == ()


def test_rework_that_waits_here_is_told(floor: Floor) -> None:
    rework = MaterialDisposed(
        order="B-2",
        operation="10",
        material="LOAF",
        quantity=pcs("12"),
        disposition="rework",
        rework_operation="10",
    )
    floor.absorb(at("PACK-1", rework))
    assert told(floor, "B-2").rework == 12_000_000


@pytest.mark.parametrize("way", ["scan", "number", "arrows"])
def test_an_order_is_opened_by_scan_by_number_or_by_arrows(floor: Floor, way: str) -> None:
    floor.badge("anna")
    if way == "scan":
        floor.open("B-2")
    elif way == "number":
        floor.type("b-2")
    else:
        floor.key("down")
        floor.key("enter")
    assert (floor.told, floor.dialog.order) == (("ok", "order_opened"), "B-2")


def test_only_held_orders_are_no_work(floor: Floor) -> None:
    floor.shop.orders = {"B-5": floor.order("B-5")}
    floor.badge("anna")
    assert numbers(floor) == ["B-5"]
    assert floor.said.next == "Wait for the office to release an order, or scan a traveller."
