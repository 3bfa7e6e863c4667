"""The page of one order: plan and actual, materials, lots, labour, cost, past; what to do to it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect
from sqlalchemy import Connection

from sync.domain.order import Order
from sync.domain.quantity import AMOUNT, MICROS_PER_ONE, micros, text
from sync.domain.quantity import shown as unit_shown
from sync.drawings import Reference, reference
from sync.server.database import DatabaseError
from sync.server.desk import Desk
from sync.server.desk.orders import change_order, split_order
from sync.server.office import ALLOWED, OfficeError, OfficeInvalid
from sync.server.office.orders import CHANGEABLE, SPLITTABLE, ChangeWanted, SplitWanted
from sync.server.views.books import book, names, rates
from sync.server.views.detail import OrderDetail, order_detail
from sync.server.views.order_cost import order_cost
from sync.server.views.orders import order_of_state
from sync.server.views.plan import begin_of, recent_plan
from sync.server.views.timeline import EVENTS_MAX, people_names, timeline
from sync.server.views.times import order_times
from sync.server.web.deviation_words import name_of, text_of
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, query_form, status_of
from sync.server.web.frame import go_to, language, link, services_of, show, show_plain
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.plan import now_of, whole_of
from sync.server.wording import Said

LOOK: Final = {"right": "look"}
PLAN: Final = {"right": "plan"}
FLOOR: Final = {"right": "floor"}
WORDS: Final = ("hold", "resume", "close", "reopen", "cancel")
FLOOR_WORDS: Final = frozenset({"hold", "resume"})
FILE_EVENTS_MAX: Final = 100_000
PIECES_SHOWN_MAX: Final = 50
# While work goes on, only what is beyond the plan already is told of.
SETTLED: Final = frozenset({"completed", "closed", "cancelled"})
TIMELINE_HEADER: Final = (
    "position", "at", "event", "who", "station", "operation", "material", "lot", "amount",
    "scrap", "unit", "reason", "undone",
)  # fmt: skip
COST_HEADER: Final = (
    "kind", "key", "name", "unit", "planned_amount", "actual_amount", "planned_cost",
    "actual_cost", "variance",
)  # fmt: skip


@get("/order", opt=LOOK)
async def order(request: AnyRequest) -> Response[str]:
    """An order; `before` pages through its past, `csv` is `past` or `cost`."""
    asked = query_form(request)
    if wants_csv(request):
        return await _file(request, asked)
    return await page_of(request, asked["number"], before=whole(asked["before"]))


@post("/order/change", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def change(request: AnyRequest) -> Response[str] | Redirect:
    """Save other values of an order."""
    form = await form_of(request)

    def act(desk: Desk, account: str) -> None:
        change_order(desk, account, _change_wanted(form))

    return await _done(request, form, "change", act)


@post("/order/split", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def split(request: AnyRequest) -> Response[str] | Redirect:
    """Make two orders of one; what was made stays with the first."""
    form = await form_of(request)
    try:
        wanted = _split_wanted(form)
        new = await acted(request, lambda desk, account: split_order(desk, account, wanted))
    except (OfficeError, DatabaseError) as fault:
        return await _failed(request, form, "split", fault)
    return go_to("/order", "orders.said.split", new, number=form["number"])


@post("/order/floor", opt=FLOOR, request_max_body_size=FORM_BYTES_MAX)
async def floor_word(request: AnyRequest) -> Response[str] | Redirect:
    """Hold an order or let it go on."""
    return await _said(request, FLOOR_WORDS)


@post("/order/say", opt=PLAN, request_max_body_size=FORM_BYTES_MAX)
async def say(request: AnyRequest) -> Response[str] | Redirect:
    """Close, reopen or cancel an order."""
    return await _said(request, frozenset(WORDS))


async def page_of(
    request: AnyRequest,
    number: str,
    *,
    before: int = 0,
    forms: Mapping[str, Form] | None = None,
    status: int = 200,
) -> Response[str]:
    """The order's page; with forms that were not taken, and why."""
    now = now_of(request)
    known = await services_of(request).database.read(lambda conn: order_of_state(conn, number))
    if known is None:
        return show_plain(request, "office/order_unknown.html", 404, number=number)
    return await show(
        request,
        "office/order.html",
        lambda conn: {
            **_question(conn, number, now, before, forms or {}),
            "text_of": partial(text_of, language=language(request)),
            "name_of": partial(name_of, language=language(request)),
        },
        status=status,
    )


def _question(
    connection: Connection, number: str, now: Any, before: int, forms: Mapping[str, Form]
) -> Mapping[str, Any]:
    detail = order_detail(connection, number, now.date())
    state = order_of_state(connection, number)
    assert detail is not None, f"order {number} was there"
    assert state is not None, f"order {number} was there"
    plan, known = recent_plan(connection, now), book(connection, now.date())
    times = order_times(connection, state)
    past = timeline(connection, number, before)
    return {
        "order": detail,
        "state": state,
        "header": state.header,
        "plan_steps": _planned_seconds(state),
        "begins": begin_of(plan.schedule, number),
        "ends": plan.schedule.ends.get(number),
        "slack": plan.slack(number),
        "drawings": _drawings(state),
        "scrap": _scrap(state),
        "people": people_names(connection, detail.attended_seconds),
        "names": names(connection),
        "cost": order_cost(state, times, known, rates(connection)),
        "settled": detail.status in SETTLED,
        "past": past,
        "next": past[-1].position if len(past) == EVENTS_MAX else 0,
        "before": before,
        "words": _words(detail),
        "can_change": detail.status in CHANGEABLE and state.header is not None,
        "can_split": detail.status in SPLITTABLE and state.header is not None,
        "can_release": detail.status in ALLOWED["release"] and state.header is not None,
        "change": forms.get("change") or _filled(state),
        "failed": next((one for one in forms.values() if one.fault), Form()),
        "split": forms.get("split") or Form({"quantity": "", "release": "1"}),
        "pieces_max": PIECES_SHOWN_MAX,
        "unit_of": unit_shown,
    }


