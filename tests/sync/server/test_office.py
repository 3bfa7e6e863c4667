"""What planners do over REST, and what they are shown: orders, stock, trace, stations, deviations."""

import base64
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.domain.events import (
    EventReversed,
    MaterialConsumed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
    OperationStarted,
    UnitClosed,
    UnitPacked,
)
from tests.sync.server.histories import kg, pcs
from tests.sync.server.server_parts import Log, Server, body, kiosk_server

FACTORY = Path(__file__).parents[3] / "kiosk" / "demo" / "factories" / "bakery"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("office")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data) as running:
        yield running


def get(server: Server, path: str, **params: str) -> Json:
    answer = server.client.get(path, params=params, headers=server.admin)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def post(server: Server, path: str, **fields: Any) -> httpx.Response:
    return server.client.post(path, json=fields, headers=server.admin)


def soon(server: Server, path: str, key: str, value: object) -> Json:
    """The answer as soon as the views show it: they follow in milliseconds."""
    until = time.monotonic() + 10
    while True:
        found = get(server, path)
        if found.get(key) == value or time.monotonic() > until:
            return found


def known_soon(server: Server, path: str) -> Json:
    """The answer as soon as there is one."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        answer = server.client.get(path, headers=server.admin)
        if answer.status_code == 200:
            return dict(answer.json())
    raise AssertionError(answer.text)


def test_an_order_is_planned_checked_and_released(server: Server) -> None:
    wanted = {"material": "ROLL", "quantity": "500", "due": "2027-01-31", "note": "Blue crates"}
    check = post(server, "/v1/orders/check", **wanted).json()
    assert check["can_be_made"] is True
    assert check["items"][0] == {
        "material": "SALT", "name": "Sea salt", "unit": "KGM", "needed": "0.6", "free": "46.8",
        "short": "0", "level": 1, "made": False,
    }  # fmt: skip
    planned = post(server, "/v1/orders", **wanted, customer_reference="SO-1")
    assert planned.status_code == 201
    number = planned.json()["order"]
    assert (number, planned.json()["status"]) == ("P-0001", "planned")
    released = post(server, f"/v1/orders/{number}/release").json()
    assert (released["status"], released["work_center"]) == ("released", "MIX")
    assert released["note"] == "Blue crates"
    detail = get(server, f"/v1/orders/{number}")
    assert [line["needed"] for line in detail["materials"]] == ["30", "1", "0.6"]


@pytest.mark.parametrize(
    ("path", "fields", "status", "detail"),
    [
        ("/v1/orders", {"material": "X", "quantity": "1"}, 404, "material 'X' is not defined"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1.000,5"}, 400, "is not a number"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1.5"}, 400, "is not whole"),
        ("/v1/orders", {"material": "ROLL", "quantity": "0"}, 400, "more than nothing"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1", "due": "soon"}, 400, "is no date"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1 kg"}, 400, "write it in C62"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1", "order": "B-1"}, 409, "B-1 exists"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1", "order": "b/1"}, 400, "A-Z 0-9"),
        ("/v1/orders", {"material": "ROLL", "quantity": "1", "priority": -1}, 400, "0 (first)"),
        ("/v1/orders/B-1/release", {}, 409, "order B-1 is released: cannot release it"),
        ("/v1/orders/NO/release", {}, 404, "order 'NO' is not known"),
        ("/v1/orders/B-1/paint", {}, 404, "hold, resume, close, reopen, cancel"),
        ("/v1/orders/B-1/resume", {}, 409, "cannot resume it"),
        ("/v1/stock", {"material": "RYE", "lot": "R-9", "quantity": "2 BOX"}, 400, "no factor"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_next_step(
    server: Server, path: str, fields: Json, status: int, detail: str
) -> None:
    answer = post(server, path, **fields)
    assert answer.status_code == status, answer.text
    assert detail in answer.json()["detail"]
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_an_order_is_held_resumed_and_cancelled(server: Server) -> None:
    number = post(server, "/v1/orders", material="LOAF", quantity="10").json()["order"]
    for word, status in (
        ("release", "released"),
        ("hold", "held"),
        ("resume", "released"),
        ("hold", "held"),
        ("resume", "released"),
        ("cancel", "cancelled"),
    ):
        assert post(server, f"/v1/orders/{number}/{word}").json()["status"] == status
    assert post(server, f"/v1/orders/{number}/close").status_code == 409


def test_goods_come_in_and_are_found(server: Server) -> None:
    fields = {"material": "RYE", "lot": "R-200", "quantity": "4 BAG", "expiry": "2027-05-01"}
    items = post(server, "/v1/stock", **fields).json()["items"]
    assert items[1] == {
        "material": "RYE", "name": "Rye flour", "lot": "R-200", "amount": "100", "unit": "KGM",
        "place": "A4", "expiry": "2027-05-01", "status": "available", "supplier_lot": "",
        "received": "100",
    }  # fmt: skip


def test_a_pallet_is_traced_down_and_a_lot_up(server: Server) -> None:
    station = server.enrol("MIX-2")
    lot: Json = {"order": "B-1", "material": "ROLL", "lot": "B-1", "station": "MIX-2"}
    higher: Json = {"order": "B-1", "unit": "U-9", "station": "MIX-2"}
    off = body(UnitPacked(**lot, unit="U-8", quantity=pcs("5"), id="e-off", act="a-off"))
    events = [
        body(UnitPacked(**lot, unit="U-7", quantity=pcs("100"))),
        body(UnitClosed(unit="U-7", order="B-1", station="MIX-2")),
        off,
        body(EventReversed(of="a-off", order="B-1", station="MIX-2")),
        body(UnitPacked(**higher, packed_unit="U-7")),
    ]
    assert station.push(Log(events)).status_code == 200
    trace = known_soon(server, "/v1/units/U-9/trace")
    assert [(one["level"], one["packed_unit"] or one["lot"]) for one in trace["holds"]] == [
        (1, "U-7"),
        (2, "B-1"),
    ]
    seven = get(server, "/v1/units/U-7/trace")
    assert (seven["is_sealed"], seven["stands_on"]) == (True, ["U-9"])
    [item] = get(server, "/v1/lots/B-1/trace")["items"]
    assert [(one["level"], one["unit"], one["amount"]) for one in item["units"]] == [
        (1, "U-7", "100"),
        (2, "U-9", ""),
    ]


def test_what_a_station_makes_is_seen_everywhere(server: Server) -> None:
    where: Json = {"order": "B-1", "operation": "10", "work_center": "MIX", "station": "MIX-1"}
    station = server.enrol("MIX-1")
    start = body(OperationStarted(**where))
    took = MaterialConsumed(**where, material="WHEAT", lot="W-204", quantity=kg("60"), line="1")
    made = MaterialProduced(**where, material="ROLL", lot="B-1", quantity=pcs("480"))
    report = OperationReported(**where, good=pcs("480"), scrap=pcs("12"), reason="BURNT")
    log = Log([start, *map(body, (took, report, made)), body(OperationEnded(**where))])
    assert station.push(log).status_code == 200
    order = soon(server, "/v1/orders/B-1", "status", "completed")
    assert order["good"] == {"amount": "480", "unit": "C62"}
    assert order["scrap"] == {"amount": "12", "unit": "C62"}
    lots = {"material": "WHEAT", "lot": "W-204", "amount": "60", "unit": "KGM"}
    assert order["consumed"] == [lots]
    assert order["produced"] == [{"material": "ROLL", "lot": "B-1", "amount": "480", "unit": "C62"}]
    assert order["operations"][0]["status"] == "ended"
    stock = {item["lot"]: item["amount"] for item in get(server, "/v1/stock")["items"]}
    assert (stock["W-204"], stock["B-1"]) == ("440", "480")
    trace = get(server, "/v1/lots/W-204/trace")["items"][0]
    assert trace["went_into"] == [
        {
            "level": 1, "order": "B-1", "child_material": "ROLL", "child_lot": "B-1",
            "parent_material": "WHEAT", "parent_lot": "W-204", "amount": "60", "unit": "KGM",
        }
    ]  # fmt: skip
    assert get(server, "/v1/lots/B-1/trace")["items"][0]["made_of"] == trace["went_into"]
    names = {item["name"] for item in get(server, "/v1/deviations", order="B-1")["items"]}
    assert {"not_signed_in", "line_unconsumed"} <= names
    [seen] = [one for one in get(server, "/v1/stations")["items"] if one["station"] == "MIX-1"]
    assert seen["work_centers"] == ["MIX"]
    assert seen["last_contact"].startswith(str(date.today().year))  # noqa: DTZ011
    assert post(server, "/v1/orders/B-1/close").json()["status"] == "closed"


def test_a_release_is_in_the_feed_of_its_work_center_at_once(server: Server) -> None:
    station = server.enrol("MIX-2")
    _, mark = station.snapshot()
    number = post(server, "/v1/orders", material="ROLL", quantity="50").json()["order"]
    assert station.feed(mark).json()["events"] == []
    post(server, f"/v1/orders/{number}/release")
    told = [event["type"] for event in station.feed(mark).json()["events"]]
    assert told == ["OrderPlanned", "OrderReleased"]


def test_a_snapshot_holds_what_a_station_needs(server: Server) -> None:
    events, _ = server.enrol("PACK-1").snapshot()
    orders = {event.get("order") for event in events if event["type"] == "OrderReleased"}
    assert {"B-2", "B-3"} <= orders
    assert "B-1" not in orders  # closed
    kinds = {event["type"] for event in events}
    assert {"MaterialDefined", "OperatorDefined", "ReasonDefined", "MaterialReceived"} <= kinds


def test_lists_are_paged_and_filtered(server: Server) -> None:
    first = get(server, "/v1/orders", limit="2")
    assert [item["order"] for item in first["items"]] == ["B-1", "B-2"]
    assert first["next"] == "B-2"
    after = get(server, "/v1/orders", after="B-2", limit="2")
    assert [item["order"] for item in after["items"]] == ["B-3", "B-4"]
    for item in get(server, "/v1/orders", status="released,held")["items"]:
        assert item["status"] in {"released", "held"}
    for path in ("/v1/orders/NO", "/v1/lots/NO/trace", "/v1/units/NO/trace"):
        assert server.client.get(path, headers=server.admin).status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/orders", "/v1/orders/B-1", "/v1/stock", "/v1/stations", "/v1/deviations"]
)
def test_without_the_admin_token_nothing_is_told(server: Server, path: str) -> None:
    assert server.client.get(path).status_code == 401


def test_an_import_over_rest_is_told_as_the_command_tells_it(
    server: Server, tmp_path: Path
) -> None:
    again = kiosk_server("import", "--data", str(server.data), str(FACTORY))
    assert (again.returncode, again.stdout.count("known already")) == (0, 1)
    (tmp_path / "orders.csv").write_text("order,material,quantity\nX-1,NO,1\n", encoding="utf-8")
    wrong = kiosk_server("import", "--data", str(server.data), str(tmp_path))
    assert wrong.returncode == 1
    assert "orders.csv, line 2, column material: 'NO' is no material" in wrong.stdout + wrong.stderr
    bad = server.client.post("/v1/import", json={"files": {"a": "?"}}, headers=server.admin)
    assert bad.json()["ok"] is False
    assert "want the file's bytes as base64" in bad.json()["problems"][0]["text"]


def test_dates_of_an_import_count_from_the_day_that_is_given(server: Server) -> None:
    day = date(2029, 2, 27)
    text = f"order,material,quantity,due\nX-9,ROLL,1,+{3}d\n"
    files = {"orders.csv": base64.b64encode(text.encode()).decode()}
    answer = post(server, "/v1/import", files=files, today=day.isoformat())
    assert answer.json()["ok"] is True
    order = get(server, "/v1/orders/X-9")
    assert order["due"] == (day + timedelta(days=3)).isoformat()
