"""The home of what may happen in a step, each with its weight."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sync.domain.events import (
    Event,
    HelpCalled,
    MaterialConsumed,
    MaterialDefined,
    MaterialReceived,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
    OrderClosed,
)
from sync.domain.quantity import Quantity
from tests.simulation.auditor import require
from tests.simulation.network import Fate
from tests.simulation.programs import FutureFact
from tests.simulation.servers import CENTERS, ORDERS, PROCESSES, Backup
from tests.simulation.state import State
from tests.simulation.stations import Machine

MACHINES_MAX: Final = 4
COPIES_MAX: Final = 4
BACKUPS_MAX: Final = 2
A_MONTH: Final = timedelta(days=40)
ACT_EVENTS: Final = (1, 1, 1, 2, 3)
JUMP_SECONDS: Final = (-259_200, -3_600, -5, 5, 3_600, 259_200)
PRUNED_SECONDS: Final = (0, 60, 600, 3_600)
_FATES: Final = {
    Fate.WELL: 60,
    Fate.LOST: 4,
    Fate.LATE: 6,
    Fate.TWICE: 4,
    Fate.LATE_COPY: 6,
    Fate.UNHEARD: 8,
    Fate.HALF: 3,
    Fate.STALE: 3,
    Fate.BUSY: 2,
    Fate.POWER: 7,
}


@dataclass(frozen=True, slots=True)
class Action:
    """What may happen: `optional` kinds of trouble are left out of some histories."""

    name: str
    weight: int
    act: Callable[[State], str]
    optional: bool = True


def scanned(state: State, machine: Machine) -> list[Event]:
    """One act of an operator."""
    count = state.chance.choice(ACT_EVENTS)
    made: list[Event] = []
    for _ in range(count):
        event = _event(state, machine)
        if isinstance(event, HelpCalled) and event in made:
            event = HelpCalled(work_center=event.work_center)  # a number is used once
        made.append(event)
    return made


def _event(state: State, machine: Machine) -> Event:
    order = state.chance.choice(ORDERS)
    center = state.chance.choice(state.plant.centers[machine.station])
    where: dict[str, Any] = {"order": order, "operation": "10", "work_center": center}
    kilogram = Quantity("1", "KGM")
    match state.chance.randrange(12):
        case 0 | 1:
            return OperatorSignedIn(operator="anna")
        case 2 | 3:
            number = machine.numbering.next_use(machine.journal.origin)
            return HelpCalled(work_center=center, reason=number)
        case 4:
            return OperationStarted(**where)
        case 5 | 6 | 7:
            return OperationReported(**where, good=Quantity("1", "C62"))
        case 8 | 9:
            return MaterialConsumed(**where, material="FLOUR", lot="F-1", quantity=kilogram)
        case 10:
            return MaterialReceived(material="FLOUR", lot="F-2", quantity=Quantity("500", "KGM"))
        case _:
            return FutureFact(word="unheard of")


def append(state: State) -> str:
    machine = state.any_machine()
    made = machine.append(scanned(state, machine))
    return f"{machine.folder.name} {len(made)}"


def _fated(state: State, machine: Machine) -> str:
    (fate,) = state.chance.choices(list(_FATES), list(_FATES.values()))
    machine.wire.fates = [Fate.WELL] * state.chance.choice((0, 0, 0, 1, 2)) + [fate]
    return fate


def push(state: State) -> str:
    machine = state.any_machine()
    fate = _fated(state, machine)
    machine.push()
    machine.wire.fates = []
    return f"{machine.folder.name} {fate}: {machine.status.state} {machine.status.why}"


def pull(state: State) -> str:
    machine = state.any_machine()
    fate = _fated(state, machine)
    machine.pull()
    machine.wire.fates = []
    return f"{machine.folder.name} {fate}"


def tend(state: State) -> str:
    """Upkeep: what is counted, what the office said and the server lost."""
    machine = state.any_machine()
    fate = _fated(state, machine)
    machine.tend()
    machine.wire.fates = []
    return f"{machine.folder.name} {fate} {machine.status.counted}"


def reassign(state: State) -> str:
    """A station is enrolled for other work centers; a machine hears of it when it starts again."""
    station = state.any_machine().station
    centers = state.chance.sample(CENTERS, state.chance.randint(1, 2))
    state.plant.enrol(station, centers)
    return f"{station} {centers}"


def drain(state: State) -> str:
    """A good hour: a station sends and hears all that it can."""
    machine = state.any_machine()
    for _ in range(3):
        machine.push()
        machine.pull()
    return machine.folder.name


def cut_in_append(state: State) -> str:
    machine = state.any_machine()

    def work() -> None:
        machine.append(scanned(state, machine))

    return f"{machine.folder.name} {machine.interrupted(work, state.chance)}"


def cut_in_push(state: State) -> str:
    machine = state.any_machine()
    return f"{machine.folder.name} {machine.interrupted(machine.push, state.chance)}"


def cut_in_pull(state: State) -> str:
    machine = state.any_machine()
    return f"{machine.folder.name} {machine.interrupted(machine.pull, state.chance)}"


def restart(state: State) -> str:
    machine = state.any_machine()
    machine.token = state.plant.tokens[machine.station]
    machine.reboot()
    return machine.folder.name


def clone(state: State) -> str:
    """A machine's disk is copied into another; both go on."""
    if len(state.machines) == MACHINES_MAX:
        return "enough"
    model = state.any_machine()
    machine = state.machine(model.station)
    state.copied.add(model.journal.origin)
    machine.begin_from(model.copied(), unnoticed=state.chance.random() < 0.7)
    state.machines.append(machine)
    return f"{model.folder.name} as {machine.folder.name}"


