"""Histories of the production journal, client and server under one seed each, audited."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.kept_seeds import CAUGHT, KEPT
from tests.simulation.places import sweep
from tests.simulation.runs import played
from tests.simulation.world import Told, history

FIRST = 1_000
MANY = (60, pytest.param(500, marks=pytest.mark.long))
HISTORY_SECONDS_MAX = 0.72
NEAR = 30
BUG_SEEDS_MAX = 500


def broken(histories: Iterable[Told]) -> list[str]:
    """What went wrong, with how to see it again."""
    return [
        f"{told.violation}\n  python -m tests.simulation --seeds 1 --first {told.seed} --verbose"
        for told in histories
        if told.violation
    ]


def told_of(seeds: Sequence[int], capsys: pytest.CaptureFixture[str]) -> list[Told]:
    """Play them, and say what it took."""
    histories = list(played(seeds))
    with capsys.disabled():
        events = sum(one.recorded for one in histories)
        seconds = sum(one.seconds for one in histories)
        print(f"\nseeds {seeds[0]} to {seeds[-1]}: {events} events, {seconds:.0f} CPU seconds")
    return histories


def first_caught(bug: str, seed: int, count: int) -> Told | None:
    """The first history from a seed on in which the auditor sees a bug."""
    histories = played(range(seed, seed + count), bug, 1)
    return next((told for told in histories if told.violation), None)


@pytest.mark.parametrize("seed", KEPT)
def test_a_seed_that_once_failed(seed: int) -> None:
    assert broken([history(seed)]) == []


@pytest.mark.parametrize("many", MANY)
def test_many_histories_in_little_time(many: int, capsys: pytest.CaptureFixture[str]) -> None:
    histories = told_of(range(FIRST, FIRST + many), capsys)
    assert broken(histories) == []
    assert sum(one.seconds for one in histories) < HISTORY_SECONDS_MAX * many


def test_one_seed_is_one_history() -> None:
    told = [[history(seed) for seed in (3, 4)] for _ in range(2)]
    assert told[0] == told[1]
    assert len({one.digest for one in told[0]}) == 2


@pytest.mark.parametrize(("bug", "seed"), CAUGHT.items())
def test_a_deliberate_bug_is_caught(bug: str, seed: int) -> None:
    caught = first_caught(bug, seed, NEAR)
    assert caught is not None, f"search anew: python -m tests.simulation --bug {bug}"
    assert broken([history(caught.seed)]) == []


def test_each_bug_has_its_seed() -> None:
    assert CAUGHT.keys() == BUGS.keys()
    assert all(seed < BUG_SEEDS_MAX for seed in CAUGHT.values())


def test_what_a_killed_run_left_is_swept_away(tmp_path: Path) -> None:
    gone = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(gone, 0)
    for name in (f"simulation-{gone}-abc", f"simulation-{os.getpid()}-abc", "simulation-other"):
        (tmp_path / name).mkdir()
    assert sweep(tmp_path) == [f"simulation-{gone}-abc"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.long
def test_any_number_of_histories(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    count, first = request.config.getoption("--simulation")
    assert broken(told_of(range(first, first + count), capsys)) == []


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS)
def test_a_deliberate_bug_is_found(bug: str, capsys: pytest.CaptureFixture[str]) -> None:
    caught = first_caught(bug, 0, BUG_SEEDS_MAX)
    assert caught is not None, f"not caught within {BUG_SEEDS_MAX} histories"
    with capsys.disabled():
        print(f"\n{bug}: seed {caught.seed}: {caught.violation[:120]}")
