"""What a station may forget, that nothing is lost by it, and that a power cut in between is none."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.journal import Journal, retention, store
from kiosk.journal.retention_plan import CONDEMNED_EVENTS_MAX, Held, Limits, Plan, plan
from kiosk.journal.salvage_read import PAGE_BYTES
from kiosk.journal.writer import Turn
from sync.domain.events import (
    DowntimeEnded,
    Event,
    EventReversed,
    HelpCalled,
    LabelPrinted,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    OperationEnded,
    OperationStarted,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderClosed,
    OrderReopened,
    StockCounted,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb
from sync.wire import Mark, encode, recorded
from tests.kiosk.journal.journals import mark_at, opened, rows, sign_in
from tests.sync.domain.event_strategies import histories

TODAY = date(2026, 11, 22)
OLD, NEW = "2026-09-01T06:00:00.000+02:00", "2026-11-20T06:00:00.000+01:00"
WORK_CENTERS = ("MIX", "BAKE")
STATIONS = ("MIX-1", "MIX-2")
PEOPLE = ("anna", "ben")


def folded(events: Sequence[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def planned(events: Sequence[Event], held: Held | None = None, **limits: int | None) -> Plan:
    told = Limits(
        TODAY,
        limits.get("seq") or 0,
        limits.get("local") or len(events) + 1,
        limits.get("printed"),
    )
    numbered = [(local, recorded(event)) for local, event in enumerate(events, 1)]
    shop, held = folded(events), held or Held()
    retention.without_retired(shop, held.retired)
    return plan(shop, numbered, held, told)


def kept(events: Sequence[Event], made: Plan) -> list[Event]:
    gone = set(made.locals)
    return [event for local, event in enumerate(events, 1) if local not in gone]


def emptied(events: Sequence[Event], draw: st.DataObject) -> list[Event]:
    """Counts that bring some of the lots to nothing, and closures of some of the orders."""
    shop, more = folded(events), list[Event]()
    for lots in shop.stock.values():
        for lot in lots.values():
            if draw.draw(st.booleans()):
                more += [
                    StockCounted(
                        material=lot.material,
                        lot=lot.lot,
                        place=place,
                        expected=Quantity(f"{micros / 1_000_000:.6f}", unit),
                        counted=Quantity("0", unit),
                    )
                    for place, amounts in lot.held.items()
                    for unit, micros in amounts.items()
                ]
    for number in ("B-1", "B-2"):
        if draw.draw(st.booleans()):
            more.append(OrderClosed(order=number, revision=9))
    return [stamped(event, id=f"c{number}") for number, event in enumerate(more)]


def facts(shop: Shop, made: Plan) -> list[object]:
    """All that a station asks of its shop, but for what the plan takes out whole."""
    stock = {
        (material, lot): held
        for material, lots in shop.stock.items()
        for lot, held in lots.items()
        if (material, lot) not in made.lots
    }
    serials = [
        (material, serial, order)
        for used in (shop.serials, shop.serials_made)
        for material, of in sorted(used.items())
        for serial, orders in sorted(of.items())
        for order in sorted(orders)
        if order and order not in made.orders
    ]
    orders = {number: one for number, one in shop.orders.items() if number not in made.orders}
    return [
        orders,
        stock,
        serials,
        [shop.materials, shop.boms, shop.routings, shop.work_centers],
        [shop.operators, shop.reasons, shop.numbers, shop.sessions],
        [shop.down(one) for one in WORK_CENTERS],
        [shop.calls([one]) for one in WORK_CENTERS],
        [shop.labels_made(one) for one in STATIONS],
        [shop.last_act(one) for one in STATIONS],
        [shop.last_act(one, person) for one in STATIONS for person in PEOPLE],
        [shop.handovers, shop.reviews],
    ]


@settings(max_examples=60, deadline=None)
@given(histories(size_max=40), st.data())
def test_the_shop_of_what_is_kept_tells_the_same(history: list[Event], data: st.DataObject) -> None:
    history = [
        stamped(event, at=data.draw(st.sampled_from([OLD, OLD, OLD, NEW]))) for event in history
    ]
    events = history + [stamped(event, at=OLD) for event in emptied(history, data)]
    printed = data.draw(st.none() | st.integers(0, len(events)))
    made = planned(events, printed=printed)
    rest = kept(events, made)
    shop = folded(rest)
    retention.without_retired(shop, made.left)
    assert facts(shop, made) == facts(folded(events), made)
    again = planned(rest, Held({}, frozenset(made.left)))
    least = folded(kept(rest, again))
    retention.without_retired(least, again.left)
    assert facts(least, again) == facts(shop, again)


def test_what_ends_a_stop_closes_no_call_for_help() -> None:
    called = HelpCalled(id="e1", at=OLD, station="MIX-1", work_center="MIX")
    ended = DowntimeEnded(id="e2", at=OLD, station="MIX-1", of="e1", work_center="MIX")
    newest = OperatorSignedIn(id="e3", at=OLD, station="MIX-1", operator="anna")
    events: list[Event] = [called, ended, newest]
    assert kept(events, planned(events, printed=None)) == events


def test_an_order_goes_whole_and_its_output_in_stock_stays() -> None:
    events: list[Event] = [
        MaterialReceived(material="FLOUR", lot="W-1", quantity=Quantity("5", "KGM")),
        MaterialReceived(material="FLOUR", lot="W-2", quantity=Quantity("5", "KGM")),
        OperationStarted(order="B-1", operation="10"),
        MaterialConsumed(
            order="B-1", operation="10", material="FLOUR", lot="W-1", quantity=Quantity("5", "KGM")
        ),
        MaterialConsumed(
            order="B-1", operation="10", material="FLOUR", lot="W-2", quantity=Quantity("1", "KGM")
        ),
        MaterialProduced(
            order="B-1",
            operation="10",
            material="BREAD",
            lot="B-1",
            quantity=Quantity("9", "C62"),
            label="7",
        ),
        LabelPrinted(label="7", of="e6", order="B-1"),
        OperationEnded(order="B-1", operation="10", of="e3"),
        OrderClosed(order="B-1", revision=1),
    ]
    events = [stamped(one, id=f"e{n}", at=OLD, station="MIX-1") for n, one in enumerate(events, 1)]
    made = planned(events)
    assert made.locals == [1, 3, 4, 7, 8, 9], "the flour that is used up, and the order"
    assert (set(made.orders), set(made.lots), made.left) == ({"B-1"}, {("FLOUR", "W-1")}, ["B-1"])
    shop = folded(kept(events, made))
    assert shop.labels_made("MIX-1") == 7
    retention.without_retired(shop, made.left)
    assert not shop.orders


@pytest.mark.parametrize(
    "why",
    ["new", "unsafe", "newest", "reopened", "open"],
)
def test_what_holds_an_order(why: str) -> None:
    events: list[Event] = [
        OperationStarted(order="B-1", operation="10", id="e1", at=OLD),
        OrderClosed(order="B-1", revision=1, id="e2", at=NEW if why == "new" else OLD),
    ]
    if why == "reopened":
        events.append(OrderReopened(order="B-1", revision=2, id="e3", at=OLD))
    if why == "open":
        del events[1]
    held = Held({"e1": 5}) if why == "unsafe" else Held()
    made = planned(events, held, seq=4, local=2 if why == "newest" else None)
    assert made.locals == []
    assert planned(events[:1] + events[1:2], Held({"e1": 5}), seq=5).locals == (
        [1, 2] if why in ("unsafe", "newest", "reopened") else []
    )


def test_sessions_and_revisions_without_effect_go() -> None:
    events: list[Event] = [
        OperatorSignedIn(operator="anna", n=1),
        OperatorSignedOut(operator="anna", n=2, of="e1"),
        OperatorSignedIn(operator="ben", n=3),
        MaterialDefined(material="FLOUR", revision=1, name="Flour", unit="KGM"),
        MaterialDefined(material="FLOUR", revision=2, name="Flour", unit="KGM"),
    ]
    events = [stamped(one, id=f"e{n}", at=OLD, station="MIX-1") for n, one in enumerate(events, 1)]
    assert planned(events).locals == [1, 2, 4]


def test_a_reversal_outlasts_what_it_reverses() -> None:
    received = MaterialReceived(material="F", lot="W", quantity=Quantity("5", "KGM"), act="a")
    last = MaterialReceived(material="F", lot="X", quantity=Quantity("5", "KGM"), act="b", n=9)
    events: list[Event] = [received, EventReversed(of="a"), last]
    events = [stamped(one, id=f"e{n}", at=OLD, station="MIX-1") for n, one in enumerate(events, 1)]
    assert planned(events).locals == [1, 2]
    events[0] = stamped(events[0], at=NEW)
    assert planned(events).locals == []


def test_a_plan_that_is_too_large_is_cut_between_units() -> None:
    events: list[Event] = []
    for number in ("B-1", "B-2"):
        started = OperationStarted(order=number, operation="10", at=OLD)
        made = [stamped(started, id=f"{number}-{n}") for n in range(CONDEMNED_EVENTS_MAX - 1)]
        events += [*made, OrderClosed(order=number, revision=1, id=number, at=OLD)]
    first = planned(events)
    assert first.locals == list(range(1, CONDEMNED_EVENTS_MAX + 1))
    assert planned(kept(events, first)).locals == list(range(1, CONDEMNED_EVENTS_MAX + 1))


def worked(journal: Journal, count: int) -> None:
    """Orders of long ago, all of them closed by the office."""
    for number in range(count):
        order = f"B-{number}"
        journal.append([OperationStarted(order=order, operation="10", at=OLD)]).result()
        ended = OperationEnded(order=order, operation="10", at=OLD)
        journal.append([ended, stamped(ended, operation="20")]).result()
        closed = OrderClosed(
            id=f"closed {number}", order=order, revision=1, at=OLD, station="office"
        )
        journal.absorb([encode(closed)], mark_at(number)).result()


def acknowledged(journal: Journal) -> int:
    """The server has all; the last seq."""
    (found,) = rows(
        journal.folder, "SELECT seq, lower(hex(digest)) FROM place ORDER BY seq DESC LIMIT 1"
    )
    mark = Mark(int(str(found[0])), str(found[1]))
    assert journal.acknowledge(mark, "one")
    return mark.seq


def test_own_events_go_up_to_safe_and_the_chain_is_followed_from_there(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 20)
        last = acknowledged(journal)
        assert journal.retire(0, TODAY) == 0
        before = journal.unsent(0)
        assert journal.retire(31, TODAY) == 40, "ten orders with what the office said of them"
        batch = journal.unsent(0)
        assert (batch.low.seq, batch.after, batch.incarnation) == (31, before.after, "one")
        journal.verify()
        assert journal.retire(31, TODAY) == 0
        assert sorted(journal.shop().orders) == sorted(f"B-{n}" for n in range(10, 20))
        assert journal.acknowledge(Mark(30, batch.low.digest), "one")
        assert journal.waiting() == last - 30
        assert len(journal.unsent(100).bodies) == last - 30
        assert not journal.acknowledge(Mark(30, "00"), "one")
    with opened(tmp_path) as journal:
        assert journal.unsent(0).low == batch.low
        assert journal.unsent(100).after.seq == 30
        journal.verify()
        assert len(journal.export(tmp_path / "own.jsonl").__str__()) > 0


def test_nothing_beyond_what_the_server_confirmed_goes(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 5)
        assert journal.retire(99, TODAY) == 0
        acknowledged(journal)
        journal.append([sign_in()]).result()
        assert journal.retire(99, TODAY) == 20 - 4, "the last act could be undone"


def test_a_server_before_all_that_is_held_moves_the_mark_to_where_it_begins(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 10)
        acknowledged(journal)
        origin = journal.origin
        journal.retire(15, TODAY)
        low = journal.unsent(0).low
        assert low.seq == 16
        assert journal.acknowledge(Mark(3, "00" * 32), "two")
        batch = journal.unsent(100)
        assert (batch.after, batch.low) == (Mark(15, low.digest), low)
        assert (len(batch.bodies), batch.incarnation) == (15, ""), "it did not confirm 15"
        assert journal.origin == origin


def test_all_places_but_the_newest_may_go(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 5)
        journal.append([sign_in()]).result()
        last = acknowledged(journal)
        journal.retire(last, TODAY)
        for _ in range(2):
            journal.retire(last, TODAY + timedelta(days=400))
        low = journal.unsent(0).low.seq
        assert low > 10
        journal.verify()
        new = journal.fork()
        batch = journal.unsent(100)
        assert (batch.origin, batch.low.seq, batch.after.seq) == (new, 1, 0)
        assert len(batch.bodies) == last - low + 1
        journal.verify()
        (record,) = journal.append([sign_in()]).result()
        journal.verify()
        assert journal.unsent(100).bodies[-1] == record.body


def test_a_fork_waits_for_what_is_being_retired(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 300)
        acknowledged(journal)
        origin = journal.origin
        made = _condemned(journal, 600)
        journal.fork()
        assert journal.origin != origin
        journal.verify()
        assert rows(tmp_path, "SELECT count(*) FROM kept WHERE name = 'retiring'") == [(0,)]
        assert len(journal.unsent(2_000).bodies) == 300
        assert journal.local() - len(made.locals) == len(list(journal.replay()))


def _condemned(journal: Journal, safe: int) -> Plan:
    """Settle what may go and delete nothing of it, as a power cut leaves it."""
    shop, local = journal.folded()
    with journal.readers.reading() as connection:
        limits = retention.limits(connection, TODAY, safe, local)
        held = retention.held(connection, journal.origin)
    made = plan(shop, journal._between(1, local), held, limits)
    origin = journal.origin
    assert journal._writer.do(
        Turn.UPKEEP,
        lambda connection, head: retention.condemn(connection, head, origin, made, limits),
    ).result()
    return made


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 5, 6])
def test_a_power_cut_in_between_is_finished_before_anything_is_folded(
    tmp_path: Path, steps: int
) -> None:
    with opened(tmp_path / "live") as journal:
        worked(journal, 120)
        acknowledged(journal)
        made = _condemned(journal, 330)
        assert len(made.locals) == 440
        for _ in range(steps):
            journal._writer.do(Turn.UPKEEP, retention.retire_step).result()
        journal._writer.do(Turn.ACT, lambda *_: None).result()
        shutil.copytree(journal.folder, tmp_path / "cut")
        (tmp_path / "cut" / "journal.lock").unlink()
    with opened(tmp_path / "cut") as journal:
        journal.fork()
        journal.verify()
        assert sorted(journal.shop().orders) == sorted(f"B-{n}" for n in range(110, 120))
        assert len(list(journal.replay())) == 40
        assert rows(tmp_path / "cut", "SELECT count(*) FROM kept WHERE name LIKE 'retiring%'") == [
            (0,)
        ]


def test_a_plan_is_dropped_if_the_order_is_reopened_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 3)
        acknowledged(journal)
        shop, local = journal.folded()
        with journal.readers.reading() as connection:
            limits = retention.limits(connection, TODAY, 8, local)
            held = retention.held(connection, journal.origin)
        made = plan(shop, journal._between(1, local), held, limits)
        reopened = OrderReopened(id="again", order="B-1", revision=2, station="office")
        journal.absorb([encode(reopened)], mark_at(9)).result()
        assert retention.carry_out(journal._writer, journal.origin, made, limits) == 0
        assert journal.retire(8, TODAY) == 4
        assert sorted(journal.shop().orders) == ["B-1", "B-2"]


def test_what_a_fault_broke_off_is_finished_by_the_next_retirement(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 120)
        acknowledged(journal)
        _condemned(journal, 330)
        assert journal.retire(330, TODAY) == 0, "all of it was condemned before"
        assert sorted(journal.shop().orders) == sorted(f"B-{n}" for n in range(110, 120))
        assert rows(tmp_path, "SELECT name FROM kept WHERE name LIKE 'retiring%'") == []


def test_the_image_serves_the_next_start_after_events_went(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 10)
        acknowledged(journal)
        shop, local = journal.folded()
        assert journal.save_image(shop, local)
        assert journal.retire(27, TODAY) == 36
        held, reached = journal.folded()
        assert reached == local
        (tmp_path / "shop.image").unlink()
        fresh, _ = journal.folded()
        assert fresh.orders.keys() <= held.orders.keys()
        assert (fresh.stock, fresh.sessions) == (held.stock, held.sessions)


def test_acts_go_on_while_events_go(tmp_path: Path) -> None:
    with opened(tmp_path) as journal:
        worked(journal, 200)
        acknowledged(journal)
        made = _condemned(journal, 590)
        deleting = journal._writer.do_steps(Turn.UPKEEP, retention.retire_step)
        acts = [journal.append([sign_in()]) for _ in range(20)]
        assert [len(act.result()) for act in acts] == [1] * 20
        assert deleting.result()
        assert len(made.locals) > store.FORK_PLACES_MAX
        journal.verify()


def test_what_was_retired_is_not_told_as_missing_though_its_end_is_lost(tmp_path: Path) -> None:
    """The page that says where the places begin is overwritten: salvage asks the places."""
    with opened(tmp_path) as journal:
        worked(journal, 120)
        acknowledged(journal)
        assert journal.retire(330, TODAY) == 440
        origin = journal.origin
        held = len(rows(tmp_path, "SELECT 1 FROM place"))
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name='meta'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * PAGE_BYTES : root * PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(content)
    with opened(tmp_path) as journal:
        assert journal.salvaged
        assert (journal.salvaged.missing, journal.salvaged.old_origin) == (0, origin)
        assert len(journal.unsent(1_000).bodies) == held + 1
        journal.verify()
