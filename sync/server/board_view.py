"""What the board shows: cards by column, stations and counts, rendered once for all who look."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Connection, func, select

from sync.domain.quantity import shown as unit_shown
from sync.domain.quantity import text as amount_text
from sync.server import tables
from sync.server.planning.explosion import Feasibility, Requirement
from sync.server.views import OrderLine, board_lines, book, projected
from sync.server.views.floor import StationLine, station_lines
from sync.server.views.trouble import TroubleLine, trouble_lines

PAGES: Final = Path(__file__).parent / "pages"
COLUMNS: Final = ("planned", "released", "started", "completed")
ORDERS_MAX: Final = 2_000
COMPLETED_MAX: Final = 60
FIELD_CHARS_MAX: Final = 2_000
STATIONS_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Form:
    """The new order as typed, and what there is to say about it."""

    material: str = ""
    quantity: str = ""
    due: str = ""
    start: str = ""
    priority: str = "50"
    note: str = ""
    customer_reference: str = ""
    created: str = ""
    released: str = ""
    fault: str = ""
    answer: Feasibility | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Form":
        """The known fields of a query or a posted form."""

        def text(name: str) -> str:
            return str(given.get(name, ""))[:FIELD_CHARS_MAX]

        return cls(
            material=text("material"),
            quantity=text("quantity"),
            due=text("due"),
            start=text("start"),
            priority=text("priority") or "50",
            note=text("note"),
            customer_reference=text("customer_reference"),
            created=text("created"),
            released=text("released"),
        )

    def failing(self, fault: str) -> "Form":
        return replace(self, fault=fault)

    def answered(self, answer: Feasibility) -> "Form":
        return replace(self, answer=answer)


@dataclass(frozen=True, slots=True)
class Shown:
    """One state of the board: fragments by element id, in the order they stand, and its tag."""

    tag: str
    columns: Mapping[str, tuple[str, ...]]
    fragments: dict[str, str] = field(default_factory=dict)

    @property
    def cards(self) -> list[str]:
        """The ids of all that stands in the columns."""
        return [name for names in self.columns.values() for name in names]

    def since(self, known: Mapping[str, str]) -> list[dict[str, str]]:
        """What a page that shows `known` must swap; an empty `html` takes the element away."""
        if known is self.fragments:
            return []
        swaps = [{"id": name, "html": ""} for name in known if name not in self.fragments]
        before = ""
        for column, names in self.columns.items():
            before = ""
            for name in names:
                html = self.fragments[name]
                if known.get(name) != html:
                    swaps.append({"id": name, "html": html, "into": column, "after": before})
                before = name
        return swaps + [
            {"id": name, "html": self.fragments[name]}
            for name in ("counts", "trouble", "stations")
            if known.get(name) != self.fragments[name]
        ]


class BoardView:
    """Renders; keeps each card as long as its order is unchanged. Used from many threads."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._cards: dict[str, tuple[OrderLine, date, str]] = {}
        self._shown: Shown | None = None
        self._heard = ("", 0.0)
        self._pages = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.globals.update(unit=unit_shown, day=day_text, clock=clock_text, need=need_text)
        self._card = self._pages.get_template("card.html")

    def tag(self, position: int, today: date, stations: str) -> str:
        """The entity tag of a state of the board."""
        return f'W/"{position}-{today:%Y%m%d}-{stations}"'

    def latest_stations_key(self) -> str:
        """The stations' key if it is of this very moment, so that not every look is a question."""
        key, until = self._heard
        return key if time.monotonic() < until else ""

    def stations_key(self, connection: Connection) -> str:
        """What changes when a station is heard: minutes, as the page shows them."""
        table, log = tables.station, tables.origin
        heard = connection.execute(
            select(
                func.coalesce(func.sum(table.c.contact_ms / 60_000), 0),
                func.coalesce(func.sum(table.c.waiting), 0),
                func.count(),
            )
        ).one()
        pushed = connection.execute(
            select(
                func.coalesce(func.sum(log.c.contact_ms / 60_000), 0),
                func.coalesce(func.sum(log.c.waiting), 0),
            )
        ).one()
        told = " ".join(str(int(value)) for value in (*heard, *pushed))
        key = hashlib.sha256(told.encode()).hexdigest()[:12]
        self._heard = (key, time.monotonic() + STATIONS_SECONDS)
        return key

    def shown(self, connection: Connection, today: date) -> Shown:
        """The present state, rendered where it is not known yet."""
        tag = self.tag(projected(connection), today, self.stations_key(connection))
        known = self._shown
        if known is not None and known.tag == tag:
            return known
        orders = board_lines(connection, today, ORDERS_MAX, COMPLETED_MAX)
        stations, troubles = station_lines(connection), trouble_lines(connection)
        with self._lock:
            self._shown = self._rendered(tag, orders, stations, troubles, today)
            return self._shown

    def page(self, shown: Shown, form: Form, materials: list[tuple[str, str]]) -> str:
        """The whole page around a state; `materials` are offered in the form."""
        columns = [
            (name, len(names), Markup("".join(shown.fragments[one] for one in names)))  # noqa: S704
            for name, names in shown.columns.items()
        ]
        return self._pages.get_template("board.html").render(
            site=self._site,
            tag=shown.tag,
            columns=columns,
            counts=Markup(shown.fragments["counts"]),  # noqa: S704
            trouble=Markup(shown.fragments["trouble"]),  # noqa: S704
            stations=Markup(shown.fragments["stations"]),  # noqa: S704
            form=form,
            materials=materials,
        )

    def plain(self, name: str, **values: Any) -> str:
        """A page beside the board."""
        return self._pages.get_template(name).render(site=self._site, **values)

    def _rendered(
        self,
        tag: str,
        orders: list[OrderLine],
        stations: list[StationLine],
        troubles: list[TroubleLine],
        today: date,
    ) -> Shown:
        fragments: dict[str, str] = {}
        columns: dict[str, list[str]] = {name: [] for name in COLUMNS}
        cards: dict[str, tuple[OrderLine, date, str]] = {}
        for order in orders:
            known = self._cards.get(order.order)
            if known is None or known[:2] != (order, today):
                known = (order, today, self._card.render(order=order, today=today))
            cards[order.order] = known
            name = f"order-{order.order}"
            fragments[name] = known[2]
            columns[column_of(order)].append(name)
        self._cards = cards
        fragments["counts"] = self._pages.get_template("counts.html").render(
            counts=counts_of(orders, today)
        )
        fragments["trouble"] = self._pages.get_template("trouble.html").render(troubles=troubles)
        fragments["stations"] = self._pages.get_template("stations.html").render(stations=stations)
        return Shown(tag, {name: tuple(names) for name, names in columns.items()}, fragments)


