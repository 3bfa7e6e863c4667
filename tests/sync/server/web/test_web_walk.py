"""A walk through the office by somebody careless or hostile: every answer is a page and a way on."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
PASSWORD = "four green bottles stand"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("walk")
    assert kiosk_server("import", "--data", str(data), str(FACTORY)).returncode == 0
    with Server(data) as running:
        told = {"role": "administrator", "password": PASSWORD}
        running.client.put("/v1/people/eva", json=told, headers=running.admin)
        yield running


@pytest.fixture
def eva(server: Server) -> Iterator[httpx.Client]:
    """A browser in which she is signed in."""
    with httpx.Client(base_url=server.url, headers=BROWSER, trust_env=False) as client:
        sign_in(client)
        yield client


def sign_in(client: httpx.Client) -> None:
    answer = client.post("/signin", data={"account": "eva", "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def token_of(client: httpx.Client) -> str:
    found = TOKEN.search(client.get("/orders/new").text)
    assert found
    return found[1]


def fields_of(answer: httpx.Response) -> dict[str, str]:
    main = answer.text.partition("<main")[2]
    return {name: unescape(value) for name, value in FIELD.findall(main)}


def back_of(answer: httpx.Response) -> str:
    """Where the choice of a language leads back to."""
    return unescape(dict(FIELD.findall(answer.text))["back"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/nowhere", b"", 404, "There is no such page"),
        ("GET", "/order/say", b"", 405, "Nothing was sent"),
        ("GET", "/import/load", b"", 405, "Nothing was sent"),
        ("POST", "/import/check", b"--x\r\nbroken", 400, "This could not be read"),
        ("POST", "/orders/new", b"a" * 2_000_000, 413, "This is too large"),
    ],
)
def test_a_person_gets_a_page_and_a_program_a_problem(
    eva: httpx.Client, method: str, path: str, body: bytes, status: int, told: str
) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"} if body else {}
    shown = eva.request(method, path, content=body, headers=kind)
    assert shown.status_code == status
    assert told in shown.text
    assert 'href="/today"' in shown.text
    plain = eva.request(method, path, content=body, headers={**kind, "Accept": "*/*"})
    assert plain.status_code == status
    assert plain.headers["content-type"] == "application/problem+json"


def test_what_the_interface_refuses_stays_a_problem_document(eva: httpx.Client) -> None:
    assert eva.get("/v1/nowhere").headers["content-type"] == "application/problem+json"


def test_a_form_of_an_ended_session_is_kept_until_it_is_sent(
    server: Server, eva: httpx.Client
) -> None:
    stale = token_of(eva)
    with httpx.Client(base_url=server.url, headers=BROWSER, trust_env=False) as tab:
        tab.cookies = eva.cookies
        assert tab.post("/signout", data={"csrf": stale}).status_code == 303
    typed = {"material": "ROLL", "quantity": "12", "note": 'a "note" & <more>', "do": "plan"}
    ended = eva.post("/orders/new", data={**typed, "csrf": stale})
    assert ended.status_code == 403
    assert "no longer signed in" in ended.text
    kept = fields_of(ended)
    assert typed.items() <= kept.items()
    sign_in(eva)
    asked = eva.post("/orders/new", data=kept)
    assert asked.status_code == 403
    assert "nothing was changed yet" in asked.text
    sent = eva.post("/orders/new", data=fields_of(asked))
    assert sent.status_code == 303, sent.text
    assert "a &#34;note&#34; &amp; &lt;more&gt;" in eva.get(sent.headers["location"]).text


def test_no_secret_is_written_into_the_page_that_keeps_a_form(eva: httpx.Client) -> None:
    typed = {"account": "max", "password": "five-blue-bottles", "pin": "9731", "badge": "B-77"}
    kept = eva.post("/people/add", data={**typed, "csrf": "of another session"})
    assert kept.status_code == 403
    assert fields_of(kept)["account"] == "max"
    for secret in ("five-blue-bottles", "9731", "B-77", "of another session"):
        assert secret not in kept.text


def test_a_form_of_another_site_is_neither_taken_nor_kept(eva: httpx.Client) -> None:
    typed = {"material": "ROLL", "quantity": "12", "csrf": token_of(eva)}
    evil = eva.post("/orders/new", data=typed, headers={"Origin": "https://elsewhere.example"})
    assert evil.status_code == 403
    assert "ROLL" not in evil.text


def test_a_language_chosen_on_a_refused_form_comes_back_to_the_form(eva: httpx.Client) -> None:
    page = {"Referer": f"{eva.base_url}/orders/new?material=ROLL"}
    refused = eva.post("/orders/new", data={"csrf": token_of(eva)}, headers=page)
    assert refused.status_code == 404
    assert back_of(refused) == "/orders/new?material=ROLL"
    broken = eva.post("/orders/new", data={"csrf": token_of(eva)}, headers={"Referer": "http://["})
    assert back_of(broken) == "/"


def test_what_methods_an_address_has_is_told_to_everybody(server: Server) -> None:
    answer = server.client.request("OPTIONS", "/order/say")
    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")


def test_what_was_typed_into_a_row_of_people_stays_there(eva: httpx.Client) -> None:
    typed = {"person": "anna", "name": "Anna Berg-Lund", "role": "supervisor", "pin": "12"}
    refused = eva.post("/people/operator", data={**typed, "active": "1", "csrf": token_of(eva)})
    assert refused.status_code == 422
    assert 'value="Anna Berg-Lund"' in refused.text
    assert re.search(r'aria-label="PIN anna" aria-invalid="true"', refused.text)
    unknown = {"person": "mia", "name": "Mia Dahl", "role": "operator", "pin": "12"}
    refused = eva.post("/people/operator", data={**unknown, "active": "1", "csrf": token_of(eva)})
    assert refused.text.count('value="mia"') == 1
    assert refused.text.count('value="Mia Dahl"') == 1


def test_a_look_at_what_a_move_changes_carries_no_token(eva: httpx.Client) -> None:
    planned = eva.post(
        "/orders/new",
        data={"material": "ROLL", "quantity": "5", "do": "plan", "csrf": token_of(eva)},
    )
    number = planned.headers["location"].partition("number=")[2].partition("&")[0]
    page = eva.get("/plan/move", params={"order": number}).text
    token = token_of(eva)
    assert f'<input type="hidden" name="csrf" value="{token}">' not in page.partition("<main")[2]
    assert f'formmethod="post" name="csrf" value="{token}"' in page


def test_what_cannot_be_undone_is_asked_before(eva: httpx.Client) -> None:
    page = eva.get("/plan/demand").text
    assert page.count('<details class="sure">') == page.count('action="/plan/demand/drop"')
    assert "Orders planned for it stay." in page


def test_a_lot_sought_on_the_first_page_is_told_where_it_went(eva: httpx.Client) -> None:
    assert 'name="for" value="trace"' in eva.get("/today").text
    sought = eva.get("/find", params={"q": "W-204", "for": "trace"})
    assert sought.headers["location"] == "/trace?material=WHEAT&lot=W-204"
    told = eva.get(sought.headers["location"]).text
    assert "Nothing of lot W-204 of Wheat flour was used yet" in told
    assert eva.get("/find", params={"q": "W-204"}).headers["location"].startswith("/lot?")


def once_of(page: str) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{32})"', page)
    assert found
    return found[1]


def test_a_form_that_makes_something_acts_once_however_often_it_is_sent(
    eva: httpx.Client,
) -> None:
    page = eva.get("/orders/new").text
    typed = {"material": "ROLL", "quantity": "0", "order": "TWICE-1", "do": "plan"}
    form = {**typed, "csrf": token_of(eva), "once": once_of(page)}
    assert eva.post("/orders/new", data=form).status_code == 422
    form["quantity"] = "7"
    assert eva.post("/orders/new", data=form).status_code == 303
    again = eva.post("/orders/new", data={**form, "order": "TWICE-2"})
    assert again.status_code == 409
    assert "this form was sent before, and taken" in again.text
    assert 'value="TWICE-2"' in again.text
    assert once_of(again.text) != form["once"]
    assert eva.get("/order", params={"number": "TWICE-2"}).status_code == 404
    on_purpose = {**form, "order": "TWICE-2", "once": once_of(again.text)}
    assert eva.post("/orders/new", data=on_purpose).status_code == 303


@pytest.mark.parametrize(
    "path", ["/orders/new", "/stock/receive", "/purchase", "/plan/demand", "/lot"]
)
def test_every_form_that_makes_something_new_acts_once(eva: httpx.Client, path: str) -> None:
    page = eva.get(path, params={"material": "WHEAT", "lot": "W-204"}).text
    assert once_of(page)
