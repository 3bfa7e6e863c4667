"""PACK, what goes onto a logistic unit, and SEAL: cartons and pallets by scan."""

from dataclasses import replace

import msgspec
import pytest

from kiosk.dialog import begin, kept
from labels.codes import CommandCode, LabelCode, LotCode, OrderCode, UnitCode
from sync.domain.events import (
    EventReversed,
    LabelPrinted,
    LabelRule,
    LabelVoided,
    MaterialProduced,
    NumbersGranted,
    UnitClosed,
    UnitPacked,
    stamped,
)
from sync.domain.packing import closing, contents, stands_on
from tests.kiosk.dialog.bakery import Floor, pcs

ORIGIN = "9f86d081"


@pytest.fixture
def made(work: Floor) -> Floor:
    """480 rolls of B-1 are made; numbers of units are granted."""
    place = replace(work.dialog.workplace, origin=ORIGIN)
    work.dialog = replace(work.dialog, workplace=place)
    work.absorb(NumbersGranted(origin=ORIGIN, kind="sscc", first=17, last=40))
    work.wheat("60")
    work.lot("Y-31", "YEAST", "2", "KGM")
    work.type("480")
    work.command("DONE")
    return work


def packed(floor: Floor) -> UnitPacked:
    (event,) = (one for one in floor.turn.events if isinstance(one, UnitPacked))
    return event


def test_cartons_are_packed_and_sealed_by_scan(made: Floor) -> None:
    made.command("PACK")
    assert made.told == ("ok", "packing_begun")
    assert (made.dialog.packing, made.dialog.body, made.turn.events) == ("", "packing", ())
    made.type("120")
    made.lot("B-1")
    event = packed(made)
    assert (event.unit, event.order, event.material, event.lot) == ("U-17", "B-1", "ROLL", "B-1")
    assert event.quantity == pcs("120")
    assert made.said.word == "ON IT: 1"
    assert made.said.what == "Wheat roll B-1: 120 PCS on U-17 · 120 PCS of 480 PCS packed"
    assert made.said.next.startswith("Scan the next thing; SEAL")
    made.lot("B-1", "ROLL", "40", "C62")
    assert packed(made).quantity == pcs("40")
    made.command("SEAL")
    (closed,) = made.turn.events
    assert isinstance(closed, UnitClosed)
    assert (closed.unit, closed.order) == ("U-17", "B-1")
    assert made.said.word == "SEALED"
    assert made.said.what.startswith("Wheat roll: unit U-17 is sealed, 2 on it, 160 PCS.")
    assert (made.dialog.packing, made.dialog.body) == (None, "order")
    made.command("PACK")
    made.lot("B-1")
    assert (packed(made).unit, packed(made).quantity) == ("U-18", pcs("320"))


def test_cartons_go_onto_a_pallet(made: Floor) -> None:
    for _ in range(2):
        made.command("PACK")
        made.type("100")
        made.lot("B-1")
        made.command("SEAL")
    made.command("PACK")
    made.scan(UnitCode("U-17"))
    assert made.told == ("ok", "packed_unit")
    assert made.said.what == "Unit U-17 stands on U-19 now. 100 PCS"
    made.scan(UnitCode("U-18"))
    made.scan(UnitCode("U-18"))
    assert made.told == ("stop", "packed_already")
    made.command("SEAL")
    assert [one.packed_unit for one in contents(made.shop, "U-19")] == ["U-17", "U-18"]
    assert (stands_on(made.shop, "U-17"), stands_on(made.shop, "U-19")) == ("U-19", "")
    made.scan(UnitCode("U-19"))
    assert made.told == ("note", "unit_told")
    made.scan(UnitCode("340123450000000017"))
    assert made.told == ("stop", "unit_new")


def test_what_stands_elsewhere_is_moved_when_it_is_confirmed(made: Floor) -> None:
    made.command("PACK")
    made.type("100")
    made.lot("B-1")
    made.command("SEAL")
    made.command("PACK")
    made.scan(UnitCode("U-17"))
    made.command("CANCEL")
    assert made.told == ("note", "packing_left")
    made.command("PACK")
    assert made.told == ("ask", "which_unit")
    assert made.dialog.asking is not None
    assert [one.code for one in made.dialog.asking.choices] == ["U-18", "NEW"]
    made.type("2")
    made.scan(UnitCode("U-17"))
    assert made.told == ("ask", "packed_elsewhere")
    made.command("OK")
    back, event = made.turn.events
    assert isinstance(back, EventReversed)
    assert isinstance(event, UnitPacked)
    assert (event.unit, event.packed_unit) == ("U-19", "U-17")
    assert stands_on(made.shop, "U-17") == "U-19"
    made.command("SEAL")
    made.command("PACK")
    made.scan(UnitCode("U-17"))
    assert made.told == ("stop", "sealed_elsewhere")
    made.badge("eva")
    assert made.told[0] == "ok"
    assert stands_on(made.shop, "U-17") == "U-20"


def test_more_than_was_made_is_asked(made: Floor) -> None:
    made.command("PACK")
    made.type("500")
    made.lot("B-1")
    assert made.told == ("ask", "over_packed")
    assert made.said.what == "Wheat roll B-1: 500 PCS would be packed, 480 PCS are made."
    made.command("CANCEL")
    assert made.dialog.packing == ""
    made.lot("B-1")
    made.lot("B-1")
    assert made.told == ("stop", "number_wanted")


