"""The home of the station's log: `Journal`, and what can go wrong with it.

`station` holds the Journal itself, `writer` the one thread that writes, `store` the transactions,
`queries` the questions, `retention` what may be forgotten, `files` the file and its lock, `fitness`
whether it is healthy, `machine` whether it is a copy, `salvage` what is saved of a damaged one,
`ballast` the room for the last scans, `flushes` whether the disk tells the truth, `migrations` the
schema, `image` the folded cache, `audit` the proof.
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
from kiosk.journal.fitness import verify
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
    "verify",
]
