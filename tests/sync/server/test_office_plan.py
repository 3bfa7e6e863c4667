"""What the office says of the plan, as values; and two planners' desks on one database."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import msgspec
import pytest

from sync.domain.events import (
    BomDefined,
    BomLine,
    DemandDefined,
    MaterialDefined,
    MaterialProduced,
    MaterialReceived,
    OrderHeader,
    OrderPlanned,
    ReceiptScheduled,
    RoutingDefined,
    RoutingOperation,
    Served,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.server.clock import ServerClock
from sync.server.database import Database
from sync.server.desk import Desk
from sync.server.desk.orders import split_order
from sync.server.desk.plan import accept, define_calendar, demand, drop_demand, move_order
from sync.server.importing.run import import_files
from sync.server.ledger import Ledger
from sync.server.office import OfficeConflict, OfficeError, OfficeInvalid, OfficeUnknown
from sync.server.office.orders import SplitWanted, parted
from sync.server.office.plan import (
    CalendarWanted,
    DemandWanted,
    MoveWanted,
    closed_days,
    identities,
    moved,
    shifts_of,
)
from sync.server.planning.supply import Peg, Proposal, Supply
from sync.server.projector import Projector
from sync.server.views import order_of_state
from sync.server.views.jobs import Part
from sync.server.views.plan import PlanView, changed, plan_of, quarter, recent_plan
from sync.server.views.supplies import Arrival, arrivals
from sync.server.views.supply import receipts_open
from tests.sync.server.server_parts import Log, help_called

NOW = datetime.fromisoformat("2027-03-01T08:05")  # a Monday
ROLL = MaterialDefined(material="ROLL", revision=1, name="Wheat roll", unit="C62")
FLOUR = MaterialDefined(
    material="FLOUR", revision=1, name="Flour", unit="KGM", lead_time_days=3, supplier="Mill"
)
FACTORY = (
    ROLL,
    FLOUR,
    BomDefined(
        material="ROLL",
        revision=1,
        quantity=Quantity("100", "C62"),
        lines=(BomLine(material="FLOUR", quantity=Quantity("6", "KGM")),),
    ),
    RoutingDefined(
        material="ROLL",
        revision=1,
        operations=(
            RoutingOperation(
                operation="10", work_center="MIX", name="Bake", setup_seconds=600, run_seconds="6"
            ),
        ),
    ),
    WorkCenterDefined(work_center="MIX", revision=1, name="Bakehouse", hours_per_day="8"),
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", ()),
        ("06:00-14:00", ("06:00-14:00",)),
        ("14:00-22:00 06:00-14:00", ("06:00-14:00", "14:00-22:00")),
        ("06:00-14:00, 14:00-22:00; 22:00-06:00", ("06:00-14:00", "14:00-22:00", "22:00-06:00")),
    ],
)
def test_shifts_stand_by_their_begin(written: str, found: tuple[str, ...]) -> None:
    assert shifts_of(0, written) == found


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("6-14", "shift '6-14': want hours and minutes such as 06:00-14:00"),
        ("06:00-06:00", "shift '06:00-06:00': begins and ends at the same time"),
        (
            "06:00-14:00 13:00-22:00",
            "shift 06:00-14:00 goes on when 13:00-22:00 begins: end it before",
        ),
    ],
)
def test_a_wrong_shift_is_told_with_its_day(written: str, told: str) -> None:
    with pytest.raises(OfficeInvalid) as fault:
        shifts_of(3, written)
    assert (str(fault.value), fault.value.field) == (told, "weekday_3")


def test_closed_days_are_sorted_and_each_is_there_once() -> None:
    assert closed_days("2027-12-25\n2027-12-24, 2027-12-25") == ("2027-12-24", "2027-12-25")
    with pytest.raises(OfficeInvalid, match=r"24\.12\.2027"):
        closed_days("24.12.2027")


def header(**values: object) -> OrderHeader:
    made = OrderPlanned(
        order="P-1", revision=3, material="ROLL", quantity=Quantity("5", "C62"), due="2027-03-05"
    )
    return msgspec.structs.replace(made, **values)


def test_a_move_changes_dates_and_priority_only() -> None:
    wanted = MoveWanted("P-1", "2027-03-02", "2027-03-06", 10, "the customer asked", 3)
    event = moved(header(note="as it was"), "planned", wanted)
    assert event is not None
    assert (event.start, event.due, event.priority) == ("2027-03-02", "2027-03-06", 10)
    assert (event.note, event.reason, event.revision) == ("as it was", "the customer asked", 4)
    assert event.quantity == Quantity("5", "C62")


def test_a_move_to_where_it_stands_says_nothing() -> None:
    assert moved(header(), "planned", MoveWanted("P-1", "", "2027-03-05", 50, "", 3)) is None


@pytest.mark.parametrize(
    ("status", "wanted", "told"),
    [
        ("closed", MoveWanted("P-1", revision=3), "order P-1 is closed"),
        ("planned", MoveWanted("P-1", revision=2), "somebody changed it meanwhile (revision 3"),
        ("planned", MoveWanted("P-1", "1.3.2027", revision=3), "planned start '1.3.2027' is no"),
        ("planned", MoveWanted("P-1", priority=1000, revision=3), "priority 1000"),
    ],
)
def test_a_move_that_cannot_be_is_told(status: str, wanted: MoveWanted, told: str) -> None:
    with pytest.raises(OfficeError) as fault:
        moved(header(), status, wanted)
    assert told in str(fault.value)


def test_two_proposals_alike_are_told_apart() -> None:
    day = date(2027, 3, 1)
    one = Proposal("a", "ROLL", 5, day, day, day, 0, ("D-1",), late=False, why="demand")
    assert list(identities([one, one]).values()) == [one, one]


@pytest.fixture
def desks(database_url: str) -> Iterator[tuple[Desk, Desk]]:
    """The desks of two server processes on one database."""
    opened = [Database(database_url) for _ in range(2)]
    ledgers = [Ledger(database, ServerClock()) for database in opened]
    ledgers[0].append_office_now(FACTORY)
    first, second = (Desk(ledger, Projector(ledger.database)) for ledger in ledgers)
    yield first, second
    for database in opened:
        database.close()


def plan(desk: Desk) -> PlanView:
    return desk._ledger.database.read_now(lambda conn: plan_of(conn, NOW))


def standing(desk: Desk, number: str) -> OrderHeader:
    order = desk._ledger.database.read_now(lambda conn: order_of_state(conn, number))
    assert order is not None
    assert order.header is not None
    return order.header


def pieces(amount: str) -> Quantity:
    return Quantity(amount, "C62")


def wanted(quantity: str = "1000", due: str = "2027-03-10", **values: object) -> DemandWanted:
    fields = {"material": "ROLL", "quantity": quantity, "due": due, **values}
    return msgspec.convert(fields, DemandWanted)


def test_demand_becomes_orders_once_whoever_accepts(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    key = demand(first, "anna", wanted(customer_reference="SO-1", priority=20))
    assert key == "D-0001"
    (proposal,) = plan(first).requirements.proposals
    keys = frozenset(identities([proposal]))

    def accepted(desk: Desk) -> tuple[str, ...]:
        try:
            return accept(desk, "anna", NOW, keys)
        except OfficeConflict as fault:
            return ("told",) if "1 of 1 proposals are no longer" in str(fault) else ()

    with ThreadPoolExecutor(2) as planners:
        told = list(planners.map(accepted, desks))
    assert sorted(told) == [("P-0001",), ("told",)]
    found = plan(second)
    assert found.requirements.proposals == ()
    order = found.orders["P-0001"]
    assert (order.material, order.planned, order.due) == ("ROLL", 10**9, date(2027, 3, 10))
    assert (order.priority, order.customer_reference, order.note) == (20, "SO-1", "for D-0001")
    assert order.start == proposal.start
    assert accept(first, "anna", NOW) == ()


def test_an_order_for_two_customers_names_both_lines_and_neither_reference(
    desks: tuple[Desk, Desk],
) -> None:
    desk, _ = desks
    demand(desk, "anna", wanted("700", customer_reference="SO-1", priority=20))
    demand(desk, "anna", wanted("300", customer_reference="SO-2", priority=10))
    demand(desk, "anna", wanted("40", "2027-03-12", customer_reference="SO-3"))
    demand(desk, "anna", wanted("60", "2027-03-12", customer_reference="SO-3"))
    demand(desk, "anna", wanted("5", "2027-03-15", customer_reference="SO-4"))
    demand(desk, "anna", wanted("6", "2027-03-15"))
    numbers = accept(desk, "anna", NOW)
    assert numbers == ("P-0001", "P-0002", "P-0003")
    headers = [standing(desk, number) for number in numbers]
    first = headers[0]
    assert stamped(first, id="", n=0, act="", at="", boot="", mono=0, saw=None) == OrderPlanned(
        station=first.station,
        operator="anna",
        order="P-0001",
        revision=1,
        material="ROLL",
        quantity=Quantity("1000", "C62"),
        due="2027-03-10",
        start=first.start,
        priority=10,
        note="for D-0001, D-0002",
        customer_reference="",
        serves=(Served("D-0002", pieces("300")), Served("D-0001", pieces("700"))),
    )
    assert [(one.customer_reference, one.serves) for one in headers[1:]] == [
        ("SO-3", (Served("D-0003", pieces("40")), Served("D-0004", pieces("60")))),
        ("", (Served("D-0005", pieces("5")), Served("D-0006", pieces("6")))),
    ]
    assert plan(desk).requirements.proposals == ()


def test_a_part_that_is_split_off_serves_the_lines_that_come_last() -> None:
    serves = tuple(Served(f"D-{n}", pieces(f"{n}0")) for n in (1, 2, 3))
    assert parted(serves, 25_000_000) == (
        (Served("D-1", pieces("10")), Served("D-2", pieces("15"))),
        (Served("D-2", pieces("5")), Served("D-3", pieces("30"))),
    )
    assert parted(serves, 60_000_000) == (serves, ())
    assert parted((), 5) == ((), ())


def test_what_is_changed_and_released_still_serves_its_lines(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    demand(desk, "anna", wanted("30"))
    demand(desk, "anna", wanted("70"))
    (number,) = accept(desk, "anna", NOW)
    move_order(desk, "anna", MoveWanted(number, "", "2027-03-11", 1, "", 1))
    desk.release(number)
    split_order(desk, "anna", SplitWanted(number, "80", 3))
    assert [standing(desk, key).serves for key in (number, "P-0002")] == [
        (Served("D-0001", pieces("20")),),
        (Served("D-0001", pieces("10")), Served("D-0002", pieces("70"))),
    ]


def test_a_file_of_orders_leaves_what_they_serve_as_it_is(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    demand(desk, "anna", wanted("30"))
    (number,) = accept(desk, "anna", NOW)
    before = standing(desk, number)
    told = (number, "ROLL", "30", before.due, before.start, before.note)
    for priority, revision in ((50, 1), (7, 2)):
        table = "order,material,quantity,due,start,note,priority\n"
        content = f"{table}{','.join(told)},{priority}\n".encode()
        report = import_files({"orders.csv": content}, desk._ledger, desk._projector, NOW.date())
        assert report.ok
        after = standing(desk, number)
        assert (after.revision, after.priority, after.serves) == (revision, priority, before.serves)


def test_what_to_buy_follows_from_orders_and_what_came(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    demand(desk, "anna", wanted())
    accept(desk, "anna", NOW)
    (purchase,) = plan(desk).requirements.purchases
    assert (purchase.material, purchase.micros, purchase.orders) == (
        "FLOUR",
        60 * 10**6,
        ("P-0001",),
    )
    ordered = ReceiptScheduled(
        receipt="R-1",
        revision=1,
        material="FLOUR",
        quantity=Quantity("60", "KGM"),
        due="2027-03-04",
    )
    came = MaterialReceived(
        material="FLOUR", lot="F-1", quantity=Quantity("45000", "GRM"), receipt="R-1"
    )
    desk.act(lambda _: [ordered, came], "anna")
    found = plan(desk)
    (receipt,) = found.known.receipts
    assert (receipt.received, receipt.open) == (45 * 10**6, 15 * 10**6)
    assert found.requirements.purchases == ()
    assert found.readiness["P-0001"].ready == date(2027, 3, 4)
    (slot,) = found.schedule.of_order("P-0001")
    assert slot.reason.kind in {"material", "not_before"}
    rest = MaterialReceived(
        material="FLOUR", lot="F-2", quantity=Quantity("20", "KGM"), receipt="R-1"
    )
    desk.act(lambda _: [rest], "anna")
    materials = {"FLOUR": FLOUR}
    database = desk._ledger.database
    assert database.read_now(lambda conn: receipts_open(conn, materials)) == []


def test_what_comes_out_beside_an_order_is_supply_until_it_came(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    crumb = MaterialDefined(material="CRUMB", revision=1, name="Crumb", unit="KGM")
    crust = MaterialDefined(material="CRUST", revision=1, name="Crusts", unit="C62")
    bom = BomDefined(
        material="ROLL",
        revision=2,
        quantity=Quantity("100", "C62"),
        lines=(
            BomLine(material="FLOUR", quantity=Quantity("6", "KGM")),
            BomLine(material="CRUMB", quantity=Quantity("1", "KGM")),
        ),
        by_products=(
            BomLine(material="CRUMB", quantity=Quantity("2500", "GRM"), scrap_percent="10"),
            BomLine(material="CRUST", quantity=Quantity("0.25", "C62")),
        ),
    )
    desk.act(lambda _: [crumb, crust, bom], "anna")
    demand(desk, "anna", wanted("750"))
    (number,) = accept(desk, "anna", NOW)
    demand(desk, "anna", wanted("30", material="CRUMB"))
    found = plan(desk)
    done = date(2027, 3, 10)
    (order,) = found.orders.values()
    assert order.beside == (
        Part("P-0001 / CRUMB", "CRUMB", 18_750_000),
        Part("P-0001 / CRUST", "CRUST", 1_000_000),
    )
    assert [one for one in found.supplies if one.kind == "order"] == [
        Supply("order", number, "ROLL", 750_000_000, done),
        Supply("order", number, "CRUMB", 18_750_000, done),
        Supply("order", number, "CRUST", 1_000_000, done),
    ]
    assert found.requirements.pegs["D-0002"][:1] == (
        Peg("order", number, "CRUMB", 18_750_000, done),
    )
    bought = [one for one in found.requirements.purchases if one.material == "CRUMB"]
    assert sum(one.micros for one in bought) == 18_750_000
    ends = found.schedule.ends[number].date()
    assert arrivals(found, "CRUST") == [Arrival("order", number, ends, 1_000_000)]
    came = MaterialProduced(
        order=number, material="CRUMB", lot="C-1", quantity=Quantity("12.5", "KGM"), operation="10"
    )
    desk.act(lambda _: [came], "anna")
    after = plan(desk)
    (order,) = after.orders.values()
    assert order.beside[0] == Part("P-0001 / CRUMB", "CRUMB", 6_250_000)
    assert after.known.stock["CRUMB"] == 12_500_000


def test_a_line_of_demand_is_changed_dropped_and_taken_up_again(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    key = demand(first, "anna", wanted(demand="SO-7/1"))
    demand(second, "paul", wanted("1200", demand=key, revision=1))
    with pytest.raises(OfficeConflict, match=r"demand SO-7/1: paul changed it .*revision 2"):
        demand(first, "anna", wanted("900", demand=key, revision=1))
    with pytest.raises(OfficeConflict, match="exists"):
        demand(first, "anna", wanted("900", demand=key))
    with pytest.raises(OfficeConflict, match="revision 2"):
        drop_demand(first, "anna", key, 1)
    drop_demand(first, "anna", key, 2)
    assert plan(first).known.demands == ()
    drop_demand(second, "paul", key)
    assert demand(second, "paul", wanted(demand=key)) == key
    (line,) = plan(first).known.demands
    assert isinstance(line, DemandDefined)
    assert (line.revision, line.quantity) == (4, Quantity("1000", "C62"))
    with pytest.raises(OfficeUnknown, match="demand 'NONE' is not known"):
        drop_demand(first, "anna", "NONE")


def test_moving_an_order_is_seen_before_it_is_saved(desks: tuple[Desk, Desk]) -> None:
    first, second = desks
    demand(first, "anna", wanted("2000", "2027-03-01"))
    demand(first, "anna", wanted("3000", "2027-03-02"))
    accept(first, "anna", NOW)
    stands = plan(first)
    begins = {slot.order: slot.begins for slot in stands.schedule.slots}
    tried = changed(stands, "P-0002", None, date(2027, 3, 2), 1)
    ahead = {slot.order: slot.begins for slot in tried.schedule.slots}
    assert begins["P-0001"] < begins["P-0002"]
    assert ahead["P-0002"] < ahead["P-0001"]
    move_order(second, "paul", MoveWanted("P-0002", "", "2027-03-02", 1, "first", 1))
    saved = plan(first)
    assert {slot.order: slot.begins for slot in saved.schedule.slots} == ahead
    with pytest.raises(OfficeConflict, match="order P-0002: paul changed it meanwhile"):
        move_order(first, "anna", MoveWanted("P-0002", "", "", 50, "", 1))
    with pytest.raises(OfficeUnknown, match="order 'NONE'"):
        move_order(first, "anna", MoveWanted("NONE"))
    database = first._ledger.database
    order = database.read_now(lambda conn: order_of_state(conn, "P-0002"))
    assert order is not None
    assert order.header is not None
    assert order.header.operator == "paul"


def test_a_calendar_gives_capacity_to_who_works_by_it(desks: tuple[Desk, Desk]) -> None:
    desk, other = desks
    week = ("06:00-14:00 14:00-22:00",) * 5
    define_calendar(desk, "anna", CalendarWanted("TWO", "Two shifts", week, "2027-03-02"))
    mix = WorkCenterDefined(work_center="MIX", revision=2, name="Bakehouse", calendar="TWO")
    desk.act(lambda _: [mix], "anna")
    load = plan(desk).load(date(2027, 3, 1), 7)
    minutes = [load["MIX", date(2027, 3, day)].available for day in range(1, 8)]
    assert minutes == [960, 0, 960, 960, 960, 0, 0]
    with pytest.raises(OfficeConflict, match="calendar TWO exists"):
        define_calendar(other, "paul", CalendarWanted("TWO", "", week))
    define_calendar(other, "paul", CalendarWanted("TWO", "", week[:1], revision=1))
    with pytest.raises(OfficeConflict, match="paul changed it meanwhile"):
        define_calendar(desk, "anna", CalendarWanted("TWO", "", week, revision=1))
    night = ("22:00-08:00", "06:00-14:00")
    with pytest.raises(OfficeInvalid, match="goes on when 06:00-14:00 of the next day begins"):
        define_calendar(desk, "anna", CalendarWanted("NIGHT", "", night))
    found = plan(desk).capacities["MIX"]
    assert found.minutes(date(2027, 3, 2)) == 0


def test_the_plan_is_made_once_for_what_stands(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    database = desk._ledger.database
    Projector(database).catch_up()
    assert plan(desk) is plan(desk)
    before = plan(desk)
    Log(help_called()).push(desk._ledger)
    Projector(database).catch_up()
    assert database.read_now(lambda conn: recent_plan(conn, NOW)) is before
    assert plan(desk) is not before
    before = plan(desk)
    demand(desk, "anna", wanted())
    assert database.read_now(lambda conn: recent_plan(conn, NOW)) is not before
    assert database.read_now(lambda conn: recent_plan(conn, NOW)) is plan(desk)
    later = NOW + timedelta(minutes=15)
    assert database.read_now(lambda conn: recent_plan(conn, later)).now == quarter(later)


def test_who_waits_for_a_held_order_has_no_place_until_it_runs(desks: tuple[Desk, Desk]) -> None:
    desk, _ = desks
    box = MaterialDefined(material="BOX", revision=1, name="Box of rolls", unit="C62")
    bom = BomDefined(
        material="BOX",
        revision=1,
        quantity=Quantity("1", "C62"),
        lines=(BomLine(material="ROLL", quantity=Quantity("20", "C62")),),
    )
    routing = RoutingDefined(
        material="BOX",
        revision=1,
        operations=(RoutingOperation(operation="10", work_center="MIX", name="Pack"),),
    )
    desk.act(lambda _: [box, bom, routing], "anna")
    demand(desk, "anna", DemandWanted("BOX", "10", due="2027-03-12"))
    assert accept(desk, "anna", NOW) == ("P-0001", "P-0002")
    stands = plan(desk)
    roll, boxes = sorted(stands.orders.values(), key=lambda one: one.material, reverse=True)
    assert stands.readiness[boxes.order].after == (roll.order,)
    assert stands.schedule.ends[roll.order] <= stands.schedule.of_order(boxes.order)[0].begins
    desk.say("hold", roll.order)
    held = plan(desk)
    assert (held.schedule.ends, held.schedule.unplaced[boxes.order].by) == ({}, roll.order)
    assert held.requirements.proposals == ()
    desk.say("resume", roll.order)
    assert plan(desk).schedule.slots == stands.schedule.slots
