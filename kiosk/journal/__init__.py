"""The home of the station's log: `Journal`, and what can go wrong with it.

`station` holds the Journal itself, `writer` the one thread that writes, `store` the transactions,
`queries` the questions, `files` the file and its lock, `migrations` the schema, `image` the folded
cache, `audit` the proof.
"""

from kiosk.journal.errors import (
    JournalClosed,
    JournalDamaged,
    JournalError,
    JournalFault,
    JournalFull,
    JournalLocked,
    JournalNewer,
    JournalUnsafe,
)
from kiosk.journal.station import Journal

__all__ = [
    "Journal",
    "JournalClosed",
    "JournalDamaged",
    "JournalError",
    "JournalFault",
    "JournalFull",
    "JournalLocked",
    "JournalNewer",
    "JournalUnsafe",
]
