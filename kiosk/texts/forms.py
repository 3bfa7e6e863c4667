"""The home of a language's forms: decimal sign, names of days and months, the order of a date."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

_AMOUNT: Final = re.compile(r"-?\d+\.\d+(?: \S+)?")


@dataclass(frozen=True, slots=True)
class Forms:
    """How numbers and dates are written; as it is made without a language, in English.

    `day` has a weekday, `short` none, `short_year` the year too: templates of `str.format`.
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

    def told(self, fact: str) -> str:
        """A fact of a sentence: a number with a fraction in the language's form, others as is."""
        return self.number(fact) if _AMOUNT.fullmatch(fact) else fact

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
