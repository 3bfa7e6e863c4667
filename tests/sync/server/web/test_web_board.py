"""The board on a real server: the page, its form, who may see it, its live stream."""

import csv
import html
import io
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.domain.events import MaterialConsumed
from sync.domain.quantity import Quantity
from tests.sync.server.server_parts import Log, Server, body, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("board")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        yield running


def cards(page: str, column: str) -> list[str]:
    """The numbers of the orders that stand in a column."""
    found = re.search(rf'id="{column}"[^>]*>(.*?)</section>', page, re.DOTALL)
    assert found is not None, page
    return re.findall(r'id="order-([^"]+)"', found[1])


def form(**fields: str) -> dict[str, str]:
    return {"material": "ROLL", "quantity": "100", "due": "2027-01-31", **fields}


def number_of(made: httpx.Response) -> str:
    """The order that was planned, as the page is told that is shown then."""
    return httpx.URL(made.headers["location"]).params["what"]


def test_the_board_shows_orders_by_status(server: Server) -> None:
    page = server.client.get("/board")
    assert page.status_code == 200
    assert cards(page.text, "released") == ["B-1", "B-2", "B-3", "B-4"]
    assert cards(page.text, "planned") == []
    assert "Rolls for the morning vans" in page.text
    assert "<b>0</b> of 200 PCS" in page.text
    assert server.client.get("/").headers["location"] == "/today"


def test_a_card_names_its_deviations(server: Server) -> None:
    taken = [
        MaterialConsumed(
            order="B-4",
            operation="10",
            material="WHEAT",
            lot=lot,
            quantity=Quantity("1", "KGM"),
            station="BAKE-1",
        )
        for lot in ("NONE-1", "NONE-2")
    ]
    server.enrol("BAKE-1").push(Log([body(event) for event in taken]))
    until = time.monotonic() + 10
    while "lot unknown ×2" not in (page := server.client.get("/board").text):
        assert time.monotonic() < until, page
    line = server.client.get("/v1/orders/B-4", headers=server.admin).json()
    assert line["flags"]["lot_unknown"] == 2
    assert line["deviations"] == sum(line["flags"].values())


def test_the_page_is_strict_and_complete(server: Server) -> None:
    page = server.client.get("/board")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"<style|style=|\son\w+=|<script>", page.text)
    for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        assert server.client.get(path).status_code == 200, path


def test_an_unchanged_board_is_not_sent_again(server: Server) -> None:
    first = server.client.get("/board")
    known = {"If-None-Match": first.headers["etag"]}
    again = server.client.get("/board", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    server.client.post("/board/orders", data=form())
    assert server.client.get("/board", headers=known).status_code == 200


def test_create_and_release(server: Server) -> None:
    made = server.client.post("/board/orders", data=form(note="<b>Mind</b> the & gap"))
    assert made.status_code == 303
    number = number_of(made)
    page = server.client.get(made.headers["location"]).text
    assert f"Order {number} is planned." in page
    assert number in cards(page, "planned")
    assert "&lt;b&gt;Mind&lt;/b&gt; the &amp; gap" in page
    done = server.client.post("/board/release", data={"number": number})
    assert done.status_code == 303
    assert number in cards(server.client.get(done.headers["location"]).text, "released")
    twice = server.client.post("/board/release", data={"number": number})
    assert (twice.status_code, "cannot release it" in twice.text) == (409, True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quantity": "many"}, "is not a number"),
        ({"quantity": ""}, "is not a number"),
        ({"due": "soon"}, "is no date"),
        ({"priority": "high"}, "priority &#39;high&#39;: write a whole number, as 50"),
        ({"priority": "1000"}, "000: want 0 (first) to 999"),
        ({"priority": "9" * 5_000}, "write a whole number"),
    ],
)
def test_a_wrong_form_comes_back_filled_with_what_to_do(
    server: Server, fields: dict[str, str], said: str
) -> None:
    answer = server.client.post("/board/orders", data=form(note="keep me", **fields))
    assert answer.status_code == 422
    assert said in answer.text
    assert "keep me" in answer.text


