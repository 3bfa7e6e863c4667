"""The plan's pages on a real server: the week, a move, proposals, demand, calendars, and by REST."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

from sync.server.web.texts import LANGUAGES
from sync.server.wording import catalogue
from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
PAGES = (
    "/plan",
    "/plan?week=2027-03-03&center=MIX",
    "/plan?order=B-2",
    "/plan/move?order=B-2",
    "/plan/move?order=B-2&start=2027-03-03&due=2027-03-04&priority=7",
    "/plan/proposals",
    "/plan/demand",
    "/plan/calendar",
)
REASONS = ("now", "not_before", "material", "order", "previous", "capacity", "calendar", "due")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("plan")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        running.client.headers["Origin"] = running.url
        yield running


def far(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()  # noqa: DTZ011 — the server's place


def sent(server: Server, path: str, **fields: str) -> httpx.Response:
    return server.client.post(path, data=fields)


def fault_of(page: httpx.Response) -> str:
    found = re.search(r'id="fault">(.*?)</p>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


def revision_of(page: httpx.Response) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_every_language(server: Server, path: str, language: str) -> None:
    page = server.client.get(path, headers={"Accept-Language": language})
    assert page.status_code == 200, page.text
    assert f'<html lang="{language}"' in page.text
    assert "style=" not in page.text


def test_every_reason_has_its_words() -> None:
    for language in LANGUAGES:
        said = catalogue(language)
        for kind in REASONS:
            for group in ("why", "lost", "unplaced"):
                assert f"plan.{group}.{kind}" in said or (group, kind) == ("unplaced", "order")


def test_the_week_shows_each_order_where_it_runs_and_why(server: Server) -> None:
    week = server.client.get("/plan?order=B-2").text
    blocks = re.findall(r'<a class="block[^"]*" href="[^"]*" data-order="([^"]+)"', week)
    assert set(blocks) >= {"B-1", "B-2", "B-3", "B-4"}
    assert "Bakehouse is full until then (order B-1)" in week
    table = server.client.get("/plan?format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    head, *rows = table.text.splitlines()
    assert head.startswith("work_center,order,operation,material,begins,ends,minutes")
    assert [row.split(",")[:3] for row in rows if "B-2" in row.split(",")[1]] == [
        ["MIX", "B-2", "10"],
        ["PACK", "B-2", "20"],
    ]


def test_demand_becomes_planned_orders_and_none_twice(server: Server) -> None:
    asked = {"material": "ROLL", "quantity": "5000", "due": far(20), "customer_reference": "SO-9"}
    told = sent(server, "/plan/demand", **asked)
    assert told.status_code == 303, told.text
    assert "D-0001" in told.headers["location"]
    assert "Demand D-0001 is saved." in server.client.get(told.headers["location"]).text
    page = server.client.get("/plan/proposals").text
    keys = re.findall(r'name="all\.\d+" value="([^"]+)"', page)
    shown = {f"all.{n}": key for n, key in enumerate(keys)}
    assert "wanted by D-0001" in page
    covers = '<li><a href="/plan/demand?demand=D-0001">D-0001</a> 5\u202f000 PCS</li>'
    assert covers in page
    assert fault_of(sent(server, "/plan/proposals")).startswith("no proposal is ticked")
    done = sent(server, "/plan/proposals", everything="1", **shown)
    assert done.headers["location"].startswith(
        "/plan/proposals?said=plan.said.accepted&what=P-0001"
    )
    again = sent(server, "/plan/proposals", everything="1", **shown)
    assert again.status_code == 409
    count = len(keys)
    assert f"{count} of {count} proposals are no longer as you saw them" in fault_of(again)
    assert "is there, on its way or planned" in server.client.get("/plan/proposals").text
    listed = server.client.get("/v1/orders?status=planned", headers=server.admin).json()["items"]
    assert len(listed) == count
    (order,) = [one for one in listed if one["note"] == "for D-0001"]
    assert (order["due"], order["customer_reference"]) == (far(20), "SO-9")
    order_page = server.client.get("/order", params={"number": order["order"]}).text
    assert f'<dt>Planned for</dt><dd><ul class="plain">{covers}</ul></dd>' in order_page
    listing = server.client.get("/plan/proposals?format=csv").text.splitlines()[0]
    assert listing.endswith("level,for,covers,reason")
    dropped = sent(server, "/plan/demand/drop", demand="D-0001", revision="1")
    assert dropped.status_code == 303


def test_a_move_is_shown_then_saved_and_a_second_planner_is_told(server: Server) -> None:
    looked = server.client.get(f"/plan/move?order=B-3&start={far(7)}&due={far(9)}&priority=5")
    assert "What this would change" in looked.text
    assert re.search(r'<tr class="chosen">\s*<th scope="row"><a [^>]*>B-3</a>', looked.text)
    seen = revision_of(looked)
    fields = {"order": "B-3", "due": far(9), "priority": "5", "revision": seen}
    saved = sent(server, "/plan/move", **fields, start=far(7), reason="the oven is booked")
    assert saved.headers["location"] == "/plan?order=B-3&said=plan.said.moved&what=B-3"
    late = sent(server, "/plan/move", **fields, start=far(8))
    assert late.status_code == 409
    assert "changed it meanwhile" in fault_of(late)
    assert f'value="{far(8)}"' in late.text
    after = sent(server, "/plan/move", **{**fields, "revision": revision_of(late)}, start=far(8))
    assert after.status_code == 303
    gone = server.client.get("/plan/move?order=NONE")
    assert gone.status_code == 404
    assert "Order NONE is not open" in gone.text
    wrong = sent(server, "/plan/move", **{**fields, "start": "soon", "priority": "first"})
    assert (wrong.status_code, "planned start" in fault_of(wrong)) == (422, True)


def test_demand_comes_from_a_file_after_a_look_at_it(server: Server) -> None:
    before = server.client.get("/plan/demand?format=csv").content
    kept_all = server.client.post(
        "/plan/demand/file", files={"file": ("all.csv", before, "text/csv")}
    )
    assert "0 changes. Nothing is loaded yet." in kept_all.text, kept_all.text
    good = f"demand,material,quantity,due\nF-1,LOAF,40 pcs,{far(12)}\n".encode()
    looked = server.client.post("/plan/demand/file", files={"file": ("d.csv", good, "text/csv")})
    assert looked.status_code == 200, looked.text
    assert "1 rows read, 1 changes. Nothing is loaded yet." in looked.text
    assert "F-1" not in server.client.get("/plan/demand").text
    kept = re.search(r'name="content" value="([^"]+)"', looked.text)
    assert kept is not None
    told = server.client.post(
        "/plan/demand/file", files={"content": (None, kept[1]), "load": (None, "1")}
    )
    assert told.status_code == 303, told.text
    assert "F-1" in server.client.get("/plan/demand").text
    bad = b"demand,material,quantity\nF-2,NOTHING,many\n"
    refused = server.client.post("/plan/demand/file", files={"file": ("d.csv", bad, "text/csv")})
    assert refused.status_code == 422
    assert "no amount" in refused.text
    none = server.client.post("/plan/demand/file", files={"content": (None, "")})
    assert (none.status_code, "no file was chosen" in none.text) == (422, True)


def test_demand_and_calendars_that_cannot_be_are_told_at_their_field(server: Server) -> None:
    wrong = sent(server, "/plan/demand", material="ROLL", quantity="none", due=far(3))
    assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
    assert fault_of(wrong).startswith("quantity")
    unknown = sent(server, "/plan/demand", material="NOTHING", quantity="1")
    assert unknown.status_code == 404
    shift = sent(server, "/plan/calendar", calendar="ONE", weekday_0="6-14", revision="0")
    assert shift.status_code == 422
    assert 'name="weekday_0"' in shift.text
    assert "06:00-14:00" in fault_of(shift)
    made = sent(server, "/plan/calendar", calendar="ONE", weekday_0="06:00-14:00", revision="0")
    assert made.status_code == 303
    again = sent(server, "/plan/calendar", calendar="ONE", weekday_1="06:00-14:00", revision="0")
    assert again.status_code == 409
    assert "calendar ONE exists" in fault_of(again)


def test_a_form_of_another_site_changes_nothing(server: Server) -> None:
    foreign = {"Origin": "http://elsewhere.example"}
    for path in ("/plan/demand", "/plan/demand/drop", "/plan/move", "/plan/proposals"):
        assert server.client.post(path, headers=foreign).status_code == 403, path


def test_the_plan_by_rest_is_that_of_the_pages(server: Server) -> None:
    def told(path: str) -> httpx.Response:
        return server.client.get(path, headers=server.admin)

    first = told("/v1/plan?limit=1").json()
    assert {line["order"] for line in first["items"]} == {first["next"]} == {"B-1"}
    rest = told(f"/v1/plan?after={first['next']}").json()
    assert {line["order"] for line in rest["items"]} >= {"B-2", "B-3", "B-4"}
    line = {"material": "CROIS", "quantity": "700", "demand": "R/1", "due": far(30)}
    made = server.client.post("/v1/demand", json=line, headers=server.admin)
    assert (made.status_code, made.json()["revision"]) == (201, 1)
    twice = server.client.post("/v1/demand", json=line, headers=server.admin)
    assert twice.status_code == 409
    assert "R/1" in {one["demand"] for one in told("/v1/demand").json()["items"]}
    proposals = told("/v1/proposals").json()["items"]
    assert ["R/1"] in [one["wants"] for one in proposals]
    asked = {"proposals": [one["proposal"] for one in proposals]}
    planned = server.client.post("/v1/proposals/accept", json=asked, headers=server.admin)
    assert planned.status_code == 201, planned.text
    refused = server.client.post("/v1/proposals/accept", json=asked, headers=server.admin)
    assert refused.status_code == 409
    *_, order = planned.json()["orders"]
    move = {"revision": 1, "start": far(25), "due": far(30), "priority": 40}
    moved = server.client.post(f"/v1/orders/{order}/move", json=move, headers=server.admin)
    assert moved.status_code == 200, moved.text
    assert moved.json()["items"][0]["begins"][:10] >= far(25)
    for status, key in ((204, "R/1"), (404, "NONE"), (204, "R/1")):
        params = {"demand": key}
        gone = server.client.delete("/v1/demand", params=params, headers=server.admin)
        assert gone.status_code == status, gone.text
    calendar = {"calendar": "REST", "weekdays": ["06:00-14:00"], "closed": [far(40)]}
    stands = server.client.post("/v1/calendars", json=calendar, headers=server.admin)
    assert stands.json()["weekdays"] == ["06:00-14:00", *[""] * 6]
    assert "REST" in {one["calendar"] for one in told("/v1/calendars").json()["items"]}
