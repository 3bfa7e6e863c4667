"""What a folded slice writes into the view tables: many rows a statement, one text a database."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, Table

from sync.domain.events import Event
from sync.domain.order import Order
from sync.domain.rules import SEVERITIES
from sync.server.projector_accepted import with_badges
from sync.server.projector_acts import Acts
from sync.server.projector_changes import Changes, Found
from sync.server.projector_open import Key
from sync.server.projector_rows import (
    DEVIATION_COLUMNS,
    LOT_COLUMNS,
    MASTER_COLUMNS,
    MATERIAL_COLUMNS,
    OPERATION_COLUMNS,
    ORDER_COLUMNS,
    OUTPUT_COLUMNS,
    PLACE_COLUMNS,
    REVISION_COLUMNS,
    SERIAL_COLUMNS,
    STATE_COLUMNS,
    STOCK_COLUMNS,
    UNIT_COLUMNS,
    OrderRows,
    Row,
    lot_amount,
    order_rows,
    unit_row,
)
from sync.server.projector_sets import OF_SET, OPEN, Serials, Standing, of_order, stale_keys
from sync.server.projector_state import Entry, Holding, Memory, Tables, encode_state
from sync.server.projector_tables import drop_rows, put_rows, set_rows
from sync.server.projector_trouble import TROUBLE_COLUMNS
from sync.server.rows import rows_with
from sync.server.view_tables import (
    clamped,
    concern,
    deviation,
    lot_event,
    master,
    master_revision,
    order_lot,
    order_material,
    order_operation,
    order_output,
    order_state,
    order_view,
    reversed_act,
    serial_use,
    stock,
    stock_place,
    trouble,
    unit_content,
)
from sync.wire import encode

WHY_CHARS_MAX: Final = 500
WITHDRAWN: Final = "withdrawn"
REVIEWED: Final = "reviewed"
OF_EVENT: Final = "event"
NOT_PROJECTED: Final = "not_projected"  # the event could not be folded: the views lack it
NOT_JUDGED: Final = "not_judged"  # a rule's own fault

Part = Callable[[OrderRows], tuple[Row, ...]]

_KEY: Final = ("target", "name", "subject")
# View, columns, how many of them are the key, and which of an order's rows.
_PARTS: Final[tuple[tuple[Table, tuple[str, ...], int, Part], ...]] = (
    (order_operation, OPERATION_COLUMNS, 2, lambda rows: rows.operations),
    (order_material, MATERIAL_COLUMNS, 2, lambda rows: rows.materials),
)


class Writing:
    """Makes the rows of one slice, beside the transaction that writes them."""

    def __init__(
        self, connection: Connection, tables: Tables, memory: Memory, changes: Changes, acts: Acts
    ) -> None:
        """Tell `acts` all rows but feed and mark; reads through `connection`, writes nothing."""
        self._tables = tables
        self._memory = memory
        self._changes = changes
        self._acts = acts
        self._standing: list[Standing] = []
        self._masters()
        self._orders(connection)
        self._lots()
        self._serials(connection)
        self._deviations(connection)

    def _put(self, view: Table, columns: Sequence[str], rows: Sequence[Row]) -> None:
        if rows:
            table = self._tables[view]
            self._acts.append(lambda conn: put_rows(conn, table, columns, rows))

    def _drop(self, view: Table, columns: Sequence[str], keys: Collection[Row]) -> None:
        if keys:
            table = self._tables[view]
            self._acts.append(lambda conn: drop_rows(conn, table, columns, keys))

    def _set(self, columns: Sequence[str], keys: Sequence[str], rows: Sequence[Row]) -> None:
        """Set columns of deviations; each of `rows` is (*columns, *keys)."""
        if rows:
            table = self._tables[deviation]
            self._acts.append(lambda conn: set_rows(conn, table, columns, keys, rows))

    def _masters(self) -> None:
        changes = self._changes
        put = [
            (kind, key, getattr(event, "revision", 0), event.id, encode(event))
            for (kind, key), event in changes.masters.items()
            if event is not None
        ]
        gone = [key for key, event in changes.masters.items() if event is None]
        self._drop(master, ("kind", "key"), gone)
        self._put(master, MASTER_COLUMNS, put)
        self._put(master_revision, REVISION_COLUMNS, [_revision(*one) for one in changes.revisions])
        self._put(reversed_act, ("act", "position"), list(changes.reversed.items()))
        self._put(
            concern,
            ("key", "kind", "scope"),
            [(one.key, one.kind, one.scope) for one in changes.concerns],
        )
        told, forgotten = changes.troubles.rows() if changes.troubles is not None else ([], [])
        self._put(trouble, TROUBLE_COLUMNS, told)
        self._drop(trouble, ("id",), forgotten)
        units = changes.units.items()
        self._put(unit_content, UNIT_COLUMNS, [unit_row(*one) for _, one in units if one])
        self._drop(unit_content, ("id",), [(name,) for name, one in units if one is None])
        self._put(lot_event, ("material", "lot", "position", "of_order"), changes.lot_events)

    def _orders(self, connection: Connection) -> None:
        states: list[Row] = []
        rows: dict[str, OrderRows] = {}
        gone = []
        for number, position in self._changes.orders.items():
            order = self._memory.orders[number]
            if order.is_empty:
                gone.append(number)
                continue
            states.append((number, encode_state(order)))
            rows[number] = order_rows(order, self._name(order), position)
            standing = of_order(connection, order, position)
            undone = self._changes.reversed
            self._standing += with_badges(connection, self._tables, undone, order, standing)
        self._put(order_state, STATE_COLUMNS, states)
        self._forget(gone)
        self._order_rows(rows)
        self._order_lots(order_lot, LOT_COLUMNS, self._changes.taken)
        self._order_lots(order_output, OUTPUT_COLUMNS, self._changes.made)

    def _order_lots(
        self, view: Table, columns: Sequence[str], touched: Collection[tuple[str, str, str, str]]
    ) -> None:
        """Write what orders took or made of the lots that were touched."""
        orders, made = self._memory.orders, view is order_output
        rows: list[Row] = []
        for key in touched:
            order = orders[key[0]]
            rows.append((*key, lot_amount(order.outputs if made else order.consumed, *key[1:])))
        self._drop(view, columns[:4], [row[:4] for row in rows if not row[4]])
        self._put(view, columns, [row for row in rows if row[4]])

    def _name(self, order: Order) -> str:
        known = self._memory.shop.materials.get(order.material)
        return known.name if known else order.material

    def _forget(self, numbers: Sequence[str]) -> None:
        keys = [(number,) for number in numbers]
        for number in numbers:
            self._memory.rows.pop(number, None)
        for view in (order_state, order_view, order_lot, order_output, *(one[0] for one in _PARTS)):
            self._drop(view, ("order_number",), keys)

    def _order_rows(self, rows: dict[str, OrderRows]) -> None:
        """Write what differs from what was written last; all of an order not in memory."""
        known = self._memory.rows
        self._put(order_view, ORDER_COLUMNS, [one.view for one in rows.values()])
        fresh = [(number,) for number in rows if number not in known]
        for view, columns, keys, part in _PARTS:
            self._drop(view, ("order_number",), fresh)
            gone: list[Row] = []
            new: list[Row] = []
            for number, one in rows.items():
                before = part(known[number]) if number in known else ()
                now = part(one)
                if before != now:
                    old = set(before)
                    new += [row for row in now if row not in old]
                    kept = {row[:keys] for row in now}
                    gone += [row[:keys] for row in before if row[:keys] not in kept]
            self._drop(view, columns[:keys], gone)
            self._put(view, columns, new)
        known.update(rows)

    def _lots(self) -> None:
        rows, places, keys = [], [], []
        for material, lot in self._changes.lots:
            held = self._memory.holdings[material, lot]
            keys.append((material, lot))
            unit, lying = held.lot.unit, held.lot.places
            rows.append(_stock_row(held, unit, lying))
            places += [
                (material, lot, place, unit, clamped(micros)) for place, micros in lying.items()
            ]
        self._put(stock, STOCK_COLUMNS, rows)
        self._drop(stock_place, ("material", "lot"), keys)
        self._put(stock_place, PLACE_COLUMNS, places)

    def _serials(self, connection: Connection) -> None:
        told = Serials(connection, self._tables, self._memory, self._changes)
        self._put(serial_use, SERIAL_COLUMNS, told.rows)
        self._drop(serial_use, SERIAL_COLUMNS[:4], told.gone)
        self._drop(deviation, _KEY, told.dissolved)
        self._standing += told.standing

    def _deviations(self, connection: Connection) -> None:
        changes = self._changes
        found = [_found_row(found) for found in changes.found]
        self._put(deviation, DEVIATION_COLUMNS, found)
        faults = [_fault_row(entry, NOT_JUDGED, why) for entry, why in changes.faults]
        self._put(deviation, DEVIATION_COLUMNS, faults)
        self._of_sets(connection)
        self._set(("status",), ("target", "kind"), [
            (WITHDRAWN, target, OF_EVENT) for target in changes.withdrawn
        ])  # fmt: skip
        self._set(("status",), (*_KEY, "status"), [
            (WITHDRAWN, *key, OPEN) for key in self._dissolved(connection, found)
        ])  # fmt: skip
        self._set(("status", "verdict"), ("target", "name", "status"), [
            (REVIEWED, one.verdict, one.of, one.deviation, OPEN) for one in changes.reviews
        ])  # fmt: skip

    def _dissolved(self, connection: Connection, found: Sequence[Row]) -> list[Key]:
        """What is known to be open of what later events dissolve, this slice's own included."""
        known, late = self._memory.open, self._changes.dissolved
        table = self._tables[deviation]
        known.load(connection, table, {one.order for one in late})
        for row in found:
            known.add(row[4], row[:3], row[-1])
        return known.take(late)

    def _of_sets(self, connection: Connection) -> None:
        """Tell what the orders now show, withdraw what later events dissolved."""
        told = {one.key: one.row() for one in self._standing}
        orders = sorted({*self._changes.orders, *(key[0] for key in told)})
        rows = rows_with(
            connection, self._tables[deviation], "target", orders,
            "name", "subject", "kind", "status", "verdict",
        )  # fmt: skip
        known = {row[:3]: row[4:] for row in rows if row[3] == OF_SET}
        settled = {key: held for key, held in known.items() if held[0] == REVIEWED}
        stale = stale_keys(known, told, self._changes.orders)
        self._drop(deviation, _KEY, stale)
        kept = [(*row[:-3], *settled.get(key, row[-3:-1]), row[-1]) for key, row in told.items()]
        self._put(deviation, DEVIATION_COLUMNS, kept)


