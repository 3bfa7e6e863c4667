"""The head: one line with station, person, sources, printers, the way to the server, the clock."""

from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from kiosk.correction import Sign
from kiosk.dialog import Dialog
from kiosk.dialog.people import name_of
from kiosk.readers import PrintState
from kiosk.scanners import SourceState
from kiosk.screens.around import Around, Link
from kiosk.screens.text import Label, fit, plain
from sync.domain.shop import Shop

SEPARATOR = " │ "
SOURCE_CHARS_MAX = 14
PERSON_CHARS_MAX = 14
WHY_CHARS_MAX = 28
LABEL_CHARS_MAX = 8
# 0: all by name; 1: what is well is one sign; 2: it is left out; 3: what is not well is one sign
# for all of a kind, and words are short; 4: nobody is named.
BREVITY_MAX: Final = 4
PRINTER_SAYS: Final[Mapping[str, tuple[str, str]]] = {
    "printing": ("●", "head_printing"),
    "waiting": ("✖", "head_print_waits"),
    "doubt": ("▲", "head_print_doubt"),
}
CLOCK_SIGNS: Final[Mapping[Sign, str]] = {"": "", "off": "▲ ", "unknown": "~"}


def head(dialog: Dialog, shop: Shop, around: Around, label: Label, width: int) -> Content:
    """The head in `width` cells: all by name where that fits, else what is well gives way."""
    for brevity in range(BREVITY_MAX + 1):
        left = _left(dialog, shop, around, label, brevity)
        right = _right(around, label, brevity)
        if cell_len(left) + len(SEPARATOR) + cell_len(right) <= width:
            break
    room = max(0, width - cell_len(right) - len(SEPARATOR))
    return Content(fit(fit(left, room) + SEPARATOR + right, width))


def _left(dialog: Dialog, shop: Shop, around: Around, label: Label, brevity: int) -> str:
    devices = (
        sources(around.sources, label, brevity),
        printers(around.printers, label, brevity),
    )
    signed_in = around.is_enrolled and brevity < BREVITY_MAX
    parts = (
        f" {plain(around.station) or label('head_not_enrolled')}",
        people(dialog, shop, label, brief=brevity > 0) if signed_in else "",
        ("  " if brevity else SEPARATOR).join(filter(None, devices)),
    )
    return SEPARATOR.join(filter(None, parts))


def _right(around: Around, label: Label, brevity: int) -> str:
    """The server, the disk, the clock; a sign stays there until it is well."""
    sign = CLOCK_SIGNS[around.clock]
    now = f"{around.now:%H:%M}" if brevity else f"{around.now:%H:%M:%S}"
    off = f"{label('head_clock_off')} " if around.clock == "off" and not brevity else ""
    disk = label("head_disk_brief" if brevity else "head_disk_low")
    parts = (
        doubts(around.doubts, label),
        link(around.link, label, brevity),
        f"▲ {disk}" if around.is_disk_low else "",
        f"{off}{sign}{now} ",
    )
    return SEPARATOR.join(filter(None, parts))


def people(dialog: Dialog, shop: Shop, label: Label, *, brief: bool) -> str:
    """Who is signed in, by name: first whoever acts."""
    if not dialog.person:
        return label("head_nobody")
    here = sorted(shop.signed_in(dialog.workplace.station))
    others = [who for who in here if who != dialog.person]
    names = [plain(name_of(shop, who)) for who in (dialog.person, *others)]
    if not brief:
        return ", ".join(names)
    first = fit(names[0], PERSON_CHARS_MAX).rstrip()
    return f"{first} +{len(others)}" if others else first


def sources(states: Sequence[SourceState], label: Label, brevity: int) -> str:
    """The scanners' signs of life; in brief those that are well are one sign."""
    if not brevity:
        return "  ".join(source(one) for one in states)
    down = [source(one) for one in states if not one.up]
    if brevity > 2 and down:
        return f"✖ {label('head_scanners')}"
    return _with_well(down, len(states), label("head_scanners"), brevity)


def source(state: SourceState) -> str:
    """A scanner's sign of life and its name."""
    name = fit(state.source.rsplit("/", 1)[-1], SOURCE_CHARS_MAX).rstrip()
    return f"{'●' if state.up else '✖'} {name}"


def printers(states: Sequence[PrintState], label: Label, brevity: int) -> str:
    """The printers' signs of life; in brief those that have nothing to tell are one sign."""
    if not brevity:
        return "  ".join(printer(one, label) for one in states)
    told = [printer(one, label).partition(":")[0] for one in states if one.state in PRINTER_SAYS]
    if brevity > 2 and told:
        return f"{max(told)[:1]} {label('head_printers')}"
    return _with_well(told, len(states), label("head_printers"), brevity)


def _with_well(told: list[str], count: int, well: str, brevity: int) -> str:
    return "  ".join([*told, f"● {well}"] if len(told) < count and brevity < 2 else told)


def printer(state: PrintState, label: Label) -> str:
    """A printer's sign of life, its name, and what it does while it does not rest."""
    sign, key = PRINTER_SAYS.get(state.state, ("●", ""))
    queue = f" +{state.queued}" if state.queued else ""
    name = fit(state.printer, SOURCE_CHARS_MAX).rstrip()
    return f"{sign} {name}: {label(key)}{queue}" if key else f"{sign} {name}"


def link(state: Link, label: Label, brevity: int) -> str:
    """The way to the server in words, with what waits there and what needs review."""
    short = "_brief" if brevity > 2 else ""
    waiting = f" · {label(f'head_waiting{short}', count=state.waiting)}" if state.waiting else ""
    if state.reviews:
        waiting += f" · ▲ {label(f'head_to_review{short}', count=len(state.reviews))}"
    why = f": {fit(state.why, WHY_CHARS_MAX).rstrip()}" if state.why and not brevity else ""
    match state.state:
        case "offline" if state.since:
            key = "head_offline_brief" if brevity else "head_offline_since"
            return f"{label(key, since=state.since)}{waiting}"
        case "refused" | "stuck":
            return f"{label(f'head_{state.state}')}{why}{waiting}"
    return f"{label(f'head_{state.state}')}{waiting}"


def doubts(labels: Sequence[str], label: Label) -> str:
    """Labels of which nobody has said whether they came out."""
    if not labels:
        return ""
    several = label("head_doubts", count=len(labels))
    one = label("head_doubt", label=fit(labels[0], LABEL_CHARS_MAX).rstrip())
    return f"▲ {one if len(labels) == 1 else several}"


def is_alarm(around: Around) -> bool:
    """Whether the head has to catch the eye."""
    lost = around.link.state in ("offline", "refused", "stuck")
    return lost or around.is_disk_low or around.clock == "off"
