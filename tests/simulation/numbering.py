"""The home of a station's label numbers: it uses what was granted to its origin, and wants more."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from sync.domain.events import Event, HelpCalled, NumbersGranted
from sync.domain.numbers import highest_of, left_of, next_of, ranges_of
from sync.wire import Unknown, decode
from tests.simulation.auditor import asked

KIND: Final = "label"
LEFT_MIN: Final = 2
WANTED: Final = 4
_MENTION: Final = (
    "SELECT body FROM event WHERE instr(body, '\"NumbersGranted\"') OR instr(body, '\"label ')"
)


class Numbering:
    """What a journal says of number ranges; a start reads it again, news are heard."""

    def __init__(self, path: Path) -> None:
        self._granted: dict[str, NumbersGranted] = {}
        self._used: dict[str, set[int]] = {}
        self.heard(decode(row[0]).event for row in asked(path, _MENTION))

    def heard(self, events: Iterable[Event | Unknown]) -> None:
        """Grants, and numbers that were used."""
        for event in events:
            if isinstance(event, NumbersGranted):
                self._granted[event.id] = event
            elif isinstance(event, HelpCalled) and event.reason:
                _, origin, number = event.reason.split()
                self._used.setdefault(origin, set()).add(int(number))

    def next_use(self, origin: str) -> str:
        """The text of an event that uses the next number; nothing where none is left."""
        number = next_of(self._ranges(origin), self._used.get(origin, ()))
        return "" if number is None else f"{KIND} {origin} {number}"

    def told(self, origin: str) -> tuple[dict[str, int], dict[str, int]]:
        """The highest number granted, and how many are wanted, as a push tells them."""
        left = left_of(self._ranges(origin), self._used.get(origin, ()))
        wanted = {KIND: WANTED} if left < LEFT_MIN else {}
        return highest_of(self._granted.values()), wanted

    def _ranges(self, origin: str) -> tuple[tuple[int, int], ...]:
        return ranges_of(self._granted.values(), origin, KIND)
