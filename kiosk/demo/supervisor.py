"""Starts the whole product on one machine, watches over it, and lets shifts be played on it."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from kiosk.demo import audit, checker, control, script
from kiosk.demo.drawings import DRAWINGS
from kiosk.demo.factory import Factory, Station
from kiosk.demo.observed import Silence
from kiosk.demo.player import Player, Score
from kiosk.demo.processes import START_SECONDS_MAX, Kiosk, Options, Printer, Server
from kiosk.demo.terminal import Relay

DRAIN_SECONDS_MAX: Final = 60.0
DRAIN_POLL_SECONDS: Final = 0.05


class BenchKiosk(Kiosk):
    """A kiosk as the player drives it; a `watched` one is started again by its watcher."""

    watched = False

    def scan(self, sent: bytes) -> None:
        self.cable.send(sent)

    def type(self, text: str) -> None:
        for key in [*text, "\r"]:
            self.terminal.keys(key.encode())
            time.sleep(0.12)  # a hand is slower than a scanner: a burst would be a scan

    def restart_after_kill(self) -> None:
        self.kill()
        if self.watched:
            self.observed.connected(START_SECONDS_MAX)
        else:
            self.start()


class Supervisor:
    """All processes of one demo. `attached` stations live in another terminal's demo."""

    def __init__(
        self, factory: Factory, options: Options, *, visible: bool, attached: bool = False
    ) -> None:
        self.factory = factory
        self.options = options
        self.attached = attached
        self.server = Server(options)
        self.printer = Printer(options)
        self.relay = Relay(visible=visible)
        self.is_online = True
        self._kiosks: dict[str, BenchKiosk] = {}
        self._control: control.ControlServer | None = None
        self._first = Path()
        self._busy = threading.Lock()
        self._ending = threading.Event()

    # --- the floor, as the player sees it ------------------------------------------------------

    def kiosk(self, station: str) -> BenchKiosk:
        """The running kiosk of a station, started and enrolled when first asked for."""
        if station not in self._kiosks:
            self._kiosks[station] = self._started(self.factory.station(station))
        found = self._kiosks[station]
        self.relay.show(found.terminal)
        return found

    def kiosks(self) -> Sequence[BenchKiosk]:
        return list(self._kiosks.values())

    def offline(self) -> None:
        """Pull the network: the server is gone for everybody."""
        self.server.stop()
        self.is_online = False
        self._tell(network=False, say="The network is unplugged: the server is gone. Go on.")

    def online(self) -> None:
        """Plug the network in again."""
        self.server.start()
        self.is_online = True
        self._tell(network=True, say="The network is plugged in again.")

    def bodies(self) -> Iterator[bytes]:
        """Every event that any journal of this demo holds."""
        for journal in self.journals():
            yield from audit.bodies(journal)

    def journals(self) -> list[Path]:
        return sorted(self.options.data.glob("stations/*/journal.db"))

    # --- life ----------------------------------------------------------------------------------

    def open(self) -> None:
        """Start server and printer, and bring the factory in the first time."""
        with ThreadPoolExecutor() as together:
            for done in [together.submit(self.server.start), together.submit(self.printer.start)]:
                done.result()
        imported = self.options.data / "imported"
        if not imported.exists():
            told = self.server.import_factory(self.factory.folder)
            self._put_drawings()
            imported.write_text(told, encoding="utf-8")
        self._remember()

    def _put_drawings(self) -> None:
        """Give the server the drawings that the factory's routings name, if it has some."""
        made = DRAWINGS.get(self.factory.folder.name, {})
        if not made:
            return
        folder = self.options.data / "drawings"
        folder.mkdir(exist_ok=True)
        for name, draw in made.items():
            (folder / name).write_bytes(draw())
        self.server.import_drawings(folder)

    def attach(self) -> None:
        """Use the server and printer of a demo that runs already."""
        running = json.loads((self.options.data / "demo.json").read_text(encoding="utf-8"))
        self.server.url, self.printer.url = running["server"], running["printer"]
        self._first = Path(running["control"])

    def listen(self, station: str) -> Path:
        """Take asks from the bench of a station; returns the socket's path."""
        path = self.options.sockets / f"{station}.control"
        self._control = control.ControlServer(path, self._asked)
        self._own_station = station
        if not self.attached:
            self._remember()
        return path

    def add_bench(self, station: str, words: list[str]) -> BenchKiosk:
        """The station shown on the person's terminal, with the things on its workbench."""
        found = self._kiosks[station] = self._made(self.factory.station(station))
        found.use_bench(words)
        self.relay.show(found.terminal)
        found.start()
        self._await_known(found)
        found.watched = True
        threading.Thread(target=self._watch, args=(found,), daemon=True).start()
        return found

    def close(self) -> None:
        """Stop everything that this demo started."""
        self._ending.set()
        for kiosk in self.kiosks():
            kiosk.close()
        if not self.attached:
            self.server.stop()
            self.printer.stop()
        if self._control:
            self._control.close()
        shutil.rmtree(self.options.sockets, ignore_errors=True)

    def play(self, steps: Sequence[script.Step], pace: float, name: str) -> Score:
        """Play a script's steps; its stations are all at work before the first scan."""
        for station in dict.fromkeys(
            one.name for one in steps if isinstance(one, script.AtStation)
        ):
            if station not in self._kiosks:
                self._kiosks[station] = self._started(self.factory.station(station))
        player = Player(self, pace=pace, told=lambda line: self._tell(say=line), name=name)
        return player.play(steps, self._ending.is_set)

    def drain(self) -> audit.Comparison:
        """Wait until the ledger holds all that the journals hold, and compare them."""
        with suppress(Silence):
            self.await_synced()
        return self.comparison()

    def await_synced(self) -> None:
        """Wait until the ledger holds every journal and all stations heard; raises `Silence`."""
        _until(lambda: self.comparison().holds, "reach the ledger")
        self.await_projected()
        _until(lambda: not any(map(self._unheard, self.kiosks())), "reach all stations")

    def await_printed(self) -> None:
        """Wait until every output that wants a label has one; raises `Silence`."""
        _until(lambda: not checker.unprinted(self.bodies()), "print all labels")

    def await_projected(self) -> None:
        """Wait until the views hold all that the ledger holds; raises `Silence`."""
        _until(lambda: self.server.is_projected, "reach the views")

    def comparison(self) -> audit.Comparison:
        """The journals held against the ledger as they are now."""
        return audit.compare(self.journals(), self.server.ledger)

    def say(self, text: str) -> None:
        """Tell the benches something."""
        self._tell(say=text)

    def _started(self, station: Station) -> BenchKiosk:
        kiosk = self._made(station)
        kiosk.start()
        self._await_known(kiosk)
        return kiosk

    def _made(self, station: Station) -> BenchKiosk:
        kiosk = BenchKiosk(station, self.options, self.relay)
        if not kiosk.is_enrolled:
            kiosk.enrol(self.server.url, self.server.enrolment_code(station), self.printer.url)
        else:
            kiosk.configure(self.printer.url)
        return kiosk

    def _unheard(self, kiosk: BenchKiosk) -> int:
        centers = [f"work_center:{one}" for one in kiosk.station.work_centers]
        scopes = ["site", f"station:{kiosk.name}", *centers]
        return audit.unheard(kiosk.data / "journal.db", self.server.ledger, scopes)

    def _await_known(self, kiosk: BenchKiosk) -> None:
        """A new station has to hear of its factory once before it can work alone."""
        journal = kiosk.data / "journal.db"
        if self.is_online:
            _until(lambda: audit.heard_until(journal) >= 0, "hear of the factory")

    def _watch(self, kiosk: BenchKiosk) -> None:
        """Start the shown kiosk again whenever it ends, as a service manager would."""
        while not self._ending.wait(0.05):
            if not kiosk.is_running and not self._ending.is_set():
                kiosk.observed.forget()
                with suppress(Silence):
                    kiosk.start()

    # --- what the bench asks --------------------------------------------------------------------

    def _asked(self, line: dict[str, Any]) -> None:
        doing = {"network": self._network, "power": self._power, "play": self._play_rest}
        what = str(line.get("do"))
        if what == "end":
            self._ending.set()
            self.relay.stop()
        elif what in doing:
            threading.Thread(target=self._one_at_a_time, args=(doing[what],), daemon=True).start()

    def _one_at_a_time(self, doing: Any) -> None:
        if not self._busy.acquire(blocking=False):
            self._tell(say="One moment: the last key is still being done.")
            return
        try:
            doing()
        except Exception as fault:  # the person must hear of it, and the demo goes on
            self._tell(say=f"{type(fault).__name__}: {fault}")
        finally:
            self._busy.release()

    def _network(self) -> None:
        if self.attached:
            heard = control.ask(self._first, "network")
            self._tell(say="Asked the first terminal." if heard else "The first terminal is gone.")
            return
        if self.is_online:
            self.offline()
            return
        self.online()
        self._tell(say=str(self.drain()))

    def _power(self) -> None:
        self._kiosks[self._own_station].kill()

    def _play_rest(self) -> None:
        steps = script.load(self.factory.folder / "shift.txt", self.factory)
        self._tell(say="Playing the rest of the shift …")
        score = self.play(rest_of(steps, self._begun()), 1.0, "shift.txt")
        if not (self.is_online or self.attached):  # what plugs it in may have been played before
            self.online()
        self.relay.show(self._kiosks[self._own_station].terminal)
        self._tell(say=f"Shift played: {score.scans} scans, {score.stopped} stopped.")

    def _begun(self) -> set[str]:
        begun = set()
        for body in self.bodies():
            if b'"OperationStarted"' in body:
                begun.add(str(json.loads(body)["order"]))
        return begun

    def _tell(self, **line: object) -> None:
        if self._control:
            self._control.tell(**line)

    def _remember(self) -> None:
        """Where another terminal finds this demo."""
        running = {
            "pid": os.getpid(),
            "factory": str(self.factory.folder),
            "today": self.factory.today.isoformat(),
            "server": self.server.url,
            "printer": self.printer.url,
            "control": str(self._control.path) if self._control else "",
            "clock_offset_seconds": self.options.clock_offset_seconds,
        }
        (self.options.data / "demo.json").write_text(json.dumps(running), encoding="utf-8")
        _pointer().write_text(str(self.options.data), encoding="utf-8")


