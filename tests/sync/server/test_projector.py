"""The projector: live, rebuilt and shuffled give the same views; the feed tells whom it concerns."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.events import (
    DeviationReviewed,
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialProduced,
    MaterialReceived,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity, of_micros
from sync.domain.shop import Shop, absorb
from sync.server.ledger import read_after
from sync.server.projector import Projector
from sync.server.projector_state import decode_order
from sync.wire import decode
from tests.sync.server.histories import (
    CENTERS,
    ORDERS,
    Plant,
    Teller,
    kg,
    master_data,
    pcs,
    planned,
    release_of,
)

HISTORY = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MIX: dict[str, Any] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
PACK: dict[str, Any] = {"order": "B-1", "operation": "20", "work_center": "PACK"}


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    made.projector.catch_up()
    yield made
    made.close()


def told(plant: Plant) -> list[Event]:
    """Every event of the ledger, in its order."""
    rows = plant.database.read_now(lambda conn: read_after(conn, 0, 100_000))
    return [one for _, body in rows if isinstance(one := decode(body).event, Event)]


def shop_of(events: list[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def orders_of(plant: Plant) -> dict[str, Order]:
    return {number: decode_order(body) for number, body in plant.rows("SELECT * FROM order_state")}


def heard(plant: Plant, *scopes: str) -> list[Event]:
    """What a station in these scopes is told, in the order of the feed."""
    wanted = ", ".join(f"'{scope}'" for scope in scopes)
    rows = plant.rows(
        "SELECT body FROM feed JOIN event ON event.position = event_position"
        f" WHERE scope IN ({wanted}) ORDER BY feed.position"
    )
    return [one for (body,) in rows if isinstance(one := decode(body).event, Event)]


def grown(folder: str, seed: int, steps: int) -> Plant:
    plant = Plant(Path(folder))
    teller = Teller(plant, seed)
    teller.office_start()
    for _ in range(steps):
        teller.step()
    teller.finish()
    plant.projector.catch_up()
    return plant


@HISTORY
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 120))
def test_a_rebuild_gives_the_views_that_live_projection_gave(seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plant = grown(folder, seed, steps)
        before, fed = plant.views(), plant.rows("SELECT * FROM feed")
        position = plant.projector.rebuild()
        assert plant.views() == before
        assert plant.rows("SELECT * FROM feed") == fed
        assert position == plant.projector.position()
        plant.office(planned("B-9"))
        plant.projector.catch_up()
        assert plant.rows("SELECT status FROM order_view WHERE order_number = 'B-9'")
        plant.close()


@HISTORY
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 120))
def test_views_say_what_a_fold_of_all_events_says(seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plant = grown(folder, seed, steps)
        shop = shop_of(told(plant))
        assert orders_of(plant) == shop.orders
        stock = {
            (material, lot.lot): (lot.micros, lot.unit, lot.status, lot.expiry)
            for material, lots in shop.stock.items()
            for lot in lots.values()
        }
        rows = plant.rows("SELECT material, lot, micros, unit, status, expiry FROM stock")
        kept = {row[:2]: row[2:] for row in rows}
        assert {key: row for key, row in kept.items() if key in stock} == stock
        assert all(not row[0] for key, row in kept.items() if key not in stock)
        statuses = dict(plant.rows("SELECT order_number, status FROM order_view"))
        assert statuses == {number: str(order.status) for number, order in shop.orders.items()}
        plant.close()


@HISTORY
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 120))
def test_the_feed_tells_a_work_center_all_of_its_orders_and_lots(seed: int, steps: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plant = grown(folder, seed, steps)
        whole = shop_of(told(plant))
        for station, center in CENTERS.items():
            known = shop_of(heard(plant, "site", f"work_center:{center}", f"station:{station}"))
            for number in ORDERS:
                order = whole.orders.get(number)
                if order is not None and order.release is not None:
                    assert known.orders[number] == order, (station, number)
            if center == "MIX":
                for lot in ("W-1", "W-2"):
                    held = whole.stock.get("WHEAT", {}).get(lot)
                    if held is not None and held.micros:
                        assert known.stock["WHEAT"][lot].micros == held.micros
        plant.close()


def test_stock_falls_with_consumption_and_rises_with_output(plant: Plant) -> None:
    plant.office(MaterialReceived(material="WHEAT", lot="W-1", quantity=kg("50"), place="A3"))
    plant.tell("MIX-1", OperationStarted(**MIX))
    plant.tell("MIX-1", MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=kg("12.5")))
    good = MaterialProduced(**PACK, material="ROLL", lot="B-1", quantity=pcs("100"))
    plant.tell("PACK-1", OperationReported(**PACK, good=pcs("100")), good)
    assert plant.rows("SELECT material, lot, micros, unit, place FROM stock ORDER BY material") == [
        ("ROLL", "B-1", 100_000_000, "C62", ""),
        ("WHEAT", "W-1", 37_500_000, "KGM", "A3"),
    ]
    assert plant.rows("SELECT status, good, operation FROM order_view") == [
        ("started", 100_000_000, "10")
    ]
    assert plant.rows("SELECT lot, consumed FROM order_lot") == [("W-1", 12_500_000)]


def test_a_reversal_takes_the_act_out_whichever_comes_first(plant: Plant) -> None:
    one = MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=kg("5"), act="early")
    plant.tell("MIX-1", EventReversed(of="early", order="B-1"))
    plant.tell("MIX-2", one)
    two = plant.tell("MIX-1", MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=kg("1")))
    plant.tell("MIX-1", EventReversed(of=two[0].act))
    plant.tell("PACK-1", EventReversed(of=two[0].act))
    assert plant.rows("SELECT * FROM order_lot") == []
    assert plant.rows("SELECT micros FROM stock WHERE micros != 0") == []
    assert not orders_of(plant)["B-1"].consumed


def test_a_released_order_is_told_to_its_work_centers_with_its_past(plant: Plant) -> None:
    plant.tell("MIX-1", OperationStarted(order="B-7", operation="10", work_center="MIX"))
    assert heard(plant, "work_center:MIX", "station:MIX-2")[2:] == []
    plant.office(planned("B-7"), release_of("B-7"))
    plant.projector.catch_up()
    names = [
        type(one).__name__
        for one in heard(plant, "work_center:PACK")
        if getattr(one, "order", "") == "B-7"
    ]
    assert names == ["OperationStarted", "OrderPlanned", "OrderReleased"]


def test_sign_ins_stay_at_their_station(plant: Plant) -> None:
    plant.tell("MIX-1", OperatorSignedIn())
    assert [type(one).__name__ for one in heard(plant, "station:MIX-1")] == ["OperatorSignedIn"]
    assert not [one for one in heard(plant, "site") if isinstance(one, OperatorSignedIn)]


def test_over_issue_is_of_the_order_and_goes_when_it_is_dissolved(plant: Plant) -> None:
    plant.tell("MIX-1", OperatorSignedIn())
    open_ones = "SELECT name, subject, severity FROM deviation WHERE kind = 'set'"
    plant.tell("MIX-1", MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=kg("10")))
    assert plant.rows(open_ones) == []
    more = plant.tell(
        "MIX-2", MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=kg("3"))
    )
    assert plant.rows(open_ones) == [("over_issue", "line 1", "confirm")]
    plant.tell("MIX-2", EventReversed(of=more[0].act, order="B-1"))
    assert plant.rows(open_ones) == []


def test_a_serial_number_in_two_orders_is_seen_whatever_came_first(plant: Plant) -> None:
    part: dict[str, Any] = {
        "operation": "20",
        "work_center": "PACK",
        "material": "BOX",
        "lot": "X-1",
    }
    first = MaterialConsumed(order="B-1", **part, quantity=pcs("1"), serial="SN-1")
    other = MaterialConsumed(order="B-2", **part, quantity=pcs("1"), serial="SN-1")
    seen = "SELECT target FROM deviation WHERE name = 'serial_seen_before' ORDER BY target"
    plant.tell("PACK-1", first)
    assert plant.rows(seen) == []
    two = plant.tell("PACK-1", other)
    assert plant.rows(seen) == [("B-1",), ("B-2",)]
    plant.tell("PACK-1", EventReversed(of=two[0].act, order="B-2"))
    assert plant.rows(seen) == []


def test_deviations_of_events_are_withdrawn_and_reviewed(plant: Plant) -> None:
    made = plant.tell("MIX-1", OperationStarted(**MIX))
    name, status = plant.rows("SELECT name, status FROM deviation")[0]
    assert (name, status) == ("not_signed_in", "open")
    plant.office(DeviationReviewed(deviation="not_signed_in", of=made[0].id, verdict="seen"))
    plant.projector.catch_up()
    assert plant.rows("SELECT status, verdict FROM deviation") == [("reviewed", "seen")]
    plant.tell("MIX-1", EventReversed(of=made[0].act, order="B-1"))
    assert ("withdrawn",) in plant.rows("SELECT status FROM deviation")


def test_a_review_is_told_to_whom_it_settles_something_for(plant: Plant) -> None:
    """An event's to its station, an order's to all whom the order concerns; nothing to others."""
    (made,) = plant.tell("MIX-1", OperationStarted(**MIX))
    for of in (made.id, "B-1", "nothing"):
        (review,) = plant.office(DeviationReviewed(deviation="already_ended", of=of))
        plant.projector.catch_up()
        told = plant.rows(
            "SELECT scope FROM feed JOIN event ON event.position = feed.event_position"
            f" WHERE event.id = '{review.id}' ORDER BY scope"
        )
        order = [("station:MIX-1",), ("work_center:MIX",), ("work_center:PACK",)]
        assert told == {made.id: [("station:MIX-1",)], "B-1": order}.get(of, [])


def test_sums_beyond_64_bits_do_not_stop_the_fold(plant: Plant) -> None:
    huge = Quantity("999999999999", "KGM")
    many = [MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=huge) for _ in range(20)]
    plant.tell("MIX-1", *many)
    plant.tell("MIX-1", MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=kg("1")))
    assert orders_of(plant)["B-1"].consumed["WHEAT"]["W-1"]["KGM"] == 20 * huge.micros
    assert plant.rows("SELECT consumed FROM order_lot WHERE lot = 'W-1'") == [(2**63 - 1,)]
    assert of_micros(1_000_000, "KGM") == kg("1")


def test_two_projectors_on_one_database_write_each_slice_once(plant: Plant) -> None:
    second = Projector(plant.database)
    plant.write("MIX-1", OperatorSignedIn(), OperationStarted(**MIX))
    for n in range(60):
        amount = kg(str(1 + n % 3))
        plant.write("MIX-1", MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=amount))
    plant.push("MIX-1")
    both = [threading.Thread(target=one.catch_up) for one in (plant.projector, second)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    plant.projector.catch_up()
    assert orders_of(plant) == shop_of(told(plant)).orders
    rows = plant.rows("SELECT scope, event_position FROM feed")
    assert len(rows) == len(set(rows))


def test_the_thread_follows_the_ledger_and_says_which_scopes(plant: Plant) -> None:
    woken: list[set[str]] = []
    plant.projector.on_projected.append(lambda scopes: woken.append(set(scopes)))
    plant.ledger.on_append.append(plant.projector.wake)
    plant.projector.start()
    plant.write("MIX-1", OperatorSignedIn())
    plant.push("MIX-1")
    end = max(row[0] for row in plant.rows("SELECT position FROM event"))
    assert plant.projector.wait_for(end, 10)
    plant.projector.stop()
    assert woken == [{"station:MIX-1", "board"}]
    assert not plant.projector.running


def test_an_event_that_cannot_be_folded_holds_back_none_behind_it(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    plant.tell("MIX-1", OperationStarted(**MIX))
    plant.database.write_now(
        lambda conn: conn.exec_driver_sql("UPDATE order_state SET body = x'00'").rowcount
    )
    plant.write("MIX-1", MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=kg("1")))
    plant.write("MIX-1", OperationStarted(order="B-9", operation="10", work_center="MIX"))
    plant.push("MIX-1")
    again = Projector(plant.database)
    again.catch_up()
    assert "is passed over" in caplog.text
    flags = plant.rows("SELECT name, order_number FROM deviation WHERE name = 'not_projected'")
    assert flags == [("not_projected", "B-1")]
    assert plant.rows("SELECT status FROM order_view WHERE order_number = 'B-9'") == [("started",)]
    again.rebuild()
    assert orders_of(plant) == shop_of(told(plant)).orders
    assert plant.rows("SELECT lot FROM order_lot") == [("S-1",)]
