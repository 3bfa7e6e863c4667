"""B2MML in and out: orders come in as an ERP sends them, go out and in again as they were."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from sync.domain.events import MaterialConsumed, OperationReported, OperationStarted
from sync.domain.quantity import Quantity
from sync.server.importing import b2mml_written
from sync.server.importing.folder import read_folder
from sync.server.importing.run import import_files, preview_files
from sync.server.importing.written import csv_of
from tests.sync.server.histories import STATIONS, Plant, pcs

TODAY: Final = date(2026, 11, 22)
BAKERY: Final = Path(__file__).parents[3] / "kiosk" / "demo" / "factories" / "bakery"
SPACE: Final = "http://www.mesa.org/xml/B2MML"
REQUEST: Final = """\
<ProductionRequest>
  <ID>E-1</ID>
  <Description>For the fair</Description>
  <StartTime>2026-11-25T06:00:00</StartTime>
  <EndTime>2026-11-27T14:00:00</EndTime>
  <Priority>20</Priority>
  <SegmentRequirement>
    <ID>10</ID>
    <ProductionParameter>
      <Parameter><ID>label</ID><Value><ValueString>per_order</ValueString></Value></Parameter>
    </ProductionParameter>
    <EquipmentRequirement><EquipmentID>THEIRS</EquipmentID></EquipmentRequirement>
    <MaterialProducedRequirement>
      <MaterialDefinitionID>ROLL</MaterialDefinitionID>
      <Quantity><QuantityString>400</QuantityString><UnitOfMeasure>pcs</UnitOfMeasure></Quantity>
    </MaterialProducedRequirement>
  </SegmentRequirement>
  <RequestState>Released</RequestState>
