"""What badges accepted of what an order's events add up to, whichever arrived first."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any, Final

import pytest

from sync.domain.events import (
    Acceptance,
    DeviationReviewed,
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialProduced,
    OperationReported,
    OperatorSignedIn,
    stamped,
)
from sync.server.feed import end_mark
from sync.server.views.floor import deviation_lines
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
MIX: Final[dict[str, Any]] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
LEFT, RIGHT = STATIONS[:2]
OVER, ISSUED = "over_production", "over_issue"
ACCEPTED, OPEN = ("accepted", "carla"), ("open", "")


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = begun(tmp_path)
    yield made
    made.close()


def begun(folder: Path) -> Plant:
    """An order of 200 rolls."""
    plant = Plant(folder)
    plant.office(*master_data(), planned("B-1"), release_of("B-1"))
    for station in STATIONS:
        plant.tell(station, OperatorSignedIn())
    return plant


def done(count: int, *badges: str) -> list[Event]:
    """DONE at the last operation; a badge accepts the report, as at the kiosk."""
    accepted = tuple(Acceptance(OVER, by) for by in badges)
    good = pcs(str(count))
    return [
        OperationReported(**PACK, good=good, accepted=accepted),
        MaterialProduced(id=new_id(), **PACK, material="ROLL", lot="B-1", quantity=good),
    ]


def salt(amount: str, *badges: str) -> Event:
    accepted = tuple(Acceptance(ISSUED, by) for by in badges)
    one = MaterialConsumed(**MIX, material="SALT", lot="S-1", quantity=kg(amount))
    return stamped(one, accepted=accepted)


def standing(plant: Plant, name: str = OVER) -> list[tuple[str, str]]:
    """Status and badges of what stands against the order."""
    sql = "SELECT status, accepted_by FROM deviation WHERE kind = 'set'"
    return [(str(row[0]), str(row[1])) for row in plant.rows(f"{sql} AND name = '{name}'")]


def knowing(plant: Plant, events: Sequence[Event]) -> list[Event]:
    mark = plant.database.read_now(end_mark)
    return [stamped(event, saw=(mark.incarnation, mark.position)) for event in events]


def test_what_a_badge_accepted_knowingly_is_not_open(plant: Plant) -> None:
    plant.tell(LEFT, *done(180))
    plant.tell(LEFT, *done(60, "carla"))
    assert standing(plant) == [ACCEPTED]
    opened = plant.database.read_now(deviation_lines)
    assert OVER not in [line.name for line in opened]
    (line,) = [
        one
        for one in plant.database.read_now(lambda conn: deviation_lines(conn, ("accepted",)))
        if one.name == OVER
    ]
    assert line.accepted_by == "carla"
    views = plant.views()
    plant.projector.rebuild()
    assert plant.views() == views


def test_one_more_act_that_nobody_accepted_opens_it_until_it_is_undone(plant: Plant) -> None:
    plant.tell(LEFT, *done(180))
    plant.tell(LEFT, *done(60, "carla"))
    more = plant.tell(LEFT, *done(10))
    assert standing(plant) == [OPEN]
    plant.tell(LEFT, EventReversed(of=more[0].act, order="B-1"))
    assert standing(plant) == [ACCEPTED]
    plant.tell(LEFT, *done(5, "otto"))
    assert standing(plant) == [("accepted", "carla, otto")]


def test_an_act_that_went_over_before_the_badge_came_is_open(plant: Plant) -> None:
    plant.tell(LEFT, *done(210))
    plant.tell(LEFT, *done(10, "carla"))
    assert standing(plant) == [OPEN]


@pytest.mark.parametrize("turns", list(permutations((LEFT, LEFT, RIGHT))))
def test_two_stations_that_each_made_the_plan_are_found(
    plant: Plant, turns: tuple[str, ...]
) -> None:
    """Whatever a badge said at one of them about a little more; in every order of arrival."""
    plant.write(LEFT, *done(190))
    plant.write(LEFT, *done(20, "carla"))
    plant.write(RIGHT, *done(200))
    for station in turns:
        plant.push(station, 2)
        plant.projector.catch_up()
    assert standing(plant) == [OPEN]


def test_who_knew_of_the_other_s_and_asked_a_badge_went_over_knowingly(plant: Plant) -> None:
    plant.tell(LEFT, *done(100))
    plant.tell(LEFT, *done(90))
    plant.tell(RIGHT, *knowing(plant, done(30, "carla")))
    assert standing(plant) == [ACCEPTED]
    plant.tell(LEFT, *knowing(plant, done(1)))
    assert standing(plant) == [OPEN]


def test_what_went_in_is_accepted_the_same_way(plant: Plant) -> None:
    plant.tell(LEFT, salt("0.2"))
    plant.tell(LEFT, salt("0.2", "carla"))
    assert standing(plant, ISSUED) == [ACCEPTED]
    plant.tell(LEFT, salt("0.1"))
    assert standing(plant, ISSUED) == [OPEN]


def test_what_a_planner_reviewed_stays_so(plant: Plant) -> None:
    plant.tell(LEFT, *done(210))
    plant.office(DeviationReviewed(deviation=OVER, of="B-1", verdict="sold"))
    plant.tell(LEFT, *done(10, "carla"))
    assert standing(plant) == [("reviewed", "")]
