"""The home of what the board shows: cards in columns, stops, counts, rendered once for all.

A card is kept as long as nothing on it changes, for each language, with and without the acts of
planners; a whole board for each filter besides.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection

from sync.domain.quantity import shown as unit_shown
from sync.server.views.at_work import AtWork, at_work
from sync.server.views.books import Masters, masters
from sync.server.views.orders import OPEN, OrderLine, board_lines, projected
from sync.server.views.plan import quarter, recent_plan, with_slack
from sync.server.views.trouble import TroubleLine, trouble_lines
from sync.server.web.deviation_words import name_of
from sync.server.web.frame import render, written
from sync.server.web.texts import translator

By = Literal["status", "week"]
STATUSES: Final = ("planned", "released", "started", "completed")
WEEKS: Final = ("earlier", "this_week", "next_week", "week_after", "later", "undated")
COLUMNS: Final[Mapping[By, tuple[str, ...]]] = {"status": STATUSES, "week": WEEKS}
PARTS: Final = ("counts", "trouble")
ORDERS_MAX: Final = 2_000
COMPLETED_MAX: Final = 60
SHOWN_MAX: Final = 64
WEEK: Final = timedelta(days=7)
DIGEST_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Sight:
    """Who sees what: a language, with what planners do or without, one work center or all."""

    language: str
    plans: bool = False
    center: str = ""
    by: By = "status"


@dataclass(frozen=True, slots=True)
class Card:
    """All that a card tells; two that are equal look the same. `lacking` are names of materials."""

    order: OrderLine
    place: str
    lacking: tuple[str, ...] = ()
    work: tuple[AtWork, ...] = ()
    troubles: tuple[TroubleLine, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """Who is on the order, by name."""
        return tuple(sorted({name for one in self.work for name in one.people}))

    @property
    def is_paused(self) -> bool:
        return bool(self.work) and all(one.status == "paused" for one in self.work)

    def stands_at(self, center: str) -> bool:
        """Whether its next operation is there, or one of it runs there."""
        return center in {self.order.work_center, *(one.work_center for one in self.work)}


@dataclass(frozen=True, slots=True)
class State:
    """The floor's orders at a position of the views, in a quarter of an hour."""

    position: int
    moment: datetime
    cards: tuple[Card, ...]
    troubles: tuple[TroubleLine, ...]
    centers: tuple[tuple[str, str], ...]

    @property
    def today(self) -> date:
        return self.moment.date()


@dataclass(frozen=True, slots=True)
class Shown:
    """One state as one sight: fragments by element id, the cards of each column, and its tag."""

    tag: str
    columns: Mapping[str, tuple[str, ...]]
    fragments: Mapping[str, str]
    centers: tuple[tuple[str, str], ...]

    @property
    def cards(self) -> list[str]:
        """The ids of all that stands in the columns."""
        return [name for names in self.columns.values() for name in names]

    def since(self, known: Mapping[str, str]) -> list[dict[str, str]]:
        """What a page that shows `known` must swap; an empty `html` takes the element away."""
        if known is self.fragments:
            return []
        swaps = [{"id": name, "html": ""} for name in known if name not in self.fragments]
        for column, names in self.columns.items():
            before = ""
            for name in names:
                html = self.fragments[name]
                if known.get(name) != html:
                    swaps.append({"id": name, "html": html, "into": column, "after": before})
                before = name
        others = (*PARTS, *(heading_of(column) for column in self.columns))
        return swaps + [
            {"id": name, "html": self.fragments[name]}
            for name in others
            if known.get(name) != self.fragments[name]
        ]


