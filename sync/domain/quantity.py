"""The home of exact amounts and their UN/CEFACT units (Recommendation 20).

An amount is kept as it was written. Sums are exact integers of 10⁻⁶ ("micros"), so that no order of
addition and no rounding can matter. Units are never mixed silently: a conversion is asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from sync.domain.spoken import SpokenError

MICROS_PER_ONE: Final = 1_000_000
AMOUNT: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?\Z", re.ASCII)
AMOUNT_CHARS_MAX: Final = 20
PLACES_MAX: Final = 6
UNIT_CHARS_MAX: Final = 8
UNIT: Final = re.compile(rf"[A-Z0-9]{{1,{UNIT_CHARS_MAX}}}\Z", re.ASCII)

# (dimension, how many of the dimension's smallest listed unit), UN/CEFACT Recommendation 20.
_DIMENSIONS: Final[Mapping[str, tuple[str, int]]] = {
    "MGM": ("mass", 1),
    "GRM": ("mass", 1_000),
    "KGM": ("mass", 1_000_000),
    "TNE": ("mass", 1_000_000_000),
    "MLT": ("volume", 1),
    "LTR": ("volume", 1_000),
    "MTQ": ("volume", 1_000_000),
    "MMT": ("length", 1),
    "CMT": ("length", 10),
    "MTR": ("length", 1_000),
    "SEC": ("time", 1),
    "MIN": ("time", 60),
    "HUR": ("time", 3_600),
    "C62": ("count", 1),
    "H87": ("count", 1),
    "EA": ("count", 1),
}
COUNTED_UNITS: Final = frozenset(u for u, (kind, _) in _DIMENSIONS.items() if kind == "count")
_SHOWN: Final[Mapping[str, str]] = {
    "KGM": "KG",
    "GRM": "G",
    "MGM": "MG",
    "TNE": "T",
    "LTR": "L",
    "MLT": "ML",
    "MTQ": "M3",
    "MTR": "M",
    "CMT": "CM",
    "MMT": "MM",
    "SEC": "S",
    "MIN": "MIN",
    "HUR": "H",
    "CEL": "°C",
    "C62": "PCS",
    "H87": "PCS",
    "EA": "PCS",
}
_SPOKEN: Final = {shown: unit for unit, shown in reversed(tuple(_SHOWN.items()))}


class QuantityError(SpokenError):
    """An amount, unit or conversion that cannot be taken. The message names the value."""

    AREA = "amount"
    SENTENCES = {  # noqa: RUF012 — the base says that it is of the class
        "digits": "amount {amount!r}: write digits, and up to 6 after a point",
        "digits_plain": "amount {amount}: write digits, and up to 6 after a point",
        "code": "unit {unit!r}: use a UN/CEFACT code such as KGM or C62",
        "no_number": "{amount!r} is not a number: write 12.5 or 12,5",
        "not_whole": "{quantity} is not whole: {unit} are counted",
        "no_factor": "no factor from {unit} to {into}",
        "too_fine": "{quantity} does not fit six places in {into}",
    }


class UnitUnknown(QuantityError):  # noqa: N818 — named after the deviation it becomes
    """No factor is known between two units."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount as written, matching `AMOUNT`, and the unit it counts."""

    amount: str
    unit: str

    def __post_init__(self) -> None:
        if not AMOUNT.match(self.amount):
            raise QuantityError("digits", amount=self.amount[:40])
        if not UNIT.match(self.unit):
            raise QuantityError("code", unit=self.unit[:40])

    @property
    def micros(self) -> int:
        """The amount in exact integers of 10⁻⁶."""
        return micros(self.amount)

    def __str__(self) -> str:
        return f"{text(self.micros)} {shown(self.unit)}"


def micros(amount: str) -> int:
    """Exact integer of 10⁻⁶ of an amount that matches `AMOUNT`."""
    whole, _, part = amount.partition(".")
    value = int(whole.lstrip("-")) * MICROS_PER_ONE + int(f"{part:0<6}")
    return -value if amount[0] == "-" else value


def text(value: int) -> str:
    """The shortest decimal text of micros: 12500000 → `12.5`."""
    whole, part = divmod(abs(value), MICROS_PER_ONE)
    digits = f"{whole}.{part:06d}".rstrip("0").rstrip(".")
    return f"-{digits}" if value < 0 else digits


