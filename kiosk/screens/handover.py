"""The handover: each open order with its answer, what else the next shift inherits, who signed."""

from collections.abc import Iterator
from typing import Final

from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.dialog.handover_state import Job, asked, jobs
from kiosk.dialog.labels_open import OpenLabel, labels_open
from kiosk.dialog.people import name_of
from kiosk.dialog.steps import clock_text
from kiosk.screens.around import Around, Link
from kiosk.screens.choices import Label
from kiosk.screens.text import (
    FAINT,
    MARKED,
    STRONG,
    Column,
    amount,
    columns,
    hour_of,
    line,
    page,
    plain,
)
from kiosk.texts.forms import Forms
from sync.domain.events import Event
from sync.domain.shop import Shop

NUMBERS_SHOWN_MAX: Final = 6


def handover(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, rows: int
) -> Content:
    """The open handover in `width` × `rows` cells; the order that is asked about is in view."""
    below = [
        line((signatures(dialog, shop, label), STRONG)),
        *(Content(plain(told)) for told in inherited(dialog, shop, around, label)),
    ]
    below = [one.truncate(width, ellipsis=True) for one in below]
    room = max(2, rows - len(below))
    top = list(_jobs(dialog, shop, around, label, width, room))
    return page([*top, *below])


def signatures(dialog: Dialog, shop: Shop, label: Label) -> str:
    """Who gives and who takes, and who of them has signed."""
    handover_open = dialog.handover
    signed, open_word = f"✔ {label('handover_signed')}", label("handover_unsigned")
    is_signed = handover_open is not None and handover_open.is_signed
    successor = handover_open.successor if handover_open is not None else ""
    giver = f"{label('handover_giver')}: {name_of(shop, dialog.person)}"
    taker = f"{label('handover_successor')}: {name_of(shop, successor) if successor else '–'}"
    return (
        f"{giver} {signed if is_signed else open_word} · "
        f"{taker} {signed if successor else open_word}"
    )


def inherited(dialog: Dialog, shop: Shop, around: Around, label: Label) -> Iterator[str]:
    """Events that wait, labels, stops and calls: one line each; nothing of a kind is told too."""
    yield unsent(around.link, label)
    found = labels_open(shop, dialog.workplace.station)
    yield _labels(found, label)
    yield _stops(dialog, shop, around, label)
    yield _calls(dialog, shop, around, label)


def unsent(link: Link, label: Label) -> str:
    """How many events the server does not have yet."""
    told = f"{link.waiting} {label('handover_waiting')}" if link.waiting else label("handover_sent")
    return f"{label('handover_events')}: {told}"


def _labels(found: tuple[OpenLabel, ...], label: Label) -> str:
    parts = []
    for state in ("unprinted", "doubt", "outstanding"):
        numbers = [f"{one.label} ({one.order})" for one in found if one.state == state]
        if numbers:
            more = len(numbers) - NUMBERS_SHOWN_MAX
            shown = ", ".join(numbers[:NUMBERS_SHOWN_MAX]) + (f" +{more}" if more > 0 else "")
            parts.append(f"{len(numbers)} {label(f'label_{state}')}: {shown}")
    return f"{label('handover_labels')}: {' · '.join(parts) or label('handover_none')}"


def _stops(dialog: Dialog, shop: Shop, around: Around, label: Label) -> str:
    stops = [shop.down(center) for center in dialog.workplace.work_centers]
    told = [
        _since(around, label, stop, stop.work_center, stop.reason, shop)
        for stop in stops
        if stop is not None
    ]
    return f"{label('handover_stops')}: {' · '.join(told) or label('handover_none')}"


def _calls(dialog: Dialog, shop: Shop, around: Around, label: Label) -> str:
    calls = shop.calls(dialog.workplace.work_centers)
    told = [_since(around, label, one, one.work_center, one.reason, shop) for one in calls]
    return f"{label('handover_calls')}: {' · '.join(told) or label('handover_none')}"


def _since(around: Around, label: Label, event: Event, center: str, reason: str, shop: Shop) -> str:
    known, place = shop.reasons.get(reason), shop.work_centers.get(center)
    since = f"{label('handover_since')} {hour_of(around.time_of(event))}"
    name = place.name if place is not None and place.name else center
    why = f", {known.text if known is not None else reason}" if reason else ""
    return f"{name} {since}{why}"


def _jobs(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int, room: int
) -> Iterator[Content]:
    """The open orders with their answers; those with none come first where not all fit."""
    rows = _rows(dialog, shop, around, label)
    if not rows:
        yield line((label("handover_no_orders"), STRONG))
        return
    table = _table(label)
    heads = [column.head for column in table]
    if room > len(rows):
        yield Content.styled(columns(table, heads, width), FAINT)
        room -= 1
    if len(rows) > room:
        rows = sorted(rows, key=lambda one: one[0] == FAINT)
    shown = rows if len(rows) <= room else rows[: max(1, room - 1)]
    for style, cells in shown:
        yield Content.styled(columns(table, cells, width), style)
    if len(shown) < len(rows):
        yield Content.styled(f"+{len(rows) - len(shown)}", FAINT)


def _table(label: Label) -> tuple[Column, ...]:
    return (
        Column("", 1),
        Column(label("order"), 8, 1),
        Column(label("product"), 16, 3),
        Column(label("handover_good"), 18, 1, "right"),
        Column(label("handover_state"), 14, 1),
        Column(label("handover_answer"), 13, 1),
    )


def _rows(dialog: Dialog, shop: Shop, around: Around, label: Label) -> list[tuple[str, list[str]]]:
    """Style and cells of each order; what was counted to its end stands there too."""
    now = asked(dialog, shop)
    answers = dialog.handover.answers if dialog.handover is not None else ()
    told = {one.start: one.told for one in answers}
    here = jobs(shop, dialog.workplace.station)
    rows = []
    for job in here:
        is_now = now is not None and job.start.id == now.start.id
        answer = told.get(job.start.id, "")
        style = MARKED if is_now else FAINT if answer else STRONG
        cells = [*_job_cells(job, around, label), _answer(answer, label, around.forms)]
        rows.append((style, ["▶" if is_now else "", *cells]))
    open_starts = {job.start.id for job in here}
    for one in answers:
        if one.start not in open_starts:
            state = label("handover_finished")
            answered = _answer(one.told, label, around.forms)
            rows.append((FAINT, ["", one.order, "", "", state, answered]))
    return rows


def _job_cells(job: Job, around: Around, label: Label) -> list[str]:
    order = job.order
    release = order.release
    good = amount(order.good_at(job.start.operation), "", around.forms)
    state = label("paused" if job.stands else "running")
    return [
        order.number,
        release.name if release is not None else order.material,
        f"{good} / {amount(order.planned, order.unit, around.forms)}",
        f"{state} {clock_text(around.seconds_since(job.start))}",
    ]


def _answer(told: str, label: Label, forms: Forms) -> str:
    if told in {"keep", "pause"}:
        return f"✔ {label(f'handover_{told}')}"
    return f"✔ {forms.told(told)}" if told else "?"
