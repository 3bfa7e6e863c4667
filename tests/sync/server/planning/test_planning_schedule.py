"""Finite-capacity scheduling: what holds of every schedule, and small ones as whole tables."""

import dataclasses
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.server.planning.calendar import Capacity
from sync.server.planning.schedule import Job, Schedule, Step, backward, forward
from tests.sync.server.planning.plans import (
    ALWAYS,
    NOW,
    ONE_SHIFT,
    TODAY,
    capacities,
    holds,
    jobs,
    midnight,
)

MONDAY = datetime.fromisoformat("2026-11-23T08:00")
HOUR = 3_600


def center(name: str = "SAW", places: int = 1, *closed: str) -> dict[str, Capacity]:
    days = frozenset(date.fromisoformat(day) for day in closed)
    return {name: Capacity(name, places, ONE_SHIFT, days)}


def order(
    name: str,
    *hours: float,
    priority: int = 50,
    due: date | None = None,
    after: tuple[str, ...] = (),
    begun: bool = False,
) -> Job:
    steps = tuple(
        Step(str(10 * n), "SAW", 0, one * HOUR, begun and n == 1) for n, one in enumerate(hours, 1)
    )
    return Job(name, priority, due, None, None, "", steps, after)


def told(plan: Schedule) -> list[str]:
    """Each slot as order, operation, begin, end and its reason."""
    return [
        f"{one.order} {one.operation} {one.begins:%a %H:%M}-{one.ends:%a %H:%M}"
        f" {one.reason.kind} {one.reason.by}".rstrip()
        for one in plan.slots
    ]


@settings(deadline=None)
@given(jobs(), capacities())
def test_forward_keeps_every_rule(of: tuple[Job, ...], centers: dict[str, Capacity]) -> None:
    holds(forward(of, centers, NOW), of, centers)


@settings(deadline=None)
@given(jobs(), capacities())
def test_backward_keeps_every_rule(of: tuple[Job, ...], centers: dict[str, Capacity]) -> None:
    holds(backward(of, centers, NOW), of, centers)


@settings(deadline=None)
@given(jobs(), capacities(), st.data())
def test_the_sequence_of_the_input_is_of_no_account(
    of: tuple[Job, ...], centers: dict[str, Capacity], chance: st.DataObject
) -> None:
    mixed = chance.draw(st.permutations(of))
    assert forward(mixed, centers, NOW) == forward(of, centers, NOW)


@settings(deadline=None)
@given(jobs(), capacities())
def test_no_operation_could_begin_sooner_where_it_stands(
    of: tuple[Job, ...], centers: dict[str, Capacity]
) -> None:
    """What waits for a place waits for a full one: without the others it would begin there."""
    plan = forward(of, centers, NOW)
    for slot in plan.slots:
        full = [wait for wait in slot.waits if wait.kind == "capacity"]
        assert len(full) <= 1
        for wait in full:
            others = [
                one
                for one in plan.at_work_center(slot.work_center)
                if one is not slot and one.begins < wait.until and one.ends > wait.since
            ]
            assert len(others) >= centers[slot.work_center].capacity


@settings(deadline=None)
@given(jobs(), capacities())
def test_the_most_urgent_order_begins_as_if_it_were_alone(
    of: tuple[Job, ...], centers: dict[str, Capacity]
) -> None:
    calm = [
        dataclasses.replace(
            one, after=(), steps=tuple(dataclasses.replace(s, begun=False) for s in one.steps)
        )
        for one in of
    ]
    first = dataclasses.replace(calm[-1], priority=0)
    together = forward([*calm[:-1], first], centers, NOW)
    assert together.of_order(first.order) == forward([first], centers, NOW).of_order(first.order)


@settings(deadline=None)
@given(jobs(), capacities())
def test_backward_begins_no_order_later_than_its_due_day_allows(
    of: tuple[Job, ...], centers: dict[str, Capacity]
) -> None:
    """What waits for its due day alone ends in time: nothing is made late by waiting."""
    alone = [dataclasses.replace(one, after=()) for one in of[:1]]
    late = backward(alone, centers, NOW)
    soon = forward(alone, centers, NOW)
    for one in alone:
        if (soon.slack_days(one.order) or 0) >= 0:
            assert (late.slack_days(one.order) or 0) >= 0
            assert late.ends[one.order] >= soon.ends[one.order]