def _words(detail: OrderDetail) -> tuple[str, ...]:
    return tuple(word for word in WORDS if detail.status in ALLOWED[word])


def _filled(state: Order) -> Form:
    header = state.header
    if header is None:
        return Form()
    return Form(
        {
            "quantity": text(header.quantity.micros),
            "due": header.due,
            "start": header.start,
            "priority": str(header.priority),
            "note": header.note,
            "customer_reference": header.customer_reference,
        }
    )


def _planned_seconds(state: Order) -> dict[str, tuple[int, int]]:
    """Operation → planned set-up and run seconds of the whole order."""
    found = {}
    for one in state.operations:
        each = micros(one.run_seconds) if AMOUNT.match(one.run_seconds) else 0
        found[one.operation] = one.setup_seconds, each * state.planned // MICROS_PER_ONE**2
    return found


def _drawings(state: Order) -> list[tuple[str, str]]:
    """(as written, where it leads) of each work drawing once; nowhere where it cannot be read."""
    written = dict.fromkeys(one.drawing for one in state.operations if one.drawing)
    return [(one, _leads(reference(one))) for one in written]


def _leads(told: Reference | None) -> str:
    if told is None:
        return ""
    return told.url or link("/routing/drawing", name=told.name)


def _scrap(state: Order) -> list[tuple[str, int, str]]:
    """(reason, micros, unit) of what was scrapped, the most first."""
    found = [
        (reason, amount, unit)
        for reason, amounts in state.scrap_reasons.items()
        for unit, amount in amounts.items()
        if amount
    ]
    return sorted(found, key=lambda one: (-one[1], one[0]))


async def _said(request: AnyRequest, allowed: frozenset[str]) -> Response[str] | Redirect:
    form = await form_of(request)
    word = form["word"]

    def act(desk: Desk, account: str) -> None:
        if word not in allowed:
            raise OfficeInvalid(Said("order.no_word", word=word[:20]), "word")
        if word != "resume" and not form["reason"]:
            raise OfficeInvalid(
                Said("order.say_why", order=form["number"], word=Said(f"word.{word}")), "reason"
            )
        desk.say(word, form["number"], form["reason"], account)

    return await _done(request, form, word, act)


async def _done(
    request: AnyRequest, form: Form, word: str, act: Callable[[Desk, str], None]
) -> Response[str] | Redirect:
    """Do it and go back to the order, or show it with the form as filled and what was wrong."""
    try:
        await acted(request, act)
    except (OfficeError, DatabaseError) as fault:
        return await _failed(request, form, word, fault)
    return go_to("/order", f"orders.said.{word}", form["number"], number=form["number"])


async def _failed(
    request: AnyRequest, form: Form, word: str, fault: OfficeError | DatabaseError
) -> Response[str]:
    forms = {word: form.failing(fault)}
    return await page_of(request, form["number"], forms=forms, status=status_of(fault))


def _change_wanted(form: Form) -> ChangeWanted:
    return ChangeWanted(
        order=form["number"],
        quantity=form["quantity"],
        revision=whole_of(form["revision"], "revision"),
        due=form["due"],
        start=form["start"],
        priority=whole_of(form["priority"], "priority"),
        note=form["note"],
        customer_reference=form["customer_reference"],
        reason=form["reason"],
    )


def _split_wanted(form: Form) -> SplitWanted:
    return SplitWanted(
        order=form["number"],
        quantity=form["quantity"],
        revision=whole_of(form["revision"], "revision"),
        due=form["due"],
        reason=form["reason"],
        release=form.on("release"),
    )


async def _file(request: AnyRequest, asked: Form) -> Response[str]:
    number, now, database = asked["number"], now_of(request), services_of(request).database
    if asked["csv"] == "cost":

        def cost(connection: Connection) -> list[tuple[Any, ...]]:
            state = order_of_state(connection, number)
            if state is None:
                return []
            times, known = order_times(connection, state), book(connection, now.date())
            found = order_cost(state, times, known, rates(connection))
            return [
                (one.kind, one.key, one.name, one.unit, text(one.planned_amount),
                 text(one.actual_amount), text(one.planned), text(one.actual), text(one.variance))
                for one in found.rows
            ]  # fmt: skip

        return csv_answer("order-cost", COST_HEADER, await database.read(cost))
    past = await database.read(lambda conn: timeline(conn, number, 0, FILE_EVENTS_MAX))
    rows = [
        (one.position, one.at, one.kind, one.name, one.station, one.facts.get("operation", ""),
         one.facts.get("material", ""), one.facts.get("lot", ""), text(one.amount),
         text(one.scrap), one.unit, one.reason, int(one.undone))
        for one in past
    ]  # fmt: skip
    return csv_answer("order-past", TIMELINE_HEADER, rows)


def whole(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else 0


routes: Final = (order, change, split, floor_word, say)
