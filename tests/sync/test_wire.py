"""Bytes of events: golden files, byte equality there and back, and foreign bytes that are kept."""

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain.events import EVENT_TYPES, Event, MaterialConsumed, OperatorSignedIn, stamped
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb
from sync.wire import (
    BATCH_EVENTS_MAX,
    BODY_BYTES_MAX,
    FeedMark,
    Mark,
    PushHeader,
    Recorded,
    Unknown,
    WireError,
    chain,
    chain_start,
    chained,
    decode,
    encode,
    push_message,
    read_push,
    recorded,
)
from tests.sync.domain.event_strategies import event_of

GOLDEN = Path(__file__).parents[1] / "golden" / "events"
HEADER = PushHeader(Mark(3, "ab"), Mark(1, "00"), {"label": 17}, 2)
BODY = b'{"type":"OperatorSignedIn","id":"a","station":"MIX-1"}'


def golden(name: str) -> bytes:
    return (GOLDEN / f"{name}.json").read_bytes()


def test_every_type_has_a_golden_file_and_every_file_a_type() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.json")) == sorted(EVENT_TYPES)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_golden_bytes_are_read_and_written_as_they_are(name: str) -> None:
    body = golden(name)
    event = decode(body).event
    assert type(event) is EVENT_TYPES[name]
    assert encode(event) == body
    assert json.loads(body)["type"] == name


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_golden_files_show_every_field(name: str) -> None:
    fields = {"type", *(one.encode_name for one in msgspec.structs.fields(EVENT_TYPES[name]))}
    assert set(json.loads(golden(name))) == fields


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=EVENT_TYPES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_encode_decode_encode_is_byte_equal(kind: type[Event], data: st.DataObject) -> None:
    event = stamped(data.draw(event_of(kind)), id="0196f3a0")
    body = encode(event)
    again = decode(body)
    assert again == Recorded(body, event) == recorded(event)
    assert isinstance(again.event, Event)
    assert encode(again.event) == body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"type":"MaterialWeighed","id":"a","kg":1}', ("a", "MaterialWeighed")),
        (b'{"id":"a","station":"MIX-1"}', ("a", "")),
        (b'{"type":"OperatorSignedOut","id":"a"}', ("a", "OperatorSignedOut")),
        (b'{"type":"OperatorSignedIn","station":"MIX-1"}', ("", "OperatorSignedIn")),
        (b'{"type":"OperatorSignedIn","id":7}', ("", "")),
        (b'{"type":7,"id":"a"}', ("", "")),
        (b'{"type":"OperatorSignedIn","id":"a","n":-1}', ("a", "OperatorSignedIn")),
        (b'{"type":"OperatorSignedIn","id":"a","n":1e400}', ("a", "OperatorSignedIn")),
        (
            b'{"type":"OperatorSignedIn","id":"a","n":' + b"9" * 5000 + b"}",
            ("a", "OperatorSignedIn"),
        ),
        (b'{"type":"OperatorSignedIn","id":"a"', ("", "")),
        (b"", ("", "")),
        (b"null", ("", "")),
        (b"not json", ("", "")),
        (b"\xff\xfe\x00", ("", "")),
        (b'{"type":"OperatorSignedIn","id":"a","station":"\xff"}', ("a", "OperatorSignedIn")),
        (b"[" * 30_000, ("", "")),
        (b"{" + b'"a":{' * 12_000, ("", "")),
        (b"\x00" * BODY_BYTES_MAX, ("", "")),
    ],
)
def test_bytes_that_no_type_reads_are_kept(body: bytes, told: tuple[str, str]) -> None:
    kept = decode(body)
    assert isinstance(kept.event, Unknown)
    assert kept.body == body
    assert (kept.event.id, kept.event.type) == told
    assert kept.event.why


@pytest.mark.parametrize(
    "amount", ['"NaN"', '"Infinity"', '"1e3"', '"1,5"', '""', '"1.0000001"', "1.5", "null", '"٣"']
)
def test_amounts_that_are_not_plain_decimals_make_an_event_unreadable(amount: str) -> None:
    quantity = f'{{"amount":{amount},"unit":"KGM"}}'
    body = (
        '{"type":"MaterialConsumed","id":"a","order":"B","operation":"10","material":"M",'
        f'"lot":"L","quantity":{quantity}}}'
    ).encode()
    assert isinstance(decode(body).event, Unknown)


