"""The numbers of a period: whole values from a small plant's two shifts, by page and by CSV."""

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import pytest

from sync.domain.events import (
    BomDefined,
    BomLine,
    CalendarDefined,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    MaterialConsumed,
    MaterialDefined,
    OperationEnded,
    OperationPaused,
    OperationReported,
    OperationResumed,
    OperationStarted,
    OrderReleased,
    RoutingDefined,
    RoutingOperation,
    SetupEnded,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity
from tests.sync.server.server_parts import Log, Server, body, new_id

DAY: Final = datetime.now().astimezone().date() - timedelta(days=3)
SHIFTS: Final = ("06:00-14:00", "22:00-06:00")
WEEK: Final = tuple(SHIFTS if n == DAY.weekday() else () for n in range(7))
ROUTE: Final = (RoutingOperation("10", "MIX", "Mix", setup_seconds=60, run_seconds="6"),)
EARLY, NIGHT = SHIFTS
ZERO: Final = {"setup_seconds": "0", "stopped_seconds": "0"}


def pcs(amount: int) -> Quantity:
    return Quantity(str(amount), "C62")


def kg(amount: int) -> Quantity:
    return Quantity(str(amount), "KGM")


def master() -> tuple[Event, ...]:
    line = BomLine("FLOUR", kg(1), operation="10")
    return (
        CalendarDefined(calendar="TWO", revision=1, name="Two shifts", weekdays=WEEK),
        WorkCenterDefined(
            work_center="MIX", revision=1, name="Bakehouse", calendar="TWO", cost_per_hour="36"
        ),
        MaterialDefined(material="ROLL", revision=1, name="Wheat <roll>", unit="C62"),
        MaterialDefined(material="FLOUR", revision=1, name="Flour", unit="KGM", standard_cost="2"),
        MaterialDefined(material="SALT", revision=1, name="Salt", unit="KGM"),
        RoutingDefined(material="ROLL", revision=1, operations=ROUTE),
        BomDefined(material="ROLL", revision=1, quantity=pcs(10), lines=(line,)),
    )


def released(order: str, planned: int, due: date | None) -> OrderReleased:
    return OrderReleased(
        order=order, revision=1, material="ROLL", name="Wheat roll", quantity=pcs(planned),
        operations=ROUTE, due=due.isoformat() if due else "",
    )  # fmt: skip


class Shift:
    """What one station tells, with clock and boot clock as of a moment of the days."""

    def __init__(self) -> None:
        self.told: list[Event] = []

    def tell(self, clock: str, event: Event, *, days: int = 0) -> str:
        """One act at a time of day; returns its id."""
        at = datetime.combine(DAY + timedelta(days=days), time.fromisoformat(clock)).astimezone()
        told, number = new_id(), len(self.told) + 1
        self.told.append(stamped(
            event, id=told, act=told, n=number, at=at.isoformat(timespec="milliseconds"),
            boot="b1", mono=round(at.timestamp() * 1000) % 10**10,
            station="MIX-1", operator="anna",
        ))  # fmt: skip
        return told


def told() -> list[Event]:
    """B-1 in the early shift, B-2 in the night after it, B-3 between the shifts and not ended."""
    shift = Shift()
    where: dict[str, Any] = {"operation": "10", "work_center": "MIX"}
    one: dict[str, Any] = {"order": "B-1", **where}
    begun = shift.tell("08:00", OperationStarted(**one))
    shift.tell("08:05", SetupEnded(**one, of=begun))
    paused = shift.tell("08:20", OperationPaused(**one, of=begun))
    shift.tell("08:30", OperationResumed(**one, of=paused))
    shift.tell("08:40", MaterialConsumed(**one, material="FLOUR", lot="L-1", quantity=kg(12)))
    undone = shift.tell("08:50", OperationReported(**one, good=pcs(40)))
    shift.tell("08:51", EventReversed(of=undone, order="B-1"))
    shift.tell("09:00", OperationReported(**one, good=pcs(100), scrap=pcs(25), reason="BURNT"))
    shift.tell("09:00", OperationEnded(**one, of=begun))
    stopped = shift.tell("09:10", DowntimeStarted(work_center="MIX", reason="OIL"))
    shift.tell("09:15", DowntimeEnded(work_center="MIX", of=stopped))
    shift.tell("15:00", OperationReported(order="B-3", **where, good=pcs(5)))
    two: dict[str, Any] = {"order": "B-2", **where}
    begun = shift.tell("01:00", OperationStarted(**two), days=1)
    shift.tell(
        "01:10", MaterialConsumed(**two, material="FLOUR", lot="L-1", quantity=kg(3)), days=1
    )
    shift.tell("01:10", MaterialConsumed(**two, material="SALT", lot="S-1", quantity=kg(1)), days=1)
    shift.tell("01:30", OperationReported(**two, good=pcs(20)), days=1)
    shift.tell("01:30", OperationEnded(**two, of=begun), days=1)
    return shift.told


def await_projected(server: Server) -> None:
    """Until the views hold what was pushed; an answer that waits itself, so as to ask seldom."""
    server.office(MaterialDefined(material="NOTE", revision=1, name="Note", unit="C62"))
    while (answer := server.client.get("/readyz")).status_code != 200 or answer.json()["behind"]:
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("numbers"), "--open-board") as running:
        running.office(
            *master(),
            released("B-1", 100, DAY - timedelta(days=1)),
            released("B-2", 20, DAY + timedelta(days=1)),
            released("B-3", 50, None),
        )
        log = Log([body(event) for event in told()])
        assert running.enrol().push(log).status_code == 200
        await_projected(running)
        yield running


