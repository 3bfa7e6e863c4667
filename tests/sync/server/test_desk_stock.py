"""What the office does with stock, on every database: counts, moves, blocked lots, receipts."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from sync.domain.events import (
    Event,
    MaterialConsumed,
    MaterialDefined,
    MaterialReceived,
    StockCounted,
)
from sync.domain.quantity import Quantity
from sync.server.desk import Desk, Receipt
from sync.server.desk.stock import (
    Count,
    Move,
    Purchase,
    StatusChange,
    change_supply,
    count,
    drop_supply,
    move,
    order_supply,
    receipt_of,
    receive,
    set_status,
)
from sync.server.ledger import Ledger
from sync.server.office import OfficeConflict, OfficeError, OfficeInvalid, OfficeUnknown
from sync.server.planning.explosion import Book
from sync.server.projector import Projector
from sync.server.views.capital import begin_of, capital, consumption, steps
from sync.server.views.holdings import LotFilter, joined, lot_rows, parted, place_rows
from sync.server.views.lots import LotFacts, lot_facts, lot_movements
from sync.server.views.supply import receipts_open
from tests.sync.server.histories import kg
from tests.sync.server.server_parts import Log, body

FLOUR = MaterialDefined(
    material="FLOUR", revision=1, name="Wheat flour", unit="KGM", conversions={"BAG": "25 KGM"},
    supplier="Nordmill", standard_cost="0.8", lead_time_days=3,
)  # fmt: skip
TODAY = date(2026, 11, 23)


class Office:
    """A desk with a hundred kilograms of flour at A3, and one station."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.projector = Projector(ledger.database)
        self.desk = Desk(ledger, self.projector)
        self.log = Log()
        here = MaterialReceived(
            material="FLOUR", lot="F-1", quantity=kg("100"), place="A3", station="office"
        )
        self.tell(FLOUR, here)

    def tell(self, *events: Event) -> None:
        """What a station pushes."""
        after = len(self.log.bodies)
        self.log.bodies += map(body, events)
        self.log.push(self.ledger, after)
        self.projector.catch_up()

    def take(self, amount: str, at: str = "2026-11-18T08:00:00+01:00") -> None:
        self.tell(
            MaterialConsumed(
                order="P-1", operation="10", work_center="MIX", material="FLOUR", lot="F-1",
                quantity=kg(amount), station="MIX-1", operator="anna", at=at,
            )
        )  # fmt: skip

    def ask(self, question: Callable[..., Any], *values: Any) -> Any:
        return self.ledger.database.read_now(lambda conn: question(conn, *values))

    def facts(self) -> LotFacts:
        found = self.ask(lot_facts, "FLOUR", "F-1")
        assert isinstance(found, LotFacts)
        return found


@pytest.fixture
def office(ledger: Ledger) -> Office:
    return Office(ledger)


def refused(act: Callable[[], object]) -> OfficeError:
    with pytest.raises(OfficeError) as caught:
        act()
    return caught.value


def counted(office: Office, amount: str, **more: Any) -> None:
    asked = Count(material="FLOUR", lot="F-1", counted=amount, place="A3", **more)
    count(office.desk, "eva", asked)


def test_a_count_keeps_what_the_floor_took_meanwhile(office: Office) -> None:
    seen = office.projector.position()
    office.take("10")
    counted(office, "97", expected="100", seen=seen, reason="a torn bag")
    assert (office.facts().micros, office.facts().places) == (87_000_000, (("A3", 87_000_000),))
    told = office.ask(lot_movements, "FLOUR", "F-1")
    assert [(one.kind, one.delta, one.who, one.reason) for one in told] == [
        ("StockCounted", -3_000_000, "eva", "a torn bag"),
        ("MaterialConsumed", -10_000_000, "anna", ""),
        ("MaterialReceived", 100_000_000, "", ""),
    ]


def test_two_who_count_the_same_correct_it_once(office: Office) -> None:
    seen = office.projector.position()
    counted(office, "97", expected="100", seen=seen, reason="torn")
    fault = refused(lambda: counted(office, "97", expected="100", seen=seen, reason="torn"))
    assert isinstance(fault, OfficeConflict)
    assert "eva counted 97 KG meanwhile" in str(fault)
    assert office.facts().micros == 97_000_000
    counted(office, "96", expected="97", seen=office.projector.position(), reason="again")
    assert office.facts().micros == 96_000_000


