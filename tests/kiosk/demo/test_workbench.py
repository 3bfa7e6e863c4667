"""What lies on the workbench, what fits the next step, and how it looks in few cells."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len

from kiosk.demo.bench_text import PAPER, Cell, label_lines, pages, paper, table
from kiosk.demo.factory import Factory
from kiosk.demo.virtual_printer import PrintedLabel, Symbol
from kiosk.demo.workbench import COMMANDS, LETTERS, Thing, fitting, in_sight, things
from labels.codes import Code, CommandCode, LotCode, MaterialCode, OrderCode

TODAY = date(2026, 11, 22)
NAMES = ("bakery", "machining", "electronics")


def laid(name: str, station: int = 0) -> tuple[Thing, ...]:
    factory = Factory.named(name, TODAY)
    return things(factory, factory.stations[station])


def cells(laid_out: Sequence[Thing], following: str = "") -> list[Cell]:
    return [Cell(one.letter, one.title, one.remark, one.letter == following) for one in laid_out]


@pytest.mark.parametrize("name", NAMES)
def test_badges_orders_lots_and_commands_each_have_a_letter(name: str) -> None:
    found = laid(name)
    assert [one.letter for one in found] == list(LETTERS[: len(found)])
    titles = [one.title for one in found]
    assert set(COMMANDS) < set(titles)
    assert [one.remark for one in found[:2]] == ["", "supervisor"]
    wrong = [one for one in found if one.wrong_for]
    first = next(one.code for one in found if isinstance(one.code, OrderCode))
    assert [one.wrong_for for one in wrong] == [first.number]


@pytest.mark.parametrize("name", NAMES)
def test_every_piece_and_every_lot_is_found_when_it_is_expected(name: str) -> None:
    factory = Factory.named(name, TODAY)
    found = laid(name)
    here = {one.code for one in found}
    for row in factory.stock:
        serials = [one for one in row["serials"].split(";") if one]
        wanted = [LotCode(row["lot"], row["material"], serial=one) for one in serials]
        for code in wanted or [LotCode(row["lot"], row["material"])]:
            thing = fitting(found, [code])
            if thing is not None:
                assert (code.serial or code.lot) in thing.title
            else:
                assert not any(row["lot"] == getattr(one, "lot", "") for one in here)


def test_a_piece_with_another_number_does_not_fit() -> None:
    found = laid("electronics")
    assert fitting(found, [LotCode("BD-LOT", "BOARD", serial="none")]) is None
    assert fitting(found, [CommandCode("END")]) is None


def test_of_numbered_pieces_the_last_used_and_the_next_are_in_sight() -> None:
    found = laid("electronics")
    boards = [one for one in found if "board" in one.title]
    used: set[Code] = set()

    def seen() -> list[str]:
        return [one.title[-1] for one in in_sight(found, used.__contains__) if one in boards]

    assert seen() == ["1"]
    used |= {boards[0].code, boards[1].code}
    assert seen() == ["2", "3"]
    used |= {one.code for one in boards}
    assert seen() == ["6"]
    others = [one for one in found if not isinstance(one.code, MaterialCode) or one not in boards]
    assert set(others) > set(in_sight(found, used.__contains__)) - set(boards)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "rows"), [(78, 7), (59, 12), (118, 12)])
def test_every_thing_is_to_be_seen(name: str, width: int, rows: int) -> None:
    seen = in_sight(laid(name), lambda _code: False)
    shown = table(cells(seen, "c"), width, rows).plain
    lines = shown.split("\n")
    assert len(lines) == rows
    assert max(map(cell_len, lines)) <= width
    for thing in seen:
        assert f"{thing.letter} " in shown
    assert shown.count("▶") == 1
    assert "DONE" in shown


@pytest.mark.parametrize(
    ("title", "remark", "width", "shown"),
    [
        ("Sunflower seeds SD-2", "expired", 34, " n Sunflower seeds SD-2 (expired) "),
        ("Sunflower seeds SD-2", "expired", 28, " n Sunflowe… SD-2 (expired) "),
        ("Badge Eva Holm", "supervisor", 24, " n Badge … (supervisor) "),
        ("Badge Eva Holm", "supervisor", 14, " n Badge Eva… "),
        ("DONE", "", 9, " n DONE  "),
    ],
)
def test_a_name_gives_way_before_the_code_at_its_end(
    title: str, remark: str, width: int, shown: str
) -> None:
    assert Cell("n", title, remark).fitted(slim=True, width=width) == shown.ljust(width)


def test_more_things_than_fit_are_turned_over_in_pages() -> None:
    many = [Cell(letter, f"Thing {letter}", is_next=letter == "z") for letter in LETTERS]
    assert len(pages(many, 48, 6)) == 4
    home = table(many, 48, 6).plain
    assert "▶ z" in home or "▶z" in home
    assert "page 2 of 4" in home
    assert "page 3 of 4" in table(many, 48, 6, turned=1).plain
    assert "page 1 of 4" in table(many, 48, 6, turned=-1).plain


def test_a_label_is_told_in_codes_and_in_words(tmp_path: Path) -> None:
    symbols = (
        Symbol("LOB-1+ROLL+1000+C62+261125R", "]d1", "DataMatrix"),
        Symbol("LOB-16", "]C0", "Code128"),
        Symbol("LB19", "]d1", "DataMatrix"),
        Symbol("\x1b[2J", "]d1", "DataMatrix"),
    )
    label = PrintedLabel(1, "job", str(tmp_path / "label-0001.png"), symbols)
    lines = label_lines(label, 28)
    assert lines[:6] == [
        "LABEL 1 CAME OUT",
        "LOB-1+ROLL+1000+C62+261125R",
        "= lot B-1, 1000 PCS, use by",
        "25 Nov 2026",
        "LOB-16 = lot B-1",
        "LB19 = label 1",
    ]
    assert "\x1b" not in "".join(lines)
    assert "label-0001.png in" in lines
    assert "".join(lines).endswith(str(tmp_path))
    assert max(map(len, lines)) <= 28
    broken = PrintedLabel(2, "job", "", (), "no symbol in it")
    assert label_lines(broken, 40) == ["LABEL 2 CAME OUT", "Not drawn: no symbol in it"]


def test_a_picture_is_paper_in_half_blocks(tmp_path: Path) -> None:
    image = Image.new("1", (800, 600), 1)
    image.paste(0, (0, 0, 800, 300))
    image.save(tmp_path / "label.png")
    drawn = paper(tmp_path / "label.png", 40, 12)
    lines = drawn.plain.split("\n")
    assert (len(lines), {len(line) for line in lines}) == (12, {32})
    assert (lines[0], lines[-1]) == ("█" * 32, " " * 32)
    assert {str(span.style) for span in drawn.spans} == {PAPER}
    assert len(paper(tmp_path / "label.png", 12, 12).plain.split("\n")[0]) == 12
