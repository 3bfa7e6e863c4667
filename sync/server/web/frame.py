"""The home of what all pages of the office share: their frame, headers, cookies, navigation.

A page is a template and the answer to a question; both are worked on in a reader's thread, so that
no page holds up a station's push.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.server.rights import Right, Visitor
from sync.server.services import Services
from sync.server.web import shown
from sync.server.web.entry import AnyRequest
from sync.server.web.once import token
from sync.server.web.origin import split_url
from sync.server.web.pace import Pace
from sync.server.web.texts import LANGUAGES, has_text, language_of, translator
from sync.server.wording import tell

PAGES: Final = Path(__file__).parent.parent / "pages"
THEMES: Final = ("auto", "light", "dark", "contrast")
LANGUAGE_COOKIE: Final = "language"
THEME_COOKIE: Final = "theme"
SAID_CHARS_MAX: Final = 200
LIVE: Final = "text/html"  # what a live page accepts when it asks for itself; others accept more
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the navigation: its text's key, where it leads, which right it takes.

    `ones` are the addresses of single things that belong to it.
    """

    text: str
    path: str
    right: Right = "look"
    parts: tuple["Section", ...] = ()
    ones: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Whether a page is this one, one of its things, or below either."""
        mine = any(path == one or path.startswith(f"{one}/") for one in (self.path, *self.ones))
        return mine or any(part.holds(path) for part in self.parts)


SECTIONS: Final = (
    Section("frame.nav.today", "/today"),
    Section("frame.nav.board", "/board"),
    Section("frame.nav.orders", "/orders", ones=("/order",)),
    Section(
        "frame.nav.plan",
        "/plan",
        parts=(
            Section("frame.nav.week", "/plan"),
            Section("frame.nav.proposals", "/plan/proposals"),
            Section("frame.nav.demand", "/plan/demand"),
            Section("frame.nav.calendar", "/plan/calendar"),
        ),
    ),
    Section(
        "frame.nav.materials",
        "/materials",
        parts=(
            Section("frame.nav.items", "/materials", ones=("/material",)),
            Section("frame.nav.boms", "/boms", ones=("/bom",)),
            Section("frame.nav.routings", "/routings", ones=("/routing",)),
            Section("frame.nav.work_centers", "/work-centers"),
        ),
    ),
    Section(
        "frame.nav.stock",
        "/stock",
        parts=(
            Section("frame.nav.lots", "/stock", ones=("/lot",)),
            Section("frame.nav.shortages", "/shortages"),
            Section("frame.nav.purchase", "/purchase"),
            Section("frame.nav.capital", "/stock/value"),
            Section("frame.nav.consumption", "/stock/consumption"),
        ),
    ),
    Section(
        "frame.nav.floor",
        "/floor",
        parts=(
            Section("frame.nav.bottleneck", "/floor", ones=("/work-center",)),
            Section("frame.nav.stations", "/stations"),
            Section("frame.nav.wall", "/wall"),
        ),
    ),
    Section("frame.nav.trace", "/trace", ones=("/serial", "/unit")),
    Section("frame.nav.numbers", "/numbers"),
    Section("frame.nav.deviations", "/deviations", ones=("/deviation",)),
    Section(
        "frame.nav.administration",
        "/people",
        right="administer",
        parts=(
            Section("frame.nav.people", "/people", right="administer"),
            Section("frame.nav.keys", "/keys", right="administer"),
            Section("frame.nav.webhooks", "/webhooks", right="administer"),
            Section("frame.nav.audit", "/audit", right="administer"),
            Section("frame.nav.import", "/import", right="administer"),
        ),
    ),
)


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        languages=LANGUAGES, themes=THEMES, has_text=has_text, link=link, once=token
    )
    return made


def link(path: str, **values: object) -> str:
    """A path with a query, empty values left out."""
    told = {name: str(value) for name, value in values.items() if value not in {"", None, False}}
    return f"{path}?{urlencode(told)}" if told else path


_pages: Final = _environment()


def language(request: AnyRequest) -> str:
    """The language of who asks."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return language_of(chosen, request.headers.get("accept-language", ""))


def telling(request: AnyRequest) -> Callable[[object], str]:
    """What puts things said into the language of who asks."""
    return partial(tell, language=language(request), show=shown.value)


