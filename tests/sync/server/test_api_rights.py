"""Every path of the interface with every kind of caller, taken from the application itself; and
in whose name an act is done.
"""

import asyncio
import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from litestar.routes import HTTPRoute

from sync.server.api_drawings import reader_guard
from sync.server.auth import RIGHT, admin_guard, office_guard, station_guard
from sync.server.people import By
from sync.server.rights import RIGHTS, ROLES
from sync.server.web.entry import page_guard
from tests.fuzz.hall import Hall, hall, token
from tests.sync.server.server_parts import rows

FACTORY: Final = Path(__file__).parents[3] / "kiosk/demo/factories/bakery"
PASSWORD: Final = "four green bottles stand"
OFFICE: Final = office_guard.__name__
OWNER: Final = admin_guard.__name__
STATION: Final = station_guard.__name__
DRAWING: Final = reader_guard.__name__
# What these do to the whole server no other test would survive; who may is asked all the same.
NOT_DONE: Final = {"/v1/rebuild", "/v1/backups"}


@dataclass(frozen=True)
class Route:
    """One method of one path: which guard stands there, which right it takes."""

    method: str
    path: str
    guard: str
    right: str


def paths(office: Hall) -> list[Route]:
    found = []
    for route in office.client.app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            guards = handler.resolve_guards()
            if page_guard in guards or not route.path_format.startswith("/v1/"):
                continue
            named = [str(getattr(one, "__name__", "?")) for one in guards]
            assert len(named) <= 1, route.path_format
            found += [
                Route(method, route.path_format, "".join(named), str(handler.opt.get(RIGHT, "")))
                for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"})
            ]
    return found


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    folder = tmp_path_factory.mktemp("rights")
    (folder / "data").mkdir()
    with hall(folder / "data") as running:
        yield running


def key(office: Hall, name: str, rights: frozenset[str]) -> dict[str, str]:
    return token(asyncio.run(office.services.people.make_key(name, rights, 0, By("office"))))


def ask(office: Hall, one: Route, headers: dict[str, str]) -> httpx.Response:
    """Ask with an empty body: who may not is refused before that is looked at."""
    path = re.sub(r"\{word\}", "hold", one.path)
    path = re.sub(r"\{[^}]+\}", "x", path)
    body = b"" if one.method in {"GET", "DELETE"} else b"{}"
    return office.client.request(one.method, path, content=body, headers=headers)


def test_every_path_says_who_may_ask(office: Hall) -> None:
    told = paths(office)
    assert len(told) > 55
    assert [one for one in told if (one.guard == OFFICE) is not (one.right in RIGHTS)] == []
    unguarded = {(one.method, one.path) for one in told if not one.guard}
    assert {one for one in unguarded if not one[1].startswith("/v1/openapi.json")} == {
        ("POST", "/v1/enrol")
    }
    assert {one.guard for one in told} == {"", OFFICE, OWNER, STATION, DRAWING}
    changing = [one for one in told if one.method != "GET" and one.right == "look"]
    assert [one.path for one in changing] == ["/v1/orders/check"]  # it changes nothing


def test_the_document_tells_the_right_of_every_path(office: Hall) -> None:
    document = office.client.get("/v1/openapi.json").json()["paths"]
    for one in paths(office):
        if one.path.startswith("/v1/openapi.json"):
            continue
        told = document[one.path][one.method.lower()]
        assert told.get("x-right", "") == one.right, one
        assert ("403" in told["responses"]) or not one.right, one


@pytest.mark.parametrize("who", ["nobody", "wrong", "station"])
def test_who_has_no_key_is_not_let_in(office: Hall, who: str) -> None:
    headers = {"nobody": {}, "wrong": token("fk_wrong"), "station": office.station}[who]
    for one in paths(office):
        if not one.guard:
            continue
        answer = ask(office, one, headers)
        inside = who == "station" and one.guard in {STATION, DRAWING}
        assert (answer.status_code == 401) is not inside, (one, answer.text)
        if not inside:
            assert answer.headers["www-authenticate"] == "Bearer", one


CALLERS: Final[dict[str, frozenset[str]]] = {
    **{f"only {right}": frozenset({right}) for right in RIGHTS},
    **{role: frozenset(rights) for role, rights in ROLES.items()},
}


@pytest.mark.parametrize("who", CALLERS)
def test_a_key_opens_what_its_rights_open_and_nothing_else(office: Hall, who: str) -> None:
    rights = CALLERS[who]
    headers = key(office, who, rights)
    for one in paths(office):
        if not one.guard:
            continue
        answer = ask(office, one, headers)
        if one.guard != OFFICE:
            assert answer.status_code == 401, one
        elif one.right in rights:
            assert answer.status_code not in {401, 403, 500}, (one, answer.text)
        else:
            assert answer.status_code == 403, one
            assert answer.json()["type"] == "urn:kiosk-server:problem:right"
            assert repr(one.right) in answer.json()["detail"], one


def test_the_owner_may_do_all_that_is_of_the_office(office: Hall) -> None:
    for one in paths(office):
        if one.guard and one.path not in NOT_DONE:
            answer = ask(office, one, office.admin)
            assert (answer.status_code == 401) is (one.guard == STATION), (one, answer.text)
            assert answer.status_code != 403, one


