"""A station at work on its journal, for a recorder of system calls: `… FOLDER ACTS`.

It says on standard output what the operator would see: a line of ids, one for each event of an act,
after the act is on disk.
"""

import os
import sys
from pathlib import Path

import uuid_utils

from kiosk.clock import Clock
from kiosk.journal import Journal
from sync.domain.events import Event, MaterialConsumed, OperationReported, OperatorSignedIn
from sync.domain.quantity import Quantity
from sync.wire import FeedMark, Mark, chain, chain_start, encode

PAGE_EVENTS = 40
READY = "READY"


def act(number: int) -> list[Event]:
    """One to three events, as scans make them."""
    lot = f"L-{number}"
    consumed = MaterialConsumed(
        order="P-1", operation="10", material="WHEAT", lot=lot, quantity=Quantity("25", "KGM")
    )
    done = OperationReported(order="P-1", operation="10", good=Quantity("1", "C62"))
    kinds: list[list[Event]] = [
        [consumed],
        [OperatorSignedIn(operator="anna"), consumed],
        [consumed, done, OperatorSignedIn(operator="b" * 100)],
    ]
    return kinds[number % 3]


def page(number: int) -> list[bytes]:
    """What the office says meanwhile."""
    made = (
        OperatorSignedIn(id=str(uuid_utils.uuid7()), n=number + n, station="office", operator="o")
        for n in range(PAGE_EVENTS)
    )
    return [encode(event) for event in made]


def work(folder: Path, acts: range, digests: list[bytes]) -> None:
    """Open, act, hear the office, have some acknowledged, close."""
    journal = Journal.open(
        folder, station="MIX-1", clock=Clock(), new_id=lambda: str(uuid_utils.uuid7())
    )
    if not digests:
        digests.append(chain_start(journal.origin))
        say(READY)
    for number in acts:
        records = journal.append(act(number), {"dialog": b"x" * number}).result()
        say(" ".join(record.id for record in records))
        for record in records:
            digests.append(chain(digests[-1], record.body))
        if number % 7 == 0:
            journal.acknowledge(Mark(len(digests) // 2, digests[len(digests) // 2].hex()))
            journal.move_mark("printed", number).result()
        if number % 25 == 0:
            journal.absorb(page(number), FeedMark("one", number, f"{number:064x}")).result()
    journal.close()


def say(line: str) -> None:
    """In one system call, for the recorder."""
    os.write(1, f"{line}\n".encode())


def main() -> None:
    folder, acts = Path(sys.argv[1]), int(sys.argv[2])
    digests: list[bytes] = []
    half = acts // 2
    work(folder, range(1, half), digests)
    work(folder, range(half, acts + 1), digests)


if __name__ == "__main__":
    main()
