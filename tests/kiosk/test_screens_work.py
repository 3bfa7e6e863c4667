"""Queue, set-up, stops and calls as bytes of a scanner make them, and as the real screen shows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from textual import events

from kiosk.config import Config, InputConfig
from kiosk.dialog import Key, Tick
from kiosk.journal import Journal
from kiosk.screens.touch import TARGET_ROWS
from kiosk.station import new_id
from sync.domain.events import (
    DowntimeStarted,
    Event,
    HelpCalled,
    MaterialDisposed,
    OperationReported,
    OperationStarted,
    OperatorJoined,
    ReasonDefined,
    RoutingDefined,
    RoutingOperation,
    stamped,
)
from sync.wire import FeedMark, Unknown
from sync.wire import encode as body_of
from tests.kiosk.dialog.bakery import TODAY, day, kg, line, pcs, released
from tests.kiosk.dialog.test_trouble import REASONS
from tests.kiosk.terminals import (
    StillClock,
    Terminal,
    badge,
    command,
    lot,
    order,
    reason,
    running,
    seeded,
)
from tests.kiosk.test_screens_snapshot import SIZES, Compare, Step, scene

LONG: Final = RoutingOperation("10", "MIX", "Mix slowly", setup_seconds=1200, run_seconds="60")
PACK: Final = RoutingOperation("20", "PACK", "Slice and pack")
B2: Final[dict[str, Any]] = {"order": "B-2", "operation": "10", "work_center": "MIX"}


def factory() -> list[Event]:
    """Reasons of stops, and orders of which there is something to tell."""
    late = stamped(released("L-1", "ROLL", pcs("40"), (LONG,), (), priority=12), due=day(-2))
    tight = stamped(released("L-2", "ROLL", pcs("2000"), (LONG,), (), priority=13), due=day(0))
    short = released(
        "L-3", "LOAF", pcs("9"), (LONG,), (line("1", "WHEAT", kg("545")),), priority=14
    )
    return [
        *(
            ReasonDefined(reason=code, revision=1, text=text, group="downtime", time_group=group)
            for code, text, group in REASONS
        ),
        late,
        tight,
        short,
        RoutingDefined(material="ROLL", revision=1, operations=(LONG,)),
        *(
            stamped(one, station="BAKE-2")
            for one in (
                OperationStarted(**B2),
                OperatorJoined(order="B-2", operation="10", operator="paul"),
                OperationReported(**B2, good=pcs("80")),
                MaterialDisposed(
                    **B2, material="LOAF", quantity=pcs("12"), disposition="rework", lot="B-2"
                ),
            )
        ),
    ]


def filled(data: Path, *, work_centers: Sequence[str] = ("MIX",)) -> Config:
    """The bakery's station with `factory` in its journal too."""
    config = seeded(data)
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    bodies = [
        body_of(
            stamped(
                one,
                id=f"1-{n:04}",
                n=1_000 + n,
                act=f"1-{n:04}",
                station=one.station or "office",
                at=TODAY.isoformat(),
            )
        )
        for n, one in enumerate(factory(), 1)
    ]
    journal.absorb(bodies, FeedMark("i1", 10_000, "00")).result(5)
    journal.close()
    station = replace(config.station, work_centers=tuple(work_centers))
    return replace(config, station=station)


def lines(terminal: Terminal, zone: str) -> list[str]:
    return [one.rstrip() for one in terminal.zone(zone).splitlines()]


def own(terminal: Terminal) -> list[Event]:
    """The station's own events, in order."""
    assert terminal.station is not None
    found = [record.event for _, record in terminal.station.journal.replay()]
    return [one for one in found if not isinstance(one, Unknown) and one.station == "BAKE-1"]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_the_queue_tells_what_there_is_to_know(tmp_path: Path, size: tuple[int, int]) -> None:
    terminal = Terminal(filled(tmp_path))
    async with running(terminal, size):
        await terminal.scan(badge("anna"))
        shown = lines(terminal, "queue")
        wanted = {
            "B-1": "",
            "L-1": "LATE",
            "L-2": "SHORT OF TIME BY 19:40 H",
            "L-3": "SHORT: WHEAT FLOUR 40 KG",
            "B-2": "12 REWORK · AT BAKE-2: Paul Lind",
            "B-5": "ON HOLD: Oven check",
            "B-7": "NOT RELEASED",
        }
        for _ in range(9):
            for number, told in wanted.items():
                place = next((n for n, one in enumerate(shown) if one.startswith(number)), None)
                if told and place is not None and place + 1 < len(shown):
                    wanted[number] = "" if shown[place + 1].strip() == told else told
            assert max(len(one) for one in shown) <= size[0]
            assert not any("…" in one for one in shown if one.startswith("  "))
            await terminal.desk.take(Key("down"))
            await terminal.settle()
            shown = lines(terminal, "queue")
    assert wanted == dict.fromkeys(wanted, "")


async def test_an_order_that_arrives_is_told_with_what_came(tmp_path: Path) -> None:
    terminal = Terminal(filled(tmp_path, work_centers=("PACK",)))
    async with running(terminal, (80, 24)):
        await terminal.scan(badge("anna"))
        shown = lines(terminal, "queue")
        place = next(n for n, one in enumerate(shown) if one.startswith("B-2"))
        assert "ARRIVED 68 PCS good from 10 Mix and bake" in shown[place + 1]
        await terminal.scan(order("B-2"))
        assert terminal.band.key == "order_opened"


