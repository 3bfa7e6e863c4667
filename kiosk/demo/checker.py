"""Totals recomputed from exported events, sharing no code with the domain that it checks.

Input is JSON lines as any program would read them. Amounts are decimals, units are kept apart.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Json = dict[str, Any]
_REGISTERS = {
    "OrderHeld": "held",
    "OrderResumed": "",
    "OrderClosed": "closed",
    "OrderCancelled": "cancelled",
    "OrderReopened": "",
}
_LABEL_TOLD: Final = frozenset({"LabelPrinted", "LabelDoubted", "LabelVoided"})


@dataclass(slots=True)
class OrderTotals:
    """What was made of one order."""

    material: str = ""
    planned: Decimal = Decimal(0)
    tolerance_percent: Decimal = Decimal(0)
    operations: tuple[str, ...] = ()
    good: Decimal = Decimal(0)
    scrap: Decimal = Decimal(0)
    released: bool = False
    started: bool = False
    ended: set[str] = field(default_factory=set)
    hold: str = ""
    closure: str = ""

    @property
    def status(self) -> str:
        """The server's word, but `partial` (some good, still open), and `unknown` if never told."""
        if self.closure or self.hold:
            return self.closure or self.hold
        if self._is_completed:
            return "completed"
        if self.good:
            return "partial"
        if self.started:
            return "started"
        if self.released:
            return "released"
        return "planned" if self.material else "unknown"

    @property
    def _is_completed(self) -> bool:
        if self.operations:
            return self.operations[-1] in self.ended
        return self.released and bool(self.ended)


