"""The kept work of a period: followed step by step it is what a fresh look at the ledger gives."""

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection

from sync.domain.events import (
    BomDefined,
    BomLine,
    CalendarDefined,
    Event,
    MaterialDefined,
    OperationReported,
    OrderClosed,
    WorkCenterDefined,
    stamped,
)
from sync.server.database import Database
from sync.server.views.books import masters
from sync.server.views.done_work import DAYS_KEPT, ORDERS_AT_ONCE, DoneWork, done_work
from sync.server.views.order_cost import order_cost
from sync.server.views.order_costs import Money
from sync.server.views.orders import order_of_state
from sync.server.views.performance import Performance, performance
from sync.server.views.sums import Share, Sums, joined
from sync.server.views.times import order_times
from sync.wire import encode
from tests.sync.server.histories import ORDERS, Plant, Teller, kg, new_id, pcs

STEPS: Final = 120
MANY_STEPS: Final = 300
MOMENT: Final = datetime(2026, 11, 22, 6)  # noqa: DTZ001 — the clock on the wall
NOW: Final = MOMENT + timedelta(days=6)
TODAY: Final = NOW.date()
LONG_SECONDS: Final = 60.0


class Moving(Plant):
    """Stations whose clocks go on, each act up to some hours behind the one before."""

    def __init__(self, folder: Path, url: str, seed: int) -> None:
        super().__init__(folder, url)
        self._dice = random.Random(seed)
        self._minutes = 0

    def write(self, station: str, *events: Event) -> list[Event]:
        self._minutes += self._dice.randrange(0, 90)
        at = MOMENT + timedelta(minutes=self._minutes)
        log, act, made = self.logs[station], new_id(), []
        for event in events:
            stamp: dict[str, Any] = {
                "id": event.id or new_id(), "n": len(log.bodies) + 1, "act": event.act or act,
                "at": at.isoformat() + "+01:00", "mono": self._minutes * 60_000,
                "boot": self._dice.choice(("b1", "b1", "")),
            }  # fmt: skip
            full = stamped(event, **stamp, station=station, operator=event.operator or "anna")
            log.bodies.append(encode(full))
            made.append(full)
        return made

    def calendars(self, revision: int) -> None:
        """Two shifts at one work center, three at the other; prices of what orders take."""
        weekdays = (("06:00-14:00", "22:00-06:00"),) * 7
        three = (("06:00-14:00", "13:30-22:00", "22:00-06:00"),) * 5 + ((), ())
        self.office(
            CalendarDefined(calendar="TWO", revision=revision, name="Two", weekdays=weekdays),
            CalendarDefined(calendar="THREE", revision=revision, name="Three", weekdays=three),
            *(
                WorkCenterDefined(
                    work_center=name, revision=revision + 10, name=name, calendar=calendar,
                    cost_per_hour=str(30 + revision),
                )
                for name, calendar in (("MIX", "TWO"), ("PACK", "THREE" if revision > 1 else ""))
            ),
            MaterialDefined(
                material="WHEAT", revision=revision + 10, name="Wheat", unit="KGM",
                standard_cost=f"1.{revision}05",
            ),
            BomDefined(
                material="ROLL", revision=revision + 10, quantity=pcs("100"),
                lines=(BomLine("WHEAT", kg("3.5"), operation="10"),),
            ),
        )  # fmt: skip


def followed(connection: Connection) -> dict[str, Any]:
    with done_work(connection, TODAY, LONG_SECONDS) as kept:
        assert kept is not None
        return told(kept)


def fresh(connection: Connection) -> dict[str, Any]:
    kept = DoneWork()
    kept.advance(connection, TODAY, LONG_SECONDS)
    return told(kept)


def told(kept: DoneWork) -> dict[str, Any]:
    days = {day: one for day, one in kept.days.days.items() if one.centers or one.materials}
    return {"share": kept.share, "days": days, "orders": finished(kept)}


def finished(kept: DoneWork) -> list[str]:
    return sorted(map(repr, kept.finished(date.min, date.max, TODAY)))


def looked(database: Database) -> Performance:
    since = TODAY - timedelta(days=29)
    return database.read_now(lambda conn: performance(conn, since, TODAY, NOW, LONG_SECONDS))


