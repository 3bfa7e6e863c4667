"""The home of what is posted: a form's fields as text, its lines, and acts that may be refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from sync.server.api_office import desk_of
from sync.server.database import DatabaseError
from sync.server.desk import Desk, in_desk_thread
from sync.server.office import OfficeBusy, OfficeConflict, OfficeError, OfficeUnknown
from sync.server.web.entry import AnyRequest, visitor
from sync.server.web.once import acting_once
from sync.server.wording import Said, Value

FORM_BYTES_MAX: Final = 1_048_576
FIELD_CHARS_MAX: Final = 8_000
FIELDS_COUNT_MAX: Final = 5_000
T = TypeVar("T")
_ROW: Final = re.compile(r"([a-z_]+)\.(\d{1,4})\Z")
_STATUS: Final = {OfficeUnknown: 404, OfficeConflict: 409, OfficeBusy: 503}


@dataclass(frozen=True, slots=True)
class Form:
    """What was posted, each field without blanks around it; `fault` is why it was not taken."""

    fields: Mapping[str, str] = field(default_factory=dict)
    fault: Value = ""
    at: str = ""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.fields.get(name, "") not in {"", "0", "no"}

    def rows(self) -> Iterator[dict[str, str]]:
        """Fields named `material.0`, `quantity.0`, `material.1` … as rows, empty ones left out."""
        found: dict[int, dict[str, str]] = {}
        for name, value in self.fields.items():
            if row := _ROW.match(name):
                found.setdefault(int(row[2]), {})[row[1]] = value
        yield from (found[number] for number in sorted(found) if any(found[number].values()))

    def failing(self, fault: OfficeError | DatabaseError) -> "Form":
        """The same as filled, with what was wrong; `at` is the field, where one is told."""
        if isinstance(fault, DatabaseError):
            return Form(self.fields, Said("server.cannot_store"))
        return Form(self.fields, fault.said, fault.field)


async def form_of(request: AnyRequest) -> Form:
    """The posted fields."""
    posted = await request.form()
    items = list(posted.multi_items())[:FIELDS_COUNT_MAX]
    return Form({name: str(value).strip()[:FIELD_CHARS_MAX] for name, value in items})


def query_form(request: AnyRequest) -> Form:
    """The query's fields, for forms that only ask."""
    items = list(request.query_params.items())[:FIELDS_COUNT_MAX]
    return Form({name: str(value).strip()[:FIELD_CHARS_MAX] for name, value in items})


async def acted(request: AnyRequest, act: Callable[[Desk, str], T]) -> T:
    """An office act in the desk's thread, in the visitor's name.

    Raises `OfficeError` or `DatabaseError`; who shows the form again catches the two.
    """
    desk, account = desk_of(request), visitor(request).account
    async with acting_once(request, account):
        return await in_desk_thread(lambda: act(desk, account))


def status_of(fault: OfficeError | DatabaseError) -> int:
    """The status that a refused form is answered with."""
    if isinstance(fault, DatabaseError):
        return 503
    return next((status for kind, status in _STATUS.items() if isinstance(fault, kind)), 422)
