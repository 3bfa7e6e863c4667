"""A real server under callers who ask too often, too slowly, too many at once, or wrongly."""

import asyncio
import http.client
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.sync.server.server_parts import Log, Server, help_called

LIMITS = """
[limits]
connections = 40
header_seconds = 1
request_seconds = 1
station_requests_per_second = 20
stranger_requests_per_second = 20
enrol_requests_per_minute = 12
form_requests_per_minute = 3
"""
HEAD = b"POST /v1/enrol HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
SECONDS_MAX = 15.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("limits")
    data.joinpath("server.toml").write_text(LIMITS)
    with Server(data, "--open-board") as running:
        yield running
        assert "Traceback" not in running.said()


def spoken(
    server: Server, pieces: Iterator[bytes], pause: float, *, until: bytes = b""
) -> tuple[bytes, float]:
    """What a caller hears who speaks piece by piece until the line is cut, and when it is.

    One who waits for certain words hangs up when he has heard them.
    """
    port = int(server.url.rpartition(":")[2])
    begun, heard = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.settimeout(pause)
        while time.monotonic() - begun < SECONDS_MAX:
            try:
                piece = next(pieces, b"")
                if piece:
                    line.sendall(piece)
                got = line.recv(65_536)
            except TimeoutError:
                continue
            except OSError:
                break
            if not got:
                break
            heard += got
            if until and until in heard:
                break
    return heard, time.monotonic() - begun


def nothing() -> Iterator[bytes]:
    yield b""


def half_a_head() -> Iterator[bytes]:
    yield HEAD


def a_head_without_end() -> Iterator[bytes]:
    yield HEAD
    for number in range(10_000):
        yield b"X-%d: y\r\n" % number


def the_next_head() -> Iterator[bytes]:
    yield b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    yield from a_head_without_end()


def a_body_after_the_answer() -> Iterator[bytes]:
    yield b"POST /v1/token HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    while True:
        yield b"x"


@pytest.mark.parametrize(
    "slow", [nothing, half_a_head, a_head_without_end, the_next_head, a_body_after_the_answer]
)
def test_a_request_that_trickles_is_cut_off(
    server: Server, slow: Callable[[], Iterator[bytes]]
) -> None:
    _, seconds = spoken(server, slow(), 0.05)
    assert seconds < 10


def test_a_body_that_trickles_is_answered_first(server: Server) -> None:
    def trickle() -> Iterator[bytes]:
        yield HEAD + b"Content-Length: 4000\r\n\r\n"
        while True:
            yield b"x"

    heard, seconds = spoken(server, trickle(), 0.05)
    assert heard.startswith(b"HTTP/1.1 408 ")
    assert b"urn:kiosk-server:problem:too-slow" in heard
    assert seconds < 5


def test_a_head_too_long_or_of_too_many_lines_is_refused(server: Server) -> None:
    def long_head() -> Iterator[bytes]:
        yield HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n"

    def many_lines() -> Iterator[bytes]:
        yield HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n"

    for head in (long_head, many_lines):
        heard, _ = spoken(server, head(), 0.5, until=b"\r\n\r\n")
        assert heard.split(b" ")[1:2] in ([b"400"], [b"431"], [])


def test_who_waits_for_news_is_not_slow(server: Server) -> None:
    station = server.enrol("WAIT-1")
    _, mark = station.snapshot()
    begun = time.monotonic()
    assert station.feed(mark, wait=3).status_code == 200
    assert time.monotonic() - begun > 2.5


def test_a_line_at_rest_is_kept(server: Server) -> None:
    line = http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]))
    line.connect()
    line.auto_open = 0
    for pause in (2.5, 0):  # longer than any part of a request may take
        line.request("GET", "/healthz")
        assert line.getresponse().read() == b"ok"
        time.sleep(pause)
    line.close()


def counted(asked: Callable[[], httpx.Response], times: int) -> list[httpx.Response]:
    return [asked() for _ in range(times)]


def refusals(answers: list[httpx.Response]) -> list[httpx.Response]:
    return [answer for answer in answers if answer.status_code == 429]


