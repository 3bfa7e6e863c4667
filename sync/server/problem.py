"""The home of what the REST interface says when it cannot: problem details (RFC 9457)."""

import logging
from http import HTTPStatus
from typing import Any, Final

from litestar.plugins.problem_details import (
    ProblemDetailsConfig,
    ProblemDetailsException,
    ProblemDetailsPlugin,
)

from sync.server.database import DatabaseError

RETRY_SECONDS: Final = 5
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
            enable_for_all_http_exceptions=True,
            exception_to_problem_detail_map={DatabaseError: _unavailable, Exception: _unexpected},
        )
    )


def _unavailable(fault: Exception) -> ProblemDetailsException:
    _log.error("%s", fault)
    return problem(
        503,
        "storage",
        "The server cannot store or read at the moment; nothing of this request was kept.",
        {"Retry-After": str(RETRY_SECONDS)},
    )


def _unexpected(fault: Exception) -> ProblemDetailsException:
    _log.error("unexpected fault", exc_info=fault)
    return problem(500, "unexpected", "A fault of the server; its log names it.")
