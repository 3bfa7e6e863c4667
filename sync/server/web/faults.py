"""The home of what a person's browser is shown when a page cannot be: a sentence, a way on.

Programs get the same as problem details; who asks for `text/html` outside of the interface is a
person.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.plugins.problem_details import ProblemDetailsPlugin

from sync.server.database import DoubtError
from sync.server.problem import RETRY_SECONDS, problem_plugin
from sync.server.web.entry import AnyRequest, Kept
from sync.server.web.frame import SECTIONS, show_plain
from sync.server.web.texts import has_text

Handler = Callable[[Request[Any, Any, Any], Any], Response[Any]]
INTERFACE: Final = "/v1/"
DOUBT: Final = "doubt"


class Faults(ProblemDetailsPlugin):
    """The interface's plugin, whose answers people get as pages."""

    def __init__(self) -> None:
        super().__init__(problem_plugin().config)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Every handler that stands then speaks to people too."""
        made = super().on_app_init(app_config)
        for kind, handler in list(made.exception_handlers.items()):
            made.exception_handlers[kind] = partial(_told, handler)
        return made


def _told(handler: Handler, request: AnyRequest, fault: Exception) -> Response[Any]:
    """The problem document, or the page that says the same to a person."""
    answer = handler(request, fault)
    if not is_person(request):
        return answer
    key = DOUBT if isinstance(fault, DoubtError) else str(answer.status_code)
    known = key if has_text(f"frame.fault.{key}.title") else "500"
    wait = answer.headers.get("retry-after") or RETRY_SECONDS
    page = show_plain(
        request,
        "office/fault.html",
        answer.status_code or 500,
        key=known,
        wait=wait,
        up=_section_of(request.url.path),
    )
    page.headers.update({name: value for name, value in answer.headers.items() if _stays(name)})
    return page


def is_person(request: AnyRequest) -> bool:
    """Whether a page is asked for, not a document of the interface."""
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted and not request.url.path.startswith(INTERFACE)


def again(request: AnyRequest, kept: Kept, *, signed_in: bool) -> Response[str]:
    """A form that was not taken since its session ended, with what was filled in, to send anew."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    told = {"kept": kept, "signed_in": signed_in, "target": target}
    return show_plain(request, "office/again.html", 403, **told)


def _section_of(path: str) -> str:
    """The front of the part of the office that an address belongs to."""
    return next((one.path for one in SECTIONS if one.holds(path)), "")


def _stays(name: str) -> bool:
    return name.lower() in {"retry-after", "allow", "connection"}
