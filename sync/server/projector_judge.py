"""Where an event disagrees with what was known before it: judged in ledger order, one by one.

The rules are shown exactly what the event is about, so that a rebuild judges as live folding did.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, select

from sync.domain.acts import remember
from sync.domain.events import (
    Event,
    LotStatusSet,
    MaterialProduced,
    OrderHeld,
    OrderRegister,
    OrderResumed,
    order_of,
)
from sync.domain.rules import check
from sync.domain.shop import Shop
from sync.domain.stock import Lot
from sync.server import scopes
from sync.server.projector_changes import (
    Changes,
    Decision,
    Found,
    Touch,
    clash_of,
    is_of_a_set,
    subject_of,
)
from sync.server.projector_state import Entry, Memory, Tables, holding_of, order_in
from sync.server.view_tables import order_lot

_NO_STATION: Final = frozenset({"", scopes.OFFICE})
_NO_LOTS: Final[dict[str, Lot]] = {}


class Judge:
    """Adds to the changes of a slice what its events disagree with."""

    def __init__(
        self, connection: Connection, tables: Tables, memory: Memory, changes: Changes
    ) -> None:
        self._opened = (connection, tables, memory)
        self._memory = memory
        self._changes = changes
        self._received = (-1, "")

    def judge(self, touch: Touch, act: Sequence[Event] = ()) -> None:
        """Flag where the event disagrees with what was known before it."""
        entry = touch.entry
        if isinstance(entry.event, OrderRegister | LotStatusSet):
            clash = clash_of(entry.event, self._in_force(touch, entry.event))
            self._changes.found += [Found(entry, clash)] if clash is not None else []
        if entry.event.station in _NO_STATION:
            return
        self._set_scene(touch, act)
        try:
            verdict = check(self._memory.shop, entry.event, received=self._received_at(entry))
        except Exception as fault:  # a rule's own fault must not hold back what is behind it
            self._changes.faults.append((entry, f"{type(fault).__name__}: {fault}"))
            return
        for one in verdict:
            if not is_of_a_set(entry.event, one):
                self._changes.found.append(Found(entry, one, subject_of(one)))

    def _in_force(self, touch: Touch, event: Decision) -> Decision | None:
        """What holds of the order or the lot that a decision is about."""
        if isinstance(event, LotStatusSet):
            return holding_of(*self._opened, (event.material, event.lot)).lot.status_set
        order = order_in(*self._opened, touch.order)
        return order.hold if isinstance(event, OrderHeld | OrderResumed) else order.closure

    def _set_scene(self, touch: Touch, act: Sequence[Event]) -> None:
        """Show the rules exactly what the event is about: the same live and in a rebuild."""
        shop, key = self._memory.shop, touch.lot
        order = order_in(*self._opened, touch.order) if touch.order else None
        shop.orders = {order.number: order} if order is not None and order.facts else {}
        shop.packed = {}
        if act:
            self._add_act(shop, act)
        lot = self._memory.stock.get(key[0], _NO_LOTS).get(key[1]) if key else None
        shop.stock = {lot.material: {lot.lot: lot}} if lot is not None else {}

    def _add_act(self, shop: Shop, act: Sequence[Event]) -> None:
        """Show an act that is to be taken back, its orders, and those that used what it made."""
        for number in {*map(order_of, act), *self._users(act)} - {""}:
            order = order_in(*self._opened, number)
            if not order.is_empty:
                shop.orders[number] = order
        for one in act:
            remember(shop.packed, one)

    def _users(self, act: Sequence[Event]) -> set[str]:
        """The orders that took what the act made."""
        made = {(e.material, e.lot) for e in act if isinstance(e, MaterialProduced)}
        connection, tables, _ = self._opened
        table = tables[order_lot]
        found = set()
        for material, lot in made:
            rows = select(table.c.order_number).where(
                table.c.lot == lot, table.c.material == material
            )
            found |= {row[0] for row in connection.execute(rows)}
            found |= {
                number
                for number in self._changes.orders
                if lot in self._memory.orders[number].consumed.get(material, {})
            }
        return found

    def _received_at(self, entry: Entry) -> str:
        if self._received[0] != entry.received_ms:
            at = datetime.fromtimestamp(entry.received_ms / 1000, UTC).isoformat()
            self._received = (entry.received_ms, at)
        return self._received[1]
