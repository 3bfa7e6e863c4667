"""The head: one line with station, person, sources, printers, the way to the server, the clock."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from kiosk.correction import Sign
from kiosk.dialog import Dialog
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import Around, Link
from kiosk.screens.text import fit, plain
from sync.domain.shop import Shop

SEPARATOR = " │ "
SOURCE_CHARS_MAX = 14
PERSON_CHARS_MAX = 14
WHY_CHARS_MAX = 28
PRINTER_SAYS = {
    "printing": ("●", "printing"),
    "waiting": ("✖", "waits"),
    "doubt": ("▲", "look at label"),
}
CLOCK_SIGNS: Final[Mapping[Sign, str]] = {"": "", "off": "▲ ", "unknown": "~"}


def head(dialog: Dialog, shop: Shop, around: Around, width: int) -> Content:
    """The head in `width` cells: all by name where that fits, else what is well is counted."""
    sign = CLOCK_SIGNS[around.clock]
    left, right = _left(dialog, shop, around), f"{sign}{around.now:%H:%M:%S} "
    right = f"{link(around.link)}{SEPARATOR}{right}"
    if cell_len(left) + len(SEPARATOR) + cell_len(right) > width:
        left = _left(dialog, shop, around, brief=True)
        right = f"{link(around.link).replace(' since', '')}{SEPARATOR}{sign}{around.now:%H:%M} "
    room = max(0, width - cell_len(right) - len(SEPARATOR))
    return Content(fit(fit(left, room) + SEPARATOR + right, width))


def _left(dialog: Dialog, shop: Shop, around: Around, *, brief: bool = False) -> str:
    devices = (sources(around.sources, brief), printers(around.printers, brief))
    parts = (
        f" {plain(around.station) or 'NOT ENROLLED'}",
        people(dialog, shop, brief) if around.is_enrolled else "",
        ("  " if brief else SEPARATOR).join(filter(None, devices)),
    )
    return SEPARATOR.join(filter(None, parts))


def people(dialog: Dialog, shop: Shop, brief: bool) -> str:
    """Who is signed in, by name: first whoever acts."""
    if not dialog.person:
        return "nobody signed in"
    here = sorted(shop.signed_in(dialog.workplace.station))
    others = [who for who in here if who != dialog.person]
    names = [_name(shop, who) for who in (dialog.person, *others)]
    if not brief:
        return ", ".join(names)
    first = fit(names[0], PERSON_CHARS_MAX).rstrip()
    return f"{first} +{len(others)}" if others else first


def _name(shop: Shop, who: str) -> str:
    known = shop.operators.get(who)
    return plain(known.name if known else who)


def sources(states: Sequence[SourceState], brief: bool) -> str:
    """The scanners' signs of life; in brief those that are well are one sign."""
    if not brief:
        return "  ".join(source(one) for one in states)
    down = [source(one) for one in states if not one.up]
    return "  ".join([*down, "● scan"] if len(down) < len(states) else down)


def source(state: SourceState) -> str:
    """A scanner's sign of life and its name."""
    name = fit(state.source.rsplit("/", 1)[-1], SOURCE_CHARS_MAX).rstrip()
    return f"{'●' if state.up else '✖'} {name}"


def printers(states: Sequence[PrintState], brief: bool) -> str:
    """The printers' signs of life; in brief those that have nothing to tell are one sign."""
    if not brief:
        return "  ".join(printer(one) for one in states)
    told = [printer(one).partition(":")[0] for one in states if one.state in PRINTER_SAYS]
    return "  ".join([*told, "● print"] if len(told) < len(states) else told)


def printer(state: PrintState) -> str:
    """A printer's sign of life, its name, and what it does while it does not rest."""
    sign, what = PRINTER_SAYS.get(state.state, ("●", ""))
    queue = f" +{state.queued}" if state.queued else ""
    name = fit(state.printer, SOURCE_CHARS_MAX).rstrip()
    return f"{sign} {name}: {what}{queue}" if what else f"{sign} {name}"


def link(state: Link) -> str:
    """The way to the server in words, with what waits there and what needs review."""
    waiting = f" · {state.waiting} waiting" if state.waiting else ""
    if state.reviews:
        waiting += f" · ▲ {len(state.reviews)} to review"
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
