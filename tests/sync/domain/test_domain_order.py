"""What is derived of an order: status, operations, output, people and labels."""

import pytest

from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    MaterialDisposed,
    MaterialProduced,
    OperationPaused,
    OperationResumed,
    OperationStarted,
    OperatorJoined,
    OperatorLeft,
    OrderCancelled,
    OrderChanged,
    OrderClosed,
    OrderHeld,
    OrderReleased,
    OrderReopened,
    OrderResumed,
    StepConfirmed,
)
from sync.domain.order import Status, evolve
from sync.domain.quantity import Quantity
from tests.sync.domain.order_examples import (
    ONE,
    OPERATIONS,
    PLANNED,
    RELEASE,
    ended,
    good,
    order_of,
    started,
    used,
)

HELD = OrderHeld(id="h1", order="B-1", revision=1)
CLOSED = OrderClosed(id="c1", order="B-1", revision=1)
ALL_ENDED = (ended("e1", "10"), ended("e2", "20"), ended("e3", "30"))


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([], Status.PLANNED),
        ([PLANNED], Status.PLANNED),
        ([PLANNED, RELEASE], Status.RELEASED),
        ([RELEASE, started("s1", "10")], Status.STARTED),
        ([RELEASE, used("u1", "FLOUR", "1")], Status.STARTED),
        ([started("s1", "10")], Status.STARTED),
        ([started("s1", "10"), ended("e1", "10", "s1")], Status.STARTED),
        ([RELEASE, started("s1", "10"), *ALL_ENDED[:2]], Status.STARTED),
        ([RELEASE, ended("e3", "30")], Status.COMPLETED),
        ([RELEASE, *ALL_ENDED], Status.COMPLETED),
        ([RELEASE, HELD], Status.HELD),
        ([RELEASE, HELD, OrderResumed(id="h2", order="B-1", revision=2)], Status.RELEASED),
        ([RELEASE, OrderResumed(id="h0", order="B-1", revision=1), HELD], Status.HELD),
        ([RELEASE, OrderResumed(id="h2", order="B-1", revision=1), HELD], Status.RELEASED),
        ([RELEASE, *ALL_ENDED, CLOSED], Status.CLOSED),
        ([RELEASE, HELD, CLOSED], Status.CLOSED),
        ([RELEASE, CLOSED, OrderReopened(id="c2", order="B-1", revision=2)], Status.RELEASED),
        ([RELEASE, OrderCancelled(id="c1", order="B-1", revision=1)], Status.CANCELLED),
    ],
)
def test_status(events: list[Event], status: Status) -> None:
    assert order_of(events).status == status
    assert order_of(events[::-1]).status == status


def test_an_order_released_without_a_routing_is_completed_by_any_end() -> None:
    bare = OrderReleased(
        id="r1", order="B-1", revision=1, material="X", name="X", quantity=Quantity("1", "C62")
    )
    assert order_of([bare, started("s1", "")]).status == Status.STARTED
    assert order_of([bare, ended("e1", "")]).status == Status.COMPLETED


def test_the_header_is_what_the_office_said_last_and_the_release_stays() -> None:
    changed = OrderChanged(
        id="x1",
        order="B-1",
        revision=2,
        material="BREAD",
        quantity=Quantity("500", "C62"),
        due="2026-04-01",
    )
    order = order_of([changed, RELEASE, PLANNED])
    assert (order.planned, order.unit, order.due, order.material) == (
        500 * ONE,
        "C62",
        "2026-04-01",
        "BREAD",
    )
    assert order.release == RELEASE
    assert [state.need for state in order.all_lines()] == [50 * ONE, ONE, 750 * ONE]


def test_an_order_unknown_here_counts_by_its_traveller() -> None:
    start = OperationStarted(
        id="s1", order="B-1", operation="10", material="BREAD", target=Quantity("200", "C62")
    )
    order = order_of([start, good("g1", "10", "80")])
    assert (order.material, order.quantity, order.unit) == ("BREAD", Quantity("200", "C62"), "C62")
    assert (order.good_at("10"), order.good_total, order.remaining("10")) == (
        80 * ONE,
        80 * ONE,
        120 * ONE,
    )
    assert order.lines("10") == ()
    known = evolve(order, RELEASE)
    assert (known.planned, known.quantity) == (1000 * ONE, RELEASE.quantity)


def test_operations_and_lines_of_the_release() -> None:
    order = order_of([RELEASE])
    assert order.operations == OPERATIONS
    assert order.operation("20") == OPERATIONS[1]
    assert order.operation("99") is None
    assert order.last_operation == OPERATIONS[2]
    assert [order.is_last(one.operation) for one in OPERATIONS] == [False, False, True]
    assert [[state.line.line for state in order.lines(name)] for name in ("10", "20", "30")] == [
        ["1", "2"],
        ["3"],
        [],
    ]


@pytest.mark.parametrize(
    ("events", "work_centers", "names"),
    [
        ([], ("SAW",), ["10"]),
        ([], ("MILL",), ["20"]),
        ([], ("PAINT",), []),
        ([started("s1", "10")], ("SAW", "MILL"), ["10"]),
        ([good("g1", "10", "5")], ("SAW", "MILL"), ["10", "20"]),
        ([ended("e1", "10")], ("SAW", "MILL"), ["20"]),
        ([ended("e1", "10")], ("SAW",), ["30"]),
        ([ended("e1", "10"), ended("e2", "20")], ("SAW", "MILL"), ["30"]),
        ([started("s3", "30")], ("SAW",), ["10", "30"]),
        (list(ALL_ENDED), ("SAW", "MILL"), []),
    ],
)
def test_what_can_be_worked_on(
    events: list[Event], work_centers: tuple[str, ...], names: list[str]
) -> None:
    found = order_of([RELEASE, *events]).next_operations(work_centers)
    assert [one.operation for one in found] == names


