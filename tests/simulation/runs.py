"""The home of many histories: played over all cores, in the order of their seeds."""

import logging
import os
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context

from tests.simulation.world import Told, history


def played(
    seeds: Sequence[int], bug: str = "", processes: int = 0, *, verbose: bool = False
) -> Iterator[Told]:
    """What came of each seed; `bug` is the name of a deliberate one."""
    play = partial(_play, bug=bug, verbose=verbose)
    count = min(processes or os.cpu_count() or 1, len(seeds))
    if verbose or count <= 1:
        yield from map(play, seeds)
        return
    with get_context("spawn").Pool(count) as pool:
        yield from pool.imap(play, seeds)


def _play(seed: int, *, bug: str, verbose: bool) -> Told:
    log = logging.getLogger("kiosk-server")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        return _told(seed, bug, verbose=verbose)
    finally:
        log.setLevel(level)


def _told(seed: int, bug: str, *, verbose: bool) -> Told:
    if not bug:
        return history(seed, verbose=verbose)
    from tests.simulation.bugs import BUGS

    with BUGS[bug]():
        return history(seed, verbose=verbose)
