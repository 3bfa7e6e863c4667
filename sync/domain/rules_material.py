"""The rules of what goes in: the lot, the line it is for, and how much."""

from collections.abc import Collection, Iterator, Sequence

from sync.domain.amounts import Factors, micros_of, total
from sync.domain.events import MaterialConsumed, MaterialReturned, OperationReported, ReleasedLine
from sync.domain.needs import LineNeed, percent, percent_of
from sync.domain.order import Order
from sync.domain.quantity import shown
from sync.domain.rules_base import (
    Case,
    Deviation,
    amount,
    fetch_facts,
    fits,
    is_expired,
    line_name,
    material_name,
)


def consumption(case: Case, event: MaterialConsumed) -> Iterator[Deviation]:
    """What a consumption disagrees with."""
    yield from _serial(case, event)
    yield from _lot(case, event)
    order = case.order
    if order is None or order.release is None:
        return
    line = line_of(order, event)
    if line is None:
        yield _wrong_material(case, order, event)
    elif event.quantity.unit != line.line.quantity.unit:
        facts = {"label_unit": shown(event.quantity.unit), "unit": shown(line.line.quantity.unit)}
        yield case.deviation("unit_unknown", **{**_lot_facts(case, event), **facts})
    elif not event.scrapped and not line.line.backflush:
        yield from _over_issue(case, order, event, line)


def line_of(order: Order, event: MaterialConsumed) -> LineNeed | None:
    """The line that a consumption is for: the first that still needs it, else the first it fits."""
    lines = [one for one in order.needs_at(event.operation) if fits(one.line, event)]
    return lines[0] if len(lines) == 1 else _first_open(order, lines)


def output_of_lines(case: Case, event: OperationReported) -> Iterator[Deviation]:
    """Lines whose consumption is below the need for what is reported by now."""
    order = case.order
    if order is None or order.release is None or micros_of(event.good) <= 0:
        return
    made = order.made_at(event.operation) + micros_of(event.good)
    made += micros_of(event.scrap) if event.scrap is not None else 0
    made -= micros_of(event.reworked) if event.reworked is not None else 0
    for line in order.needs_at(event.operation):
        need = min(order.need_for(line.line, made), line.need)
        if line.line.backflush or not need:
            continue
        issued = order.issued(line)
        if line.line.lot_controlled and issued <= 0:
            yield case.deviation("line_unconsumed", **_short_facts(case, line.line, issued, need))
        elif issued < _least(line, need):
            yield case.deviation("under_issue", **_short_facts(case, line.line, issued, need))


def giving_back(case: Case, event: MaterialReturned) -> Iterator[Deviation]:
    """More of a lot, or another piece, that comes back than ever went in."""
    order = case.order
    if order is None:
        return
    unit = event.quantity.unit
    taken = taken_of(order, event.material, event.lot, unit, _conversions(order, event.line))
    piece = not event.serial or order.has_in(event.material, event.serial)
    if micros_of(event.quantity) > taken or not piece:
        facts = {
            "name": material_name(case.shop, event.material),
            "material": event.material,
            "lot": event.serial or event.lot,
            "quantity": str(event.quantity),
            "held": amount(max(0, taken), unit) if piece else amount(0, unit),
        }
        yield case.deviation("over_return", **facts)


def taken_of(order: Order, material: str, lot: str, unit: str, factors: Factors) -> int:
    """Micros of `unit` of a lot that went into an order and did not come back."""
    return total(order.consumed.get(material, {}).get(lot, {}), unit, factors)


def _conversions(order: Order, line: str) -> Factors:
    found = (one.line.conversions for one in order.all_needs() if one.line.line == line)
    return next(found, {})


def supplied(order: Order, operation: str, material: str) -> Iterator[str]:
    """The materials of the lines that take this one and have enough for what is reported by now."""
    if order.release is None:
        return
    made = order.made_at(operation)
    for line in order.needs_at(operation):
        if material == line.line.material or material in line.line.substitutes:
            need = min(order.need_for(line.line, made), line.need)
            if order.issued(line) >= _least(line, need):
                yield line.line.material


