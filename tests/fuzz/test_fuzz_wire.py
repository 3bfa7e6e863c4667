"""Any bytes where an event is expected: kept, told why unreadable, and what is read can be folded."""

import json

import msgspec
import pytest
from hypothesis import strategies as st

from sync.domain.events import Event
from sync.domain.rules import check as judged
from sync.domain.shop import Shop, absorb
from sync.server.intake import ID_CHARS_MAX, digest_name, entry_of
from sync.wire import FeedMark, Unknown, WireError, decode, encode, read_push
from tests.fuzz.trying import GOLDEN, bodies, damaged, sizes, tried, wrong_documents

HEADER = b'{"after":[0,"%s"],"low":[1,"%s"],"numbers":{"label":7}}' % (b"0" * 64, b"0" * 64)


def readable(body: bytes) -> Event | None:
    """Decode bytes as both ends do; the event, if it is one."""
    record = decode(body)
    assert record.body is body
    if isinstance(record.event, Unknown):
        assert record.event.why
        return None
    assert record.event.id
    assert decode(encode(record.event)).event == record.event
    return record.event


def stored_by_both(body: bytes) -> None:
    """A row for either database, named by what is there: no text of it holds NUL or a surrogate."""
    event, entry = readable(body), entry_of(body)
    assert entry.body is body
    assert event is not None or entry.unreadable
    for text in entry[:5]:
        assert isinstance(text, str)
        assert "\0" not in text
        text.encode()
    assert 0 < len(entry.id) <= max(ID_CHARS_MAX, len(digest_name(body)))


def folded(many: list[bytes]) -> None:
    """What is readable of many bodies is absorbed and judged, and the shop can be kept."""
    shop = Shop()
    for event in [one for one in map(readable, many) if one is not None]:
        judged(shop, event)
        absorb(shop, event)
        assert not absorb(shop, event)
    kept = msgspec.msgpack.encode(shop)
    assert msgspec.msgpack.decode(kept, type=Shop) == shop


@sizes(400, 60_000)
def test_any_bytes_are_kept_and_told_of(count: int) -> None:
    tried(count, bodies(), stored_by_both)


@sizes(150, 15_000)
def test_what_can_be_read_of_any_bytes_can_be_folded(count: int) -> None:
    tried(count, st.lists(bodies(), max_size=8), folded)


def as_a_push(message: bytes) -> None:
    try:
        header, lines = read_push(message)
    except WireError as fault:
        return refused(str(fault).startswith(("push header: ", "push of ", "line ")))
    assert header.after.seq is not None
    assert b"\n".join(lines) in message
    return None


def refused(told: bool) -> None:
    """A refusal tells what and where."""
    assert told


@sizes(200, 30_000)
def test_any_bytes_as_a_push_are_read_or_refused(count: int) -> None:
    headers = st.one_of(
        damaged(st.just(HEADER)), wrong_documents(st.just(json.loads(HEADER))), st.binary()
    )
    pushes = st.tuples(headers, st.lists(st.sampled_from(GOLDEN), max_size=3)).map(
        lambda parts: b"\n".join((parts[0], *parts[1]))
    )
    tried(count, st.one_of(pushes, bodies()), as_a_push)


def as_a_mark(text: str) -> None:
    try:
        mark = FeedMark.of(text)
    except WireError as fault:
        return refused("want incarnation.position.digest" in str(fault))
    assert FeedMark.of(mark.text()) == mark
    return None


@sizes(100, 10_000)
def test_any_text_as_a_mark_is_read_or_refused(count: int) -> None:
    parts = st.one_of(st.text(max_size=8), st.integers().map(str), st.just("9" * 5_000))
    tried(count, st.one_of(st.text(), st.lists(parts).map(".".join)), as_a_mark)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_header_that_is_nested_too_deep_is_refused(depth: int) -> None:
    with pytest.raises(WireError, match="push header"):
        read_push(HEADER[:-1] + b',"x":' + b"[" * depth)
