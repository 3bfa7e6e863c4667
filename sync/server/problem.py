"""The home of what the REST interface says when it cannot: problem details (RFC 9457)."""

import logging
import re
from http import HTTPStatus
from typing import Any, Final

from litestar.exceptions import HTTPException
from litestar.plugins.problem_details import (
    ProblemDetailsConfig,
    ProblemDetailsException,
    ProblemDetailsPlugin,
)

from sync.server.database import DatabaseError, DoubtError

RETRY_SECONDS: Final = 5
BODY: Final = "data"  # what the framework calls a request's body
_KINDS: Final = {404: "unknown", 405: "method", 413: "too-large", 429: "too-many-requests"}
_NEXT: Final = {
    404: "nothing is at this path: /v1/openapi.json lists what is",
    405: "this path does not take that method: /v1/openapi.json lists what it takes",
    413: "the body is larger than this path takes: send less at once",
    429: "more requests than one caller has here: wait as told in Retry-After, then come again",
}
_PLACE: Final = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`")
_STEP: Final = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<number>\d+)\]")
_log: Final = logging.getLogger("kiosk-server")
Fault = dict[str, str | int]


def problem(
    status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **extra: Any
) -> ProblemDetailsException:
    """A problem to raise: `kind` is its lasting name, `detail` a sentence with the next step."""
    return ProblemDetailsException(
        detail=detail,
        status_code=status,
        title=HTTPStatus(status).phrase,
        type_=f"urn:kiosk-server:problem:{kind}",
        headers=headers,
        extra=extra or None,
    )


def at_field(field: str, said: str) -> list[Fault]:
    """For the member `errors`: where in the JSON body a wrong value stands (RFC 6901), and why.

    `field` is a path such as `lines[0].quantity`; an empty one is the whole body.
    """
    return [{"pointer": _pointer(field if field.startswith("[") else f".{field}"), "detail": said}]


def at_place_told(said: str) -> list[Fault]:
    """The same from what the JSON reader says, which names the place itself."""
    place = _PLACE.search(said)
    return [{"pointer": _pointer(place["path"]) if place else "#", "detail": said}]


def at_line(line: int, said: str) -> list[Fault]:
    """The same where a line of the body is wrong; the first is 1."""
    return [{"line": line, "detail": said}]


def at_parameter(name: str, said: str) -> list[Fault]:
    """The same for a part of the path or the query."""
    return [{"parameter": name, "detail": said}]


def _pointer(path: str) -> str:
    """As far as each step is known by name: `.lines[0].quantity` → `#/lines/0/quantity`."""
    pointer, position = "#", 0
    while step := _STEP.match(path, position):
        pointer += "/" + _escaped(step["name"] or step["number"])
        position = step.end()
    return pointer


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def problem_plugin() -> ProblemDetailsPlugin:
    """Litestar's own, so that every fault of every route is a problem document."""
    return ProblemDetailsPlugin(
        ProblemDetailsConfig(
            exception_to_problem_detail_map={
                HTTPException: _refused,
                DatabaseError: unavailable,
                RecursionError: _too_deep,
                UnicodeDecodeError: _no_text,
                Exception: _unexpected,
            }
        )
    )


def _refused(fault: HTTPException) -> ProblemDetailsException:
    """What the framework refuses, told as we tell it: the value, then the next step."""
    status = fault.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unexpected(fault)
    wrong = fault.extra if isinstance(fault.extra, list) else []
    faults = [one for part in wrong for one in _faults(part)]
    said = [f"{_named(one)}: {one['detail']}" for one in faults]
    detail = "; ".join(said) or _NEXT.get(status) or fault.detail
    if status == HTTPStatus.BAD_REQUEST and not faults:
        faults = at_place_told(fault.detail)
    headers = dict(fault.headers or {})
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(max(1, int(headers.get("RateLimit-Reset", "1"))))
    extra = {"errors": faults} if faults else {}
    return problem(status, _KINDS.get(status, "request"), detail, headers, **extra)


def _faults(part: dict[str, Any]) -> list[Fault]:
    """What the framework says of one wrong value."""
    key, message = str(part.get("key", BODY)), str(part.get("message", "cannot be read"))
    if part.get("source") == "body" or key == BODY:
        said = "is missing: send JSON" if message == repr(BODY) else message
        return at_field("" if key == BODY else key, said)
    return at_parameter(key, message)


def _named(fault: Fault) -> str:
    where = str(fault.get("pointer") or fault.get("parameter"))
    return where.removeprefix("#/") if where != "#" else "body"


def unavailable(fault: Exception) -> ProblemDetailsException:
    """What is told while the database is in trouble: whether the request was kept, if known."""
    _log.error("%s", fault)
    doubt: dict[str, bool] = {}
    kept = "nothing of this request was kept. Its log says why: look at disk space and rights there"
    if isinstance(fault, DoubtError):
        kept = (
            "it lost the database while it kept this request, so it is not known whether it was"
            " kept: look before you repeat it"
        )
        doubt = {"doubt": True}
    said = f"The server cannot store or read at the moment; {kept}."
    return problem(503, "storage", said, {"Retry-After": str(RETRY_SECONDS)}, **doubt)


def _too_deep(_fault: Exception) -> ProblemDetailsException:
    said = "the body is nested too deep: send flat JSON"
    return problem(400, "request", said, errors=at_field("", said))


def _no_text(fault: Exception) -> ProblemDetailsException:
    said = f"the body is not UTF-8 ({fault}): send JSON in UTF-8"
    return problem(400, "request", said, errors=at_field("", said))


def _unexpected(fault: Exception) -> ProblemDetailsException:
    _log.error("unexpected fault", exc_info=fault)
    return problem(500, "unexpected", "A fault of the server; its log names it.")
