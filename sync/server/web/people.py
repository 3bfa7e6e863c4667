"""People of the office and their rights, keys of programs, operators' badges, the audit."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from sync.server.auth import RIGHT
from sync.server.database import DatabaseError
from sync.server.desk.operators import change_operator, operators_of
from sync.server.office import OfficeError
from sync.server.people import AUDIT_ROWS_MAX, PeopleError, PersonUnknown
from sync.server.rights import RIGHTS, ROLES
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, status_of
from sync.server.web.frame import go_to, services_of, show, show_plain
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.sign_in import by_of
from sync.server.wording import Said

ADMINISTER: Final[dict[str, Any]] = {RIGHT: "administer"}
NUMBER_DIGITS_MAX: Final = 15


@get("/people", opt=ADMINISTER)
async def people(request: AnyRequest) -> Response[str]:
    """Accounts, and the operators of the floor."""
    return await _people(request, Form())


@post("/people/add", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def add(request: AnyRequest) -> Response[str] | Redirect:
    """A new account."""
    form = await form_of(request)
    known = services_of(request).people
    try:
        await known.add(
            form["account"], form["name"], form["role"], form["password"], by_of(request)
        )
    except PeopleError as fault:
        return await _people(request, _refused(form, fault), 422)
    return go_to("/people", "people.said.added", form["account"])


@post("/people/change", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def change(request: AnyRequest) -> Response[str] | Redirect:
    """Another role, a new password, or shut out."""
    form, known, by = await form_of(request), services_of(request).people, by_of(request)
    account = form["account"]
    try:
        if form["password"]:
            await known.set_password(account, form["password"], by)
        await known.change(account, form["name"], form["role"], form.on("active"), by)
    except PeopleError as fault:
        status = 404 if isinstance(fault, PersonUnknown) else 422
        return await _people(request, _refused(form, fault), status)
    return go_to("/people", "people.said.changed", account)


@post("/people/operator", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def operator(request: AnyRequest) -> Response[str] | Redirect:
    """An operator's name, role, badge or PIN; a field left empty stays as it is."""
    form = await form_of(request)
    try:
        await acted(request, lambda desk, account: change_operator(desk, account, form.fields))
    except (OfficeError, DatabaseError) as fault:
        return await _people(request, form.failing(fault), status_of(fault))
    await services_of(request).people.note(by_of(request), "operator changed", form["person"])
    return go_to("/people", "people.said.operator", form["person"])


@get("/keys", opt=ADMINISTER)
async def keys(request: AnyRequest) -> Response[str]:
    """The keys of programs: what each opens, and when it was used last."""
    return await _keys(request, Form())


@post("/keys/make", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def make_key(request: AnyRequest) -> Response[str]:
    """A new key, shown this once."""
    form = await form_of(request)
    rights = [right for right in RIGHTS if form.on(f"right_{right}")]
    days = form["days"] or "0"
    try:
        if not (days.isascii() and days.isdigit() and len(days) <= NUMBER_DIGITS_MAX):
            raise PeopleError(Said("key.days_whole", days=days[:20]), "days")  # noqa: TRY301
        known = services_of(request).people
        token = await known.make_key(form["name"], rights, int(days), by_of(request))
    except PeopleError as fault:
        return await _keys(request, _refused(form, fault), status=422)
    return await _keys(request, Form(), token=token)


@post("/keys/revoke", opt=ADMINISTER, request_max_body_size=FORM_BYTES_MAX)
async def revoke_key(request: AnyRequest) -> Response[str] | Redirect:
    """The key opens nothing any more."""
    form = await form_of(request)
    try:
        await services_of(request).people.revoke_key(form["name"], by_of(request))
    except PersonUnknown as fault:
        return await _keys(request, _refused(form, fault), status=404)
    return go_to("/keys", "people.said.revoked", form["name"])


@get("/audit", opt=ADMINISTER)
async def audit(request: AnyRequest) -> Response[str]:
    """What was done to accounts, keys and doors; what was said of the plant is in the ledger."""
    after = request.query_params.get("after", "")
    is_number = after.isascii() and after.isdigit() and len(after) <= NUMBER_DIGITS_MAX
    lines = await services_of(request).people.audit(int(after) if is_number else 0)
    if wants_csv(request):
        header = ("number", "at_ms", "account", "act", "target", "detail", "address")
        rows = [[getattr(line, name) for name in header] for line in lines]
        return csv_answer("audit", header, rows)
    following = str(lines[-1].number) if len(lines) == AUDIT_ROWS_MAX else ""
    return show_plain(request, "office/people_audit.html", lines=lines, next=following)


async def _people(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    known = await services_of(request).people.accounts()
    return await show(
        request,
        "office/people.html",
        lambda conn: {
            "form": form,
            "accounts": known,
            "roles": list(ROLES),
            "operators": operators_of(conn),
        },
        status=status,
    )


async def _keys(
    request: AnyRequest, form: Form, token: str = "", status: int = 200
) -> Response[str]:
    known = await services_of(request).people.keys()
    return show_plain(
        request,
        "office/people_keys.html",
        status,
        form=form,
        keys=known,
        rights=RIGHTS,
        token=token,
    )


def _refused(form: Form, fault: PeopleError) -> Form:
    """As filled, but for the password."""
    kept = {name: value for name, value in form.fields.items() if name != "password"}
    return Form(kept, fault.said, fault.field)


routes: Final = (people, add, change, operator, keys, make_key, revoke_key, audit)
