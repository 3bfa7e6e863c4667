"""A sample factory at work: the real server, printer and kiosks of the demo, and its office."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx

from kiosk.demo import script
from kiosk.demo.factory import Factory
from kiosk.demo.player import Score
from kiosk.demo.processes import Options
from kiosk.demo.supervisor import Supervisor
from tests.office.pages import pages


@dataclass(slots=True)
class Plant:
    """The running factory; `url` is the office's."""

    supervisor: Supervisor
    factory: Factory

    @property
    def url(self) -> str:
        return self.supervisor.server.url

    def play(self, text: str) -> Score:
        """Play lines of a shift script at the stations, as fast as the kiosks answer."""
        path = self.supervisor.options.data / "played.txt"
        path.write_text(text, encoding="utf-8")
        steps = script.load(path, self.factory)
        return self.supervisor.play(steps, 0.0, path.name)

    def traveller(self, number: str, material: str, quantity: str) -> None:
        """Let the stations' scripts name an order that the office planned, and its lot."""
        self.factory.orders[number] = {"material": material, "quantity": quantity}

    def unbooked(self, material: str, lot: str) -> None:
        """Let the stations' scripts name a container that nobody received."""
        row = {"material": material, "lot": lot, "expiry": "", "serials": ""}
        self.factory.stock.append(row)

    def play_shift(self) -> Score:
        """The factory's whole sample shift."""
        return self.play((self.factory.folder / "shift.txt").read_text(encoding="utf-8"))

    def tell(self, path: str, body: object) -> Any:
        """What the interface answers to the owner's word."""
        answer = httpx.post(
            self.url + path, json=body, headers=self._owner, trust_env=False, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def ask(self, path: str, **query: str) -> Any:
        """What the interface answers to the owner."""
        answer = httpx.get(
            self.url + path,
            params=query,
            headers=self._owner,
            trust_env=False,
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json()

    @property
    def _owner(self) -> dict[str, str]:
        token = (self.supervisor.options.data / "server" / "admin.token").read_text().strip()
        return {"Authorization": f"Bearer {token}"}

    def pages(self) -> dict[str, str]:
        """Every page of the office with something of this factory on it."""
        order = self.ask("/v1/orders", limit="1")["items"][0]["order"]
        detail = self.ask(f"/v1/orders/{order}")
        lots = self.ask("/v1/stock", empty="true")["items"]
        used = {line["material"] for line in detail["materials"]}
        part = next(one for one in lots if one["material"] in used)
        center = detail["operations"][0]["work_center"]
        return pages(order, detail["material"], part["lot"], center, part["material"])


@contextmanager
def plant(name: str, today: date | None = None) -> Iterator[Plant]:
    """A fresh factory; everything that it started is ended."""
    factory = Factory.named(name, today or datetime.now().astimezone().date())
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        supervisor = Supervisor(factory, Options(Path(folder)), visible=False)
        reading = threading.Thread(target=supervisor.relay.run, daemon=True)
        reading.start()  # what the kiosks draw, or they would wait for it to be read
        try:
            supervisor.open()
            yield Plant(supervisor, factory)
        finally:
            supervisor.relay.stop()
            reading.join()
            supervisor.close()
