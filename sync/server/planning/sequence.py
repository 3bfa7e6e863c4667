"""The home of the sequence in which orders are scheduled: by urgency, suppliers before who waits.

It is explained by three things that people know: priority, due date, order number.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from heapq import heapify, heappop, heappush
from typing import Protocol, TypeVar

Urgency = tuple[int, date, str]


class Waiting(Protocol):
    """What the sequence asks of an order: `after` names the orders that it waits for."""

    @property
    def order(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def due(self) -> date | None: ...
    @property
    def after(self) -> tuple[str, ...]: ...


Job = TypeVar("Job", bound=Waiting)


def in_sequence(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Orders by urgency, each behind those that it waits for.

    A circle of orders that wait for each other is opened at its most urgent one.
    """
    by_order = {job.order: job for job in jobs}
    suppliers = _suppliers(by_order)
    return tuple(by_order[order] for order in _sorted(suppliers, _inherited(by_order, suppliers)))


def suppliers_last(jobs: Iterable[Job]) -> tuple[Job, ...]:
    """Orders by urgency, each behind those that wait for it."""
    by_order = {job.order: job for job in jobs}
    suppliers = _suppliers(by_order)
    waiting = _turned(suppliers)
    return tuple(by_order[order] for order in _sorted(waiting, _inherited(by_order, suppliers)))


def urgency_of(job: Waiting) -> Urgency:
    """What orders are sorted by: priority, due date, number; without a due date last."""
    return job.priority, job.due or date.max, job.order


def _suppliers(jobs: Mapping[str, Waiting]) -> dict[str, set[str]]:
    """Whom each order waits for, as far as they are known."""
    return {
        order: {one for one in job.after if one in jobs and one != order}
        for order, job in jobs.items()
    }


def _turned(links: Mapping[str, set[str]]) -> dict[str, set[str]]:
    turned: dict[str, set[str]] = {order: set() for order in links}
    for order, others in links.items():
        for other in others:
            turned[other].add(order)
    return turned


def _inherited(
    jobs: Mapping[str, Waiting], suppliers: Mapping[str, set[str]]
) -> dict[str, tuple[Urgency, Urgency]]:
    """Urgency by order: that of the most urgent order that waits for it, then its own."""
    own = {order: urgency_of(job) for order, job in jobs.items()}
    waiting = [(urgency, order) for order, urgency in own.items()]
    heapify(waiting)
    found: dict[str, tuple[Urgency, Urgency]] = {}
    while waiting:
        urgency, order = heappop(waiting)
        if order not in found:
            found[order] = urgency, own[order]
            for supplier in suppliers[order]:
                heappush(waiting, (urgency, supplier))
    return found


def _sorted(
    before: Mapping[str, set[str]], urgency: Mapping[str, tuple[Urgency, Urgency]]
) -> list[str]:
    """By urgency, each behind all that are `before` it."""
    lacking = {order: set(others) for order, others in before.items()}
    behind = _turned(before)
    ready = [(urgency[order], order) for order, others in lacking.items() if not others]
    heapify(ready)
    done: list[str] = []
    while lacking:
        order = heappop(ready)[1] if ready else min(lacking, key=lambda one: urgency[one])
        if order not in lacking:
            continue
        del lacking[order]
        done.append(order)
        for other in behind[order]:
            others = lacking.get(other)
            if others is None:
                continue
            others.discard(order)
            if not others:
                heappush(ready, (urgency[other], other))
    return done
