"""A piece with a serial number leaves its lot once, however many orders say that they took it."""

import random
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import Event, MaterialConsumed, MaterialReceived, MaterialReturned
from sync.domain.quantity import MICROS_PER_ONE, Quantity
from sync.domain.stock import Lot, Stock, book

MOTOR: Final[dict[str, Any]] = {"material": "MOTOR", "lot": "M-1"}
ONE = Quantity("1", "C62")
RECEIVED = MaterialReceived(**MOTOR, quantity=Quantity("3", "C62"), serials=("1", "2", "3"))


def taken(serial: str, order: str = "B-1", quantity: Quantity = ONE) -> Event:
    place: dict[str, Any] = {"order": order, "operation": "20"}
    return MaterialConsumed(**MOTOR, **place, quantity=quantity, serial=serial)


def given_back(serial: str, place: str = "") -> Event:
    where: dict[str, Any] = {"order": "B-1", "operation": "20", "place": place}
    return MaterialReturned(**MOTOR, **where, quantity=ONE, serial=serial)


def folded(events: Sequence[Event]) -> Lot:
    stock: Stock = {}
    for event in events:
        book(stock, event, 1)
    return stock["MOTOR"]["M-1"]


@pytest.mark.parametrize(
    ("events", "left", "here"),
    [
        ([taken("1")], 2, {"2", "3"}),
        ([taken("1"), taken("1", "B-2")], 2, {"2", "3"}),
        ([taken("1"), taken("1", "B-2"), taken("2")], 1, {"3"}),
        ([taken("1"), given_back("1"), taken("1")], 2, {"2", "3"}),
        ([taken("1"), taken("1"), given_back("1", "A")], 2, {"2", "3"}),
        ([taken("1"), taken("1"), given_back("1"), given_back("1")], 3, {"1", "2", "3"}),
        ([taken("1", quantity=Quantity("2", "C62"))], 1, {"2", "3"}),
        ([taken(""), taken("")], 1, {"1", "2", "3"}),
    ],
)
def test_what_is_left_of_a_lot_of_pieces(events: list[Event], left: int, here: set[str]) -> None:
    lot = folded([RECEIVED, *events])
    assert (lot.micros, {serial for serial, count in lot.serials.items() if count > 0}) == (
        left * MICROS_PER_ONE,
        here,
    )
    assert sum(lot.places.values()) == lot.micros


ACTS = st.lists(
    st.one_of(
        st.builds(taken, st.sampled_from(["1", "2"]), st.sampled_from(["B-1", "B-2"])),
        st.builds(given_back, st.sampled_from(["1", "2"]), st.sampled_from(["", "A"])),
    ),
    max_size=8,
)


@given(ACTS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_the_order_of_arrival_does_not_matter_and_what_is_undone_leaves_no_trace(
    acts: list[Event], dice: random.Random, undone: int
) -> None:
    shuffled = [RECEIVED, *acts]
    dice.shuffle(shuffled)
    assert folded(shuffled) == folded([RECEIVED, *acts])
    stock: Stock = {}
    for event in shuffled:
        book(stock, event, 1)
    for event in acts[:undone]:
        book(stock, event, -1)
    assert stock["MOTOR"]["M-1"] == folded([RECEIVED, *acts[undone:]])