def test_a_station_that_asks_too_often_waits_and_the_others_do_not(server: Server) -> None:
    hasty, calm = server.enrol("HASTY-1"), server.enrol("CALM-1")
    log = Log(help_called(1))
    refused = refusals(counted(lambda: hasty.push(log), 100))
    assert refused, "a hundred pushes in a second or two"
    told = refused[0].json()
    assert told["type"] == "urn:kiosk-server:problem:too-many-requests"
    assert "Retry-After" in told["detail"]
    assert 1 <= int(refused[0].headers["retry-after"]) <= 2
    assert calm.push(Log(help_called(1))).status_code == 200
    time.sleep(int(refused[0].headers["retry-after"]) + 0.1)
    assert hasty.push(log).status_code == 200


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_stranger_is_counted_by_where_he_is_whatever_he_says(server: Server, token: str) -> None:
    time.sleep(2.1)
    numbers = iter(range(1_000))

    def asked() -> httpx.Response:
        number = next(numbers)
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        if token:
            headers["Authorization"] = f"Bearer {token}{number}"
        return server.client.get("/v1/snapshot", headers=headers)

    answers = counted(asked, 60)
    assert {answer.status_code for answer in answers} == {401, 429}
    assert server.client.get("/v1/stations", headers=server.admin).status_code == 200


def test_forms_have_a_narrow_door(server: Server) -> None:
    time.sleep(2.1)
    answers = counted(lambda: server.client.post("/board/orders", data={"material": ""}), 5)
    assert [answer.status_code for answer in answers][3:] == [429, 429]
    assert int(answers[4].headers["retry-after"]) > 1


def test_enrolling_has_a_narrow_door(server: Server) -> None:
    answers = counted(lambda: server.client.post("/v1/enrol", content=b"{"), 13)
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 1


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/v1/enrolment-codes", "text/plain", 415),
        ("/v1/enrolment-codes", "application/x-ndjson", 415),
        ("/v1/enrolment-codes", "application/json; charset=utf-8", 201),
        ("/v1/enrolment-codes", "APPLICATION/JSON", 201),
        ("/v1/enrolment-codes", "", 201),
        ("/v1/revocations", "multipart/form-data", 415),
        ("/v1/origins/x/events", "application/json", 415),
        ("/v1/origins/x/events", "application/x-ndjson", 401),
    ],
)
def test_a_body_that_says_it_is_something_else(
    server: Server, path: str, kind: str, status: int
) -> None:
    headers = {**server.admin, **({"Content-Type": kind} if kind else {})}
    answer = server.client.post(path, content=b'{"station":"S"}', headers=headers)
    assert answer.status_code == status, answer.text
    if status == 415:
        assert answer.json()["type"] == "urn:kiosk-server:problem:content-type"


@pytest.mark.parametrize("path", ["/v1/enrol", "/v1/feed", "/v1/snapshot", "/healthz"])
def test_what_a_path_takes_is_told(server: Server, path: str) -> None:
    options = server.client.options(path)
    wrong = server.client.delete(path)
    assert (options.status_code, wrong.status_code) == (204, 405)
    allowed = {word.strip() for word in wrong.headers["allow"].split(",")}
    assert allowed == {word.strip() for word in options.headers["allow"].split(",")}
    assert allowed - {"OPTIONS"} in ({"POST"}, {"GET"}, {"GET", "POST"})


def test_more_connections_than_there_are_places_are_turned_away(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text("[limits]\nconnections = 8\n")
    with Server(tmp_path) as server:
        port = int(server.url.rpartition(":")[2])
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
        deadline = time.monotonic() + SECONDS_MAX
        answer = httpx.get(f"{server.url}/healthz")
        while answer.status_code != 503 and time.monotonic() < deadline:
            answer = httpx.get(f"{server.url}/healthz")
        assert answer.status_code == 503
        for one in held:
            one.close()
        while answer.status_code == 503 and time.monotonic() < deadline:
            answer = httpx.get(f"{server.url}/healthz")
        assert answer.status_code == 200


async def test_a_storm_of_stations_passes(tmp_path: Path) -> None:
    """Forty stations with twenty pushes each, as fast as the server answers: none is told to wait."""
    with Server(tmp_path) as server:
        stations = [server.enrol(f"S-{number}") for number in range(40)]
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:

            async def storm(token: dict[str, str]) -> list[int]:
                log, statuses = Log(help_called(20)), []
                for after in range(20):
                    answer = await client.post(
                        f"/v1/origins/{log.origin}/events",
                        content=log.message(after, 1),
                        headers=token,
                    )
                    statuses.append(answer.status_code)
                return statuses

            found = await asyncio.gather(*(storm(one.headers) for one in stations))
        assert {status for statuses in found for status in statuses} == {200}
