"""A real server under hostile requests: it refuses each by a problem document, and never breaks."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sync.server.api import ENROL_BYTES_MAX
from tests.sync.server.server_parts import (
    Log,
    Server,
    Station,
    help_called,
    kiosk_server,
    new_id,
)

FACTORY = Path(__file__).parents[3] / "kiosk" / "demo" / "factories" / "bakery"
DEEP = b"[" * 3_000
DEEP_OBJECT = b'{"material":' * 1_500
ZERO = b"0" * 64


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("hostile")
    assert kiosk_server("import", "--data", str(data), str(FACTORY)).returncode == 0
    with Server(data, "--open-board") as running:
        yield running
        assert "Traceback" not in running.said()


@pytest.fixture(scope="module")
def station(server: Server) -> Station:
    return server.enrol("MIX-1")


def refused(answer: httpx.Response, status: int) -> str:
    """The whole problem document must say the same status, a title and what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], bool(told["title"]), bool(told["type"])) == (status, True, True)
    assert len(told["detail"]) > 10
    return str(told["detail"])


PATHS = (
    "/v1/enrol",
    "/v1/enrolment-codes",
    "/v1/office/events",
    "/v1/orders",
    "/v1/orders/check",
    "/v1/orders/B-1/release",
    "/v1/orders/B-1/hold",
    "/v1/stock",
    "/v1/import",
)
BODIES = (
    DEEP,
    DEEP_OBJECT,
    b"{",
    b"\xff\xfe",
    b'"\xff"',
    b'{"material":"\xff","code":"\xff","station":"\xff","reason":"\xff","files":{"\xff":""}}',
    b"[1]",
    b'{"material":1,"code":1,"station":1,"reason":1,"label":1,"files":1}',
    (
        b'{"material":"\\ud800","code":"\\ud800","station":"\\ud800","reason":"\\ud800",'
        b'"files":{"\\ud800":""},"label":{"template":"\\ud800"}}'
    ),
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_that_is_none_is_refused(server: Server, path: str, body: bytes) -> None:
    headers = {**server.admin, "Content-Type": "application/json"}
    too_large = path == "/v1/enrol" and len(body) > ENROL_BYTES_MAX
    answer = server.client.post(path, content=body, headers=headers)
    refused(answer, 413 if too_large else 400)


def test_a_body_that_is_too_large_is_refused_however_it_comes(server: Server) -> None:
    pieces = (b"x" * 10_000 for _ in range(20))
    assert "send less at once" in refused(server.client.post("/v1/enrol", content=pieces), 413)
    refused(server.client.post("/board/orders", data={"note": "x" * 2_000_000}), 413)


@pytest.mark.parametrize(
    "header",
    [
        b'{"after":[0,"%s"],"low":[1,"%s"],"x":%s}' % (ZERO, ZERO, DEEP),
        DEEP_OBJECT,
        b'{"after":[-1,"%s"],"low":[1,"%s"]}' % (ZERO, ZERO),
        b'{"after":[%s,"%s"],"low":[1,"%s"]}' % (b"9" * 30, ZERO, ZERO),
        b'{"after":[1.5,"%s"],"low":[1,"%s"]}' % (ZERO, ZERO),
        b'{"after":[0,"\\ud800"],"low":[1,"\\u0000"]}',
    ],
    ids=range(6),
)
def test_a_push_header_that_is_none_is_refused(
    server: Server, station: Station, header: bytes
) -> None:
    path = f"/v1/origins/{Log().origin}/events"
    refused(server.client.post(path, content=header + b"\n", headers=station.headers), 400)


@pytest.mark.parametrize(("waiting", "kept"), [(-5, 0), (10**30, 2**53)])
def test_a_count_beyond_all_bounds_is_bounded(
    server: Server, station: Station, waiting: int, kept: int
) -> None:
    log = Log(help_called(1))
    message = log.message().replace(b'"waiting":1', b'"waiting":%d' % waiting)
    path = f"/v1/origins/{log.origin}/events"
    answer = server.client.post(path, content=message, headers=station.headers)
    assert answer.status_code == 200
    [line] = server.client.get("/v1/stations", headers=server.admin).json()["items"]
    assert line["waiting"] >= kept


def event(**fields: object) -> bytes:
    """A well-formed event with some fields that are not."""
    base = json.loads(help_called(1)[0])
    return json.dumps({**base, "id": new_id(), "act": new_id(), **fields}).encode()


def nested(depth: int, text: str = "") -> bytes:
    start = event(text=text).rstrip(b"}")
    return b'%s,"deep":%s%s}' % (start, b"[" * depth, b"]" * depth)


UNREADABLE = (
    event(work_center="a\0b"),
    event(**{"a\0b": 1}),
    event(work_center="\ud800"),
    event(other="\ud800"),
    event(n=2**70),
    event(id="\ud800"),
    event(type="\ud800"),
    nested(900, "\0"),
    nested(20_000),
    nested(20_000, "\0"),
    b'{"type":"HelpCalled","id":%s}' % (b"9" * 5_000),
    b"\xff",
    b"[]",
)


def test_whatever_a_station_sends_is_kept_and_holds_nothing_back(
    server: Server, station: Station
) -> None:
    log = Log([*UNREADABLE, *help_called(1)])
    answer = station.push(log).json()
    assert answer["have"] == [len(log.bodies), log.mark(len(log.bodies)).digest]
    assert len(answer["review"]) == len(UNREADABLE)
    exported = [line for line in server.exported() if line["places"][0][0] == log.origin]
    assert [bool(line.get("unreadable")) for line in exported] == [True] * len(UNREADABLE) + [False]
    assert server.client.get("/v1/verify", headers=server.admin).json()["bad"] == ""


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "a\0b"},
        {"note": "a\x85b"},
        {"customer_reference": "two\nlines"},
        {"order": "../../etc"},
        {"priority": 10**30},
        {"quantity": "9" * 500},
        {"quantity": "1e5"},
        {"quantity": "１"},
        {"due": "99999-01-01"},
    ],
    ids=str,
)
def test_an_order_of_values_that_cannot_be_taken(server: Server, fields: dict[str, object]) -> None:
    asked = {"material": "ROLL", "quantity": "1", **fields}
    refused(server.client.post("/v1/orders", json=asked, headers=server.admin), 400)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lot": ""}, "its lot is missing"),
        ({"lot": "a\nb"}, "control character"),
        ({"place": "a\0"}, "control character"),
        ({"serials": [""]}, "an empty serial number"),
        ({"serials": ["A", "A"], "quantity": "2"}, "serial A stands twice"),
        ({"serials": ["A"], "quantity": "2"}, "list each one"),
    ],
    ids=str,
)
def test_goods_of_values_that_cannot_be_taken(
    server: Server, fields: dict[str, object], said: str
) -> None:
    asked = {"material": "WHEAT", "lot": "L-1", "quantity": "1", **fields}
    assert said in refused(server.client.post("/v1/stock", json=asked, headers=server.admin), 400)


