"""What a new BOM changes before it is saved, through every level of what is open."""

from collections.abc import Iterator
from datetime import date, datetime

import msgspec
import pytest

from sync.domain.events import (
    BomDefined,
    BomLine,
    LabelRule,
    MaterialDefined,
    RoutingDefined,
    RoutingOperation,
    WorkCenterDefined,
)
from sync.domain.quantity import MICROS_PER_ONE, Quantity
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.desk import Desk
from sync.server.desk.orders import release_order
from sync.server.desk.plan import accept, demand
from sync.server.ledger import Ledger
from sync.server.office.plan import DemandWanted
from sync.server.projector import Projector
from sync.server.views.bom_effect import Effect, effect
from sync.server.views.books import masters
from sync.server.views.plan import plan_of

NOW = datetime.fromisoformat("2027-03-01T08:05")  # a Monday


def made(material: str, component: str, amount: str, unit: str) -> BomDefined:
    line = BomLine(material=component, quantity=Quantity(amount, unit))
    return BomDefined(material=material, revision=1, quantity=Quantity("1", "C62"), lines=(line,))


def routed(material: str) -> RoutingDefined:
    work = RoutingOperation(operation="10", work_center="MIX", name="Make", run_seconds="1")
    return RoutingDefined(material=material, revision=1, operations=(work,))


BOX, ROLL = (
    MaterialDefined(material=key, revision=1, name=key.title(), unit="C62")
    for key in ("BOX", "ROLL")
)
FLOUR, RYE = (
    MaterialDefined(material=key, revision=1, name=key.title(), unit="KGM", lead_time_days=30,
                    standard_cost=cost)
    for key, cost in (("FLOUR", "1"), ("RYE", "2"))
)  # fmt: skip
FACTORY = (
    *(BOX, ROLL, FLOUR, RYE, made("BOX", "ROLL", "20", "C62"), made("ROLL", "FLOUR", "0.1", "KGM")),
    *(routed("BOX"), routed("ROLL"), WorkCenterDefined(work_center="MIX", revision=1, name="Mix")),
)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    database = Database(database_url)
    ledger = Ledger(database, ServerClock())
    ledger.append_office_now(FACTORY)
    yield Desk(ledger, Projector(database))
    database.close()


def effect_of(desk: Desk, bom: BomDefined) -> Effect:
    return desk._ledger.database.read_now(
        lambda conn: effect(masters(conn), bom, plan_of(conn, NOW))
    )


def needs(found: Effect) -> dict[str, tuple[int, int]]:
    """Component → whole units needed by the plan before and after."""
    return {
        one.material: (one.before // MICROS_PER_ONE, one.after // MICROS_PER_ONE)
        for one in found.changes
    }


def shortages(found: Effect) -> dict[str, tuple[int, int]]:
    return {
        one.material: (one.before // MICROS_PER_ONE, one.after // MICROS_PER_ONE)
        for one in found.shortages
    }


def test_a_bom_two_levels_down_reaches_what_it_goes_into(desk: Desk) -> None:
    demand(desk, "anna", DemandWanted("BOX", "10", due="2027-03-12"))
    accept(desk, "anna", NOW)
    demand(desk, "anna", DemandWanted("BOX", "5", due="2027-03-19"))
    found = effect_of(desk, made("ROLL", "RYE", "0.1", "KGM"))
    (roll,) = found.orders
    assert [(one.material, one.more) for one in roll.changes] == [
        ("FLOUR", -20 * MICROS_PER_ONE),
        ("RYE", 20 * MICROS_PER_ONE),
    ]
    assert (roll.before, roll.after, found.more) == (20 * 10**6, 40 * 10**6, 20 * 10**6)
    (box,) = found.above
    assert (box.material, box.before, box.after) == ("BOX", 20 * 10**6, 40 * 10**6)
    assert (found.demands, found.keeping, found.before_day) == (("D-0002",), (), ())
    assert needs(found) == {"FLOUR": (30, 0), "RYE": (0, 30)}
    assert shortages(found) == {"RYE": (0, 30)}
    (short,) = found.shortages
    assert short.purchase is not None
    assert (short.purchase.late, short.purchase.arrives) == (True, date(2027, 3, 31))
    saved = msgspec.structs.replace(made("ROLL", "RYE", "0.1", "KGM"), revision=2)
    desk.act(lambda _: [saved], "anna")
    stands = desk._ledger.database.read_now(lambda conn: plan_of(conn, NOW)).requirements
    assert stands.projected["RYE"][-1][1] == -30 * MICROS_PER_ONE
    assert short.purchase in stands.purchases


def test_who_was_released_keeps_the_components_of_the_release(desk: Desk) -> None:
    demand(desk, "anna", DemandWanted("ROLL", "100", due="2027-03-12"))
    demand(desk, "anna", DemandWanted("ROLL", "50", due="2027-03-15"))
    first, second = accept(desk, "anna", NOW)
    release_order(desk, "anna", first, LabelRule(), accept=True)
    found = effect_of(desk, made("ROLL", "FLOUR", "0.2", "KGM"))
    assert [one.order for one in found.keeping] == [first]
    assert [one.order for one in found.orders] == [second]
    assert needs(found) == {"FLOUR": (15, 20)}
    desk.say("hold", first)
    desk.say("hold", second)
    found = effect_of(desk, made("ROLL", "FLOUR", "0.2", "KGM"))
    assert [one.order for one in found.keeping] == [first]
    assert [(one.order, one.status) for one in found.orders] == [(second, "held")]


def test_who_begins_before_it_holds_keeps_what_holds_then(desk: Desk) -> None:
    demand(desk, "anna", DemandWanted("ROLL", "100", due="2027-03-12"))
    (number,) = accept(desk, "anna", NOW)
    bom = made("ROLL", "FLOUR", "0.2", "KGM")
    found = effect_of(desk, msgspec.structs.replace(bom, valid_from="2027-04-01"))
    assert [one.order for one in found.before_day] == [number]
    assert (found.orders, found.changes, found.shortages) == ((), (), ())
    assert (found.unit_before.total, found.unit_after.total) == (100_000, 200_000)


def test_what_says_the_same_changes_nothing(desk: Desk) -> None:
    demand(desk, "anna", DemandWanted("BOX", "10", due="2027-03-12"))
    accept(desk, "anna", NOW)
    found = effect_of(desk, made("ROLL", "FLOUR", "0.1", "KGM"))
    assert (found.more, found.changes, found.shortages) == (0, (), ())
    assert [one.changes for one in found.orders] == [()]
