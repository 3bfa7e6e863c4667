"""Pictures of the screen at 80 × 24 and 120 × 40, the clock standing at ten."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from textual.pilot import Pilot

from kiosk.config import Config, StationConfig
from kiosk.dialog import Key
from kiosk.readers import PrintState
from labels.codes import Code
from sync.domain.events import LabelDoubted, MaterialProduced, NumbersGranted
from sync.exchange import State, SyncStatus
from sync.wire import Mark, Review, chained
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.terminals import (
    Terminal,
    badge,
    command,
    lot,
    number,
    order,
    running,
    seeded,
)

PREVIEW_SECONDS: Final = 0.02
SINCE: Final = (TODAY + timedelta(hours=2)).isoformat()
ONLINE: Final = SyncStatus(State.ONLINE, since=SINCE)
OFFLINE: Final = SyncStatus(State.OFFLINE, since=SINCE, why="no route to the server")
OPENED: Final[tuple[Code, ...]] = (badge("anna"), order("B-1"))
FED: Final[tuple[Code, ...]] = (
    *OPENED,
    command("OK"),
    lot("W-204", "WHEAT"),
    lot("Y-31", "YEAST"),
)
WHY: Final = (
    "Both BAKE-1 and BAKE-2 finished operation 10 of B-1 without knowing of each other. 500 PCS are"
    " counted twice: check the count."
)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The server counted all but the newest three events, and one of these needs review."""

    name: str  # of the type of event


@dataclass(frozen=True, slots=True)
class ClockSet:
    """Somebody sets the machine's clock ahead by so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Granted:
    """The server granted numbers of logistic units to this station's journal."""

    first: int


