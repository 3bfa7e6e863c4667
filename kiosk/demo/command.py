"""`kiosk demo`: reads the command line, and runs the demo that it asks for."""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from kiosk.catalogues import languages
from kiosk.demo import audit, script, sheet
from kiosk.demo.factory import Factory, FactoryError
from kiosk.demo.observed import Silence
from kiosk.demo.player import Score
from kiosk.demo.processes import Options, ProcessError
from kiosk.demo.supervisor import Supervisor, running_demo
from kiosk.demo.terminal import is_a_terminal
from kiosk.demo.verdict import Verdict, judge

ENDINGS: Final = (signal.SIGHUP, signal.SIGTERM)
PACE_SECONDS: Final = 1.5
EPILOG: Final = """\
examples:
  sh deploy/demo                                try it: press Space
  sh deploy/demo --factory machining --play     watch a shift
  sh deploy/demo --headless --play --pace 0     prove it: the last line is JSON
  sh deploy/demo --station PACK-1               in a second terminal: another station
  sh deploy/demo --data DIR                     go on where an earlier demo ended
  sh deploy/demo --sheet                        a page of codes for a real scanner
  sh deploy/demo --language de                  in German; da: in Danish
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asks, with the factory and the folder that it comes to."""

    factory: Factory
    options: Options
    station: str
    attached: bool
    headless: bool
    steps: tuple[script.Step, ...]
    script_name: str
    pace: float