def copy_disk(state: State) -> str:
    machine = state.any_machine()
    state.copied.add(machine.journal.origin)
    state.copies = [*state.copies[1 - COPIES_MAX :], machine.copied()]
    return machine.folder.name


def restore_disk(state: State) -> str:
    """A machine goes on with an older copy of its disk, or of its clone's."""
    if not state.copies:
        return "none"
    copy = state.chance.choice(state.copies)
    machines = [one for one in state.machines if one.station == copy.station]
    machine = state.chance.choice(machines)
    machine.put_back(copy)
    return machine.folder.name


def jump(state: State) -> str:
    machine = state.any_machine()
    machine.clock.offset_seconds += state.chance.choice(JUMP_SECONDS)
    return machine.folder.name


def say(state: State) -> str:
    """The office releases or moves an order, closes one, or changes a material."""
    order, center = state.chance.choice(ORDERS), state.chance.choice(CENTERS)
    said: Event
    match state.chance.randrange(8):
        case 0:
            state.plant.revisions[order] += 1
            said = OrderClosed(order=order, revision=state.plant.revisions[order])
        case 1 | 2:
            revision = state.chance.randint(2, 9)
            said = MaterialDefined(material="FLOUR", revision=revision, name="Flour", unit="KGM")
        case _:
            said = state.plant.release(order, center)
    state.said.update(state.plant.say(state.any_process(), said))
    return f"{type(said).__name__} {order} {center}"


def project(state: State) -> str:
    process = state.plant.processes[state.any_process()]
    return str([process.projector.step() for _ in range(state.chance.randint(1, 4))])


def cut_in_project(state: State) -> str:
    """The server's power is cut after any commit of a projector's step."""
    before = state.plant.backed_up()
    project(state)
    image = state.chance.choice(state.plant.image().since(before.image))
    state.plant.cut(Backup(image, before.promises))
    return "cut"


def kill(state: State) -> str:
    state.plant.restart(state.chance.randrange(PROCESSES))
    return "killed"


def cut_server(state: State) -> str:
    state.plant.cut(state.plant.backed_up())
    return "cut"


def back_up(state: State) -> str:
    """A backup is made, then promised; the oldest is first forgotten."""
    plant, process = state.plant, state.any_process()
    if len(state.backups) == BACKUPS_MAX:
        oldest = state.backups.pop(0)
        plant.forget_backup(process, oldest.name)
        state.forgotten = [state.forgotten[-1], oldest]
    state.made += 1
    made = replace(plant.backed_up(), name=f"backup-{state.made}")
    plant.promise_backup(process, made)
    state.backups.append(made)
    return str(len(state.backups))


def _restored(state: State, backup: Backup) -> None:
    """Put a backup back; only what its database promises, and itself, is kept from then on."""
    state.restored_as = state.plant.put_back(backup)
    state.restores += 1
    kept = state.plant.kept()
    state.backups = [one for one in state.backups if one.name in kept]
    if len(state.backups) < BACKUPS_MAX and state.chance.random() < 0.5:
        state.plant.promise_backup(0, backup)
        state.backups.append(backup)


