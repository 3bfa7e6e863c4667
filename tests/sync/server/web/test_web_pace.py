"""How often live pages may ask for themselves."""

import pytest

from sync.server.web.pace import Pace


@pytest.mark.parametrize(
    ("watching", "seconds", "rest"),
    [
        (0, 0.0, 0.5),
        (1, 0.02, 0.5),
        (5, 0.06, 3.0),
        (40, 0.02, 8.0),
        (300, 0.02, 20.0),
        (1, 60.0, 20.0),
    ],
)
def test_all_who_watch_share_a_tenth_of_a_core(watching: int, seconds: float, rest: float) -> None:
    pace = Pace()
    pace.watching = watching
    for _ in range(3):
        pace.took(seconds)
    assert pace.rest() == pytest.approx(rest)


def test_one_slow_page_counts_little() -> None:
    pace = Pace()
    pace.watching = 10
    pace.took(0.01)
    pace.took(1.01)
    assert pace.rest() == pytest.approx(10 * 0.11 / 0.1)
