"""The numbers that steer: output, yield, scrap, on-time, planned against actual time, cost, OEE."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from litestar import Response, get
from sqlalchemy import Connection

from sync.domain.quantity import text
from sync.server.auth import RIGHT
from sync.server.views.books import masters, names
from sync.server.views.performance import Performance, Sums, on_time, performance
from sync.server.web.charts import Bar, bars, columns
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import Form, query_form
from sync.server.web.frame import language, services_of, show, today_of
from sync.server.web.listing import csv_answer, wants_csv
from sync.server.web.shown import amount, day, duration, percent
from sync.server.web.texts import translator

PERIODS: Final = (1, 7, 30, 90)
PERIOD_DAYS: Final = 7
BARS_MAX: Final = 12
GROUPS: Final = ("center", "material", "day", "reason")
HEADER: Final = (
    *("key", "good", "scrap", "yield", "planned_seconds", "worked_seconds", "stopped_seconds"),
    *("availability", "effectiveness", "oee"),
)


@get("/numbers", opt={RIGHT: "look"})
async def numbers(request: AnyRequest) -> Response[str]:
    """A period of some days up to today; each table as CSV by `format=csv&group=…`."""
    form, today = query_form(request), today_of(request)
    since = _since(form, today)
    if wants_csv(request):
        found = await services_of(request).database.read(
            lambda conn: performance(conn, since, today)
        )
        return _csv(found, form["group"])
    spoken = language(request)
    return await show(
        request, "office/numbers.html", lambda conn: _shown(conn, since, today, form, spoken)
    )


def _since(form: Form, today: date) -> date:
    written = form["days"]
    days = int(written) if written in {str(one) for one in PERIODS} else PERIOD_DAYS
    return today - timedelta(days=days - 1)


def _shown(
    connection: Connection, since: date, today: date, form: Form, spoken: str
) -> Mapping[str, Any]:
    found = performance(connection, since, today)
    known, t = names(connection), translator(spoken)
    centers = {name: one.name for name, one in masters(connection).work_centers.items()}
    whole = _whole(found)
    days = [since + timedelta(n) for n in range((today - since).days + 1)]
    return {
        "found": found,
        "whole": whole,
        "on_time": on_time(connection, found),
        "names": known,
        "centers": centers,
        "periods": PERIODS,
        "days": len(days),
        "reasons": found.reasons.most_common(BARS_MAX),
        "by_day": columns(
            t("numbers.output_by_day"),
            [_day_bar(found.days.get(one, Sums()), one, today, spoken) for one in days],
            [found.days.get(one, Sums()).scrap / 1e6 for one in days],
        ),
        "pareto": bars(
            t("numbers.scrap_by_reason"),
            [
                Bar(reason or "–", micros / 1e6, amount(micros, spoken), "c4")
                for reason, micros in found.reasons.most_common(BARS_MAX)
            ],
        ),
        "oee": bars(
            t("numbers.oee"),
            [
                Bar(centers.get(name, name), one.oee or 0.0, percent(one.oee, spoken))
                for name, one in sorted(found.centers.items())[:BARS_MAX]
            ],
        ),
        "times": bars(
            t("numbers.times"),
            [
                bar
                for name, one in sorted(found.centers.items())[: BARS_MAX // 2]
                for bar in _time_bars(centers.get(name, name), one, spoken, t("numbers.planned"))
            ],
        ),
        "form": form,
    }


def _whole(found: Performance) -> Sums:
    """All days together."""
    sums = Sums()
    for one in found.days.values():
        sums.good += one.good
        sums.scrap += one.scrap
    return sums


def _day_bar(sums: Sums, at: date, today: date, spoken: str) -> Bar:
    label = day(at.isoformat(), today, spoken)
    return Bar(
        label, sums.good / 1e6, f"{amount(sums.good, spoken)} + {amount(sums.scrap, spoken)}"
    )


def _time_bars(name: str, sums: Sums, spoken: str, planned: str) -> tuple[Bar, Bar]:
    told = f"{planned} {duration(sums.planned_seconds, spoken)}"
    return (
        Bar(name, sums.planned_seconds, told, "c5"),
        Bar("", sums.worked_seconds, duration(sums.worked_seconds, spoken)),
    )


def _csv(found: Performance, group: str) -> Response[str]:
    if group == "reason":
        rows = [(reason, text(micros)) for reason, micros in found.reasons.most_common()]
        return csv_answer("scrap-by-reason", ("reason", "scrap"), rows)
    tables: dict[str, Mapping[Any, Sums]] = {"material": found.materials, "day": found.days}
    kept = tables.get(group, found.centers)
    return csv_answer(
        f"numbers-by-{group if group in GROUPS else 'center'}",
        HEADER,
        [(str(key), *_row(sums)) for key, sums in sorted(kept.items())],
    )


def _row(sums: Sums) -> tuple[str, ...]:
    shares = (sums.quality, sums.availability, sums.effectiveness, sums.oee)
    quality, available, effective, oee = ("" if one is None else f"{one:.4f}" for one in shares)
    seconds = (sums.planned_seconds, sums.worked_seconds, sums.stopped_seconds)
    return (text(sums.good), text(sums.scrap), quality, *(f"{one:.0f}" for one in seconds),
            available, effective, oee)  # fmt: skip


routes: Final = (numbers,)
