"""The home of the book as planning reads it: master data decoded once, kept until it changes.

What is kept is known by the last master event in the views, so that each process may keep its own.
What came since is read alone: a changed material does not cost reading five thousand.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Connection, Engine, select

from sync.domain.events import (
    BomDefined,
    CalendarDefined,
    Event,
    MaterialDefined,
    RoutingDefined,
    WorkCenterDefined,
)
from sync.domain.order_facts import winner
from sync.domain.registers import REVISED
from sync.server.planning.costing import money_of
from sync.server.planning.explosion import Book
from sync.server.view_tables import master_revision

DAYS_KEPT_MAX: Final = 4
_KINDS: Final = {kind.__name__: kind for kind in REVISED}
_DECODERS: Final = {name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()}
Mark = tuple[int, str]
_EMPTY: Final[Mark] = (0, "")


@dataclass(frozen=True, slots=True)
class Masters:
    """All master data at a mark, what is not active too; `boms` are the highest revisions.

    `dated` holds of a BOM all revisions that may count on some day, the highest first.
    """

    mark: Mark = _EMPTY
    materials: Mapping[str, MaterialDefined] = field(default_factory=dict)
    boms: Mapping[str, BomDefined] = field(default_factory=dict)
    dated: Mapping[str, tuple[BomDefined, ...]] = field(default_factory=dict)
    routings: Mapping[str, RoutingDefined] = field(default_factory=dict)
    work_centers: Mapping[str, WorkCenterDefined] = field(default_factory=dict)
    calendars: Mapping[str, CalendarDefined] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)
    _books: dict[date, Book] = field(default_factory=dict)

    def book(self, day: date) -> Book:
        """The active master data, with the BOMs that hold on that day."""
        known = self._books.get(day)
        if known is None:
            if len(self._books) >= DAYS_KEPT_MAX:
                self._books.clear()
            known = self._books[day] = Book(
                {key: one for key, one in self.materials.items() if one.active},
                {key: one for key in self.dated if (one := self.bom_on(key, day)) is not None},
                {key: one for key, one in self.routings.items() if one.active},
            )
        return known

    def bom_on(self, material: str, day: date) -> BomDefined | None:
        """The highest revision that holds on that day; None where there is none, or inactive."""
        told = day.isoformat()
        held = (one for one in self.dated.get(material, ()) if one.valid_from <= told)
        bom = next(held, None)
        return bom if bom is not None and bom.active else None


_kept: Final[WeakKeyDictionary[Engine, Masters]] = WeakKeyDictionary()
_keeping: Final = threading.Lock()


def masters(connection: Connection) -> Masters:
    """All master data as the views have it now."""
    table = master_revision
    last = select(table.c.position, table.c.event_id).order_by(table.c.position.desc()).limit(1)
    found = connection.execute(last).one_or_none()
    mark: Mark = (found[0], found[1]) if found is not None else _EMPTY
    known = _kept.get(connection.engine)
    if known is not None and known.mark == mark:
        return known
    with _keeping:
        made = _read(connection, _kept.get(connection.engine), mark)
        _kept[connection.engine] = made
    return made


def book(connection: Connection, today: date | None = None) -> Book:
    """The master data that planning reads on a day; what is not active is left out.

    Without a day each BOM is its highest revision, from whatever day it holds.
    """
    return masters(connection).book(today or date.max)


def names(connection: Connection) -> Mapping[str, str]:
    """Material → its human name, of what is not active too."""
    return masters(connection).names


def rates(connection: Connection) -> Mapping[str, int]:
    """Work center → micros of money that an hour there costs; without a rate it is left out."""
    return masters(connection).rates


def _read(connection: Connection, known: Masters | None, mark: Mark) -> Masters:
    """What is known and what came since; all of it where the views went back."""
    table = master_revision
    query = select(table.c.kind, table.c.key, table.c.position, table.c.event_id, table.c.body)
    if known is not None and known.mark[0] < mark[0] and _stands(connection, known.mark):
        rows = connection.execute(query.where(table.c.position > known.mark[0])).all()
        return _with(known, rows, mark)
    return _with(Masters(), connection.execute(query).all(), mark)


def _stands(connection: Connection, mark: Mark) -> bool:
    """Whether the event at the mark is still the one that was read."""
    table = master_revision
    asked = select(table.c.event_id).where(table.c.position == mark[0])
    return mark == _EMPTY or connection.execute(asked).scalar() == mark[1]


def _with(known: Masters, rows: Iterable[Any], mark: Mark) -> Masters:
    """The masters once some more revisions are told, in whatever order."""
    held: dict[str, dict[str, Any]] = {
        MaterialDefined.__name__: dict(known.materials),
        BomDefined.__name__: dict(known.boms),
        RoutingDefined.__name__: dict(known.routings),
        WorkCenterDefined.__name__: dict(known.work_centers),
        CalendarDefined.__name__: dict(known.calendars),
    }
    dated = {key: list(several) for key, several in known.dated.items()}
    touched: set[str] = set()
    for kind, key, _, _, body in rows:
        event: Event = _DECODERS[kind].decode(body)
        held[kind][key] = winner(held[kind].get(key), event)
        if isinstance(event, BomDefined):
            dated.setdefault(key, []).append(event)
            touched.add(key)
    for key in touched:
        dated[key] = _counting(dated[key])
    return _masters(held, {key: tuple(several) for key, several in dated.items()}, mark)


def _masters(
    held: Mapping[str, Mapping[str, Any]], dated: Mapping[str, tuple[BomDefined, ...]], mark: Mark
) -> Masters:
    materials: Mapping[str, MaterialDefined] = held[MaterialDefined.__name__]
    centers: Mapping[str, WorkCenterDefined] = held[WorkCenterDefined.__name__]
    told = ((key, money_of(one.cost_per_hour)) for key, one in centers.items())
    return Masters(
        mark=mark,
        materials=materials,
        boms=held[BomDefined.__name__],
        dated=dated,
        routings=held[RoutingDefined.__name__],
        work_centers=centers,
        calendars=held[CalendarDefined.__name__],
        names={key: one.name or key for key, one in materials.items()},
        rates={key: rate for key, rate in told if rate is not None},
    )


def _counting(several: list[BomDefined]) -> list[BomDefined]:
    """Revisions of a BOM, the highest first, to the first that holds on every day."""
    several.sort(key=lambda one: (one.revision, one.id), reverse=True)
    always = next((n for n, one in enumerate(several) if not one.valid_from), len(several))
    return several[: always + 1]