@dataclass(frozen=True, slots=True)
class Doubted:
    """The printer did not say whether the last label came out."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """The selected label is drawn."""


Step = Code | SyncStatus | Key | Reviewed | ClockSet | Granted | Doubted | Previewed
SCENES: Final[dict[str, tuple[Step, ...]]] = {
    "queue": (ONLINE, badge("anna")),
    "order_open": (ONLINE, *OPENED),
    "stop": (ONLINE, *OPENED, command("OK"), lot("R-118", "RYE")),
    "number": (ONLINE, *FED[:-1], *number("1.5")),
    "choices": (ONLINE, *FED, *number("12"), command("SCRAP")),
    "partial": (ONLINE, *FED, *number("480"), command("DONE")),
    "done": (ONLINE, *FED, command("DONE")),
    "offline_outbox": (ONLINE, *FED, OFFLINE, Key("outbox")),
    "reviewed_outbox": (ONLINE, *FED, Reviewed("MaterialConsumed"), Key("outbox")),
    "reviewed_order": (ONLINE, *FED, Reviewed("MaterialConsumed")),
    "help": (ONLINE, badge("anna"), Key("help")),
    "two_orders": (ONLINE, *OPENED, order("B-3")),
    "packing": (
        *(ONLINE, *FED, *number("480"), command("DONE"), Granted(17), command("PACK")),
        *number("120"),
        lot("B-1", "ROLL"),
        *number("60"),
        lot("B-1", "ROLL"),
    ),
    "doubt": (
        *(ONLINE, *FED, *number("480"), command("DONE"), *number("20"), command("DONE")),
        *(Doubted(), command("PRINT"), Previewed()),
    ),
    "clock_set": (ONLINE, *OPENED, order("B-3"), ClockSet(259_200), Key("outbox")),
}
BODIES: Final[dict[str, tuple[Step, ...]]] = {
    "nobody": (ONLINE,),
    **{name: SCENES[name] for name in ("queue", "stop", "choices", "done", "offline_outbox")},
    "help": (*SCENES["partial"], Key("help")),
    "prints": (ONLINE, *OPENED, command("PRINT")),
    **{name: SCENES[name] for name in ("packing", "doubt")},
    "doctor": (ONLINE, *OPENED, command("DOCTOR"), lot("W-204", "WHEAT")),
    "drawing": (ONLINE, badge("anna"), order("B-3"), command("DRAWING")),
    "handover": (ONLINE, *FED, order("B-3"), command("HANDOVER")),
}
SIZES: Final = ((80, 24), (120, 40))
Compare = Callable[..., bool]


def outcome(terminal: Terminal, name: str) -> SyncStatus:
    """The server has everything, and tells what became of it."""
    assert terminal.station is not None
    journal = terminal.station.journal
    all_of_it = journal.unsent(1_000)
    digest = chained(bytes.fromhex(all_of_it.after.digest), all_of_it.bodies)[-1].hex()
    assert journal.acknowledge(Mark(all_of_it.last, digest))
    event = next(one for _, one in terminal.station.latest() if type(one).__name__ == name)
    review = Review(event.id, "already_ended", WHY)
    return replace(ONLINE, counted=all_of_it.last - 3, reviews=(review,))


async def labelled(
    terminal: Terminal, pilot: Pilot[Any], step: Granted | Doubted | Previewed
) -> None:
    """What server, printer and preview do."""
    station = terminal.station
    assert station is not None
    if isinstance(step, Granted):
        origin, last = station.journal.origin, step.first + 99
        granted = NumbersGranted(id="g", origin=origin, kind="sscc", first=step.first, last=last)
        station.fold([granted])
    elif isinstance(step, Doubted):
        made = [one for one in station.unsent() if isinstance(one, MaterialProduced)][-1]
        doubt = LabelDoubted(id="d", label=made.label, of=made.id, order="B-1", station="BAKE-1")
        await terminal.desk.printing(PrintState("labels", "doubt", made.label, events=(doubt,)))
    else:
        while not terminal.desk.surroundings.around(TODAY, station).preview:
            await pilot.pause(PREVIEW_SECONDS)


def scene(steps: tuple[Step, ...]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What is done before the picture is taken."""

    async def play(pilot: Pilot[Any]) -> None:
        terminal = pilot.app
        assert isinstance(terminal, Terminal)
        await terminal.settle()
        for step in steps:
            if isinstance(step, SyncStatus):
                await terminal.desk.relink(step)
            elif isinstance(step, Reviewed):
                await terminal.desk.relink(outcome(terminal, step.name))
            elif isinstance(step, ClockSet):
                terminal.still.wrong_seconds = step.seconds
            elif isinstance(step, Key):
                await terminal.desk.take(step)
            elif isinstance(step, Granted | Doubted | Previewed):
                await labelled(terminal, pilot, step)
            else:
                await terminal.scan(step)
        await terminal.settle()

    return play


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCENES)
def test_scene(snap_compare: Compare, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    terminal = Terminal(seeded(tmp_path))
    assert snap_compare(terminal, terminal_size=size, run_before=scene(SCENES[name]))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
def test_not_enrolled(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(Config(tmp_path, StationConfig(data=str(tmp_path))))
    assert snap_compare(terminal, terminal_size=size, run_before=scene(()))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("language", ["de", "da"])
@pytest.mark.parametrize("name", BODIES)
def test_body(
    snap_compare: Compare, tmp_path: Path, name: str, language: str, size: tuple[int, int]
) -> None:
    """Each body in the other languages: longer words, and letters that English has none of."""
    config = seeded(tmp_path)
    terminal = Terminal(replace(config, station=replace(config.station, language=language)))
    assert snap_compare(terminal, terminal_size=size, run_before=scene(BODIES[name]))


@pytest.mark.parametrize("name", ["stop", "order_open", "help"])
def test_on_the_linux_console(
    snap_compare: Compare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Eight grounds and a small font: names of colours only, and signs that it holds."""
    monkeypatch.setenv("TERM", "linux")
    terminal = Terminal(seeded(tmp_path))
    assert snap_compare(terminal, terminal_size=(80, 24), run_before=scene(SCENES[name]))


async def test_the_linux_console_gets_its_own_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never RGB: the console would map it as it likes."""
    monkeypatch.setenv("TERM", "linux")
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        for code in (*OPENED, command("OK"), lot("R-118", "RYE")):
            await terminal.scan(code)
        line = terminal.screen._compositor.render_strips()[3].render(terminal.console)
        assert "\x1b[37;41m" in line
        assert "38;2" not in line
        assert "48;2" not in line
