"""The home of what `/v1/openapi.json` says beside the handlers: who may ask, how no is said."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from litestar import Litestar, Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.routes import HTTPRoute

from sync.domain.events import EVENT_TYPES, Event
from sync.domain.quantity import UNIT_CHARS_MAX

NDJSON: Final = "application/x-ndjson"
CLEAN: Final = r"^[^\x00]*$"
REFERENCE: Final = "#/components/schemas/{name}"
OFFICE_EVENTS_MAX: Final = 5_000
_STAMP: Final = frozenset(Event.__struct_fields__)
AMOUNT: Final = r"^[0-9]{1,12}([.,][0-9]{1,6})?( \S{1,20})?$"
DATE: Final = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
_AMOUNT: Final = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"
_UNIT: Final = rf"^[A-Z0-9]{{1,{UNIT_CHARS_MAX}}}$"
PROBLEM: Final = "application/problem+json"
PATH: Final = "/v1/openapi.json"
STATION: Final[list[dict[str, list[str]]]] = [{"station": []}]
ADMIN: Final[list[dict[str, list[str]]]] = [{"admin": []}]
NOBODY: Final[list[dict[str, list[str]]]] = [{}]
CHANGING: Final = ("post", "put", "patch", "delete")
KEY_PATTERN: Final = "^[!-~]{1,120}$"
_KEY_HEADER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Sent again with the same body within 24 h, the request does not act again: it"
    " is answered as before, with `Idempotency-Replayed: true`; 409 where it runs still, where its"
    " answer is not kept, or where it is not known what became of it.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
}
_RIGHT: Final = "right"  # what a route's options call the right that it takes
EXAMPLES: Final = "examples"  # what they call structs that show what its bodies and answers hold
DESCRIPTION: Final = """\
Stations push what happened and pull what concerns them; the office plans, releases and asks.

Amounts are decimal text with a UN/CEFACT unit beside them, dates `2027-03-31`, moments RFC 3339.
A request that is not done is answered by a problem document (RFC 9457): `type` is its lasting
name, `detail` says the thing, the value and the next step.

Programs have keys of the office (`/keys`) with rights; `x-right` is the one that a path takes.
What names none takes the admin token. What changes something takes an `Idempotency-Key`.

One thing has an `ETag`: `If-None-Match` saves reading it again, `If-Match` changes it only where
nobody else did meanwhile.
"""
_WHY: Final = {
    400: "A value that cannot be taken; `detail` names it.",
    401: "No token, or one that opens nothing here.",
    403: "The token's station may not do this, or the key lacks the right.",
    404: "Nothing of that name.",
    409: "It contradicts what is known; `detail` says what stands.",
    422: "The `Idempotency-Key` was sent with another body before: take a new one.",
    410: "The mark is gone: take a snapshot.",
    408: "The body did not come in time.",
    412: "Another revision stands than `If-Match` names; `standing` and `detail` say which.",
    413: "The body is larger than this path takes.",
    415: "The body is of another kind than this path reads.",
    429: "Too many tries or requests; `Retry-After` says how long to wait.",
    503: "Not at the moment; `Retry-After` says when to come again.",
}


def as_told(**schema: Any) -> msgspec.Meta:
    """Tell in the document what a handler checks itself, because its own refusal says more."""
    return msgspec.Meta(extra_json_schema={"extra": schema})


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
    """The bodies are taken as bytes, so they are described here; there may be none."""

    def __post_init__(self) -> None:
        text = "One event's bytes a line, as they were received; at most 500 of 64 KiB each."
        self.request_body = _body(NDJSON, Schema(type=OpenAPIType.STRING, description=text))
        self.request_body.required = False


@dataclass
class OfficeEventsOperation(Operation):
    """The events are decoded by their own types, so the body is described here."""

    def __post_init__(self) -> None:
        kinds = [Reference(ref=REFERENCE.format(name=name)) for name in EVENT_TYPES]
        text = "Events, each with its `type`; the server gives the stamps. Stored as one act."
        events = Schema(
            type=OpenAPIType.ARRAY,
            items=Schema(any_of=kinds),
            max_items=OFFICE_EVENTS_MAX,
            description=text,
        )
        self.request_body = _body("application/json", events)


@dataclass
class OptionalBodyOperation(Operation):
    """A body may be left out where all that it says has a default."""

    def __post_init__(self) -> None:
        if isinstance(self.request_body, RequestBody):
            self.request_body.required = False


class Document(JsonRenderPlugin):
    """The document as JSON: what the handlers take and give, and the vocabulary of events."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        components = openapi_schema["components"]
        schemas = {**_vocabulary(), **_with_items(components["schemas"])}
        _tell_examples(request.app, schemas)
        paths = openapi_schema["paths"]
        _tell_rights(request.app, paths)
        _tell_keys(paths)
        whole = {**openapi_schema, "components": {**components, "schemas": schemas}}
        return super().render(request, whole)


