"""What was used of all materials, ranked, on a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.domain.events import EventReversed, MaterialConsumed, MaterialReturned
from sync.domain.quantity import Quantity
from tests.sync.server.server_parts import Log, Server, body, kiosk_server, new_id

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"


def used(material: str, amount: str, order: str = "B-1", days: int = 0, act: str = "") -> bytes:
    at = datetime.now(UTC) - timedelta(days=days)
    return body(
        MaterialConsumed(
            id=new_id(), act=act or new_id(), station="MIX-1", at=at.isoformat(), order=order,
            operation="10", material=material, lot="W-204", quantity=Quantity(amount, "KGM"),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("consumed")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        given = MaterialReturned(
            id=new_id(), act=new_id(), station="MIX-1", at=datetime.now(UTC).isoformat(),
            order="B-1", operation="10", material="WHEAT", lot="W-204",
            quantity=Quantity("10", "KGM"),
        )  # fmt: skip
        undone = new_id()
        log = Log([
            used("WHEAT", "100"), body(given), used("WHEAT", "5.5", "B-2"),
            used("SALT", "200"), used("WHEAT", "7", days=20), used("WHEAT", "1000", act=undone),
            body(EventReversed(id=new_id(), act=new_id(), station="MIX-1", of=undone)),
            used("UNKNOWN", "3"),
        ])  # fmt: skip
        answer = running.enrol("MIX-1").push(log)
        assert answer.status_code == 200, answer.text
        running.client.get("/v1/status", headers=running.admin)
        yield running


def rows(server: Server, **asked: str) -> list[tuple[str, ...]]:
    answer = server.client.get("/stock/consumption", params={"format": "csv", **asked})
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    assert lines[0] == "material,name,used,scrapped,unit,cost,orders"
    cells = [line.split(",") for line in lines[1:]]
    return [(one[0], one[2], one[6]) for one in cells]


def test_all_materials_are_ranked_over_a_period(server: Server) -> None:
    for _ in range(100):
        if len(rows(server)) == 2 and ("WHEAT", "102.5", "2") in rows(server):
            break
    by_amount = rows(server, rank="amount")
    assert by_amount == [("SALT", "200", "1"), ("WHEAT", "102.5", "2")]
    assert rows(server, rank="amount", days="7")[1] == ("WHEAT", "95.5", "2")
    assert rows(server, rank="cost", days="nonsense") == rows(server)
    assert sorted(rows(server)) == sorted(by_amount)


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_the_page_leads_from_the_ranking_to_each_material(server: Server, language: str) -> None:
    page = server.client.get("/stock/consumption", headers={"Cookie": f"language={language}"})
    assert page.status_code == 200
    assert "/stock/consumption?material=WHEAT" in page.text
    assert "/stock/consumption?format=csv" in page.text or "format=csv" in page.text
    one = server.client.get("/stock/consumption?material=WHEAT")
    assert "<svg" in one.text
    assert server.client.get("/stock/consumption?material=NOTHING").status_code == 200
