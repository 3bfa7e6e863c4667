"""The GS1 application identifiers that lot and logistic labels carry: format and associations.

Facts of the GS1 General Specifications, sections 3 (identifiers), 4.13 (associations) and
7.8.5 (predefined lengths).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Check = Literal["none", "check_digit", "date", "date_month", "time"]

AI_CHARS_MAX = 4


@dataclass(frozen=True, slots=True)
class Identifier:
    """What one AI demands. `needs`: any one group, each AI of it; `excludes`: none of them.

    Needed and excluded names may be families, such as `310n`.
    """

    ai: str
    numeric: bool
    chars_min: int
    chars_max: int
    separator: bool
    check: Check = "none"
    needs: tuple[tuple[str, ...], ...] = ()
    excludes: tuple[str, ...] = ()


ITEM = (("01",), ("02",))
TRADE = (("01",),)
LOGISTIC = (("00",), ("01",))

# Of the four-digit measures 31nn to 36nn: families of a trade item, of a logistic unit, and the
# one that needs a GTIN alone.
_TRADE_MEASURES = (
    *range(310, 317),
    *range(320, 330),
    *range(350, 353),
    356,
    357,
    360,
    361,
    364,
    365,
    366,
)
_LOGISTIC_MEASURES = (
    *range(330, 337),
    *range(340, 350),
    *range(353, 356),
    362,
    363,
    367,
    368,
    369,
)
DECIMALS_MAX = 5


def _digits(
    ai: str,
    chars: int,
    check: Check = "none",
    needs: tuple[tuple[str, ...], ...] = (),
    excludes: tuple[str, ...] = (),
    *,
    separator: bool = False,
) -> Identifier:
    return Identifier(ai, True, chars, chars, separator, check, needs, excludes)


def _text(ai: str, chars_max: int, needs: tuple[tuple[str, ...], ...] = ()) -> Identifier:
    return Identifier(ai, False, 1, chars_max, True, "none", needs)


def _count(ai: str, needs: tuple[tuple[str, ...], ...]) -> Identifier:
    return Identifier(ai, True, 1, 8, True, "none", needs)


def _measures(families: tuple[int, ...], needs: tuple[tuple[str, ...], ...]) -> list[Identifier]:
    return [
        _digits(f"{family}{decimals}", 6, "none", needs, (f"{family}n",))
        for family in families
        for decimals in range(DECIMALS_MAX + 1)
    ]


_ROWS = (
    _digits("00", 18, "check_digit"),
    _digits("01", 14, "check_digit", excludes=("37",)),
    _digits("02", 14, "check_digit", (("37",),), ("01",)),
    _text("10", 20, ITEM),
    _digits("11", 6, "date_month", ITEM),
    _digits("13", 6, "date_month", ITEM),
    _digits("15", 6, "date_month", ITEM),
    _digits("16", 6, "date_month", ITEM),
    _digits("17", 6, "date_month", ITEM),
    _digits("20", 2, "none", ITEM),
    _text("21", 20, TRADE),
    _text("240", 30, ITEM),
    _text("241", 30, ITEM),
    _text("250", 30, (("01", "21"),)),
    _text("251", 30, TRADE),
    _count("30", ITEM),
    *_measures(_TRADE_MEASURES, ITEM),
    *_measures(_LOGISTIC_MEASURES, LOGISTIC),
    *_measures((337,), TRADE),
    _count("37", (("00", "02"),)),
    _text("400", 30),
    _text("403", 30, (("00",),)),
    _digits("410", 13, "check_digit"),
    _digits("411", 13, "check_digit"),
    _digits("412", 13, "check_digit"),
    _digits("413", 13, "check_digit"),
    _digits("414", 13, "check_digit"),
    _digits("416", 13, "check_digit"),
    Identifier("8008", True, 8, 12, True, "time", ITEM),
    _digits("8017", 18, "check_digit", excludes=("8018",), separator=True),
    _digits("8018", 18, "check_digit", excludes=("8017",), separator=True),
    _text("90", 30),
    *(_text(str(ai), 90) for ai in range(91, 100)),
)
IDENTIFIERS: Mapping[str, Identifier] = {row.ai: row for row in _ROWS}
