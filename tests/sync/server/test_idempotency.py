"""Repeated requests: the same answer once more, acted on once, on every database."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar.routes import HTTPRoute

from sync.domain.events import DemandDefined
from sync.domain.quantity import Quantity
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.idempotency import (
    ANSWER_BYTES_MAX,
    BEGUN,
    DONE,
    IDEMPOTENCY_HOURS,
    RUNNING_SECONDS_MAX,
    UNKEPT,
    Answer,
    Asked,
    Repeats,
    takes_key,
)
from sync.server.ledger import Ledger
from sync.server.people import By
from tests.fuzz.hall import Hall, hall, token
from tests.sync.server.server_parts import Server, material, rows

GOODS = {"material": "SALT", "lot": "S-1", "quantity": "5 kg"}
HOUR_MS = 3_600_000
SAID = (0, 0)


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Hall]:
    with hall(tmp_path, database_url) as running:
        told = running.client.post(
            "/v1/office/events",
            content=msgspec.json.encode([material("SALT")]),
            headers=running.admin,
        )
        assert told.status_code == 201, told.text
        yield running


def post(
    office: Hall, key: str, body: Any = None, path: str = "/v1/stock", **more: str
) -> httpx.Response:
    headers = {**office.admin, "Idempotency-Key": key, **more}
    return office.client.post(path, json=body or GOODS, headers=headers)


def key_with(office: Hall, right: str) -> str:
    """A program's key that has one right."""
    return asyncio.run(office.services.people.make_key("erp", (right,), 0, By("office")))


def received(office: Hall) -> int:
    return len(rows(office.services.database, "SELECT 1 FROM event WHERE type='MaterialReceived'"))


def kinds(*answers: httpx.Response) -> list[tuple[int, str]]:
    """Status and the problem's name of each."""
    return [
        (one.status_code, one.json().get("type", "").rpartition(":")[2])
        if one.status_code >= 400
        else (one.status_code, one.headers.get("Idempotency-Replayed", ""))
        for one in answers
    ]


def test_a_repeat_is_answered_as_before_and_does_not_act(office: Hall) -> None:
    first, again = post(office, "one"), post(office, "one")
    assert kinds(first, again) == [(201, ""), (201, "true")]
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-content-type-options"] == "nosniff"
    assert received(office) == 1
    assert kinds(post(office, "two")) == [(201, "")]
    assert received(office) == 2


def test_a_key_is_of_one_body_one_path_and_one_account(office: Hall) -> None:
    post(office, "one")
    other = post(office, "one", {**GOODS, "quantity": "6 kg"})
    assert kinds(other) == [(422, "repeat-differs")]
    assert "take a new key" in other.json()["detail"]
    condition = {"If-Match": '"1"'}
    assert kinds(post(office, "one", **condition)) == [(422, "repeat-differs")]
    assert kinds(post(office, "one", path="/v1/stock/receive")) == [(201, "")]
    made = key_with(office, "stock")
    assert kinds(post(office, "one", **token(made))) == [(201, "")]
    assert kinds(post(office, "one", **token(made))) == [(201, "true")]
    assert received(office) == 3


def test_what_was_refused_is_refused_again_the_same(office: Hall) -> None:
    wrong = {**GOODS, "material": "NONE"}
    first, again = post(office, "one", wrong), post(office, "one", wrong)
    assert kinds(first) == kinds(again) == [(404, "unknown")]
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"


def test_who_may_not_ask_is_told_nothing_and_nothing_is_kept(office: Hall) -> None:
    post(office, "one")
    assert kinds(post(office, "one", Authorization="Bearer nobody")) == [(401, "token")]
    made = key_with(office, "look")
    assert kinds(post(office, "two", **token(made))) == [(403, "right")]
    assert rows(office.services.database, "SELECT count(*) FROM repeated") == [(1,)]


@pytest.mark.parametrize("key", ["", "a b", "a" * 121, "caf\xe9"])
def test_a_key_is_plain_and_short(office: Hall, key: str) -> None:
    headers = [(name.encode(), said.encode()) for name, said in office.admin.items()]
    headers.append((b"Idempotency-Key", key.encode("latin-1")))
    answer = office.client.post("/v1/stock", json=GOODS, headers=headers)
    assert kinds(answer) == [(400, "repeat-key")]
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"
    assert received(office) == 0


def test_an_answer_that_is_a_secret_is_told_once(office: Hall) -> None:
    asked = {"station": "MIX-2", "work_centers": ["MIX"]}
    first = post(office, "one", asked, "/v1/enrolment-codes")
    again = post(office, "one", asked, "/v1/enrolment-codes")
    assert kinds(first, again) == [(201, ""), (409, "repeat-done")]
    kept = str(rows(office.services.database, "SELECT * FROM repeated"))
    assert first.json()["code"] not in kept


def test_what_is_told_bit_by_bit_is_told_again_whole(office: Hall) -> None:
    first, again = (post(office, "one", {"to": ""}, "/v1/backups") for _ in range(2))
    assert kinds(first, again) == [(200, ""), (200, "true")]
    assert again.text == first.text
    assert first.text.count("\n") > 1


def test_the_body_of_a_request_is_kept_as_a_keyed_digest(office: Hall) -> None:
    asked = {"role": "viewer", "password": "four green bottles stand"}
    headers = {**office.admin, "Idempotency-Key": "one"}
    answers = [office.client.put("/v1/people/eva", json=asked, headers=headers) for _ in range(2)]
    assert kinds(*answers) == [(200, ""), (409, "repeat-done")]


