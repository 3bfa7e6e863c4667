"""The home of how values are written for people: amounts, money, days, moments, durations.

All take the language, so that a decimal comma and a weekday are the reader's own.
"""

from datetime import UTC, date, datetime
from typing import Final

from sync.domain.quantity import MICROS_PER_ONE, Quantity
from sync.domain.quantity import shown as unit_shown
from sync.domain.quantity import text as amount_text
from sync.server.web.texts import translator

COMMA: Final = frozenset({"de", "da"})
GROUP: Final = "\u202f"  # a narrow space parts thousands in every language


def number(value: str, language: str) -> str:
    """A decimal text with grouped thousands and the language's decimal sign."""
    whole, dot, rest = value.partition(".")
    sign = "−" if whole.startswith("-") else ""
    digits = whole.lstrip("-")
    grouped = f"{int(digits):,}".replace(",", GROUP) if digits.isdigit() else digits
    return sign + grouped + ("," if language in COMMA and dot else dot) + rest


def amount(micros: int, language: str) -> str:
    """So many micros as a number."""
    return number(amount_text(int(micros)), language)


def quantity(micros: int, unit: str, language: str) -> str:
    """So many micros of a unit."""
    return f"{amount(micros, language)} {unit_shown(unit)}"


def money(micros: int, language: str, currency: str = "") -> str:
    """An amount of money, rounded to hundredths."""
    cents = round(int(micros) * 100 / MICROS_PER_ONE)
    written = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    return f"{number(written, language)} {currency}".strip()


def percent(share: float | None, language: str) -> str:
    """A share as whole percent, a dash for none."""
    return "–" if share is None else number(f"{share * 100:.0f}", language) + " %"


def duration(seconds: float, language: str) -> str:
    """Hours and minutes, or minutes, or seconds, as short as it says enough."""
    whole = round(abs(seconds))
    hours, minutes = divmod(round(whole / 60), 60)
    sign = "−" if seconds < 0 and whole else ""
    if hours:
        rest = f" {minutes:02d} min" if minutes else ""
        return f"{sign}{number(str(hours), language)} h{rest}"
    return f"{sign}{minutes} min" if whole >= 60 else f"{sign}{whole} s"


def day(written: str, today: date, language: str) -> str:
    """A date as people read it: today, tomorrow, Thu 26 Nov; a dash for none."""
    t = translator(language)
    try:
        when = date.fromisoformat(written)
    except ValueError:
        return "–"
    near = {0: "frame.today", 1: "frame.tomorrow", -1: "frame.yesterday"}.get((when - today).days)
    if near:
        return t(near)
    weekday, month = t(f"frame.weekday.{when.weekday()}"), t(f"frame.month.{when.month}")
    year = "" if when.year == today.year else f" {when.year}"
    return t("frame.date", weekday=weekday, day=when.day, month=month) + year


def value(written: object, language: str) -> str:
    """What stands in a sentence: amounts, days and counts as the language writes them."""
    if isinstance(written, Quantity):
        return quantity(written.micros, written.unit, language)
    if isinstance(written, date):
        t = translator(language)
        weekday, month = t(f"frame.weekday.{written.weekday()}"), t(f"frame.month.{written.month}")
        return f"{t('frame.date', weekday=weekday, day=written.day, month=month)} {written.year}"
    return number(str(written), language) if isinstance(written, int) else str(written)


def moment(written: str, today: date, language: str) -> str:
    """A moment (RFC 3339) as local time of day, with its day where that is not today."""
    try:
        at = datetime.fromisoformat(written).astimezone()
    except ValueError:
        return "–"
    clock = f"{at:%H:%M}"
    return clock if at.date() == today else f"{day(at.date().isoformat(), today, language)} {clock}"


def moment_of(milliseconds: int, today: date, language: str) -> str:
    """The same from milliseconds since 1970; a dash for never."""
    if not milliseconds:
        return "–"
    return moment(datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(), today, language)
