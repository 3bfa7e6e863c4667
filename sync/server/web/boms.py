"""The pages of BOMs: the list, one exploded with its cost, two revisions side by side, the editor.

The editor saves only what was checked: what planned orders will need and cost is told before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.events import BomDefined
from sync.domain.quantity import Quantity, QuantityError, typed
from sync.server.database import DatabaseError
from sync.server.desk.master import checked_bom, define_bom
from sync.server.office import OfficeConflict, OfficeError
from sync.server.planning.costing import roll_up
from sync.server.views.bom_effect import effect
from sync.server.views.books import Masters, masters
from sync.server.views.master import Revision, differences, revisions, tree, uses
from sync.server.views.plan import recent_plan
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show, today_of
from sync.server.web.listing import ROWS_ON_PAGE, Page, csv_answer, wants_csv
from sync.server.web.master_forms import BESIDE, SECTION, bom_fields, bom_rows, bom_wanted, padded
from sync.server.web.plan import now_of

CHOICES_COUNT_MAX: Final = 1_000
KIND: Final = BomDefined.__name__
ORDERS_SHOWN_MAX: Final = 200
ROWS_MORE: Final = 5
CSV_HEADER: Final = (
    *("material", "for_quantity", "component", "quantity", "unit", "operation"),
    *("tolerance_percent", "limit_percent", "backflush", "substitutes", "scrap_percent"),
    *("valid_from", "kind", "note"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One BOM in the list; `later` is the first day of a revision that does not hold yet."""

    bom: BomDefined
    name: str
    later: str


@get("/boms", opt={"right": "look"})
async def boms(request: AnyRequest) -> Response[Any]:
    """All BOMs by material."""
    form, today = query_form(request), today_of(request)
    if wants_csv(request):
        known = await services_of(request).database.read(masters)
        told = [one.bom for one in _found(known, form, today.isoformat())]
        return csv_answer("boms", CSV_HEADER, (row for bom in told for row in _csv_rows(bom)))

    def asked(conn: Connection) -> dict[str, Any]:
        lines = _found(masters(conn), form, today.isoformat())
        rows = [one for one in lines if one.bom.material > form["after"]]
        return {"form": form, "page": Page(rows[: ROWS_ON_PAGE + 1], lambda one: one.bom.material)}

    return await show(request, "office/boms_list.html", asked)


@get("/bom", opt={"right": "look"})
async def bom(request: AnyRequest) -> Response[str]:
    """One BOM: every level with its cost, where it is used, its revisions, two of them compared."""
    form, today = query_form(request), today_of(request)
    name = form["material"]

    def asked(conn: Connection) -> dict[str, Any]:
        known, book = masters(conn), masters(conn).book(today)
        item = book.materials.get(name)
        if item is None:
            return {"item": None, "name": name, "section": SECTION}
        holding = book.boms.get(name)
        asked_for = _asked(form, holding, item.unit)
        told = revisions(conn, KIND, name)
        return {
            "section": SECTION,
            "item": item,
            "name": name,
            "form": form,
            "bom": holding,
            "quantity": asked_for,
            "tree": tree(name, asked_for, book, known.rates) if holding else [],
            "cost": roll_up(name, asked_for, book, known.rates),
            "uses": uses(known, name),
            "later": [one for one in known.dated.get(name, ()) if one.valid_from > f"{today}"],
            "revisions": [(one, _decoded(one)) for one in told],
            "compared": _compared(form, told),
            "names": known.names,
        }

    there = await services_of(request).database.read(lambda conn: name in masters(conn).materials)
    return await show(request, "office/boms_one.html", asked, status=200 if there else 404)


@get("/bom/edit", opt={"right": "master"})
async def edit_bom(request: AnyRequest) -> Response[str]:
    """The editor, filled with what stands."""
    asked = query_form(request)
    name = asked["material"]

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        standing = known.boms.get(name)
        fields = bom_fields(standing) if standing else _fresh(known, name)
        return _editor(conn, known, Form(fields))

    return await show(request, "office/boms_edit.html", question)


