"""PRINT: doubts answered by scan, copies with their reason, labels voided."""

from dataclasses import replace

import pytest

from kiosk.dialog import Key
from kiosk.dialog.printing import listed
from labels.codes import BadgeCode, LabelCode, LotCode
from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelPrinted,
    LabelRequested,
    LabelVoided,
    MaterialProduced,
    ReasonDefined,
    stamped,
)
from sync.domain.label_jobs import doubts
from tests.kiosk.dialog.bakery import Floor


@pytest.fixture
def made(work: Floor) -> Floor:
    """Two labels of B-1: 1 came out, 2 did too."""
    work.wheat("60")
    work.lot("Y-31", "YEAST", "2", "KGM")
    for _ in range(2):
        work.type("100")
        work.command("DONE")
    for event in outputs(work):
        tell(work, LabelPrinted(label=event.label, of=event.id, order="B-1", copy_number=1))
    return work


def outputs(floor: Floor) -> list[MaterialProduced]:
    return [one for one in floor.events if isinstance(one, MaterialProduced)]


def tell(floor: Floor, event: Event) -> None:
    floor.absorb(stamped(event, station="BAKE-1"))


def in_doubt(floor: Floor) -> MaterialProduced:
    """A third label, of which nobody knows."""
    floor.type("50")
    floor.command("DONE")
    event = outputs(floor)[-1]
    tell(floor, LabelDoubted(label=event.label, of=event.id, order="B-1", why="power"))
    return event


def test_a_doubt_holds_up_no_scan_and_is_asked_where_print_is_open(made: Floor) -> None:
    event = in_doubt(made)
    made.type("10")
    made.command("DONE")
    assert made.told == ("ok", "partial")
    made.command("PRINT")
    assert made.told == ("ask", "doubt_asked")
    assert made.said.what == "DID LABEL 3 COME OUT? Wheat roll, lot B-1, 50 PCS."
    made.command("OK")
    (told,) = made.turn.events
    assert isinstance(told, LabelPrinted)
    assert (told.label, told.of, told.copy_number, told.reason) == ("3", event.id, 1, "came out")
    assert doubts(made.shop, "BAKE-1") == ()


def test_print_says_that_it_did_not_come_out(made: Floor) -> None:
    event = in_doubt(made)
    made.command("PRINT")
    made.command("PRINT")
    (told,) = made.turn.events
    assert isinstance(told, LabelRequested)
    assert (told.label, told.of, told.reason) == ("3", event.id, "did not come out")
    assert made.told == ("ok", "doubt_again")
    assert doubts(made.shop, "BAKE-1") == ()


def test_the_label_itself_proves_that_it_came_out(made: Floor) -> None:
    event = in_doubt(made)
    made.scan(LabelCode("3"))
    (told,) = made.turn.events
    assert isinstance(told, LabelPrinted)
    assert told.of == event.id
    made.scan(LabelCode("3"))
    assert made.told == ("stop", "label_valid")


def test_each_doubt_is_asked_after_the_other(made: Floor) -> None:
    in_doubt(made)
    in_doubt(made)
    made.command("PRINT")
    made.command("OK")
    assert made.told == ("ask", "doubt_asked")
    assert made.said.what.startswith("DID LABEL 4 COME OUT?")
    made.wheat("25")
    assert made.dialog.asking is None or made.dialog.asking.wanted != "doubt"
    assert len(doubts(made.shop, "BAKE-1")) == 1


def test_print_twice_prints_a_copy_of_the_last_label(made: Floor) -> None:
    made.command("PRINT")
    assert made.told == ("note", "print_selected")
    assert made.dialog.body == "prints"
    made.command("PRINT")
    assert made.told == ("ask", "reprint_why")
    assert made.said.what == "Copy 2 of label 2: Wheat roll, lot B-1, 100 PCS."
    made.type("2")
    (told,) = made.turn.events
    assert isinstance(told, LabelRequested)
    assert (told.label, told.of, told.reason) == ("2", outputs(made)[1].id, "LOST")
    assert told.printer == ""
    assert made.told == ("ok", "reprint_asked")
    assert str(made.dialog.body) == "order"


@pytest.mark.parametrize("code", [LabelCode("1"), LabelCode("1", "BAKE-1")])
def test_a_scanned_label_is_the_one_that_is_copied(made: Floor, code: LabelCode) -> None:
    made.command("PRINT")
    made.scan(code)
    assert made.told == ("ask", "reprint_why")
    made.command("OK")
    (told,) = made.turn.events
    assert isinstance(told, LabelRequested)
    assert (told.label, told.reason) == ("1", "DAMAGED")


def test_arrows_numbers_and_the_lot_choose_too(made: Floor) -> None:
    made.command("PRINT")
    made.give(Key("down"))
    assert made.said.what.startswith("Wheat roll: label 1 of lot B-1")
    made.type("2")
    assert made.dialog.selected == 1
    made.type("1")
    assert made.dialog.selected == 0
    made.scan(LotCode("B-1", "ROLL"))
    assert made.told == ("ask", "reprint_why")


def test_another_printer_is_a_choice(made: Floor) -> None:
    place = replace(made.dialog.workplace, printers=("line", "office"))
    made.dialog = replace(made.dialog, workplace=place)
    made.command("PRINT")
    made.command("PRINT")
    made.command("OK")
    assert made.told == ("ask", "which_printer")
    made.type("3")
    (told,) = made.turn.events
    assert isinstance(told, LabelRequested)
    assert told.printer == "office"


def test_the_site_has_reasons_of_its_own(made: Floor) -> None:
    made.absorb(ReasonDefined(reason="WET", revision=1, text="Got wet", group="reprint"))
    made.command("PRINT")
    made.command("PRINT")
    made.reason("WET")
    (told,) = made.turn.events
    assert isinstance(told, LabelRequested)
    assert told.reason == "WET"


def test_undo_and_a_scan_void_any_label(made: Floor) -> None:
    made.command("PRINT")
    made.command("UNDO")
    assert made.told == ("ask", "void_scan")
    made.scan(LabelCode("1"))
    assert made.told == ("ask", "void_why")
    made.command("OK")
    (told,) = made.turn.events
    assert isinstance(told, LabelVoided)
    assert (told.label, told.of, told.reason) == ("1", outputs(made)[0].id, "DAMAGED")
    made.command("PRINT")
    made.scan(LabelCode("1"))
    assert made.told == ("stop", "reprint_void")
    assert [one.state for _, one in listed(made.dialog, made.shop)] == ["printed", "voided"]


def test_a_label_that_waits_or_is_not_here_gets_no_copy(made: Floor) -> None:
    made.type("10")
    made.command("DONE")
    made.command("PRINT")
    made.command("PRINT")
    assert made.told == ("stop", "reprint_waits")
    made.scan(LabelCode("77"))
    assert made.told == ("stop", "label_unknown")


def test_a_station_without_labels_says_so(work: Floor) -> None:
    work.command("PRINT")
    assert work.told == ("note", "body_prints")
    work.command("PRINT")
    assert work.told == ("stop", "print_nothing")
    work.command("CANCEL")
    assert work.dialog.body == "order"


def test_nobody_asks_for_a_copy(floor: Floor) -> None:
    floor.command("PRINT")
    assert floor.dialog.body == "prints"
    floor.command("PRINT")
    assert floor.told[0] == "stop"
    floor.scan(BadgeCode("4402917386"))
    assert floor.dialog.person == "anna"