def test_unknown_fields_and_duplicate_keys_are_read_and_their_bytes_kept() -> None:
    body = (
        b'{"type": "OperatorSignedIn", "id": "x", "id": "a", "shoe_size": 43, "station": "MIX-1"}'
    )
    assert decode(body) == Recorded(body, OperatorSignedIn(id="a", station="MIX-1"))


@pytest.mark.parametrize("surrogate", [b"\\ud800", b"\\udfff", b"\\udc00\\ud800"])
def test_lone_surrogates_are_kept_and_never_break_the_fold(surrogate: bytes) -> None:
    body = b'{"type":"OperatorSignedIn","id":"a","operator":"' + surrogate + b'"}'
    kept = decode(body)
    assert kept.body == body
    if isinstance(kept.event, Event):
        shop = Shop()
        absorb(shop, kept.event)
        assert msgspec.msgpack.encode(shop)


def test_an_event_of_64_kib_is_read_as_long_as_its_fields_allow() -> None:
    filler = b"x" * (BODY_BYTES_MAX - len(BODY) - len(b',"filler":""'))
    body = BODY[:-1] + b',"filler":"' + filler + b'"}'
    assert len(body) == BODY_BYTES_MAX
    assert decode(body) == Recorded(body, OperatorSignedIn(id="a", station="MIX-1"))
    long = BODY[:-1] + b',"operator":"' + b"x" * 60_000 + b'"}'
    assert isinstance(decode(long).event, Unknown)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(sorted(EVENT_TYPES)),
    place=st.integers(0, 3000),
    change=st.binary(min_size=1, max_size=4),
)
def test_damaged_bodies_are_kept_whatever_they_are(name: str, place: int, change: bytes) -> None:
    whole = golden(name)
    at = place % len(whole)
    body = whole[:at] + change + whole[at + len(change) :]
    kept = decode(body)
    assert kept.body == body
    if isinstance(kept.event, Event):
        absorb(Shop(), kept.event)


@given(body=st.binary(max_size=200))
def test_any_bytes_are_kept(body: bytes) -> None:
    assert decode(body).body == body


def test_an_event_beyond_the_limit_is_a_programmers_error() -> None:
    event = MaterialConsumed(
        id="a",
        order="x" * BODY_BYTES_MAX,
        operation="10",
        material="M",
        lot="L",
        quantity=Quantity("1", "KGM"),
    )
    with pytest.raises(AssertionError, match="MaterialConsumed of"):
        encode(event)


def test_the_chain_is_sha256_over_the_digest_before_and_the_body() -> None:
    start = hashlib.sha256(b"origin").digest()
    one = hashlib.sha256(start + b"one").digest()
    two = hashlib.sha256(one + b"two").digest()
    assert chain_start("origin") == start
    assert chain(start, b"one") == one
    assert chained(start, [b"one", b"two"]) == [one, two]
    assert chained(start, []) == []


@given(bodies=st.lists(st.binary(max_size=40).filter(lambda body: b"\n" not in body), max_size=5))
def test_a_push_reads_back_as_it_was_sent(bodies: list[bytes]) -> None:
    told = [*bodies, b"{}"]
    assert read_push(push_message(HEADER, told)) == (HEADER, told)


def test_an_empty_push_is_legal() -> None:
    assert read_push(push_message(HEADER, [])) == (HEADER, [])


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", "push header"),
        (b"{}\n", "push header"),
        (b"\xff\n", "push header"),
        (push_message(HEADER, [b"{}"] * (BATCH_EVENTS_MAX + 1)), "push of 2001 events"),
        (push_message(HEADER, [b"{}", b"x" * (BODY_BYTES_MAX + 1)]), "line 3 is over 65536 bytes"),
    ],
)
def test_a_push_that_cannot_be_read_says_why(message: bytes, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read_push(message)


def test_feed_marks_read_back_from_their_text() -> None:
    mark = FeedMark("5d0c1f", 1204, "ab12")
    assert mark.text() == "5d0c1f.1204.ab12"
    assert FeedMark.of(mark.text()) == mark


@pytest.mark.parametrize("text", ["", "a.b", "a.x.c", "a.1.b.c"])
def test_feed_marks_that_cannot_be_read_say_so(text: str) -> None:
    with pytest.raises(WireError, match="feed mark"):
        FeedMark.of(text)


def test_events_are_canonical_compact_and_leave_defaults_out() -> None:
    event: Any = OperatorSignedIn(id="a", n=1, station="MIX-1", operator="anna")
    assert encode(event) == (
        b'{"type":"OperatorSignedIn","id":"a","n":1,"station":"MIX-1","operator":"anna"}'
    )