def services_of(request: AnyRequest) -> Services:
    found: Services = request.app.state.services
    return found


def today_of(request: AnyRequest) -> date:
    """The day at the server's place."""
    return services_of(request).clock.local().date()


def written(language: str, today: date, currency: str) -> dict[str, Any]:
    """How a page writes values: `t` texts, `qty` amounts with unit, `day`, `moment`, `dur` …"""
    return {
        "t": translator(language),
        "tell": partial(tell, language=language, show=shown.value),
        "num": partial(shown.number, language=language),
        "amount": partial(shown.amount, language=language),
        "qty": partial(shown.quantity, language=language),
        "money": partial(shown.money, language=language, currency=currency),
        "pct": partial(shown.percent, language=language),
        "dur": partial(shown.duration, language=language),
        "day": partial(shown.day, today=today, language=language),
        "moment": partial(shown.moment, today=today, language=language),
        "moment_of": partial(shown.moment_of, today=today, language=language),
    }


def frame_of(request: AnyRequest) -> dict[str, Any]:
    """What the frame shows around every page."""
    user = request.scope.get("user")
    seen = user if isinstance(user, Visitor) else None
    services, path = services_of(request), request.url.path
    today, spoken = today_of(request), language(request)
    section = next((one for one in SECTIONS if one.holds(path)), None)
    return {
        **written(spoken, today, services.config.currency),
        "language": spoken,
        "theme": theme_of(request),
        "site": services.config.site,
        "today": today,
        "here": path,
        "full_path": _address(request),
        "visitor": seen,
        "may": seen.may if seen else _nothing,
        "sections": [one for one in SECTIONS if seen and seen.may(one.right)],
        "section": section,
        "csrf": seen.session if seen else "",
        "said": _said(request, spoken),
        "position": services.projector.position(),
    }


def _address(request: AnyRequest) -> str:
    """Where one comes back to: a form's answer has no address of its own, its page has."""
    path, query = request.url.path, request.url.query
    if request.method == "POST":
        page = split_url(request.headers.get("referer", ""))
        path, query = page.path or "/", page.query
    return path + (f"?{query}" if query else "")


async def show(
    request: AnyRequest,
    template: str,
    question: Callable[[Connection], Mapping[str, Any]],
    *,
    status: int = 200,
) -> Response[str]:
    """A page that shows the answer to a question about the present.

    What question and rendering took stands in `Server-Timing` (W3C): the floor of the whole answer.
    """
    frame = frame_of(request)

    def answered(connection: Connection) -> tuple[str, float]:
        began = time.perf_counter()
        text = render(template, {**frame, **question(connection)})
        return text, time.perf_counter() - began

    text, seconds = await services_of(request).database.read(answered)
    if request.headers.get("accept") == LIVE:
        pace_of(request).took(seconds)
    answer = html(text, status)
    answer.headers["Server-Timing"] = f"page;dur={seconds * 1000:.2f}"
    return answer


def pace_of(request: AnyRequest) -> Pace:
    """What this server has learnt of its live pages."""
    found: Pace = request.app.state.setdefault("pace", Pace())
    return found


def show_plain(
    request: AnyRequest, template: str, status: int = 200, **values: Any
) -> Response[str]:
    """A page that asks the database nothing."""
    return html(render(template, {**frame_of(request), **values}), status)


def render(template: str, values: Mapping[str, Any]) -> str:
    return _pages.get_template(template).render(values)


def html(text: str, status: int = 200) -> Response[str]:
    return Response(text, status_code=status, media_type=MediaType.HTML, headers=HEADERS)


def go_to(path: str, said: str = "", what: object = "", **values: object) -> Redirect:
    """After a form: the page to look at, and what was done (`orders.said.released`, `P-0001`)."""
    told = {"said": said, "what": str(what)} if said else {}
    return Redirect(link(path, **values, **told), status_code=303)


def theme_of(request: AnyRequest) -> str:
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else THEMES[0]


def _said(request: AnyRequest, language: str) -> str:
    """What the page before it did: only our own sentences, around a value of the query."""
    key = request.query_params.get("said", "")[:SAID_CHARS_MAX]
    if ".said." not in key or not has_text(key):
        return ""
    return translator(language)(key, what=request.query_params.get("what", "")[:SAID_CHARS_MAX])


def _nothing(_right: Right) -> bool:
    return False
