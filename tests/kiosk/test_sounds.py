"""What the terminal lets hear: sequences, their distance, and the bytes on a real terminal."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.sounds import BELL_GAP_S, LONG_GAP_S, Ringing, Sound, beats
from labels.codes import Code
from tests.kiosk.real_terminals import PtyKiosk
from tests.kiosk.terminals import badge, lot, order

KINDS: tuple[Sound, ...] = ("ok", "note", "stop")
OK_BELL = "\x1b[10;1760]\x1b[11;80]\a\x1b[10]\x1b[11]"
STOP_BELL = "\x1b[10;220]\x1b[11;450]\a\x1b[10]\x1b[11]"
OSC = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def rung(kind: Sound, *, console: bool) -> list[tuple[float, str]]:
    """What one answer rings, and when, asked for at 100 s."""
    ringing, now, heard = Ringing().asked(kind, console=console), 100.0, []
    while (wait := ringing.wait_s(now)) is not None:
        now += wait
        sent, ringing = ringing.due(now)
        heard.append((round(now - 100.0, 2), sent))
    return heard


def test_one_for_ok_two_for_note_three_for_stop() -> None:
    assert rung("ok", console=False) == [(0.0, "\a")]
    assert rung("note", console=False) == [(0.0, "\a"), (0.35, "\a")]
    assert rung("stop", console=False) == [(0.0, "\a"), (0.35, "\a"), (0.7, "\a")]


def test_the_console_has_high_and_low_and_its_own_bell_back() -> None:
    assert rung("ok", console=True) == [(0.0, OK_BELL)]
    assert rung("stop", console=True) == [(0.0, STOP_BELL), (0.65, STOP_BELL)]
    assert [at for at, _ in rung("note", console=True)] == [0.0, 0.35]


def test_a_stop_is_not_cut_short_by_what_follows() -> None:
    _, ringing = Ringing().asked("stop", console=False).due(0.0)
    assert ringing.asked("ok", console=False) is ringing
    assert ringing.asked("stop", console=False).beats == beats("stop", console=False)
    _, ringing = Ringing().asked("note", console=False).due(0.0)
    assert ringing.asked("stop", console=False).kind == "stop"


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.floats(0, 0.5)), max_size=60),
    st.booleans(),
)
def test_never_more_than_three_a_second(asked: list[tuple[Sound, float]], console: bool) -> None:
    ringing, now, heard = Ringing(), 0.0, []
    for kind, pause in asked:
        now += pause
        ringing = ringing.asked(kind, console=console)
        sent, ringing = ringing.due(now)
        heard += [now] if sent else []
    assert all(later - former >= BELL_GAP_S for former, later in pairwise(heard))
    assert min(BELL_GAP_S, LONG_GAP_S) > 1 / 3


def bells(kiosk: PtyKiosk, code: Code, shown: str) -> bytes:
    """What is sent from a scan on until a second and a half after its answer stands there."""
    before = len(kiosk.raw)
    kiosk.send(code)
    kiosk.until(shown)
    kiosk.watch(1.5)
    return OSC.sub(b"", kiosk.raw[before:])


@pytest.mark.parametrize(
    ("settings", "counts"),
    [("", (1, 3)), ("[screen]\nsound = false\n", (0, 0))],
    ids=["bell", "silent"],
)
def test_a_wedge_is_answered_by_the_terminals_bell(
    tmp_path: Path, settings: str, counts: tuple[int, int]
) -> None:
    kiosk = PtyKiosk(tmp_path, settings)
    try:
        kiosk.until("BAKE-1", "signed in")
        welcome = bells(kiosk, badge("anna"), "Anna Berg")
        refused = bells(kiosk, lot("NO-SUCH"), "✖ STOP")
        assert (welcome.count(b"\a"), refused.count(b"\a")) == counts
    finally:
        kiosk.close()


def test_the_linux_console_gets_pitch_and_length(tmp_path: Path) -> None:
    kiosk = PtyKiosk(tmp_path, term="linux")
    try:
        kiosk.until("BAKE-1", "signed in")
        assert OK_BELL.encode() in bells(kiosk, badge("anna"), "Anna Berg")
        kiosk.send(order("B-1"))
        kiosk.until("Wheat roll")
        assert bells(kiosk, lot("NO-SUCH"), "X STOP").count(STOP_BELL.encode()) == 2
    finally:
        kiosk.close()
