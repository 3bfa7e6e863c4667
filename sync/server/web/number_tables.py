"""The numbers of a period as files, one row a line; what a spreadsheet reads without asking."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from litestar import Response

from sync.domain.quantity import MICROS_PER_ONE, text
from sync.server.views.order_costs import MaterialMoney, OrderMoney
from sync.server.views.performance import Performance
from sync.server.views.sums import Sums
from sync.server.web.listing import csv_answer

GROUPS: Final = (
    "center", "shift", "center-shift", "material", "day", "reason", "order-cost", "material-cost",
)  # fmt: skip
_HEADER: Final = (
    "unit", "good", "scrap", "quality", "planned_seconds", "run_seconds", "setup_seconds",
    "stopped_seconds", "open_seconds", "availability", "effectiveness", "oee",
)  # fmt: skip
_COST: Final = ("planned", "actual", "variance", "planned_each", "actual_each")
_ORDER_COST: Final = ("order", "material", "day", "unit", "quantity", "made", *_COST, "unknown")
_MATERIAL_COST: Final = ("material", "orders", "unit", "quantity", "made", *_COST)
_EMPTY: Final = ("", "0", "0", "")


def numbers_csv(found: Performance, group: str) -> Response[str]:
    """One grouping as a file; by work center where none of ours is asked for.

    A group with several units has a row for each; its times stand in the first.
    """
    group = group if group in GROUPS else "center"
    if group == "reason":
        rows = [(reason, unit, text(micros)) for (reason, unit), micros in found.reasons.items()]
        return csv_answer("scrap-by-reason", ("reason", "unit", "scrap"), sorted(rows))
    if group == "order-cost":
        return csv_answer("cost-by-order", _ORDER_COST, map(_order, found.orders))
    if group == "material-cost":
        return csv_answer("cost-by-material", _MATERIAL_COST, map(_material, found.costs))
    kept = _kept(found)[group]
    keys = group.split("-")
    lines = [line for key, sums in sorted(kept.items()) for line in _lines(key, sums)]
    return csv_answer(f"numbers-by-{group}", (*keys, *_HEADER), lines)


def _kept(found: Performance) -> dict[str, Mapping[Any, Sums]]:
    return {
        "center": found.centers,
        "shift": found.shifts,
        "center-shift": found.center_shifts,
        "material": found.materials,
        "day": found.days,
    }


def _lines(key: Any, sums: Sums) -> Iterator[tuple[str, ...]]:
    names = tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)
    amounts: Sequence[tuple[str, str, str, str]] = [
        (unit, text(one.good), text(one.scrap), _share(one.quality))
        for unit, one in sorted(sums.amounts.items())
    ]
    for n, told in enumerate(amounts or [_EMPTY]):
        yield (*names, *told, *(_times(sums) if not n else ("",) * 8))


def _times(sums: Sums) -> tuple[str, ...]:
    times = (sums.planned_ms, sums.run_ms, sums.setup_ms, sums.stopped_ms, sums.open_ms)
    shares = (sums.availability, sums.effectiveness, sums.oee)
    return (*(f"{one / 1000:.0f}" for one in times), *map(_share, shares))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _order(one: OrderMoney) -> tuple[str, ...]:
    costs = (one.money.planned, one.money.actual, one.money.variance)
    return (
        one.order, one.material, one.day.isoformat(), one.unit, text(one.quantity),
        text(one.made), *map(_money, (*costs, one.planned_each, one.actual_each)),
        " ".join(one.money.unknown),
    )  # fmt: skip


def _material(one: MaterialMoney) -> tuple[str, ...]:
    costs = (one.planned, one.actual, one.variance, one.planned_each, one.actual_each)
    counts = (one.material, str(len(one.orders)), one.unit, text(one.quantity), text(one.made))
    return (*counts, *map(_money, costs))


def _money(micros: int | None) -> str:
    return "" if micros is None else f"{micros / MICROS_PER_ONE:.4f}"
