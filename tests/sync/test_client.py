"""The exchange over real sockets, against a server of another make with faults switched on."""

import json
import shutil
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.clock import Clock
from kiosk.journal import Journal
from sync.client import (
    AnswerUnreadable,
    Enrolment,
    ServerAddressError,
    ServerRefused,
    ServerUnreachable,
    State,
    SyncClient,
    SyncError,
    SyncStatus,
    enrol,
)
from sync.timing import milliseconds_of
from sync.wire import Recorded
from tests.kiosk.journal.journals import new_id, opened, sign_in, until
from tests.sync.model_server import TOKEN, Answer, ModelServer

EMPTY = Answer(200)


@dataclass
class Station:
    """A journal and its client, and what was said of both."""

    journal: Journal
    client: SyncClient
    said: list[SyncStatus] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.client.status.state

    def ids(self) -> list[str]:
        return [record.id for _, record in self.journal.replay()]


@contextmanager
def station(
    folder: Path,
    server: str,
    *,
    token: str = TOKEN,
    public_key: str = "",
    transport: httpx.BaseTransport | None = None,
) -> Iterator[Station]:
    said: list[SyncStatus] = []
    heard: list[str] = []

    def hear(records: Sequence[Recorded]) -> None:
        heard.extend(record.id for record in records)

    with opened(folder) as journal:
        client = SyncClient(
            server,
            token,
            journal,
            said.append,
            hear,
            transport=transport,
            public_key=public_key,
            snapshot_seconds=0.0,
            chance=lambda: 0.0,
        )
        try:
            yield Station(journal, client, said, heard)
        finally:
            client.stop()


def record(journal: Journal, count: int = 1) -> list[str]:
    return [one.id for one in journal.append([sign_in() for _ in range(count)]).result()]


def drained(one: Station) -> Callable[[], bool]:
    return lambda: one.journal.waiting() == 0 and one.state is State.ONLINE


def test_all_is_sent_in_order_and_once(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 700)
        assert one.client.status == SyncStatus(since=one.client.status.since, waiting=700)
        one.client.start()
        until(drained(one))
        assert list(model.ledger.entries) == ids
        assert model.pushes()[:3] == [0, 200, 400]
        status = one.client.status
        assert (status.state, status.why, status.waiting, status.sent) == ("online", "", 0, 700)
        # The feed may be heard before the first push is answered.
        assert {told.state for told in one.said} - {State.NEVER} == {State.ONLINE}
        assert one.said[-1] == status


def test_a_push_does_not_wait_for_news_and_news_not_for_a_push(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        until(lambda: one.state is State.ONLINE and one.journal.feed_mark())
        for count in range(1, 6):
            begun = time.monotonic()
            record(one.journal)
            one.client.wake()
            until(drained(one))
            assert time.monotonic() - begun < 2.0
            assert len(model.ledger.entries) == count
        news = model.office(type="MaterialDefined", material="FLOUR", name="Flour", unit="KGM")
        until(lambda: news in one.heard)
        assert news in one.ids()
        assert not set(one.heard) & set(list(model.ledger.entries)[:5]), "own events are no news"


def test_a_lost_answer_doubles_nothing(tmp_path: Path) -> None:
    model = ModelServer()
    lost = iter([True, False, True, True, False, True])
    model.lose_answer = lambda path: path.endswith("/events") and next(lost, False)
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 5)
        one.client.start()
        until(drained(one))
        ids += record(one.journal, 5)
        one.client.wake()
        until(drained(one))
        assert list(model.ledger.entries) == ids
        assert len(model.ledger.origins[one.journal.origin]) == 10
        assert not model.ledger.alarms


