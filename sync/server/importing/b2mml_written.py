"""The way back to an ERP as B2MML V0600 (ISA-95 part 5): open orders as a ProductionSchedule that
comes in again as it was, and what the floor made of them as a ProductionPerformance.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sqlalchemy import Connection, and_, or_, select

from sync.server.importing.b2mml import (
    NAMESPACE,
    OWN,
    PARAMETER,
    PRODUCED,
    RELEASED,
    REQUEST,
    SCHEDULE,
    SEGMENT,
)
from sync.server.importing.columns import ORDERS
from sync.server.importing.written import lines_of
from sync.server.view_tables import order_view
from sync.server.views.detail import LotAmount, OperationLine, OrderDetail, order_detail
from sync.server.views.orders import Amount

VERSION: Final = f"{NAMESPACE}-V0600"
SCHEDULE_FILE: Final = "orders.xml"
PERFORMANCE_FILE: Final = "performance.xml"
FILES: Final = (SCHEDULE_FILE, PERFORMANCE_FILE)
CONTENT_TYPE: Final = "application/xml"
PERFORMANCE_ORDERS_MAX: Final = 500
BEGUN: Final = ("started", "held", "completed")
UNIT_SECONDS: Final = "SEC"
_NO_XML: Final = re.compile("[^\\t\\n\\r\\x20-\\uD7FF\\uE000-\\uFFFD\\U00010000-\\U0010FFFF]")
STATES: Final[Mapping[str, str]] = {
    "planned": "Ready",
    "released": "Ready",
    "started": "Running",
    "held": "Holding",
    "completed": "Completed",
    "closed": "Completed",
    "cancelled": "Aborted",
    "waiting": "Ready",
    "running": "Running",
    "paused": "Paused",
    "ended": "Completed",
}
"""Of orders and of operations: ResponseState as ISA-95 lists it."""


def document(connection: Connection, file: str, now: datetime) -> bytes:
    """One of `FILES`: all open orders, or what was made of those that are begun."""
    if file == SCHEDULE_FILE:
        return schedule_of(connection, now)
    return performance_of(connection, begun(connection), now)


def schedule_of(connection: Connection, now: datetime) -> bytes:
    """The orders that are not closed, as orders.csv has them."""
    root = Element(SCHEDULE, xmlns=VERSION)
    _say(root, "ID", f"orders-{now:%Y%m%dT%H%M%S}")
    _say(root, "PublishedDate", now.isoformat(timespec="seconds"))
    for line in lines_of(connection, ORDERS.file):
        _request(root, line)
    return _document(root)


def performance_of(connection: Connection, orders: Iterable[str], now: datetime) -> bytes:
    """What was made of orders, with whom, of which lots and when."""
    root = Element("ProductionPerformance", xmlns=VERSION)
    _say(root, "ID", f"performance-{now:%Y%m%dT%H%M%S}")
    _say(root, "PublishedDate", now.isoformat(timespec="seconds"))
    for number in orders:
        order = order_detail(connection, number, now.date())
        if order is not None:
            _response(root, order)
    return _document(root)


def begun(connection: Connection) -> list[str]:
    """The orders that are in work or made, but not closed."""
    view = order_view.c
    found = select(view.order_number).where(view.status.in_(BEGUN)).order_by(view.order_number)
    return [row[0] for row in connection.execute(found.limit(PERFORMANCE_ORDERS_MAX))]


def changed_after(connection: Connection, position: int, order: str = "") -> list[tuple[int, str]]:
    """The position and number of released orders in the order in which they last changed, after
    one of them; at most `PERFORMANCE_ORDERS_MAX`.
    """
    view = order_view.c
    later = or_(
        view.position > position, and_(view.position == position, view.order_number > order)
    )
    found = connection.execute(
        select(view.position, view.order_number)
        .where(later, view.status != "planned")
        .order_by(view.position, view.order_number)
        .limit(PERFORMANCE_ORDERS_MAX)
    )
    return [(row.position, row.order_number) for row in found]


def _request(root: Element, line: Mapping[str, str]) -> None:
    request = SubElement(root, REQUEST)
    _say(request, "ID", line["order"])
    _say(request, "Description", line["note"])
    _say(request, "StartTime", line["start"] and f"{line['start']}T00:00:00")
    _say(request, "EndTime", line["due"] and f"{line['due']}T23:59:59")
    _say(request, "Priority", line["priority"])
    segment = SubElement(request, SEGMENT)
    for name in OWN:
        if line[name]:
            parameter = SubElement(SubElement(segment, PARAMETER), "Parameter")
            _say(parameter, "ID", name)
            _say(SubElement(parameter, "Value"), "ValueString", line[name])
    made = SubElement(segment, PRODUCED)
    _say(made, "MaterialDefinitionID", line["material"])
    _quantity(made, *line["quantity"].split(" ", 1))
    _say(request, "RequestState", RELEASED if line["release"] == "yes" else "Forecast")


def _response(root: Element, order: OrderDetail) -> None:
    response = SubElement(root, "ProductionResponse")
    _say(response, "ID", order.order)
    _say(response, "ProductionRequestID", order.order)
    times = [one.times for one in order.operations]
    _say(response, "StartTime", min((one.started.time for one in times if one.started), default=""))
    if order.status in {"completed", "closed"}:
        _say(response, "EndTime", max((one.ended.time for one in times if one.ended), default=""))
    whole = SubElement(response, "SegmentResponse")
    _say(whole, "ID", order.order)
    _amounts(whole, order.good, order.scrap)
    for who, seconds in sorted(order.attended_seconds.items()):
        person = SubElement(whole, "PersonnelActual")
        _say(person, "PersonID", who)
        _quantity(person, str(seconds), UNIT_SECONDS)
    _lots(whole, "MaterialProducedActual", order.produced)
    _lots(whole, "MaterialConsumedActual", order.consumed)
    for operation in order.operations:
        _operation(whole, operation, order.planned.unit)
    _say(response, "ResponseState", STATES[order.status])


def _operation(whole: Element, operation: OperationLine, unit: str) -> None:
    part = SubElement(whole, "SegmentResponse")
    _say(part, "ID", operation.operation)
    _say(part, "Description", operation.name)
    started, ended = operation.times.started, operation.times.ended
    _say(part, "ActualStartTime", started.time if started else "")
    _say(part, "ActualEndTime", ended.time if ended else "")
    _amounts(part, Amount(operation.good, unit), Amount(operation.scrap, unit))
    for name, seconds in (
        ("setup_seconds", operation.times.setup_seconds),
        ("run_seconds", operation.times.run_seconds),
    ):
        _data(part, name, str(seconds), UNIT_SECONDS)
    _say(SubElement(part, "EquipmentActual"), "EquipmentID", operation.work_center)
    _say(part, "SegmentState", STATES.get(operation.status, "Ready"))


def _amounts(part: Element, good: Amount, scrap: Amount) -> None:
    _data(part, "good", good.amount, good.unit)
    _data(part, "scrap", scrap.amount, scrap.unit)


def _data(part: Element, name: str, amount: str, unit: str) -> None:
    data = SubElement(part, "ProductionData")
    _say(data, "ID", name)
    value = SubElement(data, "Value")
    _say(value, "ValueString", amount)
    _say(value, "DataType", "decimal")
    _say(value, "UnitOfMeasure", unit)


def _lots(part: Element, name: str, lots: Iterable[LotAmount]) -> None:
    for one in lots:
        actual = SubElement(part, name)
        _say(actual, "MaterialDefinitionID", one.material)
        _say(actual, "MaterialLotID", one.lot)
        _quantity(actual, one.amount, one.unit)


def _quantity(part: Element, amount: str, unit: str = "") -> None:
    quantity = SubElement(part, "Quantity")
    _say(quantity, "QuantityString", amount)
    _say(quantity, "DataType", "decimal")
    _say(quantity, "UnitOfMeasure", unit)


def _say(part: Element, name: str, text: str) -> None:
    """An element where there is something to say."""
    if text:
        SubElement(part, name).text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _document(root: Element) -> bytes:
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