@post("/bom/edit", opt={"right": "master"}, request_max_body_size=FORM_BYTES_MAX)
async def save_bom(request: AnyRequest) -> Response[str] | Redirect:
    """More rows, a check that tells the effect, or saving what was checked."""
    form = await form_of(request)
    if form["do"] == "rows":
        return await _again(request, form, rows=ROWS_MORE)
    try:
        wanted = bom_wanted(form)
        if form["do"] != "save":
            return await _checked(request, form)
        await acted(request, lambda desk, account: define_bom(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _again(request, form, fault=fault)
    return go_to("/bom", "materials.said.bom", wanted.material, material=wanted.material)


async def _checked(request: AnyRequest, form: Form) -> Response[str]:
    """The editor with what saving would change; raises `OfficeError`."""
    wanted, now = bom_wanted(form), now_of(request)

    def tried(conn: Connection) -> OfficeError | None:
        try:
            checked_bom(masters(conn), wanted)
        except OfficeError as fault:
            return fault
        return None

    fault = await services_of(request).database.read(tried)
    if fault is not None:
        raise fault

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        made = checked_bom(known, wanted)
        told = effect(known, made, recent_plan(conn, now))
        before = known.boms.get(made.material)
        return {
            **_editor(conn, known, form),
            "effect": told,
            "effect_base": made.quantity,
            "differing": differences(before, made),
            "orders_max": ORDERS_SHOWN_MAX,
        }

    return await show(request, "office/boms_edit.html", question)


async def _again(
    request: AnyRequest,
    form: Form,
    fault: OfficeError | DatabaseError | None = None,
    rows: int = 0,
) -> Response[str]:
    """The editor as filled; where another was first, with what stands now, and what differs."""
    failing = form.failing(fault) if fault is not None else form
    conflict = isinstance(fault, OfficeConflict)

    def question(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        standing = known.boms.get(form["of"]) if conflict else None
        shown_form = failing
        if standing is not None:
            fields = {**failing.fields, "revision": str(standing.revision)}
            shown_form = Form(fields, failing.fault, failing.at)
        return {**_editor(conn, known, shown_form, rows), "standing": standing}

    status = status_of(fault) if fault is not None else 200
    return await show(request, "office/boms_edit.html", question, status=status)


def _editor(conn: Connection, known: Masters, form: Form, rows: int = 0) -> dict[str, Any]:
    """All that the editor shows, but what a check or a conflict adds."""
    lines, beside = bom_rows(form)
    name = form["of"]
    routing = known.routings.get(name)
    choices = [one for one in known.materials.values() if one.active and one.material != name]
    return {
        "section": SECTION,
        "form": form,
        "name": name,
        "item": known.materials.get(name),
        "lines": padded(lines, rows or 1),
        "beside": padded(beside, 1),
        "prefix": BESIDE,
        "operations": [one.operation for one in routing.operations] if routing else [],
        "choices": choices if len(choices) <= CHOICES_COUNT_MAX else [],
        "makeable": sorted(known.materials) if not name else [],
        "names": known.names,
        "effect": None,
        "differing": [],
        "standing": None,
        "revisions": revisions(conn, KIND, name)[:1],
    }


def _fresh(known: Masters, name: str) -> dict[str, str]:
    """An empty BOM of a material."""
    item = known.materials.get(name)
    unit = item.unit if item else ""
    return {"of": name, "base": "1", "base_unit": unit, "active": "1", "revision": "0"}


def _asked(form: Form, bom: BomDefined | None, unit: str) -> Quantity:
    """The quantity to explode: what was asked, else the BOM's own."""
    try:
        quantity = typed(form["quantity"], unit)
        if quantity.micros > 0:
            return quantity
    except QuantityError:
        pass
    return bom.quantity if bom is not None else Quantity("1", unit)


def _compared(form: Form, told: list[Revision]) -> dict[str, Any] | None:
    """Two revisions by number and what they do not have alike; None where none are asked for."""
    by_number = {str(one.revision): one for one in reversed(told)}
    one, other = by_number.get(form["before"]), by_number.get(form["with"])
    if one is None or other is None:
        return None
    first, second = _decoded(one), _decoded(other)
    lines = differences(first, second)
    return {"before": one, "after": other, "lines": lines, "first": first, "second": second}


def _decoded(one: Revision) -> BomDefined:
    return msgspec.json.decode(one.body, type=BomDefined)


def _found(known: Masters, form: Form, today: str) -> Iterator[Line]:
    words = form["q"].casefold().split()
    for key in sorted(known.boms):
        name = known.names.get(key, key)
        if not all(word in f"{key} {name}".casefold() for word in words):
            continue
        several = known.dated[key]
        holding = next((one for one in several if one.valid_from <= today), several[0])
        if holding.active or form["kind"] == "inactive":
            later = min((one.valid_from for one in several if one.valid_from > today), default="")
            yield Line(holding, name, later)


def _csv_rows(bom: BomDefined) -> Iterator[list[Any]]:
    for kind, lines in (("component", bom.lines), ("by_product", bom.by_products)):
        for line in lines:
            yield [
                *(bom.material, f"{bom.quantity.amount} {bom.quantity.unit}", line.material),
                *(line.quantity.amount, line.quantity.unit, line.operation),
                *(line.tolerance_percent, line.limit_percent, "yes" if line.backflush else "no"),
                *(";".join(line.substitutes), line.scrap_percent, bom.valid_from, kind, bom.note),
            ]


routes: Final = (boms, bom, edit_bom, save_bom)
