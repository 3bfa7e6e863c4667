"""The pages of materials: the list, one with all that hangs on it, its form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.events import MaterialDefined
from sync.domain.quantity import MICROS_PER_ONE, Quantity
from sync.server.database import DatabaseError
from sync.server.desk.master import define_material
from sync.server.office import OfficeConflict, OfficeError
from sync.server.planning.costing import is_made, roll_up
from sync.server.views.books import Masters, masters
from sync.server.views.master import on_hand, open_orders, revisions, uses, wanted_by
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show, today_of
from sync.server.web.listing import ROWS_ON_PAGE, Page, csv_answer, wants_csv
from sync.server.web.master_forms import SECTION, material_fields, material_wanted

KINDS: Final = ("made", "bought", "inactive")
CSV_HEADER: Final = (
    *("material", "name", "unit", "gtin", "lot_controlled", "serial_controlled"),
    *("shelf_life_days", "place", "lead_time_days", "reorder_point", "supplier"),
    *("standard_cost", "lot_size", "active"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One material in the list."""

    item: MaterialDefined
    made: bool


@get("/materials", opt={"right": "look"})
async def materials(request: AnyRequest) -> Response[Any]:
    """All materials by number, searched and filtered."""
    form, today = query_form(request), today_of(request)
    if wants_csv(request):
        read = services_of(request).database.read
        items = await read(lambda conn: list(found(masters(conn), form)))
        return csv_answer("materials", CSV_HEADER, (_csv_row(one.item) for one in items))

    def asked(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        rows = [one for one in found(known, form) if one.item.material > form["after"]]
        page = Page(rows[: ROWS_ON_PAGE + 1], lambda one: one.item.material)
        book = known.book(today)
        return {"form": form, "page": page, "kinds": KINDS, "count": len(book.materials)}

    return await show(request, "office/materials_list.html", asked)


@get("/materials/new", opt={"right": "master"})
async def new_material(request: AnyRequest) -> Response[str]:
    """An empty form."""
    form = Form({"lot_controlled": "1", "active": "1", "unit": "", "revision": "0"})
    return await show(request, "office/materials_new.html", lambda _: {"form": form})


@get("/material", opt={"right": "look"})
async def material(request: AnyRequest) -> Response[str]:
    """One material: what it is, what it costs, where it is used, what is there of it."""
    name = query_form(request)["name"]
    return await _shown(request, name, None)


@post("/material", opt={"right": "master"}, request_max_body_size=FORM_BYTES_MAX)
async def save_material(request: AnyRequest) -> Response[str] | Redirect:
    """Save a material made of the revision that the form was filled from."""
    form = await form_of(request)
    try:
        wanted = material_wanted(form)
        await acted(request, lambda desk, account: define_material(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _refused(request, form, fault)
    said = "materials.said.saved" if wanted.active else "materials.said.deactivated"
    return go_to("/material", said, wanted.material.strip(), name=wanted.material.strip())


async def _refused(
    request: AnyRequest, form: Form, fault: OfficeError | DatabaseError
) -> Response[str]:
    """The form as filled, with what stands now where somebody else was first."""
    failing, status = form.failing(fault), status_of(fault)
    if form["revision"] == "0" and not isinstance(fault, OfficeConflict):
        template = "office/materials_new.html"
        return await show(request, template, lambda _: {"form": failing}, status=status)
    return await _shown(request, form["material"], failing, status)


async def _shown(
    request: AnyRequest, name: str, failing: Form | None, status: int = 200
) -> Response[str]:
    today = today_of(request)

    def asked(conn: Connection) -> dict[str, Any]:
        known = masters(conn)
        item = known.materials.get(name)
        if item is None:
            return {"item": None, "name": name, "section": SECTION}
        standing = material_fields(item)
        form, differing = merged(failing, standing)
        book, one = known.book(today), Quantity("1", item.unit)
        stands = item.active and name in book.materials
        return {
            "section": SECTION,
            "item": item,
            "name": name,
            "form": form,
            "differing": differing,
            "uses": uses(known, name),
            "bom": book.boms.get(name),
            "routing": book.routings.get(name),
            "made": is_made(name, book),
            "cost": roll_up(name, one, book, known.rates) if stands else None,
            "one": MICROS_PER_ONE,
            "stock": on_hand(conn, name),
            "wanted": wanted_by(conn, name),
            "orders": open_orders(conn, name),
            "revisions": revisions(conn, "MaterialDefined", name),
        }

    there = await services_of(request).database.read(lambda conn: name in masters(conn).materials)
    return await show(request, "office/materials_one.html", asked, status=status if there else 404)


def merged(
    failing: Form | None, standing: dict[str, str]
) -> tuple[Form, list[tuple[str, str, str]]]:
    """The form to show, and fields that stand otherwise by now: (name, mine, standing)."""
    if failing is None:
        return Form(standing), []
    moved = failing["revision"] != standing["revision"]
    fields = {**failing.fields, "revision": standing["revision"]}
    differing = [
        (name, failing[name], now)
        for name, now in standing.items()
        if moved and name != "revision" and failing[name] != now
    ]
    return Form(fields, failing.fault, failing.at), differing


def found(known: Masters, form: Form) -> Iterator[Line]:
    """Materials by number that the words and the filter fit."""
    words = form["q"].casefold().split()
    kind = form["kind"]
    for key in sorted(known.materials):
        item = known.materials[key]
        made = key in known.boms or key in known.routings
        if (not item.active and kind != "inactive") or (item.active and kind == "inactive"):
            continue
        if kind in {"made", "bought"} and made != (kind == "made"):
            continue
        text = f"{key} {item.name} {item.gtin} {item.supplier}".casefold()
        if all(word in text for word in words):
            yield Line(item, made)


def _csv_row(item: MaterialDefined) -> Sequence[Any]:
    fields = material_fields(item)
    ticks = {"lot_controlled", "serial_controlled", "active"}
    return [
        ("yes" if fields[name] else "no") if name in ticks else fields[name] for name in CSV_HEADER
    ]


routes: Final = (materials, new_material, material, save_material)
