"""What lies on one workstation of a sample factory, and which of it fits the next step."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from string import ascii_lowercase
from typing import Final

from kiosk.demo.factory import Factory, Printed, Station
from labels import codes

COMMANDS: Final = ("DONE", "OK", "CANCEL", "SCRAP", "UNDO")
LETTERS: Final = ascii_lowercase + ascii_lowercase.upper()
SERIALS_SEEN_MAX: Final = 1  # of one article: the top of the stack


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to scan: its letter, what people call it, a remark, and the code on it.

    `wrong_for` names the order for which it is the wrong lot, which shows what a STOP is.
    """

    letter: str
    title: str
    remark: str
    printed: Printed
    code: codes.Code
    wrong_for: str = ""


def things(factory: Factory, station: Station) -> tuple[Thing, ...]:
    """Badges, travellers, lots (one that is wrong for the first order, the expired), commands."""
    orders = _orders_here(factory, station)
    first = [
        *_badges(factory),
        *(_thing(f"Order {number}", factory.order(number)) for number in orders),
    ]
    last = [
        *(_thing(name, factory.command(name)) for name in COMMANDS),
        *(_thing(f"Reason {one.title}", one) for one in _reasons(factory)),
    ]
    first = first[: len(LETTERS) - len(last)]
    lots = _lots(factory, orders)[: len(LETTERS) - len(last) - len(first)]
    laid = zip(LETTERS, [*first, *lots, *last], strict=False)
    return tuple(replace(thing, letter=letter) for letter, thing in laid)


def in_sight(laid: Iterable[Thing], is_used: Callable[[codes.Code], bool]) -> tuple[Thing, ...]:
    """The things to look at: of numbered pieces the one used last and the next.

    The others lie below them; their letters scan them all the same.
    """
    seen: list[Thing] = []
    for thing in laid:
        article = _article(thing)
        alike = [one for one in seen if article and _article(one) == article]
        fresh = sum(not is_used(one.code) for one in alike)
        if article and is_used(thing.code):
            seen = [one for one in seen if one not in alike or not is_used(one.code)]
        if not article or is_used(thing.code) or fresh < SERIALS_SEEN_MAX:
            seen.append(thing)
    return tuple(seen)


def fitting(laid: Sequence[Thing], expected: Iterable[codes.Code]) -> Thing | None:
    """The first thing whose code the next step waits for."""
    for wanted in expected:
        for thing in laid:
            if _is_same(thing.code, wanted):
                return thing
    return None


def _is_same(code: codes.Code, wanted: codes.Code) -> bool:
    serial, other = getattr(code, "serial", None), getattr(wanted, "serial", None)
    if serial or other:
        return bool(serial == other)
    match code, wanted:
        case codes.OrderCode(number=one), codes.OrderCode(number=other):
            return one == other
        case codes.LotCode(lot=one), codes.LotCode(lot=other):
            return one == other
    return code == wanted


def _article(thing: Thing) -> str:
    """What a numbered piece is one of; empty for everything else."""
    code = thing.code
    if isinstance(code, codes.LotCode | codes.MaterialCode) and code.serial:
        return code.gtin or code.material or ""
    return ""


def _thing(title: str, printed: Printed, remark: str = "", wrong_for: str = "") -> Thing:
    code = codes.decode(printed.payload.encode(), printed.aim)
    return Thing("", title, remark, printed, code, wrong_for)


def _badges(factory: Factory) -> list[Thing]:
    """One badge of each role, the first of the factory's list."""
    found: dict[str, str] = {}
    for person, row in factory.operators.items():
        found.setdefault(row["role"], person)
    remarks = {"operator": "", "supervisor": "supervisor"}
    return [
        _thing(
            f"Badge {factory.operators[found[role]]['name']}", factory.badge(found[role]), remark
        )
        for role, remark in remarks.items()
        if role in found
    ]


def _orders_here(factory: Factory, station: Station) -> list[str]:
    """The orders with an operation at this station's work centers."""
    centers = station.work_centers
    here = {row["material"] for row in factory.routings if row["work_center"] in centers}
    return [number for number, row in factory.orders.items() if row["material"] in here]


def _components(factory: Factory, order: str) -> list[str]:
    made = factory.orders[order]["material"]
    return [
        row["component"]
        for row in factory.boms
        if row["material"] == made and row["backflush"] != "yes"
    ]


def _lots(factory: Factory, orders: Sequence[str]) -> list[Thing]:
    """Every lot and piece that an order here needs, and one lot that the first does not."""
    first = _components(factory, orders[0]) if orders else []
    needed = {one for order in orders for one in _components(factory, order)}
    rows = [row for row in factory.stock if row["material"] in needed]
    wrong = next((row for row in factory.stock if row["material"] not in first), None)
    if wrong is not None and wrong not in rows:
        rows.append(wrong)
    laid: list[Thing] = []
    for row in rows:
        remark = "expired" if _is_expired(factory, row) else ""
        wrong_for = orders[0] if row is wrong and orders and not remark else ""
        laid += [_thing(one.title, one, remark, wrong_for) for one in factory.containers(row)]
    return laid


def _is_expired(factory: Factory, row: dict[str, str]) -> bool:
    expiry: date | None = factory.expiry(row)
    return expiry is not None and expiry < factory.today


def _reasons(factory: Factory) -> list[Printed]:
    scrap = [name for name, row in factory.reasons.items() if row["group"] == "scrap"]
    return [factory.reason(name) for name in scrap[:1]]
