"""The outcome: how far a station's events are counted, and which of them somebody must look at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from sync.domain.events import (
    Acceptance,
    DeviationReviewed,
    EventReversed,
    MaterialConsumed,
    OperationEnded,
    OperationReported,
    OperatorSignedIn,
    OrderClosed,
    stamped,
)
from sync.server.outcome import outcome_of, owner_of
from sync.wire import OutcomeAnswer
from tests.sync.server.histories import STATIONS, Plant, master_data, pcs, planned, release_of
from tests.sync.server.server_parts import Log, Server, help_called

PACK: Final[dict[str, Any]] = {"order": "B-1", "operation": "20", "work_center": "PACK"}
LEFT, RIGHT, _ = STATIONS
ENDED: Final = "Both MIX-1 and MIX-2 finished operation 20 of B-1 without knowing of each other."


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    for station in STATIONS:
        made.tell(station, OperatorSignedIn())
    yield made
    made.close()


def outcome(plant: Plant, station: str) -> OutcomeAnswer:
    origin = plant.logs[station].origin
    return plant.database.read_now(lambda conn: outcome_of(conn, origin, station))


def reviews(plant: Plant, station: str) -> list[tuple[str, str, str]]:
    return [(one.id, one.deviation, one.text) for one in outcome(plant, station).review]


def test_counted_is_what_the_views_hold_without_a_gap(plant: Plant) -> None:
    assert outcome(plant, LEFT) == OutcomeAnswer(1)
    plant.write(LEFT, *(OperationReported(**PACK, good=pcs("1")) for _ in range(3)))
    plant.push(LEFT)
    assert outcome(plant, LEFT) == OutcomeAnswer(1)
    plant.projector.catch_up()
    assert outcome(plant, LEFT).counted == 4
    assert plant.database.read_now(lambda conn: owner_of(conn, plant.logs[LEFT].origin)) == LEFT
    assert plant.database.read_now(lambda conn: owner_of(conn, "0" * 32)) is None


def test_both_stations_hear_that_both_ended_and_neither_once_one_is_taken_back(
    plant: Plant,
) -> None:
    ends = {at: plant.tell(at, OperationEnded(**PACK))[0] for at in (LEFT, RIGHT)}
    for station, end in ends.items():
        ((event, name, text),) = reviews(plant, station)
        assert (event, name) == (end.id, "already_ended")
        assert text.startswith(ENDED)
    plant.office(EventReversed(of=ends[RIGHT].act, order="B-1"))  # it alone may, once all is done
    plant.projector.catch_up()
    assert reviews(plant, LEFT) == reviews(plant, RIGHT) == []


def test_a_planner_s_review_settles_it(plant: Plant) -> None:
    for station in (LEFT, RIGHT):
        plant.tell(station, OperationEnded(**PACK))
    plant.office(DeviationReviewed(deviation="already_ended", of="B-1", verdict="counted again"))
    plant.projector.catch_up()
    assert reviews(plant, LEFT) == reviews(plant, RIGHT) == []


def test_late_work_is_told_to_its_station_alone_with_the_next_step(plant: Plant) -> None:
    plant.office(OrderClosed(order="B-1", revision=1))
    late = plant.tell(LEFT, OperationReported(**PACK, good=pcs("10")))
    expected = (
        "MIX-1 booked on B-1 after it was closed and had not heard of that: accepted as late."
        " Check it, and reopen the order if work goes on."
    )
    assert reviews(plant, LEFT) == [
        (late[0].id, "already_ended", expected),
        (
            late[0].id,
            "line_unconsumed",
            "Output of B-1 was reported, but no Box was booked: book what was used.",
        ),
    ]
    assert reviews(plant, RIGHT) == []
    plant.office(DeviationReviewed(deviation="already_ended", of=late[0].id, verdict="fine"))
    plant.projector.catch_up()
    assert [name for _, name, _ in reviews(plant, LEFT)] == ["line_unconsumed"]
    box = MaterialConsumed(**PACK, material="BOX", lot="X-1", quantity=pcs("1"))
    plant.tell(RIGHT, stamped(box, accepted=(Acceptance("already_ended", "carla"),)))
    assert reviews(plant, LEFT) == []


def test_what_a_badge_accepted_needs_no_review(plant: Plant) -> None:
    plant.office(OrderClosed(order="B-1", revision=1))
    event = OperationReported(**PACK, good=pcs("10"))
    plant.tell(LEFT, stamped(event, accepted=(Acceptance("already_ended", "carla"),)))
    assert [name for _, name, _ in reviews(plant, LEFT)] == ["line_unconsumed"]


def test_an_event_in_quarantine_is_told_and_names_are_people_s(plant: Plant) -> None:
    log = plant.logs[RIGHT]
    log.bodies.append(b'{"id":"x-1","type":"NeverHeardOf","station":"MIX-2"}')
    plant.push(RIGHT)
    plant.tell("PACK-1", stamped(OperationReported(**PACK, good=pcs("1")), operator="anna"))
    plant.tell(RIGHT, stamped(OperationReported(**PACK, good=pcs("1")), operator="ben"))
    told = reviews(plant, RIGHT)
    assert [(event, name) for event, name, _ in told if name == "quarantine"] == [
        ("x-1", "quarantine")
    ]
    who = next(text for _, name, text in told if name == "not_signed_in")
    assert who == "ben worked on B-1 without being signed in at MIX-2: check who it was."


def test_only_the_station_of_an_origin_may_ask(tmp_path: Path) -> None:
    with Server(tmp_path / "data") as server:
        mine, other = server.enrol("MIX-1"), server.enrol("MIX-2")
        log = Log(help_called(2))
        assert mine.push(log).status_code == 200
        path = f"/v1/origins/{log.origin}/outcome"
        asked = {one: server.client.get(path, headers=one.headers) for one in (mine, other)}
        assert asked[mine].status_code == 200
        assert asked[mine].json()["counted"] in range(3)
        assert asked[other].status_code == 403
        assert "belongs to MIX-1, not to MIX-2" in asked[other].json()["detail"]
        assert server.client.get(path).status_code == 401
        fresh = server.client.get(f"/v1/origins/{0:032}/outcome", headers=mine.headers)
        assert fresh.json() == {"counted": 0, "review": []}
