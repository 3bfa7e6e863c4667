"""The numbers of a period: whole values from a small day of work, by page and by CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from sync.domain.events import (
    CalendarDefined,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    MaterialDefined,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OrderReleased,
    RoutingDefined,
    RoutingOperation,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.server.web.charts import Bar, bars, columns
from tests.sync.server.server_parts import Log, Server, body, new_id

NOW = datetime.now().astimezone()
EVERY_DAY = (("06:00-14:00",),) * 7
ROUTE = (RoutingOperation("10", "MIX", "Mix", setup_seconds=60, run_seconds="6"),)


def pcs(amount: int) -> Quantity:
    return Quantity(str(amount), "C62")


def told() -> Iterator[Event]:
    """100 good and 25 scrap in 1,000 s of work, a pause of 100 s, a stop of 300 s; 40 undone."""
    where: dict[str, Any] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
    begun, paused, stopped, undone = new_id(), new_id(), new_id(), new_id()
    yield stamped(OperationStarted(**where), id=begun, act=begun, mono=0)
    yield stamped(OperationPaused(**where, of=begun), id=paused, act=paused, mono=100_000)
    yield stamped(OperationResumed(**where, of=paused), mono=200_000)
    yield stamped(DowntimeStarted(work_center="MIX", reason="OIL"), id=stopped, act=stopped, mono=0)
    yield stamped(DowntimeEnded(work_center="MIX", of=stopped), mono=300_000)
    yield stamped(OperationReported(**where, good=pcs(40)), id=undone, act=undone)
    yield EventReversed(of=undone, order="B-1")
    yield OperationReported(**where, good=pcs(100), scrap=pcs(25), reason="BURNT")
    yield stamped(OperationEnded(**where, of=begun), mono=1_100_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("numbers"), "--open-board") as running:
        running.office(
            CalendarDefined(calendar="ONE", revision=1, name="One shift", weekdays=EVERY_DAY),
            WorkCenterDefined(work_center="MIX", revision=1, name="Bakehouse", calendar="ONE"),
            MaterialDefined(material="ROLL", revision=1, name="Wheat <roll>", unit="C62"),
            RoutingDefined(material="ROLL", revision=1, operations=ROUTE),
            OrderReleased(
                order="B-1", revision=1, material="ROLL", name="Wheat roll", quantity=pcs(100),
                operations=ROUTE, due=(NOW - timedelta(days=1)).date().isoformat(),
            ),
        )  # fmt: skip
        stamp = {"station": "MIX-1", "operator": "anna", "boot": "b1"}
        at = NOW.isoformat(timespec="milliseconds")
        events = [
            stamped(
                event,
                **stamp,
                n=n,
                at=at,
                **({} if event.id else {"id": new_id(), "act": new_id()}),
            )
            for n, event in enumerate(told(), 1)
        ]
        log = Log([body(event) for event in events])
        assert running.enrol().push(log).status_code == 200
        while running.client.get("/readyz").json()["behind"]:
            pass
        yield running


def table(server: Server, group: str, days: int = 7) -> list[dict[str, str]]:
    query = {"format": "csv", "group": group, "days": str(days)}
    answer = server.client.get("/numbers", params=query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_work_center_s_numbers_are_what_was_done_there(server: Server) -> None:
    (line,) = table(server, "center", days=1)
    assert line == {
        "key": "MIX",
        "good": "100",
        "scrap": "25",
        "yield": "0.8000",
        "planned_seconds": "750",
        "worked_seconds": "1000",
        "stopped_seconds": "300",
        # 1,000 s of an 8 h shift; 125 pieces of 6 s in 1,000 s; 100 good of 125
        "availability": "0.0347",
        "effectiveness": "0.7500",
        "oee": "0.0208",
    }


def test_material_day_and_reason_tell_the_same(server: Server) -> None:
    (material,) = table(server, "material")
    assert (material["key"], material["good"], material["scrap"]) == ("ROLL", "100", "25")
    (day,) = table(server, "day")
    assert (day["key"], day["good"]) == (NOW.date().isoformat(), "100")
    assert table(server, "reason") == [{"reason": "BURNT", "scrap": "25"}]


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_the_page_shows_chart_and_table(server: Server, language: str) -> None:
    page = server.client.get("/numbers?days=30", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert page.text.count('<svg class="chart"') == 4
    assert "Wheat &lt;roll&gt;" in page.text
    assert "style=" not in page.text
    assert "0 %" in page.text  # not one finished order was on time


def test_a_period_of_nothing_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("nothing"), "--open-board") as empty:
        assert "Nothing was made in this period." in empty.client.get("/numbers").text
        assert empty.client.get("/numbers?days=-1&format=csv&group=?").status_code == 200


def test_charts_escape_what_they_are_told_and_stand_no_numbers() -> None:
    drawn = bars("<b>", [Bar("<i>", 0.0, "&"), Bar("x" * 40, 5.0, "5")])
    assert "<b>" not in drawn.replace("&lt;b&gt;", "")
    assert "&lt;i&gt;" in drawn
    assert "x" * 19 + "…" in drawn
    assert bars("none", []).startswith("<svg")
    assert columns("none", []).endswith("</svg>")
    assert columns("days", [Bar("a", 3.0, "3"), Bar("b", 0.0, "0")], [1.0]).count("<rect") == 4
