"""How a proposal becomes an act: judged by the rules, overridden where that is allowed, written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, TypeVar, cast

from kiosk.dialog.state import FOLLOWS, Asking, Dialog, Kind, Moment, Notice, Proposal, Turn
from sync.domain.events import Acceptance, Event, EventReversed, MaterialConsumed, order_of, stamped
from sync.domain.order import Order
from sync.domain.rules import SEVERITIES, Deviation, Severity, check
from sync.domain.shop import Lot, Shop, absorb
from sync.domain.stock import Stock, lot_told

E = TypeVar("E", bound=Event)
V = TypeVar("V")
PENDING: Final = "pending-"
SELF_APPROVED: Final = "not_your_own"  # in `accepted`, where one badge asked and approved
LATEST: Final = 2**52  # later than any event that is written
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
_HAPPENED = frozenset(
    {
        *("order_not_released", "order_held", "over_production", "unknown_order", "step_skipped"),
        "sealed_elsewhere",
    }
)


def born(dialog: Dialog, now: Moment, event: E, operator: str = "") -> E:
    """The event with time, station and operator; the journal gives the rest of its stamp."""
    who = operator or dialog.person or ""
    return stamped(event, **_clocks(now), station=dialog.workplace.station, operator=who)


def _clocks(now: Moment) -> dict[str, object]:
    """What the station's own clocks say; the boot clock only where its boot is known."""
    mono = round(now.mono * 1000) if now.boot else 0
    return {"at": now.at.isoformat(timespec="milliseconds"), "boot": now.boot, "mono": mono}


def said(kind: Kind, text: str, /, **facts: str) -> Notice:
    """An answer that ends in what comes next, as things stand after it."""
    return Notice(kind, text, facts, FOLLOWS)


def stop(dialog: Dialog, text: str, /, **facts: str) -> Turn:
    """A refusal: nothing changes, the answer says why and what to do."""
    return Turn(dialog, notice=Notice("stop", text, facts), refused=True)


def without(shop: Shop, act: str) -> Shop:
    """The shop as if an act had never been; the shop itself stays as it is."""
    events = shop.acts.get(act, ())
    apart = _apart(shop, events)
    absorb(apart, EventReversed(id=act, of=act))
    return apart


def foreseen(shop: Shop, events: Sequence[Event]) -> Shop:
    """The shop as if an act were written already; the shop itself stays as it is."""
    taken = [
        e for one in events if isinstance(one, EventReversed) for e in shop.acts.get(one.of, ())
    ]
    apart = _apart(shop, [*events, *taken])
    for place, event in enumerate(events):
        absorb(apart, stamped(event, id=f"{PENDING}{place}", n=LATEST + place))
    return apart


def _apart(shop: Shop, events: Sequence[Event]) -> Shop:
    """A shop of its own in all that these events touch; the rest is shared."""
    apart = replace(
        shop,
        orders=dict(shop.orders),
        stock=dict(shop.stock),
        sign_ins={station: dict(here) for station, here in shop.sign_ins.items()},
        signed_out=set(shop.signed_out),
        downtimes=dict(shop.downtimes),
        downtime_ends=dict(shop.downtime_ends),
        helps=dict(shop.helps),
        help_answers=dict(shop.help_answers),
        units=dict(shop.units),
        unit_names=set(shop.unit_names),
        labels=dict(shop.labels),
        serials=dict(shop.serials),
        serials_made=dict(shop.serials_made),
        label_counts=dict(shop.label_counts),
        label_highest=dict(shop.label_highest),
        reversed=set(shop.reversed),
        handovers=dict(shop.handovers),
        seen=set(),
    )
    for event in events:
        number, material = order_of(event), getattr(event, "material", "")
        if number in shop.orders and apart.orders[number] is shop.orders[number]:
            apart.orders[number] = _copy(shop.orders[number])
        _own_lot(apart.stock, shop.stock, lot_told(event))
        serials = (getattr(event, "serial", ""), *getattr(event, "serials", ()))
        _own_branches(apart.serials, shop.serials, material, serials)
        _own_branches(apart.serials_made, shop.serials_made, material, serials)
        _own_branches(apart.units, shop.units, getattr(event, "unit", ""), ())
        _own_branches(apart.labels, shop.labels, getattr(event, "label", ""), ())
    return apart


