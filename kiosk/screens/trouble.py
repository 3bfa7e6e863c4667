"""What stands and who calls for help, with its clock, in every body of the work."""

from collections.abc import Iterator

from textual.content import Content

from kiosk.dialog import Dialog, calls_here, stops_here
from kiosk.dialog.steps import clock_text
from kiosk.screens.around import Around
from kiosk.screens.text import Label, fit, plain
from sync.domain.events import HelpCalled
from sync.domain.rules_repair import work_center_name
from sync.domain.shop import Shop

ALARM_STYLE = "$note-ink on $note"


def alarms(
    dialog: Dialog, shop: Shop, around: Around, label: Label, width: int
) -> Iterator[Content]:
    """A line for each stop of what is worked on here, and for each call of this station."""
    for stop in stops_here(dialog, shop):
        known = shop.reasons.get(stop.reason)
        why = known.text if known is not None else stop.reason
        told = f"{label('stopped')} {clock_text(around.seconds_since(stop))}"
        place = work_center_name(shop, stop.work_center)
        yield Content.styled(
            fit(f" {told}  {place}{f': {why}' if why else ''}", width), ALARM_STYLE
        )
    for call in calls_here(dialog, shop):
        told = f" {called(call, around, label)}  {label(f'call_{call.reason}')}"
        yield Content.styled(fit(told, width), ALARM_STYLE)


def alarm_tag(dialog: Dialog, shop: Shop, around: Around, label: Label) -> str:
    """What the band adds to every answer while help is waited for."""
    calls = calls_here(dialog, shop)
    return plain(called(calls[0], around, label)) if calls else ""


def called(call: HelpCalled, around: Around, label: Label) -> str:
    """`HELP CALLED 0:03`."""
    return f"{label('help_called')} {clock_text(around.seconds_since(call))}"
