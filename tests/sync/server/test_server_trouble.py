"""Stops and calls for help: what the views hold of them, and the board while they are open."""

import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, select

from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HelpAnswered,
    HelpCalled,
    OperationEnded,
    OperationStarted,
    ReasonDefined,
    SetupEnded,
)
from sync.server.projector_state import decode_order
from sync.server.tables import event as event_table
from sync.server.view_tables import order_state
from sync.server.views.snapshot import snapshot_positions
from sync.server.views.times import order_times
from sync.server.views.trouble import trouble_lines
from tests.sync.server.histories import Plant, master_data, planned, release_of
from tests.sync.server.server_parts import Log, Server, body, kiosk_server

FACTORY: Final = Path(__file__).parents[3] / "kiosk" / "demo" / "factories" / "bakery"
STOP: Final = DowntimeStarted(
    id="0-stop", act="a-stop", work_center="MIX", reason="JAM", order="B-1"
)
RUNS: Final = DowntimeEnded(id="0-runs", act="a-runs", of="0-stop", work_center="MIX")
CALL: Final = HelpCalled(id="0-call", act="a-call", work_center="PACK", reason="MATERIAL")
CAME: Final = HelpAnswered(id="0-came", act="a-came", of="0-call", work_center="PACK")


def undone(event: Event) -> EventReversed:
    return EventReversed(of=event.act)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    jam = ReasonDefined(
        reason="JAM", revision=1, text="Jammed", group="downtime", time_group="delay"
    )
    made.office(*master_data(), jam, planned("B-1"), release_of("B-1"))
    made.projector.catch_up()
    yield made
    made.close()


def open_now(plant: Plant) -> list[tuple[str, str, str, str, str]]:
    """Kind, place, reason, order and person of all that is open."""
    found = plant.database.read_now(trouble_lines)
    return [(one.kind, one.place, one.reason, one.order, one.who) for one in found]


STANDS: Final = ("stop", "Mixing", "Jammed", "B-1", "Anna")
CALLS: Final = ("call", "Packing", "MATERIAL", "", "Anna")


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ((STOP,), [STANDS]),
        ((STOP, CALL), [CALLS, STANDS]),
        ((STOP, RUNS), []),
        ((RUNS, STOP), []),
        ((STOP, RUNS, undone(RUNS)), [STANDS]),
        ((RUNS, undone(RUNS), STOP), [STANDS]),
        ((STOP, undone(STOP)), []),
        ((undone(STOP), STOP), []),
        ((STOP, undone(STOP), RUNS), []),
        ((CALL, CAME), []),
        ((CALL, CAME, undone(CAME)), [CALLS]),
        ((CALL, undone(CALL)), []),
    ],
)
def test_what_is_open(plant: Plant, told: Sequence[Event], left: list[tuple[str, ...]]) -> None:
    for event in told:
        plant.tell("MIX-1", event)
    assert open_now(plant) == left
    live = plant.views()
    plant.projector.rebuild()
    assert plant.views() == live


def test_a_slice_folds_as_single_events_do(plant: Plant) -> None:
    told = (CALL, STOP, RUNS, undone(RUNS), CAME, undone(STOP))
    for event in told:
        plant.write("MIX-1", event)
    plant.push("MIX-1")
    plant.projector.catch_up()
    assert open_now(plant) == []
    assert plant.rows("SELECT id, begun, ended FROM trouble") == [("0-call", 1, 1)]


@pytest.mark.parametrize(
    ("scope", "ids"),
    [
        ("work_center:MIX", {"0-stop"}),
        ("work_center:PACK", {"0-call", "0-stop"}),
        ("station:MIX-1", set()),
    ],
)
def test_a_station_that_begins_is_told_what_stands(plant: Plant, scope: str, ids: set[str]) -> None:
    plant.tell("MIX-1", STOP)
    plant.tell("MIX-1", CALL)

    def told(connection: Any) -> set[str]:
        table = event_table
        rows = connection.execute(
            select(table.c.id).where(
                table.c.position.in_(snapshot_positions(connection, (scope,))),
                table.c.type.in_(("DowntimeStarted", "HelpCalled")),
            )
        )
        return {row[0] for row in rows}

    assert plant.database.read_now(told) == ids


def test_set_up_and_run_of_an_operation_are_told_apart(plant: Plant) -> None:
    where: dict[str, Any] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
    clock: dict[str, Any] = {"boot": "b1"}
    plant.tell("MIX-1", OperationStarted(**where, **clock, id="0-start", mono=60_000))
    plant.tell("MIX-1", SetupEnded(**where, **clock, of="0-start", mono=660_000))
    plant.tell("MIX-1", OperationEnded(**where, **clock, of="0-start", mono=2_460_000))

    def times(connection: Connection) -> tuple[int, int]:
        bodies = connection.execute(
            select(order_state.c.body).where(order_state.c.order_number == "B-1")
        )
        found = order_times(connection, decode_order(bodies.scalar_one())).operations["10"]
        return found.setup_seconds, found.run_seconds

    assert plant.database.read_now(times) == (600, 1_800)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("trouble")
    made = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert made.returncode == 0, made.stderr
    with Server(data, "--open-board") as running:
        yield running


def shown(server: Server, wanted: Sequence[str]) -> list[str]:
    """What the board tells of trouble, once it tells so many."""
    until = time.monotonic() + 10
    while True:
        page = server.client.get("/board").text
        part = re.search(r'<ul id="trouble".*?</ul>', page, re.DOTALL)
        assert part is not None, page
        items = re.findall(r"<li.*?</li>", part[0], re.DOTALL)
        lines = [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in items]
        if len(lines) == len(wanted) or time.monotonic() > until:
            return [re.sub(r"since .*?\d\d:\d\d", "since", line) for line in lines]


def test_the_board_shows_stops_and_calls_at_once_until_they_end(server: Server) -> None:
    station = server.enrol("BAKE-1")
    at = "2026-11-22T10:00:00.000+01:00"
    log = Log(
        [
            body(one)
            for one in (
                DowntimeStarted(
                    id="s1", at=at, station="BAKE-1", n=1, work_center="MIX", reason="OVEN",
                    order="B-1", operator="anna",
                ),
                HelpCalled(
                    id="c1", at=at, station="BAKE-1", n=2, work_center="MIX", reason="MAINTENANCE"
                ),
            )
        ]
    )  # fmt: skip
    station.push(log)
    center = "Bakehouse"
    wanted = [
        f"Help called {center}: MAINTENANCE since BAKE-1",
        f"Stopped {center}: Oven fault since BAKE-1 · Anna Berg · B-1",
    ]
    found = shown(server, wanted)
    assert [line.split()[0] for line in found] == ["Help", "Stopped"]
    assert found == wanted
    log.bodies += [
        body(DowntimeEnded(id="s2", station="BAKE-1", n=3, of="s1", work_center="MIX")),
        body(HelpAnswered(id="c2", station="BAKE-1", n=4, of="c1", work_center="MIX")),
        body(SetupEnded(id="u1", station="BAKE-1", n=5, order="B-1", operation="10")),
    ]
    station.push(log, 2)
    assert shown(server, []) == []
