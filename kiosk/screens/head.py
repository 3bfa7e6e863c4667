"""The head: one line with station, person, sources, printers, the way to the server, the clock."""

from rich.cells import cell_len
from textual.content import Content

from kiosk.dialog import Dialog
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import Around, Link
from kiosk.screens.text import fit, plain
from sync.domain.shop import Shop

SEPARATOR = " │ "
SOURCE_CHARS_MAX = 14
WHY_CHARS_MAX = 28


def head(dialog: Dialog, shop: Shop, around: Around, width: int) -> Content:
    """The head in `width` cells; the way to the server gives way last."""
    left = SEPARATOR.join(
        part
        for part in (
            f" {plain(around.station) or 'NOT ENROLLED'}",
            person(dialog, shop) if around.is_enrolled else "",
            "  ".join(source(one) for one in around.sources),
            "  ".join(filter(None, (printer(one) for one in around.printers))),
        )
        if part
    )
    clock = f"{around.now:%H:%M:%S} "
    right = SEPARATOR.join(part for part in (link(around.link), clock) if part)
    room = max(0, width - cell_len(right) - len(SEPARATOR))
    return Content(fit(fit(left, room) + SEPARATOR + right, width))


def person(dialog: Dialog, shop: Shop) -> str:
    """Who is signed in, by name."""
    if not dialog.person:
        return "nobody signed in"
    known = shop.operators.get(dialog.person)
    return plain(known.name if known else dialog.person)


def source(state: SourceState) -> str:
    """A scanner's sign of life and its name."""
    name = fit(state.source.rsplit("/", 1)[-1], SOURCE_CHARS_MAX).rstrip()
    return f"{'●' if state.up else '✖'} {name}"


def printer(state: PrintState) -> str:
    """What a printer does; nothing while it rests."""
    what = {
        "printing": "printing",
        "waiting": "waits",
        "doubt": "look at label",
    }.get(state.state)
    queue = f" +{state.queued}" if state.queued else ""
    return f"{plain(state.printer)}: {what}{queue}" if what else ""


def link(state: Link) -> str:
    """The way to the server in words, with what waits."""
    waiting = f" · {state.waiting} waiting" if state.waiting else ""
    why = f": {fit(state.why, WHY_CHARS_MAX).rstrip()}" if state.why else ""
    match state.state:
        case "online":
            return f"online{waiting}"
        case "offline":
            since = f" since {state.since}" if state.since else ""
            return f"OFFLINE{since}{waiting}"
        case "refused":
            return f"REFUSED{why}{waiting}"
        case "stuck":
            return f"STUCK{why}{waiting}"
    return f"not connected yet{waiting}"


def is_alarm(state: Link) -> bool:
    """Whether the head has to catch the eye."""
    return state.state in ("offline", "refused", "stuck")
