"""Two stations, one order, both offline: sums add up, a piece counts once, planners are told."""

import itertools
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.events import (
    Event,
    EventReversed,
    LabelVoided,
    LotStatusSet,
    MaterialConsumed,
    MaterialProduced,
    MaterialReceived,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
    OrderHeld,
    OrderResumed,
    stamped,
)
from sync.domain.quantity import MICROS_PER_ONE
from sync.domain.shop import Shop, absorb
from sync.server.feed import end_mark
from sync.server.sentences import SENTENCES, sentence
from sync.wire import decode
from tests.sync.server.histories import (
    STATIONS,
    Plant,
    kg,
    master_data,
    new_id,
    pcs,
    planned,
    release_of,
)

PACK: Final[dict[str, Any]] = {"order": "B-1", "operation": "20", "work_center": "PACK"}
LEFT, RIGHT, THIRD = STATIONS
Counted = dict[tuple[str, str], tuple[Any, ...]]


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = begun(tmp_path)
    yield made
    made.close()


def begun(folder: Path) -> Plant:
    plant = Plant(folder)
    plant.office(*master_data(), planned("B-1"), release_of("B-1"))
    for station in STATIONS:
        plant.tell(station, OperatorSignedIn())
    return plant


def saw(plant: Plant) -> tuple[str, int]:
    """What a station knows that has read the feed to its end."""
    mark = plant.database.read_now(end_mark)
    return mark.incarnation, mark.position


def done(*serials: str, count: int = 0, label: str = "") -> list[Event]:
    """DONE at the last operation: reported and into stock."""
    good = pcs(str(count or len(serials)))
    made = MaterialProduced(
        id=new_id(), **PACK, material="ROLL", lot="B-1", quantity=good, serials=serials, label=label
    )
    return [OperationReported(**PACK, good=good, serials=serials), made]


def knowing(events: list[Event], what: tuple[str, int]) -> list[Event]:
    return [stamped(event, saw=what) for event in events]


def sets(plant: Plant) -> list[tuple[str, str, str]]:
    """Name, subject and sentence of what stands against an order's events together."""
    rows = plant.rows(
        "SELECT name, subject, facts, station FROM deviation WHERE kind = 'set'"
        " AND status = 'open' ORDER BY name, subject, target"
    )
    return [(name, subject, told(name, facts, at)) for name, subject, facts, at in rows]


def told(name: str, facts: str, station: str) -> str:
    return sentence(name, json.loads(facts), station=station)


def test_two_ends_that_knew_nothing_of_each_other_are_told_with_what_counts_twice(
    plant: Plant,
) -> None:
    before = saw(plant)
    ends = {}
    for station in (LEFT, RIGHT):
        act = [*done(count=200), OperationEnded(**PACK)]
        ends[station] = plant.write(station, *knowing(act, before))
    plant.push(RIGHT)
    plant.push(LEFT)
    plant.projector.catch_up()
    assert sets(plant) == [
        (
            "already_ended",
            "operation 20",
            (
                "Both MIX-2 and MIX-1 finished operation 20 of B-1 without knowing of each other."
                " 200 PCS are counted twice: check the count."
            ),
        ),
        (
            "over_production",
            "operation 20",
            (
                "B-1 reports 400 PCS at operation 20 and 200 PCS are planned, 200 PCS more: check the"
                " count."
            ),
        ),
    ]
    assert plant.rows("SELECT good FROM order_view") == [(400_000_000,)]
    late = "SELECT subject, status FROM deviation WHERE name = 'already_ended' AND kind = 'event'"
    assert plant.rows(late) == [("operation 20", "open")]
    views = plant.views()
    plant.projector.rebuild()
    assert plant.views() == views
    plant.tell(LEFT, EventReversed(of=ends[LEFT][0].act, order="B-1"))
    assert sets(plant) == []
    assert plant.rows(late) == [("operation 20", "withdrawn")]


def test_an_end_that_is_taken_back_makes_later_work_timely(plant: Plant) -> None:
    ended = plant.tell(LEFT, OperationEnded(**PACK))
    plant.tell(RIGHT, *done(count=10))
    late = "SELECT status FROM deviation WHERE name = 'already_ended' AND kind = 'event'"
    assert plant.rows(late) == [("open",)]
    plant.tell(LEFT, EventReversed(of=ended[0].act, order="B-1"))
    assert plant.rows(late) == [("withdrawn",)]
    plant.tell(LEFT, OperationEnded(**PACK))
    plant.tell(RIGHT, *done(count=10))
    assert plant.rows(late) == [("withdrawn",), ("open",)]


