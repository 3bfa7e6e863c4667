"""What a station settles beside pushes: outcome, the office's events, what may be forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.journal import Journal
from sync.client import State, SyncClient, SyncStatus
from sync.exchange import HEARTBEAT_SECONDS
from sync.upkeep import ASK_SECONDS, QUIET_SECONDS, RETIRE_SECONDS
from sync.wire import Review
from tests.kiosk.journal.journals import opened, sign_in, until
from tests.sync.model_server import TOKEN, Answer, ModelServer

LATER = datetime.now().astimezone() + timedelta(days=400)


@dataclass
class Station:
    """A journal and its client under a clock that the test moves."""

    journal: Journal
    model: ModelServer
    client: SyncClient = field(init=False)
    time: float = 1_000.0
    said: list[SyncStatus] = field(default_factory=list)
    times: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = SyncClient(
            "http://model",
            TOKEN,
            self.journal,
            self.said.append,
            lambda _: None,
            transport=self.model.transport(),
            public_key=self.model.public_key,
            snapshot_seconds=8.0,
            chance=lambda: 0.5,
            now=lambda: LATER,
            monotonic=lambda: self.time,
            on_time=lambda text, seconds: self.times.append((text, seconds)),
            numbers=lambda: ({"SSCC": 70}, {"SSCC": 30}),
        )

    def record(self, count: int = 1) -> None:
        self.journal.append([sign_in() for _ in range(count)]).result()

    def asked(self, path: str) -> int:
        return sum(path in one for _, one, _ in self.model.requests)

    def tend(self, after: float = 0.0) -> float:
        self.time += after
        return self.client.tend()


@contextmanager
def station(folder: Path, model: ModelServer | None = None) -> Iterator[Station]:
    with opened(folder) as journal:
        one = Station(journal, model or ModelServer())
        try:
            yield one
        finally:
            one.client.stop()


def test_a_push_says_which_clocks_numbers_and_incarnation_the_station_knows(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.record(3)
        one.client.push()
        one.client.push()
        one.client.push()
        first, second, third = one.model.headers
        assert "incarnation" not in first or not first["incarnation"]
        assert (second["incarnation"], third["incarnation"]) == ("one", "one")
        assert third["numbers"] == {"SSCC": 70}
        assert third["wanted"] == {"SSCC": 30}
        stamp = one.journal.stamp()
        assert third["boot"] == stamp.boot
        assert 0 < third["mono"] <= stamp.mono
        assert datetime.fromisoformat(third["at"]).tzinfo is not None
        assert one.times == [("2026-11-22T10:00:00Z", 0.0)] * 3


def test_the_outcome_is_asked_soon_then_with_the_heartbeat(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        assert one.tend() == HEARTBEAT_SECONDS, "nothing was heard yet"
        one.record(2)
        one.client.push()
        one.client.push()
        one.model.counted = lambda seq: seq - 1
        one.model.reviews = [{"id": "e1", "deviation": "over_issue", "text": "too much"}]
        one.tend()
        assert one.asked("/outcome") == 0
        assert one.tend(ASK_SECONDS[0]) <= 2 * ASK_SECONDS[1]
        assert one.asked("/outcome") == 1
        status = one.client.status
        assert (status.counted, status.reviews) == (1, (Review("e1", "over_issue", "too much"),))
        assert one.said[-1] == status
        one.tend(1.0)
        assert one.asked("/outcome") == 1
        one.tend(2 * ASK_SECONDS[1])
        assert one.asked("/outcome") == 2
        one.tend(HEARTBEAT_SECONDS - 1.0)
        assert one.asked("/outcome") == 2
        one.model.counted = lambda seq: seq
        one.tend(1.0)
        assert (one.asked("/outcome"), one.client.status.counted) == (3, 2)
        one.tend(9 * HEARTBEAT_SECONDS)
        assert one.asked("/outcome") == 3, "all is counted: until the next push"
        one.client.hurry()
        one.client.push()
        one.tend(ASK_SECONDS[0])
        assert one.asked("/outcome") == 4


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_that_does_not_tell_the_outcome_is_asked_later(
    tmp_path: Path, status: int
) -> None:
    with station(tmp_path) as one:
        one.model.fault = lambda _method, path, _bodies: (
            Answer(status) if path.endswith("/outcome") else None
        )
        one.client.push()
        assert one.tend(ASK_SECONDS[0]) > 0
        assert one.asked("/outcome") == 1
        one.tend()
        assert one.asked("/outcome") == 1
        assert one.client.status.state is State.ONLINE


def test_what_the_office_said_is_offered_once_to_a_server_of_a_new_incarnation(
    tmp_path: Path,
) -> None:
    with station(tmp_path) as one:
        one.client.push()
        one.tend()
        one.tend(8.0)
        assert one.journal.kept("recovered") == b"one"
        backup = one.model.backup()
        lost = [one.model.office(type="OrderPlanned", number=n) for n in range(7)]
        told = one.model.office(type="OperatorDefined", person="a", revision=1, name="A", badge="1")
        while told not in [record.id for _, record in one.journal.replay()]:
            one.client.pull()
        one.record()
        one.client.push()
        one.model.restore(backup, "two")
        one.client.push()
        one.tend(8.0)
        assert one.asked("/recovered") == 0, "not while something waits to be sent"
        while one.journal.waiting():
            one.client.push()
        one.tend()
        assert one.asked("/recovered") == 0, "not all stations at once"
        one.tend(8.0)
        assert one.asked("/recovered") == 1
        assert told in one.model.ledger.entries
        assert not set(lost) & set(one.model.ledger.entries), "what cannot be read stays here"
        one.client.hurry()
        one.client.push()
        one.tend(HEARTBEAT_SECONDS)
        assert one.asked("/recovered") == 1


def test_an_offer_that_is_too_large_is_halved_and_one_that_failed_begun_again(
    tmp_path: Path,
) -> None:
    with station(tmp_path) as one:
        for n in range(6):
            one.model.office(type="ReasonDefined", reason=f"R{n}", revision=1, text="x")
        for _ in range(6):
            one.client.pull()
        one.model.restore(ModelServer().ledger, "two")
        broken = iter([Answer(503, b"{}", {"Retry-After": "5"})])

        def fault(_method: str, path: str, bodies: list[bytes]) -> Answer | None:
            if path != "/v1/recovered":
                return None
            return Answer(413) if len(bodies) > 2 else next(broken, None)

        one.model.fault = fault
        one.client.push()
        one.tend()
        assert one.tend(8.0) == pytest.approx(5.6, abs=1.0)
        assert len(one.model.ledger.entries) < 6
        assert one.tend() > 0
        one.tend(9.0)
        assert len(one.model.ledger.entries) == 6
        assert one.journal.kept("recovered") == b"two"


def test_what_every_backup_holds_is_forgotten_at_a_quiet_time(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.record(5)
        one.client.push()
        one.client.push()
        one.model.ledger.promise()
        one.client.hurry()
        one.client.push()
        one.tend()
        assert one.journal.unsent(0).low.seq == 1, "a push was just now"
        one.tend(QUIET_SECONDS)
        assert one.journal.unsent(0).low.seq == 5
        one.record(5)
        one.client.push()
        one.model.ledger.promise()
        one.client.hurry()
        one.client.push()
        one.tend(QUIET_SECONDS)
        assert one.journal.unsent(0).low.seq == 5, "once an hour at most"
        one.record()
        one.tend(2 * RETIRE_SECONDS)
        assert one.journal.unsent(0).low.seq == 5, "not while something waits"
        one.client.push()
        one.tend(QUIET_SECONDS)
        assert one.journal.unsent(0).low.seq == 11, "all but the newest"


def test_nothing_is_looked_at_again_and_again_once_it_is_done(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.record(5)
        one.client.push()
        one.client.push()
        looks, end, wait = 0, one.time + HEARTBEAT_SECONDS, 0.0
        while one.time < end:
            wait = one.tend(wait)
            looks += 1
        assert looks < 10


def test_an_offer_that_waits_for_a_push_is_not_looked_at_before(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.client.push()
        one.tend()
        one.record()
        assert one.tend(8.0) == HEARTBEAT_SECONDS


def test_an_answer_that_is_not_signed_settles_nothing(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.client._public_key = ModelServer().public_key
        one.record()
        one.client.push()
        assert one.client.status.state is State.REFUSED
        assert one.tend(HEARTBEAT_SECONDS) == HEARTBEAT_SECONDS
        assert one.times == []


def test_the_feed_asks_when_a_push_hears_of_another_incarnation(tmp_path: Path) -> None:
    model = ModelServer()
    with model.listening() as server, opened(tmp_path) as journal:
        client = SyncClient(
            server,
            TOKEN,
            journal,
            lambda _: None,
            lambda _: None,
            snapshot_seconds=0.0,
            chance=lambda: 0.0,
        )
        try:
            client.start()
            until(lambda: journal.feed_mark() and client.status.state is State.ONLINE)
            model.ledger.incarnation = "two"  # nothing tells those who wait for news
            client.hurry()
            until(lambda: (mark := journal.feed_mark()) and mark.incarnation == "two", 5.0)
        finally:
            client.stop()


def test_counts_alone_are_told_twice_a_second_and_the_last_one_is(tmp_path: Path) -> None:
    with station(tmp_path) as one:
        one.client.push()
        told = len(one.said)
        for _ in range(10):
            one.record()
            one.client.push()
            one.time += 0.1
        assert told < len(one.said) <= told + 3
        assert one.client._standing.owes() is not None
        one.client._standing.settle()
        assert one.said[-1] == one.client.status
        assert one.client._standing.owes() is None
