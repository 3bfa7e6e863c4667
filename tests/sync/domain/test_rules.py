"""The rule book: every deviation of the floor rules, with its default severity and its facts."""

from datetime import timedelta

import pytest

from sync.domain.events import (
    CheckRecorded,
    ClockJumped,
    Event,
    EventReversed,
    LabelVoided,
    MaterialConsumed,
    MaterialProduced,
    MaterialReturned,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorSignedIn,
    OrderCancelled,
    OrderClosed,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.domain.rules import SEVERITIES, Severity, check
from sync.domain.rules_repair import CORRECTION
from sync.domain.shop import Shop, absorb
from tests.kiosk.dialog.bakery import TODAY, day, kg, office, pcs

AT = TODAY.isoformat()
R, S, C, N = Severity.REFUSE, Severity.SUPERVISOR, Severity.CONFIRM, Severity.NOTE


def tell(shop: Shop, event: Event, act: str = "", station: str = "BAKE-1") -> None:
    n = len(shop.seen) + 1
    plain = {"id": event.id or f"id-{n}", "n": n, "act": act or f"act-{n}"}
    stamp = {"at": event.at or AT, "station": event.station or station}
    absorb(shop, stamped(event, **plain, **stamp, operator=event.operator or "anna"))


def floor(*events: Event) -> Shop:
    """The bakery with Anna signed in, B-1 and B-2 begun, and what else happened."""
    shop = Shop()
    for event in office():
        tell(shop, event, station="office")
    tell(shop, OperatorSignedIn())
    for order in ("B-1", "B-2"):
        tell(shop, OperationStarted(order=order, operation="10", work_center="MIX"))
    for event in events:
        tell(shop, event)
    return shop


def mine(event: Event) -> Event:
    return stamped(event, at=event.at or AT, station="BAKE-1", operator=event.operator or "anna")


def back(
    material: str, lot: str, quantity: Quantity, order: str = "B-1", *, serial: str = ""
) -> MaterialReturned:
    return MaterialReturned(
        order=order, operation="10", material=material, lot=lot, quantity=quantity, serial=serial
    )


def used(
    material: str,
    lot: str,
    quantity: Quantity,
    order: str = "B-1",
    *,
    serial: str = "",
    scrapped: bool = False,
) -> MaterialConsumed:
    return MaterialConsumed(
        order=order,
        operation="10",
        material=material,
        lot=lot,
        quantity=quantity,
        serial=serial,
        scrapped=scrapped,
    )


def made(good: str, order: str = "B-1", operation: str = "10") -> OperationReported:
    return OperationReported(order=order, operation=operation, good=pcs(good))


FED = (used("WHEAT", "W-204", kg("60")), used("YEAST", "Y-31", kg("2")))
LATER = (TODAY + timedelta(seconds=61)).isoformat()

CASES: dict[str, tuple[tuple[Event, ...], Event, list[tuple[str, Severity]]]] = {
    "as planned": ((), used("WHEAT", "W-204", kg("25")), []),
    "not signed in": ((), stamped(made("1", "B-6", "20"), operator="paul"), [("not_signed_in", R)]),
    "closed": ((OrderClosed(order="B-1", revision=2),), FED[0], [("already_ended", R)]),
    "cancelled": ((OrderCancelled(order="B-1", revision=2),), FED[0], [("already_ended", R)]),
    "operation ended": (
        (OperationEnded(order="B-2", operation="10"),),
        used("RYE", "R-118", kg("1"), "B-2"),
        [("already_ended", R)],
    ),
    "serial seen before": (
        (used("CHIP", "CH-1", pcs("1"), "B-4", serial="C-1"),),
        used("CHIP", "CH-1", pcs("1"), "B-4", serial="C-1"),
        [("serial_seen_before", R)],
    ),
    "product serial seen before": (
        (
            MaterialProduced(
                order="B-4",
                operation="10",
                material="BOX",
                lot="B-4",
                quantity=pcs("1"),
                serials=("X",),
            ),
        ),
        MaterialProduced(
            order="B-4",
            operation="10",
            material="BOX",
            lot="B-4",
            quantity=pcs("1"),
            serials=("X",),
        ),
        [("serial_seen_before", R)],
    ),
    "unit unknown": ((), used("WHEAT", "W-204", Quantity("1", "PALLET")), [("unit_unknown", R)]),
    "output unit unknown": (
        FED,
        OperationReported(order="B-1", operation="10", good=kg("1")),
        [("unit_unknown", R)],
    ),
    "wrong material": ((), used("SEEDS", "SD-5", kg("1")), [("wrong_material", S)]),
    "return": (FED[:1], back("WHEAT", "W-204", kg("60")), []),
    "return of more than went in": (
        FED[:1],
        back("WHEAT", "W-204", kg("60.1")),
        [("over_return", R)],
    ),
    "return of a lot that never went in": (
        FED[:1],
        back("WHEAT", "W-210", kg("1")),
        [("over_return", R)],
    ),
    "return of another piece": (
        (used("CHIP", "CH-1", pcs("1"), "B-4", serial="C-1"),),
        back("CHIP", "CH-1", pcs("1"), "B-4", serial="C-2"),
        [("over_return", R)],
    ),
    "substitute": ((), used("WHEAT", "W-204", kg("1"), "B-2"), []),
    "lot blocked": ((), used("RYE", "R-7", kg("1"), "B-2"), [("lot_blocked", S)]),
    "lot expired": ((), used("WHEAT", "W-190", kg("1")), [("lot_expired", S)]),
    "not released": (
        (),
        OperationStarted(order="B-7", operation="10"),
        [("order_not_released", S)],
    ),
    "held": ((), OperationStarted(order="B-5", operation="10"), [("order_held", S)]),
    "line unconsumed": (FED[:1], made("1000"), [("line_unconsumed", S)]),
    "over-issue in tolerance": ((), used("WHEAT", "W-204", kg("61.2")), []),
    "over-issue": ((), used("WHEAT", "W-204", kg("61.3")), [("over_issue", C)]),
    "over-issue at the limit": ((), used("WHEAT", "W-204", kg("66")), [("over_issue", C)]),
    "over-issue past the limit": ((), used("WHEAT", "W-204", kg("66.1")), [("over_issue", S)]),
    "scrapped component": ((), used("WHEAT", "W-204", kg("90"), scrapped=True), []),
    "over-production in tolerance": (FED, made("1020"), []),
    "over-production": (FED, made("1021"), [("over_production", C)]),
    "over-production past the limit": (FED, made("1101"), [("over_production", S)]),
    "unknown order": ((), OperationStarted(order="B-99", operation=""), [("unknown_order", S)]),
    "consumed for an unknown order": (
        (),
        used("WHEAT", "W-204", kg("1"), "B-99"),
        [("unknown_target", N)],
    ),
    "other work center": (
        (),
        OperationStarted(order="B-6", operation="20"),
        [("wrong_work_center", C)],
    ),
    "out of sequence": (
        (),
        OperationStarted(order="B-3", operation="20"),
        [("out_of_sequence", C)],
    ),
    "in sequence after something good": (
        (made("10", "B-3"),),
        OperationStarted(order="B-3", operation="20"),
        [],
    ),
    "under-issue": (
        (used("WHEAT", "W-204", kg("50")), FED[1]),
        made("1000"),
        [("under_issue", C)],
    ),
    "enough for what is reported": ((used("WHEAT", "W-204", kg("30")), FED[1]), made("500"), []),
    "lot unknown": ((), used("WHEAT", "W-999", kg("1")), [("lot_unknown", C)]),
    "lot known by use alone": (
        (used("WHEAT", "W-999", kg("1")),),
        used("WHEAT", "W-999", kg("1")),
        [("lot_unknown", C)],
    ),
    "check out of limits": (
        (),
        CheckRecorded(order="B-3", operation="10", check="CORE", value="91.9"),
        [("check_out_of_limits", C)],
    ),
    "check that is no number": (
        (),
        CheckRecorded(order="B-3", operation="10", check="CORE", value="warm"),
        [("check_out_of_limits", C)],
    ),
    "check within limits": (
        (),
        CheckRecorded(order="B-3", operation="10", check="CORE", value="92"),
        [],
    ),
    "steps skipped": ((), OperationEnded(order="B-3", operation="10"), [("step_skipped", C)]),
    "lot short": (
        (),
        used("WHEAT", "W-210", kg("6")),
        [("lot_short", N)],
    ),
    "clock jumped": ((), ClockJumped(seconds=-3600), [("clock_off", N)]),
    "clock nudged": ((), ClockJumped(seconds=5), []),
    "own act taken back": ((stamped(FED[0], act="A"),), EventReversed(of="A"), []),
    "another's act": (
        (stamped(FED[0], operator="paul"),),
        EventReversed(of="A"),
        [("reversal_of_other", S)],
    ),
    "taken back late": (
        (FED[0],),
        stamped(EventReversed(of="A"), at=LATER),
        [("reversal_late", S)],
    ),
    "output used since": (
        (
            MaterialProduced(
                order="B-1", operation="10", material="ROLL", lot="B-1", quantity=pcs("9")
            ),
            used("ROLL", "B-1", pcs("1"), "B-2"),
        ),
        EventReversed(of="A"),
        [("reversal_of_used", S)],
    ),
    "label outstanding": (
        (
            MaterialProduced(
                id="made",
                order="B-1",
                operation="10",
                material="ROLL",
                lot="B-1",
                quantity=pcs("9"),
                label="17",
            ),
        ),
        EventReversed(of="A"),
        [("label_outstanding", N)],
    ),
    "label voided": (
        (
            MaterialProduced(
                id="made",
                order="B-1",
                operation="10",
                material="ROLL",
                lot="B-1",
                quantity=pcs("9"),
                label="17",
            ),
            LabelVoided(label="17", of="made", order="B-1"),
        ),
        EventReversed(of="A"),
        [],
    ),
    "unknown act": ((), EventReversed(of="nothing"), [("unknown_target", N)]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_deviation_has_its_severity(name: str) -> None:
    before, event, wanted = CASES[name]
    shop = floor()
    for place, one in enumerate(before):
        tell(shop, one, act="" if place else "A")
    found = check(shop, mine(event), work_centers=("MIX",))
    assert [(one.name, one.severity) for one in found] == wanted


def test_after_completion_only_the_office_takes_back() -> None:
    shop = floor()
    tell(shop, FED[0], act="fed")
    tell(shop, OperationEnded(order="B-1", operation="10"), act="done")
    soon = check(shop, mine(EventReversed(of="done")))
    right = check(shop, mine(EventReversed(of="done", reason=CORRECTION)))
    late = check(shop, mine(stamped(EventReversed(of="done", reason=CORRECTION), at=LATER)))
    fed = check(shop, mine(EventReversed(of="fed", reason=CORRECTION)))
    assert [one.name for one in soon] == ["reversal_after_end"]
    assert [one.name for one in right] == []
    assert [one.name for one in fed] == ["reversal_after_end"]
    assert [(one.name, one.severity) for one in late] == [
        ("reversal_after_end", R),
        ("reversal_late", S),
    ]


def test_every_severity_of_the_floor_rules_is_the_default() -> None:
    table = {
        R: {
            "not_signed_in",
            "already_ended",
            "serial_seen_before",
            "unit_unknown",
            "reversal_after_end",
            "over_return",
            *("packed_already", "unit_sealed", "unit_empty"),
        },
        S: {
            *("wrong_material", "lot_blocked", "lot_expired", "order_not_released", "order_held"),
            *("line_unconsumed", "over_issue_limit", "over_production_limit", "unknown_order"),
            *("reversal_of_other", "reversal_of_used", "reversal_late", "sealed_elsewhere"),
        },
        C: {
            *("wrong_work_center", "out_of_sequence", "over_issue", "under_issue", "lot_unknown"),
            *("over_production", "check_out_of_limits", "step_skipped", "lot_assumed"),
            *("packed_elsewhere", "over_packed", "carton_unknown"),
        },
        N: {
            *("lot_unknown_offline", "lot_short", "clock_off", "unknown_target"),
            *("label_outstanding", "reprint"),
        },
    }
    assert {name: severity for severity, names in table.items() for name in names} == SEVERITIES


def test_a_lot_that_a_stale_station_does_not_know_is_a_note() -> None:
    (found,) = check(floor(), mine(used("WHEAT", "W-999", kg("1"))), stale=True)
    assert (found.name, found.severity) == ("lot_unknown", N)


def test_a_site_may_change_a_severity() -> None:
    severities = {**SEVERITIES, "lot_expired": Severity.NOTE}
    (found,) = check(floor(), mine(used("WHEAT", "W-190", kg("1"))), severities=severities)
    assert (found.name, found.severity) == ("lot_expired", N)


def test_a_severity_that_the_site_left_out_keeps_its_default() -> None:
    (found,) = check(floor(), mine(used("WHEAT", "W-190", kg("1"))), severities={})
    assert found.severity is S


def test_a_clock_that_is_ahead_is_told_at_sign_in_and_not_with_every_scan() -> None:
    earlier = (TODAY - timedelta(minutes=5)).isoformat()
    assert check(floor(), mine(used("WHEAT", "W-204", kg("1"))), received=earlier) == ()
    event = mine(OperatorSignedIn())
    found = check(floor(), event, received=earlier)
    assert [(one.name, one.severity, one.facts["seconds"]) for one in found] == [
        ("clock_off", N, "300")
    ]
    assert check(floor(), event, received=LATER) == ()


def test_without_work_centers_the_place_is_not_judged() -> None:
    assert check(floor(), mine(OperationStarted(order="B-6", operation="20"))) == ()


def test_the_facts_name_what_was_scanned_what_is_wanted_and_where_it_lies() -> None:
    (found,) = check(floor(), mine(used("RYE", "R-118", kg("25"))))
    assert found.facts == {
        "order": "B-1",
        "product": "Wheat roll",
        "name": "Rye flour",
        "material": "RYE",
        "lot": "R-118",
        "quantity": "25 KG",
        "wanted": "Wheat flour",
        "wanted_material": "WHEAT",
        "fetch_lot": "W-204",
        "fetch_place": "A3",
        "fetch_expiry": day(45),
        "belongs": "B-2",
        "other": "B-2",
    }


def test_what_happened_is_judged_and_never_refused_a_log() -> None:
    shop = floor()
    event = mine(OperationReported(order="", operation="", good=pcs("1")))
    assert [one.name for one in check(shop, event)] == ["unknown_target"]
    assert check(shop, stamped(event, at="yesterday"), received="not a time")