def _revision(key: str, position: int, event: Event) -> Row:
    revision = getattr(event, "revision", 0)
    kind, account = type(event).__name__, event.operator or event.station
    return (kind, key, revision, event.id, position, event.at, account, encode(event))


def _found_row(found: Found) -> Row:
    (position, _, event), verdict, _ = found
    facts = dict(verdict.facts)
    accepted = next((one.by for one in event.accepted if one.deviation == verdict.name), "")
    subject = found.subject or facts.get("line", "") or facts.get("material", "")
    return _event_row(
        event, verdict.name, subject, str(verdict.severity), facts, accepted, position
    )


def write_passed_over(connection: Connection, tables: Tables, entry: Entry, why: str) -> None:
    """Flag an event that the views lack."""
    row = _fault_row(entry, NOT_PROJECTED, why)
    put_rows(connection, tables[deviation], DEVIATION_COLUMNS, [row])


def _fault_row(entry: Entry, name: str, why: str) -> Row:
    severity, facts = str(SEVERITIES["unknown_target"]), {"why": why[:WHY_CHARS_MAX]}
    return _event_row(entry.event, name, "", severity, facts, "", entry.position)


def _event_row(
    event: Event, name: str, subject: str, severity: str, facts: dict[str, str], accepted: str,
    position: int,
) -> Row:  # fmt: skip
    return (
        event.id,
        name,
        subject,
        OF_EVENT,
        facts.get("order", "") or getattr(event, "order", ""),
        facts.get("material", "") or getattr(event, "material", ""),
        facts.get("lot", "") or getattr(event, "lot", ""),
        event.station,
        event.operator,
        event.at,
        severity,
        msgspec.json.encode(facts).decode(),
        accepted,
        OPEN,
        "",
        position,
    )


def _stock_row(held: Holding, unit: str, lying: dict[str, int]) -> Row:
    lot = held.lot
    places = ", ".join(place for place, micros in lying.items() if place and micros > 0)
    return (
        lot.lot,
        lot.material,
        unit,
        places,
        lot.expiry,
        lot.status,
        held.supplier_lot,
        clamped(lot.micros),
        clamped(held.received),
        encode_state(held),
    )
