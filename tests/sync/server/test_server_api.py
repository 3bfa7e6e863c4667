"""The REST interface of a real server: push, feed, snapshot, limits, tokens, faults."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.server.api import HEADER_BYTES_MAX
from sync.server.client_admin import AdminClient, AdminError
from sync.wire import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    BODY_BYTES_MAX,
    PushAnswer,
    push_message,
    signed_text,
)
from tests.sync.server.server_parts import Log, Server, Station, help_called, material


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def station(server: Server) -> Station:
    return server.enrol("MIX-1")


def problem(answer: httpx.Response, status: int) -> str:
    """The problem's kind and detail; it must be a problem document of that status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = answer.json()
    assert told["status"] == status
    return f"{told.get('type', '')} {told.get('title', '')} {told['detail']}"


def test_a_push_is_acknowledged_with_a_signature_of_the_server(station: Station) -> None:
    log = Log(help_called(3))
    reply = station.push(log)
    assert reply.status_code == 200
    answer = msgspec.json.decode(reply.content, type=PushAnswer)
    assert answer.have == log.mark(3)
    assert answer.incarnation == station.answer["incarnation"]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(station.answer["public_key"]))
    text = signed_text(log.origin, answer.have, answer.incarnation, answer.time)
    key.verify(bytes.fromhex(answer.sig), text)


def test_pushed_twice_is_stored_once_byte_for_byte(server: Server, station: Station) -> None:
    log = Log(help_called(3))
    for _ in range(2):
        assert station.push(log).json()["have"] == [3, log.mark(3).digest]
    mine = [line for line in server.exported() if line["places"][0][0] == log.origin]
    assert [msgspec.json.encode(line["event"]) for line in mine] == log.bodies
    assert [line["places"] for line in mine] == [
        [[log.origin, n, log.mark(n).digest]] for n in (1, 2, 3)
    ]


def test_a_fork_is_a_conflict_with_the_server_s_head(station: Station) -> None:
    log = Log(help_called(3))
    station.push(log)
    clone = Log([log.bodies[0], *help_called(2)], log.origin)
    answer = station.push(clone)
    assert "problem:fork" in problem(answer, 409)
    assert answer.json()["have"] == [3, log.mark(3).digest]


def test_an_origin_of_another_station_is_refused(server: Server, station: Station) -> None:
    log = Log(help_called(1))
    station.push(log)
    other = server.enrol("OTHER-1")
    assert "belongs to station MIX-1" in problem(other.push(log), 403)


def test_an_unreadable_line_is_acknowledged_and_told_for_review(station: Station) -> None:
    log = Log([*help_called(1), b"noise", *help_called(1)])
    answer = station.push(log).json()
    assert answer["have"] == [3, log.mark(3).digest]
    assert len(answer["review"]) == 1
    assert station.push(log, after=3).json()["review"] == answer["review"]


def test_limits_of_events_lines_and_bytes(server: Server, station: Station) -> None:
    many = Log(help_called(BATCH_EVENTS_MAX + 1))
    assert "at most 2000" in problem(station.push(many), 413)
    assert station.push(many, count=BATCH_EVENTS_MAX).status_code == 200
    long = Log([b"x" * (BODY_BYTES_MAX + 1)])
    assert "line 2 is over 65536 bytes" in problem(station.push(long), 400)
    assert station.push(Log([b"x" * BODY_BYTES_MAX])).status_code == 200
    big = b"x" * (BATCH_BYTES_MAX + HEADER_BYTES_MAX + 1)
    path = f"/v1/origins/{many.origin}/events"
    problem(server.client.post(path, content=big, headers=station.headers), 413)


BAD_MESSAGES = (b"", b"\n", b"[]\n", b'{"after":[0,"x"]}\n', b"\xff\n", b'{"after":1,"low":2}\n')


@pytest.mark.parametrize("message", BAD_MESSAGES, ids=range(len(BAD_MESSAGES)))
def test_a_push_without_a_header_is_refused(
    server: Server, station: Station, message: bytes
) -> None:
    path = f"/v1/origins/{Log().origin}/events"
    answer = server.client.post(path, content=message, headers=station.headers)
    assert "problem:push" in problem(answer, 400)


def test_a_header_that_contradicts_itself_is_refused(server: Server, station: Station) -> None:
    log = Log(help_called(1))
    message = push_message(log.header(0), log.bodies)
    answer = server.client.post("/v1/origins/ABC/events", content=message, headers=station.headers)
    assert "32 hexadecimal digits" in problem(answer, 400)


BAD_TOKENS = ("", "Bearer", "Bearer wrong", "Basic YTpi", "Bearer " + "x" * 5_000, "Bearer \xe9")