def test_what_is_not_known_cannot_be_planned(server: Server) -> None:
    answer = server.client.post("/board/orders", data=form(material="NO"))
    assert (answer.status_code, "material &#39;NO&#39; is not defined" in answer.text) == (
        404,
        True,
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_a_form_of_another_page_changes_nothing(
    server: Server, headers: dict[str, str], status: int
) -> None:
    before = server.client.get("/v1/orders", headers=server.admin).json()["items"]
    assert server.client.post("/board/orders", data=form(), headers=headers).status_code == status
    after = server.client.get("/v1/orders", headers=server.admin).json()["items"]
    assert len(after) - len(before) == (status == 303)


@pytest.mark.parametrize("path", ["/board", "/board/stream"])
def test_another_host_s_name_is_refused(server: Server, path: str) -> None:
    answer = server.client.get(path, headers={"Host": "rebound.example"})
    assert answer.status_code == 403
    assert "<h1>Sign in</h1>" in answer.text


def test_a_server_without_open_board_says_how_to_open_it(tmp_path: Path) -> None:
    with Server(tmp_path) as closed:
        answer = closed.client.get("/board")
        assert answer.status_code == 403
        assert "--open-board" in answer.text
        assert closed.client.get("/board", headers=closed.admin).status_code == 200
        assert closed.client.post("/board/orders", data=form()).status_code == 403


def stream_tag(page: httpx.Response) -> str:
    """What the board shows, as its stream is told."""
    found = re.search('data-stream="([^"]*)"', page.text)
    assert found is not None, page.text
    return httpx.URL(html.unescape(found[1])).params["at"]


def stream(
    server: Server, at: str, until: str, found: list[dict[str, Any]], heard: threading.Event
) -> None:
    """Read the stream until a fragment of that id came; `heard` is set at the first word."""
    url = f"{server.url}/board/stream"
    with httpx.stream("GET", url, params={"at": at}, timeout=20, trust_env=False) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            kind = value if name == "event" else kind
            if name == "data":
                heard.set()
            if name == "data" and kind == "swap":
                found += json.loads(value)
            if any(swap["id"] == until for swap in found):
                return


def test_what_changes_is_sent_to_who_looks(server: Server) -> None:
    tag = stream_tag(server.client.get("/board"))
    number = number_of(server.client.post("/board/orders", data=form()))
    found: list[dict[str, Any]] = []
    stream(server, tag, f"order-{number}", found, threading.Event())
    [card] = [swap for swap in found if swap["id"] == f"order-{number}"]
    assert card["into"] == "planned"
    live: list[dict[str, Any]] = []
    now = stream_tag(server.client.get("/board"))
    heard = threading.Event()
    reader = threading.Thread(target=stream, args=(server, now, f"order-{number}", live, heard))
    reader.start()
    assert heard.wait(20)
    server.client.post("/board/release", data={"number": number})
    reader.join(20)
    [card] = [swap for swap in live if swap["id"] == f"order-{number}"]
    assert card["into"] == "released"
    assert {swap["id"] for swap in live} <= {f"order-{number}", "counts"}


def test_who_reloads_the_answer_to_a_form_sees_the_board(server: Server) -> None:
    for path in ("/board/orders", "/board/release"):
        answer = server.client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/board")


def first_event(server: Server, at: str, last: str = "") -> tuple[str, str]:
    """The name and the data of the first event that a browser is sent."""
    headers = {"Last-Event-ID": last} if last else {}
    url = httpx.URL(f"{server.url}/board/stream", params={"at": at})
    with httpx.stream("GET", url, headers=headers, timeout=20, trust_env=False) as answer:
        name = ""
        for line in answer.iter_lines():
            kind, _, value = line.partition(": ")
            name = value if kind == "event" else name
            if kind == "data":
                return name, value
    raise AssertionError("the stream ended")


def test_a_browser_that_was_away_is_told_which_cards_there_are(server: Server) -> None:
    name, data = first_event(server, "of another time")
    page = server.client.get("/board")
    columns = ("planned", "released", "started", "completed")
    shown = [f"order-{one}" for column in columns for one in cards(page.text, column)]
    assert (name, json.loads(data)) == ("cards", shown)
    tag = stream_tag(page)
    assert first_event(server, tag) == ("beat", tag)
    assert first_event(server, "of another time", last=tag) == ("beat", tag)


def told(server: Server, path: str) -> dict[str, str]:
    """Order → slack in days, of a table."""
    lines = csv.DictReader(io.StringIO(server.client.get(path).text.lstrip("\ufeff")))
    return {line["order"]: line["slack_days"] for line in lines}


def test_an_order_has_one_slack_wherever_it_is_told(server: Server) -> None:
    listed = server.client.get("/v1/orders", headers=server.admin).json()["items"]
    slack = {one["order"]: str(one["slack"]) for one in listed}
    assert told(server, "/orders?format=csv") == slack
    assert told(server, "/plan?format=csv").items() <= slack.items()
    for number, days in slack.items():
        detail = server.client.get(f"/v1/orders/{number}", headers=server.admin).json()
        assert str(detail["slack"]) == days
    page = html.unescape(server.client.get("/board").text)
    for number in cards(page, "released"):
        card = page.partition(f'id="order-{number}"')[2].partition("</article>")[0]
        left = int(slack[number])
        assert (f"{left} d slack" if left >= 0 else f"{-left} d late") in card, card
