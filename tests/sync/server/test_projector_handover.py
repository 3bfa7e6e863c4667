"""Handovers on the server: stored, fed to their station, and no deviation of anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.domain.events import HandoverSigned, OperatorSignedIn, stamped
from sync.domain.shop import Shop, absorb
from sync.wire import decode
from tests.sync.server.histories import Plant, master_data, planned, release_of


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    made.office(*master_data(), planned("B-1"), release_of("B-1"))
    made.projector.catch_up()
    yield made
    made.close()


def test_both_signatures_are_told_to_their_station_and_flag_nothing(plant: Plant) -> None:
    first = HandoverSigned(giver="anna", orders=("B-1",), labels=("17",), stops=("s",))
    (given,) = plant.tell("MIX-1", stamped(first, operator="anna"))
    second = HandoverSigned(giver="anna", successor="ben", orders=("B-1",), of=given.id)
    plant.tell("MIX-1", OperatorSignedIn(operator="ben"), stamped(second, operator="ben"))
    plant.projector.catch_up()
    assert plant.rows("SELECT name FROM deviation") == []
    fed = plant.rows(
        "SELECT body FROM feed JOIN event ON event.position = event_position"
        " WHERE scope = 'station:MIX-1' ORDER BY feed.position"
    )
    shop = Shop()
    for (body,) in fed:
        event = decode(bytes(body)).event
        if isinstance(event, HandoverSigned | OperatorSignedIn):
            absorb(shop, event)
    assert [(one.giver, one.successor, one.labels) for one in shop.handovers.values()] == [
        ("anna", "", ("17",)),
        ("anna", "ben", ()),
    ]
    before = plant.views()
    plant.projector.rebuild()
    assert plant.views() == before
