"""Labels that tell half of it, labels that contradict themselves, and what is left in the bag."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec import structs

from kiosk.dialog import STUTTER_SECONDS, expected
from labels.codes import Code, CommandCode, LotCode, MaterialCode, decode, encode
from sync.domain.events import Event, MaterialConsumed, MaterialReceived, OrderReleased, stamped
from tests.kiosk.dialog.bakery import TODAY, Floor, kg, line

WHEAT_GTIN, RYE_GTIN = "09521101530018", "09521101530025"
NO_GTIN = "09521101539998"
BAG = ("25", "KGM")


def booked(floor: Floor) -> list[tuple[str, str, str]]:
    found = [one for one in floor.turn.events if isinstance(one, MaterialConsumed)]
    return [(one.material, one.lot, str(one.quantity)) for one in found]


@pytest.mark.parametrize("article", [MaterialCode("WHEAT"), MaterialCode(gtin=WHEAT_GTIN)])
@pytest.mark.parametrize("number", ["", "12,5"])
def test_an_article_and_its_lot_in_two_scans(
    work: Floor, article: MaterialCode, number: str
) -> None:
    work.scan(article)
    said = work.said
    assert (said.kind, said.word) == ("ask", "WHICH LOT?")
    assert said.what == "WHICH LOT OF Wheat flour? This code tells only the article."
    assert said.next == "Scan the lot's label; W-204 from A3 is to be used first."
    if number:
        work.type(number)
        assert work.said.word == "12.5 KG"
    work.scan(LotCode("W-204", amount=Decimal(25), unit="KGM"))
    assert booked(work) == [("WHEAT", "W-204", "12.5 KG" if number else "25 KG")]
    assert (work.dialog.asking, work.dialog.number) == (None, "")


def test_by_what_scanners_send(work: Floor) -> None:
    work.scan(decode(b"9521101530018", "]E0"))
    assert work.told == ("ask", "which_lot")
    work.scan(decode(encode(LotCode("W-204")).encode(), "]Q1"))
    assert booked(work) == [("WHEAT", "W-204", "60 KG")]
    work.lot("Y-31", "YEAST")
    element = f"01{WHEAT_GTIN}17270106310300400010W-204".encode()
    work.scan(decode(element, "]C1"))
    assert work.told == ("ask", "over_issue")


@pytest.mark.parametrize(
    ("second", "told", "asked"),
    [
        (LotCode("R-118"), ("stop", "lot_of_other"), True),
        (LotCode("R-118", "RYE"), ("stop", "lot_of_order"), False),
        (LotCode("W-204", gtin=NO_GTIN), ("stop", "gtin_unknown"), True),
        (LotCode("NEW-1"), ("ask", "lot_unknown"), True),
        (MaterialCode("WHEAT"), ("ask", "which_lot"), True),
        (CommandCode("OK"), ("stop", "which_lot"), True),
        (MaterialCode("YEAST"), ("ask", "which_lot"), True),
        (CommandCode("CANCEL"), ("note", "cancelled"), False),
    ],
)
def test_the_second_scan_is_compared_with_the_first(
    work: Floor, second: Code, told: tuple[str, str], asked: bool
) -> None:
    work.item("WHEAT")
    work.scan(second)
    assert work.told == told
    assert (work.dialog.asking is not None) is asked
    assert work.turn.events == ()


def test_what_is_expected_while_a_lot_is_asked_or_goes_back(work: Floor) -> None:
    work.item("WHEAT")
    cancel = CommandCode("CANCEL")
    assert expected(work.dialog, work.shop) == (LotCode("W-204"), LotCode("W-210"), cancel)
    work.lot("W-204")
    work.command("RETURN")
    assert expected(work.dialog, work.shop) == (LotCode("W-204", "WHEAT"), cancel)
    work.lot("W-204")
    assert expected(work.dialog, work.shop) == (CommandCode("OK"), cancel)


def test_a_lot_of_another_article_says_whose_it_is(work: Floor) -> None:
    work.item("WHEAT")
    work.lot("R-118")
    assert work.said.what == "R-118 is a lot of Rye flour, not of Wheat flour."
    work.lot("W-204")
    assert booked(work) == [("WHEAT", "W-204", "60 KG")]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (LotCode("W-204", gtin=RYE_GTIN), ("stop", "lot_of_order")),
        (LotCode("W-204", "WHEAT", gtin=RYE_GTIN), ("stop", "gtin_other")),
        (LotCode("W-204", gtin=NO_GTIN), ("stop", "gtin_unknown")),
        (LotCode("Y-31", gtin=NO_GTIN), ("ask", "lot_assumed")),
        (LotCode("W-204", "WHEAT", gtin=WHEAT_GTIN), ("ok", "consumed")),
    ],
)
def test_the_gtin_in_a_code_is_compared(work: Floor, code: LotCode, told: tuple[str, str]) -> None:
    work.scan(code)
    assert work.told == told
    assert (not work.turn.events) is (told[0] != "ok")


def test_a_lot_number_that_two_articles_have_is_asked(work: Floor) -> None:
    for material in ("WHEAT", "YEAST"):
        work.absorb(MaterialReceived(material=material, lot="L-1", quantity=kg("90")))
    work.lot("L-1")
    assert work.told == ("stop", "lot_several")
    assert work.said.what == "Lot L-1 is there of Wheat flour and of Fresh yeast."
    work.item("YEAST")
    work.lot("L-1")
    assert booked(work) == [("YEAST", "L-1", "2 KG")]


def test_a_lot_number_that_only_one_wanted_article_has_is_that(work: Floor) -> None:
    for material in ("WHEAT", "RYE"):
        work.absorb(MaterialReceived(material=material, lot="L-1", quantity=kg("90")))
    work.lot("L-1")
    assert booked(work) == [("WHEAT", "L-1", "60 KG")]


@pytest.mark.parametrize(
    ("first", "code", "word", "what"),
    [
        (
            "47.5",
            LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM"),
            "IN, NO. 2",
            "Wheat flour W-204: no. 2 · 12.5 KG of 25 KG · 0 KG left · 12.5 KG LEFT IN IT",
        ),
        (
            "",
            LotCode("W-204", "WHEAT", amount=Decimal(80), unit="KGM"),
            "IN",
            "Wheat flour W-204: 60 KG of 80 KG on label · 0 KG left · 20 KG LEFT IN BAG",
        ),
        (
            "",
            LotCode("W-204", "WHEAT", amount=Decimal(3), unit="BAG"),
            "IN",
            "Wheat flour W-204: 60 KG of 3 BAG · 0 KG left · 15 KG LEFT IN BAG",
        ),
        (
            "",
            LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM"),
            "IN",
            "Wheat flour W-204: 25 KG of 25 KG on label · 35 KG left",
        ),
    ],
)
def test_what_is_left_in_the_container_is_told(
    work: Floor, first: str, code: LotCode, word: str, what: str
) -> None:
    if first:
        work.type(first)
        work.wheat()
    work.scan(code)
    assert (work.said.word, work.said.what) == (word, what)


def test_a_number_less_than_the_label_leaves_the_rest(work: Floor) -> None:
    work.type("10")
    work.wheat("25")
    assert work.said.what == (
        "Wheat flour W-204: 10 KG of 25 KG on label · 50 KG left · 15 KG LEFT IN BAG"
    )


def test_a_substitute_is_named(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-2")
    floor.wheat("25")
    assert floor.said.what == "Wheat flour W-204: 25 KG instead of Rye flour · 75 KG left"


@pytest.fixture
def boxes(floor: Floor) -> Floor:
    """B-4: two boxes with a chip each, numbered piece by piece."""
    floor.badge("anna")
    floor.open("B-4")
    return floor


def test_each_piece_is_known_by_what_went_into_it(boxes: Floor) -> None:
    for box, chip in (("X-1", "C-1"), ("X-2", "C-2")):
        boxes.item("BOX", box)
        boxes.item("CHIP", chip)
        assert boxes.said.what == f"Thermometer chip {chip}: 1 PCS into {box} · " + (
            "1 PCS left" if chip == "C-1" else "0 PCS left"
        )
    boxes.command("DONE")
    order = boxes.order("B-4")
    assert order.as_built("X-1") == (("CHIP", "CH-1", "C-1"),)
    assert order.as_built("X-2") == (("CHIP", "CH-1", "C-2"),)


def test_what_came_back_is_not_in_a_piece(boxes: Floor) -> None:
    boxes.item("BOX", "X-1")
    boxes.item("CHIP", "C-1")
    boxes.command("RETURN")
    boxes.item("CHIP", "C-1")
    boxes.item("CHIP", "C-3")
    assert boxes.order("B-4").as_built("X-1") == (("CHIP", "CH-1", "C-3"),)


def test_pieces_are_scanned_one_by_one(boxes: Floor) -> None:
    boxes.lot("CH-1", "CHIP")
    assert boxes.told == ("stop", "serial_missing")
    boxes.type("2")
    boxes.item("CHIP", "C-1")
    assert boxes.told == ("stop", "serial_one")
    boxes.command("CANCEL")
    boxes.item("CHIP", "C-1")
    boxes.item("CHIP", "C-1")
    assert boxes.told == ("stop", "serial_seen_before")
    boxes.item("BOX", "X-1")
    boxes.item("BOX", "X-1")
    assert boxes.told == ("stop", "serial_seen_before")


def test_a_tolerance_in_percent_is_of_each_line(work: Floor) -> None:
    release = work.order("B-1").release
    assert isinstance(release, OrderReleased)
    loose = line("1", "WHEAT", kg("60"))
    lines = (structs.replace(loose, tolerance_percent="10"), *release.lines[1:])
    fresh: Event = stamped(release, id="", revision=2, lines=lines)
    work.absorb(fresh)
    work.type("66")
    work.wheat()
    assert work.told == ("ok", "consumed")
    work.type("2,1")
    work.lot("Y-31", "YEAST")
    assert work.told == ("ask", "over_issue")


def test_an_expired_lot_says_since_when(work: Floor) -> None:
    work.lot("W-190", "WHEAT", *BAG)
    assert work.told == ("stop", "lot_expired")
    expired = (TODAY.date() - timedelta(days=2)).isoformat()
    assert work.notice.facts["expiry"] == expired
    assert work.said.next.startswith("Scan CANCEL, fetch W-204 from A3.")


@pytest.mark.parametrize(
    ("code", "tail"),
    [
        (LotCode("Y-31", "YEAST"), "· TOO MUCH? NOT BOOKED"),
        (LotCode("R-118", "RYE"), "· TOO MUCH? NOT BOOKED"),
    ],
)
def test_a_question_that_another_scan_drops_is_named(work: Floor, code: LotCode, tail: str) -> None:
    work.wheat()
    work.wheat("3")
    assert work.told == ("ask", "over_issue")
    work.scan(code)
    assert work.said.what.endswith(tail)
    work.type("1")
    assert work.notice.dropped == ""


def test_a_typed_number_that_drops_a_question_says_so(work: Floor) -> None:
    work.wheat()
    work.wheat("3")
    work.type("1")
    assert work.said.what.endswith("· TOO MUCH? NOT BOOKED")
    assert work.dialog.asking is None


def test_ok_again_answers_a_new_question_at_once(work: Floor) -> None:
    work.wheat("25")
    work.command("OK")
    work.scan(CommandCode("OK"), STUTTER_SECONDS - 0.2)
    assert work.told == ("note", "stutter")
    work.wheat()
    work.scan(CommandCode("OK"), 2)
    over = LotCode("W-204", "WHEAT", amount=Decimal(3), unit="KGM")
    work.scan(over, 0.4)
    assert work.told == ("ask", "over_issue")
    work.scan(CommandCode("OK"), 0.4)
    assert booked(work) == [("WHEAT", "W-204", "3 KG")]
    work.scan(CommandCode("OK"), 0.4)
    assert work.told == ("note", "stutter")