def restore_undeclared(state: State) -> str:
    if not state.backups:
        return "none"
    _restored(state, state.chance.choice(state.backups))
    if state.plant.is_behind(state.restored_as):
        found = state.plant.incarnation() != state.restored_as
        require(found, "a ledger that lacks what was written down is not found restored")
        return "undeclared, found"
    state.unfound = True
    return "undeclared"


def note_high_water(state: State) -> str:
    return str(state.plant.note_high_water())


def upgrade(state: State) -> str:
    state.plant.upgrade()
    return state.plant.program.name


def restore_declared(state: State) -> str:
    if not state.backups:
        return "none"
    state.plant.forget_high_water()
    _restored(state, state.chance.choice(state.backups))
    state.plant.declare()
    return "declared"


def restore_forgotten(state: State) -> str:
    """Against all advice a backup is put back that was no longer promised."""
    state.plant.forget_high_water()
    _restored(state, state.forgotten[0])
    state.plant.declare()
    state.careless = True
    return "declared"


def _retire(state: State, machine: Machine) -> str:
    """A month later: what may be forgotten is in every backup that is kept."""
    gone = machine.retire((machine.clock.now() + A_MONTH).date())
    lost = [gone - backup.promises.stored for backup in state.backups] or [gone]
    require(state.careless or not any(lost), f"{machine.folder.name} forgot what no backup holds")
    return f"{machine.folder.name} {len(gone)}"


def retire(state: State) -> str:
    """A station hears what is safe, then forgets."""
    machine = state.any_machine()
    machine.push()
    return _retire(state, machine)


def month(state: State) -> str:
    """A quiet month: an order is closed and heard of, a backup is made, a station forgets."""
    machine, plant = state.any_machine(), state.plant
    order = state.chance.choice(ORDERS)
    plant.revisions[order] += 1
    closed = OrderClosed(order=order, revision=plant.revisions[order])
    state.said.update(plant.say(0, closed))
    machine.push()
    plant.processes[0].projector.catch_up()
    machine.pull()
    back_up(state)
    machine.push()
    return f"{order} {_retire(state, machine)}"


def cut_in_retire(state: State) -> str:
    machine = state.any_machine()

    def work() -> None:
        _retire(state, machine)

    return f"{machine.folder.name} {machine.interrupted(work, state.chance, forgets=True)}"


def damage(state: State) -> str:
    machine = state.any_machine()
    return f"{machine.folder.name} {machine.damage(state.chance)}"


def prune(state: State) -> str:
    seconds = state.chance.choice(PRUNED_SECONDS)
    before = state.plant.clock.milliseconds() - seconds * 1_000
    return str(state.plant.prune(state.any_process(), before))


def deliver(state: State) -> str:
    return state.network.deliver()


ACTIONS: Final = (
    Action("append", 34, append, optional=False),
    Action("push", 20, push, optional=False),
    Action("pull", 14, pull, optional=False),
    Action("drain", 5, drain, optional=False),
    Action("project", 14, project, optional=False),
    Action("office", 6, say, optional=False),
    Action("deliver", 5, deliver),
    Action("tend", 4, tend),
    Action("reassign", 1, reassign),
    Action("cut in append", 2, cut_in_append),
    Action("cut in push", 3, cut_in_push),
    Action("cut in pull", 6, cut_in_pull),
    Action("restart", 3, restart),
    Action("clone", 2, clone),
    Action("copy disk", 3, copy_disk),
    Action("restore disk", 2, restore_disk),
    Action("clock jumps", 2, jump),
    Action("cut in project", 2, cut_in_project),
    Action("kill a process", 2, kill),
    Action("cut server", 1, cut_server),
    Action("back up", 4, back_up),
    Action("restore", 1, restore_undeclared),
    Action("restore declared", 1, restore_declared),
    Action("high water", 3, note_high_water),
    Action("upgrade", 1, upgrade),
    Action("prune", 2, prune),
    Action("restore forgotten", 2, restore_forgotten),
    Action("retire", 3, retire),
    Action("a month", 2, month),
    Action("cut in retire", 1, cut_in_retire),
    Action("damage", 1, damage),
)
