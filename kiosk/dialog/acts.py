"""How a proposal becomes an act: judged by the rules, overridden where that is allowed, written."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TypeVar

from kiosk.dialog.state import Asking, Dialog, Kind, Moment, Notice, Proposal, Turn
from kiosk.dialog.steps import following
from sync.domain.events import Acceptance, Event, EventReversed, MaterialConsumed, order_of, stamped
from sync.domain.rules import SEVERITIES, Deviation, Severity, check
from sync.domain.shop import Shop, absorb

E = TypeVar("E", bound=Event)
V = TypeVar("V")
_KINDS: Mapping[Severity, Kind] = {
    Severity.REFUSE: "stop",
    Severity.SUPERVISOR: "stop",
    Severity.CONFIRM: "ask",
    Severity.NOTE: "note",
}
_GRAVEST = (Severity.REFUSE, Severity.SUPERVISOR, Severity.CONFIRM)
_FETCHED = frozenset(
    {"wrong_material", "lot_blocked", "lot_expired", "under_issue", "line_unconsumed"}
)


def born(dialog: Dialog, now: Moment, event: E, operator: str = "") -> E:
    """The event with time, station and operator; the journal gives the rest of its stamp."""
    who = operator or dialog.person or ""
    at = now.at.isoformat(timespec="milliseconds")
    return stamped(event, at=at, station=dialog.workplace.station, operator=who)


def said(dialog: Dialog, shop: Shop, kind: Kind, text: str, **facts: str) -> Notice:
    """An answer that ends in what comes next for this dialog."""
    key, more = following(dialog, shop)
    return Notice(kind, text, {**more, **facts}, key)


def stop(dialog: Dialog, text: str, **facts: str) -> Turn:
    """A refusal: nothing changes, the answer says why and what to do."""
    return Turn(dialog, notice=Notice("stop", text, facts), refused=True)


def without(shop: Shop, act: str) -> Shop:
    """The shop as if an act had never been; the shop itself stays as it is."""
    apart = replace(
        shop,
        orders=dict(shop.orders),
        stock=dict(shop.stock),
        serials=dict(shop.serials),
        serials_made=dict(shop.serials_made),
        reversed=set(shop.reversed),
        seen=set(),
    )
    for event in shop.acts.get(act, ()):
        _own(apart.orders, shop.orders, order_of(event))
        material = getattr(event, "material", "")
        _own(apart.stock, shop.stock, material)
        _own(apart.serials, shop.serials, material)
        _own(apart.serials_made, shop.serials_made, material)
    absorb(apart, EventReversed(id=act, of=act))
    return apart


def _own(parts: dict[str, V], shared: Mapping[str, V], name: str) -> None:
    if name in shared and parts[name] is shared[name]:
        parts[name] = deepcopy(shared[name])


def judged(
    dialog: Dialog, shop: Shop, events: Sequence[Event]
) -> list[tuple[Event, tuple[Deviation, ...]]]:
    """Each event of an act with its deviations; what the act takes back does not count."""
    after = shop
    for event in events:
        if isinstance(event, EventReversed):
            after = without(after, event.of)
    place = dialog.workplace
    return [
        (
            event,
            check(
                shop if isinstance(event, EventReversed) else after,
                event,
                work_centers=place.work_centers,
                severities=place.severities,
                stale=not dialog.online,
            ),
        )
        for event in events
    ]


def propose(dialog: Dialog, shop: Shop, now: Moment, proposal: Proposal) -> Turn:
    """Write the act, refuse it, or ask for what overrides its deviations.

    `dialog` is how things stand without the act; `proposal.dialog` how they stand with it.
    """
    found = judged(dialog, shop, proposal.events)
    known = {one.deviation for one in proposal.accepted}
    every = [*proposal.extra, *(one for _, several in found for one in several)]
    standing = [one for one in every if one.severity is not Severity.NOTE and one.name not in known]
    if not standing:
        return _written(proposal, found, every)
    first = min(standing, key=lambda one: _GRAVEST.index(one.severity))
    notice = told(first)
    if first.severity is Severity.REFUSE:
        return Turn(dialog, notice=notice, refused=True)
    wanted = "supervisor" if first.severity is Severity.SUPERVISOR else "confirm"
    asking = Asking(
        "supervisor" if wanted == "supervisor" else "confirm",
        notice,
        now.mono,
        proposal,
        tuple(standing),
    )
    return Turn(replace(dialog, asking=asking, number=""), notice=notice, refused=True)


def approve(dialog: Dialog, shop: Shop, now: Moment, by: str) -> Turn:
    """The asked act, its deviations accepted by a badge; judged again, since the shop moved on."""
    asking = dialog.asking
    assert asking is not None, "approval without a question"
    assert asking.proposal is not None, "approval without an act"
    accepted = tuple(Acceptance(one.name, by) for one in _unique(asking.open))
    at = now.at.isoformat(timespec="milliseconds")
    proposal = replace(
        asking.proposal,
        events=tuple(stamped(event, at=at) for event in asking.proposal.events),
        accepted=asking.proposal.accepted + accepted,
    )
    return propose(replace(dialog, asking=None), shop, now, proposal)


def told(deviation: Deviation) -> Notice:
    """The sentence of a deviation."""
    facts = {"fetch_lot": "", "fetch_place": "", **deviation.facts}
    name = _variant(deviation, facts)
    return Notice(_KINDS[deviation.severity], name, facts, _next_of(deviation, name, facts))


def _variant(deviation: Deviation, facts: Mapping[str, str]) -> str:
    if deviation.name == "wrong_material" and facts.get("other"):
        return "lot_for_other"
    if deviation.name == "wrong_material" and not facts.get("wanted"):
        return "nothing_wanted"
    if deviation.name == "lot_unknown" and deviation.severity is Severity.NOTE:
        return "lot_unknown_offline"
    return deviation.name


def _next_of(deviation: Deviation, name: str, facts: Mapping[str, str]) -> str:
    """Which sentence says what to do: overriding is offered, and the right lot where one is."""
    if deviation.severity in {Severity.REFUSE, Severity.NOTE}:
        return "" if SEVERITIES.get(deviation.name) is deviation.severity else "cancel"
    badge = deviation.severity is Severity.SUPERVISOR
    if name == "lot_for_other":
        return "other_or_badge" if badge else "other_or_ok"
    fetch = deviation.name in _FETCHED and facts["fetch_lot"] not in {"", facts.get("lot")}
    if not fetch:
        return "badge_or_cancel" if badge else "ok_or_cancel"
    place = "_at" if facts["fetch_place"] else ""
    return f"fetch{place}_or_badge" if badge else f"fetch{place}_or_ok"


def _written(
    proposal: Proposal,
    found: list[tuple[Event, tuple[Deviation, ...]]],
    every: list[Deviation],
) -> Turn:
    by = {one.deviation: one for one in proposal.accepted}
    extra = [one.name for one in proposal.extra]
    events = []
    for event, deviations in found:
        names = [one.name for one in deviations]
        if isinstance(event, MaterialConsumed):
            names += extra
        accepted = tuple(by[name] for name in dict.fromkeys(names) if name in by)
        events.append(stamped(event, accepted=accepted) if accepted else event)
    note = next((one for one in every if one.severity is Severity.NOTE), None)
    notice = proposal.notice
    if note is not None and notice.kind in {"ok", "note"}:
        word = told(note)
        notice = Notice("note", word.text, {**notice.facts, **word.facts}, notice.next)
    return Turn(replace(proposal.dialog, asking=None), tuple(events), notice)


def _unique(deviations: Sequence[Deviation]) -> tuple[Deviation, ...]:
    return tuple({one.name: one for one in deviations}.values())
