"""Orders on a real server: planned, checked, released, changed by two, split, worked on, closed."""

import html
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pypdfium2
import pytest
import zxingcpp

from labels.codes import CommandCode, OrderCode, decode
from sync.domain.events import EVENT_TYPES, Event, OperationEnded
from sync.server.web.release import COMMANDS_ON_PAPER
from tests.sync.server.server_parts import Log, Server, body, kiosk_server, new_id

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
SECONDS_MAX = 10
BEGUN = "2026-11-23T06:00:00+00:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("orders")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        yield running


def page(server: Server, path: str, language: str = "en", **query: str) -> str:
    headers = {"Accept-Language": language}
    answer = server.client.get(path, params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def post(server: Server, path: str, **fields: str) -> httpx.Response:
    return server.client.post(path, data=fields)


def read_back(pdf: bytes) -> list[str]:
    """What the codes on all pages of a paper mean, as a scanner reads them."""
    open_document: Any = pypdfium2.PdfDocument
    document = open_document(pdf)
    try:
        pictures = [sheet.render(scale=300 / 72, grayscale=True).to_pil() for sheet in document]
    finally:
        document.close()
    read = [one for picture in pictures for one in zxingcpp.read_barcodes(picture)]
    return sorted(repr(decode(one.bytes, one.symbology_identifier)) for one in read)


def plan(server: Server, quantity: str, **fields: str) -> str:
    answer = post(server, "/orders/new", material="ROLL", quantity=quantity, do="plan", **fields)
    assert answer.status_code == 303, answer.text
    found = re.search(r"number=([^&]+)", answer.headers["location"])
    assert found is not None
    return found[1]


def release(server: Server, number: str) -> None:
    answer = post(server, "/order/release", number=number, revision="1", accept="1")
    assert answer.status_code == 303, answer.text


def change(server: Server, number: str, revision: str, **fields: str) -> httpx.Response:
    asked = {"quantity": "100", "priority": "50", "due": "2027-02-01", **fields}
    return post(server, "/order/change", number=number, revision=revision, **asked)


def told(server: Server, station: str, *events: Event) -> None:
    """Push what a station did, and wait until the order shows its output."""
    server.enrol(station).push(Log([body(event) for event in events]))
    number = getattr(events[-1], "order", "")
    until = time.monotonic() + SECONDS_MAX
    while True:
        answer = server.client.get(f"/v1/orders/{number}", headers=server.admin)
        if answer.status_code == 200 and answer.json()["good"]["amount"] == "60":
            return
        assert time.monotonic() < until, answer.text


def worked(number: str, station: str) -> list[Event]:
    """A batch: 60 of what was planned, made of flour."""
    start = new_id()
    at = {"order": number, "operation": "10", "work_center": "MIX", "station": station}
    told: list[dict[str, Any]] = [
        {"type": "OperationStarted", "id": start, "operator": "anna", "at": BEGUN},
        {
            "type": "MaterialConsumed",
            "material": "WHEAT",
            "lot": "W-0001",
            "quantity": {"amount": "4", "unit": "KGM"},
        },
        {
            "type": "OperationReported",
            "good": {"amount": "60", "unit": "C62"},
            "scrap": {"amount": "2", "unit": "C62"},
            "reason": "BURNT",
        },
    ]
    return [
        msgspec.convert({**at, **one, "n": n}, EVENT_TYPES[one["type"]])
        for n, one in enumerate(told, 1)
    ]


def test_the_list_has_filters_words_pages_and_a_file(server: Server) -> None:
    shown = page(server, "/orders")
    assert [one for one in ("B-1", "B-2", "B-3", "B-4") if f">{one}</a>" in shown] != []
    assert ">B-4</a>" not in page(server, "/orders", show="closed")
    assert ">B-4</a>" in page(server, "/orders", q="sunflower")
    assert ">B-1</a>" not in page(server, "/orders", q="sunflower")
    assert ">B-4</a>" not in page(server, "/orders", show="all", after="B-4")
    for kind in ("late", "short", "deviations", "held", "completed", "nonsense"):
        page(server, "/orders", show=kind)
    table = server.client.get("/orders?format=csv").text.splitlines()
    assert table[0].startswith("order,status,material,name,quantity,unit,good,scrap,start,due")
    assert any(line.startswith("B-4,released,SEEDROLL") for line in table) or len(table) > 4


def test_a_new_order_is_checked_before_it_is_planned(server: Server) -> None:
    asked = {"material": "ROLL", "quantity": "90000"}
    shown = page(server, "/orders/new", **asked)
    assert "components are short" in shown
    assert "if ordered now" in shown
    assert "Yes: all components are free in stock." in page(
        server, "/orders/new", material="ROLL", quantity="10"
    )
    wrong = post(server, "/orders/new", material="NONE", quantity="5", do="plan")
    assert (wrong.status_code, "is not defined" in wrong.text) == (404, True)
    assert post(server, "/orders/new", material="ROLL", quantity="x", do="plan").status_code == 422
    assert post(server, "/orders/new", material="ROLL", quantity="1", priority="a",
                do="plan").status_code == 422  # fmt: skip


def test_what_is_short_is_released_knowingly_and_gets_its_paper(server: Server) -> None:
    number = plan(server, "90000")
    assert server.client.get(f"/order/traveller?number={number}").status_code == 404
    assert "my name is kept with it" in page(server, "/order/release", number=number)
    refused = post(server, "/order/release", number=number, revision="1")
    assert refused.status_code == 409
    assert "is short of" in refused.text
    done = post(server, "/order/release", number=number, revision="1", accept="1", reason="truck")
    assert done.status_code == 303
    shown = page(server, "/order", number=number)
    assert "knowing that materials are short" in shown
    assert "– truck" in shown
    paper = server.client.get(f"/order/traveller?number={number}")
    assert paper.headers["content-type"] == "application/pdf"
    wanted = [OrderCode(number), OrderCode(number, "ROLL", Decimal(90000), "C62")]
    assert read_back(paper.content) == sorted(
        map(repr, [*wanted, *map(CommandCode, COMMANDS_ON_PAPER)])
    )
    assert post(server, "/order/release", number=number, revision="3").status_code == 409
    post(server, "/order/say", number=number, word="cancel", reason="test")


def test_of_two_who_change_one_order_the_second_is_told(server: Server) -> None:
    number = plan(server, "100", due="2027-01-31")
    assert change(server, number, "1", quantity="120", reason="more").status_code == 303
    second = change(server, number, "1", quantity="80", note="mine")
    said = html.unescape(second.text)
    assert second.status_code == 409
    assert "changed it meanwhile" in said
    assert 'value="80"' in said
    assert ">mine</textarea>" in said
    assert "What stands now: 120" in said
    assert change(server, number, "2", quantity="80").status_code == 303
    assert "80</b>" not in page(server, "/orders", q=number)


def test_a_started_order_keeps_what_was_made_when_it_is_split(server: Server) -> None:
    number = plan(server, "100")
    release(server, number)
    told(server, "BAKE-1", *worked(number, "BAKE-1"))
    shown = page(server, "/order", number=number)
    assert "reported 60 PCS good and 2 scrap at operation 10" in shown
    assert "used 4 KG of Wheat flour, lot W-0001" in shown
    assert "/lot?material=WHEAT&lot=W-0001" in shown
    assert "BURNT" in shown
    assert "For the 60 PCS made" in shown
    revision = server.client.get(f"/v1/orders/{number}/past", headers=server.admin).json()
    stands = str(revision["revision"])
    less = change(server, number, stands, quantity="50")
    assert less.status_code == 422
    assert "are made already" in less.text, re.findall(r'role="alert".*', less.text)
    over = post(server, "/order/split", number=number, revision=stands, quantity="100")
    assert over.status_code == 422
    done = post(server, "/order/split", number=number, revision=stands, quantity="40",
                release="1", reason="second oven")  # fmt: skip
    assert done.status_code == 303
    new = done.headers["location"].split("what=")[1]
    lines = {
        one: server.client.get(f"/v1/orders/{one}", headers=server.admin).json()
        for one in (number, new)
    }
    assert (lines[number]["planned"]["amount"], lines[number]["good"]["amount"]) == ("60", "60")
    assert (lines[new]["planned"]["amount"], lines[new]["status"]) == ("40", "released")
    assert f"40 PCS → {new}: second oven" in page(server, "/order", number=number)


def test_the_cost_of_an_order_names_each_line(server: Server) -> None:
    number = plan(server, "100")
    release(server, number)
    events = worked(number, "BAKE-2")
    start = events[0]
    end = OperationEnded(
        order=number, operation="10", work_center="MIX", station="BAKE-2", of=start.id, n=4,
        at="2026-11-23T07:00:00+00:00",
    )  # fmt: skip
    told(server, "BAKE-2", *events, end)
    found = server.client.get(f"/v1/orders/{number}/cost", headers=server.admin).json()
    lines = {one["key"]: one for one in found["items"]}
    assert lines["WHEAT"]["planned_amount"] == "6"
    assert lines["WHEAT"]["actual_amount"] == "4"
    assert float(lines["WHEAT"]["actual"]) * 6 == pytest.approx(
        float(lines["WHEAT"]["planned"]) * 4
    )
    assert float(lines["MIX"]["actual"]) > float(lines["MIX"]["planned"])
    whole = sum(float(one["actual"]) for one in found["items"])
    assert float(found["actual"]) == pytest.approx(whole)
    table = server.client.get(f"/order?number={number}&format=csv&csv=cost").text
    assert table.startswith("kind,key,name,unit,planned_amount")
    past = server.client.get(f"/order?number={number}&format=csv&csv=past").text
    assert "OperationReported" in past


def test_an_order_that_only_the_floor_knows_is_shown(server: Server) -> None:
    told(server, "BAKE-3", *worked("X-99", "BAKE-3"))
    shown = page(server, "/order", number="X-99")
    assert "The office never planned this order" in shown
    assert change(server, "X-99", "0").status_code == 404
    assert server.client.get("/order/release?number=X-99").status_code == 404
    assert server.client.get("/order?number=NONE").status_code == 404


def test_holding_and_closing_need_a_reason_and_are_told(server: Server) -> None:
    number = plan(server, "10")
    release(server, number)
    assert post(server, "/order/floor", number=number, word="hold").status_code == 422
    assert post(server, "/order/floor", number=number, word="close").status_code == 422
    for path, word in (("floor", "hold"), ("floor", "resume"), ("say", "close")):
        done = post(server, f"/order/{path}", number=number, word=word, reason=f"to {word}")
        assert done.status_code == 303, done.text
    shown = page(server, "/order", number=number)
    assert "Is closed since" in shown
    assert "to close" in shown
    assert change(server, number, "2").status_code == 409
    assert post(server, "/order/say", number=number, word="reopen", reason="no").status_code == 303
    assert "office reopened it – no" in page(server, "/order", number=number)


@pytest.mark.parametrize(("language", "word"), [("de", "Was geschah"), ("da", "Hvad der skete")])
def test_pages_speak_the_reader_s_language(server: Server, language: str, word: str) -> None:
    assert word in page(server, "/order", language, number="B-1")
    page(server, "/orders", language)
    page(server, "/orders/new", language, material="ROLL", quantity="90000")


def test_rest_changes_and_splits_with_the_revision_seen(server: Server) -> None:
    number = plan(server, "100")
    asked = {"quantity": "90", "revision": 1, "reason": "less"}
    path = f"/v1/orders/{number}"
    first = server.client.post(f"{path}/change", json=asked, headers=server.admin)
    assert (first.status_code, first.json()["planned"]["amount"]) == (200, "90")
    again = server.client.post(f"{path}/change", json=asked, headers=server.admin)
    assert again.status_code == 409
    part = {"quantity": "40", "revision": 2}
    new = server.client.post(f"{path}/split", json=part, headers=server.admin)
    assert (new.status_code, new.json()["planned"]["amount"]) == (201, "40")
    past = server.client.get(f"{path}/past?limit=2", headers=server.admin).json()
    assert [one["event"] for one in past["items"]] == ["OrderChanged", "OrderChanged"]
    older = server.client.get(f"{path}/past?before={past['next']}", headers=server.admin).json()
    assert [one["event"] for one in older["items"]] == ["OrderPlanned"]
    for gone in ("cost", "past"):
        answer = server.client.get(f"/v1/orders/NONE/{gone}", headers=server.admin)
        assert answer.status_code == 404