def column_of(order: OrderLine) -> str:
    """Where a card stands; a held order stays where it was held."""
    if order.status == "held":
        return "started" if order.good.amount != "0" else "released"
    return order.status


def counts_of(orders: list[OrderLine], today: date) -> list[tuple[str, int, str]]:
    """(what, how many, tone) of the line above the columns."""
    running = [one for one in orders if one.status in {"released", "started", "held", "planned"}]
    late = sum(1 for one in running if one.slack is not None and one.slack < 0)
    due = sum(1 for one in running if one.due == today.isoformat())
    short = sum(1 for one in running if one.short)
    flags = sum(one.deviations for one in orders)
    return [
        ("late", late, "bad" if late else ""),
        ("due today", due, ""),
        ("short of material", short, "warn" if short else ""),
        ("running", sum(1 for one in running if one.status == "started"), ""),
        ("deviations", flags, "warn" if flags else ""),
    ]


def day_text(written: str, today: date) -> str:
    """A date as people read it: today, tomorrow, Thu 26 Nov."""
    try:
        when = date.fromisoformat(written)
    except ValueError:
        return "no date"
    words = {0: "today", 1: "tomorrow", -1: "yesterday"}
    year = "" if when.year == today.year else f" {when.year}"
    return words.get((when - today).days, f"{when:%a} {when.day} {when:%b}{year}")


def clock_text(moment: str) -> str:
    """A moment (RFC 3339) as local time of day, with the date if it is not of today."""
    if not moment:
        return "never"
    at, now = datetime.fromisoformat(moment).astimezone(), datetime.now(UTC).astimezone()
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%d %b %H:%M}"


def need_text(item: Requirement, micros: int) -> str:
    """An amount of a requirement with its unit."""
    return f"{amount_text(micros)} {unit_shown(item.unit)}"


def materials_made(connection: Connection) -> list[tuple[str, str]]:
    """(material, name) of what can be ordered: what has a routing."""
    known = book(connection)
    return [
        (name, known.materials[name].name)
        for name in sorted(known.routings)
        if name in known.materials
    ]