def test_a_count_as_expected_says_nothing_and_a_found_lot_is_one(office: Office) -> None:
    position = office.projector.position()
    counted(office, "100")
    assert office.projector.position() == position
    found = Count(material="FLOUR", lot="F-9", counted="2 BAG", place="B1", reason="behind A3")
    count(office.desk, "eva", found)
    lot = office.ask(lot_facts, "FLOUR", "F-9")
    assert (lot.micros, lot.places, lot.unit) == (50_000_000, (("B1", 50_000_000),), "KGM")


def test_a_move_settles_what_was_used_without_a_place(office: Office) -> None:
    office.take("40")
    assert office.facts().places == (("A3", 60_000_000),)
    asked = Move(material="FLOUR", lot="F-1", quantity="60", source="A3", destination="A1")
    move(office.desk, "eva", asked)
    assert office.facts().places == (("A1", 60_000_000),)
    assert office.facts().micros == 60_000_000
    assert [(one.place, one.lots) for one in office.ask(place_rows)] == [("A1", 1)]


def test_a_lot_is_blocked_and_released_by_who_looked_at_it(office: Office) -> None:
    def say(status: str, revision: int | None = None, reason: str = "moist") -> None:
        asked = StatusChange(
            material="FLOUR", lot="F-1", status=status, reason=reason, revision=revision
        )
        set_status(office.desk, "eva", asked)

    say("blocked", 0)
    facts = office.facts()
    assert (facts.status, facts.status_reason, facts.status_by) == ("blocked", "moist", "eva")
    fault = refused(lambda: say("available", 0))
    assert "eva set it blocked meanwhile" in str(fault)
    assert refused(lambda: say("available", 1, "")).field == "reason"
    say("available", 1, "dry again")
    assert office.facts().status == "available"


@pytest.mark.parametrize(
    ("act", "kind", "field", "said"),
    [
        (Count("FLOUR", "F-1", "x"), OfficeInvalid, "counted", "is not a number"),
        (Count("FLOUR", "F-1", "99", place="A3"), OfficeInvalid, "reason", "say why"),
        (Count("FLOUR", "F-1", "1 BOX", place="A3"), OfficeInvalid, "counted", "no factor"),
        (Count("RYE", "R-1", "1"), OfficeUnknown, "lot", "lot 'R-1' of 'RYE' is not known"),
        (Move("FLOUR", "F-1", "101", "B1", "A3"), OfficeConflict, "quantity", "100 KG at A3"),
        (Move("FLOUR", "F-1", "1", "A3", "A3"), OfficeInvalid, "destination", "at A3 already"),
        (Move("FLOUR", "F-1", "0", "B1", "A3"), OfficeInvalid, "quantity", "nothing to move"),
        (Move("FLOUR", "F-1", "1", "", "A3"), OfficeInvalid, "destination", "where it was put"),
        (Move("FLOUR", "F-2", "1", "B1"), OfficeUnknown, "lot", "'F-2'"),
        (StatusChange("FLOUR", "F-1", "eaten"), OfficeInvalid, "status", "available or blocked"),
        (Purchase("FLOUR", "4", ""), OfficeInvalid, "due", "on which day it is due"),
        (Purchase("FLOUR", "4", "soon"), OfficeInvalid, "due", "is no date"),
        (Purchase("FLOUR", "0", "2026-12-01"), OfficeInvalid, "quantity", "more than nothing"),
        (Purchase("RYE", "4", "2026-12-01"), OfficeUnknown, "material", "'RYE' is not defined"),
    ],
)
def test_what_cannot_be_is_told_with_its_field(
    office: Office, act: Any, kind: type[OfficeError], field: str, said: str
) -> None:
    verbs: dict[type, Callable[..., object]] = {
        Count: count, Move: move, StatusChange: set_status, Purchase: order_supply,
    }  # fmt: skip
    position = office.projector.position()
    fault = refused(lambda: verbs[type(act)](office.desk, "eva", act))
    assert (type(fault), fault.field) == (kind, field)
    assert said in str(fault)
    assert office.projector.position() == position


def test_a_supplier_owes_until_all_of_it_came(office: Office) -> None:
    def owed() -> list[tuple[str, int, int]]:
        found = office.ask(receipts_open, {"FLOUR": FLOUR})
        return [(one.scheduled.receipt, one.received, one.open) for one in found]

    asked = Purchase("FLOUR", "4 BAG", "2026-12-01", reference="PO-7")
    number = order_supply(office.desk, "eva", asked)
    assert (number, owed()) == ("R-0001", [("R-0001", 0, 100_000_000)])
    told = office.ask(receipt_of, "R-0001")
    assert (told.supplier, told.reference, told.quantity) == (
        "Nordmill", "PO-7", Quantity("100", "KGM"),
    )  # fmt: skip
    receive(office.desk, "eva", Receipt("FLOUR", "F-2", "40"), "R-0001")
    assert owed() == [("R-0001", 40_000_000, 60_000_000)]
    receive(office.desk, "eva", Receipt("FLOUR", "F-3", "60"), "R-0001")
    assert owed() == []
    fault = refused(lambda: receive(office.desk, "eva", Receipt("FLOUR", "F-4", "1"), "R-0001"))
    assert "R-0001 is closed" in str(fault)
    assert office.ask(lot_facts, "FLOUR", "F-4") is None


