"""Webhooks: what is sent to a real receiver that fails, hangs, resets, or outlives the server."""

import base64
import hmac
import json
import shutil
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from sync.domain.events import OperatorDefined
from sync.server.webhooks import KINDS, SECRETIVE, WEBHOOKS_COUNT_MAX
from tests.fuzz.hall import Hall, hall
from tests.postgres import Cluster
from tests.sync.server.conftest import ledger_url
from tests.sync.server.server_parts import Server, material

SECONDS_MAX: Final = 30.0
POLL: Final = 0.02
SKEW_SECONDS: Final = 5
Answering = Callable[[int], int | str]
"""What the n-th message is answered: a status, `hang`, `reset`, or where to be led to."""


@dataclass(frozen=True)
class Got:
    """One message as it came in."""

    headers: dict[str, str]
    body: bytes
    answered: int | str

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """An HTTP server on loopback, and all that came to it."""

    answering: Answering = lambda _n: 204
    got: list[Got] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def taken(self) -> list[Got]:
        """What it said yes to."""
        return [one for one in self.got if one.answered in {200, 204}]

    def names(self) -> list[str]:
        """Materials that it was told of and took, each message once."""
        first = {one.id: one.told["data"]["material"] for one in self.taken()}
        return list(first.values())


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        here, length = self.receiver, int(self.headers["content-length"])
        body = self.rfile.read(length)
        said = here.answering(len(here.got) + 1)
        headers = {name.lower(): value for name, value in self.headers.items()}
        here.got.append(Got(headers, body, said))
        if said == "hang":
            here.closing.wait(SECONDS_MAX)
            return
        if said == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            return
        if isinstance(said, str):
            self.send_response(302)
            self.send_header("location", said)
        else:
            self.send_response(said)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class names it
        """Nobody reads it."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    here = Receiver()
    kind = type("Handler", (_Handler,), {"receiver": here})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    server.handle_error = lambda *_args: None  # type: ignore[method-assign]
    here.url = f"http://127.0.0.1:{server.server_address[1]}/in?from=floor"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    here.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not holds():
        assert time.monotonic() < end, what
        threading.Event().wait(POLL)


def add(server: Server, url: str, *kinds: str) -> dict[str, Any]:
    answer = server.client.post(
        "/v1/webhooks", json={"url": url, "kinds": kinds}, headers=server.admin
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def state(server: Server, number: int = 0) -> dict[str, Any]:
    answer = server.client.get("/v1/webhooks", headers=server.admin)
    found: dict[str, Any] = answer.json()["items"][number]
    return found


def post(server: Server, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = server.client.post(f"/v1/webhooks/{path}", json=body, headers=server.admin)
    return answer.status_code, answer.json()


def is_signed(one: Got, secret: str) -> bool:
    """As a receiver checks it by Standard Webhooks."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = b".".join((one.id.encode(), one.headers["webhook-timestamp"].encode(), one.body))
    wanted = "v1," + base64.b64encode(hmac.digest(key, said, "sha256")).decode()
    now = time.time()
    fresh = abs(now - int(one.headers["webhook-timestamp"])) < SECONDS_MAX + SKEW_SECONDS
    return fresh and hmac.compare_digest(wanted, one.headers["webhook-signature"])


def test_events_come_signed_in_order_and_once(tmp_path: Path, receiver: Receiver) -> None:
    with Server(tmp_path) as server:
        server.office(material("BEFORE"))
        made = add(server, receiver.url, "MaterialDefined")
        names = [f"M-{number}" for number in range(30)]
        ids = server.office(*(material(name) for name in names))
        until(lambda: len(receiver.got) >= len(names), "events did not come")
        assert receiver.names() == names
        assert [one.told["id"] for one in receiver.got] == ids
        assert [one.id for one in receiver.got] == [
            f"{name}_{made['webhook']['webhook']}" for name in ids
        ]
        assert all(is_signed(one, made["secret"]) for one in receiver.got)
        assert {one.headers["webhook-attempt"] for one in receiver.got} == {"1"}
        first = receiver.got[0]
        assert (first.told["type"], first.told["data"]["id"]) == ("MaterialDefined", ids[0])
        assert first.headers["content-type"] == "application/json"
        until(lambda: state(server)["delivered"] == len(names), "the count stands still")
        shown = state(server)
        assert (shown["state"], shown["trying"], shown["fault"]) == ("sending", 0, "")
        assert made["secret"] not in json.dumps(shown)


