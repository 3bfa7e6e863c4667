"""The current order: what is made, how far it is, what goes in and where that lies."""

from collections.abc import Iterator
from dataclasses import replace

from textual.content import Content

from kiosk.dialog import Dialog, done_quantity, open_note, open_steps, stops_here
from kiosk.dialog import current as current_of
from kiosk.dialog.steps import Current, clock_text
from kiosk.screens.around import Around
from kiosk.screens.text import (
    FAINT,
    MARKED,
    STRONG,
    Column,
    Label,
    amount,
    columns,
    day_of,
    fit,
    header,
    line,
    page,
    plain,
    short_day,
    two_sides,
)
from sync.domain.needs import LineState
from sync.domain.order import Order
from sync.domain.quantity import shown
from sync.domain.rules_base import is_expired, material_name
from sync.domain.shop import Shop

TABLE = (
    Column("material", 16, 3),
    Column("need", 9, 1, "right"),
    Column("consumed", 7, 1, "right"),
    Column("left", 9, 1, "right"),
    Column("fetch", 26, 4),
)
NOTE_STYLE = "$note-ink on $note"


def order(
    dialog: Dialog, shop: Shop, around: Around, width: int, rows: int, label: Label
) -> Content:
    """The body of the current order in `width` × `rows` cells; open lines come first in a pinch."""
    here = current_of(dialog, shop)
    if here is None:
        return page([line((label("order_none"), STRONG))])
    current = here.order
    top = [
        title(current, around, width, label),
        *note(dialog, shop, width, label),
        *review(current, around, width, label),
        *progress(here, dialog, shop, around, width, label),
    ]
    below = list(running(current, dialog, shop, around, width, label))
    room = max(2, rows - len(top) - len(below))
    return page([*top, *materials(here, shop, around, width, room, label), *below])


def title(current: Order, around: Around, width: int, label: Label) -> Content:
    """Number, product, done of planned, what was put aside, due."""
    release = current.release
    product = release.name if release else current.material or label("released_offline")
    forms = around.forms
    good = amount(current.good_total, "", forms)
    done = label("order_done", good=good, planned=amount(current.planned, current.unit, forms))
    if current.scrap_total:
        done += f", {label('order_scrap', scrap=amount(current.scrap_total, '', forms))}"
    if current.held_total:
        done += f", {amount(current.held_total, '', forms)} {label('on_hold')}"
    if current.rework_total:
        done += f", {amount(current.rework_total, '', forms)} {label('rework')}"
    day = day_of(current.due, around.now.date(), forms) if current.due else ""
    due = f" · {label('order_due', day=day)}" if day else ""
    left = f"{current.number}  {product}"
    return Content.styled(two_sides(left, done + due, width), STRONG)


def note(dialog: Dialog, shop: Shop, width: int, label: Label) -> Iterator[Content]:
    """The office's note, until it is confirmed with OK."""
    told = open_note(dialog, shop)
    if told:
        yield _with_hint(told, "order_note", label, width)


def review(current: Order, around: Around, width: int, label: Label) -> Iterator[Content]:
    """Why the office has to look at what was booked here."""
    why = around.reviewed.get(current.number)
    if why is not None:
        yield _with_hint(why or label("order_review_bare"), "order_review", label, width)


def _with_hint(told: str, key: str, label: Label, width: int) -> Content:
    """A line that gives way to its end, which says what to do about it."""
    whole = two_sides(f" {label(key, told=told)}", f"{label(f'{key}_hint')} ", width)
    return Content.styled(fit(whole, width), NOTE_STYLE)


def progress(
    here: Current, dialog: Dialog, shop: Shop, around: Around, width: int, label: Label
) -> Iterator[Content]:
    """Operations, and what DONE would report: in one line where both fit."""
    steps = operations(here, around)
    told = Content.styled(ahead(here, dialog, shop, around, label), STRONG)
    gap = width - steps.cell_length - told.cell_length
    if gap > 0:
        yield steps + Content(" " * gap) + told
    else:
        yield steps.truncate(width, ellipsis=True)
        yield told.truncate(width, ellipsis=True)


def operations(here: Current, around: Around) -> Content:
    """All operations in one line: ended, current, to come, each with its good count."""
    parts: list[tuple[str, str]] = []
    for one in here.order.operations:
        current = one.operation == here.operation
        ended = here.order.is_ended(one.operation)
        good = here.order.good_at(one.operation)
        count = f" {amount(good, '', around.forms)}" if good and not ended else ""
        sign = "✔ " if ended else "▶ " if current else ""
        style = MARKED if current else FAINT if ended else ""
        parts += [(f" {sign}{one.operation} {one.name}{count} ", style), (" ", "")]
    return line(*parts[:-1])