def test_the_office_says_nothing_that_no_reader_could_read(server: Server) -> None:
    before = len(server.exported())
    body = [
        {"type": "MaterialDefined", "material": "a\0", "revision": 1, "name": "A", "unit": "KGM"}
    ]
    answer = server.client.post("/v1/office/events", json=body, headers=server.admin)
    assert "the character NUL; take it out" in refused(answer, 400)
    assert len(server.exported()) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/feed?wait=nan", 400),
        ("/v1/feed?after=%ff", 400),
        ("/v1/feed?after=a.99999999999999999999999.b", 410),
        ("/v1/snapshot?cursor=%00", 410),
        ("/v1/snapshot?cursor=a.1.b-99999999999999999999999", 410),
        ("/v1/nothing", 404),
        ("/static/../board.html", 404),
        ("/static/%2e%2e/board.html", 404),
        ("/static/..%2f..%2fconfig.py", 404),
    ],
)
def test_paths_and_queries_that_are_none(
    server: Server, station: Station, path: str, status: int
) -> None:
    url = httpx.URL(f"{server.url}/", raw_path=path.encode())
    refused(server.client.get(url, headers=station.headers), status)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/orders?limit=0", 400),
        ("/v1/events?after=99999999999999999999", 400),
        ("/v1/orders/%00", 404),
        ("/v1/orders/" + "x" * 5_000, 404),
        ("/v1/lots/%2e%2e/trace", 404),
        ("/v1/stock?empty=maybe", 400),
    ],
)
def test_questions_that_are_none(server: Server, path: str, status: int) -> None:
    refused(server.client.get(path, headers=server.admin), status)


@pytest.mark.parametrize(
    "host", ["[::1", "rebound.example", "127.0.0.1.example", "127.1", "0", "localhost@x", ""]
)
def test_the_open_board_is_open_to_no_other_host(server: Server, host: str) -> None:
    assert server.client.get("/board", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via"])
def test_the_open_board_is_closed_behind_a_proxy(server: Server, name: str) -> None:
    assert server.client.get("/board", headers={name: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://[::1", "http://", "", "null", "http://evil.example"])
def test_a_form_of_an_origin_that_is_none_changes_nothing(server: Server, origin: str) -> None:
    headers = {"Origin": origin}
    answer = server.client.post("/board/release", data={"number": "B-1"}, headers=headers)
    assert answer.status_code == 403


def test_what_is_answered_is_taken_for_nothing_else_and_secrets_are_not_kept(
    server: Server,
) -> None:
    for path in ("/board", "/healthz", "/v1/openapi.json"):
        assert server.client.get(path).headers["x-content-type-options"] == "nosniff", path
    assert server.client.get("/static/board.js").headers["cache-control"] == "no-cache"
    code = {"station": "S-1"}
    made = server.client.post("/v1/enrolment-codes", json=code, headers=server.admin)
    enrolled = server.client.post("/v1/enrol", json={"code": made.json()["code"]})
    for answer in (made, enrolled):
        assert answer.headers["cache-control"] == "no-store"


def test_tokens_stand_in_no_log(server: Server, station: Station) -> None:
    said = server.said()
    assert station.answer["token"] not in said
    assert server.admin["Authorization"].split()[1] not in said
