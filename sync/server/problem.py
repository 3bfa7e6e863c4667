"""The home of what the REST interface says when it cannot: problem details (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any, Final

from litestar.exceptions import HTTPException
from litestar.plugins.problem_details import (
    ProblemDetailsConfig,
    ProblemDetailsException,
    ProblemDetailsPlugin,
)

from sync.server.database import DatabaseError

RETRY_SECONDS: Final = 5
_KINDS: Final = {404: "unknown", 405: "method", 413: "too-large", 429: "too-many-requests"}
_NEXT: Final = {
    404: "nothing is at this path: /v1/openapi.json lists what is",
    405: "this path does not take that method: /v1/openapi.json lists what it takes",
    413: "the body is larger than this path takes: send less at once",
    429: "more requests than one caller has here: wait as told in Retry-After, then come again",
}
_log: Final = logging.getLogger("kiosk-server")


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


def problem_plugin() -> ProblemDetailsPlugin:
    """Litestar's own, so that every fault of every route is a problem document."""
    return ProblemDetailsPlugin(
        ProblemDetailsConfig(
            exception_to_problem_detail_map={
                HTTPException: _refused,
                DatabaseError: _unavailable,
                RecursionError: _too_deep,
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
    said = [f"{part.get('key', 'body')}: {part.get('message')}" for part in wrong]
    detail = "; ".join(said) or _NEXT.get(status) or fault.detail
    headers = dict(fault.headers or {})
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers["Retry-After"] = str(max(1, int(headers.get("RateLimit-Reset", "1"))))
    return problem(status, _KINDS.get(status, "request"), detail, headers)


def _unavailable(fault: Exception) -> ProblemDetailsException:
    _log.error("%s", fault)
    return problem(
        503,
        "storage",
        "The server cannot store or read at the moment; nothing of this request was kept."
        " Its log says why: look at disk space and rights there.",
        {"Retry-After": str(RETRY_SECONDS)},
    )


def _too_deep(_fault: Exception) -> ProblemDetailsException:
    return problem(400, "request", "the body is nested too deep: send flat JSON")


def _unexpected(fault: Exception) -> ProblemDetailsException:
    _log.error("unexpected fault", exc_info=fault)
    return problem(500, "unexpected", "A fault of the server; its log names it.")