def _least(line: LineNeed, need: int) -> int:
    """What is enough for a need: the need less tolerance."""
    return need - percent_of(need, percent(line.line.tolerance_percent))


def _first_open(order: Order, lines: Sequence[LineNeed]) -> LineNeed | None:
    """The first line that needs more than it got, else the first."""
    needing = (line for line in lines if order.issued(line) < line.need)
    return next(needing, lines[0] if lines else None)


def _short_facts(case: Case, line: ReleasedLine, issued: int, need: int) -> dict[str, str]:
    unit = line.quantity.unit
    return {
        "name": line_name(case.shop, line),
        "material": line.material,
        "quantity": amount(issued, unit),
        "need": amount(need, unit),
        "short": amount(need - issued, unit),
        **fetch_facts(case.shop, line.material, case.today),
    }


def _lot_facts(case: Case, event: MaterialConsumed) -> dict[str, str]:
    return {
        "name": material_name(case.shop, event.material),
        "material": event.material,
        "lot": event.lot or event.serial,
        "quantity": str(event.quantity),
    }


def _serial(case: Case, event: MaterialConsumed) -> Iterator[Deviation]:
    if not event.serial:
        return
    other = case.shop.serial_used(event.material, event.serial)
    if other:
        facts = {**_lot_facts(case, event), "serial": event.serial, "other": other}
        yield case.deviation("serial_seen_before", **facts)


def _lot(case: Case, event: MaterialConsumed) -> Iterator[Deviation]:
    if not event.lot:
        return
    lot = case.shop.lot(event.material, event.lot)
    if lot is None or lot.known <= 0:
        grade = "lot_unknown_offline" if case.stale else "lot_unknown"
        yield case.deviation("lot_unknown", grade, **_fetching_facts(case, event))
        return
    if lot.status == "blocked":
        yield case.deviation("lot_blocked", **_fetching_facts(case, event))
    expiry, unit = lot.expiry, event.quantity.unit
    if is_expired(expiry, case.today):
        yield case.deviation("lot_expired", **_fetching_facts(case, event), expiry=expiry)
    if lot.unit == unit and micros_of(event.quantity) > (held := lot.micros):
        facts = {**_fetching_facts(case, event), "held": amount(max(held, 0), unit)}
        yield case.deviation("lot_short", **facts)


def _fetching_facts(case: Case, event: MaterialConsumed) -> dict[str, str]:
    return {**_lot_facts(case, event), **fetch_facts(case.shop, event.material, case.today)}


def _wrong_material(case: Case, order: Order, event: MaterialConsumed) -> Deviation:
    wanted = _first_open(order, order.needs_at(event.operation))
    facts = {**_lot_facts(case, event), "wanted": "", "wanted_material": ""}
    if wanted is not None:
        facts["wanted"] = line_name(case.shop, wanted.line)
        facts["wanted_material"] = wanted.line.material
        facts.update(fetch_facts(case.shop, wanted.line.material, case.today))
    needing = [one.number for one in case.shop.orders_needing(event.material)]
    facts["belongs"] = next((number for number in needing if number != event.order), "")
    facts["other"] = _other_order(case, event, frozenset(needing))
    return case.deviation("wrong_material", **facts)


def _other_order(case: Case, event: MaterialConsumed, needing: Collection[str]) -> str:
    """Another order, open at this station, that this material is for."""
    opened = (order.number for order in case.shop.open_orders(event.station))
    return next((n for n in opened if n in needing and n != event.order), "")


def _over_issue(
    case: Case, order: Order, event: MaterialConsumed, line: LineNeed
) -> Iterator[Deviation]:
    after = order.issued(line) + micros_of(event.quantity)
    if after <= line.tolerated:
        return
    unit = line.line.quantity.unit
    facts = {
        **_lot_facts(case, event),
        "need": amount(line.need, unit),
        "issued": amount(after, unit),
        "over": amount(after - line.need, unit),
    }
    grade = "over_issue_limit" if after > line.limit else "over_issue"
    yield case.deviation("over_issue", grade, **facts)
