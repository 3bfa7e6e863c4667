"""Deviations of a set: what an order's events add up to, and whom they set against each other.

Told anew from the whole state whenever it changes, so that they go when later events dissolve them.
Which of two stations was first goes by causality, else by the ledger.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from sync.domain.events import OperationEnded
from sync.domain.needs import LineNeed
from sync.domain.order import Order
from sync.domain.quantity import shown, text
from sync.domain.rules import SEVERITIES
from sync.server.causality import Placed, knew, placed
from sync.server.projector_changes import Changes
from sync.server.projector_rows import Row
from sync.server.projector_state import Memory, Tables, load_orders
from sync.server.rows import rows_with
from sync.server.view_tables import clamped, serial_use

OPEN: Final = "open"
ACCEPTED: Final = "accepted"
OF_SET: Final = "set"
OF_ORDER: Final = frozenset({"over_issue", "over_production", "already_ended"})
SERIAL: Final = "serial_seen_before"
WAYS: Final = {"out": "finished", "in": "used"}
Key = tuple[str, str, str]  # order, name, subject
Use = tuple[str, str, str, str]  # serial, material, way, order


class Standing(NamedTuple):
    """One deviation of an order as it stands now."""

    order: str
    name: str
    subject: str
    material: str
    grade: str
    facts: Mapping[str, str]
    position: int
    station: str = ""
    accepted_by: str = ""

    @property
    def key(self) -> Key:
        return self.order, self.name, self.subject

    def row(self) -> Row:
        """Its row in the table of deviations."""
        severity, facts = str(SEVERITIES[self.grade]), msgspec.json.encode(self.facts).decode()
        return (
            *self.key, OF_SET, self.order, self.material, "", self.station, "", "", severity, facts,
            self.accepted_by, ACCEPTED if self.accepted_by else OPEN, "", self.position,
        )  # fmt: skip


def of_order(connection: Connection, order: Order, position: int) -> Iterator[Standing]:
    """What an order's events show together; `position` is the ledger's of its last change."""
    yield from _over_issues(order, position)
    yield from _over_productions(order, position)
    yield from _ended_twice(connection, order, position)


def _over_issues(order: Order, position: int) -> Iterator[Standing]:
    """Lines that took more than need and tolerance."""
    for needed in order.all_needs():
        issued = order.issued(needed)
        if needed.line.backflush or issued <= max(needed.need, needed.tolerated):
            continue
        yield _over_issue(order, needed, issued, position)


def _over_issue(order: Order, needed: LineNeed, issued: int, position: int) -> Standing:
    line = needed.line
    grade = "over_issue_limit" if issued > needed.limit else "over_issue"
    facts = {
        "order": order.number,
        "line": line.line,
        "material": line.material,
        "name": line.name,
        "need": _amount(needed.need, line.quantity.unit),
        "issued": _amount(issued, line.quantity.unit),
    }
    subject = f"line {line.line}"
    return Standing(order.number, "over_issue", subject, line.material, grade, facts, position)


def _over_productions(order: Order, position: int) -> Iterator[Standing]:
    """Operations whose good output, over all stations, is more than plan and tolerance."""
    if order.header is None:
        return
    for operation in sorted({*order.good, *order.made}):
        good = order.good_at(operation)
        if good <= max(order.planned, order.highest):
            continue
        grade = "over_production_limit" if good > order.limit else "over_production"
        facts = {
            "order": order.number,
            "operation": operation,
            "good": _amount(good, order.unit),
            "planned": _amount(order.planned, order.unit),
            "over": _amount(good - order.planned, order.unit),
        }
        subject = f"operation {operation}"
        yield Standing(
            order.number, "over_production", subject, order.material, grade, facts, position
        )


def _ended_twice(connection: Connection, order: Order, position: int) -> Iterator[Standing]:
    """Operations that stations finished without knowing of each other."""
    if len(order.ends) < 2:
        return
    ends: dict[str, list[OperationEnded]] = {}
    for end in order.ends.values():
        ends.setdefault(end.operation, []).append(end)
    for operation, several in sorted(ends.items()):
        if len({end.station for end in several}) < 2:
            continue
        apart = _apart(connection, placed(connection, {end.id for end in several}))
        if apart is not None:
            yield _ended(order, operation, *apart, position)


def _apart(connection: Connection, found: Sequence[Placed]) -> tuple[Placed, Placed] | None:
    """The first event, and the first after it that was made without knowing of it."""
    first = found[0] if found else None
    for other in found[1:]:
        if first is not None and not knew(connection, other, first):
            return first, other
    return None


def _ended(order: Order, operation: str, first: Placed, second: Placed, position: int) -> Standing:
    over = order.good_at(operation) - order.planned
    good, planned = (
        _amount(order.good_at(operation), order.unit),
        _amount(order.planned, order.unit),
    )
    counted = f"{good} of {planned} are reported: check the count."
    if order.planned and over > 0:
        counted = f"{_amount(over, order.unit)} are counted twice: check the count."
    facts = {
        "sentence": "ended_twice",
        "order": order.number,
        "operation": operation,
        **_both(first, second),
        "good": good,
        "planned": planned,
        "counted": counted,
    }
    subject, name = f"operation {operation}", "already_ended"
    station = second.event.station
    return Standing(
        order.number, name, subject, order.material, name, facts, position, station=station
    )


class Serials:
    """Serial numbers that were taken or made more than once, whatever the order of arrival.

    `rows` are to be put and `gone` to be dropped of the table of uses; `dissolved` are keys of
    deviations that are none any more, `standing` those that are.
    """

    def __init__(
        self, connection: Connection, tables: Tables, memory: Memory, changes: Changes
    ) -> None:
        changed = {key: uses for key, uses in changes.serials.items() if uses}
        names = sorted({key[0] for key in changed})
        found = rows_with(
            connection, tables[serial_use], "serial", names, "material", "way", "order_number",
            "uses",
        )  # fmt: skip
        uses: dict[Use, int] = {(*row[:4],): int(row[4]) for row in found}
        for key, more in changed.items():
            uses[key] = uses.get(key, 0) + more
        self.rows = [(*key, uses[key]) for key in changed if uses[key]]
        self.gone = [key for key in changed if not uses[key]]
        touched = {key[:3] for key in changed}
        self._uses = {key: count for key, count in uses.items() if key[:3] in touched}
        self._opened = (connection, tables, memory)
        self.standing: list[Standing] = []
        self.dissolved: list[Key] = []
        for serial in sorted(touched):
            self._judge(serial)

    def _judge(self, serial: tuple[str, str, str]) -> None:
        orders = {key[3]: count for key, count in sorted(self._uses.items()) if key[:3] == serial}
        told = [order for order, count in orders.items() if count > 0]
        twice = sum(orders[order] for order in told) > 1
        facts, position = self._facts(serial, told) if twice else ({}, 0)
        number, material, way = serial
        for order in orders:
            subject = f"{way} {material} {number}"
            if twice and order in told:
                one = Standing(
                    order, SERIAL, subject, material, SERIAL, {"order": order, **facts}, position,
                    station=facts.get("second_station", ""),
                )  # fmt: skip
                self.standing.append(one)
            else:
                self.dissolved.append((order, SERIAL, subject))

    def _facts(
        self, serial: tuple[str, str, str], orders: Collection[str]
    ) -> tuple[dict[str, str], int]:
        number, material, way = serial
        connection, tables, memory = self._opened
        load_orders(connection, tables, memory, orders)
        ids: set[str] = set()
        for order in orders:
            known = memory.orders[order]
            of = (known.serials_out if way == "out" else known.serials_in).get(number, {})
            ids |= {one for one, made in of.items() if made == material}
        found = placed(connection, ids)
        facts = {"serial": number, "material": material, "way": WAYS[way]}
        if not found:
            return facts, 0
        second = found[1] if len(found) > 1 else found[0]  # one event may tell a number twice
        return {**facts, **_both(found[0], second)}, second.position


def _both(first: Placed, second: Placed) -> dict[str, str]:
    """Who was first and who second, for the sentence and for the stations that have to hear."""
    return {
        f"{rank}{name}": value
        for rank, (_, event) in (("first", first), ("second", second))
        for name, value in (
            ("", event.id),
            ("_station", event.station),
            ("_who", event.operator),
            ("_at", event.at),
            ("_order", getattr(event, "order", "")),
        )
    }


def _amount(micros: int, unit: str) -> str:
    return f"{text(clamped(micros))} {shown(unit)}".rstrip()


def stale_keys(known: Iterable[Key], told: Collection[Key], orders: Collection[str]) -> list[Key]:
    """Deviations of these orders that were told and are not true any more."""
    return [key for key in known if key[1] in OF_ORDER and key not in told and key[0] in orders]
