"""The shop: each event once, acts and reversals, master data, sessions, and what is asked of it."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpAnswered,
    HelpCalled,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationEnded,
    OperationStarted,
    OperatorDefined,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderHeld,
    OrderReleased,
    ReleasedLine,
    RoutingOperation,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb

ONE_KILO = Quantity("1", "KGM")


def shop_of(events: Sequence[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def released(
    number: str, *, priority: int = 50, due: str = "", work_center: str = "MIX", material: str = ""
) -> OrderReleased:
    line = ReleasedLine(
        line="1", material=material or "FLOUR", name="", quantity=ONE_KILO, substitutes=("SPELT",)
    )
    return OrderReleased(
        id=f"r-{number}",
        order=number,
        revision=1,
        material="BREAD",
        name="Bread",
        quantity=Quantity("10", "C62"),
        priority=priority,
        due=due,
        operations=(RoutingOperation(operation="10", work_center=work_center, name="Mix"),),
        lines=(line,),
    )


def started(name: str, number: str, station: str = "S") -> OperationStarted:
    return OperationStarted(id=name, act=name, order=number, operation="10", station=station)


def ended(name: str, number: str, of: str) -> OperationEnded:
    return OperationEnded(id=name, act=name, order=number, operation="10", of=of, station="S")


def consumed(
    name: str, *, act: str = "", n: int = 0, who: str = "", serial: str = ""
) -> MaterialConsumed:
    return MaterialConsumed(
        id=name,
        act=act or name,
        n=n,
        station="S",
        operator=who,
        order="B-1",
        operation="10",
        material="FLOUR",
        lot="L",
        quantity=ONE_KILO,
        serial=serial,
    )


def numbers(orders: Sequence[object]) -> list[str]:
    return [getattr(order, "number", "") for order in orders]


def test_an_event_is_absorbed_once() -> None:
    shop = Shop()
    assert absorb(shop, consumed("a"))
    assert not absorb(shop, consumed("a"))
    assert shop.orders["B-1"].consumed == {"FLOUR": {"L": {"KGM": 1_000_000}}}


def test_a_reversal_takes_out_the_whole_act_and_nothing_that_is_not_reversible() -> None:
    signed = OperatorSignedIn(id="s", act="x", station="S", operator="anna")
    events = [
        consumed("a", act="x"),
        consumed("b", act="x"),
        consumed("c", act="y"),
        signed,
        EventReversed(id="z", act="w", of="x"),
    ]
    first = shop_of(events)
    assert first.orders["B-1"].consumed == {"FLOUR": {"L": {"KGM": 1_000_000}}}
    assert first.signed_in("S") == {"anna": signed}
    assert all(shop_of(arrival) == first for arrival in permutations(events))


def test_a_reversal_cannot_be_reversed_and_redo_is_a_new_act() -> None:
    events = [
        consumed("a", act="x"),
        EventReversed(id="z", act="y", of="x"),
        EventReversed(id="zz", act="w", of="y"),
    ]
    assert shop_of(events).orders == {}
    assert shop_of([*events, consumed("b", act="v")]).orders["B-1"].facts == 1


def test_a_correction_is_reversed_without_what_it_reversed_coming_back() -> None:
    correction = [
        EventReversed(id="z", act="y", of="x"),
        stamped(consumed("b", act="y"), quantity=Quantity("2", "KGM")),
    ]
    shop = shop_of([consumed("a", act="x"), *correction, EventReversed(id="zz", act="w", of="y")])
    assert (shop.orders, shop.stock) == ({}, {})


def test_events_without_an_act_are_out_of_reach_of_reversals() -> None:
    receipt = MaterialReceived(id="r", material="FLOUR", lot="L", quantity=ONE_KILO)
    shop = shop_of([receipt, EventReversed(id="z", act="w", of="")])
    assert shop.stock["FLOUR"]["L"].micros == 1_000_000


def test_the_last_act_is_the_latest_by_n_that_is_in_effect() -> None:
    one, two, three = (
        consumed("a", act="x", n=9, who="anna"),
        consumed("b", act="y", n=10, who="ben"),
        consumed("c", act="y", n=11, who="ben"),
    )
    shop = shop_of([three, one, two])
    assert shop.last_act("S") == (two, three)
    assert shop.last_act("S", "anna") == (one,)
    assert shop.last_act("S", "carla") == shop.last_act("T") == ()
    assert shop.station_acts == {"S": ["x", "y"]}
    assert shop.acts["y"] == [two, three]
    assert list(shop.acts) == ["y", "x"]
    assert len(shop.acts) == 2
    absorb(shop, EventReversed(id="z", act="w", of="y"))
    assert shop.last_act("S") == (one,)


def test_people_and_materials_are_found_by_what_is_scanned() -> None:
    anna = OperatorDefined(id="1", person="anna", revision=1, name="Anna", badge="A")
    lost = OperatorDefined(id="2", person="ben", revision=1, name="Ben", badge="B")
    new = OperatorDefined(id="3", person="ben", revision=2, name="Ben", badge="C")
    gone = OperatorDefined(id="4", person="carla", revision=1, name="C", badge="D", active=False)
    flour = MaterialDefined(
        id="5", material="FLOUR", revision=1, name="Flour", unit="KGM", gtin="4012345000016"
    )
    shop = shop_of([new, lost, anna, gone, flour])
    assert [shop.operator_of_badge(badge) for badge in "ABCD"] == [anna, None, new, None]
    assert shop.operator_of_badge("") is None
    assert shop.material_of_gtin("04012345000016") == flour
    assert shop.material_of_gtin("") is shop.material_of_gtin("000") is None
    assert shop.operators["ben"] == new


def test_a_session_is_the_latest_sign_in_unless_that_was_signed_out() -> None:
    one = OperatorSignedIn(id="1", n=1, station="S", operator="anna")
    two = OperatorSignedIn(id="2", n=5, station="S", operator="anna")
    out = OperatorSignedOut(id="3", n=6, station="S", operator="anna", of="2")
    early = OperatorSignedOut(id="4", n=4, station="S", operator="anna", of="1")
    assert shop_of([two, one]).sessions == {"S": {"anna": two}}
    assert shop_of([early, one, two]).sessions == {"S": {"anna": two}}
    assert shop_of([out, two, one]).sessions == {}


def test_open_orders_were_started_here_and_nobody_ended_them() -> None:
    events = [
        released("B-1", due="2026-03-09"),
        released("B-2", due="2026-03-06"),
        released("B-3"),
        started("s1", "B-1"),
        started("s2", "B-2"),
        started("s3", "B-3"),
        ended("e3", "B-3", "s3"),
        started("t4", "B-4", "T"),
        started("s5", "B-5"),
    ]
    shop = shop_of(events)
    assert numbers(shop.open_orders("S")) == ["B-2", "B-1", "B-5"]
    assert numbers(shop.open_orders("T")) == ["B-4"]


def test_an_order_ended_at_another_station_is_open_nowhere() -> None:
    shop = shop_of([started("s1", "B-1"), started("t1", "B-1", "T"), ended("e1", "B-1", "t1")])
    assert shop.open_orders("S") == shop.open_orders("T") == ()


def test_the_queue_goes_by_priority_due_and_number() -> None:
    shop = shop_of(
        [
            released("B-1"),
            released("B-2", due="2026-03-06"),
            released("B-3", priority=10),
            released("B-4", work_center="OVEN"),
            released("B-5"),
            OrderHeld(id="h", order="B-5", revision=1),
            released("B-6"),
            ended("e6", "B-6", ""),
            started("s7", "B-7"),
        ]
    )
    assert numbers(shop.queue(("MIX",))) == ["B-3", "B-2", "B-1", "B-5"]
    assert numbers(shop.queue(("MIX", "OVEN"))) == ["B-3", "B-2", "B-1", "B-4", "B-5"]
    assert shop.queue(()) == ()


def test_orders_that_need_a_material_have_something_left_of_it() -> None:
    shop = shop_of(
        [released("B-1"), released("B-2"), released("B-3", material="SALT"), consumed("a")]
    )
    assert numbers(shop.orders_needing("FLOUR")) == ["B-2"]
    assert numbers(shop.orders_needing("SPELT")) == ["B-2", "B-3"]
    assert shop.orders_needing("SUGAR") == ()


def test_lots_of_one_name_are_found_over_all_materials() -> None:
    shop = shop_of(
        [
            MaterialReceived(id="1", material="SALT", lot="L", quantity=ONE_KILO),
            MaterialReceived(id="2", material="FLOUR", lot="L", quantity=ONE_KILO),
            MaterialReceived(id="3", material="FLOUR", lot="K", quantity=ONE_KILO),
        ]
    )
    assert [lot.material for lot in shop.lots_named("L")] == ["FLOUR", "SALT"]
    assert shop.lots_named("X") == ()


def test_a_serial_is_used_until_it_is_returned_or_reversed() -> None:
    use = consumed("a", serial="S1")
    back = MaterialReturned(
        id="b",
        act="b",
        order="B-1",
        operation="10",
        material="FLOUR",
        lot="L",
        quantity=ONE_KILO,
        serial="S1",
    )
    assert shop_of([use]).serial_used("FLOUR", "S1") == "B-1"
    assert shop_of([use]).serial_used("SALT", "S1") == ""
    assert shop_of([back, use]).serial_used("FLOUR", "S1") == ""
    assert shop_of([EventReversed(id="z", act="z", of="a"), use]).serial_used("FLOUR", "S1") == ""


def produced(name: str, label: str) -> MaterialProduced:
    return MaterialProduced(
        id=name,
        act=name,
        station="S",
        order="B-1",
        operation="10",
        material="BREAD",
        lot="B-1",
        quantity=Quantity("5", "C62"),
        serials=("P1",),
        label=label,
    )


def test_serials_made_are_told_apart_from_serials_used() -> None:
    shop = shop_of([produced("a", "1")])
    assert (shop.serial_made("BREAD", "P1"), shop.serial_used("BREAD", "P1")) == ("B-1", "")


@pytest.mark.parametrize(
    ("labels", "made"),
    [([], 0), ([""], 0), (["1", "2"], 2), (["7"], 7), (["A-1", "B/2"], 2), (["²", "9" * 40], 2)],
)
def test_label_numbers_used_up(labels: list[str], made: int) -> None:
    events = [produced(str(number), label) for number, label in enumerate(labels)]
    assert shop_of(events).labels_made("S") == made
    assert shop_of([EventReversed(id="z", act="z", of="0"), *events]).labels_made("S") == made
    assert shop_of(events).labels_made("T") == 0


def test_stops_and_calls_are_open_until_closed() -> None:
    down = DowntimeStarted(id="d1", act="d1", n=1, work_center="MIX", reason="JAM")
    again = DowntimeStarted(id="d2", act="d2", n=3, work_center="MIX", reason="JAM")
    up = DowntimeEnded(id="u1", act="u1", n=2, of="d1", work_center="MIX")
    call = HelpCalled(id="h1", act="h1", work_center="MIX")
    answer = HelpAnswered(id="h2", act="h2", of="h1")
    assert shop_of([up, down]).down("MIX") is None
    assert shop_of([up, down, again]).down("MIX") == again
    assert shop_of([down]).down("OVEN") is None
    assert shop_of([call]).calls(("MIX",)) == (call,)
    assert shop_of([call]).calls(("OVEN",)) == ()
    assert shop_of([answer, call]).calls(("MIX",)) == ()
