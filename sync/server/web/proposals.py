"""The page of proposals: orders that demand and open orders call for, to be accepted."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Redirect

from sync.domain.quantity import text
from sync.server.database import DatabaseError
from sync.server.desk.plan import accept
from sync.server.office import OfficeError, OfficeInvalid
from sync.server.office.plan import identities
from sync.server.planning.supply import Proposal
from sync.server.views.plan import PlanView, plan_of
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import FORM_BYTES_MAX, Form, acted, form_of, status_of
from sync.server.web.frame import go_to, language, services_of, show
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.plan import now_of
from sync.server.web.plan_words import Words
from sync.server.wording import Said

PICKS_COUNT_MAX: Final = 2_000
NAMED_MAX: Final = 3
COVERS_SHOWN_MAX: Final = 20
HEADER: Final = (
    "material",
    "name",
    "quantity",
    "unit",
    "start",
    "due",
    "ready",
    "level",
    "for",
    "covers",
    "reason",
)


@get("/plan/proposals", opt={"right": "look"})
async def proposals(request: AnyRequest) -> Response[str]:
    """What is to be made."""
    if wants_csv(request):
        return await _csv(request)
    return await _page(request, Form())


@post("/plan/proposals", opt={"right": "plan"}, request_max_body_size=FORM_BYTES_MAX)
async def accepted(request: AnyRequest) -> Response[str] | Redirect:
    """Plan the orders of the proposals that were ticked, or of all that were shown."""
    form, now = await form_of(request), now_of(request)
    name = "all" if form.on("everything") else "pick"
    keys = frozenset(row[name] for row in form.rows() if row.get(name))
    try:
        if not keys:
            raise OfficeInvalid(Said("proposals.none"), "pick")
        numbers = await acted(request, lambda desk, account: accept(desk, account, now, keys))
    except (OfficeError, DatabaseError) as fault:
        return await _page(request, form.failing(fault), status_of(fault))
    said = "plan.said.accepted_one" if len(numbers) == 1 else "plan.said.accepted"
    return go_to("/plan/proposals", said, _named(numbers))


def _named(numbers: tuple[str, ...]) -> str:
    """The orders in a few words: P-0001, or P-0001 … P-0009."""
    return ", ".join(numbers) if len(numbers) <= NAMED_MAX else f"{numbers[0]} … {numbers[-1]}"


async def _page(request: AnyRequest, form: Form, status: int = 200) -> Response[str]:
    now, spoken = now_of(request), language(request)
    return await show(
        request,
        "office/plan_proposals.html",
        lambda conn: _shown(plan_of(conn, now), spoken, form),
        status=status,
    )


def _shown(plan: PlanView, spoken: str, form: Form) -> Mapping[str, Any]:
    found = list(identities(plan.requirements.proposals).items())
    ticked = {row["pick"] for row in form.rows() if row.get("pick")}
    return {
        "words": Words(plan, spoken),
        "plan": plan,
        "form": form,
        "proposals": found[:PICKS_COUNT_MAX],
        "more": max(0, len(found) - PICKS_COUNT_MAX),
        "ticked": ticked,
        "covers": partial(_covers, plan),
        "covers_max": COVERS_SHOWN_MAX,
        "units": {key: one.unit for key, one in plan.known.book.materials.items()},
        "late": sum(one.late for _, one in found),
        "purchases": len(plan.requirements.purchases),
        "purchases_late": sum(one.late for one in plan.requirements.purchases),
        "problems": plan.requirements.problems,
    }


def _covers(plan: PlanView, proposal: Proposal) -> list[tuple[str, int]]:
    """The lines of demand that it covers, by name, each with its share in micros."""
    shares = plan.shares[proposal.key]
    return [(line, shares[line]) for line in proposal.wants if line in shares]


async def _csv(request: AnyRequest) -> Response[str]:
    now, spoken = now_of(request), language(request)
    plan = await services_of(request).database.read(lambda conn: plan_of(conn, now))
    words = Words(plan, spoken)
    rows = [_csv_row(words, one) for one in plan.requirements.proposals]
    return csv_answer("proposals", HEADER, rows)


def _csv_row(words: Words, one: Proposal) -> tuple[object, ...]:
    item = words.plan.known.book.materials.get(one.material)
    return (
        one.material,
        words.material(one.material),
        text(one.micros),
        item.unit if item is not None else "",
        one.start.isoformat(),
        one.due.isoformat(),
        one.ready.isoformat(),
        one.level,
        "; ".join(one.wants),
        "; ".join(f"{line} {text(micros)}" for line, micros in _covers(words.plan, one)),
        words.proposed(one),
    )


routes: Final = (proposals, accepted)