def test_a_server_restored_from_an_older_copy_gets_all_again(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        ids = record(one.journal, 4)
        one.client.wake()
        until(drained(one))
        backup = model.backup()
        ids += record(one.journal, 4)
        one.client.wake()
        until(drained(one))
        model.restore(backup, incarnation="two")
        assert len(model.ledger.entries) == 4
        one.client.hurry()
        until(lambda: len(model.ledger.entries) == 8)
        until(drained(one))
        assert sorted(model.ledger.entries) == sorted(ids)
        origin = one.journal.origin
        assert list(model.ledger.origins) == [origin], "nothing is forked"
        until(lambda: (mark := one.journal.feed_mark()) and mark.incarnation == "two")


def test_a_restored_station_forks_and_loses_nothing(tmp_path: Path) -> None:
    model = ModelServer()
    folder, copy = tmp_path / "live", tmp_path / "copy"
    with opened(folder) as journal:
        ids = record(journal, 3)
    shutil.copytree(folder, copy)
    with model.listening() as server:
        with station(folder, server) as one:
            ids += record(one.journal, 3)
            one.client.start()
            until(drained(one))
        shutil.rmtree(folder)
        copy.rename(folder)
        with station(folder, server) as one:
            old = one.journal.origin
            ids += record(one.journal, 2)
            one.client.start()
            until(drained(one))
            assert one.journal.origin != old
            until(lambda: sorted(one.ids()) == sorted(ids))
            one.journal.verify()
    assert sorted(model.ledger.entries) == sorted(ids)


def test_two_clones_are_told_apart(tmp_path: Path) -> None:
    model = ModelServer()
    first, second = tmp_path / "first", tmp_path / "second"
    with opened(first) as journal:
        ids = record(journal, 5)
    shutil.copytree(first, second)
    with (
        model.listening() as server,
        station(first, server) as one,
        station(second, server) as two,
    ):
        assert one.journal.origin == two.journal.origin
        for each in (one, two):
            ids += record(each.journal, 3)
            each.client.start()
        until(lambda: drained(one)() and drained(two)() and len(model.ledger.entries) == 11)
        assert one.journal.origin != two.journal.origin
        until(lambda: sorted(one.ids()) == sorted(two.ids()) == sorted(ids))
    assert sorted(model.ledger.entries) == sorted(ids)
    assert model.ledger.alarms or len(model.ledger.origins) == 2


def test_a_limit_of_bytes_halves_the_batch(tmp_path: Path) -> None:
    model = ModelServer()

    def limit(method: str, _path: str, bodies: list[bytes]) -> Answer | None:
        return Answer(413) if sum(map(len, bodies)) > 3_000 else None

    model.fault = limit
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 100)
        one.client.start()
        until(drained(one))
        assert list(model.ledger.entries) == ids
        tried = [count for count in model.pushes() if count][:4]
        assert tried[0] == 100
        assert all(0 < later <= earlier // 2 for earlier, later in pairwise(tried[:3]))


@pytest.mark.parametrize(("status", "state"), [(429, State.ONLINE), (503, State.OFFLINE)])
def test_a_busy_server_is_asked_again_without_a_new_scan(
    tmp_path: Path, status: int, state: State
) -> None:
    model = ModelServer()
    busy = [Answer(status, b'{"detail": "come again"}', {"Retry-After": "0"})] * 3

    def fault(method: str, _path: str, bodies: list[bytes]) -> Answer | None:
        return busy.pop() if busy and method == "POST" and bodies else None

    model.fault = fault
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 40)
        one.client.start()
        until(drained(one))
        assert list(model.ledger.entries) == ids
        spoken = [(said.state, said.why) for said in one.said]
        assert (state, f"server answers {status}: come again") in spoken
        assert [count for count in model.pushes() if count][:4] == [40, 20, 10, 5]


def test_a_token_that_is_not_known_is_told_and_tried_again(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server, token="of another") as one:
        record(one.journal, 2)
        one.client.start()
        until(lambda: one.state is State.REFUSED)
        assert one.client.status.why == "server answers 401: this token is not known here"
        assert one.client.status.waiting == 2
        model.fault = lambda method, path, bodies: EMPTY if path == "/v1/feed" else None
        before = len(model.pushes())
        one.client.hurry()
        until(lambda: len(model.pushes()) > before)
        assert not model.ledger.entries


def test_one_bad_event_is_named_and_nothing_is_skipped(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 50)
        bad = ids[31]

        def fault(_method: str, _path: str, bodies: list[bytes]) -> Answer | None:
            hit = any(json.loads(body)["id"] == bad for body in bodies)
            return Answer(500, b'{"title": "Oops"}') if hit else None

        model.fault = fault
        one.client.start()
        until(lambda: one.state is State.STUCK)
        status = one.client.status
        assert (status.stuck, status.why, status.waiting) == (bad, "server answers 500: Oops", 19)
        assert list(model.ledger.entries) == ids[:31]
        tries = len(model.pushes())
        until(lambda: len(model.pushes()) > tries)
        model.fault = lambda *_: None
        until(drained(one))
        assert list(model.ledger.entries) == ids
        assert one.client.status.stuck == ""


