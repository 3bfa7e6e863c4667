"""The checker against totals worked out by hand, with the lines in any order."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kiosk.demo.checker import OrderTotals, Totals, totals, unprinted

Json = dict[str, Any]


def kg(amount: str) -> Json:
    return {"amount": amount, "unit": "KGM"}


def pcs(amount: str) -> Json:
    return {"amount": amount, "unit": "C62"}


def one(number: int, kind: str, act: str = "", **fields: Any) -> Json:
    made = {"type": kind, "id": f"e{number:02d}", "order": "B-1", "operation": "10", **fields}
    return {**made, "act": act} if act else made


def used(number: int, act: str, lot: str, amount: str, **fields: Any) -> Json:
    quantity = kg(amount)
    made = one(number, "MaterialConsumed", act, material="WHEAT", lot=lot, quantity=quantity)
    return {**made, **fields}


def made(number: int, act: str, amount: str) -> Json:
    return one(number, "MaterialProduced", act, material="ROLL", lot="B-1", quantity=pcs(amount))


RELEASED = one(
    1,
    "OrderReleased",
    revision=1,
    material="ROLL",
    quantity=pcs("1000"),
    tolerance_percent="2",
    operations=[{"operation": "10"}, {"operation": "20"}],
)
CHANGED = one(2, "OrderChanged", revision=2, material="ROLL", quantity=pcs("900"))
STARTED = one(3, "OperationStarted", "a1")
SHIFT = [
    RELEASED,
    CHANGED,
    STARTED,
    one(4, "MaterialReceived", material="WHEAT", lot="W-204", quantity=kg("500")),
    used(5, "a2", "W-204", "12.5"),
    used(6, "a3", "W-204", "0.5", scrapped=True),
    used(7, "a4", "W-190", "40"),
    one(8, "EventReversed", "a5", of="a4"),
    one(9, "MaterialReturned", "a6", material="WHEAT", lot="W-204", quantity=kg("2.25")),
    one(10, "OperationReported", "a7", good=pcs("480"), scrap=pcs("12"), reason="BURNT"),
    made(11, "a7", "480"),
    one(12, "LabelPrinted", "a7", label="1", of="e11"),
    one(
        13,
        "StockCounted",
        "a8",
        material="WHEAT",
        lot="W-204",
        expected=kg("489.25"),
        counted=kg("489"),
    ),
    used(14, "a9", "", "1", material="BOARD", serial="BD-1001", quantity=pcs("1")),
    one(15, "OperatorSignedIn", "a0", operator="anna"),
    made(16, "a10", "20"),
    one(17, "EventReversed", "a11", of="a10"),
    one(18, "MaterialDisposed", "a12", material="ROLL", quantity=pcs("3"), disposition="scrap"),
]


def lines(events: list[Json]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


def held(found: Totals) -> dict[tuple[str, str, str], str]:
    return {key: str(amount) for key, amount in found.stock.items() if amount}


@given(st.permutations(SHIFT), st.lists(st.sampled_from(SHIFT), max_size=4))
def test_any_order_of_lines_and_any_repetition_gives_the_totals(
    shuffled: list[Json], again: list[Json]
) -> None:
    found = totals(lines([*shuffled, *again]))
    assert dict(found.orders) == {
        "B-1": OrderTotals(
            material="ROLL",
            planned=Decimal(900),
            tolerance_percent=Decimal(0),
            operations=("10", "20"),
            good=Decimal(480),
            scrap=Decimal(15),
            released=True,
            started=True,
        )
    }
    assert found.orders["B-1"].status == "partial"
    assert found.consumed_by("W-204", "B-1", "KGM") == Decimal("10.75")
    assert found.consumed_by("W-190", "B-1", "KGM") == 0
    assert found.consumed_by("BD-1001", "B-1", "C62") == 1
    assert found.consumed_by("W-204", "B-2", "KGM") == 0
    assert found.lots_consumed() == 2
    assert held(found) == {
        ("WHEAT", "W-204", "KGM"): "489.00",
        ("ROLL", "B-1", "C62"): "480",
        ("BOARD", "", "C62"): "-1",
    }
    assert set(found.produced) == {"e11"}
    assert found.completed() == 0


STATUSES: list[tuple[str, list[Json]]] = [
    ("unknown", []),
    ("planned", [{**RELEASED, "type": "OrderPlanned"}]),
    ("released", [RELEASED]),
    ("started", [RELEASED, STARTED]),
    ("started", [RELEASED, STARTED, one(5, "OperationEnded", "a2", of="e03")]),
    ("released", [RELEASED, STARTED, one(4, "EventReversed", "a2", of="a1")]),
    ("partial", [RELEASED, STARTED, made(5, "a2", "1")]),
    ("completed", [RELEASED, one(5, "OperationEnded", "a2", operation="20")]),
    (
        "partial",
        [
            RELEASED,
            made(5, "a1", "9"),
            one(6, "OperationEnded", "a2", operation="20"),
            one(7, "EventReversed", "a3", of="a2"),
        ],
    ),
    ("held", [RELEASED, STARTED, one(5, "OrderHeld", revision=1)]),
    (
        "started",
        [
            RELEASED,
            STARTED,
            one(5, "OrderHeld", revision=1),
            one(4, "OrderResumed", revision=2),
        ],
    ),
    ("cancelled", [RELEASED, one(5, "OrderCancelled", revision=1)]),
    (
        "closed",
        [
            RELEASED,
            one(5, "OperationEnded", "a2", operation="20"),
            one(6, "OrderClosed", revision=1),
            one(7, "OrderHeld", revision=1),
        ],
    ),
    (
        "completed",
        [
            RELEASED,
            one(5, "OperationEnded", "a2", operation="20"),
            one(6, "OrderClosed", revision=1),
            one(7, "OrderReopened", revision=2),
        ],
    ),
]


@given(st.sampled_from(STATUSES), st.randoms(use_true_random=False))
def test_a_status_is_worked_out_from_what_is_there(case: tuple[str, list[Json]], dice: Any) -> None:
    status, events = case
    shuffled = list(events)
    dice.shuffle(shuffled)
    assert totals(lines(shuffled)).orders["B-1"].status == status


def test_units_are_kept_apart() -> None:
    found = totals(
        lines(
            [
                used(1, "a1", "W-204", "1"),
                used(2, "a2", "W-204", "500", quantity={"amount": "500", "unit": "GRM"}),
            ]
        )
    )
    assert found.consumed_by("W-204", "B-1", "KGM") == 1
    assert found.consumed_by("W-204", "B-1", "GRM") == 500


def test_amounts_are_exact() -> None:
    found = totals(lines([used(n, f"a{n}", "W-204", "0.1") for n in range(1, 11)]))
    assert found.consumed_by("W-204", "B-1", "KGM") == Decimal(1)


def test_completed_orders_and_consumed_lots_are_counted() -> None:
    ended = one(5, "OperationEnded", "a2", operation="20")
    second = [{**event, "id": f"{event['id']}x", "order": "B-2"} for event in (RELEASED, ended)]
    returned = one(8, "MaterialReturned", "a6", material="WHEAT", lot="W-204", quantity=kg("1"))
    found = totals(lines([RELEASED, ended, *second, used(7, "a4", "W-204", "1"), returned]))
    assert found.completed() == 2
    assert found.lots_consumed() == 0


def test_types_that_nobody_knows_do_no_harm() -> None:
    assert totals(lines([{"type": "SpindleWarmed", "id": "x", "act": "a1"}])) == Totals()


def test_an_output_wants_its_label_once() -> None:
    outputs = [{**made(number, f"a{number}", "1"), "label": str(number)} for number in range(1, 6)]
    outputs.append(made(6, "a6", "1"))
    told = [
        one(11, "LabelPrinted", "a1", label="1", of="e01"),
        one(12, "LabelDoubted", "a2", label="2", of="e02"),
        one(13, "EventReversed", "a13", of="a3"),
        one(14, "LabelPrinted", "a14", label="9", of="e99"),
    ]
    assert unprinted(lines([*told, *outputs])) == {"e04", "e05"}
    assert unprinted([]) == set()


def test_units_and_copies_want_labels_and_outputs_on_pallets_none() -> None:
    events = [
        {**one(1, "OrderReleased", ""), "label": {"label": "per_pallet"}, "order": "B-9"},
        {**made(2, "a2", "1"), "label": "1", "order": "B-9"},
        one(3, "UnitClosed", "a3", unit="U-1"),
        one(4, "UnitClosed", "a4", unit="U-2"),
        one(5, "LabelPrinted", "a5", label="U-2", of="e04", n=5),
        one(6, "LabelRequested", "a6", label="U-2", of="e04", n=6),
        one(7, "LabelRequested", "a7", label="U-3", of="e99", n=7),
        one(8, "LabelPrinted", "a8", label="U-3", of="e99", request="e07", n=8),
        one(9, "LabelRequested", "a9", label="U-4", of="e98", n=9),
        one(10, "LabelVoided", "a10", label="U-4", of="e98", n=10),
    ]
    assert unprinted(lines(events)) == {"e03", "e06"}