def of_micros(value: int, unit: str) -> Quantity:
    """The quantity of so many 10⁻⁶ of `unit`."""
    return Quantity(text(value), unit)


def typed(entry: str, unit: str) -> Quantity:
    """What a person typed; comma and point are both decimal, thousands separators are refused.

    Raises `QuantityError`, also below 0 and for a fraction of a counted unit.
    """
    amount = entry.strip().replace(",", ".")
    if not AMOUNT.match(amount) or amount.startswith("-"):
        raise QuantityError("no_number", amount=entry.strip()[:20])
    return whole_if_counted(Quantity(amount, unit))


def whole_if_counted(quantity: Quantity) -> Quantity:
    """The same quantity; raises `QuantityError` for a fraction of a counted unit."""
    if quantity.unit in COUNTED_UNITS and quantity.micros % MICROS_PER_ONE:
        raise QuantityError("not_whole", quantity=quantity, unit=shown(quantity.unit))
    return quantity


def of_decimal(amount: Decimal, unit: str) -> Quantity:
    """A label's decimal amount as a quantity; raises `QuantityError` past 12 and 6 places."""
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, str) or not -AMOUNT_CHARS_MAX <= exponent <= AMOUNT_CHARS_MAX:
        raise QuantityError("digits_plain", amount=str(amount)[:40])
    whole, _, part = f"{amount:f}".partition(".")
    kept = part[:PLACES_MAX] + part[PLACES_MAX:].rstrip("0")
    return Quantity(f"{whole}.{kept}" if kept else whole, unit)


def factor(unit: str, into: str, factors: Mapping[str, str] | None = None) -> Fraction:
    """How many `into` one `unit` is, exactly.

    `factors` are the material's own: `1 BAG = 25 KGM` is written `{"BAG": "25 KGM"}`. They join to
    chains, the shortest counts, and never overrule a dimension. Raises `UnitUnknown` for no factor.
    """
    reached = {unit: Fraction(1)}
    waiting = [unit]
    for at in waiting:
        last = _dimension_factor(at, into)
        if last is not None:
            return reached[at] * last
        for further, ratio in _own_factors(at, factors or {}):
            if further not in reached:
                reached[further] = reached[at] * ratio
                waiting.append(further)
    raise UnitUnknown("no_factor", unit=shown(unit), into=shown(into))


def convert(quantity: Quantity, into: str, factors: Mapping[str, str] | None = None) -> Quantity:
    """The same amount in another unit, exactly.

    Raises `UnitUnknown` where no factor is known, `QuantityError` where six places do not hold it.
    """
    value = quantity.micros * factor(quantity.unit, into, factors)
    if value.denominator != 1:
        raise QuantityError("too_fine", quantity=quantity, into=shown(into))
    return quantity if into == quantity.unit else of_micros(value.numerator, into)


def shown(unit: str) -> str:
    """How a unit reads to people: KGM → KG, C62 → PCS, others as they are."""
    return _SHOWN.get(unit, unit)


def unit_named(name: str) -> str:
    """The unit code for what people write: kg → KGM, pcs → C62, others in capitals."""
    capitals = name.strip().upper()
    return capitals if capitals in _DIMENSIONS else _SPOKEN.get(capitals, capitals)


def _own_factors(at: str, factors: Mapping[str, str]) -> Iterator[tuple[str, Fraction]]:
    """The units that a material's own factors lead to from one unit, and how many one is."""
    for unit, told in factors.items():
        amount, _, base = told.partition(" ")
        if not AMOUNT.match(amount) or micros(amount) <= 0:
            continue
        one = Fraction(micros(amount), MICROS_PER_ONE)
        forth, back = _dimension_factor(at, unit), _dimension_factor(at, base)
        if forth is not None:
            yield base, forth * one
        if back is not None:
            yield unit, back / one


def _dimension_factor(unit: str, into: str) -> Fraction | None:
    if unit == into:
        return Fraction(1)
    one, other = _DIMENSIONS.get(unit), _DIMENSIONS.get(into)
    if one is None or other is None or one[0] != other[0]:
        return None
    return Fraction(one[1], other[1])
