"""Projector: CPU time an event from the ledger to the views, live and rebuilt, stage by stage.

A plant of twenty stations works 500 orders of two operations and eight components through: sign-ins,
consumption, reports, output, labels, steps, some of it reversed, some of it against the plan. The
pushes of all stations stand mixed in the ledger. The floor decodes and folds the same events in
process. Goals: at most 40 us of CPU an event, live and rebuilt; rebuild at least 20,000 events a
second.
"""

import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from sync.domain.events import (
    Event,
    EventReversed,
    LabelPrinted,
    LabelRule,
    MaterialConsumed,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorDefined,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderReleased,
    ReleasedLine,
    RoutingOperation,
    StepConfirmed,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity, of_micros
from sync.domain.shop import Shop, absorb
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.feed import append_feed
from sync.server.ledger import Ledger, end_of
from sync.server.projector import Projector
from sync.server.projector_acts import Acts
from sync.server.projector_changes import Touch
from sync.server.projector_fold import Fold
from sync.server.projector_judge import Judge
from sync.server.projector_reader import collecting_later, read_entries
from sync.server.projector_state import LIVE, load_memory
from sync.server.projector_write import Writing
from sync.wire import Mark, PushHeader, chain_start, chained, decode, encode
from tests.bench.gauge import load, now, result, say, size_asked

ORDERS: Final = {"small": 200, "full": 500}
ROUNDS: Final = {"small": 3, "full": 5}
STATIONS: Final = 20
COMPONENTS, COMPONENT_LOTS = 8, 12
DONES, SCANS_A_DONE = 5, 12
REVERSED_SHARE, OVER_SHARE = 0.01, 0.01
PUSH_EVENTS_MAX: Final = 50
LIVE_EVENTS: Final = 500
SLICE_EVENTS: Final = 1_000
AT: Final = "2026-03-02T06:{:02d}:{:02d}.125+01:00"
Stages = dict[str, float]


def master() -> list[Event]:
    """Materials, places, people and lots in stock."""
    parts = [f"PART-{number}" for number in range(COMPONENTS)]
    lots = [(part, f"L-{number}") for part in parts for number in range(COMPONENT_LOTS)]
    return [
        *(MaterialDefined(material=part, revision=1, name=f"Part {part}", unit="KGM")
          for part in parts),
        MaterialDefined(material="ROLL", revision=1, name="Wheat roll", unit="C62"),
        WorkCenterDefined(work_center="MIX", revision=1, name="Mixing"),
        WorkCenterDefined(work_center="PACK", revision=1, name="Packing"),
        OperatorDefined(person="anna", revision=1, name="Anna Berg", badge="4402917386"),
        *(MaterialReceived(material=part, lot=lot, quantity=Quantity("900000", "KGM"), place="A3",
                           expiry="2027-01-31") for part, lot in lots),
    ]  # fmt: skip


def released(number: int) -> OrderReleased:
    """An order of 1,000 rolls: six parts mixed in, two packed with it."""
    lines = tuple(
        ReleasedLine(
            str(part + 1),
            f"PART-{part}",
            f"Part PART-{part}",
            Quantity("12.5", "KGM"),
            operation="10" if part < 6 else "20",
            tolerance_percent="2",
        )
        for part in range(COMPONENTS)
    )
    return OrderReleased(
        order=f"B-{number}",
        revision=1,
        material="ROLL",
        name="Wheat roll",
        quantity=Quantity("1000", "C62"),
        due="2026-03-05",
        operations=(
            RoutingOperation("10", "MIX", "Mix", 60, "1.5", steps=("Mix 12 minutes",)),
            RoutingOperation("20", "PACK", "Pack"),
        ),
        lines=lines,
        label=LabelRule(),
    )


@dataclass
class Station:
    """One station's journal while it works orders through, as its scans make it."""

    name: str
    dice: random.Random
    bodies: list[bytes] = field(default_factory=list)
    origin: str = field(default_factory=lambda: uuid.uuid4().hex)
    pushed: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def say(self, *events: Event) -> list[Event]:
        """One act."""
        act, made = self._identity(), []
        for event in events:
            n = next(self.numbers)
            stamp: dict[str, Any] = {"id": self._identity(), "n": n, "act": act}
            stamp |= {"at": AT.format(n // 60 % 60, n % 60), "boot": "b7e1c9d2", "mono": n * 2_000}
            made.append(stamped(event, **stamp, station=self.name, operator="anna"))
        self.bodies += map(encode, made)
        return made

    def work(self, number: int) -> None:
        """One order from sign-in to sign-out."""
        signed = self.say(OperatorSignedIn())[0]
        self._mix(f"B-{number}")
        self._pack(f"B-{number}")
        self.say(OperatorSignedOut(of=signed.id))

    def _mix(self, order: str) -> None:
        where: dict[str, Any] = {"order": order, "operation": "10", "work_center": "MIX"}
        begun = self.say(OperationStarted(**where))[0]
        for _ in range(DONES):
            self._consume(where, range(6), SCANS_A_DONE)
            self.say(OperationReported(**where, good=Quantity("200", "C62")))
        self.say(StepConfirmed(**where, step="Mix 12 minutes"))
        self.say(OperationEnded(**where, of=begun.id))

    def _pack(self, order: str) -> None:
        where: dict[str, Any] = {"order": order, "operation": "20", "work_center": "PACK"}
        pieces = Quantity("200", "C62")
        begun = self.say(OperationStarted(**where))[0]
        for done in range(DONES):
            self._consume(where, range(6, 8), 2)
            made = MaterialProduced(
                **where, material="ROLL", lot=order, quantity=pieces, label=f"{done + 1}",
                expiry="2026-03-09",
            )  # fmt: skip
            _, made_ = self.say(OperationReported(**where, good=pieces), made)
            self.say(LabelPrinted(order=order, label=f"{done + 1}", of=made_.id, printer="labels"))
        self.say(OperationEnded(**where, of=begun.id))

    def _consume(self, where: dict[str, Any], parts: range, scans: int) -> None:
        share = 12_500_000 * len(parts) // (DONES * scans)
        for scan in range(scans):
            part, dice = parts[scan % len(parts)], self.dice.random()
            micros = share * 9 if dice < OVER_SHARE else share
            event = MaterialConsumed(
                **where,
                material=f"PART-{part}",
                lot=f"L-{self.dice.randrange(COMPONENT_LOTS)}",
                quantity=of_micros(micros, "KGM"),
                line=str(part + 1),
            )
            done = self.say(event)[0]
            if dice > 1 - REVERSED_SHARE:
                self.say(EventReversed(of=done.act, order=where["order"]))
                self.say(event)

    def _identity(self) -> str:
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))


class Plant:
    """A ledger that the stations push into."""

    def __init__(self, folder: Path, orders: int) -> None:
        folder.mkdir()
        self.database = Database(sqlite_url(folder / "ledger.sqlite"))
        self.ledger = Ledger(self.database, ServerClock())
        self.dice = random.Random(7)
        self.stations = [
            Station(f"ST-{number}", random.Random(number)) for number in range(STATIONS)
        ]
        self.ledger.append_office_now([*master(), *map(released, range(orders))])
        for number in range(orders):
            self.stations[number % STATIONS].work(number)

    def push(self, events: int) -> int:
        """So many events and some more, in pushes of stations as dice tell; how many."""
        done = 0
        while done < events and (waiting := [s for s in self.stations if s.pushed < len(s.bodies)]):
            done += self._push(self.dice.choice(waiting))
        return done

    def _push(self, station: Station) -> int:
        after = station.pushed
        bodies = station.bodies[after : after + self.dice.randint(1, PUSH_EVENTS_MAX)]
        start = chain_start(station.origin)
        before = chained(start, station.bodies[:after])[-1] if after else start
        header = PushHeader(Mark(after, before.hex()), Mark(1, start.hex()))
        self.ledger.receive_now(station.origin, station.name, header, bodies)
        station.pushed += len(bodies)
        return len(bodies)


class TimedJudge(Judge):
    """A judge that tells what judging took of its CPU time."""

    judging = 0.0

    def judge(self, touch: Touch, act: Sequence[Event] = ()) -> None:
        """The same, timed."""
        began = time.thread_time()
        super().judge(touch, act)
        self.judging += time.thread_time() - began


class Staged:
    """A projector in stages, each with its CPU seconds, over the whole ledger in equal slices."""

    def __init__(self, database: Database) -> None:
        self.spent = dict.fromkeys(("decode", "check", "fold", "write", "feed"), 0.0)
        self.feed_rows = 0
        self._database = database
        self._memory = database.read_now(lambda conn: load_memory(conn, LIVE, 0))

    def run(self) -> Stages:
        """Project all that there is."""
        mark, last = -1, 0
        while last != mark:
            mark, last = last, self._after(last)
        return self.spent

    def _after(self, mark: int) -> int:
        with collecting_later():
            return self._database.read_now(lambda conn: self._slice(conn, mark))

    def _slice(self, connection: Connection, mark: int) -> int:
        with _Spent(self.spent, "decode"):
            entries, last = read_entries(connection, mark, SLICE_EVENTS)
        with _Spent(self.spent, "fold"):
            fold = Fold(connection, LIVE, self._memory, entries)
            fold.judge = judge = TimedJudge(connection, LIVE, self._memory, fold.changes)
            fold.run()
        self.spent["check"] += judge.judging
        self.spent["fold"] -= judge.judging
        with _Spent(self.spent, "write"):
            with Acts() as acts:
                Writing(connection, LIVE, self._memory, fold.changes, acts)
            self._database.write_now(acts.run)
        with _Spent(self.spent, "feed"):
            rows = list(dict.fromkeys(fold.changes.feed))
            self._database.write_now(lambda conn: append_feed(conn, rows))
        self.feed_rows += len(rows)
        self._memory.trim()
        return last


class _Spent:
    """Adds the CPU time of its block, in all threads, to a stage."""

    def __init__(self, into: Stages, stage: str) -> None:
        self._into, self._stage = into, stage

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_: object) -> None:
        self._into[self._stage] += time.process_time() - self._began