def test_a_server_that_answers_everything_with_500_is_offline(tmp_path: Path) -> None:
    model = ModelServer()
    model.fault = lambda *_: Answer(500, b"<html>")
    with model.listening() as server, station(tmp_path, server) as one:
        ids = record(one.journal, 5)
        one.client.start()
        until(lambda: one.state is State.OFFLINE)
        assert one.client.status.why == "server answers 500: Internal Server Error"
        model.fault = lambda *_: None
        until(drained(one))
        assert list(model.ledger.entries) == ids


def test_offline_and_back_within_two_seconds(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server:
        port = int(server.rsplit(":", 1)[1])
        with station(tmp_path, server) as probe:
            probe.client.start()
            until(lambda: probe.state is State.ONLINE)
    with station(tmp_path, server) as one:
        one.client.start()
        until(lambda: one.state is State.OFFLINE)
        ids = record(one.journal, 600)
        one.client.wake()
        assert "no answer" in one.client.status.why
        assert one.client.status.waiting == 600
        since = one.client.status.since
        failures = threading.Event()
        assert not failures.wait(0.5)
        assert one.client.status.since == since
        with model.listening(port):
            begun = time.monotonic()
            until(drained(one))
            assert time.monotonic() - begun < 2.0
            assert one.client.status.why == ""
            news = model.office(type="OrderPlanned")
            until(lambda: news in one.ids())
            assert list(model.ledger.entries)[:-1] == ids


def test_what_failed_before_the_server_was_heard_again_is_no_trouble_after(
    tmp_path: Path,
) -> None:
    """Else the status would name it until the feed has news, with all being well."""
    model, asked = ModelServer(), [0]
    inner = model.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/v1/feed" and asked[0]:
            return inner.handle_request(request)
        asked[0] += request.url.path == "/v1/feed"
        if asked[0] == 3:  # while this one is under way
            client.push()
        raise httpx.ReadError("reset", request=request)

    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model",
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            transport=httpx.MockTransport(answer),
        )
        client.push()
        client.pull()
        client.pull()
        assert client.status.state is State.OFFLINE
        assert "reset" in client.status.why
        client.pull()
        assert (client.status.state, client.status.why) == (State.ONLINE, "")
        client.pull()
        assert "reset" in client.status.why, "asked since, and not heard"
        client.stop()


def test_a_server_that_goes_away_is_noticed_without_a_scan(tmp_path: Path) -> None:
    model = ModelServer()
    with ExitStack() as life_of_server, ExitStack() as life_of_station:
        server = life_of_server.enter_context(model.listening())
        one = life_of_station.enter_context(station(tmp_path, server))
        one.client.start()
        until(lambda: one.state is State.ONLINE and one.journal.feed_mark())
        life_of_server.close()
        until(lambda: one.state is State.OFFLINE)
        assert "no answer" in one.client.status.why