def test_a_receipt_is_changed_by_who_saw_it_and_dropped_with_a_reason(office: Office) -> None:
    number = order_supply(office.desk, "eva", Purchase("FLOUR", "50", "2026-12-01"))
    later = Purchase("FLOUR", "60", "2026-12-09")
    change_supply(office.desk, "eva", number, later, 1)
    fault = refused(lambda: change_supply(office.desk, "tom", number, later, 1))
    assert "eva changed it meanwhile to 60 KG on 2026-12-09" in str(fault)
    assert refused(lambda: drop_supply(office.desk, "tom", number, "", 2)).field == "reason"
    drop_supply(office.desk, "tom", number, "sold out", 2)
    told = office.ask(receipt_of, number)
    assert (told.active, told.note, told.revision, told.operator) == (False, "sold out", 3, "tom")
    assert order_supply(office.desk, "eva", Purchase("FLOUR", "1", "2026-12-01")) == "R-0002"


def test_lots_are_paged_and_filtered_alike_on_every_database(office: Office) -> None:
    odd = 'Ä "7"/%'
    for lot, expiry, place in (("F-2", "2026-11-01", "B1"), (odd, "2027-01-01", "B1")):
        goods = Receipt("FLOUR", lot, "5", place=place, expiry=expiry)
        receive(office.desk, "eva", goods)
    set_status(office.desk, "eva", StatusChange("FLOUR", "F-1", "blocked", "moist"))
    materials = {"FLOUR": FLOUR}

    def names(after: str = "", limit: int = 100, **asked: Any) -> list[str]:
        rows = office.ask(lot_rows, materials, LotFilter(**asked), TODAY, after, limit)
        return [one.lot for one in rows]

    assert names() == ["F-1", "F-2", odd]
    assert names(joined("FLOUR", "F-2")) == [odd]
    assert names(joined("FLOUR", "F-1"), 1) == ["F-2"]
    assert parted(joined("FLOUR", odd)) == ("FLOUR", odd)
    assert names(status="blocked") == ["F-1"]
    assert names(status="expired") == ["F-2"]
    assert names(status="available") == [odd]
    assert names(place="B1") == ["F-2", odd]
    assert names(search="F-2") == ["F-2"]
    assert names(search="wheat") == ["F-1", "F-2", odd]
    assert names(search="nothing") == names("not a key", search="nothing") == []


def test_consumption_and_capital_are_of_what_was_used_and_lies(office: Office) -> None:
    office.take("10", "2026-11-10T08:00:00+01:00")
    office.take("4", "2026-11-18T08:00:00+01:00")
    office.take("2", "2026-11-19T23:30:00-05:00")
    used = office.ask(consumption, "FLOUR", "KGM", {}, date(2026, 11, 9), TODAY, "week")
    assert [(one.begin.isoformat(), one.micros) for one in used.uses] == [
        ("2026-11-09", 10_000_000), ("2026-11-16", 6_000_000), ("2026-11-23", 0),
    ]  # fmt: skip
    assert (used.total, used.orders, used.whole) == (16_000_000, 1, True)
    held = office.ask(capital, Book({"FLOUR": FLOUR}), {})
    assert [(one.material, one.micros, one.cost) for one in held.stock] == [
        ("FLOUR", 84_000_000, 67_200_000)
    ]
    assert office.ask(capital, Book({}), {}).unpriced == ("FLOUR",)


def test_months_and_weeks_begin_where_they_begin() -> None:
    assert begin_of(date(2026, 11, 1), "week") == date(2026, 10, 26)
    assert list(steps(date(2026, 12, 31), date(2027, 3, 1), "month")) == [
        date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1),
    ]  # fmt: skip


def test_a_count_is_one_event_with_both_amounts(office: Office) -> None:
    counted(office, "97", expected="100", reason="torn")
    (latest,) = office.ask(lot_movements, "FLOUR", "F-1", 0, 1)
    assert (latest.kind, latest.delta) == (StockCounted.__name__, -3_000_000)
