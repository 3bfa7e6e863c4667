"""What lies on one workstation of a sample factory, and which of it fits the next step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_lowercase
from typing import Final

from kiosk.demo.factory import Factory, Printed, Station
from labels import codes

COMMANDS: Final = ("DONE", "OK", "CANCEL", "SCRAP", "UNDO")
HOUSE_AIMS: Final = frozenset({"]C0", "]Q1"})


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to scan: its letter, what people call it, a remark, and the code on it."""

    letter: str
    title: str
    remark: str
    printed: Printed
    code: codes.Code

    @property
    def is_wrong(self) -> bool:
        return self.remark == "wrong"


def things(factory: Factory, station: Station) -> tuple[Thing, ...]:
    """Badges, travellers, lots (one that is wrong for the first order, the expired), commands."""
    orders = _orders_here(factory, station)
    laid = [
        *_badges(factory),
        *((f"Order {number}", "", factory.order(number)) for number in orders),
        *_lots(factory, orders),
        *((name, "", factory.command(name)) for name in COMMANDS),
        *_reasons(factory),
    ]
    letters = ascii_lowercase + ascii_lowercase.upper()
    return tuple(
        Thing(letter, title, remark, printed, codes.decode(printed.payload.encode(), printed.aim))
        for letter, (title, remark, printed) in zip(letters, laid, strict=False)
    )


def fitting(laid: Sequence[Thing], expected: Iterable[codes.Code]) -> Thing | None:
    """The first thing whose code the next step waits for."""
    for wanted in expected:
        for thing in laid:
            if _is_same(thing.code, wanted):
                return thing
    return None


def _is_same(code: codes.Code, wanted: codes.Code) -> bool:
    match code, wanted:
        case codes.OrderCode(number=one), codes.OrderCode(number=other):
            return one == other
        case codes.LotCode(lot=one), codes.LotCode(lot=other):
            return one == other and code.serial == wanted.serial
        case codes.MaterialCode(serial=one), codes.MaterialCode(serial=other):
            return one == other and one is not None
    return code == wanted


def _badges(factory: Factory) -> list[tuple[str, str, Printed]]:
    people = factory.operators.items()
    first = next(person for person, row in people if row["role"] == "operator")
    boss = next(person for person, row in people if row["role"] == "supervisor")
    return [
        (f"Badge {factory.operators[first]['name']}", "", factory.badge(first)),
        (f"Badge {factory.operators[boss]['name']}", "supervisor", factory.badge(boss)),
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


def _lots(factory: Factory, orders: Sequence[str]) -> list[tuple[str, str, Printed]]:
    """Every lot and serial that an order here needs, and one that the first order does not."""
    first = _components(factory, orders[0]) if orders else []
    needed = {one for order in orders for one in _components(factory, order)}
    rows = [row for row in factory.stock if row["material"] in needed]
    wrong = next((row for row in factory.stock if row["material"] not in first), None)
    if wrong is not None and wrong not in rows:
        rows.append(wrong)
    laid: list[tuple[str, str, Printed]] = []
    for row in rows:
        remark = "wrong" if row is wrong else ""
        if _is_expired(factory, row):
            remark = "expired"
        laid += [(printed.title, remark, printed) for printed in factory.containers(row)]
    return laid


def _is_expired(factory: Factory, row: dict[str, str]) -> bool:
    expiry: date | None = factory.expiry(row)
    return expiry is not None and expiry < factory.today


def _reasons(factory: Factory) -> list[tuple[str, str, Printed]]:
    scrap = [name for name, row in factory.reasons.items() if row["group"] == "scrap"]
    printed = [factory.reason(name) for name in scrap[:1]]
    return [(f"Reason {one.title}", "", one) for one in printed]