@dataclass(slots=True)
class Totals:
    """Orders by number; consumption by (lot, order, unit); stock by (material, lot, unit)."""

    orders: dict[str, OrderTotals] = field(default_factory=lambda: defaultdict(OrderTotals))
    consumed: dict[tuple[str, str, str], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )
    stock: dict[tuple[str, str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    produced: dict[str, Json] = field(default_factory=dict)

    def consumed_by(self, lot: str, order: str, unit: str) -> Decimal:
        return self.consumed.get((lot, order, unit), Decimal(0))

    def completed(self) -> int:
        return sum(order.status == "completed" for order in self.orders.values())

    def lots_consumed(self) -> int:
        return len({lot for (lot, _, _), amount in self.consumed.items() if amount})


def totals(bodies: Iterable[bytes]) -> Totals:
    """Fold every event once, in whatever order it comes; reversed acts have no effect."""
    events: dict[str, Json] = {}
    for body in bodies:
        event = json.loads(body, parse_float=Decimal)
        events[event["id"]] = event
    reversed_acts = {e["of"] for e in events.values() if e["type"] == "EventReversed"}
    result = Totals()
    for event in _newest_headers_last(events.values()):
        lasting = "revision" in event  # what the office says is no act of the floor
        if lasting or event.get("act") not in reversed_acts:
            _count(result, event)
    return result


def unprinted(bodies: Iterable[bytes]) -> set[str]:
    """Ids of what wants a label and has none, neither printed nor in doubt nor void.

    That are outputs, closed units, and requests for a copy; a later print stands for an earlier.
    """
    events = [json.loads(body) for body in bodies]
    told = [event for event in events if event["type"] in _LABEL_TOLD]
    asked = {
        event["id"]
        for event in events
        if event["type"] == "LabelRequested"
        and not any(one["of"] == event["of"] and _is_after(one, event) for one in told)
    }
    return (labelled(events) - {event["of"] for event in told}) | asked


def labelled(events: Sequence[Json]) -> set[str]:
    """Ids of the outputs and closed units that get a label of their own."""
    reversed_acts = {event["of"] for event in events if event["type"] == "EventReversed"}
    at_pallets = {event["order"] for event in events if _by_pallet(event)}
    return {
        event["id"]
        for event in events
        if (event["type"] == "UnitClosed" or _is_numbered(event, at_pallets))
        and event["act"] not in reversed_acts
    }


def _is_numbered(event: Json, at_pallets: set[str]) -> bool:
    is_output = event["type"] == "MaterialProduced" and bool(event.get("label"))
    return is_output and event.get("order") not in at_pallets


def _by_pallet(event: Json) -> bool:
    rule = event.get("label", {}) if event["type"] == "OrderReleased" else {}
    return bool(rule.get("label") == "per_pallet")


def _is_after(one: Json, event: Json) -> bool:
    return bool(one["type"] == "LabelVoided" or one["n"] > event["n"])


def _newest_headers_last(events: Iterable[Json]) -> list[Json]:
    return sorted(events, key=lambda event: (event.get("revision", 0), event["id"]))


def _count(result: Totals, event: Json) -> None:
    handler = _HANDLERS.get(event["type"])
    if handler:
        handler(result, event)


def _header(result: Totals, event: Json) -> None:
    order = result.orders[event["order"]]
    order.material = event["material"]
    order.planned = Decimal(event["quantity"]["amount"])
    order.tolerance_percent = Decimal(event.get("tolerance_percent", "0"))
    order.released |= event["type"] == "OrderReleased"
    if "operations" in event:
        order.operations = tuple(operation["operation"] for operation in event["operations"])


def _held(result: Totals, event: Json) -> None:
    result.orders[event["order"]].hold = _REGISTERS[event["type"]]


def _closed(result: Totals, event: Json) -> None:
    result.orders[event["order"]].closure = _REGISTERS[event["type"]]


def _started(result: Totals, event: Json) -> None:
    result.orders[event["order"]].started = True


def _ended(result: Totals, event: Json) -> None:
    result.orders[event["order"]].ended.add(event["operation"])


def _reported(result: Totals, event: Json) -> None:
    """Good counts at the last operation alone, scrap wherever it falls."""
    order = result.orders[event["order"]]
    order.scrap += Decimal((event.get("scrap") or {"amount": "0"})["amount"])


def _produced(result: Totals, event: Json) -> None:
    amount, unit = _amount(event["quantity"])
    result.orders[event["order"]].good += amount
    result.stock[event["material"], event["lot"], unit] += amount
    result.produced[event["id"]] = event


def _consumed(result: Totals, event: Json) -> None:
    amount, unit = _amount(event["quantity"])
    lot = event["lot"] or event.get("serial", "")
    result.consumed[lot, event["order"], unit] += amount
    result.stock[event["material"], event["lot"], unit] -= amount


def _returned(result: Totals, event: Json) -> None:
    amount, unit = _amount(event["quantity"])
    lot = event["lot"] or event.get("serial", "")
    result.consumed[lot, event["order"], unit] -= amount
    result.stock[event["material"], event["lot"], unit] += amount


def _received(result: Totals, event: Json) -> None:
    amount, unit = _amount(event["quantity"])
    result.stock[event["material"], event["lot"], unit] += amount


def _stock_counted(result: Totals, event: Json) -> None:
    counted, unit = _amount(event["counted"])
    expected, expected_unit = _amount(event["expected"])
    result.stock[event["material"], event["lot"], unit] += counted
    result.stock[event["material"], event["lot"], expected_unit] -= expected


def _disposed(result: Totals, event: Json) -> None:
    """Scrap counts against the order; hold is a lot of its own; rework leaves lot and count."""
    amount, unit = _amount(event["quantity"])
    lot = event.get("lot", "")
    if event["disposition"] == "scrap":
        result.orders[event["order"]].scrap += amount
    elif event["disposition"] == "hold" and event["material"]:
        result.stock[event["material"], lot or f"{event['order']}-HOLD", unit] += amount
    elif event["disposition"] == "rework" and lot:
        result.orders[event["order"]].good -= amount
        result.stock[event["material"], lot, unit] -= amount


def _amount(quantity: Mapping[str, str]) -> tuple[Decimal, str]:
    return Decimal(quantity["amount"]), quantity["unit"]


_HANDLERS = {
    "OrderPlanned": _header,
    "OrderReleased": _header,
    "OrderChanged": _header,
    "OrderHeld": _held,
    "OrderResumed": _held,
    "OrderClosed": _closed,
    "OrderReopened": _closed,
    "OrderCancelled": _closed,
    "OperationStarted": _started,
    "OperationEnded": _ended,
    "OperationReported": _reported,
    "MaterialProduced": _produced,
    "MaterialConsumed": _consumed,
    "MaterialReturned": _returned,
    "MaterialDisposed": _disposed,
    "MaterialReceived": _received,
    "StockCounted": _stock_counted,
}