def _own_lot(stock: Stock, shared: Stock, told: tuple[str, str] | None) -> None:
    """A lot of its own, among lots that are shared."""
    if told is None or told[0] not in shared:
        return
    material, name = told
    if stock[material] is shared[material]:
        stock[material] = dict(shared[material])
    lot = shared[material].get(name)
    if lot is not None and stock[material][name] is lot:
        stock[material][name] = _copy(lot)


def _own_branches(
    tree: dict[str, V], shared: Mapping[str, V], branch: str, leaves: Iterable[str]
) -> None:
    """A branch of its own whose named leaves are its own; the others are shared."""
    under: Any = shared.get(branch)
    if under is None:
        return
    own: Any = tree[branch]
    if own is under:
        own = tree[branch] = cast("V", dict(under))
    for leaf in leaves:
        if leaf in under and own[leaf] is under[leaf]:
            own[leaf] = _copy(under[leaf])


def _copy(value: Any) -> Any:
    """A tree of its own; the events in it are immutable and shared."""
    if isinstance(value, dict):
        return {name: _copy(one) for name, one in value.items()}
    if isinstance(value, (Order, Lot)):
        return replace(
            value, **{one.name: _copy(getattr(value, one.name)) for one in fields(value)}
        )
    return value


def judged(
    dialog: Dialog, shop: Shop, events: Sequence[Event]
) -> list[tuple[Event, tuple[Deviation, ...]]]:
    """Each event of an act with its deviations; what the act takes back does not count."""
    rest = shop
    for event in events:
        if isinstance(event, EventReversed):
            rest = without(rest, event.of)
    place = dialog.workplace
    return [
        (
            event,
            check(
                shop if isinstance(event, EventReversed) else rest,
                event,
                work_centers=place.work_centers,
                severities=place.severities,
                stale=not dialog.online,
                today=dialog.today,
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
    if by == dialog.person and any(one.severity is Severity.SUPERVISOR for one in asking.open):
        accepted += (Acceptance(SELF_APPROVED, by),)
    clocks = _clocks(now)
    proposal = replace(
        asking.proposal,
        events=tuple(stamped(event, **clocks) for event in asking.proposal.events),
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
    if deviation.name == "wrong_material" and facts.get("belongs"):
        return "lot_of_order"
    if deviation.name == "lot_unknown" and deviation.severity is Severity.NOTE:
        return "lot_unknown_offline"
    return deviation.name


def _next_of(deviation: Deviation, name: str, facts: Mapping[str, str]) -> str:
    """Which sentence says what to do: overriding is offered, and the right lot where one is."""
    if deviation.severity is Severity.NOTE:
        return ""
    if deviation.severity is Severity.REFUSE:
        return "" if SEVERITIES.get(deviation.name) is deviation.severity else "cancel"
    badge = deviation.severity is Severity.SUPERVISOR
    if name == "lot_for_other":
        return "other_or_badge" if badge else "other_or_ok"
    fetch = deviation.name in _FETCHED and facts["fetch_lot"] not in {"", facts.get("lot")}
    if not fetch:
        return _overriding(deviation.name) if badge else "ok_or_cancel"
    place = "_at" if facts["fetch_place"] else ""
    return f"fetch{place}_or_badge" if badge else f"fetch{place}_or_ok"


def _overriding(name: str) -> str:
    if name.startswith("reversal"):
        return "supervisor_or_cancel"
    return "happened_or_cancel" if name in _HAPPENED else "badge_or_cancel"


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
        if accepted and SELF_APPROVED in by:
            accepted += (by[SELF_APPROVED],)
        events.append(stamped(event, accepted=accepted) if accepted else event)
    note = next((one for one in every if one.severity is Severity.NOTE), None)
    notice = proposal.notice
    if note is not None and notice.kind in {"ok", "note"}:
        word = told(note)
        notice = Notice("note", word.text, {**notice.facts, **word.facts}, notice.next)
    return Turn(replace(proposal.dialog, asking=None), tuple(events), notice)


def _unique(deviations: Sequence[Deviation]) -> tuple[Deviation, ...]:
    return tuple({one.name: one for one in deviations}.values())
