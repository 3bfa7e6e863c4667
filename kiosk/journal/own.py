"""The home of what was born in this journal itself, and not heard from the server.

A station whose journal was restored hears its own lost events again. They are facts, but what
follows an act, such as its label, was done when it was new.
"""

from collections.abc import Iterator

from kiosk.journal.station import Journal
from sync.domain.events import Event
from sync.wire import Unknown

# From the newest place back: what is asked for is mostly new, and places have no index by id.
_PLACED = (
    "SELECT 1 FROM place WHERE origin = (SELECT value FROM meta WHERE name = 'origin') AND id = ?"
    " ORDER BY seq DESC LIMIT 1"
)


def own_events(
    journal: Journal, after_local: int, *kinds: type[Event]
) -> Iterator[tuple[int, Event | None]]:
    """(local, event) after a `local`; None for what is not of these kinds or was born elsewhere."""
    for local, record in journal.replay(after_local):
        event = record.event
        known = event if not isinstance(event, Unknown) and isinstance(event, kinds) else None
        is_here = known is not None and known.station == journal.station
        yield local, known if is_here and is_own(journal, record.id) else None


def is_own(journal: Journal, event_id: str) -> bool:
    """Whether an event has a place in the chain of this journal."""
    with journal.readers.reading() as connection:
        return connection.execute(_PLACED, (event_id,)).fetchone() is not None