def _until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DRAIN_SECONDS_MAX
    while not holds():
        if time.monotonic() > end:
            raise Silence(f"it took more than {DRAIN_SECONDS_MAX:g} s to {what}")
        time.sleep(DRAIN_POLL_SECONDS)


def rest_of(steps: Sequence[script.Step], begun: set[str]) -> tuple[script.Step, ...]:
    """The part of a shift whose orders nobody has begun, from the sign-in of its station on."""
    chapters: list[list[script.Step]] = [[]]
    for step in steps:
        if isinstance(step, script.AtStation):
            chapters.append([])
        chapters[-1].append(step)
    wanted = [chapter for chapter in chapters if not _orders(chapter) & begun]
    return tuple(step for chapter in wanted for step in chapter)


def _orders(chapter: Sequence[script.Step]) -> set[str]:
    return {
        step.title.split()[0]
        for step in chapter
        if isinstance(step, script.ScanStep) and step.sent.startswith(b"]Q1WO")
    }


def running_demo() -> Path | None:
    """The folder of the demo that was started last on this machine, if it still runs."""
    try:
        folder = Path(_pointer().read_text(encoding="utf-8"))
        pid = json.loads((folder / "demo.json").read_text(encoding="utf-8"))["pid"]
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return folder


def _pointer() -> Path:
    return Path(tempfile.gettempdir()) / f"floor-kiosk-demo-{os.getuid()}"