def table(server: Server, group: str, days: int = 7) -> list[dict[str, str]]:
    query = {"format": "csv", "group": group, "days": str(days)}
    answer = server.client.get("/numbers", params=query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


ALL: Final = {
    "unit": "C62", "good": "125", "scrap": "25", "quality": "0.8333",
    # 150 pieces of 6 s; 60 min less set-up and pause, and 30 min; two shifts of 8 h
    "planned_seconds": "900", "run_seconds": "4500", "setup_seconds": "300",
    "stopped_seconds": "300", "open_seconds": "57600",
    "availability": "0.0781", "effectiveness": "0.2000", "oee": "0.0130",
}  # fmt: skip


def test_a_work_center_and_a_day_tell_all_that_was_done(server: Server) -> None:
    assert table(server, "center") == [{"center": "MIX", **ALL}]
    assert table(server, "day") == [{"day": DAY.isoformat(), **ALL}]


def test_each_shift_has_what_was_done_in_it_and_the_night_belongs_to_its_evening(
    server: Server,
) -> None:
    early = {
        "shift": EARLY, "unit": "C62", "good": "100", "scrap": "25", "quality": "0.8000",
        "planned_seconds": "750", "run_seconds": "2700", "setup_seconds": "300",
        "stopped_seconds": "300", "open_seconds": "28800",
        "availability": "0.0938", "effectiveness": "0.2778", "oee": "0.0208",
    }  # fmt: skip
    night = {
        "shift": NIGHT, "unit": "C62", "good": "20", "scrap": "0", "quality": "1.0000",
        "planned_seconds": "120", "run_seconds": "1800", **ZERO, "open_seconds": "28800",
        "availability": "0.0625", "effectiveness": "0.0667", "oee": "0.0042",
    }  # fmt: skip
    outside = {
        "shift": "outside", "unit": "C62", "good": "5", "scrap": "0", "quality": "1.0000",
        "planned_seconds": "30", "run_seconds": "0", **ZERO, "open_seconds": "0",
        "availability": "", "effectiveness": "", "oee": "",
    }  # fmt: skip
    assert table(server, "shift") == [early, night, outside]
    assert table(server, "center-shift") == [
        {"center": "MIX", **one} for one in (early, night, outside)
    ]


def test_a_material_and_a_reason_tell_the_same(server: Server) -> None:
    (roll,) = table(server, "material")
    times = {"stopped_seconds": "0", "open_seconds": "0", "availability": "", "oee": ""}
    assert roll == {"material": "ROLL", **ALL, **times}
    assert table(server, "reason") == [{"reason": "BURNT", "unit": "C62", "scrap": "25"}]


def test_orders_tell_what_they_cost_the_worst_first(server: Server) -> None:
    # 10 kg of flour at 2, 60 s of set-up and 600 s of run at 36 an hour; then 12 kg and 3,000 s
    first = {
        "order": "B-1", "material": "ROLL", "day": DAY.isoformat(), "unit": "C62",
        "quantity": "100", "made": "100", "planned": "26.6000", "actual": "54.0000",
        "variance": "27.4000", "planned_each": "0.2660", "actual_each": "0.5400", "unknown": "",
    }  # fmt: skip
    second = {
        "order": "B-2", "material": "ROLL", "day": DAY.isoformat(), "unit": "C62",
        "quantity": "20", "made": "20", "planned": "5.8000", "actual": "24.0000",
        "variance": "18.2000", "planned_each": "0.2900", "actual_each": "1.2000",
        "unknown": "SALT",
    }  # fmt: skip
    assert table(server, "order-cost") == [first, second]
    assert table(server, "material-cost") == [
        {
            "material": "ROLL", "orders": "2", "unit": "C62", "quantity": "120", "made": "120",
            "planned": "32.4000", "actual": "78.0000", "variance": "45.6000",
            "planned_each": "0.2700", "actual_each": "0.6500",
        }
    ]  # fmt: skip


def test_the_interface_tells_the_same(server: Server) -> None:
    def asked(path: str, **query: str) -> Any:
        answer = server.client.get(path, params=query, headers=server.admin)
        assert answer.status_code == 200
        return answer.json()

    told = asked("/v1/numbers")
    assert told["total"] | {"oee": round(told["total"]["oee"], 4)} == {
        "key": "", "made": [{"unit": "C62", "good": "125", "scrap": "25", "quality": 125 / 150}],
        "planned_seconds": 900.0, "run_seconds": 4500.0, "setup_seconds": 300.0,
        "stopped_seconds": 300.0, "open_seconds": 57600.0, "quality": 125 / 150,
        "availability": 4500 / 57600, "effectiveness": 0.2, "oee": 0.0130,
    }  # fmt: skip
    assert [one["key"] for one in told["shifts"]] == [EARLY, NIGHT, "outside"]
    assert told["scrap"] == [{"reason": "BURNT", "unit": "C62", "scrap": "25"}]
    assert (told["finished"], told["in_time"], told["unknown"]) == (2, 1, ["SALT"])
    assert [one["variance"] for one in told["costs"]] == ["45.6"]
    first = asked("/v1/numbers/orders", limit="1")
    assert ([one["order"] for one in first["items"]], first["next"]) == (["B-1"], "B-1")
    rest = asked("/v1/numbers/orders", after=first["next"])
    assert [(one["order"], one["actual"]) for one in rest["items"]] == [("B-2", "24")]
    assert rest["next"] == ""
    wrong = server.client.get("/v1/numbers", params={"days": "91"}, headers=server.admin)
    assert wrong.status_code == 400


@pytest.mark.parametrize("order", ["B-1", "B-2"])
def test_an_order_s_own_page_tells_the_same_cost(server: Server, order: str) -> None:
    query = {"number": order, "format": "csv", "csv": "cost"}
    own = list(csv.DictReader(io.StringIO(server.client.get("/order", params=query).text)))
    (here,) = [one for one in table(server, "order-cost") if one["order"] == order]
    planned, actual = (
        sum(float(line[name]) for line in own) for name in ("planned_cost", "actual_cost")
    )
    assert (float(here["planned"]), float(here["actual"])) == (planned, actual)


@pytest.mark.parametrize(
    ("language", "unpriced", "counted"),
    [
        ("en", "No price or rate is known of: SALT.", "How it is counted:"),
        ("de", "Kein Preis oder Satz ist bekannt von: SALT.", "So wird gezählt:"),
        ("da", "Ingen pris eller sats kendes for: SALT.", "Sådan tælles der:"),
    ],
)
def test_the_page_shows_charts_tables_and_how_it_counts(
    server: Server, language: str, unpriced: str, counted: str
) -> None:
    page = server.client.get("/numbers?days=30", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert page.text.count('role="img"') == 6
    assert page.text.count(counted) == 8
    assert unpriced in page.text
    assert "Wheat &lt;roll&gt;" in page.text
    assert "style=" not in page.text
    assert "50 %" in page.text  # of two finished orders with a due day one was on time
    assert page.text.index("/order?number=B-1") < page.text.index("/order?number=B-2")
    assert "refresh" not in page.headers


def test_a_day_that_is_looked_at_alone_holds_only_its_own(server: Server) -> None:
    assert table(server, "center", days=1) == []
    assert table(server, "order-cost", days=1) == []


def test_a_period_of_nothing_says_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Server(tmp_path_factory.mktemp("nothing"), "--open-board") as empty:
        assert "Nothing was made in this period." in empty.client.get("/numbers").text
        assert empty.client.get("/numbers?days=-1&format=csv&group=?").status_code == 200


def test_what_comes_late_and_what_is_undone_later_shows_at_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    report = OperationReported(order="B-1", operation="10", work_center="MIX", good=pcs(7))
    with Server(tmp_path_factory.mktemp("late"), "--open-board") as running:
        running.office(*master(), released("B-1", 100, DAY))
        station, shift = running.enrol(), Shift()
        assert table(running, "day") == []
        undone = shift.tell("08:00", report)
        shift.tell("08:10", report)
        log = Log([body(event) for event in shift.told])
        assert station.push(log).status_code == 200
        await_projected(running)
        assert [one["good"] for one in table(running, "day")] == ["14"]
        shift.tell("08:20", EventReversed(of=undone, order="B-1"))
        log = Log([body(event) for event in shift.told], log.origin)
        assert station.push(log, after=2).status_code == 200
        await_projected(running)
        assert [one["good"] for one in table(running, "day")] == ["7"]
