"""A boot clock beside the server's time: measured by answers, carried on, told with each push."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.timing import Measured, better, measured, milliseconds_of

HOUR: int = 3_600_000


@pytest.mark.parametrize(
    ("server", "sent", "trip", "told"),
    [
        (1_000_000, 5_000, 0, Measured(995_000, 1, 5_000)),
        (1_000_000, 5_000, 40, Measured(994_980, 21, 5_020)),
        (1_000_000, 5_000, 41, Measured(994_980, 22, 5_020)),
    ],
)
def test_what_an_answer_tells(server: int, sent: int, trip: int, told: Measured) -> None:
    assert measured(server, sent, trip) == told


@given(
    st.integers(0, 10**10),
    st.integers(10**12, 2 * 10**12),
    st.integers(0, 10_000),
    st.integers(0, 10_000),
    st.integers(-30 * 24 * HOUR, 30 * 24 * HOUR),
    st.floats(-50e-6, 50e-6),
)
def test_the_true_time_lies_within(
    mono: int, true: int, out: int, back: int, later: int, drift: float
) -> None:
    """Whatever the way there and back took, and however fast the boot clock runs."""
    told = measured(true + out, mono, out + back)
    then = round(true + later * (1 + drift))
    assert abs(told.time_at(mono + later) - then) <= told.within_at(mono + later) + out + 1
    assert abs(told.time_at(mono) - true) <= told.within_at(mono)


@pytest.mark.parametrize(
    ("held", "new", "best"),
    [
        (None, Measured(7, 90, 5), Measured(7, 90, 5)),
        (Measured(0, 10, 0), Measured(3, 20, 0), Measured(0, 10, 0)),
        (Measured(0, 10, 0), Measured(3, 9, 0), Measured(3, 9, 0)),
        # In an hour the old one loses 180 ms.
        (Measured(0, 10, 0), Measured(3, 20, HOUR), Measured(3, 20, HOUR)),
        # Both cannot be true: the server's clock was set.
        (Measured(0, 10, 0), Measured(60_000, 500, 0), Measured(60_000, 500, 0)),
    ],
)
def test_the_better_of_two(held: Measured | None, new: Measured, best: Measured) -> None:
    assert better(held, new) == best


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1970-01-01T00:00:01+00:00", 1_000),
        ("1970-01-01T01:00:00.250+01:00", 250),
        ("1970-01-01T00:00:01", None),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
    ],
)
def test_times_in_milliseconds(text: str, time: int | None) -> None:
    assert milliseconds_of(text) == time