def test_an_end_that_knew_of_the_first_is_no_conflict(plant: Plant) -> None:
    plant.tell(LEFT, *knowing([OperationEnded(**PACK)], saw(plant)))
    plant.tell(RIGHT, *knowing([OperationEnded(**PACK)], saw(plant)))
    assert sets(plant) == []


@pytest.mark.parametrize("known", ["nothing", "another incarnation", "too early"])
def test_an_end_that_proves_no_knowledge_is_a_conflict(plant: Plant, known: str) -> None:
    early = saw(plant)
    plant.tell(LEFT, *knowing([OperationEnded(**PACK)], early))
    what = {"nothing": None, "another incarnation": ("x", 10**6), "too early": early}[known]
    plant.tell(RIGHT, stamped(OperationEnded(**PACK), saw=what))
    assert [row[0] for row in sets(plant)] == ["already_ended"]


def test_a_station_that_ends_twice_alone_is_no_conflict(plant: Plant) -> None:
    plant.tell(LEFT, OperationEnded(**PACK))
    plant.tell(LEFT, OperationEnded(**PACK))
    assert sets(plant) == []


def test_a_piece_finished_at_two_stations_counts_once_and_the_second_is_named(
    plant: Plant,
) -> None:
    first = plant.write(LEFT, *done("S1", "S2"))
    second = plant.write(RIGHT, *done("S2", "S3"))
    plant.push(RIGHT)
    plant.push(LEFT)
    plant.projector.catch_up()
    assert plant.rows("SELECT good FROM order_view") == [(3_000_000,)]
    assert plant.rows("SELECT micros FROM stock WHERE lot = 'B-1'") == [(3_000_000,)]
    assert plant.rows("SELECT produced FROM order_output") == [(3_000_000,)]
    assert sets(plant) == [
        (
            "serial_seen_before",
            "out ROLL S2",
            (
                "Serial number S2 was finished twice: first at MIX-2 for B-1, then at MIX-1 for B-1."
                " It counts once: check which piece carries it."
            ),
        )
    ]
    facts = json.loads(plant.rows("SELECT facts FROM deviation WHERE kind = 'set'")[0][0])
    assert (facts["first"], facts["second"]) == (second[1].id, first[1].id)
    plant.tell(RIGHT, EventReversed(of=second[0].act, order="B-1"))
    assert sets(plant) == []
    assert plant.rows("SELECT micros FROM stock WHERE lot = 'B-1'") == [(2_000_000,)]


def test_an_outstanding_label_goes_when_it_is_voided(plant: Plant) -> None:
    acts = [plant.tell(LEFT, *done(count=5, label=label)) for label in ("17", "18")]
    for act in acts:
        plant.tell(LEFT, EventReversed(of=act[0].act, order="B-1"))
    listed = "SELECT subject, status FROM deviation WHERE name = 'label_outstanding' ORDER BY facts"
    assert plant.rows(listed) == [(act[1].id, "open") for act in acts]
    plant.tell(LEFT, LabelVoided(label="17", of=acts[0][1].id, order="B-1"))
    assert plant.rows(listed) == [(acts[0][1].id, "withdrawn"), (acts[1][1].id, "open")]
    views = plant.views()
    plant.projector.rebuild()
    assert plant.views() == views


def test_decisions_of_one_revision_are_told(plant: Plant) -> None:
    plant.office(OrderHeld(order="B-1", revision=1), OrderResumed(order="B-1", revision=1))
    for status in ("blocked", "available"):
        plant.office(LotStatusSet(material="WHEAT", lot="W-1", revision=1, status=status))
    plant.projector.catch_up()
    rows = plant.rows("SELECT name, facts, station FROM deviation ORDER BY name")
    assert [told(*row).partition(" without")[0] for row in rows] == [
        "somebody and office set lot W-1 of WHEAT",
        "somebody and office decided on B-1",
    ]


@st.composite
def offline(draw: st.DrawFn) -> list[tuple[str, str, int]]:
    """What stations do to one order while none hears of another: (station, act, a number)."""
    acts = st.sampled_from(["done", "serial", "end", "take", "undo", "start"])
    one = st.tuples(st.sampled_from(STATIONS), acts, st.integers(1, 3))
    return draw(st.lists(one, min_size=2, max_size=14))


