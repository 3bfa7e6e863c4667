"""The home of what `/v1/openapi.json` says beside the handlers: who may ask, how no is said."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
    SecurityScheme,
)

NDJSON: Final = "application/x-ndjson"
PROBLEM: Final = "application/problem+json"
PATH: Final = "/v1/openapi.json"
STATION: Final[list[dict[str, list[str]]]] = [{"station": []}]
ADMIN: Final[list[dict[str, list[str]]]] = [{"admin": []}]
NOBODY: Final[list[dict[str, list[str]]]] = [{}]
DESCRIPTION: Final = """\
Stations push what happened and pull what concerns them; the office plans, releases and asks.

Amounts are decimal text with a UN/CEFACT unit beside them, dates `2027-03-31`, moments RFC 3339.
A request that is not done is answered by a problem document (RFC 9457): `type` is its lasting
name, `detail` says the thing, the value and the next step.
"""
_WHY: Final = {
    400: "A value that cannot be taken; `detail` names it.",
    401: "No token, or one that opens nothing here.",
    403: "The token's station may not do this.",
    404: "Nothing of that name.",
    409: "It contradicts what is known; `detail` says what stands.",
    410: "The mark is gone: take a snapshot.",
    408: "The body did not come in time.",
    413: "The body is larger than this path takes.",
    415: "The body is of another kind than this path reads.",
    429: "Too many tries or requests; `Retry-After` says how long to wait.",
    503: "Not at the moment; `Retry-After` says when to come again.",
}


class Wrong(msgspec.Struct, frozen=True):
    """Where a wrong value stands: in the body (RFC 6901, or its line), in the path or the query."""

    detail: str
    pointer: str = ""
    line: int = 0
    parameter: str = ""


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457; `errors` names wrong values, members beside these tell more of some types."""

    status: int
    title: str
    detail: str
    type: Annotated[str, msgspec.Meta(description="urn:kiosk-server:problem: and a name")] = ""
    errors: tuple[Wrong, ...] = ()


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem documents that a path may answer with; any may be busy, or asked too often.

    Where a body is read (413) it may also come too slowly, or be of another kind.
    """
    read = {408, 415} if 413 in statuses else set()
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=_WHY[status], media_type=PROBLEM
        )
        for status in sorted({*statuses, *read, 429, 503})
    }


def answer(shape: Any, description: str, media_type: str = "application/json") -> ResponseSpec:
    """What a path answers where the handler's own type does not tell it."""
    return ResponseSpec(
        shape, generate_examples=False, description=description, media_type=media_type
    )


@dataclass
class PushOperation(Operation):
    """A push's body is read as bytes, so it is described here."""

    def __post_init__(self) -> None:
        text = (
            "First line: `{after: [seq, digest], low: [seq, digest before it], numbers, waiting}`."
            " Then one event's bytes a line, at most 64 KiB each."
        )
        self.request_body = _body(NDJSON, Schema(type=OpenAPIType.STRING, description=text))


@dataclass
class RecoveredOperation(Operation):
    """The bodies are taken as bytes, so they are described here."""

    def __post_init__(self) -> None:
        text = "One event's bytes a line, as they were received; at most 500 of 64 KiB each."
        self.request_body = _body(NDJSON, Schema(type=OpenAPIType.STRING, description=text))


@dataclass
class OfficeEventsOperation(Operation):
    """The events are decoded by their own types, so the body is described here."""

    def __post_init__(self) -> None:
        event = Schema(
            type=OpenAPIType.OBJECT,
            required=["type"],
            properties={"type": Schema(type=OpenAPIType.STRING)},
        )
        text = "Events without stamps, each with its `type`; stored as one act."
        events = Schema(type=OpenAPIType.ARRAY, items=event, description=text)
        self.request_body = _body("application/json", events)


@dataclass
class OptionalBodyOperation(Operation):
    """A body may be left out where all that it says has a default."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False


def openapi_config(version: str) -> OpenAPIConfig:
    """The document at `/v1/openapi.json`; there is no viewer, for those load scripts of others."""
    return OpenAPIConfig(
        title="Floor server",
        version=version,
        description=DESCRIPTION,
        path=PATH,
        render_plugins=[JsonRenderPlugin(path="/")],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "station": _bearer("The token that a station was given when it enrolled."),
                "admin": _bearer("What stands in the data folder's `admin.token`."),
            }
        ),
    )


def _bearer(description: str) -> SecurityScheme:
    return SecurityScheme(type="http", scheme="bearer", description=description)


def _body(media_type: str, schema: Schema) -> RequestBody:
    return RequestBody(content={media_type: OpenAPIMediaType(schema=schema)}, required=True)
