"""The smooth path, and what a restart finds again."""

from decimal import Decimal

from kiosk.dialog import Scanned, expected
from labels.codes import BadgeCode, Code, CommandCode, LotCode, OrderCode
from sync.domain.events import MaterialConsumed, MaterialProduced, OperationEnded, OperationReported
from sync.domain.order import Status
from tests.kiosk.dialog.bakery import Floor, pcs


def test_the_smooth_path_is_three_kinds_of_scan(floor: Floor) -> None:
    answers = []
    codes: tuple[Code, ...] = (
        BadgeCode("4402917386"),
        OrderCode("B-1"),
        *[LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM")] * 3,
        LotCode("Y-31", "YEAST"),
        CommandCode("DONE"),
    )
    for code in codes:
        floor.scan(code)
        said = floor.said
        answers.append((said.kind, said.word, said.what, said.next))
    assert answers == [
        (
            "ok",
            "HELLO",
            "Anna Berg is signed in at BAKE-1.",
            "Scan an order: Wheat roll B-1 is next.",
        ),
        (
            "ok",
            "OPEN",
            "Wheat roll B-1: 1000 PCS Mix and bake",
            "Scan Wheat flour: lot W-204 from A3, 60 KG to go.",
        ),
        (
            "ok",
            "IN",
            "Wheat flour W-204: 25 KG of 25 KG on label · 35 KG left",
            "Scan Wheat flour: lot W-204 from A3, 35 KG to go.",
        ),
        (
            "ok",
            "IN, NO. 2",
            "Wheat flour W-204: container 2 · 25 KG · 10 KG left",
            "Scan Wheat flour: lot W-204 from A3, 10 KG to go.",
        ),
        (
            "ok",
            "IN, NO. 3",
            "Wheat flour W-204: no. 3 · 10 KG of 25 KG · 0 KG left · 15 KG LEFT IN IT",
            "Scan Fresh yeast: lot Y-31 from C1, 2 KG to go.",
        ),
        (
            "ok",
            "IN",
            "Fresh yeast Y-31: 2 KG · 0 KG left",
            "Scan DONE when it is made: DONE = 1000 PCS.",
        ),
        (
            "ok",
            "ORDER DONE",
            "Wheat roll B-1: 1000 PCS good. The order is finished.",
            "Scan an order: Rye loaf B-2 is next.",
        ),
    ]
    assert [type(one).__name__ for one in floor.events] == [
        "OperatorSignedIn",
        "OperationStarted",
        "OperatorJoined",
        "MaterialConsumed",
        "MaterialConsumed",
        "MaterialConsumed",
        "MaterialConsumed",
        "OperationReported",
        "MaterialProduced",
        "OperationEnded",
    ]
    made = next(one for one in floor.events if isinstance(one, MaterialProduced))
    assert (made.lot, made.quantity, made.expiry, made.label) == (
        "B-1",
        pcs("1000"),
        "2026-11-25",
        "1",
    )
    assert floor.order("B-1").status is Status.COMPLETED
    assert {one.station for one in floor.events} == {"BAKE-1"}
    assert {one.operator for one in floor.events} == {"anna"}
    assert floor.dialog.order is None


def test_what_is_expected_finishes_every_released_order(floor: Floor) -> None:
    for _ in range(200):
        codes = expected(floor.dialog, floor.shop)
        if not codes:
            break
        floor.give(Scanned(codes[0], repr(codes[0]).encode()))
    done = {number for number, order in floor.shop.orders.items() if order.is_completed}
    assert done == {"B-1", "B-3", "B-4"}
    assert floor.order("B-2").is_ended("10")
    kinds = [type(one) for one in floor.events]
    assert kinds.count(OperationEnded) == 5
    assert MaterialConsumed in kinds
    assert OperationReported in kinds


def test_a_restart_is_in_the_same_order_step_and_quantity(work: Floor) -> None:
    work.wheat("25")
    work.type("12")
    work.command("SCRAP")
    work.reason("BURNT")
    work.type("3,5")
    before = work.dialog
    work.restart()
    after = work.dialog
    assert (after.person, after.order, after.operation) == ("anna", "B-1", "10")
    assert (after.number, after.scrap) == (before.number, before.scrap)
    assert after.body == "order"


def test_a_restart_without_memory_goes_by_what_runs(work: Floor) -> None:
    fresh = Floor(work.dialog.workplace, shop=work.shop)
    assert (fresh.dialog.person, fresh.dialog.order, fresh.dialog.operation) == (
        "anna",
        "B-1",
        "10",
    )


def test_a_restart_leaves_an_order_that_ended_meanwhile(work: Floor) -> None:
    start = next(iter(work.order("B-1").starts))
    work.absorb(OperationEnded(order="B-1", operation="10", of=start, station="BAKE-2"))
    work.restart()
    assert work.dialog.order is None
