"""The charts of the numbers: each with its axis, drawn from the sums that its table shows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from markupsafe import Markup

from sync.domain.quantity import MICROS_PER_ONE, shown
from sync.server.views.performance import Performance
from sync.server.views.sums import Amount, Sums
from sync.server.web.charts import Axis, Bar, bars, columns, legend
from sync.server.web.shown import amount, day, duration, money, number, percent, quantity
from sync.server.web.texts import translator

BARS_MAX = 12
UNITS_MAX = 3
HOUR_MS = 3_600_000
_NOTHING = Amount()


def share(value: float | None, language: str) -> str:
    """A share in percent, to a tenth where a whole one would say none or all of it."""
    if value is None or not (0 < value < 0.1 or 0.99 < value < 1):
        return percent(value, language)
    if value < 0.001:
        return f"< {share(0.001, language)}"
    return number(f"{min(value, 0.999) * 100:.1f}", language) + " %"


@dataclass(frozen=True, slots=True)
class Charts:
    """The charts of one period in one language."""

    found: Performance
    spoken: str
    currency: str
    centers: Mapping[str, str]
    names: Mapping[str, str]
    shift_name: Callable[[str], str]

    def by_day(self) -> list[Markup]:
        """Good and scrap of each day, a chart for each unit, the most used first."""
        days = [self.found.since + timedelta(n) for n in range(self._length)]
        return [
            columns(
                f"{self._t('numbers.output_by_day')} ({shown(unit)})",
                [self._day_bar(one, unit) for one in days],
                Axis(shown(unit), self._plain),
                [self._of_day(one, unit).scrap / MICROS_PER_ONE for one in days],
            )
            for unit in self._units()
        ]

    def by_reason(self) -> list[Markup]:
        """Scrap by reason, the most first, a chart for each unit."""
        charts = []
        for unit in self._units():
            told = [
                (micros, key[0]) for key, micros in self.found.reasons.items() if key[1] == unit
            ]
            items = [
                Bar(
                    reason or "–",
                    micros / MICROS_PER_ONE,
                    quantity(micros, unit, self.spoken),
                    "c4",
                )
                for micros, reason in sorted(told, key=lambda one: (-one[0], one[1]))[:BARS_MAX]
            ]
            if items:
                title = f"{self._t('numbers.scrap_by_reason')} ({shown(unit)})"
                charts.append(bars(title, items, Axis(shown(unit), self._plain)))
        return charts

    def oee(self) -> Markup:
        """OEE of each work center, with its three factors in words."""
        rows = [
            (self.centers.get(key, key), one) for key, one in sorted(self.found.centers.items())
        ]
        return self._oee(self._t("numbers.oee"), rows)

    def shifts(self) -> Markup:
        """OEE of each shift."""
        rows = [(self.shift_name(key), one) for key, one in sorted(self.found.shifts.items())]
        return self._oee(self._t("numbers.by_shift"), rows)

    def times(self) -> Markup:
        """Planned and actual run time of each work center."""
        pairs: list[Bar | tuple[Bar, ...]] = [
            (
                self._time_bar(self.centers.get(key, key), one.planned_ms, "c5"),
                self._time_bar("", one.run_ms, "c1"),
            )
            for key, one in sorted(self.found.centers.items())[:BARS_MAX]
        ]
        return bars(self._t("numbers.times"), pairs, Axis(self._t("numbers.hours"), self._plain))

    def costs(self) -> Markup:
        """Planned and actual cost of each material, the worst variance first."""
        pairs: list[Bar | tuple[Bar, ...]] = [
            (
                self._money_bar(self.names.get(one.material, one.material), one.planned, "c5"),
                self._money_bar("", one.actual, "c2" if one.variance > 0 else "c1"),
            )
            for one in self.found.costs[:BARS_MAX]
        ]
        return bars(
            self._t("numbers.costs"),
            pairs,
            Axis(self.currency or self._t("numbers.cost"), self._plain),
        )

    def good_and_scrap(self) -> Markup:
        """What the colours of `by_day` mean."""
        return legend((("c1", self._t("numbers.good")), ("c4", self._t("numbers.scrap"))))

    def planned_and_actual(self) -> Markup:
        """What the colours of `times` mean."""
        return legend((("c5", self._t("numbers.planned")), ("c1", self._t("numbers.actual"))))

    def planned_and_over(self) -> Markup:
        """What the colours of `costs` mean."""
        return legend((
            ("c5", self._t("numbers.planned")),
            ("c1", self._t("numbers.within")),
            ("c2", self._t("numbers.over")),
        ))  # fmt: skip

    @property
    def _length(self) -> int:
        return (self.found.until - self.found.since).days + 1

    def _t(self, key: str) -> str:
        return translator(self.spoken)(key)

    def _plain(self, value: float) -> str:
        return number(f"{value:.6f}".rstrip("0").rstrip("."), self.spoken)

    def _share(self, value: float) -> str:
        return percent(value, self.spoken)

    def _units(self) -> Iterator[str]:
        """The units of the period, the one that most was made in first."""
        amounts = self.found.total.amounts
        yield from sorted(amounts, key=lambda unit: -amounts[unit].produced)[:UNITS_MAX]

    def _of_day(self, at: date, unit: str) -> Amount:
        return self.found.days.get(at, Sums()).amounts.get(unit, _NOTHING)

    def _day_bar(self, at: date, unit: str) -> Bar:
        told = self._of_day(at, unit)
        words = f"{quantity(told.good, unit, self.spoken)} + {amount(told.scrap, self.spoken)}"
        label = day(at.isoformat(), self.found.until, self.spoken)
        return Bar(label, told.good / MICROS_PER_ONE, words)

    def _oee(self, title: str, rows: list[tuple[str, Sums]]) -> Markup:
        items = [Bar(name, one.oee or 0.0, self._factors(one)) for name, one in rows[:BARS_MAX]]
        return bars(title, items, Axis(self._t("numbers.oee"), self._share, 1.0))

    def _factors(self, one: Sums) -> str:
        """`61 % = 80 % x 90 % x 85 %`, dashes where a part is not known."""
        parts = (one.availability, one.effectiveness, one.quality)
        return f"{self._share_of(one.oee)} = {' × '.join(map(self._share_of, parts))}"

    def _share_of(self, value: float | None) -> str:
        return share(value, self.spoken)

    def _time_bar(self, name: str, ms: int, kind: str) -> Bar:
        return Bar(name, ms / HOUR_MS, duration(ms / 1000, self.spoken), kind)

    def _money_bar(self, name: str, micros: int, kind: str) -> Bar:
        return Bar(name, micros / MICROS_PER_ONE, money(micros, self.spoken, self.currency), kind)
