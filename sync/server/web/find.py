"""The box that finds: a number, a name or a scanned code leads to its page, or to a short list."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.response import Redirect
from sqlalchemy import Connection

from labels.codes import decode
from labels.meanings import CodeError, LotCode, MaterialCode, OrderCode, UnitCode
from sync.server.rights import Right
from sync.server.views.found import Hit, hits
from sync.server.views.persons import person_hits
from sync.server.web.entry import AnyRequest, visitor
from sync.server.web.forms import query_form
from sync.server.web.frame import go_to, link, services_of, show, today_of

WANTED_CHARS_MAX: Final = 120
LEADS: Final[Right] = "floor"


@get("/find", opt={"right": "look"})
async def find(request: AnyRequest) -> Response[str] | Redirect:
    """Exactly one hit is gone to; several are listed by kind."""
    form = query_form(request)
    wanted, traced = form["q"].strip()[:WANTED_CHARS_MAX], form["for"] == "trace"
    today = today_of(request)
    sought = meant(wanted)
    found: list[Hit] = []
    if sought:
        read = services_of(request).database.read
        led = visitor(request).may(LEADS)
        found = await read(lambda conn: _all_hits(conn, sought, today, people=led))
    if len(found) == 1:
        return go_to(path_of(found[0], traced=traced))
    ways = [(one, path_of(one, traced=traced)) for one in found]
    listed: Mapping[str, Any] = {"wanted": wanted, "hits": ways}
    return await show(request, "office/find.html", lambda _conn: listed)


def _all_hits(connection: Connection, wanted: str, today: date, *, people: bool) -> list[Hit]:
    """People only for who leads them: what somebody did today is nobody else's."""
    found = hits(connection, wanted, today)
    return found + (person_hits(connection, wanted) if people else [])


def meant(wanted: str) -> str:
    """What a code of ours or of GS1 names; anything else as it was typed."""
    try:
        code = decode(wanted.encode())
    except CodeError:
        return wanted
    match code:
        case OrderCode(number=name) | UnitCode(unit=name):
            return name
        case LotCode(lot=lot, serial=serial):
            return serial or lot
        case MaterialCode(material=material, serial=serial):
            return serial or material or wanted
        case _:
            return wanted


def path_of(hit: Hit, *, traced: bool = False) -> str:
    """The page of what was found; of a lot, where it went if it is `traced`."""
    match hit.kind:
        case "order":
            return link("/order", number=hit.key)
        case "lot":
            return link("/trace" if traced else "/lot", material=hit.material, lot=hit.key)
        case "person":
            return link("/person", number=hit.key)
        case "serial":
            return link("/serial", number=hit.key)
        case "unit":
            return link("/unit", number=hit.key)
        case _:
            return link("/material", name=hit.key)


routes: Final = (find,)