def test_what_fails_is_sent_again_until_it_is_taken(tmp_path: Path, receiver: Receiver) -> None:
    answers: dict[int, int | str] = {1: 500, 2: "reset", 3: "http://127.0.0.1:9/"}
    receiver.answering = lambda number: answers.get(number, 204)
    with Server(tmp_path) as server:
        add(server, receiver.url, "MaterialDefined")
        server.office(material("ONE"), material("TWO"))
        until(lambda: state(server)["state"] == "retrying", "no fault was told")
        assert state(server)["trying"] > 0
        faults = set()
        while len(receiver.taken()) < 2:
            faults.add(state(server)["fault"])
            post(server, f"{state(server)['webhook']}/resume")  # now, not after the pause
            threading.Event().wait(POLL * 10)
        assert receiver.names() == ["ONE", "TWO"]
        tries = [one for one in receiver.got if one.told["data"]["material"] == "ONE"]
        assert len({one.id for one in tries}) == len({one.body for one in tries}) == 1
        assert [one.headers["webhook-attempt"] for one in tries] == ["1", "2", "3", "4"]
        assert {"answers 500, want 2xx"} <= faults
        assert not any("127.0.0.1:9" in one.headers["host"] for one in receiver.got)


def test_one_that_hangs_holds_nobody_else_up(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answering = lambda number: "hang" if number == 1 else 204
    other = Receiver()
    kind = type("Handler", (_Handler,), {"receiver": other})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with Server(tmp_path) as floor:
            add(floor, receiver.url, "MaterialDefined")
            add(floor, f"http://127.0.0.1:{server.server_address[1]}/", "MaterialDefined")
            floor.office(material("ONE"))
            until(lambda: receiver.got and other.taken(), "the other one waited")
            assert floor.client.get("/healthz").status_code == 200
            until(receiver.taken, "it was not sent again after it hung")
            assert receiver.names() == ["ONE"]
            assert [one.headers["webhook-attempt"] for one in receiver.got] == ["1", "2"]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_power_goes_in_the_middle_and_nothing_is_lost(
    tmp_path: Path, receiver: Receiver
) -> None:
    names = [f"M-{number}" for number in range(120)]
    receiver.answering = lambda number: "hang" if number == 40 else 204
    with Server(tmp_path) as server:
        add(server, receiver.url, "MaterialDefined")
        server.office(*(material(name) for name in names))
        until(lambda: len(receiver.got) >= 40, "events did not come")
        server.kill()
    with Server(tmp_path) as server:
        until(lambda: len(receiver.names()) == len(names), "events are missing")
        assert receiver.names() == names
        hung = [one for one in receiver.got if one.id == receiver.got[39].id]
        assert [one.headers["webhook-attempt"] for one in hung] == ["1", "2"]
        assert hung[0].body == hung[1].body
        server.kill()
    with Server(tmp_path) as server:
        server.office(material("LAST"))
        until(lambda: receiver.names()[-1:] == ["LAST"], "the last one did not come")
    # Only what was under way when the power went comes twice, and says so.
    twice = [one for one in receiver.got if one.headers["webhook-attempt"] != "1"]
    assert len(twice) <= 3
    assert len(receiver.got) <= len(names) + 1 + 3


def test_one_that_is_gone_is_paused_told_and_resumed(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answering = lambda number: 410 if number < 3 else 204
    with Server(tmp_path) as server:
        name = add(server, receiver.url, "MaterialDefined")["webhook"]["webhook"]
        server.office(material("ONE"), material("TWO"), material("THREE"))
        until(lambda: state(server)["state"] == "paused", "it was not paused")
        assert "answers 410" in state(server)["fault"]
        alarms = server.client.get("/v1/status", headers=server.admin).text
        assert f"webhook {name} is paused" in alarms
        assert post(server, f"{name}/resume")[0] == 200
        until(lambda: len(receiver.got) == 2, "it was not sent again")
        until(lambda: state(server)["state"] == "paused", "it was not paused again")
        assert post(server, f"{name}/resume", skip=True)[0] == 200
        until(lambda: len(receiver.names()) == 2, "it did not go on")
        assert receiver.names() == ["TWO", "THREE"]
        assert [one.headers["webhook-attempt"] for one in receiver.got] == ["1", "2", "1", "1"]
        assert post(server, f"{name}/resume", skip=True)[0] == 409
        audit = server.client.get("/v1/webhooks", headers=server.admin)
        assert audit.status_code == 200


def test_a_test_message_is_sent_at_once(tmp_path: Path, receiver: Receiver) -> None:
    answers: dict[int, int | str] = {1: 204, 2: 503, 3: "http://127.0.0.1:9/"}
    receiver.answering = lambda number: answers[number]
    with Server(tmp_path) as server:
        made = add(server, receiver.url)
        name = made["webhook"]["webhook"]
        told = [post(server, f"{name}/test")[1] for _ in range(3)]
        assert [one["taken"] for one in told] == [True, False, False]
        assert [one["status"] for one in told] == [204, 503, 302]
        assert "elsewhere" in told[2]["fault"]
        first = receiver.got[0]
        assert (first.told["type"], first.told["data"]) == ("webhook.test", {"webhook": name})
        assert is_signed(first, made["secret"])
        assert post(server, "none/test")[0] == 404
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
            name = add(server, url)["webhook"]["webhook"]
            assert "not reached" in post(server, f"{name}/test")[1]["fault"]


def test_badges_are_told_to_nobody(tmp_path: Path, receiver: Receiver) -> None:
    person = OperatorDefined(person="anna", revision=1, name="Anna", badge="8812-SECRET")
    assert SECRETIVE not in KINDS
    with Server(tmp_path) as server:
        add(server, receiver.url)
        server.office(person)
        server.office(material("LAST"))
        until(lambda: receiver.got, "nothing came")
        assert [one.told["type"] for one in receiver.got] == ["MaterialDefined"]


def test_under_another_key_nothing_is_sent(tmp_path: Path, receiver: Receiver) -> None:
    """A restore with new keys: what would sign now, its receiver does not know."""
    with hall(tmp_path) as office:
        path, headers = "/v1/webhooks", office.admin
        body = {"url": receiver.url}
        made = office.client.post(path, json=body, headers=headers).json()["webhook"]
        other = "UPDATE webhook SET proof = 'of another key'"
        office.services.database.write_now(lambda conn: conn.exec_driver_sql(other))
        office.services.ledger.append_office_now([material("ONE")])

        def shown() -> dict[str, Any]:
            found: dict[str, Any] = office.client.get(path, headers=headers).json()["items"][0]
            return found

        until(lambda: shown()["state"] == "paused", "it was not paused")
        assert "signing key is another one: remove this webhook" in shown()["fault"]
        resumed = office.client.post(f"{path}/{made['webhook']}/resume", headers=headers)
        assert resumed.status_code == 409
        assert receiver.got == []


def test_of_two_servers_one_sends_and_the_other_goes_on(
    tmp_path: Path, cluster: Cluster, receiver: Receiver
) -> None:
    url, one, two = ledger_url(cluster), tmp_path / "one", tmp_path / "two"
    names = [f"M-{number}" for number in range(60)]
    receiver.answering = lambda number: "hang" if number == 20 else 204
    with Server(one, "--database", url) as first:
        two.mkdir()
        for name in ("signing.key", "admin.token", "tls.key", "tls.pem"):
            if (one / name).exists():
                shutil.copy(one / name, two / name)
        with Server(two, "--database", url) as second:
            add(second, receiver.url, "MaterialDefined")
            second.office(*(material(name) for name in names))
            until(lambda: len(receiver.got) >= 20, "events did not come")
            first.kill()  # who came first has the lease
            until(lambda: len(receiver.names()) == len(names), "events are missing")
            assert receiver.names() == names
            hung = [one for one in receiver.got if one.id == receiver.got[19].id]
            assert [one.headers["webhook-attempt"] for one in hung] == ["1", "2"]
    cluster.drop(url)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"url": "ftp://host/x"}, 400, "write http://host/path"),
        ({"url": "http://"}, 400, "write http://host/path"),
        ({"url": "http://eva:secret@host/x"}, 400, "leave out user, password"),
        ({"url": "http://host/x#y"}, 400, "leave out user, password"),
        ({"url": "http://host:99999/x"}, 400, "write http(s)://host/path"),
        ({"url": "http://[::1/x"}, 400, "write http(s)://host/path"),
        ({"url": "http://h/\x00"}, 400, "ASCII"),
        ({"url": "http://h/" + "x" * 500}, 400, "ASCII"),
        ({"url": "http://host/x", "kinds": ["Nothing"]}, 400, "no type of event"),
        ({"url": "http://host/x", "kinds": [SECRETIVE]}, 400, "no type of event"),
        ({}, 400, "url"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_in_words(
    office: Hall, body: dict[str, Any], status: int, said: str
) -> None:
    answer = office.client.post("/v1/webhooks", json=body, headers=office.admin)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert "secret" not in answer.json()["detail"]


def test_there_are_so_many_and_no_more(office: Hall) -> None:
    def add_one() -> int:
        body = {"url": "http://127.0.0.1:9/"}
        answer = office.client.post("/v1/webhooks", json=body, headers=office.admin)
        return int(answer.status_code)

    assert [add_one() for _ in range(WEBHOOKS_COUNT_MAX + 1)] == [201] * WEBHOOKS_COUNT_MAX + [409]
    items = office.client.get("/v1/webhooks", headers=office.admin).json()["items"]
    for one in items:
        path = f"/v1/webhooks/{one['webhook']}"
        assert office.client.delete(path, headers=office.admin).status_code == 204
        assert office.client.delete(path, headers=office.admin).status_code == 404
    assert add_one() == 201


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("webhooks")) as running:
        yield running
