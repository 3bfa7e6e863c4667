"""Stock: receipts, moves, counts and the status of lots."""

from typing import Literal

from sync.domain.events.base import Count, Date, Event, Name, Text
from sync.domain.quantity import Quantity


class MaterialReceived(Event, frozen=True, kw_only=True):
    """`receipt` is the scheduled receipt that the goods are of."""

    material: Name
    lot: Name
    quantity: Quantity
    place: Name = ""
    expiry: Date = ""
    supplier: Name = ""
    supplier_lot: Name = ""
    serials: tuple[str, ...] = ()
    receipt: Name = ""


class MaterialMoved(Event, frozen=True, kw_only=True):
    material: Name
    lot: Name
    quantity: Quantity
    source: Name = ""
    destination: Name = ""


class StockCounted(Event, frozen=True, kw_only=True):
    """The fold adds `counted - expected`, so that concurrent events keep their effect."""

    material: Name
    lot: Name
    expected: Quantity
    counted: Quantity
    place: Name = ""
    reason: Text = ""


class LotStatusSet(Event, frozen=True, kw_only=True):
    material: Name
    lot: Name
    revision: Count
    status: Literal["available", "blocked"]
    reason: Text = ""