FORWARD = [
    (
        "by priority, then due date, then number",
        [
            order("C", 2, due=TODAY + timedelta(days=1)),
            order("B", 2),
            order("A", 2, priority=60),
            order("D", 2, priority=10),
        ],
        center(),
        [
            "D 10 Mon 08:00-Mon 10:00 now",
            "C 10 Mon 10:00-Mon 12:00 capacity D",
            "B 10 Mon 12:00-Mon 14:00 capacity C",
            "A 10 Tue 06:00-Tue 08:00 capacity B",
        ],
    ),
    (
        "across the end of a shift, over a closed day",
        [order("A", 7), order("B", 6)],
        center("SAW", 1, "2026-11-24"),
        ["A 10 Mon 08:00-Wed 07:00 now", "B 10 Wed 07:00-Wed 13:00 capacity A"],
    ),
    (
        "side by side where there are two places",
        [order("A", 4), order("B", 2), order("C", 3)],
        center("SAW", 2),
        [
            "A 10 Mon 08:00-Mon 12:00 now",
            "B 10 Mon 08:00-Mon 10:00 now",
            "C 10 Mon 10:00-Mon 13:00 capacity B",
        ],
    ),
    (
        "one operation after the other",
        [order("A", 1, 2)],
        center("SAW", 2),
        ["A 10 Mon 08:00-Mon 09:00 now", "A 20 Mon 09:00-Mon 11:00 previous 10"],
    ),
    (
        "what is begun goes on, whatever is more urgent",
        [order("A", 3, priority=1), order("B", 2, priority=99, begun=True)],
        center(),
        ["B 10 Mon 08:00-Mon 10:00 now", "A 10 Mon 10:00-Mon 13:00 capacity B"],
    ),
    (
        "an order that an urgent one waits for is as urgent",
        [
            order("A", 1, priority=1, after=("P",)),
            order("B", 1, priority=5),
            order("P", 2, priority=90),
        ],
        center(),
        [
            "P 10 Mon 08:00-Mon 10:00 now",
            "A 10 Mon 10:00-Mon 11:00 order P",
            "B 10 Mon 11:00-Mon 12:00 capacity A",
        ],
    ),
    (
        "a gap before another order is used",
        [
            dataclasses.replace(order("A", 2, priority=1), ready=TODAY + timedelta(days=1)),
            order("B", 6),
            order("C", 1),
        ],
        center(),
        [
            "B 10 Mon 08:00-Mon 14:00 now",
            "A 10 Tue 06:00-Tue 08:00 material FLOUR",
            "C 10 Tue 08:00-Tue 09:00 capacity A",
        ],
    ),
    (
        "a circle of orders is opened at its most urgent",
        [order("A", 1, after=("B",)), order("B", 1, after=("A",))],
        center(),
        ["A 10 Mon 08:00-Mon 09:00 now", "B 10 Mon 09:00-Mon 10:00 order A"],
    ),
]


@pytest.mark.parametrize(("_rule", "of", "centers", "slots"), FORWARD, ids=[f[0] for f in FORWARD])
def test_forward_as_a_table(
    _rule: str, of: list[Job], centers: dict[str, Capacity], slots: list[str]
) -> None:
    named = [dataclasses.replace(one, ready_why="FLOUR" if one.ready else "") for one in of]
    assert told(forward(named, centers, MONDAY)) == slots


def test_backward_ends_with_the_due_day_and_goes_forward_where_it_is_too_late() -> None:
    of = [
        order("A", 2, 3, due=TODAY + timedelta(days=2)),
        order("B", 2, due=TODAY + timedelta(days=2)),
        order("C", 20, due=TODAY + timedelta(days=1)),
        order("D", 1),
        order("P", 4),
        order("Q", 1, due=TODAY + timedelta(days=4), after=("P",)),
    ]
    assert told(backward(of, center("SAW", 2), MONDAY)) == [
        "C 10 Mon 08:00-Wed 12:00 now",
        "D 10 Mon 08:00-Mon 09:00 now",
        "A 10 Wed 09:00-Wed 11:00 due A",
        "A 20 Wed 11:00-Wed 14:00 previous 10",
        "B 10 Wed 12:00-Wed 14:00 due B",
        "P 10 Fri 09:00-Fri 13:00 due P",
        "Q 10 Fri 13:00-Fri 14:00 order P",
    ]


def test_days_of_slack_count_from_the_day_of_the_end() -> None:
    of = [order(name, 3, due=TODAY + timedelta(days=n)) for n, name in enumerate("ABCDE", -1)]
    plan = forward(of, center(), MONDAY)
    assert [plan.slack_days(name) for name in "ABCDEX"] == [-1, 0, 0, 1, 1, None]


def test_an_end_at_midnight_is_that_of_the_day_before() -> None:
    always = {"SAW": Capacity("SAW", 1, ALWAYS)}
    plan = forward([order("A", 16, due=TODAY)], always, MONDAY)
    assert plan.ends["A"] == midnight(TODAY + timedelta(days=1))
    assert plan.slack_days("A") == 0


def test_what_no_work_center_works_on_is_told_and_not_planned() -> None:
    never = {"SAW": Capacity("SAW", 1, ((),) * 7)}
    plan = forward([order("A", 1), order("B", 1, after=("A",))], never, MONDAY)
    assert (plan.slots, plan.ends) == ((), {})
    assert [(k, r.kind, r.by) for k, r in plan.unplaced.items()] == [
        ("A", "calendar", "SAW"),
        ("B", "order", "A"),
    ]
    unknown = forward([order("A", 1)], {}, MONDAY)
    assert unknown.unplaced["A"].by == "SAW"


def test_what_ends_beyond_the_horizon_is_not_planned_and_hinders_nobody() -> None:
    far = dataclasses.replace(order("F", 1, priority=1), not_before=date.max)
    plan = forward([order("A", 10**9, priority=1), far, order("B", 1)], center(), MONDAY)
    assert sorted(plan.unplaced) == ["A", "F"]
    assert told(plan) == ["B 10 Mon 08:00-Mon 09:00 now"]


def test_an_order_without_operations_ends_when_its_materials_are_there() -> None:
    bare = Job("A", 1, date.max, None, TODAY + timedelta(days=2), "FLOUR", ())
    assert forward([bare], center(), MONDAY).ends["A"] == midnight(TODAY + timedelta(days=2))
    assert backward([bare], center(), MONDAY).ends["A"] == midnight(TODAY + timedelta(days=2))
