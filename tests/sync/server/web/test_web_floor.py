"""The floor, the front page, the inbox and the stations on a real server."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.domain.events import HelpCalled, MaterialConsumed
from sync.domain.quantity import Quantity
from sync.server.web.floor import columns_of, in_order
from tests.sync.server.server_parts import Log, Server, body, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
PAGES = ("/today", "/floor", "/wall", "/deviations", "/stations", "/work-center?name=MIX")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("floor")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        yield running


def push(server: Server, *events: HelpCalled | MaterialConsumed) -> None:
    """What a station tells, until the views show it."""
    answer = server.enrol("MIX-1").push(Log([body(event) for event in events]))
    assert answer.status_code == 200, answer.text
    position = answer.json()["have"][0]
    assert position


def until_told(server: Server, path: str, word: str) -> str:
    """The page once the views are up with what was told."""
    for _ in range(200):
        page = server.client.get(path).text
        if word in page:
            return page
        server.client.get("/v1/status", headers=server.admin)
    raise AssertionError(page)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_a_page_speaks_each_language_and_is_strict(
    server: Server, path: str, language: str
) -> None:
    page = server.client.get(path, headers={"Cookie": f"language={language}"})
    assert page.status_code == 200, page.text
    assert f'<html lang="{language}"' in page.text
    assert not re.search(r"<style|style=|\son\w+=|<script>", page.text)


def test_a_call_is_answered_from_the_floor(server: Server) -> None:
    push(server, HelpCalled(work_center="MIX", station="MIX-1", operator="anna"))
    page = until_told(server, "/floor", "Help called")
    assert "Help called" in server.client.get("/wall").text
    call = re.search(r'name="call" value="([^"]+)"', page)
    assert call is not None
    done = server.client.post("/floor/answer", data={"call": call[1], "back": "/today"})
    assert (done.status_code, done.headers["location"].partition("?")[0]) == (303, "/today")
    assert "Help called" not in server.client.get("/floor").text
    again = server.client.post("/floor/answer", data={"call": call[1]})
    assert (again.status_code, "answered already" in again.text) == (409, True)
    unknown = server.client.post("/floor/answer", data={"call": "none"})
    assert unknown.status_code == 404


def used(lot: str) -> MaterialConsumed:
    return MaterialConsumed(
        order="B-4", operation="10", material="WHEAT", lot=lot, quantity=Quantity("1", "KGM"),
        station="MIX-1", operator="anna",
    )  # fmt: skip


def test_a_deviation_is_looked_at_and_settled(server: Server) -> None:
    push(server, used("NONE-1"))
    page = until_told(server, "/deviations?name=lot_unknown", "NONE-1")
    assert "was never received" in page
    german = server.client.get("/deviations", headers={"Cookie": "language=de"}).text
    assert "nie eingebucht" in german
    found = re.search(r"/deviation\?target=([^&]+)&amp;name=lot_unknown", page)
    assert found is not None
    fields = {"target": found[1], "name": "lot_unknown"}
    one = server.client.get("/deviation", params=fields)
    assert (one.status_code, "Material used" in one.text, "NONE-1" in one.text) == (
        200,
        True,
        True,
    )
    assert server.client.post("/deviations/review", data=fields).status_code == 422
    done = server.client.post("/deviations/review", data={**fields, "reason": "Counted"})
    assert done.status_code == 303
    assert found[1] not in server.client.get("/deviations?name=lot_unknown").text
    assert "Counted" in server.client.get("/deviations?status=reviewed").text
    twice = server.client.post("/deviations/review", data={**fields, "reason": "Again"})
    assert (twice.status_code, "it is settled already; look again" in twice.text) == (409, True)


def test_an_act_is_taken_back_from_the_inbox(server: Server) -> None:
    push(server, used("NONE-2"))
    page = until_told(server, "/deviations?name=lot_unknown", "NONE-2")
    found = re.search(r"/deviation\?target=([^&]+)&amp;name=lot_unknown", page)
    assert found is not None
    fields = {"target": found[1], "name": "lot_unknown", "order": "B-4", "reason": "Scanned twice"}
    assert server.client.post("/deviations/take-back", data=fields).status_code == 303
    assert "NONE-2" not in server.client.get("/deviations?name=lot_unknown").text
    assert server.client.post("/deviations/take-back", data=fields).status_code == 409
    assert (
        server.client.post("/deviations/hold", data={**fields, "order": "B-4"}).status_code == 303
    )
    line = server.client.get("/v1/orders/B-4", headers=server.admin).json()
    assert line["status"] == "held"


def test_a_station_is_let_in_and_shut_out(server: Server) -> None:
    made = server.client.post("/stations/enrol", data={"station": "BAKE-9", "work_centers": "BAKE"})
    assert (made.status_code, made.headers["cache-control"]) == (200, "no-store")
    assert "BAKE-9" in made.text
    assert server.client.post("/stations/enrol", data={"station": "a,b"}).status_code == 422
    server.enrol("PACK-9")
    gone = server.client.post("/stations/revoke", data={"station": "PACK-9"})
    assert gone.status_code == 303
    assert "shut out" in server.client.get("/stations").text
    assert server.client.post("/stations/revoke", data={"station": "NO"}).status_code == 404


@pytest.mark.parametrize("path", ["/floor", "/deviations"])
def test_a_list_is_a_file_too(server: Server, path: str) -> None:
    answer = server.client.get(path, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")


def test_a_wall_of_up_to_24_work_centers_fills_its_columns() -> None:
    assert [columns_of(count) for count in (1, 2, 4, 6, 8, 12, 13, 20, 21, 24)] == [
        *(1, 2, 2, 3, 4, 4),
        *(5, 5, 6, 6),
    ]


def test_names_with_numbers_stand_in_the_order_of_the_numbers() -> None:
    told = ["Press 10", "Press 9", "Lathe", "Press 9b", "²"]
    assert sorted(told, key=in_order) == ["Lathe", "Press 9", "Press 9b", "Press 10", "²"]
