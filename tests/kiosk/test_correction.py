"""The time that is shown, and jumps of the wall clock: clocks as values, no clock is asked."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.correction import (
    Correction,
    Reading,
    Shown,
    corrected_text,
    heard,
    local,
    looked,
    packed,
    unpacked,
)
from sync.domain.events import HelpCalled

TRUE = 1_790_000_000_000  # when the boot clock stood at 0
DAY = 86_400_000
THREE_DAYS = 3 * DAY


def text(time: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).isoformat()


def reading(mono: int, off: int = 0, boot: str = "b1") -> Reading:
    """The true time has gone on with the boot clock, the wall clock is off by so much."""
    return Reading(boot, mono, TRUE + mono + off)


def told(mono: int, off: int = 0, known: Correction | None = None) -> Correction:
    """An answer that took 40 ms came when the boot clock stood at `mono`."""
    return heard(known or Correction(), reading(mono, off), text(TRUE + mono - 20), 0.04)


@pytest.mark.parametrize(
    ("looks", "jumps"),
    [
        ([(0, 0), (1_000, 0), (2_000, 0)], [0, 0, 0]),
        ([(0, 0), (1_000, 1_900), (2_000, 1_900)], [0, 0, 0]),
        ([(0, 0), (1_000, 2_100), (2_000, 2_100)], [0, 2, 0]),
        ([(0, 0), (1_000, THREE_DAYS), (2_000, THREE_DAYS), (3_000, 0)], [0, 259_200, 0, -259_200]),
        # Two small steps are a jump; the same slewed over two hours is none.
        ([(0, 0), (1_000, 1_500), (2_000, 3_000)], [0, 0, 3]),
        ([(0, 0), (3_600_000, 1_800), (7_200_000, 3_600)], [0, 0, 0]),
        ([(0, 0), (3_600_000, 4_000)], [0, 2]),
        # A sleep: the boot clock went on, and so did the wall clock.
        ([(0, 0), (DAY, 0)], [0, 0]),
    ],
)
def test_jumps(looks: list[tuple[int, int]], jumps: list[int]) -> None:
    known, found = Correction(), []
    for mono, off in looks:
        known, jump = looked(known, reading(mono, off))
        found.append(jump)
    assert found == jumps


def test_a_jump_while_nobody_looked_is_found_after_a_restart() -> None:
    known, _ = looked(Correction(), reading(5_000))
    again, jump = looked(unpacked(packed(known)), reading(65_000, -THREE_DAYS))
    assert jump == -259_200
    assert looked(again, reading(66_000, -THREE_DAYS))[1] == 0


def test_another_boot_is_no_jump() -> None:
    known, _ = looked(Correction(), reading(5_000))
    assert looked(known, reading(10, THREE_DAYS, "b2"))[1] == 0


@given(
    st.lists(st.tuples(st.integers(1, DAY), st.integers(-THREE_DAYS, THREE_DAYS)), max_size=8),
    st.integers(-THREE_DAYS, THREE_DAYS),
)
def test_within_a_boot_no_jump_changes_what_is_shown(
    history: list[tuple[int, int]], off: int
) -> None:
    mono, known = 1_000, told(1_000, off)
    for passed, away in history:
        mono += passed
        known, _ = looked(unpacked(packed(known)), reading(mono, away))
        shown = known.shown_at(reading(mono, away))
        assert shown.time == TRUE + mono
        assert shown.within == 21 + -(-(mono - 980) * 50 // 1_000_000)


@pytest.mark.parametrize(
    ("known", "now", "shown", "sign"),
    [
        (Correction(), reading(0), Shown(TRUE, None), "unknown"),
        (told(1_000), reading(1_000), Shown(TRUE + 1_000, 22), ""),
        (told(1_000, 119_000), reading(1_000, 119_000), Shown(TRUE + 1_000, 22), ""),
        (told(1_000, 121_000), reading(1_000, 121_000), Shown(TRUE + 1_000, 22), "off"),
        (told(1_000, -THREE_DAYS), reading(1_000, -THREE_DAYS), Shown(TRUE + 1_000, 22), "off"),
    ],
)
def test_what_is_shown(known: Correction, now: Reading, shown: Shown, sign: str) -> None:
    assert known.shown_at(now) == shown
    assert known.sign(now) == sign


def test_another_boot_goes_by_what_the_clock_was_off_before() -> None:
    known, _ = looked(unpacked(packed(told(1_000, THREE_DAYS))), reading(10, THREE_DAYS, "b2"))
    assert known.shown_at(reading(20, THREE_DAYS, "b2")) == Shown(TRUE + 20, None)
    assert known.sign(reading(20, THREE_DAYS, "b2")) == "off"
    right, jump = looked(known, reading(2_000, 0, "b2"))  # somebody set it, and no server told
    assert jump == -259_200
    assert right.shown_at(reading(2_000, 0, "b2")) == Shown(TRUE + 2_000, None)
    sure = heard(right, reading(3_000, 0, "b2"), text(TRUE + 3_000), 0.0)
    assert sure.shown_at(reading(3_000, 0, "b2")) == Shown(TRUE + 3_000, 1)


def test_the_server_may_set_its_clock() -> None:
    known = heard(told(1_000), reading(2_000), text(TRUE + 2_000 + DAY), 0.5)
    assert known.shown_at(reading(2_000)).time == TRUE + 2_250 + DAY


@pytest.mark.parametrize("kept", [None, b"", b"{}", b"[1]", b'["b",1,2,[1],null]', b"\xff", b"[]"])
def test_what_cannot_be_read_is_not_known(kept: bytes | None) -> None:
    assert unpacked(kept) == Correction()


@pytest.mark.parametrize(
    "known", [Correction(), told(1_000), looked(told(9), reading(9, 0, "c"))[0]]
)
def test_what_is_kept(known: Correction) -> None:
    again = unpacked(packed(known))
    assert (again.boot, again.measured, again.lead) == (known.boot, known.measured, known.lead)


@pytest.mark.parametrize("server", ["", "soon", "2026-11-22T10:00:00"])
def test_an_answer_without_a_time_tells_nothing(server: str) -> None:
    assert heard(told(1_000), reading(2_000), server, 0.1) == told(1_000)


def test_the_time_of_an_event_keeps_its_zone() -> None:
    event = HelpCalled(work_center="MIX", boot="b1", mono=0, at="2026-11-22T10:00:00.000+02:00")
    true = local(TRUE, datetime.fromisoformat(event.at)).isoformat(timespec="milliseconds")
    assert corrected_text(told(1_000), event) == true
    assert true.endswith("+02:00")
    assert corrected_text(told(1_000), HelpCalled(work_center="MIX", at="noon")) == "noon"


def test_no_clock_is_too_wrong_to_be_shown() -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert local(10**18, at) == at