def test_it_stops_within_a_second_in_the_middle_of_a_long_poll(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        until(lambda: one.state is State.ONLINE and one.journal.feed_mark())
        until(lambda: "/v1/feed" in [request[1] for request in model.requests])
        threads = list(one.client._threads)
        begun = time.monotonic()
        one.client.stop()
        assert time.monotonic() - begun < 1.0
        assert not any(thread.is_alive() for thread in threads)
        assert one.said[-1].state is State.ONLINE, "breaking off is no trouble"


def test_a_push_that_is_broken_off_by_the_stop_is_no_trouble(tmp_path: Path) -> None:
    model, asked, ended = ModelServer(), threading.Event(), threading.Event()

    def slow(_method: str, path: str, bodies: list[bytes]) -> Answer | None:
        if path.endswith("/events") and bodies:
            asked.set()
            ended.wait(10.0)
        return None

    model.fault = slow
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        until(lambda: one.state is State.ONLINE)
        record(one.journal)
        one.client.wake()
        until(asked.is_set)
        threads = list(one.client._threads)
        one.client.stop()
        ended.set()
        assert not any(thread.is_alive() for thread in threads)
        assert {said.state for said in one.said} == {State.ONLINE}
        assert one.client.status.why == ""
        assert one.journal.waiting() == 1


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 of an authority of its own, as a factory has."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "factory")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "factory.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return path, context


def test_tls_with_the_factorys_own_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ModelServer()
    path, context = self_signed(tmp_path)
    with model.listening(tls=context) as server:
        with station(tmp_path / "data", server) as stranger:
            stranger.client.start()
            until(lambda: stranger.state is State.OFFLINE)
            assert "certificate" in stranger.client.status.why
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with station(tmp_path / "data", server) as one:
            record(one.journal, 3)
            one.client.start()
            until(lambda: drained(one)() and one.journal.feed_mark())
            begun = time.monotonic()
            one.client.stop()
            assert time.monotonic() - begun < 1.0
            assert not any(thread.is_alive() for thread in one.client._threads)


def test_a_new_station_takes_a_snapshot_and_keeps_its_own(tmp_path: Path) -> None:
    model = ModelServer()
    news = [model.office(type="OrderPlanned", n=n) for n in range(10)]
    with model.listening() as server, station(tmp_path, server) as one:
        own = record(one.journal, 2)
        one.client.start()
        until(lambda: len(one.heard) == 10 and drained(one)())
        assert one.heard == news
        assert one.ids() == own + news
        paths = [path for _, path, _ in model.requests]
        assert paths.count("/v1/snapshot") == 4
        mark = one.journal.feed_mark()
        assert mark
        assert mark.position >= 10


def test_a_pruned_or_foreign_mark_means_a_snapshot(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        until(one.journal.feed_mark)
        model.restore(model.backup(), incarnation="two")
        news = model.office(type="OrderPlanned")
        until(lambda: news in one.heard)
        mark = one.journal.feed_mark()
        assert mark
        assert mark.incarnation == "two"


def test_the_pinned_key_signs_or_nothing_moves(tmp_path: Path) -> None:
    model, other = ModelServer(), ModelServer()
    with model.listening() as server:
        with station(tmp_path, server, public_key=other.public_key) as one:
            record(one.journal, 2)
            one.client.start()
            until(lambda: one.state is State.REFUSED)
            assert "not signed by the server of the enrolment" in one.client.status.why
            assert one.journal.waiting() == 2
        with station(tmp_path, server, public_key=model.public_key) as one:
            one.client.start()
            until(drained(one))


def test_what_is_no_kiosk_server_is_told(tmp_path: Path) -> None:
    model = ModelServer()
    model.fault = lambda *_: Answer(200, b"<html>Please log in to the factory network</html>")
    with model.listening() as server, station(tmp_path, server) as one:
        record(one.journal)
        one.client.start()
        until(lambda: one.state is State.OFFLINE)
        assert "not from a kiosk server" in one.client.status.why
        assert one.journal.waiting() == 1


def test_ids_that_need_review_are_shown(tmp_path: Path) -> None:
    model = ModelServer()
    model.review = ["strange"]
    with model.listening() as server, station(tmp_path, server) as one:
        one.client.start()
        until(lambda: one.client.status.review == ("strange",))


def test_who_is_told_may_fail_and_the_exchange_goes_on(tmp_path: Path) -> None:
    model = ModelServer()
    news = [model.office(type="OrderPlanned")]

    def hear(_: Sequence[Recorded]) -> None:
        raise RuntimeError("the screen is gone")

    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model",
            TOKEN,
            journal,
            lambda _: None,
            hear,
            transport=model.transport(),
            snapshot_seconds=0.0,
        )
        client.start()
        until(lambda: [one.id for _, one in journal.replay()] == news)
        record(journal)
        client.wake()
        until(lambda: journal.waiting() == 0)
        client.stop()


def test_who_is_told_of_the_status_may_fail_and_the_exchange_goes_on(tmp_path: Path) -> None:
    def hear(_: SyncStatus) -> None:
        raise RuntimeError("the screen is gone")

    model = ModelServer()
    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model", TOKEN, journal, hear, lambda _: None, transport=model.transport()
        )
        client.start()
        until(lambda: client.status.state is State.ONLINE)
        record(journal)
        client.hurry()
        until(lambda: journal.waiting() == 0)
        client.stop()


def test_a_server_that_holds_no_long_poll_is_not_hammered(tmp_path: Path) -> None:
    model = ModelServer()
    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model",
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            transport=model.transport(),
            chance=lambda: 0.0,
        )
        waits = [client.pull(0) for _ in range(4)]
        assert waits == [0.0, 0.0, 1.0, 1.0]
        assert [path for _, path, _ in model.requests] == [
            "/v1/feed",
            "/v1/snapshot",
            "/v1/feed",
            "/v1/feed",
        ]
        client.stop()


