"""What an order's lines need and used, and how much is tolerated."""

import pytest

from sync.domain.events import (
    MaterialReturned,
    OrderChanged,
    OrderPlanned,
    ReleasedLine,
)
from sync.domain.order import evolve
from sync.domain.quantity import Quantity
from tests.sync.domain.order_examples import BOLT, FLOUR, ONE, RELEASE, SALT, order_of, used


def test_a_line_s_state_counts_waste_in_consumption_and_not_as_issue() -> None:
    order = order_of(
        [
            RELEASE,
            used("u1", "FLOUR", "50", line="1"),
            used("u2", "FLOUR", "1", "BAG", line="1", lot="L-2"),
            used("u3", "SPELT", "4000", "GRM", line="1", lot="L-3"),
            used("u4", "FLOUR", "5", line="1", lot="L-2", scrapped=True),
            used("u5", "FLOUR", "1", "LTR", line="1"),
            MaterialReturned(
                id="b1",
                order="B-1",
                operation="10",
                material="FLOUR",
                lot="L-1",
                line="1",
                quantity=Quantity("10", "KGM"),
            ),
        ]
    )
    flour = order.lines("10")[0]
    assert (flour.need, flour.consumed, flour.waste) == (100 * ONE, 74 * ONE, 5 * ONE)
    assert (flour.issued, flour.remaining) == (69 * ONE, 31 * ONE)
    assert (flour.tolerated, flour.limit) == (102 * ONE, 110 * ONE)
    assert flour.lots == {"L-1": 40 * ONE, "L-2": 30 * ONE, "L-3": 4 * ONE}
    assert flour.other == {"LTR": ONE}
    assert order.consumed == {
        "FLOUR": {"L-1": {"KGM": 40 * ONE, "LTR": ONE}, "L-2": {"BAG": ONE, "KGM": 5 * ONE}},
        "SPELT": {"L-3": {"GRM": 4000 * ONE}},
    }
    assert order.waste == {"FLOUR": {"KGM": 5 * ONE}}


def test_use_that_names_no_line_reconciles_itself_when_the_release_arrives() -> None:
    order = order_of(
        [
            used("u1", "FLOUR", "30"),
            used("u2", "SALT", "1", operation=""),
            used("u3", "FLOUR", "5", line="gone"),
            used("u4", "SUGAR", "9"),
        ]
    )
    assert order.all_lines() == ()
    evolve(order, RELEASE)
    assert {state.line.line: state.consumed for state in order.all_lines()} == {
        "1": 35 * ONE,
        "2": ONE,
        "3": 0,
    }
    assert order.lines("10")[0].remaining == 65 * ONE


def test_need_for_what_is_reported_is_exact_and_rounded_up() -> None:
    order = order_of([RELEASE])
    assert order.need_for(FLOUR, 480 * ONE) == 48 * ONE
    assert order.need_for(BOLT, ONE) == 2 * ONE
    assert order.need_for(BOLT, 2 * ONE) == 3 * ONE
    assert order.need_for(SALT, 0) == 0
    third = ReleasedLine(line="9", material="YEAST", name="Yeast", quantity=Quantity("1", "KGM"))
    assert order.need_for(third, 333 * ONE) == 333_000
    thousand = order_of(
        [
            RELEASE,
            OrderChanged(
                id="x", order="B-1", revision=2, material="BREAD", quantity=Quantity("3000", "C62")
            ),
        ]
    )
    assert thousand.need_for(third, ONE) == 1_000
    assert thousand.need_for(third, 1) == 1


@pytest.mark.parametrize(
    ("tolerance", "limit", "told"),
    [
        ("0", "110", (100, 100, 110)),
        ("2.5", "100", (97.5, 102.5, 100)),
        ("much", "more", (100, 100, 100)),
        ("-5", "-1", (100, 100, 100)),
        ("", "", (100, 100, 100)),
    ],
)
def test_tolerances_that_are_no_numbers_are_none(
    tolerance: str, limit: str, told: tuple[float, float, float]
) -> None:
    planned = OrderPlanned(
        id="p1",
        order="B-1",
        revision=0,
        material="DOUGH",
        quantity=Quantity("100", "KGM"),
        tolerance_percent=tolerance,
        limit_percent=limit,
    )
    order = order_of([planned])
    assert (order.lowest / ONE, order.highest / ONE, order.limit / ONE) == told
