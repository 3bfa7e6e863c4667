"""The selected label as a terminal shows it: drawn by a thread, so that no scan waits for it."""

import asyncio
from collections.abc import Callable
from typing import Final

from kiosk.dialog.printing import PRINTS, listed
from kiosk.printing.jobs import Values, values_of
from kiosk.screens.prints import PREVIEW_COLUMNS
from kiosk.station import Station
from labels import render
from labels.primitives import LabelError
from sync.domain.label_jobs import Job, labels_of

PREVIEW_DPI: Final = 203
LINES_MAX: Final = 100


class Previews:
    """Keeps the picture of one label; `changed` is called in the loop when there is another."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.lines: tuple[str, ...] = ()
        self._changed = changed
        self._key: tuple[str, str, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def look(self, station: Station) -> None:
        """Draw the selected label while its body is open, once."""
        if station.dialog.body != PRINTS:
            self._key, self.lines = None, ()
            return
        known = listed(station.dialog, station.shop)
        if not known:
            return
        told, label = known[min(station.dialog.selected, len(known) - 1)]
        key = (told.id, label.label, label.copies)
        if key == self._key:
            return
        self._key, self.lines = key, ()
        job = next(one for one in labels_of(station.shop, told) if one.label == label.label)
        copy = max(1, label.copies)
        values = values_of(station.shop, job, copy, lambda one: one.at)
        if values is not None:
            self._task = asyncio.create_task(self._draw(key, job, values))

    async def _draw(self, key: tuple[str, str, int], job: Job, values: Values) -> None:
        lines = await asyncio.to_thread(drawn, job.template, values)
        if key == self._key:
            self.lines = lines
            self._changed()


def drawn(template: str, values: Values) -> tuple[str, ...]:
    """The label as lines; where it cannot be made, why."""
    try:
        body = render.preview(template, values, PREVIEW_DPI, "text", columns=PREVIEW_COLUMNS)
    except LabelError as fault:
        return (str(fault),)
    return tuple(body.decode().splitlines()[:LINES_MAX])
