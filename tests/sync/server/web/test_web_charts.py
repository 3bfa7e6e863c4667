"""Charts: round numbers on the axis, no bar out of its place, every text escaped."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.web.charts import WIDTH, Axis, Bar, bars, columns, legend
from sync.server.web.number_charts import share


def plain(value: float) -> str:
    return f"{value:g}"


PCS = Axis("PCS", plain)


@pytest.mark.parametrize(
    ("most", "end", "ticks"),
    [
        (0.0, 0.0, [0, 1]),
        (100.0, 0.0, [0, 25, 50, 75, 100]),
        (0.42, 1.0, [0, 0.25, 0.5, 0.75, 1]),
        (1.3, 1.0, [0, 0.5, 1, 1.5]),
        (7.0, 0.0, [0, 2, 4, 6, 8]),
        (1234.0, 0.0, [0, 500, 1000, 1500]),
        (0.003, 0.0, [0, 0.001, 0.002, 0.003]),
    ],
)
def test_an_axis_ends_at_a_round_number(most: float, end: float, ticks: list[float]) -> None:
    assert Axis("", plain, end).ticks(most) == pytest.approx(ticks)


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_an_axis_holds_the_most_in_few_steps(most: float) -> None:
    ticks = PCS.ticks(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most * (1 - 1e-9)
    assert 2 <= len(ticks) <= 5


def test_bars_are_as_long_as_the_axis_says_with_their_words() -> None:
    drawn = bars("Scrap", [Bar("Burnt", 25.0, "25 PCS", "c4"), Bar("Torn", 100.0, "100 PCS")], PCS)
    widths = [float(one) for one in re.findall(r'<rect class="c\d".*? width="([\d.]+)"', drawn)]
    assert widths == [WIDTH / 4, WIDTH]
    assert [
        one for one in ("Burnt", "25 PCS", "Torn", ">PCS<", ">50<", ">100<") if one not in drawn
    ] == []


def test_charts_escape_what_they_are_told_and_stand_no_numbers() -> None:
    drawn = bars("<b>", [Bar("<i>", 0.0, "&"), Bar("x" * 40, 5.0, "5")], Axis("<u>", plain))
    assert not re.search("<[biu]>", drawn)
    assert "x" * 19 + "…" in drawn
    assert bars("none", [], PCS).startswith("<svg")
    assert columns("none", [], PCS).endswith("</svg>")
    days = [Bar("a", 3.0, "3"), Bar("b", 0.0, "0")]
    assert columns("days", days, PCS, [1.0]).count("<rect") == 4
    assert "&lt;" in legend([("c1", "<good>")])


def test_many_columns_keep_their_labels_apart() -> None:
    days = [Bar(f"Mon {n} Nov", 1.0, "1") for n in range(90)]
    drawn = columns("days", days, PCS)
    feet = [float(one) for one in re.findall(r'<text class="foot" x="([\d.]+)"', drawn)]
    assert len(feet) <= 3
    assert all(after - before > 75 for before, after in itertools.pairwise(feet))
    assert max(feet) <= WIDTH - 36


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (None, "–", "–"),
        (0.0, "0 %", "0 %"),
        (0.0004, "< 0.1 %", "< 0,1 %"),
        (0.013, "1.3 %", "1,3 %"),
        (0.5, "50 %", "50 %"),
        (0.9954, "99.5 %", "99,5 %"),
        (0.9999, "99.9 %", "99,9 %"),
        (1.0, "100 %", "100 %"),
        (10.61, "1\u202f061 %", "1\u202f061 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(
    value: float | None, english: str, german: str
) -> None:
    assert (share(value, "en"), share(value, "de")) == (english, german)