def ahead(here: Current, dialog: Dialog, shop: Shop, around: Around, label: Label) -> str:
    """The step that is to be confirmed, what waits for DONE, and what DONE would report."""
    told = [label("order_step", step=step) for step in open_steps(here)[:1]]
    if stops_here(dialog, shop):
        told.append(label("stopped"))
    elif here.pause is not None:
        told.append(label("paused"))
    elif here.in_setup and here.start is not None:
        clock = clock_text(around.seconds_since(here.start))
        told.append(f"{label('setup')} {clock} {label('hours_of')} {here.setup_planned}")
    elif here.start is not None and dialog.person is None:
        told.append(label("order_alone"))
    forms = around.forms
    unit = forms.unit(shown(here.order.unit))
    told += [
        label("order_scrap_waits", amount=f"{forms.number(one.amount) or '?'} {unit}")
        for one in dialog.scrap
    ]
    if dialog.serials:
        told.append(label("order_serials_wait", count=len(dialog.serials)))
    rework = here.order.rework_at(here.operation)
    if rework:
        told.append(f"{label('rework')} {amount(rework, here.order.unit, forms)}")
    done = done_quantity(dialog, shop)
    if done:
        told.append(f"{label('done_equals')} {forms.told(done)}")
    return plain(" · ".join(told))


def materials(
    here: Current, shop: Shop, around: Around, width: int, room: int, label: Label
) -> Iterator[Content]:
    """The lines of this operation; where they do not all fit, those with need left come first.

    Where there is room, what may be taken instead stands below the line that allows it.
    """
    lines = here.order.lines(here.operation)
    if not lines:
        yield line((label("order_nothing_in"), FAINT))
        return
    seen = list(lines)
    if len(lines) != room:  # where just the lines fit, they need no heads
        yield header([replace(one, head=label(one.head)) for one in TABLE], width)
        room -= 1
    if len(lines) > room:
        seen = sorted(lines, key=lambda one: one.remaining == 0)[: max(1, room - 1)]
    spare = room - len(seen)
    for one in seen:
        style = STRONG if one.remaining else FAINT
        yield Content.styled(columns(TABLE, _cells(one, shop, around, label), width), style)
        instead = _substitutes(one, shop, around, label)[: max(0, spare)]
        spare -= len(instead)
        for text in instead:
            yield Content.styled(fit(text, width), FAINT)
    if len(seen) < len(lines):
        yield line((label("more_lines", count=len(lines) - len(seen)), FAINT))


def running(
    current: Order, dialog: Dialog, shop: Shop, around: Around, width: int, label: Label
) -> Iterator[Content]:
    """Other orders that run at this station, each with its clock."""
    station = dialog.workplace.station
    others = [one for one in shop.open_orders(station) if one.number != current.number]
    if not others:
        return
    clocks = []
    for one in others:
        starts = one.open_starts(station)
        start = starts[-1] if starts else None
        paused = start is not None and one.is_paused(start.id)
        state = label("also_paused" if paused else "also_running")
        clocks.append(
            f"{one.number} {state} {clock_text(around.seconds_since(start)) if start else ''}"
        )
    yield line(label("also", orders=" · ".join(clocks))).truncate(width, ellipsis=True)


def _cells(one: LineState, shop: Shop, around: Around, label: Label) -> list[str]:
    unit = one.line.quantity.unit
    return [
        one.line.name or one.line.material,
        amount(one.need, unit, around.forms),
        amount(one.issued, "", around.forms),
        amount(one.remaining, unit, around.forms) if one.remaining else "✔",
        _fetch(one, shop, around, label) if one.remaining else _lots(one),
    ]


def _fetch(one: LineState, shop: Shop, around: Around, label: Label) -> str:
    """Which lot to take next and where it lies: first expiry first."""
    if one.line.backflush:
        return label("with_done")
    first = _first_lot(one.line.material, one.line.place, shop, around, label)
    return first or one.line.place or label("no_stock")


def _first_lot(material: str, home: str, shop: Shop, around: Around, label: Label) -> str:
    """The lot of a material to use first, where it lies and its use-by day; empty: none known."""
    today = around.now.date()
    fresh = (lot for lot in shop.fefo(material) if not is_expired(lot.expiry, str(today)))
    lot = next(fresh, None)
    if lot is None:
        return ""
    place = next((where for where, micros in lot.places.items() if where and micros > 0), "")
    where = place or home
    use_by = f" · {short_day(lot.expiry, today, around.forms)}" if lot.expiry else ""
    return f"{label('lot_at', lot=lot.lot, place=where) if where else lot.lot}{use_by}"


def _substitutes(one: LineState, shop: Shop, around: Around, label: Label) -> list[str]:
    """What the order allows instead, each with its lot to use first."""
    if not one.remaining or one.line.backflush:
        return []
    found = []
    for material in one.line.substitutes:
        known = shop.materials.get(material)
        home = known.place if known is not None else ""
        lot = _first_lot(material, home, shop, around, label)
        name = material_name(shop, material)
        found.append(f"   {label('instead')} {name}{f': {lot}' if lot else ''}")
    return found


def _lots(one: LineState) -> str:
    return ", ".join(lot for lot, micros in one.lots.items() if micros > 0)
