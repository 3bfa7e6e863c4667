"""Rework, holds, returns and pieces on the server: folded, told, shown, the same after a rebuild."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.domain.events import (
    EventReversed,
    MaterialConsumed,
    MaterialDisposed,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
)
from sync.server.views.detail import OperationLine, OrderDetail, order_detail
from tests.sync.server.histories import Plant, kg, master_data, pcs, planned, release_of

MIX: dict[str, Any] = {"order": "B-1", "operation": "10", "work_center": "MIX"}
PACK: dict[str, Any] = {"order": "B-1", "operation": "20", "work_center": "PACK"}


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """An order of which 60 are packed."""
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    made.office(MaterialReceived(material="WHEAT", lot="W-1", quantity=kg("50"), place="A3"))
    made.tell("MIX-1", OperatorSignedIn())
    made.tell("PACK-1", OperatorSignedIn())
    made.tell("MIX-1", OperationStarted(**MIX))
    made.tell("PACK-1", OperationStarted(**PACK))
    output = MaterialProduced(**PACK, material="ROLL", lot="B-1", quantity=pcs("60"))
    made.tell("PACK-1", OperationReported(**PACK, good=pcs("60")), output)
    yield made
    made.close()


def stock(plant: Plant) -> dict[str, int]:
    rows = plant.rows("SELECT lot, micros FROM stock WHERE micros != 0 ORDER BY lot")
    return {lot: micros // 1_000_000 for lot, micros in rows}


def detail(plant: Plant) -> OrderDetail:
    found = plant.database.read_now(lambda conn: order_detail(conn, "B-1", date(2026, 11, 22)))
    assert found is not None
    return found


def packing(plant: Plant) -> OperationLine:
    return next(one for one in detail(plant).operations if one.operation == "20")


def test_rework_and_hold_are_counted_shown_and_rebuilt(plant: Plant) -> None:
    away: dict[str, Any] = {**PACK, "material": "ROLL"}
    plant.tell(
        "PACK-1", MaterialDisposed(**away, lot="B-1", quantity=pcs("8"), disposition="rework")
    )
    plant.tell(
        "PACK-1",
        MaterialDisposed(**away, lot="B-1-HOLD", quantity=pcs("5"), disposition="hold"),
    )
    line = packing(plant)
    assert (line.good, line.rework, line.held) == ("52", "8", "5")
    assert stock(plant) == {"B-1": 52, "B-1-HOLD": 5, "W-1": 50}
    output = MaterialProduced(**PACK, material="ROLL", lot="B-1", quantity=pcs("8"))
    plant.tell("PACK-1", OperationReported(**PACK, good=pcs("8"), reworked=pcs("8")), output)
    line = packing(plant)
    assert (line.good, line.rework, line.held) == ("60", "0", "5")
    assert [(one.lot, one.amount) for one in detail(plant).produced] == [
        ("B-1", "60"),
        ("B-1-HOLD", "5"),
    ]
    before = plant.views()
    plant.projector.rebuild()
    assert plant.views() == before


def test_rework_that_is_taken_back_leaves_no_trace(plant: Plant) -> None:
    before, here = stock(plant), packing(plant)
    (act,) = plant.tell(
        "PACK-1",
        MaterialDisposed(
            **PACK, material="ROLL", lot="B-1", quantity=pcs("8"), disposition="rework"
        ),
    )
    assert stock(plant) != before
    plant.tell("PACK-1", EventReversed(of=act.act, order="B-1"))
    assert (stock(plant), packing(plant).good) == (before, here.good)


def test_a_return_raises_stock_and_one_too_large_is_flagged(plant: Plant) -> None:
    taken: dict[str, Any] = {**MIX, "material": "WHEAT", "lot": "W-1"}
    plant.tell("MIX-1", MaterialConsumed(**taken, quantity=kg("10")))
    plant.tell("MIX-1", MaterialReturned(**taken, quantity=kg("4"), place="A3"))
    assert stock(plant)["W-1"] == 44
    assert plant.rows("SELECT name FROM deviation WHERE name = 'over_return'") == []
    plant.tell("MIX-1", MaterialReturned(**taken, quantity=kg("7"), place="A3"))
    texts = [one.text for one in detail(plant).open_deviations if one.name == "over_return"]
    what = "7 KG of Wheat, lot W-1, came back from B-1, where 6 KG went in: count the lot."
    assert texts == [what]


def test_what_a_piece_was_built_of_is_told(plant: Plant) -> None:
    part = MaterialConsumed(**MIX, material="WHEAT", lot="W-1", quantity=kg("1"), into="X-1")
    plant.tell("MIX-1", part)
    (piece,) = detail(plant).pieces
    assert (piece.serial, piece.parts) == ("X-1", (("WHEAT", "W-1", ""),))
