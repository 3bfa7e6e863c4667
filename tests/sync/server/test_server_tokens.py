"""Tokens of a real server: shut out, renewed, and who may write which origin."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.sync.server.server_parts import Log, Server, Station, help_called, kiosk_server, material


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("tokens")
    data.joinpath("server.toml").write_text("[limits]\nenrol_requests_per_minute = 1000\n")
    with Server(data) as running:
        yield running
        assert "Traceback" not in running.said()


def said(answer: httpx.Response, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert told["type"] == f"urn:kiosk-server:problem:{kind}"
    return str(told["detail"])


def renewed(station: Station) -> Station:
    """The station with the new token that it asked for."""
    answer = station.server.client.post("/v1/token", headers=station.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return Station(station.server, answer.json())


def revoked(server: Server, station: str) -> None:
    asked = {"station": station}
    answer = server.client.post("/v1/revocations", json=asked, headers=server.admin)
    assert answer.json() == asked


def pushed(station: Station) -> int:
    return station.push(Log(help_called(1))).status_code


def test_a_station_that_is_shut_out_hears_so_at_once_until_it_is_enrolled_again(
    server: Server,
) -> None:
    station, log = server.enrol("OUT-1"), Log(help_called(2))
    code = server.code("OUT-1")
    assert station.push(log, count=1).status_code == 200
    offered = renewed(station)
    revoked(server, "OUT-1")
    for one in (station, station):
        for answer in (one.push(log), one.feed("a.1.b")):
            assert "the office shut out station OUT-1" in said(answer, 403, "revoked")
    said(offered.push(log), 401, "token")
    unused = server.client.post("/v1/enrol", json={"code": code})
    said(unused, 403, "enrolment-code")
    again = server.enrol("OUT-1", log.origin)
    assert again.push(log, after=1).json()["have"][0] == 2
    said(station.push(log), 401, "token")


def test_who_is_shut_out_while_waiting_for_news_hears_none(server: Server) -> None:
    station = server.enrol("OUT-3")
    _, mark = station.snapshot()
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(station.feed, mark, 20)
        revoked(server, "OUT-3")
        server.office(material("SECRET"))
        said(answer.result(), 403, "revoked")


def test_nobody_of_a_name_that_there_is_not_is_shut_out(server: Server) -> None:
    asked = {"station": "NOBODY"}
    answer = server.client.post("/v1/revocations", json=asked, headers=server.admin)
    assert "no station is called 'NOBODY'" in said(answer, 404, "station")
    station = server.enrol("OUT-2")
    answer = server.client.post(
        "/v1/revocations", json={"station": "OUT-2"}, headers=station.headers
    )
    assert answer.status_code == 401


def test_the_commands_list_and_shut_out_beside_a_server_and_without(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data) as server:
        one, two = server.enrol("ONE"), server.enrol("TWO")
        assert kiosk_server("revoke", "--data", str(data), "ONE").stdout.startswith(
            "ONE is shut out"
        )
        assert (pushed(one), pushed(two)) == (403, 200)
        lines = kiosk_server("stations", "--data", str(data)).stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["STATION", "ONE", "TWO"]
        assert [word for line in lines for word in ("revoked", "active") if word in line] == [
            "revoked",
            "active",
        ]
    done = kiosk_server("revoke", "--data", str(data), "TWO", "--json")
    assert done.stdout == '{"station": "TWO", "active": false}\n'
    told = kiosk_server("stations", "--data", str(data), "--json").stdout
    assert told.count('"active": false') == 2
    failed = kiosk_server("revoke", "--data", str(data), "THREE")
    assert (failed.returncode, "no station is called 'THREE'" in failed.stderr) == (1, True)
    with Server(data) as server:
        assert Station(server, two.answer).push(Log(help_called(1))).status_code == 403


def test_a_token_is_good_until_the_new_one_is_first_used(server: Server) -> None:
    old = server.enrol("ROT-1")
    lost, new = renewed(old), renewed(old)
    assert pushed(old) == 200
    assert pushed(lost) == 401, "another was asked for meanwhile"
    assert (pushed(new), pushed(new)) == (200, 200)
    assert pushed(old) == 401
    newer = renewed(new)
    assert (pushed(new), pushed(newer), pushed(new)) == (200, 200, 401)


def test_an_offered_token_outlives_the_server_s_process(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        old = server.enrol()
        new = renewed(old)
        server.kill()
    with Server(tmp_path) as server:
        assert pushed(Station(server, old.answer)) == 200
        assert pushed(Station(server, new.answer)) == 200
        assert pushed(Station(server, old.answer)) == 401
    database = sqlite3.connect(tmp_path / "ledger.sqlite")
    assert database.execute("SELECT count(*) FROM station_token").fetchone() == (0,)
    database.close()


def test_the_same_station_enrolled_again_goes_on_with_its_journal(server: Server) -> None:
    first, log = server.enrol("AGAIN-1"), Log(help_called(4))
    assert first.push(log, count=2).status_code == 200
    second = server.enrol("AGAIN-1", log.origin)
    assert second.push(log, after=2).json()["have"] == [4, log.mark(4).digest]


def test_another_station_may_not_write_a_journal_that_has_an_owner(server: Server) -> None:
    owner, log = server.enrol("OWN-1"), Log(help_called(2))
    assert owner.push(log, count=1).status_code == 200
    other = server.enrol("OWN-2")
    assert "belongs to station OWN-1" in said(other.push(log, after=1), 403, "origin-of-another")
    asked = {"code": server.code("OWN-2"), "origin": log.origin}
    refused = server.client.post("/v1/enrol", json=asked)
    assert "belongs to station OWN-1" in said(refused, 409, "enrolment-journal")
    assert owner.push(log, after=1).json()["have"][0] == 2


def test_a_clone_with_the_same_token_is_a_fork_not_a_stranger(server: Server) -> None:
    one = server.enrol("CLONE-1")
    log = Log(help_called(1, "CLONE-1"))
    clone = Log([*log.bodies, *help_called(1, "CLONE-1")], log.origin)
    log.bodies += help_called(1, "CLONE-1")
    assert one.push(log).status_code == 200
    said(one.push(clone, after=1), 409, "fork")
    forked = Log(clone.bodies)
    assert one.push(forked).json()["have"][0] == 2


def test_wrong_codes_from_many_addresses_close_the_door_too(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text('[server]\ntrusted_proxy = "127.0.0.1"\n')
    with Server(tmp_path) as server:
        code = server.code()

        def tried(number: int, what: str) -> httpx.Response:
            headers = {"X-Forwarded-For": f"198.51.100.{number}"}
            return server.client.post("/v1/enrol", json={"code": what}, headers=headers)

        wrong = [tried(n // 5, "AAAAAAAAAA").status_code for n in range(50)]
        assert wrong == [403] * 50
        answer = tried(200, code)
        assert "50 wrong codes from many addresses" in said(answer, 429, "enrolment-tries")
        assert 0 < int(answer.headers["retry-after"]) <= 900


def test_a_code_is_at_its_end_after_fifteen_minutes(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        code = server.code()
    with Server(tmp_path, "--clock-offset", str(15 * 60 + 1)) as server:
        answer = server.client.post("/v1/enrol", json={"code": code})
        assert "older than 15 minutes" in said(answer, 403, "enrolment-code")
