"""What the rules share: severities, deviations, the case that is judged, and human names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sync.domain.events import Event, MaterialConsumed, ReleasedLine, order_of
from sync.domain.order import Order
from sync.domain.quantity import of_micros
from sync.domain.shop import Shop


class Severity(StrEnum):
    REFUSE = "refuse"
    SUPERVISOR = "supervisor"
    CONFIRM = "confirm"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Deviation:
    """A disagreement: `facts` hold what its sentence needs, human names under plain keys."""

    name: str
    severity: Severity
    facts: Mapping[str, str]


SEVERITIES: Final[Mapping[str, Severity]] = {
    "not_signed_in": Severity.REFUSE,
    "already_ended": Severity.REFUSE,
    "serial_seen_before": Severity.REFUSE,
    "unit_unknown": Severity.REFUSE,
    "reversal_after_end": Severity.REFUSE,
    "over_return": Severity.REFUSE,
    "packed_already": Severity.REFUSE,
    "unit_sealed": Severity.REFUSE,
    "unit_empty": Severity.REFUSE,
    "wrong_material": Severity.SUPERVISOR,
    "lot_blocked": Severity.SUPERVISOR,
    "lot_expired": Severity.SUPERVISOR,
    "order_not_released": Severity.SUPERVISOR,
    "order_held": Severity.SUPERVISOR,
    "line_unconsumed": Severity.SUPERVISOR,
    "over_issue_limit": Severity.SUPERVISOR,
    "over_production_limit": Severity.SUPERVISOR,
    "unknown_order": Severity.SUPERVISOR,
    "reversal_of_other": Severity.SUPERVISOR,
    "reversal_of_used": Severity.SUPERVISOR,
    "reversal_late": Severity.SUPERVISOR,
    "sealed_elsewhere": Severity.SUPERVISOR,
    "wrong_work_center": Severity.CONFIRM,
    "out_of_sequence": Severity.CONFIRM,
    "over_issue": Severity.CONFIRM,
    "under_issue": Severity.CONFIRM,
    "over_production": Severity.CONFIRM,
    "lot_unknown": Severity.CONFIRM,
    "lot_assumed": Severity.CONFIRM,
    "check_out_of_limits": Severity.CONFIRM,
    "step_skipped": Severity.CONFIRM,
    "packed_elsewhere": Severity.CONFIRM,
    "over_packed": Severity.CONFIRM,
    "carton_unknown": Severity.CONFIRM,
    "lot_unknown_offline": Severity.NOTE,
    "lot_short": Severity.NOTE,
    "clock_off": Severity.NOTE,
    "unknown_target": Severity.NOTE,
    "label_outstanding": Severity.NOTE,
    "reprint": Severity.NOTE,
}


class Case(NamedTuple):
    """One event, the state it is judged against, and what the judge knows of itself.

    `stale` tells that the state may be older than the event's lot; `received` is the server's time,
    `today` the day that expiry is judged by.
    """

    shop: Shop
    event: Event
    work_centers: Collection[str]
    severities: Mapping[str, Severity]
    stale: bool
    received: str
    order: Order | None
    today: str

    def deviation(self, name: str, grade: str = "", /, **facts: str) -> Deviation:
        """Deviation `name`; where its severity depends on how far it goes, `grade` names that."""
        severity = self.severities.get(grade or name, SEVERITIES[grade or name])
        return Deviation(name, severity, {**order_facts(self.shop, order_of(self.event)), **facts})


def order_facts(shop: Shop, number: str) -> dict[str, str]:
    """`order` and `product` (its human name), or nothing."""
    if not number:
        return {}
    order = shop.orders.get(number)
    return {"order": number, "product": product_name(shop, order) if order else number}


def product_name(shop: Shop, order: Order) -> str:
    """What an order makes, by its human name."""
    if order.release is not None:
        return order.release.name or order.release.material
    return material_name(shop, order.material) or order.number


def material_name(shop: Shop, material: str) -> str:
    """A material by its human name; its code where no name is known."""
    known = shop.materials.get(material)
    return known.name if known is not None and known.name else material


def line_name(shop: Shop, line: ReleasedLine) -> str:
    """A component by its human name."""
    return line.name or material_name(shop, line.material)


def amount(micros: int, unit: str) -> str:
    """An amount for people: `12.5 KG`."""
    return str(of_micros(micros, unit))


def day_of(text: str) -> date | None:
    """The calendar day of an RFC 3339 time or a date; nothing where it is neither."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def fetch_facts(shop: Shop, material: str, today: str) -> dict[str, str]:
    """The lot to take first (first expiry first) and where it lies; empty texts where unknown."""
    known = shop.materials.get(material)
    home = known.place if known is not None else ""
    first = next((lot for lot in shop.fefo(material) if not is_expired(lot.expiry, today)), None)
    if first is None:
        return {"fetch_lot": "", "fetch_place": home, "fetch_expiry": ""}
    place = next((place for place, held in first.places.items() if held > 0 and place), home)
    return {"fetch_lot": first.lot, "fetch_place": place, "fetch_expiry": first.expiry}


def is_expired(expiry: str, today: str) -> bool:
    """Whether a use-by day lies before the day of a date or time."""
    if not expiry:
        return False
    last, day = day_of(expiry), day_of(today)
    return last is not None and day is not None and day > last


def fits(line: ReleasedLine, event: MaterialConsumed) -> bool:
    """Whether a consumption is of a line, itself or by a permitted substitute."""
    if event.line and event.line != line.line:
        return False
    return event.material == line.material or event.material in line.substitutes
