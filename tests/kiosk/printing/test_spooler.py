"""Labels from the journal: real journal, real TCP printers, power cuts between any two steps."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.config import PrinterConfig
from kiosk.demo.virtual_printer import PrintedLabel, VirtualPrinter
from sync.domain.events import (
    Event,
    EventReversed,
    LabelDoubted,
    LabelPrinted,
    LabelRule,
    LabelVoided,
    MaterialProduced,
    stamped,
)
from sync.domain.label_jobs import again, came_not, came_out
from sync.wire import FeedMark, recorded
from tests.kiosk.printing.printing_parts import Plant, closed_port, port_of, produced, released


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
    assert doubted_by_a_reset(plant).label == "1"


def doubted_by_a_reset(plant: Plant) -> LabelDoubted:
    """Send what is booked to a printer that resets in the middle; the one fact that is told."""
    with closing(socket.create_server(("127.0.0.1", 0))) as resetting:
        taken = threading.Thread(target=reset_one, args=(resetting,))
        taken.start()
        plant.start(int(resetting.getsockname()[1]))
        plant.until("doubt")
        taken.join()
    plant.stop()
    (doubt,) = plant.told()
    assert isinstance(doubt, LabelDoubted)
    return doubt


def reset_one(server: socket.socket) -> None:
    line, _ = server.accept()
    line.recv(8)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def test_a_label_that_an_older_program_was_sending_is_in_doubt(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    plant = Plant(tmp_path / "old")
    plant.book(released("B-1"), produced("0", ""))
    plant.book(produced("1", "1"))
    plant.journal.keep("sending:labels", str(plant.journal.local()).encode()).result()
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    assert plant.until("doubt").label == "1"
    assert plant.until("printed").label == "2"
    assert [type(fact) for fact in plant.told()] == [LabelDoubted, LabelPrinted]
    assert len(printer.tray.labels()) == 1
    plant.close()


def test_a_label_that_cannot_be_made_holds_up_none_behind_it(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(produced("1", "1", lot="lower case"))
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    failed = plant.until("failed")
    assert "lower case" in failed.why
    printed = plant.until("printed")
    assert printed.label == "2"
    assert [(one.label, one.state) for one in printed.queue] == [("1", "failed")]


def test_a_printer_that_comes_later_does_not_print_the_past(
    tmp_path: Path, printer: VirtualPrinter
) -> None:
    plant = Plant(tmp_path / "late")
    plant.book(released("B-1"), produced("1", "1"))
    plant.start(port_of(printer))
    plant.book(produced("2", "2"))
    plant.wake()
    assert plant.until("printed").label == "2"
    assert len(printer.tray.labels()) == 1
    plant.close()


def test_what_a_restored_station_hears_of_its_past_is_not_printed(
    plant: Plant, printer: VirtualPrinter
) -> None:
    past = stamped(produced("5", "5"), id="p", act="pa", n=900, at="2026-11-22T10:00:00+01:00")
    page = [recorded(past).body]
    plant.journal.absorb(page, FeedMark("i" * 32, 7, "d" * 64)).result()
    plant.book(produced("6", "6"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "6"
    assert len(printer.tray.labels()) == 1


def test_one_label_for_so_many_pieces(plant: Plant, printer: VirtualPrinter) -> None:
    plant.book(released("B-9", LabelRule(label="per_n", per=200)))
    (event,) = plant.book(produced("480", "4", order="B-9"))
    plant.start(port_of(printer))
    shown = [plant.until("printed") for _ in range(3)]
    assert [(one.label, one.quantity) for one in shown] == [
        ("4-1", "200 PCS"),
        ("4-2", "200 PCS"),
        ("4-3", "80 PCS"),
    ]
    assert [one.job for one in printer.tray.labels()] == [f"{event.id}.{n}" for n in (1, 2, 3)]


def test_a_copy_is_counted_and_marked(plant: Plant, printer: VirtualPrinter) -> None:
    (event,) = plant.book(produced())
    plant.start(port_of(printer))
    plant.until("printed")
    assert isinstance(event, MaterialProduced)
    (asked,) = plant.book(again(event, "1", "TORN"))
    plant.wake()
    plant.until("printed")
    first, second = plant.printed()
    assert (first.copy_number, first.request) == (1, "")
    assert (second.copy_number, second.request, second.reason) == (2, asked.id, "TORN")
    assert plant.marks(printer) == [False, True]


def test_a_doubt_that_came_not_is_printed_again_marked(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(produced("1", "1"))
    doubt = doubted_by_a_reset(plant)
    plant.book(came_not(doubt))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "1"
    assert plant.marks(printer) == [True]


def test_a_doubt_that_came_out_is_settled(plant: Plant, printer: VirtualPrinter) -> None:
    plant.book(produced("1", "1"))
    doubt = doubted_by_a_reset(plant)
    plant.book(came_out(doubt))
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "2"
    assert len(printer.tray.labels()) == 1


def test_a_label_that_was_voided_while_it_waited_leaves_the_queue(
    plant: Plant, printer: VirtualPrinter
) -> None:
    (event,) = plant.book(produced("1", "1"))
    plant.start(closed_port())
    assert plant.until("waiting").queued == 0
    plant.stop()
    plant.book(LabelVoided(label="1", of=event.id, order="B-1"))
    plant.book(produced("2", "2"))
    plant.start(port_of(printer))
    assert plant.until("printed").label == "2"
    assert len(printer.tray.labels()) == 1


def test_a_second_printer_prints_what_was_chosen_for_it_once(
    plant: Plant, printer: VirtualPrinter
) -> None:
    (event,) = plant.book(produced("1", "1"))
    dead = PrinterConfig("first", f"tcp://127.0.0.1:{closed_port()}")
    live = PrinterConfig("second", f"tcp://127.0.0.1:{port_of(printer)}")
    plant.start_with(dead, live)
    assert plant.until("waiting").printer == "first"
    assert isinstance(event, MaterialProduced)
    plant.book(again(event, "1", "", printer="second"))
    plant.wake()
    assert plant.until("printed").printer == "second"
    plant.stop()
    plant.start(port_of(printer))
    plant.book(produced("2", "2"))
    plant.wake()
    assert plant.until("printed").label == "2"
    assert [one.copy_number for one in plant.printed()] == [1, 1]
    assert len(printer.tray.labels()) == 2


def test_the_first_printer_that_takes_the_kind_prints(
    plant: Plant, printer: VirtualPrinter
) -> None:
    url = f"tcp://127.0.0.1:{port_of(printer)}"
    plant.book(produced("1", "1"))
    plant.start_with(PrinterConfig("pallets", url, kinds=("unit",)), PrinterConfig("rest", url))
    assert plant.until("printed").printer == "rest"
    plant.stop()
    plant.book(produced("2", "2"))
    plant.start_with(PrinterConfig("pallets", url, kinds=("unit",)))
    assert "batch" in plant.until("failed").why


def test_a_template_that_is_not_there_fails_with_its_name(
    plant: Plant, printer: VirtualPrinter
) -> None:
    plant.book(released("B-9", LabelRule(template="no-such-label")))
    plant.book(produced("1", "1", order="B-9"))
    plant.start(port_of(printer))
    assert "no-such-label" in plant.until("failed").why
