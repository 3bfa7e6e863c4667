"""The home of seeds that are known for something: each is played again by every run.

`KEPT` once broke a promise. `CAUGHT` tells of each deliberate bug a seed whose history shows it.
"""

from typing import Final

KEPT: Final[tuple[int, ...]] = (12, 20, 39, 74, 1421, 2044)
CAUGHT: Final[dict[str, int]] = {
    "acknowledge-before-commit": 4,
    "unconfirmable-have-accepted": 12,
    "cursor-never-backwards": 3,
    "fork-keeps-its-origin": 5,
    "fork-makes-new-ids": 3,
    "dedupe-by-origin-and-seq": 3,
    "head-moved-outside-the-transaction": 4,
    "page-and-mark-in-two-transactions": 5,
    "position-taken-before-other-work": 0,
    "quarantine-stops-the-batch": 0,
    "gap-not-recorded": 15,
    "retention-beyond-safe": 3,
}