@pytest.mark.parametrize("seed", range(4))
def test_work_followed_live_is_what_a_fresh_look_gives(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    plant = Moving(tmp_path, database_url, seed)
    teller = Teller(plant, seed)
    teller.office_start()
    for step in range(STEPS):
        teller.step()
        if step % 40 == 20:
            plant.calendars(step // 40 + 1)
        if step % 8 == 0:
            plant.projector.catch_up()
            assert plant.database.read_now(followed) == plant.database.read_now(fresh)
    teller.finish()
    plant.office(*(OrderClosed(order=order, revision=900) for order in ORDERS))
    plant.projector.catch_up()
    before = plant.database.read_now(followed)
    assert before == plant.database.read_now(fresh)
    plant.projector.rebuild()
    assert plant.database.read_now(fresh) == before
    plant.close()


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_every_grouping_adds_up_to_the_same_total(
    database_url: str, tmp_path: Path, seed: int
) -> None:
    plant = Moving(tmp_path, database_url, seed)
    teller = Teller(plant, seed)
    teller.office_start()
    plant.calendars(2)
    for _ in range(MANY_STEPS):
        teller.step()
    teller.finish()
    plant.projector.catch_up()
    found = looked(plant.database)
    assert found.total.run_ms > 0
    assert found.total.stopped_ms > 0
    groups = (found.days, found.shifts, found.centers, found.center_shifts)
    assert [joined(group.values()) for group in groups] == [found.total] * 4
    materials = joined(found.materials.values())
    materials.stopped_ms = found.total.stopped_ms  # a stop is of no material
    materials.open_ms = found.total.open_ms
    assert materials == found.total
    scrapped = sum(one.scrap for one in found.total.amounts.values())
    assert sum(found.reasons.values()) == scrapped
    plant.close()


@pytest.mark.parametrize("seed", range(6))
def test_an_order_costs_what_its_own_page_says(tmp_path: Path, seed: int) -> None:
    plant = Moving(tmp_path, "", seed)
    teller = Teller(plant, seed)
    teller.office_start()
    plant.calendars(1)
    for _ in range(STEPS):
        teller.step()
    teller.finish()
    plant.office(*(OrderClosed(order=order, revision=900) for order in ORDERS))
    plant.projector.catch_up()
    found = looked(plant.database)
    assert found.orders

    def own(connection: Connection, number: str) -> tuple[int, int, tuple[str, ...]]:
        state, known = order_of_state(connection, number), masters(connection)
        assert state is not None
        cost = order_cost(state, order_times(connection, state), known.book(TODAY), known.rates)
        return cost.planned, cost.actual, cost.unknown

    costs = plant.database.read_now(lambda conn: [own(conn, one.order) for one in found.orders])
    assert [one.money for one in found.orders] == [Money(*one) for one in costs]
    plant.close()


def test_who_looks_while_another_reads_is_told_how_far_it_is(database: Database) -> None:
    def meanwhile(connection: Connection) -> tuple[float, bool]:
        with done_work(connection, TODAY, LONG_SECONDS):
            found = performance(connection, TODAY, TODAY, NOW, seconds_max=0.01)
            return found.read, found.whole

    assert database.read_now(meanwhile) == (0.0, False)
    assert looked(database).whole


def test_a_long_period_is_read_in_turns(tmp_path: Path) -> None:
    plant = Moving(tmp_path, "", 5)
    plant.office(*(stamped(one, id=new_id(), act=new_id()) for one in orders()))
    plant.projector.catch_up()
    kept = DoneWork()
    shares: list[float] = []
    while not shares or shares[-1] < 1:
        plant.database.read_now(lambda conn: kept.advance(conn, TODAY, 0.0))
        shares.append(kept.share)
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert told(kept) == plant.database.read_now(fresh)
    plant.close()


def orders() -> list[Event]:
    """As many orders as three turns read, each with a report."""
    return [
        OperationReported(
            order=f"P-{n}", operation="10", work_center="MIX", good=pcs("1"),
            at="2026-11-22T06:00:00.000+01:00",
        )
        for n in range(2 * ORDERS_AT_ONCE + 1)
    ]  # fmt: skip


def test_days_that_are_over_are_forgotten(tmp_path: Path) -> None:
    plant = Moving(tmp_path, "", 5)
    plant.office(*(stamped(one, id=new_id(), act=new_id()) for one in orders()[:1]))
    plant.projector.catch_up()
    kept = DoneWork()
    later = TODAY + timedelta(days=DAYS_KEPT)
    plant.database.read_now(lambda conn: kept.advance(conn, TODAY, LONG_SECONDS))
    assert list(kept.days.days) == [date(2026, 11, 22)]
    plant.database.read_now(lambda conn: kept.advance(conn, later, LONG_SECONDS))
    assert (kept.days.days, kept.days.things) == ({}, {})
    plant.close()


PIECES: Final = Share(TODAY, "MIX", "", "C62", 90, 10, "BURNT", 1_000, 900)
KILOGRAMS: Final = Share(TODAY, "MIX", "", "KGM", 50, 50, "BURNT", 3_000, 1_500)


@pytest.mark.parametrize(
    ("shares", "quality"),
    [
        ((), None),
        ((PIECES,), 0.9),
        # several units: what was good of 4 s of planned run time
        ((PIECES, KILOGRAMS), 0.6),
        ((PIECES, KILOGRAMS._replace(planned_ms=0, planned_good_ms=0)), 0.9),
        ((PIECES._replace(good=0, scrap=5),), 0.0),
    ],
)
def test_quality_of_several_units_counts_by_planned_time(
    shares: tuple[Share, ...], quality: float | None
) -> None:
    sums = Sums()
    for share in shares:
        sums.add(share)
    assert sums.quality == quality
    assert sums.oee is None
    for share in shares:
        sums.add(share, -1)
    assert sums == Sums()
