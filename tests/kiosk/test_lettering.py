"""Big words: what fits is drawn, and what cannot be drawn stays readable."""

from pathlib import Path

import pytest
import reportlab
from hypothesis import given
from hypothesis import strategies as st

from kiosk.lettering import FACES, GLYPH_FILE, SIGNS, big, doubled, faces, glyph_lines


def test_a_word_is_drawn_in_the_largest_letters_that_fit() -> None:
    assert big("OK", 5, 78).splitlines() == [
        "  ▄████▄    ███ ▄██▀ ",
        " ██▀  ▀██   █████▀   ",
        " ██    ██   █████    ",
        " ██▄  ▄██   ███▀██▄  ",
        "  ▀████▀    ███  ▀██▄",
    ]


@pytest.mark.parametrize(
    ("text", "rows", "width", "height"),
    [
        ("STOP", 9, 118, 9),
        ("STOP", 5, 78, 5),
        ("WRONG LOT", 9, 118, 9),
        ("NOT RELEASED", 9, 118, 5),
        ("NOT RELEASED", 5, 78, 4),
        ("520 PCS", 5, 78, 5),
        ("37.5 KG", 9, 118, 9),
        ("ÖFFNEN", 5, 78, 5),
    ],
)
def test_words_of_twelve_letters_fit(text: str, rows: int, width: int, height: int) -> None:
    lines = big(text, rows, width).splitlines()
    assert len(lines) == height
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines[0]) <= width
    assert set("".join(lines)) <= set(" ▀▄█")


@pytest.mark.parametrize("text", ["", "日本", "A\x1bB", "W" * 60])
def test_what_has_no_glyph_or_no_room_stays_plain(text: str) -> None:
    assert big(text, 5, 78) == text


@given(st.text(SIGNS + " ", max_size=14), st.integers(0, 12), st.integers(0, 200))
def test_never_larger_than_asked(text: str, rows: int, width: int) -> None:
    drawn = big(text, rows, width)
    if drawn != text:
        lines = drawn.split("\n")
        assert len(lines) <= rows
        assert max(map(len, lines)) <= width


def test_the_shipped_file_is_what_the_font_gives() -> None:
    font = Path(reportlab.__file__).with_name("fonts") / "VeraBd.ttf"
    assert GLYPH_FILE.read_text(encoding="utf-8").splitlines()[1:] == glyph_lines(font)


def test_every_face_has_every_sign() -> None:
    assert {face: set(glyphs) for face, glyphs in faces().items()} == {
        face: set(SIGNS) for face in FACES
    }


def test_on_a_giant_screen_every_dot_is_doubled() -> None:
    once, twice = big("OK", 9, 240).split("\n"), big("OK", 20, 240).split("\n")
    assert (len(once), len(twice)) == (9, 18)
    assert all(len(line) == 2 * len(once[0]) for line in twice)
    assert doubled(["▀▄", "█ "]) == ["██  ", "  ██", "██  ", "██  "]
    assert len(big("WRONG LOT", 20, 120).split("\n")) == 9
