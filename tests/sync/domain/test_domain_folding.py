"""State is a function of the set of events: any order of arrival, twice, or reversed first."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.events import (
    EVENT_TYPES,
    REVERSIBLE,
    Event,
    EventReversed,
    OrderHeader,
    OrderRegister,
    order_of,
    stamped,
)
from sync.domain.order import Order, Status, evolve
from sync.domain.shop import Shop, absorb
from sync.domain.trace import genealogy, links_of
from tests.sync.domain.event_strategies import NARROW, any_event, event_of, histories

slow = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)


def folded(events: list[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


@slow
@given(history=histories(), data=st.data())
def test_any_order_of_arrival_and_duplicates_give_the_same_state(
    history: list[Event], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else []
    shuffled = data.draw(st.permutations([*history, *again]))
    assert folded(shuffled) == folded(history)


@slow
@given(history=histories())
def test_reversals_first_last_or_with_their_targets_gone_tell_the_same(
    history: list[Event],
) -> None:
    reversals = [event for event in history if isinstance(event, EventReversed)]
    others = [event for event in history if not isinstance(event, EventReversed)]
    acts = {event.of for event in reversals} - {""}
    effective = [
        event for event in others if not (isinstance(event, REVERSIBLE) and event.act in acts)
    ]
    first, last, without = (
        folded([*reversals, *others]),
        folded([*others, *reversals]),
        folded(effective),
    )
    assert first == last
    assert (first.orders, first.stock, first.serials, first.serials_made) == (
        without.orders,
        without.stock,
        without.serials,
        without.serials_made,
    )
    assert (first.downtimes, first.downtime_ends, first.helps, first.help_answers, first.units) == (
        without.downtimes,
        without.downtime_ends,
        without.helps,
        without.help_answers,
        without.units,
    )


@slow
@given(history=histories(), data=st.data())
def test_what_evolve_adds_it_takes_out_again(history: list[Event], data: st.DataObject) -> None:
    kept = [event for event in history if order_of(event) == "B-1"]
    reversible = st.one_of([event_of(kind, NARROW) for kind in REVERSIBLE])
    passing = stamped(data.draw(reversible), id="passing")
    with_it, without = Order("B-1"), Order("B-1")
    for event in kept:
        evolve(with_it, event)
        evolve(without, event)
    evolve(with_it, passing)
    evolve(with_it, passing, -1)
    assert with_it == without


@slow
@given(events=st.lists(any_event(), max_size=4))
def test_any_well_formed_events_are_absorbed_and_asked_about(events: list[Event]) -> None:
    shop = folded(events)
    assert shop.seen == {event.id for event in events}
    for event in events:
        assert not absorb(shop, event)
    ask_everything(shop)


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=EVENT_TYPES)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_evolve_never_raises_on_any_type(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(event_of(kind))
    order = Order("B-1")
    assert evolve(order, event) is order
    if isinstance(event, REVERSIBLE):
        assert evolve(order, event, -1) == Order("B-1")


@slow
@given(history=histories())
def test_a_shop_round_trips_through_msgpack_and_answers_the_same(history: list[Event]) -> None:
    shop = folded(history)
    image = msgspec.msgpack.encode(shop)
    again = msgspec.msgpack.Decoder(Shop).decode(image)
    assert again == shop
    assert ask_everything(again) == ask_everything(shop)


@slow
@given(history=histories())
def test_a_round_tripped_shop_goes_on_as_the_first_one(history: list[Event]) -> None:
    half = len(history) // 2
    image = msgspec.msgpack.encode(folded(history[:half]))
    shop = msgspec.msgpack.Decoder(Shop).decode(image)
    for event in history[half:]:
        absorb(shop, event)
    assert shop == folded(history)


@slow
@given(history=histories())
def test_registers_hold_the_highest_revision_and_ties_go_by_id(history: list[Event]) -> None:
    for number, order in folded(history).orders.items():
        headers = [e for e in history if isinstance(e, OrderHeader) and e.order == number]
        holds = [
            e
            for e in history
            if isinstance(e, OrderRegister)
            and e.order == number
            and type(e).__name__ in ("OrderHeld", "OrderResumed")
        ]
        assert order.header == max(headers, key=lambda e: (e.revision, e.id), default=None)
        assert order.hold == max(holds, key=lambda e: (e.revision, e.id), default=None)


def ask_everything(shop: Shop) -> list[object]:
    """Every question that a shop and its orders answer; the answers are compared, not judged."""
    answers: list[object] = [shop.sessions, shop.station_acts]
    for station in ("MIX-1", "MIX-2"):
        answers += [
            shop.open_orders(station),
            shop.last_act(station),
            shop.last_act(station, "anna"),
            shop.labels_made(station),
            shop.signed_in(station),
        ]
    for material, lots in sorted(shop.stock.items()):
        answers += [shop.fefo(material), shop.fefo(material, "KGM"), shop.orders_needing(material)]
        for name, lot in sorted(lots.items()):
            answers += [lot.unit, lot.micros, lot.other, lot.expiry, lot.status, lot.places]
            assert sum(lot.places.values()) <= max(0, lot.micros) or "" in lot.places or lot.other
            answers += [shop.lots_named(name), shop.serial_used(material, "S1")]
    answers += [shop.queue(("MIX", "BAKE")), shop.down("MIX"), shop.calls(("MIX", "BAKE"))]
    answers += [shop.operator_of_badge("1"), shop.material_of_gtin("0401")]
    for order in shop.orders.values():
        answers += ask_order(order)
    links = [link for order in shop.orders.values() for link in links_of(order)]
    answers += [genealogy(links).up("DOUGH", "L-1"), genealogy(links).down("FLOUR", "L-1")]
    return answers


def ask_order(order: Order) -> list[object]:
    names = ["", "10", "20", *(one.operation for one in order.operations)]
    answers: list[object] = [order.material, order.quantity, order.unit, order.planned]
    answers += [order.is_completed, order.has_begun, order.good_total, order.scrap_total]
    answers += [order.lowest, order.highest, order.limit, order.joined(), order.label_states()]
    answers += [order.next_operations(("MIX", "BAKE")), order.all_lines(), order.open_starts()]
    assert order.status in Status
    for name in names:
        answers += [order.lines(name), order.good_at(name), order.scrap_at(name)]
        answers += [order.remaining(name), order.start_of(name), order.is_ended(name)]
        answers += [order.operation(name), order.is_last(name)]
    for state in order.all_lines():
        assert state.remaining >= 0
        answers += [state.tolerated, state.limit, order.need_for(state.line, 1_500_000)]
    answers += [order.is_paused(start) for start in order.starts]
    return answers