def test_a_session_of_a_browser_opens_no_path_of_programs(office: Hall) -> None:
    person = {"role": "administrator", "password": PASSWORD}
    assert office.client.put("/v1/people/eva", json=person, headers=office.admin).status_code == 200
    office.client.post("/signin", data={"account": "eva", "password": PASSWORD})
    try:
        assert office.client.get("/people").status_code == 200
        for one in paths(office):
            if one.guard:
                assert ask(office, one, {}).status_code == 401, one
    finally:
        office.client.cookies.clear()


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("hold", "floor"), ("resume", "floor"), ("close", "plan"), ("reopen", "plan"),
        ("cancel", "plan"),
    ],
)  # fmt: skip
def test_some_words_to_an_order_take_the_right_to_plan(office: Hall, word: str, right: str) -> None:
    floor, plan = (
        key(office, f"{word} {name}", frozenset(rights))
        for name, rights in (("floor", {"floor"}), ("both", {"floor", "plan"}))
    )
    path = f"/v1/orders/NONE/{word}"
    expected = 404 if right == "floor" else 403
    assert office.client.post(path, json={}, headers=floor).status_code == expected
    assert office.client.post(path, json={}, headers=plan).status_code == 404


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """With the demo's bakery loaded by its owner."""
    with hall(tmp_path_factory.mktemp("bakery")) as running:
        files = {
            one.name: base64.b64encode(one.read_bytes()).decode() for one in FACTORY.glob("*.csv")
        }
        answer = running.client.post("/v1/import", json={"files": files}, headers=running.admin)
        assert answer.json().get("ok"), answer.text
        yield running


def said_since(office: Hall, position: int) -> list[tuple[str, str]]:
    """(type, account) of what was said after a position."""
    asked = f"SELECT type, body FROM event WHERE position > {position} ORDER BY position"
    found = []
    for kind, body in rows(office.services.database, asked):
        who = re.search(rb'"operator":"([^"]*)"', bytes(body))
        found.append((str(kind), who[1].decode() if who else ""))
    return found


ACTS: Final[list[tuple[str, str, dict[str, Any], str]]] = [
    ("POST", "/v1/stock", {"material": "WHEAT", "lot": "N-1", "quantity": "5 kg"},
     "MaterialReceived"),
    ("POST", "/v1/stock/receive", {"material": "WHEAT", "lot": "N-2", "quantity": "5 kg"},
     "MaterialReceived"),
    ("POST", "/v1/stock/count", {"material": "WHEAT", "lot": "W-204", "quantity": "499 kg",
     "counted": "499 kg", "expected": "500", "reason": "counted"}, "StockCounted"),
    ("POST", "/v1/stock/move", {"material": "WHEAT", "lot": "W-204", "quantity": "5 kg",
     "source": "A3", "destination": "B1"}, "MaterialMoved"),
    ("POST", "/v1/stock/status", {"material": "WHEAT", "lot": "W-204", "status": "blocked",
     "reason": "wet"}, "LotStatusSet"),
    ("POST", "/v1/receipts", {"material": "WHEAT", "quantity": "100 kg", "due": "2031-01-01"},
     "ReceiptScheduled"),
    ("PUT", "/v1/receipts/PO-410-1", {"quantity": "400 kg", "due": "2031-01-01"},
     "ReceiptScheduled"),
    ("POST", "/v1/demand", {"material": "ROLL", "quantity": "10 pcs", "due": "2031-01-01"},
     "DemandDefined"),
    ("DELETE", "/v1/demand?demand=SO-7002", {}, "DemandDefined"),
    ("POST", "/v1/orders", {"material": "ROLL", "quantity": "10 pcs"}, "OrderPlanned"),
    ("POST", "/v1/orders/B-1/hold", {"reason": "wait"}, "OrderHeld"),
    ("POST", "/v1/orders/B-1/resume", {}, "OrderResumed"),
    ("POST", "/v1/calendars", {"calendar": "N", "name": "New", "weekdays": ["06:00-14:00"] * 7},
     "CalendarDefined"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"), ACTS, ids=[f"{one[0]} {one[1]}" for one in ACTS]
)
def test_an_act_is_in_the_name_of_the_key(
    bakery: Hall, method: str, path: str, body: dict[str, Any], kind: str
) -> None:
    name = f"for {path[4:40]}"
    headers = key(bakery, name, frozenset(RIGHTS))
    before = rows(bakery.services.database, "SELECT max(position) FROM event")[0][0]
    answer = bakery.client.request(method, path, json=body or None, headers=headers)
    assert answer.status_code in {200, 201, 204}, answer.text
    said = said_since(bakery, before)
    assert kind in {one[0] for one in said}
    assert {one[1] for one in said} == {f"key {name}"}


def test_a_change_of_people_stands_in_the_audit_in_the_name_of_the_key(bakery: Hall) -> None:
    headers = key(bakery, "people", frozenset({"administer"}))
    body = {"role": "viewer", "password": PASSWORD}
    assert bakery.client.put("/v1/people/paul", json=body, headers=headers).status_code == 200
    asked = "SELECT DISTINCT account FROM audit WHERE target = 'paul'"
    assert rows(bakery.services.database, asked) == [("key people",)]
