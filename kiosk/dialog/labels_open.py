"""Labels of a station as people look after them: all of its last acts, and those that are open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sync.domain.acts import read_key
from sync.domain.events import MaterialProduced, UnitClosed
from sync.domain.label_jobs import (
    CAME_NOT,
    CAME_OUT,
    Job,
    Told,
    copies_of,
    label_facts,
    label_told,
    labels_of,
    state_of,
)
from sync.domain.shop import Shop

ACTS_LOOKED_AT_MAX: Final = 1_000
LABELS_LISTED_MAX: Final = 200

State = Literal["unprinted", "requested", "doubt", "outstanding", "printed", "voided"]
_OPEN: Final = frozenset({"unprinted", "requested", "doubt", "outstanding"})
_ANSWERS: Final = frozenset({CAME_OUT, CAME_NOT})


@dataclass(frozen=True, slots=True)
class OpenLabel:
    """A label by its number at the station; "outstanding": its output was taken back.

    `of` is the event that it tells, `reason` why it was printed again or voided; `copies` came out
    or may have.
    """

    label: str
    order: str
    state: State
    of: str = ""
    lot: str = ""
    quantity: str = ""
    printer: str = ""
    reason: str = ""
    copies: int = 0


def labels_open(shop: Shop, station: str) -> tuple[OpenLabel, ...]:
    """What became of no label of a station's last acts, the oldest first."""
    keys = shop.act_keys.get(station, [])[-ACTS_LOOKED_AT_MAX:]
    acts = dict.fromkeys(read_key(key)[0] for key in keys)
    return tuple(one for act in acts for _, one in _of_act(shop, act) if _is_open(one))


def labels_made(shop: Shop, station: str) -> Iterator[tuple[Told, OpenLabel]]:
    """Every label of a station's last acts with what it tells, the newest first."""
    keys = shop.act_keys.get(station, [])[-ACTS_LOOKED_AT_MAX:]
    acts = dict.fromkeys(read_key(key)[0] for key in reversed(keys))
    for act in acts:
        yield from reversed(list(_of_act(shop, act)))


def label_listed(shop: Shop, event: Told, job: Job) -> OpenLabel | None:
    """One label as people know it; None: it never came out, and never will."""
    facts = label_facts(shop, job.of, job.label, job.order)
    state: State = state_of(facts)
    if event.act in shop.reversed and state != "voided":
        if state == "unprinted":
            return None
        state = "outstanding"
    told = [one for one in facts if getattr(one, "reason", "") not in _ANSWERS | {""}]
    return OpenLabel(
        job.label,
        job.order,
        state,
        of=job.of,
        lot=event.lot if isinstance(event, MaterialProduced) else "",
        quantity=label_told(shop, event, job.label)[1],
        printer=next((p for one in reversed(facts) if (p := getattr(one, "printer", ""))), ""),
        reason=getattr(told[-1], "reason", "") if told else "",
        copies=copies_of(facts),
    )


def _of_act(shop: Shop, act: str) -> Iterator[tuple[Told, OpenLabel]]:
    for event in shop.acts.get(act, ()):
        if not isinstance(event, MaterialProduced | UnitClosed):
            continue
        for job in labels_of(shop, event) if event.order in shop.orders else ():
            listed = label_listed(shop, event, job)
            if listed is not None:
                yield event, listed


def _is_open(label: OpenLabel) -> bool:
    return label.state in _OPEN
