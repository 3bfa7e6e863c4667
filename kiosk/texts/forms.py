"""The home of a language's forms: decimal sign, names of days, months and units, dates."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final

# A number or a range of two, and its unit: `12.5 KG`, `92–98.5 °C`, `…–2`.
_AMOUNT: Final = re.compile(r"(-?\d[\d.]*|(?:…|-?\d[\d.]*)–(?:…|-?\d[\d.]*))(?: (\S+))?")


@dataclass(frozen=True, slots=True)
class Forms:
    """How numbers and dates are written; as it is made without a language, in English.

    `day` has a weekday, `short` none, `short_year` the year too: templates of `str.format`.
    `units` are the names of units and containers that differ from what the domain shows.
    """

    decimal: str = "."
    weekdays: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months: tuple[str, ...] = (
        *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
        *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    )
    day: str = "{weekday} {day} {month}"
    short: str = "{day} {month}"
    short_year: str = "{day} {month} {year}"
    units: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> "Forms":
        """Of a catalogue's [forms]; raises ValueError that names the entry."""
        names = {one.name for one in fields(cls)}
        unlike = sorted(names ^ table.keys())
        if unlike:
            raise ValueError(f"[forms] {unlike[0]}: want just {', '.join(sorted(names))}")
        for name, count in (("weekdays", 7), ("months", 12)):
            if len(table[name]) != count:
                raise ValueError(f"[forms] {name}: want {count} names, not {len(table[name])}")
        made: dict[str, Any] = {
            key: tuple(one) if isinstance(one, list) else one for key, one in table.items()
        }
        return cls(**made)

    def number(self, plain: str) -> str:
        """A number as `12.5`, with or without its unit, in the language's form."""
        return plain.replace(".", self.decimal)

    def unit(self, shown: str) -> str:
        """A unit or container by its name in the language: PCS as STK; others as they are."""
        return self.units.get(shown, shown)

    def told(self, fact: str) -> str:
        """A fact of a sentence: an amount in the language's form, anything else as it is."""
        amount = _AMOUNT.fullmatch(fact)
        if amount is None:
            return fact
        number, unit = self.number(amount[1]), amount[2]
        return f"{number} {self.unit(unit)}" if unit else number

    def of_iso(self, fact: str) -> str:
        """`27 Nov 2026` of 2026-11-27; as it is if that is no date."""
        try:
            return self._filled(self.short_year, date.fromisoformat(fact))
        except ValueError:
            return fact

    def of_day(self, day: date, today: date) -> str:
        """`Fri 27 Nov`; in another year than today's the year stands there instead of the day."""
        return self._filled(self.day if day.year == today.year else self.short_year, day)

    def of_date(self, day: date, today: date) -> str:
        """`27 Nov`, with its year where that is another."""
        return self._filled(self.short if day.year == today.year else self.short_year, day)

    def _filled(self, template: str, day: date) -> str:
        return template.format(
            weekday=self.weekdays[day.weekday()],
            day=day.day,
            month=self.months[day.month - 1],
            year=day.year,
        )
