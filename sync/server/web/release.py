"""The page of a release: are the materials there, which labels; then the traveller as PDF."""

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from labels.codes import CommandCode, encode
from labels.primitives import LabelError
from labels.render import render
from sync.domain.events import LabelRule, OrderReleased, ReleasedLine
from sync.domain.order import Order
from sync.domain.quantity import QuantityError, of_micros
from sync.domain.traveller import traveller_values
from sync.server.database import DatabaseError
from sync.server.desk.orders import release_order
from sync.server.office import OfficeError, OfficeInvalid
from sync.server.views.jobs import day_of
from sync.server.views.order_check import Asked, Check, check
from sync.server.views.orders import order_of_state
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, services_of, show, show_plain
from sync.server.web.plan import now_of, whole_of
from sync.server.wording import Said

LOOK: Final = {"right": "look"}
PLAN: Final = {"right": "plan"}
TRAVELLER: Final = "traveller"
TRAVELLER_DPI: Final = 300
# What an operator with only the paper at hand scans; an order's own code starts it, and a station
# takes the operation that is next there, so operations have no codes.
COMMANDS_ON_PAPER: Final = ("DONE", "OK", "CANCEL", "SCRAP", "PAUSE", "UNDO", "END", "CALL")
RULES: Final[tuple[str, ...]] = get_args(LabelRule.__annotations__["label"])
LOTS: Final[tuple[str, ...]] = get_args(LabelRule.__annotations__["lot"])
PER_MAX: Final = 1_000_000
NAME_CHARS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")


@get("/order/release", opt=PLAN)
async def look(request: AnyRequest) -> Response[str]:
    """What is there, what is short, when it would begin; and the choice of labels."""
    return await _page(request, query_form(request))


@post("/order/release", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def release(request: AnyRequest) -> Response[str] | Redirect:
    """Give the order to the floor."""
    form = await form_of(request)
    number = form["number"]
    try:
        rule, revision = _rule_of(form), whole_of(form["revision"], "revision")
        await acted(
            request,
            lambda desk, account: release_order(
                desk,
                account,
                number,
                rule,
                accept=form.on("accept"),
                reason=form["reason"],
                revision=revision,
            ),
        )
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    return go_to("/order", "orders.said.release", number, number=number)


@get("/order/traveller", opt=LOOK)
async def traveller(request: AnyRequest) -> Response[Any]:
    """The paper that travels with the order, as PDF."""
    number = query_form(request)["number"]

    def made(connection: Connection) -> bytes | None:
        state = order_of_state(connection, number)
        if state is None or state.release is None:
            return None
        commands = [(word, encode(CommandCode(word))) for word in COMMANDS_ON_PAPER]
        values = traveller_values(_as_it_stands(state, state.release), commands)
        told = {key: value for key, value in values.items() if value}
        return render(TRAVELLER, told, "pdf", TRAVELLER_DPI, TRAVELLER)

    try:
        content = await services_of(request).database.read(made)
    except LabelError as fault:
        return show_plain(
            request, "office/order_no_traveller.html", 422, number=number, fault=str(fault)
        )
    if content is None:
        return show_plain(request, "office/order_no_traveller.html", 404, number=number, fault="")
    name = "".join(sign if sign in NAME_CHARS else "_" for sign in number)[:60]
    headers = {
        "Content-Disposition": f'inline; filename="{name}.pdf"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _as_it_stands(state: Order, told: OrderReleased) -> OrderReleased:
    """The release with what was changed since; component needs as the order stands now."""
    header = state.header or told
    needs = {one.line.line: one.need for one in state.all_needs()}
    lines = tuple(_line(line, needs) for line in told.lines)
    return msgspec.structs.replace(
        told,
        quantity=header.quantity,
        due=header.due,
        start=header.start,
        priority=header.priority,
        note=header.note,
        customer_reference=header.customer_reference,
        lines=lines,
    )


def _line(line: ReleasedLine, needs: Mapping[str, int]) -> ReleasedLine:
    need = needs.get(line.line)
    if need is None:
        return line
    return msgspec.structs.replace(line, quantity=of_micros(need, line.quantity.unit))


async def _page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, number = now_of(request), form["number"]
    known = await services_of(request).database.read(lambda conn: order_of_state(conn, number))
    if known is None or known.header is None:
        return show_plain(request, "office/order_unknown.html", 404, number=number)

    def question(connection: Connection) -> Mapping[str, Any]:
        state = order_of_state(connection, number)
        assert state is not None, f"order {number} was there"
        answer, fault = _answer(connection, state)
        return {
            "number": number,
            "state": state,
            "header": state.header,
            "answer": answer,
            "unit_fault": fault,
            "form": form,
            "rules": RULES,
            "lots": LOTS,
        }

    def _answer(connection: Connection, state: Order) -> tuple[Check | None, Said | None]:
        header = state.header
        assert header is not None, f"order {number} was planned"
        asked = Asked(
            header.material,
            header.quantity,
            number,
            day_of(header.due),
            day_of(header.start),
            header.priority,
        )
        try:
            return check(connection, now, asked), None
        except QuantityError as fault:
            return None, Said("bom.mend", material=header.material, fault=fault)

    return await show(request, "office/order_release.html", question, status=status)


def _rule_of(form: Form) -> LabelRule:
    """The labels as chosen; raises `OfficeInvalid`."""
    label, lot = form["label"] or "per_done", form["lot"] or "order"
    if label not in RULES or lot not in LOTS:
        raise OfficeInvalid(Said("label.rule"), "label")
    per = whole_of(form["per"] or "0", "per")
    if label == "per_n" and not 0 < per <= PER_MAX:
        said = Said("label.per", per=per, most=PER_MAX)
        raise OfficeInvalid(said, "per")
    return msgspec.convert({"label": label, "lot": lot, "per": per}, LabelRule)


routes: Final = (look, release, traveller)
