"""A plant for proofs: the real server with a factory that has a bag of its own for every scan."""

import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx

from kiosk import enrolment
from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.demo.factory import Station as Place
from kiosk.demo.processes import Options, Server
from kiosk.station import origin_of
from tests.proofs.stations import (
    BADGE,
    KILOGRAMS_A_LOT,
    SYNC_SECONDS,
    Job,
    Screens,
    Station,
    lots_consumed,
)

WORK_CENTER: Final = "MIX"
PIECES: Final = 1_000_000
# Of each order's own material. Few orders have many: what a screen suggests looks at all of them.
LOTS: Final = (*[30] * 22, 100, 100, 210, 330, 420, 420)


def write_factory(folder: Path, lots: Sequence[int]) -> None:
    """For each number an order of a product of its own, made from so many bags of one flour."""
    each = range(1, len(lots) + 1)
    files = {
        "materials": ["material,name,unit,label_quantity"]
        + [f"ROLL-{n},Wheat roll {n},pcs,no" for n in each]
        + [f"WHEAT-{n},Wheat flour {n},kg,yes" for n in each],
        "boms": ["material,for_quantity,component,quantity,unit,operation"]
        + [f"ROLL-{n},{PIECES},WHEAT-{n},900000,kg,10" for n in each],
        "routings": ["material,operation,work_center,name"]
        + [f"ROLL-{n},10,{WORK_CENTER},Mix and bake" for n in each],
        "work_centers": ["work_center,name", f"{WORK_CENTER},Bakehouse"],
        "operators": ["person,name,badge", f"anna,Anna Berg,{BADGE.badge}"],
        "orders": ["order,material,quantity,due,release"]
        + [f"P-{n},ROLL-{n},{PIECES} pcs,+1d,yes" for n in each],
        "stock": ["material,lot,quantity,unit,place"]
        + [
            f"WHEAT-{n},{lot},{KILOGRAMS_A_LOT},kg,A3"
            for n, many in enumerate(lots, 1)
            for lot in _lots(n, many)
        ],
    }
    folder.mkdir()
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


class Plant:
    """A server and its stations; `open` takes some seconds, so tests share one where they can."""

    def __init__(self, folder: Path, lots: Sequence[int] = LOTS) -> None:
        self.options = Options(folder)
        self.server = Server(self.options)
        self.screens = Screens()
        self._factory = folder / "factory"
        write_factory(self._factory, lots)
        self._jobs = [
            (many, Job(f"P-{n}", f"ROLL-{n}", f"WHEAT-{n}", f"Wheat flour {n}", _lots(n, many)))
            for n, many in enumerate(lots, 1)
        ]
        self._names = (f"S-{number}" for number in count(1))
        self._stations: list[Station] = []
        self._reading = threading.Thread(target=self.screens.run, daemon=True)

    def open(self) -> None:
        self.server.start()
        self.server.import_factory(self._factory)
        self._reading.start()

    def close(self) -> None:
        """End every process, whatever else goes wrong."""
        try:
            self._close_stations()
        finally:
            self.server.stop()
            shutil.rmtree(self.options.sockets)

    def _close_stations(self) -> None:
        for station in self._stations:
            station.kill()
        self.screens.stop()
        self._reading.join()
        for station in self._stations:
            station.close()

    def clear(self) -> None:
        """Between two tests: no kiosk runs, the server does."""
        for station in self._stations:
            station.kill()
        if not self.server.is_running:
            self.server.start()

    def job(self, lots: int = 1) -> Job:
        """An order that no test has touched, with at least so many bags."""
        fitting = [one for one in self._jobs if one[0] >= lots]
        assert fitting, f"the plant has no order left with {lots} bags: give it more"
        found = min(fitting, key=lambda one: one[0])
        self._jobs.remove(found)
        return found[1]

    def new_station(self) -> Station:
        """A station that is not enrolled."""
        place = Place(next(self._names), (WORK_CENTER,))
        made = Station(place, self.options, self.screens, self.server.ledger)
        self._stations.append(made)
        return made

    def station(self) -> Station:
        """A fresh enrolled station with a scanner on its cable, not started."""
        made = self.new_station()
        self.enrol(made)
        return made

    def enrol(self, station: Station) -> None:
        """Give a station its name, its token and its kiosk.toml."""
        data = station.data
        origin = origin_of(Config(data), Clock())
        enrolment.enrol(self.server.url, self.code(station), data=data, origin=origin)
        (data / "kiosk.toml").write_text(
            f'[[scanner]]\nname = "hand"\nport = "{station.cable.link}"\n[site]\npin = false\n'
        )

    def code(self, station: Station) -> str:
        """A one-time code that enrols a station."""
        body = {"station": station.name, "work_centers": list(station.station.work_centers)}
        return str(self.post("/v1/enrolment-codes", body)["code"])

    def at_work(self, lots: int = 1) -> tuple[Station, Job]:
        """A running station that knows the factory, and the job whose order is open there."""
        station, job = self.station(), self.job(lots)
        self.put_to_work(station, job)
        return station, job

    def put_to_work(self, station: Station, job: Job) -> None:
        """Start an enrolled station, sign in and open the order."""
        station.start()
        station.begin(job.order)

    def post(self, path: str, body: object) -> Any:
        """What the server answers to its administrator."""
        return self._asked("POST", path, body).json()

    def ledger(self) -> Iterator[bytes]:
        """Every event of the ledger, as the server exports it."""
        for line in self._asked("GET", "/v1/events").text.splitlines():
            yield json.dumps(json.loads(line)["event"]).encode()

    def assert_kept(self, station: Station) -> None:
        """Each scan that was answered with ok is once in the journal and once in the ledger."""
        accepted = station.witness.accepted()
        compared = station.compared()
        assert compared.holds, (str(compared), compared.missing[:5], compared.different[:5])
        in_ledger = lots_consumed(self.ledger())
        for where, found in (("journal", station.consumed()), ("ledger", in_ledger)):
            assert not accepted - found.keys(), f"not in the {where}"
            twice = {lot: times for lot, times in found.items() if times > 1}
            assert not twice, f"more than once in the {where}"
        told = self.server.get("/v1/verify")
        assert told["bad"] == "", told

    def _asked(self, method: str, path: str, body: object = None) -> httpx.Response:
        token = (self.server.data / "admin.token").read_text(encoding="ascii").strip()
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.server.url}{path}"
        answer = httpx.request(method, url, json=body, headers=headers, timeout=SYNC_SECONDS)
        assert answer.is_success, answer.text
        return answer


def _lots(number: int, many: int) -> Iterator[str]:
    return (f"L-{number:02d}{bag:04d}" for bag in range(1, many + 1))
