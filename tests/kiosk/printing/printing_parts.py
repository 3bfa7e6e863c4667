"""A station's journal and its printing, with virtual printers on real sockets."""

import queue
import socket
import time
from contextlib import closing
from pathlib import Path

from uuid_utils import uuid7

from kiosk.clock import Clock
from kiosk.config import PrinterConfig
from kiosk.demo.virtual_printer import VirtualPrinter
from kiosk.journal import Journal
from kiosk.printing import Spooler
from kiosk.readers import PrintState
from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelPrinted,
    LabelRule,
    MaterialProduced,
    OrderReleased,
)
from sync.domain.quantity import Quantity

SOON = 10.0


class Plant:
    """A journal, its shop, and spoolers that are started on it."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal.open(
            folder, station="PACK-1", clock=Clock(), new_id=lambda: str(uuid7())
        )
        self.states: queue.Queue[PrintState] = queue.Queue()
        self.spooler: Spooler | None = None

    def book(self, *events: Event) -> list[Event]:
        events_now = [record.event for record in self.journal.append(events).result()]
        return [event for event in events_now if isinstance(event, Event)]

    def start(self, port: int) -> None:
        printer = PrinterConfig("labels", f"tcp://127.0.0.1:{port}")
        self.start_with(printer)

    def start_with(self, *printers: PrinterConfig, learn_seconds: float = 60.0) -> None:
        self.spooler = Spooler(
            self.journal,
            lambda question: question(self.journal.shop()),
            printers,
            self.states.put,
            learn_seconds=learn_seconds,
        )
        self.spooler.start()

    def until(self, state: str, seconds: float = SOON) -> PrintState:
        """The next report of that state; others before it are passed over."""
        end = time.monotonic() + seconds
        while True:
            found = self.states.get(timeout=max(0.01, end - time.monotonic()))
            if found.state == state:
                return found

    def told(self) -> list[Event]:
        """What the journal holds about labels."""
        events = [record.event for _, record in self.journal.replay()]
        return [event for event in events if isinstance(event, LabelPrinted | LabelDoubted)]

    def printed(self) -> list[LabelPrinted]:
        return [fact for fact in self.told() if isinstance(fact, LabelPrinted)]

    def marks(self, printer: VirtualPrinter) -> list[bool]:
        """Of each label that came out: whether it bears the mark of a copy."""
        files = sorted(printer.tray.folder.glob("*.zpl"))
        return [b"COPY 2" in file.read_bytes().replace(b"_20", b" ") for file in files]

    def wake(self) -> None:
        assert self.spooler, "nothing prints"
        self.spooler.wake()

    def stop(self) -> None:
        if self.spooler:
            self.spooler.stop()
            self.spooler = None

    def close(self) -> None:
        self.stop()
        self.journal.close()


def released(order: str, label: LabelRule | None = None) -> OrderReleased:
    return OrderReleased(
        order=order,
        revision=1,
        material="ROLL",
        name="Wheat roll",
        quantity=Quantity("1000", "C62"),
        label=label or LabelRule(),
    )


def produced(
    amount: str = "480",
    number: str = "1",
    *,
    order: str = "B-1",
    lot: str = "B-1",
    station: str = "PACK-1",
) -> MaterialProduced:
    return MaterialProduced(
        order=order,
        lot=lot,
        station=station,
        operation="10",
        material="ROLL",
        quantity=Quantity(amount, "C62"),
        expiry="2027-01-31",
        label=number,
        operator="anna",
        at="2026-11-22T10:42:00+01:00",
    )


def port_of(printer: VirtualPrinter) -> int:
    return int(printer.server_address[1])


def closed_port() -> int:
    """A port of this machine that nothing listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as reserved:
        return int(reserved.getsockname()[1])