def lived(
    folder: str, history: list[tuple[str, str, int]], order: tuple[str, ...], size: int
) -> Plant:
    """Stations do all this offline and are then heard in some order, so many events a push."""
    plant = begun(Path(folder))
    what, acts = saw(plant), {station: list[str]() for station in STATIONS}
    fixed = random.Random(7)  # the same ids and acts whatever the order of arrival
    for station, act, number in history:
        events: list[Event] = []
        if act == "done":
            events = done(count=50 * number)
        elif act == "serial":
            events = done(f"S{number}")
        elif act == "end":
            events = [OperationEnded(**PACK)]
        elif act == "start":
            events = [OperationStarted(**PACK)]
        elif act == "take":
            amount = kg(str(number))
            events = [MaterialConsumed(**PACK, material="BOX", lot="X-1", quantity=amount)]
        elif acts[station]:
            events = [EventReversed(of=acts[station].pop(), order="B-1")]
        if events:
            identity = f"{fixed.getrandbits(64):016x}"
            ids = [f"{identity}{place}" for place in range(len(events))]
            pairs = zip(knowing(events, what), ids, strict=True)
            plant.write(station, *(stamped(one, id=own, act=identity) for one, own in pairs))
            acts[station] += [] if act == "undo" else [identity]
    while any(plant.push(station, size) for station in order):
        plant.projector.step()
    plant.projector.catch_up()
    return plant


def counted(plant: Plant) -> Counted:
    """All that the views count, and which deviations of sets stand; who was first is left out."""
    found: Counted = {}
    for table, columns in {
        "order_view": "order_number, status, good, scrap, operation",
        "order_operation": "order_number, rank, status, good, scrap",
        "order_lot": "material, lot, consumed",
        "order_output": "material, lot, produced",
        "stock": "material, lot, micros",
        "serial_use": "serial, way, order_number, uses",
    }.items():
        found[table, columns] = tuple(sorted(plant.rows(f"SELECT {columns} FROM {table}")))
    found["deviation", "sets"] = tuple(
        sorted(plant.rows("SELECT target, name, subject FROM deviation WHERE kind = 'set'"))
    )
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=offline(), size=st.integers(1, 5), data=st.data())
def test_every_order_of_arrival_counts_the_same(
    history: list[tuple[str, str, int]], size: int, data: st.DataObject
) -> None:
    orders = st.sampled_from(list(itertools.permutations(STATIONS)))
    seen = []
    for order in (STATIONS, data.draw(orders)):
        with tempfile.TemporaryDirectory() as folder:
            plant = lived(folder, history, order, size)
            seen.append(counted(plant))
            views = plant.views()
            plant.projector.rebuild()
            assert plant.views() == views
            plant.close()
    assert seen[0] == seen[1]


def test_every_sentence_stands_without_a_fact_and_the_unknown_has_one() -> None:
    for name in SENTENCES:
        text = sentence(name, {})
        assert "{" not in text
        assert text.endswith(".") or name == "ended_twice", name
    assert sentence("never heard of", {}).startswith("This disagrees")


def test_a_part_that_two_stations_took_leaves_its_lot_once_and_both_are_flagged(
    plant: Plant,
) -> None:
    part: dict[str, Any] = {"material": "BOX", "lot": "X-1"}
    plant.office(
        MaterialReceived(**part, quantity=pcs("3"), serials=("1", "2", "3")),
        planned("B-2"),
        release_of("B-2"),
    )
    before = saw(plant)
    for station, order in ((LEFT, "B-1"), (RIGHT, "B-2")):
        place = {**PACK, "order": order}
        one = MaterialConsumed(**place, **part, quantity=pcs("1"), serial="2")
        plant.write(station, *knowing([one], before))
    plant.push(RIGHT)
    plant.push(LEFT)
    plant.projector.catch_up()
    assert plant.rows("SELECT micros FROM stock WHERE lot = 'X-1'") == [(2 * MICROS_PER_ONE,)]
    flagged = "SELECT target FROM deviation WHERE name = 'serial_seen_before' ORDER BY target"
    assert plant.rows(flagged) == [("B-1",), ("B-2",)]
    shop = Shop()
    for body in plant.rows("SELECT body FROM event ORDER BY position DESC"):
        event = decode(body[0]).event
        assert isinstance(event, Event)
        absorb(shop, event)
    lot = shop.lot("BOX", "X-1")
    assert lot is not None
    assert lot.micros == 2 * MICROS_PER_ONE
