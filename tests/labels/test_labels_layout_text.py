"""Fitting text: nothing is lost but what the cut sign says, and no line is wider than its room."""

from hypothesis import given
from hypothesis import strategies as st

from labels import fonts
from labels.layout_text import CUT_SIGN, aligned, cut, lines_at, lines_max, shrunk

WORDS = st.lists(st.text("abcW09-.", min_size=1, max_size=14), min_size=1, max_size=12)
ROOMS = st.tuples(st.integers(60, 400), st.integers(20, 120))


@given(words=WORDS, width=st.integers(60, 400), height=st.integers(10, 50))
def test_lines_hold_every_letter_in_its_order(words: list[str], width: int, height: int) -> None:
    lines = lines_at(" ".join(words), height, (width, 0), fonts)
    assert "".join(lines).replace(" ", "") == "".join(words)
    assert all(len(line) == 1 or fonts.width(line, height) <= width for line in lines)


@given(words=WORDS, room=ROOMS, most=st.integers(1, 4))
def test_what_is_kept_fits_and_begins_as_the_text(
    words: list[str], room: tuple[int, int], most: int
) -> None:
    text = " ".join(words)
    height, lines = shrunk(text, (40, 20), room, most, fonts)
    assert 20 <= height <= 40
    kept = cut(lines, height, room, most, fonts)
    assert len(kept) <= lines_max(height, room[1], most)
    assert all(fonts.width(line, height) <= room[0] for line in kept)
    whole = "".join(kept).replace(" ", "")
    if kept == lines:
        assert whole == text.replace(" ", "")
    else:
        assert text.replace(" ", "").startswith(whole.removesuffix(CUT_SIGN))
        assert kept[-1].endswith(CUT_SIGN)


def test_a_text_is_as_large_as_its_room_allows() -> None:
    assert shrunk("BREAD", (40, 20), (400, 40), 1, fonts) == (40, ["BREAD"])
    height, lines = shrunk("Wheat bread with seeds", (40, 20), (180, 70), 2, fonts)
    assert (height < 40, lines) == (True, ["Wheat bread", "with seeds"])
    assert fonts.width("Wheat bread", height) <= 180


def test_it_stands_left_in_the_middle_or_right() -> None:
    assert [aligned(10, 100, 40, align) for align in ("left", "center", "right")] == [10, 40, 70]
    assert aligned(10, 30, 40, "right") == 10
