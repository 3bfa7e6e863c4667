"""Stock: what events move, lots below zero, units side by side, places, expiry and status."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from sync.domain.events import (
    Event,
    EventReversed,
    LotStatusSet,
    MaterialConsumed,
    MaterialDisposed,
    MaterialMoved,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperatorSignedIn,
    StockCounted,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Lot, Shop, absorb
from sync.domain.stock import Movement, movements

ONE = 1_000_000


def kg(amount: str) -> Quantity:
    return Quantity(amount, "KGM")


def received(
    name: str,
    amount: str,
    unit: str = "KGM",
    *,
    lot: str = "L",
    place: str = "A1",
    expiry: str = "",
) -> MaterialReceived:
    return MaterialReceived(
        id=name,
        act=name,
        material="FLOUR",
        lot=lot,
        quantity=Quantity(amount, unit),
        place=place,
        expiry=expiry,
    )


def consumed(name: str, amount: str, unit: str = "KGM", *, serial: str = "") -> MaterialConsumed:
    return MaterialConsumed(
        id=name,
        act=name,
        order="B-1",
        operation="10",
        material="FLOUR",
        lot="L",
        quantity=Quantity(amount, unit),
        serial=serial,
    )


def produced(name: str, amount: str, *, lot: str = "L", expiry: str = "") -> MaterialProduced:
    return MaterialProduced(
        id=name,
        act=name,
        order="B-1",
        operation="10",
        material="FLOUR",
        lot=lot,
        quantity=kg(amount),
        expiry=expiry,
        serials=("S1", "S2"),
        place="B1",
    )


def held(name: str, lot: str = "L") -> MaterialDisposed:
    return MaterialDisposed(
        id=name,
        act=name,
        order="B-1",
        operation="10",
        material="FLOUR",
        lot=lot,
        quantity=kg("3"),
        disposition="hold",
    )


MOVED = MaterialMoved(
    id="m", act="m", material="FLOUR", lot="L", quantity=kg("4"), source="A1", destination="B1"
)
COUNTED = StockCounted(
    id="c", act="c", material="FLOUR", lot="L", expected=kg("10"), counted=kg("9.5"), place="A1"
)
RETURNED = MaterialReturned(
    id="b",
    act="b",
    order="B-1",
    operation="10",
    material="FLOUR",
    lot="L",
    quantity=kg("1"),
    place="A1",
)
BLOCKED = LotStatusSet(id="x1", material="FLOUR", lot="L", revision=1, status="blocked")
FREED = LotStatusSet(id="x2", material="FLOUR", lot="L", revision=2, status="available")


def shop_of(events: Sequence[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def lot_of(*events: Event) -> Lot:
    lot = shop_of(events).lot("FLOUR", "L")
    assert lot is not None
    return lot


@pytest.mark.parametrize(
    ("events", "micros", "places"),
    [
        ([received("r", "25")], 25 * ONE, {"A1": 25 * ONE}),
        ([received("r", "25"), consumed("u", "5")], 20 * ONE, {"A1": 20 * ONE}),
        ([consumed("u", "5")], -5 * ONE, {"": -5 * ONE}),
        ([received("r", "3"), consumed("u", "5")], -2 * ONE, {"": -2 * ONE}),
        ([received("r", "25"), MOVED], 25 * ONE, {"A1": 21 * ONE, "B1": 4 * ONE}),
        (
            [received("r", "25"), MOVED, consumed("u", "22")],
            3 * ONE,
            {"B1": 3 * ONE},
        ),
        ([received("r", "10"), COUNTED], 9_500_000, {"A1": 9_500_000}),
        ([COUNTED], -500_000, {"A1": -500_000}),
        ([received("r", "10"), consumed("u", "2"), RETURNED], 9 * ONE, {"A1": 9 * ONE}),
        ([produced("p", "7")], 7 * ONE, {"B1": 7 * ONE}),
        ([held("h")], 3 * ONE, {"": 3 * ONE}),
        ([received("r", "2"), consumed("u", "500", "GRM")], 1_500_000, {"A1": 1_500_000}),
    ],
)
def test_what_events_move(events: list[Event], micros: int, places: dict[str, int]) -> None:
    for arrival in permutations(events):
        lot = lot_of(*arrival)
        assert (lot.micros, lot.places) == (micros, places)


def test_units_that_do_not_convert_stand_side_by_side() -> None:
    lot = lot_of(received("r1", "25"), received("r2", "1", "BAG"), received("r3", "500", "GRM"))
    assert lot.amounts == {"KGM": 25 * ONE, "BAG": ONE, "GRM": 500 * ONE}
    assert (lot.unit, lot.micros, lot.other) == ("BAG", ONE, {"KGM": 25 * ONE, "GRM": 500 * ONE})
    lot = lot_of(received("r1", "25"), received("r2", "1", "BAG"), consumed("u", "1"))
    assert (lot.unit, lot.micros, lot.other) == ("KGM", 24 * ONE, {"BAG": ONE})


def test_the_earliest_expiry_told_counts_until_it_is_reversed() -> None:
    events: list[Event] = [
        received("r1", "1", expiry="2026-05-01"),
        received("r2", "1"),
        received("r3", "1", expiry="2026-04-01"),
    ]
    reversal = EventReversed(id="z", act="z", of="r3")
    for arrival in permutations(events):
        assert lot_of(*arrival).expiry == "2026-04-01"
    for arrival in permutations([*events, reversal]):
        assert lot_of(*arrival).expiry == "2026-05-01"
    assert lot_of(received("r2", "1")).expiry == ""


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([received("r", "1")], "available"),
        ([received("r", "1"), BLOCKED], "blocked"),
        ([received("r", "1"), BLOCKED, FREED], "available"),
        ([FREED, BLOCKED], "available"),
        ([received("r", "1"), held("h")], "blocked"),
        ([held("h"), FREED], "available"),
        ([received("r", "1"), held("h"), EventReversed(id="z", act="z", of="h")], "available"),
    ],
)
def test_the_status_of_a_lot(events: list[Event], status: str) -> None:
    for arrival in permutations(events):
        assert lot_of(*arrival).status == status


def test_output_on_hold_without_a_lot_is_a_lot_of_the_order() -> None:
    shop = shop_of([held("h", lot="")])
    lot = shop.lot("FLOUR", "B-1-HOLD")
    assert lot is not None
    assert (lot.micros, lot.status) == (3 * ONE, "blocked")
    assert shop.fefo("FLOUR") == ()


def test_serials_come_and_go() -> None:
    made, used = produced("p", "2"), consumed("u", "1", serial="S1")
    assert lot_of(made).serials == {"S1": 1, "S2": 1}
    assert lot_of(used, made).serials == {"S2": 1}
    assert lot_of(used).serials == {"S1": -1}


def test_a_lot_is_known_by_its_coming_and_not_by_its_use() -> None:
    assert lot_of(consumed("u", "1")).known == 0
    assert lot_of(consumed("u", "1"), received("r", "1")).known == 1


def test_a_lot_that_nothing_in_effect_tells_of_is_gone() -> None:
    shop = shop_of([received("r", "1"), EventReversed(id="z", act="z", of="r")])
    assert shop.stock == {}


def test_first_expiry_first() -> None:
    shop = shop_of(
        [
            received("r1", "1", lot="LATE", expiry="2026-05-01"),
            received("r2", "1", lot="NEVER"),
            received("r3", "1", lot="SOON", expiry="2026-04-01"),
            received("r4", "1", "BAG", lot="BAGS", expiry="2026-04-02"),
            received("r5", "0", lot="EMPTY", expiry="2026-01-01"),
            received("r6", "1", lot="L", expiry="2026-01-01"),
            BLOCKED,
        ]
    )
    assert [lot.lot for lot in shop.fefo("FLOUR")] == ["SOON", "BAGS", "LATE", "NEVER"]
    assert [lot.lot for lot in shop.fefo("FLOUR", "KGM")] == ["SOON", "LATE", "NEVER"]
    assert shop.fefo("SALT") == ()


def test_movements_of_one_event() -> None:
    assert movements(MOVED) == (
        Movement("FLOUR", "L", "A1", "KGM", -4 * ONE),
        Movement("FLOUR", "L", "B1", "KGM", 4 * ONE),
    )
    assert movements(COUNTED) == (
        Movement("FLOUR", "L", "A1", "KGM", 9_500_000),
        Movement("FLOUR", "L", "A1", "KGM", -10 * ONE),
    )
    assert movements(OperatorSignedIn(id="a")) == ()
