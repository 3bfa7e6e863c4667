"""The home of one history: a plant, its stations, what befalls them, and what must be true then.

Everything is drawn from one seed. At the end the network is whole, all is sent and heard, and the
auditor compares what was promised with what is there.
"""

import hashlib
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

from tests.simulation import auditor, limits, places, programs
from tests.simulation.actions import ACTIONS, Action
from tests.simulation.auditor import Violation, require
from tests.simulation.clocks import Time
from tests.simulation.network import Network
from tests.simulation.programs import Program
from tests.simulation.servers import STATIONS, Plant
from tests.simulation.state import State
from tests.simulation.stations import Machine, Names

STEPS_COUNT: Final = 60
HEALING_ROUNDS_MAX: Final = 40
ROUND_SECONDS: Final = 400.0
PULLS_MAX: Final = 200
PUSHES_MAX: Final = 6
LEFT_OUT_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a history: `digest` is of all that was done, `violation` empty if all held.

    `seconds` are of CPU.
    """

    seed: int
    digest: str
    violation: str = ""
    recorded: int = 0
    seconds: float = field(default=0.0, compare=False)


def history(seed: int, *, verbose: bool = False) -> Told:
    """Play the history of a seed, and audit it."""
    began = time.process_time()
    told = _played(seed, verbose=verbose)
    return replace(told, seconds=time.process_time() - began)


def _played(seed: int, *, verbose: bool) -> Told:
    chance = Random(seed)
    with (
        places.place() as folder,
        limits.limited(limits.chosen(chance)),
        programs.installed() as program,
    ):
        world = World(folder, chance, program, verbose=verbose)
        try:
            return Told(seed, world.play(), recorded=len(world.state.names.given))
        except Exception as fault:
            if verbose:
                raise
            return Told(seed, world.digest(), f"{type(fault).__name__}: {fault}")
        finally:
            world.close()


class World:
    """One history as it goes."""

    def __init__(self, folder: Path, chance: Random, program: Program, *, verbose: bool) -> None:
        clock, names = Time(), Names(Random(chance.random()))
        plant = Plant(folder / "plant", clock, program)
        network = Network(plant, Random(chance.random()))
        self.state = State(folder, clock, names, plant, network, chance)
        self._verbose = verbose
        self._log = hashlib.sha256()
        self._steps = 0
        for station in list(STATIONS)[: chance.choice((2, 3, 3))]:
            machine = self.state.machine(station)
            machine.boot()
            self.state.machines.append(machine)
        self._actions = self._drawn()

    def _drawn(self) -> list[Action]:
        """Each history leaves some kinds of trouble out, so that others come closer together."""
        optional = [one for one in ACTIONS if one.optional]
        left_out = self.state.chance.sample(optional, self.state.chance.randint(0, LEFT_OUT_MAX))
        return [one for one in ACTIONS if one not in left_out]

    def play(self) -> str:
        """All steps, the healing and the audit; the digest of what was done."""
        for _ in range(STEPS_COUNT):
            self._step()
        self._heal()
        self._audit()
        return self.digest()

    def digest(self) -> str:
        return self._log.hexdigest()[:16]

    def close(self) -> None:
        for machine in self.state.machines:
            machine.halt()
        self.state.plant.close()

    def _step(self) -> None:
        state = self.state
        state.time.seconds += state.chance.choice((0.2, 2.0, 30.0, 600.0))
        (action,) = state.chance.choices(self._actions, [one.weight for one in self._actions])
        self._say(action.name, action.act(state))

    def _say(self, name: str, outcome: str) -> None:
        self._steps += 1
        held = [(m.station, m.journal.waiting(), m.journal.local()) for m in self.state.machines]
        line = f"{self._steps:4} {name}: {outcome} {held}"
        self._log.update(line.encode())
        if self._verbose:
            print(line)

    def _heal(self) -> None:
        """The network is whole: push and pull until nothing moves any more."""
        state = self.state
        while state.network.in_flight:
            state.network.deliver()
        state.plant.admit({machine.station for machine in state.machines})
        for machine in state.machines:
            machine.token = state.plant.tokens[machine.station]
            machine.client.stop()
            machine.connect()
        before = self._picture()
        for _ in range(HEALING_ROUNDS_MAX):
            self._round()
            after = self._picture()
            if after == before:
                return
            before = after
        waiting = {m.folder.name: (m.journal.waiting(), m.status.why) for m in state.machines}
        raise Violation(f"no rest after {HEALING_ROUNDS_MAX} rounds: {waiting}")

    def _round(self) -> None:
        self.state.time.seconds += ROUND_SECONDS
        for machine in self.state.machines:
            for _ in range(PUSHES_MAX):
                machine.push()
                if not machine.journal.waiting():
                    break
            machine.tend()
        self.state.plant.processes[0].projector.catch_up()
        for machine in self.state.machines:
            self._hear(machine)
        self._say("round", "")

    def _hear(self, machine: Machine) -> None:
        for _ in range(PULLS_MAX):
            mark = machine.journal.feed_mark()
            machine.pull()
            if mark is not None and machine.journal.feed_mark() == mark:
                return
        raise Violation(f"{machine.folder.name}: the feed has no end")

    def _picture(self) -> list[object]:
        """Where all marks stand, the ledger's first."""
        return [auditor.counter(self.state.plant.path)] + [
            (m.journal.origin, m.journal.waiting(), m.journal.local(), m.journal.feed_mark())
            for m in self.state.machines
        ]

    def _audit(self) -> None:
        state = self.state
        books = auditor.books_of(state.plant.path, state.plant.program.unknown)
        forgot = state.unfound or state.restores > 1
        auditor.prove_numbers(books, state.copied, overlapping=forgot)
        born = state.names.given.keys() | state.said
        bodies = {name: row.body for name, row in books.rows.items()}
        invented = books.rows.keys() - born - auditor.grants(bodies, state.names.origins)
        require(not invented, f"{len(invented)} events in the ledger were never recorded")
        promised = set(state.plant.promises.stored)
        for machine in state.machines:
            promised |= machine.notes.recorded
        missing = sorted(promised - books.rows.keys())
        require(not missing, f"{len(missing)} promised events are not in the ledger: {missing[:3]}")
        for name in promised & state.bodies.keys():
            require(books.rows[name].body == state.bodies[name], f"event {name} has other bytes")
        for machine in state.machines:
            self._audit_station(machine, books, born)

    def _audit_station(self, machine: Machine, books: auditor.Books, born: set[str]) -> None:
        name, papers = machine.folder.name, auditor.papers_of(machine.path)
        head = books.heads.get(papers.origin, (0, papers.last[1]))
        require(head == papers.last, f"{name}: own head {papers.last[0]}, the server's {head[0]}")
        require(papers.acknowledged == head[0], f"{name}: acknowledged {papers.acknowledged}")
        invented = papers.known.keys() - born
        invented -= auditor.grants(papers.known, self.state.names.origins)
        require(not invented, f"{name}: knows {len(invented)} events that were never recorded")
        for known, body in papers.known.items():
            row = books.rows.get(known)
            require(row is None or row.body == body, f"{name}: event {known} has other bytes")
        centers = self.state.plant.centers[machine.station]
        scopes = {"site", f"station:{machine.station}", *(f"work_center:{c}" for c in centers)}
        wanted = auditor.wanted_at(books, scopes, machine.notes.snapshot)
        unheard = sorted(wanted - papers.known.keys() - machine.notes.forgotten)
        told = [(books.rows[one].position, books.rows[one].body[:60]) for one in unheard[:3]]
        self._audit_office(name, papers, books)
        require(not unheard, f"{name}: {len(unheard)} events were never heard: {told}")

    def _audit_office(self, name: str, papers: auditor.Papers, books: auditor.Books) -> None:
        """What the office said is in the ledger, if a station knows it: it was brought back.

        Only a ledger that knows of being put back takes it.
        """
        if self.state.restored_as == self.state.plant.incarnation():
            return
        lost = papers.known.keys() - books.rows.keys()
        said = [one for one in sorted(lost) if auditor.is_of_office(papers.known[one])]
        require(not said, f"{name}: what the office said is lost to the ledger: {said[:3]}")
