"""Quantity of a lot scan, numbers before scans, units, stutter, corrections, serials."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kiosk.dialog import NUMBER_SECONDS_MAX, STUTTER_SECONDS, Connected
from labels.codes import CommandCode, DigitCode, LotCode, MaterialCode
from sync.domain.events import (
    EventReversed,
    MaterialConsumed,
    MaterialReceived,
    OrderReleased,
    stamped,
)
from tests.kiosk.dialog.bakery import TODAY, Floor, kg, line, pcs

BAG = ("25", "KGM")


def consumed(floor: Floor) -> list[tuple[str, str]]:
    found = [one for one in floor.turn.events if isinstance(one, MaterialConsumed)]
    return [(one.lot, str(one.quantity)) for one in found]


@pytest.mark.parametrize(
    ("number", "label", "fed", "booked"),
    [
        ("12.5", "25", "", "12.5 KG"),  # 1: a number before the scan
        ("12,5", "", "", "12.5 KG"),
        ("", "25", "", "25 KG"),  # 3: the label's quantity …
        ("", "25", "50", "10 KG"),  # … or the remaining need, the smaller
        ("", "", "", "60 KG"),  # 4: the remaining need
        ("", "", "20", "40 KG"),
    ],
)
def test_the_first_rule_that_applies(
    work: Floor, number: str, label: str, fed: str, booked: str
) -> None:
    if fed:
        work.type(fed)
        work.wheat()
    if number:
        work.type(number)
    work.wheat(label)
    assert consumed(work) == [("W-204", booked)]
    assert work.dialog.number == ""


def test_variable_measure_takes_the_labels_quantity(work: Floor) -> None:
    release = work.order("B-1").release
    assert release is not None
    lines = (line("1", "WHEAT", kg("60"), label_quantity=True), *release.lines[1:])
    work.absorb(stamped(release, id="", revision=2, lines=lines))
    work.type("50")
    work.wheat()
    work.lot("W-210", "WHEAT", "10.4", "KGM")
    assert consumed(work) == [("W-210", "10.4 KG")]


def test_the_answer_shows_booked_label_and_left(work: Floor) -> None:
    work.type("47.5")
    work.wheat("25")
    work.lot("W-210", "WHEAT", "25", "KGM")
    assert work.said.what == "Wheat flour W-210: 12.5 KG in, though only 5 KG were in stock."
    work.command("UNDO")
    work.wheat("25")
    assert work.said.what == (
        "Wheat flour W-204: 12.5 KG of 25 KG on label · 0 KG left · 12.5 KG LEFT IN BAG"
    )


def test_the_same_lot_again_is_the_next_container(work: Floor) -> None:
    work.lot("W-204", "WHEAT", "1", "BAG")
    assert consumed(work) == [("W-204", "25 KG")]
    work.lot("W-204", "WHEAT", "1", "BAG")
    assert (work.said.word, work.said.what) == (
        "BAG 2",
        "Wheat flour W-204: BAG 2 · 25 KG · 10 KG left",
    )
    (event,) = [one for one in work.turn.events if isinstance(one, MaterialConsumed)]
    assert (str(event.scanned), event.factor) == ("1 BAG", "25")


def test_a_full_line_asks_and_that_is_over_issue(work: Floor) -> None:
    work.wheat()
    work.wheat()
    assert work.told == ("stop", "line_full")
    work.wheat("3")
    assert work.told == ("ask", "over_issue")
    work.command("OK")
    assert consumed(work) == [("W-204", "3 KG")]
    (event,) = [one for one in work.turn.events if isinstance(one, MaterialConsumed)]
    assert [(one.deviation, one.by) for one in event.accepted] == [("over_issue", "anna")]
    work.wheat("25")
    assert work.told == ("stop", "over_issue")
    assert work.said.next == "IT IS ALREADY IN: SUPERVISOR BADGE, else scan CANCEL."


def test_a_stutter_books_once_and_only_accepted_codes_are_remembered(work: Floor) -> None:
    code = LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM")
    work.scan(code)
    work.scan(code, STUTTER_SECONDS - 0.1)
    assert work.told == ("note", "stutter")
    work.scan(code, 0.2)
    assert consumed(work) == [("W-204", "25 KG")]
    wrong = LotCode("W-190", "WHEAT", amount=Decimal(1), unit="KGM")
    work.scan(wrong)
    work.scan(CommandCode("CANCEL"), 0.3)
    work.scan(wrong, 0.3)
    assert work.told == ("stop", "lot_expired")


def test_a_number_is_used_once(work: Floor) -> None:
    work.type("5")
    assert work.said.word == "5 KG"
    assert work.said.what == "5 KG of Wheat flour; or 5 PCS for DONE or SCRAP."
    work.wheat()
    work.lot("Y-31", "YEAST")
    assert consumed(work) == [("Y-31", "2 KG")]


@pytest.mark.parametrize("step", ["CANCEL", "order", "badge"])
def test_a_number_is_cleared(work: Floor, step: str) -> None:
    work.type("5")
    if step == "order":
        work.open("B-2")
    elif step == "badge":
        work.badge("paul")
    else:
        work.command(step)
    assert work.dialog.number == ""


def test_a_number_goes_after_half_a_minute_with_a_note(work: Floor) -> None:
    work.type("5")
    work.wait(NUMBER_SECONDS_MAX - 0.5)
    assert work.turn.notice is None
    work.wait(0.5)
    assert work.told == ("note", "number_dropped")
    assert work.dialog.number == ""


def test_digit_codes_make_a_number(work: Floor) -> None:
    for sign in ("1", "2", ".", "5"):
        work.scan(DigitCode(sign))
    assert work.dialog.number == "12.5"
    work.scan(DigitCode("."))
    assert work.told == ("stop", "not_a_number")
    work.wheat("25")
    assert consumed(work) == [("W-204", "12.5 KG")]


@pytest.mark.parametrize(
    ("text", "number", "word"),
    [
        ("12,5", "12.5", "12.5 KG"),
        (".5", "0.5", "0.5 KG"),
        ("00012", "12", "12 KG"),
        ("0", "0", "0 KG"),
        ("999999999999", "999999999999", "NUMBER"),
        ("123456.123456", "123456.123456", "NUMBER"),
    ],
)
def test_a_number_is_never_cut(work: Floor, text: str, number: str, word: str) -> None:
    work.type(text)
    assert (work.dialog.number, work.said.word) == (number, word)
    either = f"{number} KG of Wheat flour; or {number} PCS for DONE or SCRAP."
    assert work.said.what in {f"{number} KG for the next scan.", either}


@pytest.mark.parametrize("text", ["1,000.5", "1 000", "1.000,5", "-3", "1'000", "5."])
def test_thousands_marks_and_the_like_are_not_taken(work: Floor, text: str) -> None:
    work.type(text)
    assert work.told == ("stop", "not_a_number")
    assert work.dialog.number == ""


@pytest.mark.parametrize(("number", "text"), [("1.5", "fraction"), ("0", "number_zero")])
def test_counted_units_take_whole_ones(work: Floor, number: str, text: str) -> None:
    work.type(number)
    work.command("DONE")
    assert work.told == ("stop", text)
    assert work.turn.events == ()


def test_number_and_ok_straight_after_a_booking_correct_it(work: Floor) -> None:
    work.wheat("25")
    work.type("20")
    work.command("OK")
    assert work.told == ("ok", "corrected")
    assert work.said.what == "Wheat flour W-204: 20 KG instead of 25 KG · 40 KG left"
    assert [type(one) for one in work.turn.events] == [EventReversed, MaterialConsumed]
    (state,) = [one for one in work.order("B-1").lines("10") if one.line.material == "WHEAT"]
    assert state.consumed == 20_000_000
    work.type("19")
    work.command("OK")
    assert consumed(work) == [("W-204", "19 KG")]


def test_number_and_ok_after_anything_else_correct_nothing(work: Floor) -> None:
    work.wheat("25")
    work.command("HELP")
    work.open("B-2")
    work.type("20")
    work.command("OK")
    assert work.told == ("stop", "nothing_to_correct")


@pytest.mark.parametrize(
    ("amount", "unit", "told", "booked"),
    [
        ("500", "GRM", ("ok", "consumed_of_label"), [("W-204", "0.5 KG")]),
        ("2", "BAG", ("ok", "consumed_of_label"), [("W-204", "50 KG")]),
        ("1", "PALLET", ("stop", "unit_unknown"), []),
    ],
)
def test_units_convert_exactly_or_are_asked(
    work: Floor, amount: str, unit: str, told: tuple[str, str], booked: list[tuple[str, str]]
) -> None:
    work.wheat(amount, unit)
    assert work.told == told
    assert consumed(work) == booked


def test_an_unknown_unit_is_told_with_what_to_enter(work: Floor) -> None:
    work.wheat("1", "PALLET")
    assert work.said.what == "Wheat flour W-204: label says PALLET, order wants KG."
    assert work.said.next == "Enter KG, then scan it again."
    work.type("12")
    work.wheat("1", "PALLET")
    assert consumed(work) == [("W-204", "12 KG")]


def test_a_spoilt_container_is_lot_scrap_reason(work: Floor) -> None:
    work.wheat("25")
    work.command("SCRAP")
    assert work.told == ("ask", "reason_scrap")
    work.reason("TORN")
    assert work.told == ("ok", "component_scrapped")
    reversal, event = work.turn.events
    assert isinstance(reversal, EventReversed)
    assert isinstance(event, MaterialConsumed)
    assert (event.scrapped, event.reason) == (True, "TORN")
    (state,) = [one for one in work.order("B-1").lines("10") if one.line.material == "WHEAT"]
    assert (state.consumed, state.waste, state.remaining) == (25_000_000, 25_000_000, 60_000_000)


def test_a_spoilt_container_of_a_full_line_is_no_over_issue(work: Floor) -> None:
    work.wheat()
    work.wheat("25")
    assert work.told == ("stop", "over_issue")
    work.command("SCRAP")
    work.reason("TORN")
    assert work.told == ("ok", "component_scrapped")
    (event,) = work.turn.events
    assert event.accepted == ()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (LotCode("SD-5", "SEEDS", amount=Decimal(25), unit="KGM"), ("stop", "wrong_material")),
        (LotCode("R-118", "RYE", amount=Decimal(25), unit="KGM"), ("stop", "lot_of_order")),
        (LotCode("R-118", "RYE"), ("stop", "lot_of_order")),
        (LotCode("W-204"), ("ok", "consumed")),
        (LotCode("W-204", gtin="09521101530018"), ("ok", "consumed")),
        (LotCode("W-999", "WHEAT"), ("ask", "lot_unknown")),
        (LotCode("X-1"), ("stop", "lot_nameless")),
        (MaterialCode("WHEAT"), ("ask", "which_lot")),
        (MaterialCode(gtin="00000000000000"), ("stop", "gtin_unknown")),
        (
            LotCode("W-204", "WHEAT", expiry=TODAY.date() - timedelta(days=1)),
            ("stop", "lot_expired"),
        ),
        (LotCode("W-204", "WHEAT", expiry=date(2030, 1, 1)), ("ok", "consumed")),
    ],
)
def test_each_label_has_its_answer(work: Floor, code: LotCode, told: tuple[str, str]) -> None:
    work.scan(code)
    assert work.told == told


def test_a_wrong_lot_names_what_was_scanned_what_is_wanted_and_where_it_lies(work: Floor) -> None:
    work.lot("R-118", "RYE", *BAG)
    said = work.said
    assert (said.kind, said.word) == ("stop", "WRONG LOT")
    assert said.what == "Rye flour R-118 belongs to order B-2. This order needs Wheat flour."
    assert said.next == "Scan CANCEL, fetch W-204 from A3. IT IS ALREADY IN: SUPERVISOR BADGE"


def test_a_wrong_lot_without_a_quantity_says_where_the_right_one_lies(work: Floor) -> None:
    work.lot("R-118", "RYE")
    assert work.told == ("stop", "lot_of_order")
    assert work.said.next == ("Fetch W-204 from A3. ALREADY IN: enter how much, scan again, badge.")


def test_a_lot_of_another_open_order_names_that_order(work: Floor) -> None:
    work.open("B-2")
    work.open("B-1")
    work.lot("R-118", "RYE", *BAG)
    assert work.told == ("stop", "lot_for_other")
    assert work.said.what == "Rye flour R-118: THIS LOT IS FOR B-2 · SCAN B-2 FIRST"


def test_a_lot_unknown_while_offline_is_a_note(work: Floor) -> None:
    work.give(Connected(online=False, heard="10:42"))
    work.scan(LotCode("W-999", "WHEAT"))
    assert work.told == ("note", "lot_unknown_offline")
    assert consumed(work) == [("W-999", "60 KG")]


def test_a_lot_without_material_is_taken_for_the_one_line_left_when_asked(work: Floor) -> None:
    work.wheat()
    work.give(Connected(online=False))
    work.scan(LotCode("NEW-1"))
    assert work.told == ("ask", "lot_assumed")
    work.command("OK")
    (event,) = [one for one in work.turn.events if isinstance(one, MaterialConsumed)]
    assert (event.material, [one.deviation for one in event.accepted]) == ("YEAST", ["lot_assumed"])


def test_serials_are_one_each_and_once(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-4")
    floor.item("CHIP", "C-1")
    (event,) = [one for one in floor.turn.events if isinstance(one, MaterialConsumed)]
    assert (event.lot, event.serial, str(event.quantity)) == ("CH-1", "C-1", "1 PCS")
    assert floor.said.what == "Thermometer chip C-1: 1 PCS · 1 PCS left"
    floor.item("CHIP", "C-1")
    assert floor.told == ("stop", "serial_seen_before")
    floor.scan(LotCode("CH-1", "CHIP", serial="C-2"))
    assert floor.told[0] == "ok"


def test_more_than_the_lot_holds_is_a_note(work: Floor) -> None:
    work.type("6")
    work.lot("W-210", "WHEAT")
    assert work.told == ("note", "lot_short")
    assert consumed(work) == [("W-210", "6 KG")]


def test_need_follows_a_changed_release(work: Floor) -> None:
    release = work.order("B-1").release
    assert isinstance(release, OrderReleased)
    work.absorb(stamped(release, id="", revision=3, quantity=pcs("1000"), lines=release.lines[:1]))
    work.absorb(MaterialReceived(material="WHEAT", lot="W-300", quantity=kg("10"), place="A3"))
    work.lot("W-300", "WHEAT", "10", "KGM")
    assert consumed(work) == [("W-300", "10 KG")]
