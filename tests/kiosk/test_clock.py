"""The station's clock at its rims: set back by more than the machine is up, and moved forwards."""

from datetime import timedelta

import pytest

from kiosk.clock import Clock

DAY = 86_400.0
CENTURY = 100 * 365 * DAY


@pytest.mark.parametrize("offset", [0.0, -1.0, -DAY, -10_000 * DAY, -2 * CENTURY])
def test_the_boot_clock_is_never_negative(offset: float) -> None:
    clock = Clock(offset, steered=True)
    assert clock.milliseconds() >= 0
    assert clock.reading().mono >= 0


@pytest.mark.parametrize("offset", [0.0, DAY, -DAY, -10_000 * DAY])
def test_waiting_is_waiting_on_both_clocks(offset: float) -> None:
    clock = Clock(offset, steered=True)
    mono, wall = clock.monotonic(), clock.now()
    clock.advance(3_600.0)
    assert 3_600.0 <= clock.monotonic() - mono < 3_700.0
    assert timedelta(hours=1) <= clock.now() - wall < timedelta(hours=1, minutes=2)


def test_a_restart_goes_on_where_a_set_back_clock_was_moved_to() -> None:
    before = Clock(-9_000 * DAY, steered=True)
    before.advance(DAY)
    assert Clock(before.offset_seconds, steered=True).monotonic() >= before.monotonic() - 1.0
