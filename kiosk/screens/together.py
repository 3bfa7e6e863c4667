"""Who works on what at this station, and how their time is shared between several orders."""

from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.dialog.handover_state import jobs
from kiosk.dialog.people import joins_here, name_of
from kiosk.screens.choices import Label
from kiosk.screens.text import plain
from sync.domain.shop import Shop

ROOMY_COLUMNS: Final = 100  # in fewer only those are told who are on several orders
NAMED_PARTS_MAX: Final = 3


def together(dialog: Dialog, shop: Shop, label: Label, width: int) -> Content | None:
    """`Anna Berg: B-1 and B-2, half of the time each`; None where there is nothing to tell."""
    held = held_orders(dialog, shop)
    is_brief = width < ROOMY_COLUMNS
    told = [
        _told(name_of(shop, who), numbers, label, in_full=dialog.workplace.labour_in_full)
        for who, numbers in held.items()
        if len(numbers) > 1 or not is_brief
    ]
    if not told:
        return None
    return Content(plain(" · ".join(told))).truncate(width, ellipsis=True)


def held_orders(dialog: Dialog, shop: Shop) -> dict[str, tuple[str, ...]]:
    """Person → the orders at this station that run and that they joined; whoever acts first."""
    station = dialog.workplace.station
    held: dict[str, dict[str, None]] = {}
    for job in jobs(shop, station):
        for join in () if job.stands else joins_here(job.order, station):
            if join.operation == job.start.operation:
                held.setdefault(join.operator, {})[job.order.number] = None
    names = sorted(held, key=lambda who: (who != dialog.person, who))
    return {who: tuple(held[who]) for who in names}


def _told(name: str, numbers: tuple[str, ...], label: Label, *, in_full: bool) -> str:
    if len(numbers) == 1:
        return f"{name}: {numbers[0]}"
    joined = f"{', '.join(numbers[:-1])} {label('labour_and')} {numbers[-1]}"
    parts = len(numbers) if len(numbers) <= NAMED_PARTS_MAX else "n"
    share = label("labour_in_full" if in_full else f"labour_part_{parts}")
    return f"{name}: {joined}, {share}"