def test_starts_are_closed_by_the_end_that_names_them_or_by_one_that_names_none() -> None:
    one, two, three = (
        started("s1", "10", "S", 1),
        started("s2", "10", "T", 7),
        started("s3", "20", "S", 9),
    )
    order = order_of([one, two, three])
    assert order.open_starts() == (one, two, three)
    assert order.open_starts("S") == (one, three)
    assert (order.start_of("10"), order.start_of("10", "S"), order.start_of("30")) == (
        two,
        one,
        None,
    )
    evolve(order, ended("e1", "10", "s2"))
    assert (order.start_of("10"), order.start_of("10", "T"), order.is_ended("10")) == (
        one,
        None,
        True,
    )
    evolve(order, ended("e2", "10"))
    assert order.open_starts() == (three,)


def test_pauses_are_closed_by_the_resume_that_names_them() -> None:
    pause = OperationPaused(id="p1", n=2, order="B-1", operation="10", of="s1", reason="LUNCH")
    again = OperationPaused(id="p2", n=4, order="B-1", operation="10", of="s1")
    resume = OperationResumed(id="q1", n=3, order="B-1", operation="10", of="p1")
    assert order_of([pause]).is_paused("s1") == pause
    assert order_of([resume, pause]).is_paused("s1") is None
    assert order_of([resume, again, pause]).is_paused("s1") == again
    assert order_of([pause]).is_paused("s2") is None


def test_who_works_on_it() -> None:
    anna = OperatorJoined(id="j1", n=1, operator="anna", order="B-1", operation="10")
    again = OperatorJoined(id="j3", n=5, operator="anna", order="B-1", operation="20")
    ben = OperatorJoined(id="j2", n=2, operator="ben", order="B-1", operation="10")
    left = OperatorLeft(id="l1", order="B-1", operation="10", of="j2")
    assert order_of([anna, ben]).joined() == {"anna": anna, "ben": ben}
    assert order_of([left, anna, ben, again]).joined() == {"anna": again}
    assert order_of([anna, ended("e1", "10")]).joined() == {}


def test_output_and_scrap() -> None:
    order = order_of(
        [
            RELEASE,
            good("g1", "10", "480", "12"),
            good("g2", "10", "20"),
            good("g3", "30", "400"),
            MaterialProduced(
                id="m1",
                order="B-1",
                operation="30",
                material="BREAD",
                lot="B-1",
                quantity=Quantity("400", "C62"),
                serials=("S1",),
            ),
            MaterialDisposed(
                id="d1",
                order="B-1",
                operation="30",
                material="BREAD",
                quantity=Quantity("5", "C62"),
                disposition="scrap",
                reason="BURNT",
            ),
            MaterialDisposed(
                id="d2",
                order="B-1",
                operation="30",
                material="BREAD",
                quantity=Quantity("7", "C62"),
                disposition="rework",
                rework_operation="20",
            ),
        ]
    )
    assert [order.good_at(name) for name in ("10", "20", "30")] == [500 * ONE, 0, 393 * ONE]
    assert [order.scrap_at(name) for name in ("10", "20", "30")] == [12 * ONE, 0, 5 * ONE]
    assert (order.good_total, order.scrap_total) == (393 * ONE, 17 * ONE)
    assert [order.remaining(name) for name in ("10", "30")] == [500 * ONE, 607 * ONE]
    assert order.scrap_reasons == {"BURNT": {"C62": 17 * ONE}}
    assert order.rework == {"20": {"C62": 7 * ONE}}
    assert order.produced == {"B-1": {"C62": 400 * ONE}}
    assert order.serials_out == {"S1": {"m1": "BREAD"}}
    assert (order.lowest, order.highest, order.limit) == (990 * ONE, 1010 * ONE, 1100 * ONE)


def test_more_than_planned_leaves_nothing_to_do() -> None:
    assert order_of([RELEASE, good("g1", "10", "1200")]).remaining("10") == 0


def test_what_is_taken_out_leaves_no_trace() -> None:
    order = order_of([RELEASE, good("g1", "10", "5", "1"), used("u1", "FLOUR", "3", scrapped=True)])
    evolve(order, good("g1", "10", "5", "1"), -1)
    evolve(order, used("u1", "FLOUR", "3", scrapped=True), -1)
    assert order == order_of([RELEASE])


def test_steps_are_told_by_operation() -> None:
    step = StepConfirmed(id="t1", operator="anna", order="B-1", operation="10", step="Weigh")
    assert order_of([step]).steps == {"10": {"Weigh": {"t1": "anna"}}}


def test_labels_are_voided_before_printed_before_doubted() -> None:
    events: list[Event] = [
        LabelPrinted(id="1", order="B-1", label="17", of="m1"),
        LabelVoided(id="2", order="B-1", label="17", of="m1"),
        LabelDoubted(id="3", order="B-1", label="18/2", of="m2"),
        LabelPrinted(id="4", order="B-1", label="18/2", of="m2"),
        LabelDoubted(id="5", order="B-1", label="19.5", of="m3"),
        LabelRequested(id="6", order="B-1", label="18/2", of="m2", reason="torn"),
        LabelRequested(id="7", order="B-1", label="20", of="m4", reason="lost"),
    ]
    told = {"17": "voided", "18/2": "printed", "19.5": "doubted", "20": "requested"}
    assert order_of(events).label_states() == told
    assert order_of(events[::-1]).label_states() == told
