"""Scans and keys per order: what the three sample shifts ask of a hand, and what for.

The shifts are played by the demo on real processes: codes at the scanner's cable, keys on the
terminal, the journal read after every answer. An order needs one scan of its traveller, one of
each container and one DONE: whatever is beyond containers + 2 is told with its cause. The badge
that signs a person in is counted once a shift. Then they are played by the scanner alone, each
number as digit codes. Goals: median 0 beyond containers + 2, no key in any order.
"""

import statistics
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Final

from kiosk.demo import script
from kiosk.demo.factory import FACTORIES, Factory
from kiosk.demo.player import Score
from kiosk.demo.processes import Options
from kiosk.demo.supervisor import Supervisor
from tests.bench.gauge import BenchError, goal, load, result, say, size_asked
from tests.bench.told_acts import Act, ToldPlayer, causes_of

FACTORY_NAMES: Final = ("bakery", "machining", "electronics")
WAYS: Final = {"small": ("scripted",), "full": ("scripted", "scanner_alone")}
BASE_SCANS: Final = 2
# What the goods, a person or the plan ask for: no screen can spare it.
ASKED_BY_THE_SHIFT: Final = frozenset(
    {
        "another operation",
        "output in parts",
        "own number of a piece made",
        "scrap and its reason",
        "ended short, with its reason",
        "supervisor decides",
        "taken back and done again",
        "wrong code, and letting go of it",
    }
)


def scanner_alone(steps: Iterable[script.Step], factory: Factory) -> tuple[script.Step, ...]:
    """The same shift without a keyboard: each typed number as digit codes."""
    made: list[script.Step] = []
    typed = False
    for step in steps:
        if isinstance(step, script.TypeStep):
            printed = [factory.printed("digit", [sign]) for sign in step.text]
            made += [script.ScanStep(step.line, one.title, one.sent) for one in printed]
        elif not (typed and isinstance(step, script.ExpectBand)):
            made.append(step)
        typed = isinstance(step, script.TypeStep)
    return tuple(made)


def played(name: str, way: str, folder: Path) -> list[Act]:
    """All acts of a shift; raises `BenchError` where an expectation of the script is missed."""
    factory = Factory.named(name, date.today())  # noqa: DTZ011 — the floor's local day
    steps = script.load(FACTORIES / name / "shift.txt", factory)
    if way == "scanner_alone":
        steps = scanner_alone(steps, factory)
    folder.mkdir()
    floor = Supervisor(factory, Options(folder), visible=False)
    relay = Thread(target=floor.relay.run, daemon=True)
    relay.start()
    try:
        floor.open()
        for station in factory.stations:
            floor.kiosk(station.name)
        player = ToldPlayer(floor)
        _held_to(player.play(steps))
        return player.acts
    finally:
        floor.relay.stop()
        relay.join()
        floor.close()


def _held_to(score: Score) -> None:
    if score.misses:
        raise BenchError("\n".join(score.misses))


def order_row(factory: str, order: str, acts: Sequence[Act]) -> dict[str, object]:
    """One order's line of the table."""
    causes = Counter(causes_of(acts))
    containers = causes.pop("container")
    beyond = len(acts) - containers - BASE_SCANS
    beyond -= sum(1 for act in acts if act.keys)
    for _ in range(BASE_SCANS):
        causes["order or DONE"] -= 1
    causes = +causes
    scanned = sum(count for cause, count in causes.items() if cause != "number typed")
    assert beyond == scanned, f"{order}: {beyond} scans beyond, causes {causes}"
    return {
        "factory": factory,
        "order": order,
        "containers": containers,
        "scans": sum(1 for act in acts if not act.keys),
        "keys": sum(act.keys for act in acts),
        "beyond": beyond,
        "causes": dict(causes),
    }


def spread(rows: Sequence[dict[str, object]]) -> dict[str, float]:
    """Minimum, median and maximum beyond containers + 2, of all and of what no deviation asks."""
    beyond = [int(str(row["beyond"])) for row in rows]
    kiosks = [_ours(row["causes"]) for row in rows]
    return {
        "least": min(beyond),
        "median": statistics.median(beyond),
        "most": max(beyond),
        "median_of_the_kiosks_own": statistics.median(kiosks),
        "most_of_the_kiosks_own": max(kiosks),
        "keys_most": max(int(str(row["keys"])) for row in rows),
    }


def _ours(causes: object) -> int:
    assert isinstance(causes, dict), "causes by name"
    told = {name: count for name, count in causes.items() if name != "number typed"}
    return sum(count for name, count in told.items() if name not in ASKED_BY_THE_SHIFT)


def measure(way: str, folder: Path) -> dict[str, object]:
    """Every order of every shift, played in one way."""
    rows = []
    badges = {}
    for name in FACTORY_NAMES:
        acts = played(name, way, folder / f"{way}-{name}")
        orders = dict.fromkeys(act.order for act in acts if act.order)
        mine = [
            order_row(name, order, [act for act in acts if act.order == order]) for order in orders
        ]
        badges[name] = sum(1 for act in acts if not act.order)
        rows += mine
        for row in mine:
            say(f"{way}: {row}")
    return {"beyond": spread(rows), "badges_a_shift": badges, "orders": rows}


def main() -> None:
    size, before = size_asked("scans_per_order", str(__doc__)), load()
    ways = WAYS[size]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        figures = {way: measure(way, Path(folder)) for way in ways}
    seen = {way: figures[way]["beyond"] for way in ways}
    result("scans_per_order", size, before, **figures, goals=_goals(seen))


def _goals(seen: dict[str, object]) -> list[dict[str, object]]:
    goals = []
    for way, one in seen.items():
        assert isinstance(one, dict), "a spread"
        goals += [
            goal(f"median beyond containers + 2, {way}", one["median"], 0.0),
            goal(f"keys in any order, {way}", one["keys_most"], 0.0),
        ]
    return goals


if __name__ == "__main__":
    main()
