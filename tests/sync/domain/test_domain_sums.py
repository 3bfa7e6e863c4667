"""What an order derives once and keeps up is what it would derive afresh."""

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain.events import (
    Event,
    MaterialConsumed,
    MaterialReturned,
    OrderChanged,
    OrderReleased,
    ReleasedLine,
    stamped,
)
from sync.domain.order import Order, evolve
from sync.domain.quantity import Quantity
from tests.sync.domain.order_examples import BOLT, FLOUR, ONE, RELEASE, SALT, order_of, used

UNITS = ("KGM", "GRM", "BAG", "LTR", "C62")
LINES = ("1", "2", "3", "", "gone")
MATERIALS = ("FLOUR", "SPELT", "SALT", "BOLT", "SUGAR")


def amounts() -> st.SearchStrategy[Quantity]:
    texts = st.sampled_from(("1", "0.5", "0.333333", "-2", "12.5", "0"))
    return st.builds(Quantity, texts, st.sampled_from(UNITS))


def uses() -> st.SearchStrategy[Event]:
    named = {
        "order": st.just("B-1"),
        "operation": st.sampled_from(("10", "20", "")),
        "material": st.sampled_from(MATERIALS),
        "lot": st.sampled_from(("L-1", "L-2")),
        "quantity": amounts(),
        "line": st.sampled_from(LINES),
    }
    taken = st.builds(MaterialConsumed, **named, scrapped=st.booleans())
    return st.one_of(taken, st.builds(MaterialReturned, **named))


def plans() -> st.SearchStrategy[Event]:
    """Other quantities, and releases with other lines, two of them with one number."""
    lines = st.lists(st.sampled_from((FLOUR, SALT, BOLT, _renamed(BOLT))), max_size=4)
    released = lines.map(_released)
    changed = st.builds(
        OrderChanged,
        order=st.just("B-1"),
        revision=st.integers(0, 9),
        material=st.just("BREAD"),
        quantity=amounts(),
    )
    both = st.one_of(released, changed)
    return st.builds(_revised, both, st.integers(0, 9))


def _released(lines: Sequence[ReleasedLine]) -> OrderReleased:
    """A release whose lines are things of their own, as those that are read from bytes."""
    return msgspec.structs.replace(
        RELEASE, lines=tuple(msgspec.structs.replace(line) for line in lines)
    )


def _renamed(line: ReleasedLine) -> ReleasedLine:
    return msgspec.structs.replace(line, line=FLOUR.line)


def _revised(event: OrderReleased | OrderChanged, revision: int) -> Event:
    return stamped(event, revision=revision)


def answers(order: Order) -> list[object]:
    return [(line.need, order.use(line), order.issued(line)) for line in order.all_needs()]


def afresh(order: Order) -> Order:
    """The same facts, nothing derived yet."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order)


def told(events: Sequence[Event]) -> list[Event]:
    return [stamped(event, id=f"e{number:03d}") for number, event in enumerate(events)]


@settings(max_examples=100, deadline=None)
@given(events=st.lists(st.one_of(uses(), uses(), uses(), plans()), max_size=25))
def test_sums_kept_while_events_come_and_go_are_those_made_afresh(events: list[Event]) -> None:
    order, happened = order_of([RELEASE]), told(events)
    for event in happened:
        evolve(order, event)
        assert answers(order) == answers(afresh(order))
    for event in reversed(happened):
        if isinstance(event, MaterialConsumed | MaterialReturned):
            evolve(order, event, -1)
            assert answers(order) == answers(afresh(order))


@settings(max_examples=60, deadline=None)
@given(events=st.lists(st.one_of(uses(), plans()), max_size=12))
def test_the_short_answer_of_a_line_is_that_of_its_state(events: list[Event]) -> None:
    order = order_of([RELEASE, *told(events)])
    states = order.all_lines()
    assert [line.line for line in order.all_needs()] == [state.line for state in states]
    for line, state in zip(order.all_needs(), states, strict=True):
        assert order.use(line) == (state.consumed, state.waste)
        assert (line.need, line.tolerated, line.limit) == (
            state.need,
            state.tolerated,
            state.limit,
        )


def test_a_sum_follows_what_is_used_and_taken_back() -> None:
    order = order_of([RELEASE])
    (flour,) = [line for line in order.all_needs() if line.line is FLOUR]
    assert order.use(flour) == (0, 0)
    evolve(order, used("u1", "FLOUR", "50", line="1"))
    evolve(order, used("u2", "FLOUR", "5", line="1", scrapped=True))
    assert (order.use(flour), order.issued(flour)) == ((55 * ONE, 5 * ONE), 50 * ONE)
    evolve(order, used("u2", "FLOUR", "5", line="1", scrapped=True), -1)
    evolve(order, used("u3", "FLOUR", "1000", "GRM", line="1"))
    assert order.use(flour) == (51 * ONE, 0)