def floor(bodies: Sequence[bytes]) -> None:
    """Decode and fold in process."""
    shop = Shop()
    for body in bodies:
        event = decode(body).event
        assert isinstance(event, Event)
        absorb(shop, event)


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of some work, in all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def live(plant: Plant, projector: Projector) -> float:
    """CPU seconds of projecting while the stations push."""
    spent = 0.0
    while plant.push(LIVE_EVENTS):
        spent += cpu(projector.catch_up)
    return spent


def measured(folder: Path, orders: int) -> dict[str, float]:
    """One round: microseconds of CPU an event, and events a second of a rebuild."""
    plant = Plant(folder, orders)
    projector = Projector(plant.database)
    try:
        projector.catch_up()
        office = plant.database.read_now(end_of)
        live_seconds = live(plant, projector)
        events = plant.database.read_now(end_of)
        bodies = [one for station in plant.stations for one in station.bodies]
        floor_seconds = cpu(lambda: floor(bodies))
        began = now()
        rebuild_seconds = cpu(projector.rebuild)
        wall = now() - began
    finally:
        plant.database.close()
    figures = {
        "live": live_seconds / (events - office),
        "rebuild": rebuild_seconds / events,
        "floor": floor_seconds / len(bodies),
    }
    return {**micros(figures), "rebuild_events_a_second": round(events / wall), "events": events}


def stages(folder: Path, orders: int) -> dict[str, float]:
    """Microseconds of CPU an event of each stage, all of a ledger behind one another."""
    plant = Plant(folder, orders)
    try:
        while plant.push(LIVE_EVENTS):
            pass
        events = plant.database.read_now(end_of)
        staged = Staged(plant.database)
        spent = staged.run()
    finally:
        plant.database.close()
    figures = micros({stage: seconds / events for stage, seconds in spent.items()})
    return {**figures, "feed_rows_an_event": round(staged.feed_rows / events, 2)}


def micros(seconds: Stages) -> dict[str, float]:
    return {name: round(value * 1e6, 1) for name, value in seconds.items()}


def main() -> None:
    size, before = size_asked("projector", __doc__ or ""), load()
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS[size]):
            one = measured(Path(folder) / f"live-{number}", ORDERS[size])
            one |= stages(Path(folder) / f"staged-{number}", ORDERS[size])
            say(f"round {number + 1}: {one}")
            rounds.append(one)
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    ratio = statistics.median(one["rebuild"] / one["floor"] for one in rounds)
    result("projector", size, before, **medians, rebuild_by_floor=round(ratio, 2))


if __name__ == "__main__":
    main()
