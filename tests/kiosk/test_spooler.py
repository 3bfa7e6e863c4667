"""Labels from the journal: real journal, real TCP printers, power cuts between any two steps."""

import queue
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from uuid_utils import uuid7

from kiosk.clock import Clock
from kiosk.demo.virtual_printer import PrintedLabel, VirtualPrinter
from kiosk.journal import Journal
from kiosk.readers import PrintState
from kiosk.spooler import Spooler
from sync.domain.events import (
    Event,
    EventReversed,
    LabelDoubted,
    LabelPrinted,
    LabelRule,
    MaterialDefined,
    MaterialProduced,
    OperatorDefined,
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
        self.spooler = Spooler(
            self.journal,
            lambda question: question(self.journal.shop()),
            name="labels",
            url=f"tcp://127.0.0.1:{port}",
            language="zpl",
            dpi=203,
            on_state=self.states.put,
        )
        self.spooler.start()

    def until(self, state: str) -> PrintState:
        """The next report of that state; others before it are passed over."""
        end = time.monotonic() + SOON
        while True:
            found = self.states.get(timeout=max(0.01, end - time.monotonic()))
            if found.state == state:
                return found

    def told(self) -> list[Event]:
        """What the journal holds about labels."""
        events = [record.event for _, record in self.journal.replay()]
        return [event for event in events if isinstance(event, LabelPrinted | LabelDoubted)]

    def close(self) -> None:
        if self.spooler:
            self.spooler.stop()
        self.journal.close()


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path / "station")
    made.book(
        MaterialDefined(material="ROLL", revision=1, name="Wheat roll", unit="C62"),
        OperatorDefined(person="anna", revision=1, name="Anna Berg", badge="1"),
        released("B-1"),
    )
    yield made
    made.close()


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[VirtualPrinter]:
    with VirtualPrinter(tmp_path / "labels") as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


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


def texts(label: PrintedLabel) -> set[str]:
    return {symbol.text for symbol in label.symbols}


def test_a_label_says_its_event_and_the_journal_that_it_came_out(
    plant: Plant, printer: VirtualPrinter
) -> None:
    (event,) = plant.book(produced())
    plant.start(port_of(printer))
    done = plant.until("printed")
    assert (done.label, done.lot, done.quantity) == ("1", "B-1", "480 PCS")
    (fact,) = plant.told()
    assert isinstance(fact, LabelPrinted)
    assert (fact.of, fact.label, fact.order, fact.printer) == (event.id, "1", "B-1", "labels")
    (label,) = printer.tray.labels()
    assert label.job == event.id
    assert any(text.startswith("LOB-1+ROLL+480+C62+270131") for text in texts(label))


def test_what_came_out_is_not_printed_again_after_a_restart(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(produced("1", "1"))
    plant.start(port_of(printer))
    plant.until("printed")
    assert plant.spooler
    plant.spooler.stop()
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "2"
    assert [label.number for label in printer.tray.labels()] == [1, 2]


@pytest.mark.parametrize(
    "unwanted",
    [
        lambda: [produced("0", "")],
        lambda: [produced(station="MIX-1")],
        lambda: [released("B-9", LabelRule(label="none")), produced(order="B-9")],
    ],
    ids=["nothing good", "another station's", "the order wants none"],
)
def test_what_gets_no_label(
    unwanted: Callable[[], list[Event]], plant: Plant, printer: VirtualPrinter
) -> None:
    for event in unwanted():
        plant.book(event)
    plant.book(produced("7", "3"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "3"
    assert len(printer.tray.labels()) == 1


def test_what_was_undone_before_it_was_printed_is_not_printed(
    plant: Plant, printer: VirtualPrinter
) -> None:
    (event,) = plant.book(produced("7", "1"))
    plant.book(EventReversed(of=event.act))
    plant.book(produced("8", "2"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "2"


def test_a_printer_that_is_away_is_tried_again_freely(
    plant: Plant, printer: VirtualPrinter, tmp_path: Path
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as reserved:
        port = int(reserved.getsockname()[1])
    plant.book(produced())
    plant.start(port)
    assert str(port) in plant.until("waiting").why
    assert plant.told() == []
    with VirtualPrinter(tmp_path / "late", port) as late:
        thread = threading.Thread(target=late.serve_forever)
        thread.start()
        assert plant.spooler
        plant.spooler.wake()
        plant.until("printed")
        late.shutdown()
        thread.join()
        assert len(late.tray.labels()) == 1


def test_a_reset_in_mid_label_is_a_doubt_and_is_never_tried_again(plant: Plant) -> None:
    plant.book(produced("1", "1"))
    with closing(socket.create_server(("127.0.0.1", 0))) as resetting:
        taken = threading.Thread(target=reset_one, args=(resetting,))
        taken.start()
        plant.start(int(resetting.getsockname()[1]))
        assert plant.until("doubt").label == "1"
        taken.join()
    (fact,) = plant.told()
    assert isinstance(fact, LabelDoubted)


def reset_one(server: socket.socket) -> None:
    line, _ = server.accept()
    line.recv(8)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def test_power_that_went_while_a_label_was_sent_leaves_a_doubt(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(produced("1", "1"))
    plant.journal.keep("sending:labels", str(plant.journal.local()).encode()).result()
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    assert plant.until("doubt").label == "1"
    assert plant.until("printed").label == "2"
    assert [type(fact) for fact in plant.told()] == [LabelDoubted, LabelPrinted]
    assert len(printer.tray.labels()) == 1


def test_a_label_that_cannot_be_made_holds_up_none_behind_it(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(produced("1", "1", lot="lower case"))
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    doubt = plant.until("doubt")
    assert "lower case" in doubt.why
    assert plant.until("printed").label == "2"
