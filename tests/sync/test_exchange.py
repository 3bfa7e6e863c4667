"""The station's side of the table of the exchange, row by row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.exchange import (
    BATCH_EVENTS_START,
    REFUSED_SECONDS,
    SILENCE_SECONDS_MAX,
    Answered,
    Batch,
    Pace,
    Refused,
    Reply,
    Silence,
    State,
    Unbelieved,
    Verdict,
    feed_wait,
    judge,
    reviewed,
)
from sync.wire import BATCH_EVENTS_MAX, Mark, PushAnswer

AT_EASE = Pace(greeting=False)


def batch(after: int, events: int) -> Batch:
    return Batch("o", Mark(after, "d"), Mark(1, "d0"), tuple(b"x" * 100 for _ in range(events)))


def have(seq: int, *, confirmed: bool = True) -> Answered:
    return Answered(PushAnswer(Mark(seq, "d"), 0, "i", "t"), confirmed)


def judged(pace: Pace, sent: Batch, reply: Reply, seconds: float = 0.2) -> Verdict:
    return judge(pace, sent, reply, seconds=seconds, chance=0.0)


TABLE: dict[str, tuple[Pace, Batch, Reply, Verdict]] = {
    "`after` is the head: stored": (
        AT_EASE,
        batch(10, 5),
        have(15),
        Verdict(AT_EASE, State.ONLINE, sent=5),
    ),
    "an empty push: the heartbeat": (
        Pace(),
        batch(10, 0),
        have(10),
        Verdict(AT_EASE, State.ONLINE),
    ),
    "known events: an answer was lost": (
        AT_EASE,
        batch(10, 0),
        have(15),
        Verdict(AT_EASE, State.ONLINE, sent=5),
    ),
    "`after` beyond the head: the server was restored": (
        Pace(),
        batch(10, 0),
        have(4),
        Verdict(AT_EASE, State.ONLINE),
    ),
    "`have` beyond or unlike own rows: the station was restored": (
        AT_EASE,
        batch(10, 5),
        have(99, confirmed=False),
        Verdict(
            replace(AT_EASE, forks=1),
            None,
            "the server holds other events under this origin",
            0.0,
            fork=True,
        ),
    ),
    "another digest at a place it knows: a clone": (
        AT_EASE,
        batch(10, 5),
        Refused(409, "copied disk"),
        Verdict(replace(AT_EASE, forks=1), None, "copied disk", 0.0, fork=True),
    ),
    "a second fork without a welcome in between waits": (
        replace(AT_EASE, forks=1),
        batch(0, 5),
        Refused(409, "copied disk"),
        Verdict(replace(AT_EASE, forks=2), None, "copied disk", 0.3, fork=True),
    ),
    "401": (
        AT_EASE,
        batch(10, 5),
        Refused(401, "who?"),
        Verdict(Pace(failures=1), State.REFUSED, "who?", REFUSED_SECONDS),
    ),
    "403": (
        AT_EASE,
        batch(10, 5),
        Refused(403, "not here"),
        Verdict(Pace(failures=1), State.REFUSED, "not here", REFUSED_SECONDS),
    ),
    "an answer that is not signed": (
        AT_EASE,
        batch(10, 5),
        Unbelieved("unsigned"),
        Verdict(Pace(failures=1), State.REFUSED, "unsigned", REFUSED_SECONDS),
    ),
    "413": (
        AT_EASE,
        batch(10, 6),
        Refused(413, "too large"),
        Verdict(Pace(greeting=False, bytes=300, failures=1), None, "too large", 0.0),
    ),
    "429 with a time": (
        AT_EASE,
        batch(10, 6),
        Refused(429, "slower", 7.0),
        Verdict(Pace(events=3, failures=1), State.ONLINE, "slower", 7.0),
    ),
    "503 with a time": (
        AT_EASE,
        batch(10, 6),
        Refused(503, "busy", 2.0),
        Verdict(Pace(events=3, failures=1), State.OFFLINE, "busy", 2.0),
    ),
    "503 without a time": (
        AT_EASE,
        batch(10, 6),
        Refused(503, "busy"),
        Verdict(Pace(events=3, failures=1), State.OFFLINE, "busy", 0.15),
    ),
    "any other refusal: halved": (
        AT_EASE,
        batch(10, 6),
        Refused(500, "oops"),
        Verdict(replace(AT_EASE, events=3, suspect=16), None, "oops", 0.0),
    ),
    "any other refusal of one event: accused, and the server asked how it is": (
        AT_EASE,
        batch(10, 1),
        Refused(400, "oops"),
        Verdict(
            replace(AT_EASE, events=1, suspect=11, probing=True, accused="oops"), None, "oops", 0.0
        ),
    ),
    "the server is well: that one is stuck": (
        replace(AT_EASE, events=1, suspect=11, probing=True, accused="oops"),
        batch(10, 0),
        have(10),
        Verdict(
            replace(AT_EASE, events=1, suspect=11, accused="oops", failures=1),
            State.STUCK,
            "oops",
            0.15,
        ),
    ),
    "the server is not well: offline": (
        replace(AT_EASE, events=1, suspect=11, probing=True, accused="oops"),
        batch(10, 0),
        Refused(500, "all is lost"),
        Verdict(
            Pace(events=1, suspect=11, accused="oops", failures=1),
            State.OFFLINE,
            "all is lost",
            0.15,
        ),
    ),
    "the accused one was taken at last": (
        replace(AT_EASE, events=1, suspect=11, accused="oops", failures=4),
        batch(10, 1),
        have(11),
        Verdict(AT_EASE, State.ONLINE, sent=1),
    ),
    "the first half was good: the bad one is among the rest": (
        replace(AT_EASE, events=3, suspect=16),
        batch(10, 3),
        have(13),
        Verdict(replace(AT_EASE, events=1, suspect=16), State.ONLINE, sent=3),
    ),
    "nothing is stored of what is sent": (
        AT_EASE,
        batch(10, 5),
        have(10),
        Verdict(Pace(failures=1), State.ONLINE, "the server stores nothing that is sent", 0.15),
    ),
    "silence before it was sent": (
        AT_EASE,
        batch(10, 8),
        Silence("cable"),
        Verdict(Pace(failures=1), State.OFFLINE, "cable", 0.15),
    ),
    "silence after it was sent": (
        AT_EASE,
        batch(10, 8),
        Silence("slow", sent=True),
        Verdict(Pace(failures=1, events=4), State.OFFLINE, "slow", 0.15),
    ),
    "head below low - 1: a gap was recorded, on from where the rows begin": (
        AT_EASE,
        replace(batch(100, 5), low=Mark(50, "d49")),
        have(49),
        Verdict(AT_EASE, State.ONLINE),
    ),
    "head below low - 1: no gap was recorded, the mark is at the low already": (
        AT_EASE,
        replace(batch(49, 5), low=Mark(50, "d49")),
        have(30),
        Verdict(Pace(failures=1), State.ONLINE, "the server stores nothing that is sent", 0.15),
    ),
    "cannot be read, or a known id with other bytes: acknowledged like all": (
        AT_EASE,
        batch(10, 2),
        Answered(PushAnswer(Mark(12, "d"), 0, "i", "t", review=("e11", "?ff")), confirmed=True),
        Verdict(AT_EASE, State.ONLINE, sent=2),
    ),
    "413 of one event: accused": (
        AT_EASE,
        batch(10, 1),
        Refused(413, "too large"),
        Verdict(
            replace(AT_EASE, events=1, suspect=11, probing=True, accused="too large"),
            None,
            "too large",
            0.0,
        ),
    ),
    "another incarnation: no difference to a push": (
        AT_EASE,
        batch(10, 5),
        Answered(PushAnswer(Mark(15, "d"), 9, "another", "t"), confirmed=True),
        Verdict(AT_EASE, State.ONLINE, sent=5),
    ),
}


@pytest.mark.parametrize(("pace", "sent", "reply", "wanted"), TABLE.values(), ids=TABLE)
def test_the_table(pace: Pace, sent: Batch, reply: Reply, wanted: Verdict) -> None:
    assert judged(pace, sent, reply) == wanted


@pytest.mark.parametrize(
    ("events", "seconds", "wanted"),
    [
        (200, 0.2, 200),
        (200, 0.05, 400),
        (200, 0.0, 400),
        (200, 0.3, 133),
        (200, 9.0, 100),
        (1, 9.0, 1),
        (1, 0.01, 2),
        (1500, 0.01, BATCH_EVENTS_MAX),
    ],
)
def test_a_full_batch_aims_at_200_ms(events: int, seconds: float, wanted: int) -> None:
    verdict = judged(replace(AT_EASE, events=events), batch(0, events), have(events), seconds)
    assert verdict.pace.events == wanted


def test_a_batch_that_was_not_full_says_nothing_about_pace() -> None:
    assert judged(AT_EASE, batch(0, 1), have(1), 0.001).pace.events == BATCH_EVENTS_START


def test_one_event_that_is_too_large_alone_is_accused() -> None:
    assert judged(AT_EASE, batch(0, 1), Refused(413, "too large")).pace.probing


def test_what_the_next_push_takes() -> None:
    assert [Pace().wants, AT_EASE.wants, replace(AT_EASE, probing=True).wants] == [0, 200, 0]


@given(st.integers(1, 60), st.floats(0, 0.999))
def test_silence_is_asked_again_soon_and_never_at_once(failures: int, chance: float) -> None:
    pace = replace(AT_EASE, failures=failures - 1)
    wait = judge(pace, batch(0, 1), Silence("cable"), seconds=0, chance=chance).wait
    assert wait is not None
    assert 0.1 <= wait <= SILENCE_SECONDS_MAX


@given(st.integers(1, 2000), st.data())
def test_bisection_finds_the_one_bad_event_in_few_requests(count: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(1, count))
    pace, acknowledged, requests = replace(AT_EASE, events=BATCH_EVENTS_MAX), 0, 0
    state: State | None = State.ONLINE
    while state is not State.STUCK:
        sent = batch(acknowledged, min(pace.wants, count - acknowledged))
        fails = sent.after.seq < bad <= sent.last
        reply = Refused(500, "oops") if fails else have(sent.last)
        acknowledged = acknowledged if fails else sent.last
        verdict = judged(pace, sent, reply, seconds=0.01)
        pace, state, requests = verdict.pace, verdict.state, requests + 1
        assert requests < 3 * 11 + 3
    assert acknowledged == bad - 1


def test_ids_that_need_review() -> None:
    assert reviewed(("a",), batch(0, 1), ("b", "a")) == ("a", "b")
    assert reviewed(("a",), batch(0, 0), ("b",)) == ("b",)
    assert reviewed(("a",), batch(0, 0), ()) == ()


@pytest.mark.parametrize(
    ("reply", "failures", "wanted"),
    [
        (Silence("cable"), 1, 0.15),
        (Silence("cable"), 9, 0.6),
        (Refused(500, "oops"), 9, 30.0),
        (Refused(503, "busy", 5.0), 1, 5.0),
        (Refused(429, "busy", 1e9), 1, 300.0),
        (Refused(503, "busy", 0.0), 1, 0.3),
        (Refused(401, "who?"), 1, REFUSED_SECONDS),
    ],
)
def test_the_feed_waits(reply: Refused | Silence, failures: int, wanted: float) -> None:
    assert feed_wait(reply, failures, 0.0) == wanted