async def test_a_row_is_opened_by_arrows_and_enter(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await terminal.scan(badge("anna"))
        await terminal.desk.take(Key("down"))
        await terminal.desk.take(Key("enter"))
        await terminal.settle()
        assert terminal.dialog.order == "B-2"
        assert lines(terminal, "order")[0].startswith("B-2  Rye loaf")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_a_row_is_opened_by_a_finger(tmp_path: Path, size: tuple[int, int]) -> None:
    config = replace(filled(tmp_path), input=InputConfig(mouse=True))
    terminal = Terminal(config)
    async with running(terminal, size):
        await terminal.scan(badge("anna"))
        shown = lines(terminal, "queue")
        row = next(n for n, one in enumerate(shown) if one.startswith("L-1"))
        assert (row - 1) % TARGET_ROWS == 0
        at = terminal.query_one("#queue").content_region
        terminal.still.advance(1)
        terminal.on_key(events.Key(f"tap:{at.x + 20}:{at.y + row + TARGET_ROWS - 1}", None))
        await terminal.settle()
        assert (terminal.dialog.order, terminal.band.word) == ("L-1", "SET-UP")


async def test_set_up_is_shown_with_its_clock_and_the_lot_ends_it(tmp_path: Path) -> None:
    terminal = Terminal(filled(tmp_path))
    async with running(terminal, (80, 24)):
        for code in (badge("anna"), order("L-3")):
            await terminal.scan(code)
        assert terminal.band.word == "SET-UP"
        terminal.still.advance(420)
        await terminal.desk.take(Tick())
        await terminal.settle()
        assert "SET-UP 0:07 of 0:20" in terminal.zone("order")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert "SET-UP" not in terminal.zone("order")
        assert [type(one).__name__ for one in own(terminal)][-2:] == [
            "SetupEnded",
            "MaterialConsumed",
        ]


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
async def test_a_stop_and_a_call_stand_on_the_screen_until_they_end(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    terminal = Terminal(filled(tmp_path))
    async with running(terminal, size):
        for code in (badge("anna"), order("B-1"), command("OK"), command("CALL")):
            await terminal.scan(code)
        assert "MAINTENANCE: the machine needs a mechanic" in terminal.zone("choices")
        await terminal.desk.enter("2")
        await terminal.settle()
        await terminal.scan(command("DOWNTIME"), after=180)
        assert lines(terminal, "choices")[1].strip() == "DELAY (malfunction, waiting)"
        await terminal.scan(reason("FAULT"))
        assert (terminal.band.word, terminal.scanner.last_answer) == ("STOPPED", "ok")
        terminal.still.advance(240)
        await terminal.desk.take(Tick())
        await terminal.settle()
        assert lines(terminal, "order")[:2] == [
            " STOPPED 0:04  Bakehouse: Oven fault",
            " HELP CALLED 0:07  MAINTENANCE",
        ]
        assert "HELP CALLED 0:07" in terminal.zone("what")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert (terminal.band.kind, terminal.band.word) == ("ask", "RUNS AGAIN?")
        await terminal.scan(command("OK"))
        assert terminal.band.key == "consumed"
        await terminal.scan(command("CALL"))
        assert terminal.band.word == "HELP CAME"
        assert not any("STOPPED" in one or "HELP" in one for one in lines(terminal, "order"))
        acts = [(type(one).__name__, one.act) for one in own(terminal)]
    named = dict(acts)
    assert named["DowntimeEnded"] == named["MaterialConsumed"]
    assert "HelpAnswered" in named


async def test_after_a_restart_stop_and_call_are_still_open(tmp_path: Path) -> None:
    config = filled(tmp_path)
    first = Terminal(config)
    async with running(first):
        for code in (badge("anna"), order("B-1"), command("DOWNTIME"), reason("JAM")):
            await first.scan(code)
        await first.scan(command("CALL"))
        await first.scan(command("OK"))
    second = Terminal(config)
    async with running(second):
        assert second.band.word == "STOPPED"
        assert [one.reason for one in own(second) if isinstance(one, HelpCalled)] == ["MATERIAL"]
        stops = [one.reason for one in own(second) if isinstance(one, DowntimeStarted)]
        assert stops == ["JAM"]
        assert "HELP CALLED" in second.zone("order")


async def test_several_orders_run_and_the_others_are_listed_with_their_clocks(
    tmp_path: Path,
) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        for code in (badge("anna"), order("B-1"), order("B-2"), order("B-3")):
            await terminal.scan(code, after=60)
        assert "also: B-1 running 0:02 · B-2 running 0:01" in terminal.zone("order")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert "THIS LOT IS FOR B-1 · SCAN B-1 FIRST" in terminal.zone("what")
        assert "B-3" in terminal.zone("what")
        await terminal.scan(order("B-1"))
        assert "B-1" in f"{terminal.band.word} {terminal.zone('what')}"


SCENES: Final[dict[str, tuple[Step, ...]]] = {
    "queue_full": (badge("anna"), Key("down"), Key("down"), Key("down")),
    "set_up": (badge("anna"), order("L-3")),
    "stop_reasons": (badge("anna"), order("B-1"), command("OK"), command("DOWNTIME")),
    "stopped": (
        *(badge("anna"), order("B-1"), command("OK"), command("CALL"), command("OK")),
        *(command("DOWNTIME"), reason("FAULT")),
    ),
    "runs_again": (
        *(badge("anna"), order("B-1"), command("OK"), command("DOWNTIME"), reason("FAULT")),
        lot("W-204", "WHEAT"),
    ),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCENES)
def test_scene(snap_compare: Compare, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    terminal = Terminal(filled(tmp_path))
    assert snap_compare(terminal, terminal_size=size, run_before=scene(SCENES[name]))
