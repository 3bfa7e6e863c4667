"""What the fuzz tests share: how often to try, and the bytes that are tried.

A small number of inputs is tried in every run, a large one with `-m long`. Bytes are born well-formed
and then damaged: bits, slices, JSON values, keys; so that damage reaches past the first check.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.wire import BODY_BYTES_MAX

GOLDEN: Final = tuple(
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "golden" / "events").glob("*.json"))
)
HOLE: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
# JSON as no caller of ours writes it; some of it is no JSON.
WRONG_JSON: Final = (
    *(b"null", b"true", b"0", b"-1", b"1.5", b"-0", b"1e400", b"1E+999999", b"9007199254740993"),
    *(b"NaN", b"Infinity", b"-Infinity", b"18446744073709551616", b"9" * 5_000, b"01", b"1_0"),
    *(b'""', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"a\\u0000b"', b'"\xff"', b'"\0"'),
    *(b'"NaN"', b'"Infinity"', b'"1E+999999"', b'"1e3"', b'"1,5"', b'"-0"', b'"0.0000001"'),
    *(b'"999999999999.999999"', b'"9999999999999"', '"٣"'.encode(), '"１"'.encode(), b'" 1"'),
    *(b'"' + b"x" * 2_100 + b'"', b'"' + b"x" * 65_000 + b'"', '"\N{RIGHT-TO-LEFT MARK}"'.encode()),
    *(b"[]", b"{}", b"[[]]", b"[null]", b'{"":null}', b'{"amount":"1"}', b'["one",1,2]'),
    *(b"[" * 900 + b"]" * 900, b"[" * 20_000 + b"]" * 20_000, b'{"a":' * 5_000, b"[" * 30_000),
    *(b'{"amount":"1E+999999","unit":"KGM"}', b'{"amount":"1","unit":"kg"}', b"//", b"/**/1"),
)
T = TypeVar("T")


def sizes(small: int, large: int) -> pytest.MarkDecorator:
    """Parametrizes `count`: few inputs always, many with `-m long`."""
    return pytest.mark.parametrize("count", [small, pytest.param(large, marks=pytest.mark.long)])


def tried(count: int, inputs: st.SearchStrategy[T], check: Callable[[T], None]) -> None:
    """Check a property on so many inputs; the smallest that fails is told."""

    @settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    @given(inputs)
    def trial(one: T) -> None:
        check(one)

    trial()


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes], times: int = 4) -> bytes:
    """Bytes of which some are other, gone, twice or new."""
    body = draw(whole)
    for _ in range(draw(st.integers(1, times))):
        body = _damage(draw, body)
    return body


def _damage(draw: st.DrawFn, body: bytes) -> bytes:
    first = draw(st.integers(0, len(body)))
    last = min(len(body), first + draw(st.sampled_from([0, 1, 2, 8, 40, 4_096])))
    match draw(st.sampled_from(["flip", "cut", "drop", "twice", "new", "zero"])):
        case "flip" if first < len(body):
            bit = 1 << draw(st.integers(0, 7))
            return body[:first] + bytes([body[first] ^ bit]) + body[first + 1 :]
        case "cut":
            return body[:first]
        case "drop":
            return body[:first] + body[last:]
        case "twice":
            return body[:last] + body[first:]
        case "zero":
            return body[:first] + bytes(last - first) + body[last:]
        case _:
            return body[:first] + draw(st.binary(max_size=8)) + body[first:]


def json_paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where values stand in a JSON document, itself among them."""
    found = [path]
    if isinstance(value, dict):
        found += [one for key in value for one in json_paths(value[key], (*path, key))]
    if isinstance(value, list):
        found += [one for n in range(len(value)) for one in json_paths(value[n], (*path, n))]
    return found


def with_value(document: Any, path: tuple[str | int, ...], written: bytes) -> bytes:
    """The document as JSON with other bytes at one place."""
    if not path:
        return written
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = HOLE
    text = json.dumps(copy, ensure_ascii=False, separators=(",", ":")).encode()
    return text.replace(json.dumps(HOLE, ensure_ascii=False).encode(), written)


@st.composite
def wrong_documents(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> bytes:
    """A JSON document of which one value, or one key, is not as it should be."""
    document = draw(documents)
    path = draw(st.sampled_from(json_paths(document)))
    match draw(st.sampled_from(["value", "value", "value", "gone", "twice", "added"])):
        case "gone" if path:
            return _without(document, path)
        case "twice" if isinstance(document, dict) and document:
            key = json.dumps(draw(st.sampled_from(sorted(document)))).encode()
            text = json.dumps(document).encode()
            return b"{%s:%s,%s" % (key, draw(st.sampled_from(WRONG_JSON)), text[1:])
        case "added" if isinstance(document, dict):
            key = draw(st.sampled_from([b'"x"', b'"\\u0000"', b'"\\ud800"', b'""', b"1"]))
            text = json.dumps(document).encode()
            return b"{%s:%s,%s" % (key, draw(st.sampled_from(WRONG_JSON)), text[1:])
        case _:
            return with_value(document, path, draw(st.sampled_from(WRONG_JSON)))


def _without(document: Any, path: tuple[str | int, ...]) -> bytes:
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return json.dumps(copy).encode()


def events() -> st.SearchStrategy[bytes]:
    """Well-formed events of every type, under one id each time."""
    return st.sampled_from(GOLDEN)


def bodies() -> st.SearchStrategy[bytes]:
    """Whatever may stand where an event is expected."""
    wrong = wrong_documents(events().map(json.loads))
    return st.one_of(
        events(),
        damaged(events()),
        wrong,
        damaged(wrong, times=2),
        st.binary(max_size=200),
        st.sampled_from(WRONG_JSON),
        st.sampled_from([b"x" * BODY_BYTES_MAX, b"\0" * BODY_BYTES_MAX, b"{" * BODY_BYTES_MAX]),
    )