class BoardView:
    """Renders; keeps what it rendered. Used from many threads."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._lock = threading.Lock()
        self._state: State | None = None
        self._cards: dict[tuple[str, bool], dict[str, tuple[Card, date, str]]] = {}
        self._shown: OrderedDict[Sight, Shown] = OrderedDict()

    def shown(self, connection: Connection, sight: Sight, now: datetime) -> Shown:
        """The present state, rendered where it is not known yet."""
        position = projected(connection)
        tag = tag_of(position, now, sight)
        known = self._shown.get(sight)
        if known is not None and known.tag == tag:
            return known
        with self._lock:
            known = self._shown.get(sight)
            if known is None or known.tag != tag:
                known = self._rendered(tag, self._present(connection, position, now), sight)
                self._shown[sight] = known
            self._shown.move_to_end(sight)
            while len(self._shown) > SHOWN_MAX:
                self._shown.popitem(last=False)
            return known

    def _present(self, connection: Connection, position: int, now: datetime) -> State:
        """The state, asked for once for all sights."""
        state = self._state
        if state is None or (state.position, state.moment) != (position, quarter(now)):
            state = self._state = state_of(connection, position, now)
            there = {one.order.order for one in state.cards}
            for kept in self._cards.values():
                for number in kept.keys() - there:
                    del kept[number]
        return state

    def _rendered(self, tag: str, state: State, sight: Sight) -> Shown:
        words = written(sight.language, state.today, self._currency)
        words |= {"unit_of": unit_shown, "name_of": name_of, "language": sight.language}
        kept = self._cards.setdefault((sight.language, sight.plans), {})
        fragments: dict[str, str] = {}
        columns: dict[str, list[str]] = {name: [] for name in COLUMNS[sight.by]}
        seen = []
        for card in in_turn(state.cards, sight):
            column = column_of(card.order, sight.by, state.today)
            if column not in columns:
                continue
            number = card.order.order
            known = kept.get(number)
            if known is None or known[:2] != (card, state.today):
                html = _part("card", words, card=card, order=card.order, plans=sight.plans)
                known = kept[number] = (card, state.today, html)
            fragments[f"order-{number}"] = known[2]
            columns[column].append(f"order-{number}")
            seen.append(card.order)
        troubles = [one for one in state.troubles if sight.center in {"", one.work_center}]
        fragments["counts"] = _part("counts", words, counts=counts_of(seen, state.today))
        fragments["trouble"] = _part("trouble", words, troubles=troubles)
        for column in columns:
            said = heading(column, sight, state.today)
            fragments[heading_of(column)] = _part(
                "heading", words, id=heading_of(column), text=said
            )
        told = {name: tuple(names) for name, names in columns.items()}
        return Shown(tag, told, fragments, state.centers)


def tag_of(position: int, now: datetime, sight: Sight, *also: object) -> str:
    """The entity tag of a state as one sight, and of what else it depends on.

    The plan moves on with each quarter of an hour, and the slack with it.
    """
    told = repr((sight, also)).encode()
    digest = hashlib.blake2b(told, digest_size=DIGEST_BYTES).hexdigest()
    return f'W/"{position}-{quarter(now):%Y%m%d%H%M}-{digest}"'


def state_of(connection: Connection, position: int, now: datetime) -> State:
    """Open orders and those completed last, with who is on them and what stops them."""
    lines = board_lines(connection, now.date(), ORDERS_MAX, COMPLETED_MAX)
    open_ones = [one.order for one in lines if one.status in OPEN]
    orders = with_slack(lines, recent_plan(connection, now, open_ones))
    troubles, known = trouble_lines(connection), masters(connection)
    running: dict[str, list[AtWork]] = {}
    for one in at_work(connection):
        running.setdefault(one.order, []).append(one)
    cards = tuple(
        _card(line, tuple(running.get(line.order, ())), troubles, known) for line in orders
    )
    centers = sorted((one.name or key, key) for key, one in known.work_centers.items())
    named = tuple((key, name) for name, key in centers)
    return State(position, quarter(now), cards, tuple(troubles), named)


def in_turn(cards: Sequence[Card], sight: Sight) -> Iterable[Card]:
    """Those of the work center, in the order in which they stand: weeks by their days."""
    found = [one for one in cards if not sight.center or one.stands_at(sight.center)]
    if sight.by == "week":
        found.sort(key=lambda one: one.order.due)
    return found


def column_of(order: OrderLine, by: By, today: date) -> str:
    """Where a card stands; a held order where it was held, a completed one of the past nowhere."""
    if by == "week":
        week = week_of(order.due, today)
        return "" if week == "earlier" and order.status == "completed" else week
    if order.status == "held":
        return "started" if order.good.amount != "0" else "released"
    return order.status


def week_of(due: str, today: date) -> str:
    """Which of `WEEKS` a day is in."""
    try:
        when = date.fromisoformat(due)
    except ValueError:
        return "undated"
    monday = today - timedelta(days=today.weekday())
    ahead = (when - monday) // WEEK
    return "earlier" if ahead < 0 else WEEKS[1:5][min(ahead, 3)]


def heading_of(column: str) -> str:
    """The id of a column's heading."""
    return f"heading-{column}"


def heading(column: str, sight: Sight, today: date) -> str:
    """What stands above a column: a status, or which week by its number (ISO 8601)."""
    t = translator(sight.language)
    if sight.by == "status":
        return t(f"frame.status.{column}")
    ahead = WEEKS.index(column) - 1
    if column in {"earlier", "later", "undated"}:
        return t(f"board.week.{column}")
    number = (today + ahead * WEEK).isocalendar().week
    return t(f"board.week.{column}", week=number)


def counts_of(orders: Sequence[OrderLine], today: date) -> list[tuple[str, int, str]]:
    """(what, how many, tone) of the line above the columns."""
    running = [one for one in orders if one.status != "completed"]
    late = sum(1 for one in running if one.slack is not None and one.slack < 0)
    due = sum(1 for one in running if one.due == today.isoformat())
    short = sum(1 for one in running if one.short)
    flags = sum(one.deviations for one in orders)
    return [
        ("late", late, "bad" if late else ""),
        ("due_today", due, ""),
        ("short", short, "warn" if short else ""),
        ("started", sum(1 for one in running if one.status == "started"), ""),
        ("deviations", flags, "warn" if flags else ""),
    ]


def _card(
    line: OrderLine,
    work: tuple[AtWork, ...],
    troubles: Sequence[TroubleLine],
    known: Masters,
) -> Card:
    """A stop that names no order concerns those that run at its work center."""
    at = {one.work_center for one in work}
    own = tuple(
        one
        for one in troubles
        if one.order == line.order or (not one.order and one.work_center in at)
    )
    center = known.work_centers.get(line.work_center)
    place = center.name if center is not None and center.name else line.work_center
    lacking = tuple(known.names.get(one) or one for one in line.short)
    return Card(line, place, lacking, work, own)


def _part(name: str, words: Mapping[str, Any], **values: Any) -> str:
    return render(f"office/board_{name}.html", {**words, **values})
