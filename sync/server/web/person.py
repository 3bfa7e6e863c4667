"""The page of a person of the floor: what they told today. For who leads them, for nobody else."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get
from sqlalchemy import Connection

from sync.server.views.books import names
from sync.server.views.persons import person_named, told_by_person
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import query_form
from sync.server.web.frame import show, today_of


@get("/person", opt={"right": "floor"})
async def person(request: AnyRequest) -> Response[str]:
    """Today's events of one person, the latest first."""
    number, today = query_form(request)["number"], today_of(request)

    def question(connection: Connection) -> Mapping[str, Any]:
        known = person_named(connection, number)
        return {
            "number": number,
            "person": known,
            "past": told_by_person(connection, number, today) if known else (),
            "names": names(connection),
        }

    return await show(request, "office/person.html", question)


routes: Final = (person,)