</ProductionRequest>"""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    files = read_folder(BAKERY)
    assert import_files(files, made.ledger, made.projector, TODAY).ok
    yield made
    made.close()


def schedule(*requests: str, space: str = SPACE) -> bytes:
    body = "\n".join(requests)
    return f'<ProductionSchedule xmlns="{space}">\n{body}\n</ProductionSchedule>'.encode()


def load(plant: Plant, content: bytes, name: str = "plan.xml") -> str:
    return str(import_files({name: content}, plant.ledger, plant.projector, TODAY))


def orders(plant: Plant) -> dict[str, str]:
    text = plant.ledger.database.read_now(partial(csv_of, file="orders.csv"))
    return {line.partition(",")[0]: line for line in text.splitlines()[1:]}


DUE: Final = ("due", "2026-11-27", "2026-11-28")
DEMAND: Final = (
    "E-1,ROLL,400 C62,2026-11-27,2026-11-25,20,For the fair,,yes,0,110,per_order,,batch,order"
)


@pytest.mark.parametrize(
    "content",
    [
        schedule(REQUEST),
        schedule(REQUEST, space=f"{SPACE}-V0600"),
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<ProcessProductionSchedule xmlns="http://www.mesa.org/xml/B2MML-V0600"><DataArea>'
        b"<Process/>" + schedule(REQUEST) + b"</DataArea></ProcessProductionSchedule>",
        schedule(
            REQUEST.replace("ProducedRequirement>", "Requirement>").replace(
                "<Quantity>", "<MaterialUse>Produced</MaterialUse><Quantity>"
            )
        ),
        schedule(REQUEST).decode().encode("utf-16"),
    ],
    ids=["newest", "V0600", "transaction", "MaterialRequirement", "UTF-16"],
)
def test_a_request_is_an_order(plant: Plant, content: bytes) -> None:
    assert load(plant, content) == "1 rows read; loaded 1 OrderPlanned, 1 OrderReleased"
    assert orders(plant)["E-1"] == DEMAND
    assert load(plant, content).endswith("all of it was known already")


def test_a_dry_run_shows_what_changes_and_does_nothing(plant: Plant) -> None:
    load(plant, schedule(REQUEST))
    later = schedule(REQUEST.replace("27T14", "28T14"))
    found = preview_files({"plan.xml": later}, plant.ledger, plant.projector, TODAY)
    [change] = found.changes
    told = [(one.field, one.before, one.after) for one in change.fields]
    assert (change.key, told) == ("E-1", [DUE, ("reason", "", "import")])
    assert orders(plant)["E-1"] == DEMAND


def test_what_goes_out_comes_in_again_as_it_was(plant: Plant, tmp_path: Path) -> None:
    load(plant, schedule(REQUEST))
    now = plant.ledger.clock.local()
    out = plant.ledger.database.read_now(partial(b2mml_written.schedule_of, now=now))
    assert load(plant, out).endswith("all of it was known already")
    (tmp_path / "other").mkdir()
    other = Plant(tmp_path / "other")
    files = {name: text for name, text in read_folder(BAKERY).items() if name != "orders.csv"}
    answer = import_files({**files, "orders.xml": out}, other.ledger, other.projector, TODAY)
    assert answer.ok, answer
    assert orders(other) == orders(plant)
    other.close()


BROKEN: Final = [
    (b"", "plan.xml, line 1: is no XML (no element found): export it again"),
    (b"PK\x03\x04", "line 1: is no XML"),
    (schedule(REQUEST)[:-30], "is no XML"),
    (b"\xff" + schedule(REQUEST), "is no XML"),
    (schedule(REQUEST.replace("</Priority>", "</priority>", 1)), "line 7: is no XML (mismatched tag)"),
    (b"<orders/>", "line 1: orders holds no ProductionSchedule"),
    (b"<ProductionSchedule/>", "holds no ProductionSchedule of http://www.mesa.org/xml/B2MML"),
    (schedule(REQUEST, space="http://example.com/other"), "holds no ProductionSchedule"),
    (schedule(), "holds no ProductionRequest: export the open orders"),
    (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "has a document type, which B2MML has not"),
    (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "has a document type"),
    (b"<a>" * 60 + b"</a>" * 60, "elements 40 deep"),
    (schedule(REQUEST.replace("E-1", "")), "ID of the request in line 2 order: empty"),
    (schedule(REQUEST.replace("E-1", "x" * 200)), "ID of the request in line 2 order: 200"),
    (schedule(REQUEST.replace("ROLL", "NONE")), "material: 'NONE' is"),
    (schedule(REQUEST.replace("ROLL", "")), "MaterialDefinitionID of the request in line 2"),
    (schedule(REQUEST.replace("400", "many")), "Quantity of the request in line 2 quantity"),
    (schedule(REQUEST.replace("400", "-4")), "quantity"),
    (schedule(REQUEST.replace("400", "")), "quantity"),
    (schedule(REQUEST.replace("400", "1e3")), "quantity"),
    (schedule(REQUEST.replace("400", "0.5")), "quantity"),
    (schedule(REQUEST.replace("pcs", "furlong")), "quantity"),
    (schedule(REQUEST.replace("pcs", "kg")), "quantity"),
    (schedule(REQUEST.replace("2026-11-27T14:00:00", "soon")), "EndTime of the request in line 2"),
    (schedule(REQUEST.replace("2026-11-27T14", "2026-02-30T14")), "due"),
    (schedule(REQUEST.replace("2026-11-25T06:00:00", "P1D")), "StartTime of the request"),
    (schedule(REQUEST.replace(">20<", ">high<")), "Priority of the request in line 2 priority"),
    (schedule(REQUEST.replace(">20<", ">-1<")), "priority"),
    (schedule(REQUEST.replace("per_order", "sometimes")), "ProductionParameter label"),
    (schedule(REQUEST, REQUEST), "E-1 stands in line 2 already"),
    (
        schedule(REQUEST.replace("</SegmentRequirement>", """</SegmentRequirement>
  <SegmentRequirement><MaterialProducedRequirement>
    <MaterialDefinitionID>LOAF</MaterialDefinitionID>
  </MaterialProducedRequirement></SegmentRequirement>""")),
        "line 2: ProductionRequest E-1 makes LOAF, ROLL: an order makes one thing",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "told"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_document_is_refused_whole_and_its_place_is_named(
    plant: Plant, content: bytes, told: str
) -> None:
    before = orders(plant)
    good = REQUEST.replace("E-1", "E-0")
    whole = content.replace(b"<ProductionRequest>", good.encode() + b"<ProductionRequest>", 1)
    assert told in load(plant, content)
    assert "nothing was loaded" in load(plant, whole)
    assert orders(plant) == before


def test_orders_come_in_once(plant: Plant) -> None:
    files = {"plan.xml": schedule(REQUEST), "orders.csv": b"order,material,quantity\nX,ROLL,1\n"}
    said = str(import_files(files, plant.ledger, plant.projector, TODAY))
    assert "plan.xml: stands in orders.csv already: keep one" in said


def told(node: ET.Element, path: str = "") -> Iterator[str]:
    """Each leaf with its path, but for when the document was made."""
    for child in node:
        name = child.tag.removeprefix(f"{{{SPACE}-V0600}}")
        if len(child):
            yield from told(child, f"{path}{name}/")
        elif path:
            yield f"{path}{name}: {child.text}"


def measured(path: str, name: str, amount: str, unit: str) -> list[str]:
    value = f"{path}ProductionData/Value/"
    return [
        f"{path}ProductionData/ID: {name}",
        f"{value}ValueString: {amount}",
        f"{value}DataType: decimal",
        f"{value}UnitOfMeasure: {unit}",
    ]


RESPONSE: Final = "ProductionResponse/"
WHOLE: Final = f"{RESPONSE}SegmentResponse/"
PART: Final = f"{WHOLE}SegmentResponse/"
USED: Final = f"{WHOLE}MaterialConsumedActual/"
PERFORMANCE: Final = [
    f"{RESPONSE}ID: B-1",
    f"{RESPONSE}ProductionRequestID: B-1",
    f"{RESPONSE}StartTime: 2026-11-22T06:00:00.000+01:00",
    f"{WHOLE}ID: B-1",
    *measured(WHOLE, "good", "300", "C62"),
    *measured(WHOLE, "scrap", "5", "C62"),
    f"{USED}MaterialDefinitionID: WHEAT",
    f"{USED}MaterialLotID: W-1",
    f"{USED}Quantity/QuantityString: 20",
    f"{USED}Quantity/DataType: decimal",
    f"{USED}Quantity/UnitOfMeasure: KGM",
    f"{PART}ID: 10",
    f"{PART}Description: Mix and bake",
    f"{PART}ActualStartTime: 2026-11-22T06:00:00.000+01:00",
    *measured(PART, "good", "300", "C62"),
    *measured(PART, "scrap", "5", "C62"),
    *measured(PART, "setup_seconds", "0", "SEC"),
    *measured(PART, "run_seconds", "0", "SEC"),
    f"{PART}EquipmentActual/EquipmentID: MIX",
    f"{PART}SegmentState: Running",
    f"{RESPONSE}ResponseState: Running",
]


def test_what_was_made_is_told(plant: Plant) -> None:
    database, now = plant.ledger.database, plant.ledger.clock.local()
    before = database.read_now(partial(b2mml_written.changed_after, position=0))
    assert [number for _, number in before] == ["B-1", "B-2", "B-3", "B-4"]
    where: dict[str, Any] = {"order": "B-1", "operation": "10"}
    at = "2026-11-22T06:00:00.000+01:00"
    flour: dict[str, Any] = {"material": "WHEAT", "lot": "W-1", "quantity": Quantity("20", "KGM")}
    plant.tell(
        STATIONS[0],
        OperationStarted(**where, work_center="MIX", at=at),
        MaterialConsumed(**where, **flour, at=at),
        OperationReported(**where, work_center="MIX", good=pcs("300"), scrap=pcs("5"), at=at),
    )
    position, last = before[-1]
    news = partial(b2mml_written.changed_after, position=position, order=last)
    assert [number for _, number in database.read_now(news)] == ["B-1"]
    begun = database.read_now(b2mml_written.begun)
    text = database.read_now(partial(b2mml_written.performance_of, orders=begun, now=now))
    assert list(told(ET.fromstring(text))) == PERFORMANCE
