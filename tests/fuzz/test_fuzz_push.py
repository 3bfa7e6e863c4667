"""Any request as a push: 200 or a problem document, nothing half stored, and the next push is taken."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import strategies as st

from sync.wire import BATCH_EVENTS_MAX, BODY_BYTES_MAX
from tests.fuzz.hall import Hall, hall, new_origin, refused
from tests.fuzz.trying import WRONG_JSON, bodies, damaged, sizes, tried, wrong_documents
from tests.postgres import cluster_of
from tests.sync.server.conftest import ledger_url
from tests.sync.server.server_parts import Log, help_called

NDJSON = "application/x-ndjson"
KINDS = (
    *("", NDJSON, f"{NDJSON}; charset=utf-8", NDJSON.upper(), "application/json", "text/plain"),
    *("multipart/form-data", "multipart/form-data; boundary=", ";", "\xff", "a" * 5_000, "*/*"),
    *("application/x-www-form-urlencoded", "application/msgpack", "application/x-ndjson\t"),
)
ADDED: tuple[dict[str, str], ...] = (
    *({}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "br, identity"}, {"Accept": "x/y"}),
    *({"Expect": "200-maybe"}, {"Cookie": "a=\xff; =;;"}, {"Content-Length": "7"}, {"Range": "x"}),
    *({"Origin": "null"}, {"X-Forwarded-For": "1.2.3.4"}, {"If-Match": "*"}, {"Host": "[::1"}),
    *({"Accept-Encoding": "gzip;q=x"}, {"Transfer-Encoding": "gzip"}, {"X-HTTP-Method": "PUT"}),
)
ORIGINS = (
    *("0", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "%00" * 32, "%2e%2e", "..", "x" * 3_000),
    *("%ff" * 32, "٣" * 32, "0" * 32 + "%0a", "'; DROP TABLE event; --", "0" * 31 + "\N{BULLET}"),
)


@dataclass(frozen=True)
class Push:
    """A request; its origin is a new one where none is named."""

    origin: str
    header: bytes | None
    lines: tuple[bytes, ...]
    end: bytes
    kind: str
    added: dict[str, str]
    whole: bool


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("push")) as made:
        yield made


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    with hall(tmp_path_factory.mktemp("push"), ledger_url(cluster_of("pg15"))) as made:
        yield made


def headers_of(document: dict[str, object]) -> st.SearchStrategy[bytes | None]:
    """No header of its own means: the right one."""
    whole = st.just(json.dumps(document).encode())
    wrong = st.one_of(wrong_documents(st.just(document)), damaged(whole), st.binary(max_size=40))
    return st.one_of(st.none(), st.none(), st.none(), wrong)


def pushes() -> st.SearchStrategy[Push]:
    log = Log()
    document = {
        "after": [0, log.mark(0).digest],
        "low": [1, log.mark(0).digest],
        "numbers": {"label": 7},
        "waiting": 3,
        "wanted": {"label": 2},
        "incarnation": "",
        "boot": "b",
        "mono": 5,
        "at": "2026-11-22T06:00:00+01:00",
    }
    return st.builds(
        Push,
        st.one_of(st.just(""), st.just(""), st.just(""), st.sampled_from(ORIGINS)),
        headers_of(document),
        st.lists(st.one_of(bodies(), st.just(b"")), max_size=5).map(tuple),
        st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"\n\n"]),
        st.one_of(st.just(NDJSON), st.just(NDJSON), st.sampled_from(KINDS)),
        st.one_of(st.just({}), st.just({}), st.sampled_from(ADDED)),
        st.booleans(),
    )


def message_of(push: Push, log: Log) -> bytes:
    header = push.header if push.header is not None else log.message().split(b"\n")[0]
    message = push.end.join((header, *push.lines)) + push.end
    return message if push.whole else message.removesuffix(push.end)


def sent(hall_of: Hall, push: Push) -> None:
    """One request, and what must be true after it whatever it was."""
    log, before = Log(), hall_of.count()
    origin, message = push.origin or log.origin, message_of(push, log)
    kind = {"Content-Type": push.kind} if push.kind else {}
    headers = {**hall_of.station, **kind, **push.added}
    answer = hall_of.client.post(
        f"/v1/origins/{origin}/events",
        content=message,
        headers=[(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
    )
    if answer.status_code == 200:
        stored = hall_of.stored(origin)
        assert answer.json()["have"][0] >= len(stored)
        if push.header is None and push.origin == "":
            assert stored == stored_lines(message)
    else:
        told = refused(answer)
        assert answer.status_code not in {400, 422} or told["errors"], told
        assert hall_of.count() == before
    hall_of.require_sound()


def stored_lines(message: bytes) -> list[bytes]:
    """What a push of these bytes stores: a line is a line, whatever it ends in."""
    lines = message.split(b"\n")[1:]
    return lines[:-1] if lines and not lines[-1] else lines


@sizes(120, 4_000)
def test_any_request_is_taken_whole_or_refused_in_words(sqlite: Hall, count: int) -> None:
    tried(count, pushes(), lambda push: sent(sqlite, push))


@sizes(40, 2_000)
def test_postgresql_takes_and_refuses_the_same(postgresql: Hall, count: int) -> None:
    tried(count, pushes(), lambda push: sent(postgresql, push))


def test_a_push_of_as_many_events_as_may_be_is_taken_and_one_more_is_not(sqlite: Hall) -> None:
    log = Log(help_called(BATCH_EVENTS_MAX))
    assert sqlite.push(log.origin, log.message(), sqlite.station).status_code == 200
    more = Log(help_called(BATCH_EVENTS_MAX + 1))
    before = sqlite.count()
    told = refused(sqlite.push(more.origin, more.message(), sqlite.station))
    assert (told["status"], "send fewer" in told["detail"]) == (413, True)
    assert sqlite.count() == before


@pytest.mark.parametrize(("bytes_more", "status"), [(0, 200), (1, 400)])
def test_a_line_of_64_kib_is_stored_and_a_longer_one_is_named(
    sqlite: Hall, bytes_more: int, status: int
) -> None:
    log = Log([*help_called(1), b"x" * (BODY_BYTES_MAX + bytes_more), *help_called(1)])
    answer = sqlite.push(log.origin, log.message(), sqlite.station)
    assert answer.status_code == status
    if status == 400:
        told = refused(answer)
        assert told["errors"] == [{"line": 3, "detail": f"line 3 is over {BODY_BYTES_MAX} bytes"}]
        assert sqlite.stored(log.origin) == []


def test_a_push_that_is_packed_is_not_read_as_events(sqlite: Hall) -> None:
    log = Log(help_called(2))
    packed = gzip.compress(log.message())
    headers = {**sqlite.station, "Content-Encoding": "gzip"}
    refused(sqlite.push(log.origin, packed, headers))
    sqlite.require_sound()


def test_a_push_in_pieces_without_its_length_is_taken(sqlite: Hall) -> None:
    log = Log(help_called(3))
    message = log.message()
    pieces = (message[n : n + 7] for n in range(0, len(message), 7))
    path = f"/v1/origins/{log.origin}/events"
    answer = sqlite.client.post(path, content=pieces, headers=sqlite.station)
    assert answer.status_code == 200
    assert sqlite.stored(log.origin) == log.bodies


@pytest.mark.parametrize("written", WRONG_JSON, ids=range(len(WRONG_JSON)))
def test_a_quantity_of_any_kind_is_kept_as_it_was_sent(sqlite: Hall, written: bytes) -> None:
    start = b'{"type":"MaterialConsumed","id":"%s","order":"B","operation":"10","material":"M",'
    body = start % new_origin().encode() + b'"lot":"L","quantity":{"amount":%s,"unit":"KGM"}}'
    log = Log([body % written, *help_called(1)])
    answer = sqlite.push(log.origin, log.message(), sqlite.station)
    assert answer.status_code == 200
    assert sqlite.stored(log.origin) == log.bodies
    sqlite.require_sound()
