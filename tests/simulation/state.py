"""The home of what a history has come to: the parts of the world, and what the actions share."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.simulation.clocks import Time
from tests.simulation.network import Network
from tests.simulation.servers import Backup, Plant
from tests.simulation.stations import Copy, Machine, Names


@dataclass(slots=True)
class State:
    """What is there: machines, the plant, copies of disks, backups.

    `careless`: a backup that was no longer promised was put back; what stations had forgotten by
    then may be gone. `restored_as`: what the ledger said that it was when it was last put back.
    `unfound`: a backup was put back and nobody noticed at once. `copied`: origins of which another
    disk knows.
    """

    folder: Path
    time: Time
    names: Names
    plant: Plant
    network: Network
    chance: Random
    machines: list[Machine] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    backups: list[Backup] = field(default_factory=list)
    forgotten: list[Backup] = field(default_factory=list)
    careless: bool = False
    restored_as: str = ""
    restores: int = 0
    unfound: bool = False
    copied: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    bodies: dict[str, bytes] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        self.said |= self.plant.promises.stored
        self.forgotten = [replace(self.plant.backed_up(), name="the first")]

    def machine(self, station: str) -> Machine:
        """A machine without a disk."""
        self.made += 1
        return Machine(
            self.folder / f"{station}-{self.made}",
            station,
            self.plant.tokens[station],
            self.network,
            self.names,
            self.time,
            self.bodies,
        )

    def any_machine(self) -> Machine:
        return self.chance.choice(self.machines)

    def any_process(self) -> int:
        return self.chance.randrange(len(self.plant.processes))