def test_of_many_at_once_one_acts(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.office(material("SALT"))
        headers = {**server.admin, "Idempotency-Key": "one"}

        def send(_n: int) -> httpx.Response:
            return server.client.post("/v1/stock", json=GOODS, headers=headers)

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(send, range(32)))
        running = [one for one in answers if one.status_code == 409]
        assert all(one.headers["Retry-After"] == "1" for one in running)
        assert set(kinds(*answers)) <= {
            (201, ""), (201, "true"), (409, "repeat-running"),
        }  # fmt: skip
        assert kinds(*answers).count((201, "")) == 1
        assert kinds(send(0)) == [(201, "true")]
        told = server.client.get("/v1/events", headers=server.admin).text
        assert told.count("MaterialReceived") == 1


def test_what_a_dead_process_began_is_told_as_unknown(tmp_path: Path, database_url: str) -> None:
    """The power goes between the act and its answer: who asks again is told to look."""
    with hall(tmp_path, database_url) as office:
        office.client.post(
            "/v1/office/events",
            content=msgspec.json.encode([material("SALT")]),
            headers=office.admin,
        )
        post(office, "one")
        set_begun = "UPDATE repeated SET state = 'begun', renewed_ms = 0"
        office.services.database.write_now(lambda conn: conn.exec_driver_sql(set_begun))
        here = post(office, "one")
    with hall(tmp_path, database_url) as office:
        again, other = post(office, "one"), post(office, "one", {**GOODS, "lot": "S-2"})
        assert received(office) == 1
    assert kinds(here, again) == [(409, "repeat-unknown")] * 2
    assert "look at the thing" in here.json()["detail"]
    assert kinds(other) == [(422, "repeat-differs")]


def asked(number: int, *, body: bytes = b"", keeps: bool = True) -> Asked:
    return Asked(bytes([number]) * 32, body or b"f" * 32, "office", keeps)


def answer(status: int, body: bytes = b"{}") -> Answer:
    start: Any = {"type": "http.response.start", "status": status, "headers": []}
    return Answer(start, bytearray(body))


@pytest.fixture
def now() -> list[int]:
    return [10 * IDEMPOTENCY_HOURS * HOUR_MS]


@pytest.fixture
def pair(database: Database, now: list[int]) -> tuple[Repeats, Repeats]:
    """The repeats of two server processes on one database."""
    return Repeats(database, lambda: now[0]), Repeats(database, lambda: now[0])


async def test_another_process_says_that_it_runs_until_it_is_silent(
    pair: tuple[Repeats, Repeats], now: list[int], database_url: str
) -> None:
    here, there = pair
    assert await here.begin(asked(1)) is None
    row = await there.begin(asked(1))
    alone = database_url.startswith("sqlite")  # nobody else lives there: whoever began it is dead
    assert (row.state, there.is_running(row)) == (BEGUN, not alone)
    assert here.is_running(await here.begin(asked(1)))
    now[0] += RUNNING_SECONDS_MAX * 1000
    assert not there.is_running(row)
    assert here.is_running(row)


async def test_of_two_processes_that_begin_at_once_one_does(pair: tuple[Repeats, Repeats]) -> None:
    for number in range(20):
        begun = await asyncio.gather(*(one.begin(asked(number)) for one in pair))
        assert [row is None for row in begun].count(True) == 1


async def test_a_key_counts_for_some_hours(pair: tuple[Repeats, Repeats], now: list[int]) -> None:
    here, there = pair
    for number in range(3):
        await here.begin(asked(number))
        await here.keep(asked(number), answer(201), SAID)
    now[0] += IDEMPOTENCY_HOURS * HOUR_MS
    assert (await there.begin(asked(1))).state == DONE
    now[0] += 1
    assert await there.begin(asked(1)) is None
    assert await there.begin(asked(0)) is None


@pytest.mark.parametrize(
    ("status", "body", "before", "state"),
    [
        (201, b"{}", SAID, DONE),
        (409, b"{}", SAID, DONE),
        (201, b"x" * (ANSWER_BYTES_MAX + 1), SAID, UNKEPT),
        (503, b"{}", SAID, None),
        (500, b"{}", SAID, None),
        (503, b'{"doubt":true}', SAID, BEGUN),  # stored or not: the database does not know
        (500, b"{}", (1, 0), BEGUN),  # somebody said something meanwhile: it may have been this one
        (429, b"{}", SAID, None),
        (403, b"{}", SAID, None),
        (413, b"{}", SAID, None),
    ],
)
async def test_what_is_kept_of_an_answer(
    pair: tuple[Repeats, Repeats],
    status: int,
    body: bytes,
    before: tuple[int, int],
    state: str | None,
) -> None:
    here, there = pair
    await here.begin(asked(1))
    async with here.acting(asked(1)):
        await here.keep(asked(1), answer(status, body), before)
    row = await there.begin(asked(1))
    assert (row.state if row is not None else None) == state
    if state == BEGUN:
        assert not there.is_running(row)
        assert not here.is_running(row)


async def test_what_the_office_says_is_seen(database: Database) -> None:
    repeats, ledger = Repeats(database, ServerClock().milliseconds), Ledger(database, ServerClock())
    before = await repeats.said()
    want = DemandDefined(demand="D", material="SALT", quantity=Quantity("1", "KGM"), revision=1)
    ledger.append_office_now([want])
    assert (await repeats.said())[0] > before[0]


def test_what_changes_something_of_the_office_takes_a_key_and_says_so(tmp_path: Path) -> None:
    with hall(tmp_path) as office:
        document = office.client.get("/v1/openapi.json").json()["paths"]
        routes = [one for one in office.client.app.routes if isinstance(one, HTTPRoute)]
    taking = {
        (method.lower(), route.path_format)
        for route in routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if takes_key(handler, method)
    }
    telling = {
        (method, path)
        for path, operations in document.items()
        for method, operation in operations.items()
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    }
    assert taking == telling
    assert len(taking) > 25
