"""The station and the printer that the tests of printing share."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.demo.virtual_printer import VirtualPrinter
from sync.domain.events import MaterialDefined, OperatorDefined
from tests.kiosk.printing.printing_parts import Plant, released


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path / "station")
    made.book(
        MaterialDefined(material="ROLL", revision=1, name="Wheat roll", unit="C62"),
        OperatorDefined(person="anna", revision=1, name="Anna Berg", badge="1"),
        released("B-1"),
    )
    made.start(9)  # from now on labels are wanted
    made.stop()
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
