"""A printer that tells how it is: never far ahead of it, and "printed" is its word."""

import threading
from contextlib import ExitStack

import pytest

from kiosk.config import PrinterConfig
from labels.printers import LABELS_AHEAD_MAX
from sync.domain.events import LabelDoubted, LabelPrinted
from tests.kiosk.printing.printing_parts import Plant, closed_port, produced
from tests.labels.faulty_printer import Faults, Printed, on_tcp

LEARN_SECONDS = 0.05
LOOK_SECONDS = 0.02


def at(port: int) -> PrinterConfig:
    return PrinterConfig("labels", f"tcp://127.0.0.1:{port}")


def learnt(plant: Plant, port: int, printed: Printed) -> None:
    """Printing runs, and has heard that the printer tells how it is."""
    heard = threading.Event()
    answer = printed.take

    def take(data: bytes) -> bytes:
        said = answer(data)
        if said:
            heard.set()
        return said

    printed.take = take  # type: ignore[method-assign]
    plant.start_with(at(port), learn_seconds=LEARN_SECONDS)
    assert heard.wait(10)
    threading.Event().wait(LOOK_SECONDS * 5)  # the answer is on its way


def test_what_a_printer_says_that_it_printed_is_printed(plant: Plant) -> None:
    with on_tcp(Faults()) as (port, printed):
        learnt(plant, port, printed)
        for number in range(1, 4):
            plant.book(produced("1", str(number)))
        plant.wake()
        assert [plant.until("printed").label for _ in range(3)] == ["1", "2", "3"]
        plant.stop()
    assert len(printed.labels) == 3


@pytest.mark.parametrize("fault", ["paper_out", "head_open", "paused"])
def test_a_printer_that_stands_is_told_and_gets_no_more_than_two(plant: Plant, fault: str) -> None:
    faults = Faults()
    with on_tcp(faults) as (port, printed):
        learnt(plant, port, printed)
        setattr(faults, fault, True)
        for number in range(1, 6):
            plant.book(produced("1", str(number)))
        plant.wake()
        told = plant.until("waiting")
        assert told.why
        assert told.queued >= 3
        assert plant.told() == []
        assert 1 <= len(printed.jobs) <= LABELS_AHEAD_MAX
        setattr(faults, fault, False)
        assert [plant.until("printed").label for _ in range(5)] == list("12345")
        plant.stop()
    assert len(set(printed.jobs)) == len(printed.jobs) == 5


def test_a_printer_that_goes_away_with_labels_in_it_leaves_doubts(plant: Plant) -> None:
    faults = Faults()
    with ExitStack() as power:
        port, printed = power.enter_context(on_tcp(faults))
        learnt(plant, port, printed)
        faults.paper_out = True
        plant.book(produced("1", "1"))
        plant.wake()
        plant.until("waiting")
        power.close()
        assert plant.until("doubt").label == "1"
    plant.stop()
    (fact,) = plant.told()
    assert isinstance(fact, LabelDoubted)


def test_what_a_printer_has_when_the_station_stops_is_in_doubt(plant: Plant) -> None:
    faults = Faults()
    with on_tcp(faults) as (port, printed):
        learnt(plant, port, printed)
        faults.paper_out = True
        plant.book(produced("1", "1"))
        plant.wake()
        assert [one.state for one in plant.until("waiting").queue] == ["sent"]
        plant.stop()
        faults.paper_out = False
        plant.book(produced("2", "2"))
        plant.start(port)
        assert plant.until("doubt").label == "1"
        assert plant.until("printed").label == "2"
        assert [type(fact) for fact in plant.told()] == [LabelDoubted, LabelPrinted]
        plant.stop()


@pytest.mark.parametrize("faults", [Faults(deaf=True), Faults(stays_open=False, silent=True)])
def test_a_printer_that_tells_nothing_is_not_waited_for(plant: Plant, faults: Faults) -> None:
    with on_tcp(faults) as (port, printed):
        plant.book(produced("1", "1"), produced("2", "2"))
        plant.start(port)
        assert [plant.until("printed").label for _ in range(2)] == ["1", "2"]
        plant.stop()
    assert len(printed.jobs) == 2


def test_a_lost_printer_is_told_within_five_seconds_and_holds_up_no_act(plant: Plant) -> None:
    plant.start(closed_port())
    plant.book(produced("1", "1"))
    plant.wake()
    told = plant.until("waiting", seconds=5.0)
    assert (told.label, told.queued) == ("1", 0)
    (event,) = plant.book(produced("2", "2"))
    assert event.id


@pytest.mark.parametrize("after", [0, 40])
def test_a_printer_that_takes_no_more_bytes_is_told_within_five_seconds(
    plant: Plant, after: int
) -> None:
    with on_tcp(Faults(resets_after=after)) as (port, _):
        plant.start(port)
        plant.book(produced("1", "1"))
        plant.wake()
        assert plant.until("doubt", seconds=5.0).label == "1"
        plant.stop()