def parser() -> argparse.ArgumentParser:
    """The options of `kiosk demo`."""
    made = argparse.ArgumentParser(
        prog="deploy/demo",
        description="Server, sample factory, label printer and kiosk on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--factory", default="", help="bakery (default), machining, electronics, or a folder")
    add("--data", type=Path, help="where everything is kept (default: a fresh temporary folder)")
    add("--station", default="", help="which station (default: the factory's first)")
    add(
        "--language",
        default="en",
        choices=languages(),
        help="what the stations speak; sentences of a script are held in English only",
    )
    add("--play", action="store_true", help="have the sample shift scanned")
    add("--script", type=Path, metavar="FILE", help="play this shift instead of the factory's")
    add(
        "--pace",
        type=float,
        default=PACE_SECONDS,
        metavar="SECONDS",
        help=f"seconds between scans (default {PACE_SECONDS}); 0: as fast as it goes",
    )
    add("--headless", action="store_true", help="needs no terminal; ends when the shift is done")
    add("--sheet", action="store_true", help="write one A4 PDF with the factory's codes, and end")
    add(
        "--today",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="run every clock as if today were this day",
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; the exit status is 0 only if everything held."""
    asked = parser().parse_args(arguments)
    for ending in ENDINGS:
        signal.signal(ending, _leave)
    try:
        plan = _plan(asked)
        if asked.sheet:
            print(sheet.write(plan.factory, plan.options.data, plan.options.language))
            return 0
        return _headless(plan) if plan.headless else _shown(plan)
    except (FactoryError, ProcessError, Silence, script.ScriptError, OSError) as fault:
        print(f"demo: {fault}", file=sys.stderr)
        return 2


def _leave(ending: int, _frame: FrameType | None) -> None:
    """The terminal was closed, or a manager ends us: what was started is stopped on the way out.

    A closed terminal may say so twice; the second word would cut the way out short.
    """
    for one in ENDINGS:
        signal.signal(one, signal.SIG_IGN)
    raise SystemExit(128 + ending)


def _plan(asked: argparse.Namespace) -> Plan:
    running = running_demo() if asked.station and not asked.data else None
    data = asked.data or running or Path(tempfile.mkdtemp(prefix="floor-kiosk-"))
    before = _earlier(data)
    attached = bool(before) and _is_running(before)
    if attached and not asked.station:
        raise FactoryError(f"{data} runs a demo already: add --station, or end it with F10")
    offset = _offset_seconds(asked.today, before)
    today = date.today() + timedelta(seconds=offset)  # noqa: DTZ011 — the floor's local day
    begun = date.fromisoformat(before["today"]) if before else today
    factory = Factory.named(asked.factory or before.get("factory", "bakery"), begun)
    plays = asked.play or asked.script or asked.headless
    path = asked.script or factory.folder / "shift.txt"
    station = factory.station(asked.station) if asked.station else factory.stations[0]
    return Plan(
        factory=factory,
        options=Options(data.resolve(), offset, language=asked.language),
        station=station.name,
        attached=attached,
        headless=asked.headless,
        steps=_steps(path, factory, asked.language) if plays else (),
        script_name=path.name,
        pace=max(0.0, asked.pace),
    )


def _steps(path: Path, factory: Factory, language: str) -> tuple[script.Step, ...]:
    """A script's steps; its sentences are English, so another language is held to kinds alone."""
    steps = script.load(path, factory)
    if language == "en":
        return steps
    return tuple(
        replace(one, texts=(), following="") if isinstance(one, script.ExpectBand) else one
        for one in steps
    )


def _headless(plan: Plan) -> int:
    begun = time.monotonic()
    floor = Supervisor(plan.factory, plan.options, visible=False)
    relay = threading.Thread(target=floor.relay.run, daemon=True)
    relay.start()
    try:
        floor.open()
        print(f"demo: {plan.factory.name} in {plan.options.data}", file=sys.stderr)
        score = floor.play(plan.steps, plan.pace, plan.script_name)
        verdict = _verdict(floor, plan, score)
    finally:
        floor.relay.stop()
        relay.join()
        floor.close()
    verdict.summary.seconds = round(time.monotonic() - begun, 1)
    return _tell(verdict)


def _shown(plan: Plan) -> int:
    if not is_a_terminal():
        raise ProcessError("no terminal is there to show the kiosk on: add --headless --play")
    floor = Supervisor(plan.factory, plan.options, visible=True, attached=plan.attached)
    try:
        if plan.attached:
            floor.attach()
        else:
            print(f"Starting the {plan.factory.name} in {plan.options.data} …", flush=True)
            floor.open()
        socket = floor.listen(plan.station)
        floor.add_bench(plan.station, _bench_words(plan, floor, str(socket)))
        if plan.steps:
            threading.Thread(target=_play_shown, args=(floor, plan), daemon=True).start()
        floor.relay.run()
    finally:
        floor.close()
    _farewell(floor, plan)
    return 0


def _bench_words(plan: Plan, floor: Supervisor, socket: str) -> list[str]:
    return [
        "--factory", str(plan.factory.folder),
        "--today", plan.factory.today.isoformat(),
        "--control", socket,
        "--board", f"{floor.server.url}/board",
        "--labels", str(plan.options.data / "labels"),
        "--demo-data", str(plan.options.data),
    ]  # fmt: skip


def _play_shown(floor: Supervisor, plan: Plan) -> None:
    score = floor.play(plan.steps, plan.pace, plan.script_name)
    floor.relay.show(floor.kiosk(plan.station).terminal)
    floor.say(
        f"Shift played: {score.scans} scans, {score.stopped} stopped, "
        f"{len(score.misses)} expectations missed. {floor.drain()}. F10 ends."
    )


def _verdict(floor: Supervisor, plan: Plan, score: Score) -> Verdict:
    if not floor.is_online:
        floor.online()
    comparison = floor.drain()
    floor.await_printed()
    floor.await_projected()
    return judge(plan.factory.name, score, comparison, floor.server, plan.options.data / "labels")


def _tell(verdict: Verdict) -> int:
    summary = verdict.summary
    for fault in verdict.faults:
        print(f"✖ {fault}")
    print(
        f"{summary.factory}: {summary.scans} scans ({summary.stopped} stopped), "
        f"{summary.orders_completed} orders completed, {summary.events_ledger} of "
        f"{summary.events_journal} events on the server, {summary.labels_decoded} of "
        f"{summary.labels_printed} labels read back, {summary.seconds:g} s. "
        + ("All of it holds." if not verdict.faults else f"{len(verdict.faults)} faults.")
    )
    print(verdict.line)
    return 1 if verdict.faults else 0


def _farewell(floor: Supervisor, plan: Plan) -> None:
    found = audit.compare(floor.journals(), floor.server.ledger)
    labels = len(list((plan.options.data / "labels").glob("*.png")))
    print(f"Scanned and booked here: {found.in_journals} events; {found}.")
    print(f"Labels printed: {labels} (pictures in {plan.options.data / 'labels'}).")
    print(f"To go on where you stopped: sh deploy/demo --data {plan.options.data}")


def _offset_seconds(today: date | None, before: dict[str, Any]) -> float:
    if today is None:
        return float(before.get("clock_offset_seconds", 0.0))
    return timedelta(days=(today - date.today()).days).total_seconds()  # noqa: DTZ011


def _earlier(folder: Path) -> dict[str, Any]:
    """What an earlier or running demo in a folder remembers of itself."""
    try:
        return dict(json.loads((folder / "demo.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _is_running(before: dict[str, Any]) -> bool:
    try:
        os.kill(int(before["pid"]), 0)
    except (OSError, KeyError):
        return False
    return True