@pytest.mark.parametrize("token", BAD_TOKENS, ids=range(len(BAD_TOKENS)))
def test_wrong_tokens_open_nothing(server: Server, token: str) -> None:
    headers = httpx.Headers([(b"Authorization", token.encode("latin-1"))])
    for method, path in (
        ("POST", f"/v1/origins/{Log().origin}/events"),
        ("GET", "/v1/feed?after=a.1.b"),
        ("GET", "/v1/snapshot"),
        ("GET", "/v1/events"),
        ("GET", "/v1/verify"),
        ("POST", "/v1/enrolment-codes"),
        ("POST", "/v1/office/events"),
    ):
        answer = server.client.request(method, path, headers=headers)
        assert "token" in problem(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_station_is_no_admin_and_the_admin_no_station(server: Server, station: Station) -> None:
    problem(server.client.get("/v1/events", headers=station.headers), 401)
    problem(server.client.get("/v1/snapshot", headers=server.admin), 401)


def test_a_code_is_good_once_and_forgives_reading_errors(server: Server) -> None:
    code = server.code("PACK-1")
    sloppy = f" {code[:5].lower()}-{code[5:]}".replace("0", "o").replace("1", "l")
    assert server.client.post("/v1/enrol", json={"code": sloppy}).status_code == 200
    answer = server.client.post("/v1/enrol", json={"code": code})
    assert "the code is used" in problem(answer, 403)


def test_a_station_enrolled_again_has_a_new_token(server: Server) -> None:
    first, second = server.enrol("CUT-1"), server.enrol("CUT-1")
    problem(first.push(Log(help_called(1))), 401)
    assert second.push(Log(help_called(1))).status_code == 200


def test_a_journal_of_another_station_cannot_be_enrolled(server: Server, station: Station) -> None:
    log = Log(help_called(1))
    station.push(log)
    asked = {"code": server.code("CUT-2"), "origin": log.origin}
    answer = server.client.post("/v1/enrol", json=asked)
    assert "belongs to station MIX-1" in problem(answer, 409)
    assert server.client.post("/v1/enrol", json=asked | {"origin": ""}).status_code == 200


def test_five_wrong_codes_close_the_door_for_a_while(tmp_path: Path) -> None:
    with Server(tmp_path) as own:
        for _ in range(5):
            answer = own.client.post("/v1/enrol", json={"code": "AAAAAAAAAA"})
            assert "the code is unknown" in problem(answer, 403)
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}  # no proxy is trusted: it counts for nothing
        answer = own.client.post("/v1/enrol", json={"code": own.code()}, headers=elsewhere)
        assert "wrong codes from this address" in problem(answer, 429)
        assert 0 < int(answer.headers["retry-after"]) <= 900


@pytest.mark.parametrize("name", ["", "a,b", "x" * 121, "office", "a\tb"], ids=range(5))
def test_names_of_stations_that_cannot_be_taken(server: Server, name: str) -> None:
    asked = {"station": name, "work_centers": ["MIX"]}
    answer = server.client.post("/v1/enrolment-codes", json=asked, headers=server.admin)
    assert "name" in problem(answer, 400)


def test_the_office_s_events_reach_a_station_by_snapshot_and_feed(
    server: Server, station: Station
) -> None:
    problem(station.feed(""), 410)
    first = server.office(material("FLOUR"))
    wait_for_projection(server)
    events, mark = station.snapshot()
    assert first[0] in [event["id"] for event in events]
    second = server.office(material("FLOUR", 2), material("SALT"))
    page = station.feed(mark, wait=10).json()
    told = page["events"]
    while len(told) < 2:
        mark = ".".join(str(part) for part in page["mark"])
        page = station.feed(mark, wait=10).json()
        told += page["events"]
    assert [event["id"] for event in told] == second
    assert told[0]["station"] == "office"


def wait_for_projection(server: Server) -> None:
    until = time.monotonic() + 10
    while server.client.get("/readyz").json()["behind"]:
        assert time.monotonic() < until


def say_sugar(server: Server) -> None:
    with AdminClient(server.data, server.url) as client:
        client.post("/v1/office/events", OFFICE)


def test_a_long_poll_waits_and_wakes_within_the_moment(server: Server, station: Station) -> None:
    wait_for_projection(server)
    _, mark = station.snapshot()
    began = time.monotonic()
    assert station.feed(mark, wait=0.3).json()["events"] == []
    assert time.monotonic() - began >= 0.3
    timer = threading.Timer(0.3, say_sugar, (server,))
    timer.start()
    began = time.monotonic()
    page = station.feed(mark, wait=20).json()
    assert [event["material"] for event in page["events"]] == ["SUGAR"]
    assert time.monotonic() - began < 5
    timer.join()


OFFICE = [
    {"type": "MaterialDefined", "material": "SUGAR", "revision": 1, "name": "S", "unit": "KGM"}
]


def test_marks_that_are_not_known_or_not_readable(station: Station) -> None:
    problem(station.feed("no-mark"), 400)
    problem(station.feed("abc.7.def"), 410)
    problem(station.feed("abc.7.def", wait=26), 400)
    problem(station.feed("a" * 500), 400)


def test_office_events_that_cannot_be_read_are_refused_whole(server: Server) -> None:
    before = len(server.exported())
    with AdminClient(server.data, server.url) as client:
        bodies: tuple[object, ...] = (
            {},
            [OFFICE[0], {"type": "Nothing"}],
            [{"type": "HelpCalled"}],
        )
        for body in bodies:
            with pytest.raises(AdminError, match="want a JSON list of events"):
                client.post("/v1/office/events", body)
    assert len(server.exported()) == before


def test_health_documents_and_faults_of_routing(server: Server) -> None:
    assert server.client.get("/healthz").text == "ok"
    ready = server.client.get("/readyz").json()
    assert (ready["ready"], ready["writer"]) == (True, True)
    schema = server.client.get("/v1/openapi.json").json()
    assert schema["openapi"] == "3.1.0"
    assert {"/v1/enrol", "/v1/feed", "/v1/origins/{origin}/events"} <= set(schema["paths"])
    problem(server.client.get("/v1/nothing"), 404)
    problem(server.client.get("/v1/enrol"), 405)
    problem(server.client.post("/v1/enrol", content=b"{"), 400)


def test_the_ledger_proves_itself_after_all_this(server: Server) -> None:
    told = server.client.get("/v1/verify", headers=server.admin).json()
    assert told["bad"] == ""
    assert told["events"] == len(server.exported())
