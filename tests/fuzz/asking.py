"""What Schemathesis cannot know from the server's document; `hooks = "tests.fuzz.asking"`.

A push is lines of JSON that refer to each other, so whole ones are made here. A webhook is one to
this machine: a run asks no host that it made up. A waiting feed is
asked to wait shortly: a run has no half minutes to give away. And a file on the server's machine is
named within the folder in which the server of the run was started.
"""

import json
import re
from typing import Any, Final

import schemathesis
from hypothesis import strategies as st

from sync.server.api_webhooks import URL
from sync.wire import Mark, PushHeader, push_message
from tests.fuzz.trying import events

NDJSON: Final = "application/x-ndjson"
WAIT_SECONDS_MAX: Final = 0.05
PATHS: Final = ("to", "file")
NOBODY: Final = "http://127.0.0.1:9/"

_digests: Final = st.binary(min_size=32, max_size=32).map(bytes.hex)


@st.composite
def pushes(draw: st.DrawFn) -> bytes:
    """A push that no server refuses: it may know nothing of what was before."""
    after = draw(st.integers(1, 2**53))
    low = draw(st.integers(1, after + 1))
    header = PushHeader(Mark(after, draw(_digests)), Mark(low, draw(_digests)))
    lines = draw(st.lists(events(), max_size=3))
    return push_message(header, lines)


schemathesis.openapi.media_type(NDJSON, pushes())


@schemathesis.serializer(NDJSON)
def as_lines(_ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """Whatever was made in place of a push, as bytes."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.hook
def before_call(
    _ctx: schemathesis.HookContext, case: "schemathesis.Case[Any]", **_kwargs: Any
) -> None:
    """Wait shortly, write here."""
    wait = case.query.get("wait") if case.query else None
    if isinstance(wait, int | float) and WAIT_SECONDS_MAX < wait <= 25:
        case.query["wait"] = WAIT_SECONDS_MAX
    if isinstance(case.body, dict):
        for name in PATHS:
            written = case.body.get(name)
            if isinstance(written, str):
                case.body[name] = written.lstrip("/").replace("..", "")
        if re.match(URL, str(case.body.get("url", ""))):
            case.body["url"] = NOBODY
