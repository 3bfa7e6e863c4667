"""A piece counts once: however often, where and in which order of arrival it was finished."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import (
    Event,
    EventReversed,
    LotStatusSet,
    MaterialConsumed,
    MaterialProduced,
    MaterialReceived,
    NumbersGranted,
    OperationReported,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Lot, Shop, absorb

WHERE: dict[str, Any] = {"order": "B-1", "operation": "20"}


def pcs(amount: int) -> Quantity:
    return Quantity(str(amount), "C62")


def done(number: int, station: str, serials: tuple[str, ...], count: int = 0) -> list[Event]:
    """One DONE: output reported and into stock, numbered or not."""
    good = pcs(count or len(serials))
    report = OperationReported(**WHERE, good=good, serials=serials)
    made = MaterialProduced(**WHERE, material="BOX", lot="B-1", quantity=good, serials=serials)
    return [
        stamped(event, id=f"{number}-{place}", act=f"a{number}", n=number, station=station)
        for place, event in enumerate((report, made))
    ]


def folded(events: list[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def counts(shop: Shop) -> tuple[int, int, int]:
    """Good of the order, its output of the lot, and the lot's stock, in pieces."""
    order, lot = shop.orders["B-1"], shop.stock["BOX"]["B-1"]
    out = order.outputs.get("BOX", {}).get("B-1", {}).get("C62", 0)
    return order.good_at("20") // 10**6, out // 10**6, lot.micros // 10**6


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([("MIX-1", ("S1",), 0), ("PACK-2", ("S1",), 0)], 1),
        ([("MIX-1", ("S1", "S2"), 0), ("PACK-2", ("S2", "S3"), 0)], 3),
        ([("MIX-1", ("S1", "S1"), 0)], 1),
        ([("MIX-1", ("S1",), 5), ("PACK-2", ("S1",), 5)], 9),  # the others have no number
        ([("MIX-1", (), 5), ("PACK-2", (), 5)], 10),
        ([("MIX-1", ("S1", "S2"), 1), ("PACK-2", ("S1", "S2"), 1)], 2),  # numbers beyond the count
    ],
)
def test_pieces_told_twice_are_counted_once(
    acts: list[tuple[str, tuple[str, ...], int]], expected: int
) -> None:
    events = [
        one for n, (at, serials, count) in enumerate(acts) for one in done(n, at, serials, count)
    ]
    assert counts(folded(events)) == (expected, expected, expected)


@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(("MIX-1", "PACK-2", "PACK-3")),
            st.sets(st.sampled_from(("S1", "S2", "S3")), min_size=1, max_size=3),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_each_piece_in_effect_counts_once_in_every_order_of_arrival(
    acts: list[tuple[str, set[str], bool]], data: st.DataObject
) -> None:
    events: list[Event] = []
    standing: set[str] = set()
    for number, (station, serials, undone) in enumerate(acts):
        events += done(number, station, tuple(sorted(serials)))
        if undone:
            events.append(EventReversed(id=f"r{number}", of=f"a{number}", order="B-1"))
        else:
            standing |= serials
    shop, again = folded(events), folded(data.draw(st.permutations(events)))
    assert again == shop
    if standing:
        assert counts(shop) == (len(standing),) * 3
        assert {name for name, held in shop.stock["BOX"]["B-1"].serials.items() if held} == standing
    else:
        assert "B-1" not in shop.orders
        assert not shop.stock


def test_a_piece_told_at_two_places_is_taken_from_the_named_ones() -> None:
    made = MaterialProduced(**WHERE, material="BOX", lot="B-1", quantity=pcs(1), serials=("S1",))
    events: list[Event] = [
        stamped(made, id=place, act=place, place=place, lot="B-1") for place in ("A1", "A2")
    ]
    lots = [folded(some).stock["BOX"]["B-1"] for some in (events, events[::-1])]
    assert lots[0] == lots[1]
    assert (lots[0].micros, sum(lots[0].places.values())) == (10**6, 10**6)


def received(number: int, lot: str, expiry: str) -> Event:
    return MaterialReceived(
        id=f"r{number}", act=f"r{number}", material="FLOUR", lot=lot, quantity=pcs(2), expiry=expiry
    )


def test_the_order_of_taking_is_kept_true_by_every_event() -> None:
    shop = Shop()
    used = MaterialConsumed(**WHERE, material="FLOUR", lot="L-1", quantity=pcs(1))
    told: list[tuple[Event, list[str]]] = [
        (received(1, "L-1", "2026-12-01"), ["L-1"]),
        (received(2, "L-2", "2026-11-30"), ["L-2", "L-1"]),
        (stamped(used, id="c1", act="c1"), ["L-2", "L-1"]),
        (stamped(used, id="c2", act="c2"), ["L-2"]),
        (EventReversed(id="u1", of="c2"), ["L-2", "L-1"]),
        (
            LotStatusSet(id="s1", material="FLOUR", lot="L-2", revision=1, status="blocked"),
            ["L-1"],
        ),
        (received(3, "L-1", "2026-11-01"), ["L-1"]),
        (
            LotStatusSet(id="s2", material="FLOUR", lot="L-2", revision=2, status="available"),
            ["L-1", "L-2"],
        ),
        (EventReversed(id="u2", of="r3"), ["L-2", "L-1"]),
    ]
    for event, names in told:
        absorb(shop, event)
        assert [lot.lot for lot in shop.fefo("FLOUR")] == names
        assert all(
            isinstance(lot, Lot) and lot is shop.lot("FLOUR", lot.lot) for lot in shop.fefo("FLOUR")
        )
        assert shop.fefo("FLOUR", "KGM") == ()


def granted(number: int, origin: str, first: int, last: int, kind: str = "unit") -> Event:
    return NumbersGranted(id=f"g{number}", origin=origin, kind=kind, first=first, last=last)


def test_numbers_of_another_origin_are_never_used_and_ranges_follow_each_other() -> None:
    shop = folded(
        [
            granted(1, "old", 1, 100),
            granted(2, "new", 101, 103),
            granted(3, "new", 201, 202),
            granted(4, "new", 104, 104),
            granted(5, "new", 7, 9, kind="label"),
            granted(6, "new", 9, 8),
        ]
    )
    used: list[int] = []
    while (number := shop.next_number("new", "unit", used)) is not None:
        assert shop.numbers_left("new", "unit", used) == 6 - len(used)
        used.append(number)
    assert used == [101, 102, 103, 104, 201, 202]
    assert shop.numbers_left("new", "unit", [*used, 5, 300]) == 0
    assert shop.next_number("none", "unit") is None
    assert shop.numbers_granted() == {"unit": 202, "label": 9}