def _with_items(schema: Any) -> Any:
    """The framework reads the dots of `Annotated[tuple[X, ...], …]` as a type that allows all."""
    if isinstance(schema, list):
        return [_with_items(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _with_items(one) for name, one in schema.items()}
    items = told.get("items")
    either: list[Any] = items.get("oneOf", []) if isinstance(items, dict) else []
    if either[1:] == [{}]:
        told["items"] = either[0]
    return told


def _tell_examples(app: Litestar, schemas: dict[str, Any]) -> None:
    """What a body or an answer looks like: real structs, so that they are as the types want."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            for shown in handler.opt.get(EXAMPLES, ()):
                name = type(shown).__name__
                assert name in schemas, f"{name} is told by no path"
                schemas[name] = {**schemas[name], EXAMPLES: [msgspec.to_builtins(shown)]}


def _tell_rights(app: Litestar, paths: dict[str, Any]) -> None:
    """Which right a path takes, and that who lacks it is refused."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            right = handler.opt.get(_RIGHT)
            for method in handler.http_methods if right and route.path_format in paths else ():
                operation = paths[route.path_format].get(method.lower())
                if operation is not None:
                    operation["x-right"] = right
                    _tell_refusal(operation, 403)


def _tell_keys(paths: dict[str, Any]) -> None:
    """What of the office changes something takes a key against doing it twice."""
    for operations in paths.values():
        for method, operation in operations.items():
            if method in CHANGING and operation.get("security") == ADMIN:
                told = operation.setdefault("parameters", [])
                if _KEY_HEADER not in told:
                    told.append(_KEY_HEADER)
                for status in (400, 409, 422):
                    _tell_refusal(operation, status)


def _tell_refusal(operation: dict[str, Any], status: int) -> None:
    schema = {"$ref": REFERENCE.format(name=Problem.__name__)}
    refusal = {"description": _WHY[status], "content": {PROBLEM: {"schema": schema}}}
    responses = {**operation["responses"]}
    responses.setdefault(str(status), refusal)
    operation["responses"] = dict(sorted(responses.items()))


def _vocabulary() -> dict[str, Any]:
    """The schema of each event without its stamp, and of its parts; what texts may hold too."""
    _, parts = msgspec.json.schema_components(tuple(EVENT_TYPES.values()), ref_template=REFERENCE)
    for part in parts.values():
        for name in _STAMP:
            part["properties"].pop(name, None)
        _refuse_nul(part)
    quantity = parts["Quantity"]["properties"]
    quantity["amount"]["pattern"], quantity["unit"]["pattern"] = _AMOUNT, _UNIT
    return parts


def _refuse_nul(schema: Any) -> None:
    """No text of an event may hold the character NUL."""
    if isinstance(schema, list):
        for one in schema:
            _refuse_nul(one)
    elif isinstance(schema, dict):
        if schema.get("type") == "string":
            schema.setdefault("pattern", CLEAN)
        if "additionalProperties" in schema:
            schema["propertyNames"] = {"pattern": CLEAN}
        for one in schema.values():
            _refuse_nul(one)


def openapi_config(version: str) -> OpenAPIConfig:
    """The document at `/v1/openapi.json`; there is no viewer, for those load scripts of others."""
    return OpenAPIConfig(
        title="Floor server",
        version=version,
        description=DESCRIPTION,
        path=PATH,
        render_plugins=[Document(path="/")],
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