def test_stations_of_a_restored_server_spread_their_snapshots(tmp_path: Path) -> None:
    model = ModelServer()
    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model",
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            transport=model.transport(),
            chance=lambda: 0.5,
        )
        assert client.pull() == 0.0, "a new station is alone"
        client.pull()
        client.pull()
        model.restore(model.backup(), incarnation="two")
        assert client.pull() == 60.0
        client.stop()


def test_a_long_absence_of_the_server_does_not_put_the_snapshot_off(tmp_path: Path) -> None:
    """A station whose journal was salvaged meanwhile asks as soon as the server is there again."""
    model, away = ModelServer(), [True]
    inner = model.transport()

    def answer(request: httpx.Request) -> httpx.Response:
        if away[0]:
            raise httpx.ConnectError("nobody is there", request=request)
        return inner.handle_request(request)

    with opened(tmp_path) as journal:
        client = SyncClient(
            "http://model",
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            transport=httpx.MockTransport(answer),
            chance=lambda: 0.5,
        )
        assert all(client.pull() > 0.0 for _ in range(12))
        away[0] = False
        assert client.pull() == 0.0
        client.pull()
        assert journal.feed_mark()
        client.stop()


@pytest.mark.parametrize("server", ["", "server:8080", "ftp://x", "http://", "http://h:99999"])
def test_an_address_that_cannot_be_one(tmp_path: Path, server: str) -> None:
    with opened(tmp_path) as journal, pytest.raises(ServerAddressError, match="want http"):
        SyncClient(server, TOKEN, journal, lambda _: None, lambda _: None)


def test_enrolment() -> None:
    model = ModelServer()
    answers = {
        "good": Answer(200, b'{"station":"MIX-1","token":"t","work_centers":["MIX"],"site":"B"}'),
        "used": Answer(403, b'{"detail":"this code was used"}'),
        "html": Answer(200, b"<html>"),
    }
    asked: list[dict[str, str]] = []

    class Handler(httpx.MockTransport):
        def __init__(self) -> None:
            super().__init__(self.answer)

        def answer(self, request: httpx.Request) -> httpx.Response:
            if request.url.path != "/v1/enrol" or "authorization" in request.headers:
                return httpx.Response(404)
            asked.append(json.loads(request.content))
            answer = answers[asked[-1]["code"]]
            return httpx.Response(answer.status, content=answer.body)

    def ask(code: str) -> Enrolment:
        return enrol("http://x", code, origin="o", machine="m", transport=Handler())

    assert ask("good") == Enrolment("MIX-1", "t", ("MIX",), "B")
    assert asked == [{"code": "good", "origin": "o", "machine": "m"}]
    with pytest.raises(ServerRefused, match="server answers 403: this code was used"):
        ask("used")
    with pytest.raises(AnswerUnreadable):
        ask("html")
    with model.listening() as server:
        pass
    with pytest.raises(ServerUnreachable, match="no answer"):
        enrol(server, "good", origin="o", machine="m")
    with pytest.raises(SyncError):
        enrol("nonsense", "good", origin="o", machine="m")


def test_clock_and_ids_of_the_station_are_used(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, station="MIX-1", clock=Clock(86_400.0), new_id=new_id)
    client = SyncClient(
        "http://x", TOKEN, journal, lambda _: None, lambda _: None, now=Clock(86_400.0).now
    )
    assert client.status.since > Clock().now().isoformat()
    journal.close()


def test_each_push_tells_the_clocks_and_what_the_answer_before_said(tmp_path: Path) -> None:
    model = ModelServer()
    times: list[tuple[str, float]] = []
    with model.listening() as server, opened(tmp_path) as journal:
        client = SyncClient(
            server,
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            on_time=lambda told, seconds: times.append((told, seconds)),
        )
        for _ in range(2):
            record(journal)
            client.push()
        client.stop()
    first, second = model.headers
    assert {first["boot"], second["boot"]} == {journal.stamp().boot}
    assert first["within"] == -1
    trip = second["mono"] - first["mono"]
    assert first["mono"] <= second["measured"] <= second["mono"]
    assert 1 <= second["within"] <= trip // 2 + 2
    told = milliseconds_of("2026-11-22T10:00:00Z")
    assert second["ahead"] + second["measured"] == told
    assert [one for one, _ in times] == ["2026-11-22T10:00:00Z"] * 2
    assert all(0 <= seconds <= trip for _, seconds in times)