def test_undo_takes_one_off_and_opens_a_sealed_unit(made: Floor) -> None:
    made.command("PACK")
    made.type("100")
    made.lot("B-1")
    made.type("50")
    made.lot("B-1")
    made.command("UNDO")
    assert made.told == ("ok", "undone_packed")
    assert made.said.what == "Wheat roll B-1 50 PCS is off unit U-17 again."
    assert [one.quantity for one in contents(made.shop, "U-17")] == [pcs("100")]
    made.command("SEAL")
    closed = made.events[-1]
    made.absorb(
        LabelPrinted(label="U-17", of=closed.id, order="B-1", station="BAKE-1", copy_number=1)
    )
    made.command("UNDO")
    assert made.told == ("note", "label_wanted")
    assert made.dialog.packing == "U-17"
    made.scan(UnitCode("U-17"))
    (voided,) = made.turn.events
    assert isinstance(voided, LabelVoided)
    assert (voided.label, voided.of) == ("U-17", closed.id)
    assert closing(made.shop, "U-17") is None
    made.command("SEAL")
    assert made.told == ("ok", "sealed")


def test_components_still_go_into_the_order(work: Floor) -> None:
    work.command("PACK")
    work.wheat("25")
    assert work.told == ("ok", "consumed_of_label")
    assert work.dialog.body == "packing"
    work.command("CANCEL")
    assert (work.told, work.dialog.packing) == (("note", "packing_left_empty"), None)


def test_a_batch_label_says_how_much(made: Floor) -> None:
    made.command("PACK")
    made.scan(LabelCode("1"))
    assert packed(made).quantity == pcs("480")


def test_one_of_several_labels_says_its_own_share_and_a_void_one_nothing(work: Floor) -> None:
    release = work.shop.orders["B-1"].release
    assert release is not None
    rule = LabelRule(label="per_n", per=48)
    work.absorb(msgspec.structs.replace(release, revision=9, label=rule, id="", n=0))
    work.wheat("60")
    work.lot("Y-31", "YEAST", "2", "KGM")
    work.type("120")
    work.command("DONE")
    (event,) = (one for one in work.events if isinstance(one, MaterialProduced))
    made = stamped(LabelPrinted(label="1-3", of=event.id, order="B-1"), station="BAKE-1")
    work.absorb(made)
    work.scan(LabelCode("1-3"))
    assert work.told == ("stop", "label_valid")
    assert work.said.what.startswith("Label 1-3 tells 24 PCS of lot B-1")
    work.absorb(stamped(LabelVoided(label="1-3", of=event.id, order="B-1"), station="BAKE-1"))
    work.wait(2)
    work.scan(LabelCode("1-3"))
    assert work.told == ("note", "label_void_already")
    work.command("PACK")
    work.scan(LabelCode("1-1"))
    assert packed(work).quantity == pcs("48")
    work.wait(2)
    work.scan(LabelCode("1-3"))
    assert work.told == ("note", "label_void_already")


def test_packing_goes_on_after_the_order_is_done(made: Floor) -> None:
    made.type("520")
    made.command("DONE")
    assert made.dialog.order is None
    made.command("PACK")
    made.type("1000")
    made.lot("B-1")
    assert packed(made).quantity == pcs("1000")
    made.command("UNDO")
    assert made.told == ("ok", "undone_packed")


def test_an_unknown_lot_and_an_unknown_unit_are_asked(made: Floor) -> None:
    made.command("PACK")
    made.type("5")
    made.lot("B-99", "LOAF")
    assert made.told == ("ask", "lot_unknown")
    made.command("OK")
    assert (packed(made).order, packed(made).quantity) == ("", pcs("5"))
    made.scan(UnitCode("340123450000000017"))
    assert made.told == ("ask", "carton_unknown")
    made.command("OK")
    assert packed(made).packed_unit == "340123450000000017"


def test_an_sscc_where_the_office_has_a_company_prefix(made: Floor) -> None:
    made.absorb(NumbersGranted(origin=ORIGIN, kind="sscc", first=100, last=140, prefix="34012345"))
    made.command("PACK")
    made.lot("B-1")
    assert packed(made).unit == "340123450000001007"


def test_a_restart_goes_on_with_the_unit(made: Floor) -> None:
    made.command("PACK")
    made.type("5")
    made.lot("B-1")
    made.restart()
    assert (made.dialog.packing, made.dialog.body) == ("U-17", "packing")
    memory = kept(made.dialog)
    made.command("SEAL")
    assert begin(made.dialog.workplace, made.shop, memory).packing is None


@pytest.mark.parametrize(("command", "answer"), [("SEAL", "seal_what"), ("PACK", "packing_begun")])
def test_what_the_commands_say_at_first(made: Floor, command: str, answer: str) -> None:
    made.scan(CommandCode(command))
    assert made.notice.text == answer


def test_nothing_is_sealed_empty_or_with_a_number_that_waits(made: Floor) -> None:
    made.command("PACK")
    made.command("SEAL")
    assert made.told == ("stop", "unit_empty")
    made.type("5")
    made.command("SEAL")
    assert made.told == ("stop", "seal_number")


def test_nobody_packs(floor: Floor) -> None:
    floor.command("PACK")
    assert floor.told == ("stop", "not_signed_in")
    floor.badge("anna")
    floor.command("PACK")
    floor.badge("anna")
    assert floor.dialog.packing is None
    floor.scan(LotCode("B-1"))
    assert floor.turn.refused


def test_what_goes_onto_pallets_has_no_label_of_its_own(work: Floor) -> None:
    release = work.order("B-1").release
    assert release is not None
    work.absorb(stamped(release, id="", revision=9, label=LabelRule(label="per_pallet")))
    work.scan(OrderCode("B-1"))
    work.command("OK")
    work.wheat("60")
    work.lot("Y-31", "YEAST", "2", "KGM")
    work.type("480")
    work.command("DONE")
    (output,) = (one for one in work.turn.events if isinstance(one, MaterialProduced))
    assert output.label == ""
    assert work.said.next == "Scan PACK, then what goes onto the pallet."
