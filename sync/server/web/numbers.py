"""The numbers that steer: output, quality, scrap, on-time, times, OEE, cost per order and unit."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from litestar import Response, get
from sqlalchemy import Connection

from sync.domain.quantity import shown as unit_shown
from sync.server.auth import RIGHT
from sync.server.views.books import masters, names
from sync.server.views.performance import Performance, performance, whole_performance
from sync.server.views.shifts import NO_CALENDAR, OUTSIDE
from sync.server.views.sums import Sums
from sync.server.web.entry import AnyRequest
from sync.server.web.forms import Form, query_form
from sync.server.web.frame import language, services_of, show
from sync.server.web.listing import wants_csv
from sync.server.web.number_charts import Charts, share
from sync.server.web.number_tables import numbers_csv
from sync.server.web.shown import quantity
from sync.server.web.texts import translator

PERIODS: Final = (1, 7, 30, 90)
PERIOD_DAYS: Final = 7
ORDERS_SHOWN_MAX: Final = 20
AGAIN_SECONDS: Final = 1
"""While a server process reads the period for its first look, the page asks again by itself."""


@get("/numbers", opt={RIGHT: "look"})
async def numbers(request: AnyRequest) -> Response[str]:
    """A period of some days up to today; each table as CSV by `format=csv&group=…`."""
    form, now = query_form(request), _now(request)
    since = _since(form, now.date())
    if wants_csv(request):
        database = services_of(request).database
        found = await whole_performance(database, since, now.date(), now)
        return numbers_csv(found, form["group"])
    read: list[float] = []

    def question(connection: Connection) -> Mapping[str, Any]:
        found = performance(connection, since, now.date(), now)
        read.append(found.read)
        return _shown(request, connection, found, form)

    answer = await show(request, "office/numbers.html", question)
    if read and read[-1] < 1:
        answer.headers["Refresh"] = str(AGAIN_SECONDS)
    return answer


def _now(request: AnyRequest) -> datetime:
    """The clock on the wall at the server's place."""
    return services_of(request).clock.local().replace(tzinfo=None)


def _since(form: Form, today: date) -> date:
    written = form["days"]
    days = int(written) if written in {str(one) for one in PERIODS} else PERIOD_DAYS
    return today - timedelta(days=days - 1)


def _shown(
    request: AnyRequest, connection: Connection, found: Performance, form: Form
) -> Mapping[str, Any]:
    spoken, known = language(request), names(connection)
    centers = {name: one.name or name for name, one in masters(connection).work_centers.items()}
    currency = services_of(request).config.currency
    t = translator(spoken)
    days = (found.until - found.since).days + 1
    named = partial(_shift_name, t)
    return {
        "found": found,
        "days": days,
        "periods": [
            (n, t("numbers.days", count=n) if n > 1 else t("frame.today")) for n in PERIODS
        ],
        "names": known,
        "centers": centers,
        "shift_name": named,
        "good_of": partial(_good, spoken),
        "scrap_of": partial(_scrap, spoken),
        "amount_of": lambda micros, unit: quantity(micros, unit, spoken),
        "share": partial(share, language=spoken),
        "unit_of": unit_shown,
        "charts": Charts(found, spoken, currency, centers, known, named),
        "worst": found.orders[:ORDERS_SHOWN_MAX],
        "form": form,
    }


def _shift_name(t: Callable[..., str], shift: str) -> str:
    """A shift as people read it, or what is none."""
    if shift in {OUTSIDE, NO_CALENDAR}:
        return t(f"numbers.{shift}")
    return shift.replace("-", "–")


def _good(spoken: str, sums: Sums) -> str:
    """The good amounts, each with its unit; a dash where there are none."""
    told = [quantity(one.good, unit, spoken) for unit, one in sorted(sums.amounts.items())]
    return " · ".join(told) or "–"


def _scrap(spoken: str, sums: Sums) -> str:
    """What was scrapped, each with its unit; 0 where nothing was."""
    amounts = sorted(sums.amounts.items())
    told = [quantity(one.scrap, unit, spoken) for unit, one in amounts if one.scrap]
    return " · ".join(told) or "0"


routes: Final = (numbers,)
