"""A station whose disk fails now and then: `… FOLDER ACTS`. It works once it is sent a line.

Says a line for each act: the ids that are on disk, or REFUSED and why.
"""

import sys
from pathlib import Path

import uuid_utils

from kiosk.clock import Clock
from kiosk.journal import Journal
from kiosk.journal.errors import JournalError
from tests.faults.recorded_station import READY, act, say

REFUSED = "REFUSED"


def main() -> None:
    folder, acts = Path(sys.argv[1]), int(sys.argv[2])
    journal = Journal.open(
        folder, station="MIX-1", clock=Clock(), new_id=lambda: str(uuid_utils.uuid7())
    )
    say(READY)
    sys.stdin.readline()
    for number in range(1, acts + 1):
        try:
            records = journal.append(act(number)).result()
        except JournalError as fault:
            say(f"{REFUSED} {type(fault).__name__} {fault}")
        else:
            say(" ".join(record.id for record in records))
    journal.close()


if __name__ == "__main__":
    main()
