"""Histories of the production journal, client and server under one seed each, audited."""

import time
from collections.abc import Iterable

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.kept_seeds import KEPT
from tests.simulation.runs import played
from tests.simulation.world import Told, history

FEW = 30
MANY = 500
MANY_SECONDS_MAX = 180.0
BUG_SEEDS_MAX = 500


def broken(histories: Iterable[Told]) -> list[str]:
    """What went wrong, with how to see it again."""
    return [
        f"{told.violation}\n  python -m tests.simulation --seeds 1 --first {told.seed} --verbose"
        for told in histories
        if told.violation
    ]


@pytest.mark.parametrize("seed", KEPT)
def test_a_seed_that_once_failed(seed: int) -> None:
    assert broken([history(seed)]) == []


def test_every_recorded_event_once_and_everywhere() -> None:
    assert broken(played(range(1_000, 1_000 + FEW))) == []


def test_one_seed_is_one_history() -> None:
    told = [[history(seed) for seed in (3, 4)] for _ in range(2)]
    assert told[0] == told[1]
    assert len({one.digest for one in told[0]}) == 2


@pytest.mark.long
def test_many_histories_in_three_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    histories = list(played(range(MANY)))
    seconds = time.monotonic() - began
    with capsys.disabled():
        events = sum(told.recorded for told in histories)
        print(f"\n{MANY} histories, {events} events, {seconds:.0f} s")
    assert broken(histories) == []
    assert seconds < MANY_SECONDS_MAX


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS)
def test_a_deliberate_bug_is_caught(bug: str, capsys: pytest.CaptureFixture[str]) -> None:
    for told in played(range(BUG_SEEDS_MAX), bug, 1):
        if told.violation:
            with capsys.disabled():
                print(f"\n{bug}: seed {told.seed}: {told.violation[:120]}")
            return
    pytest.fail(f"{bug} is not caught within {BUG_SEEDS_MAX} histories")
