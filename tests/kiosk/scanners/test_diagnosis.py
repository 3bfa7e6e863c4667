"""What the doctor makes of scans: tables of ways in which codes come, and the advice for each."""

from __future__ import annotations

from collections import Counter

import pytest

from kiosk.scanners import Misread, Scan, delivery
from kiosk.scanners.diagnosis import SOURCES_MAX, Advice, Diagnosis, Exam
from kiosk.scanners.framing import Frame, Framer, KeyFramer, Way
from kiosk.screens.doctor import doctor, said
from kiosk.texts import Texts
from labels.keyboard import Fault

GOOD = Way("", "\r", 0.04, 0.003)
LABEL = Texts.load("en").label


def scan(
    payload: bytes = b"LO1",
    way: Way = GOOD,
    *,
    aim: str = "]Q1",
    at: float = 9.0,
    source: str = "x",
) -> Scan:
    return Scan(payload, aim, source, at, way)


def one(*items: Scan | Misread, fault: Fault | None = None, keys: str = "") -> Exam:
    diagnosis = Diagnosis(0.05)
    for item in items:
        if isinstance(item, Scan):
            diagnosis.scanned(item, fault)
        else:
            diagnosis.lost(item)
    (exam,) = diagnosis.exams(Counter(keys.split()))
    return exam


@pytest.mark.parametrize(
    ("exam", "advice"),
    [
        (one(scan()), [("doctor_fine", {})]),
        (one(scan(aim="")), [("doctor_no_aim", {})]),
        (one(scan(way=Way("", "", 0.04, 0.003))), [("doctor_no_suffix", {})]),
        (one(scan(way=Way("", "\t", 0.04, 0.003))), [("doctor_tab", {})]),
        (one(scan(way=Way("\n", "\r", 0.04, 0.003))), [("doctor_fine", {})]),
        (
            one(scan(), fault=Fault("fr", caps=True, changed=True)),
            [("doctor_layout", {"layout": "fr"}), ("doctor_caps", {})],
        ),
        (one(scan(), fault=Fault(gs_lost=True)), [("doctor_gs_lost", {})]),
        (one(scan(at=9.0), scan(at=9.4)), [("doctor_repeat", {"ms": "400"})]),
        (one(scan(at=9.0), scan(at=11.0)), [("doctor_fine", {})]),
        (one(scan(at=9.0), scan(b"LO2", at=9.4)), [("doctor_fine", {})]),
        (
            one(scan(source="keyboard", way=Way("", "\r", 0.4, 0.04))),
            [("doctor_slow", {"ms": "40", "wanted": "80"})],
        ),
        (one(scan(way=Way("", "\r", 0.4, 0.04))), [("doctor_fine", {})]),
        (
            one(scan(source="keyboard"), keys="f5 f5 down"),
            [("doctor_swallowed", {"keys": "f5, down", "count": "3"})],
        ),
        (one(Misread("x", "torn", b"LO", 9.0)), [("doctor_torn", {})]),
        (one(Misread("x", "dropped", b"LO", 9.0)), [("doctor_dropped", {})]),
        (one(scan(), Misread("x", "torn", b"LO", 9.0), scan(b"B")), [("doctor_fine", {})]),
    ],
)
def test_what_to_change(exam: Exam, advice: list[Advice]) -> None:
    assert list(exam.advice) == advice
    for found in exam.advice:
        words = said(found, LABEL)
        assert words[-1] == "."
        assert len(words) <= 76


def test_raw_bytes_are_shown_mark_by_mark() -> None:
    framer, diagnosis = Framer(), Diagnosis()
    for data, at in ((b"\x02]C1", 1.0), (b"10A\x1d21\x1b[2J\xff", 1.02), (b"\r\nB-2\r", 1.03)):
        for found in framer.feed(data, at):
            item = delivery(found, "left")
            assert isinstance(item, Scan)
            diagnosis.scanned(item)
    (exam,) = diagnosis.exams(Counter())
    assert [(row.raw, row.chars, row.milliseconds, row.gap) for row in exam.rows] == [
        ("<LF>B-2<CR>", 3, 0, 0),
        ("<STX>]C110A<GS>21<ESC>[2J\\xff<CR>", 14, 30, 20),
    ]


def test_a_keyboards_gaps_are_measured_key_by_key() -> None:
    framer, diagnosis = KeyFramer(), Diagnosis()
    at = 1.0
    for character, gap in (("L", 0), ("O", 0.003), ("-", 0.03), ("1", 0.003)):
        at += gap
        framer.feed(character, character, at)
    (found,) = framer.feed("tab", "\t", at + 0.003)
    assert isinstance(found, Frame)
    item = delivery(found, "keyboard")
    assert isinstance(item, Scan)
    diagnosis.scanned(item)
    (exam,) = diagnosis.exams(Counter())
    assert (exam.rows[0].raw, exam.rows[0].milliseconds, exam.rows[0].gap) == ("LO-1<TAB>", 36, 30)
    assert [key for key, _ in exam.advice] == ["doctor_tab", "doctor_no_aim", "doctor_slow"]


def test_a_badges_number_is_not_kept() -> None:
    diagnosis = Diagnosis()
    diagnosis.scanned(scan(b"OP44029173862"), secret=True)
    (exam,) = diagnosis.exams(Counter())
    assert exam.rows[0].raw == "]Q1OP••••<CR>"


def test_a_thousand_sources_are_no_burden() -> None:
    diagnosis = Diagnosis()
    for number in range(1_000):
        diagnosis.scanned(scan(source=f"s{number}"))
    exams = diagnosis.exams(Counter())
    assert [exam.source for exam in exams[:2]] == ["s999", "s998"]
    assert len(exams) == SOURCES_MAX


@pytest.mark.parametrize(("width", "rows"), [(78, 10), (118, 15), (20, 3), (200, 50)])
def test_the_page_keeps_to_its_place(width: int, rows: int) -> None:
    diagnosis = Diagnosis()
    for number in range(20):
        diagnosis.scanned(
            scan(b"x" * 300, source=f"source-{number % 4}"), Fault("fr", changed=True)
        )
    drawn = doctor(diagnosis.exams(Counter()), LABEL, width, rows)
    assert all(line.cell_length <= width for line in drawn.split("\n"))
    assert len(drawn.split("\n")) <= rows
    empty = doctor((), LABEL, width, rows)
    assert all(line.cell_length <= width for line in empty.split("\n"))
