"""Shift scripts: what people may write, and how all that is wrong is told at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kiosk.demo.factory import Factory
from kiosk.demo.script import (
    SCRIPT_LINES_MAX,
    AtStation,
    ExpectBand,
    ExpectLot,
    ExpectOrder,
    ExpectStock,
    ScanStep,
    ScriptError,
    Step,
    Switch,
    TypeStep,
    Wait,
    load,
    parse,
)

TODAY = date(2026, 11, 22)
BEGIN = "station BAKE-1"
OK = 'expect ok ""'


@pytest.fixture
def bakery() -> Factory:
    return Factory.named("bakery", TODAY)


SINGLE_LINES: list[tuple[str, Step]] = [
    ("station PACK-1", AtStation(2, "PACK-1")),
    ("wait 90s", Wait(2, seconds=90.0)),
    ("wait 1.5", Wait(2, seconds=1.5)),
    ("wait 0", Wait(2)),
    ("wait synced", Wait(2, until="synced")),
    ("wait printed", Wait(2, until="printed")),
    ("offline", Switch(2, "offline")),
    ("online  # the cable is back", Switch(2, "online")),
    ("  kill", Switch(2, "kill")),
    ('expect ok "Anna"', ExpectBand(2, "ok", ("Anna",))),
    ('expect note "A" "b c"', ExpectBand(2, "note", ("A", "b c"))),
    ('expect stop "WRONG" next "Fetch"', ExpectBand(2, "stop", ("WRONG",), "Fetch")),
    ("expect order B-1 completed", ExpectOrder(2, "B-1", "completed")),
    (
        "expect order B-1 partial 480 good 12.5 scrap",
        ExpectOrder(2, "B-1", "partial", Decimal(480), Decimal("12.5")),
    ),
    ("expect order B-1 started 3 scrap", ExpectOrder(2, "B-1", "started", None, Decimal(3))),
    (
        "expect lot W-204 consumed 37.5 KGM by B-1",
        ExpectLot(2, "W-204", Decimal("37.5"), "KGM", "B-1"),
    ),
    (
        "expect stock WHEAT W-204 462.5 KGM",
        ExpectStock(2, "WHEAT", "W-204", Decimal("462.5"), "KGM"),
    ),
    ("expect stock WHEAT W-204 -1 KGM", ExpectStock(2, "WHEAT", "W-204", Decimal(-1), "KGM")),
]


@pytest.mark.parametrize(("line", "step"), SINGLE_LINES, ids=[line for line, _ in SINGLE_LINES])
def test_a_line_becomes_a_whole_step(line: str, step: Step, bakery: Factory) -> None:
    assert parse(f"{BEGIN}\n{line}\n", bakery) == (AtStation(1, "BAKE-1"), step)


ANSWERED_LINES: list[tuple[str, Step]] = [
    ("scan badge anna", ScanStep(2, "Anna Berg", b"]C0OP44029173864\r")),
    ("scan DONE", ScanStep(2, "DONE", b"]C0KCDONE0\r")),
    (
        "scan order B-1",
        ScanStep(2, "B-1 Wheat roll", b"]Q1WOB-1+ROLL+1000+C62G\r"),
    ),
    (
        "scan lot W-204",
        ScanStep(2, "Wheat flour W-204", b"]d201095211015300181727010631030250001" + b"0W-204\r"),
    ),
    ("scan lot YEAST Y-31", ScanStep(2, "Fresh yeast Y-31", b"]Q1LOY-31+YEAST+++261201G\r")),
    ("scan digit 7", ScanStep(2, "7", b"]C0KD7Y\r")),
    ('scan raw "]C1\\x1d\\x00\\xff"', ScanStep(2, "raw", b"]C1\x1d\x00\xff\r")),
    ('scan raw "äb # no comment"', ScanStep(2, "raw", b"\xe4b # no comment\r")),
    ("type 3.5", TypeStep(2, "3.5")),
    ('type "LOT A"', TypeStep(2, "LOT A")),
]


@pytest.mark.parametrize(("line", "step"), ANSWERED_LINES, ids=[line for line, _ in ANSWERED_LINES])
def test_what_is_scanned_or_typed_holds_every_byte(line: str, step: Step, bakery: Factory) -> None:
    steps = parse(f"{BEGIN}\n{line}\n{OK}\n", bakery)
    assert steps == (AtStation(1, "BAKE-1"), step, ExpectBand(3, "ok", ("",)))


FAULTS = [
    ("scna DONE", "'scna' is no step: want one of station, scan, type, wait, offline, online,"),
    ("station MIX-9", "station MIX-9 is not in stations.csv (it has BAKE-1, PACK-1)"),
    ("station", "want station NAME"),
    ("scan", 'want scan KIND NAME, scan COMMAND or scan raw "…"'),
    ("scan DOEN", "scan DOEN: want badge, order, lot"),
    ("scan badge", "scan badge: want a name after it"),
    ("scan badge otto", "otto is not in operators.csv (it has anna, eva, paul)"),
    ("scan badge anna eva", "scan badge anna eva: want a name after it"),
    ("scan lot A B C", "scan lot A B C: want one or two names after it"),
    ("scan order B-9", "B-9 is not in orders.csv (it has B-1, B-2, B-3, B-4)"),
    ("scan lot X-1", "lot X-1 is neither in stock.csv nor the number of an order"),
    ("scan lot RYE W-204", "W-204"),
    ("scan digit 12", "12"),
    ("scan raw", 'want scan raw "…"'),
    ('scan raw "\\x4"', "\\x4"),
    ('scan raw "price 3 €"', "€"),
    ("type", "want type TEXT"),
    ("type a b", "want type TEXT"),
    ("wait", "want wait 90s, wait 0, wait synced or wait printed"),
    ("wait soon", "'soon' is not a number"),
    ("wait NaN", "'NaN' is not a number"),
    ("wait -5s", "-5s: a clock moves forwards"),
    ("wait 1e400", "1e400: a clock moves forwards, at most"),
    ("offline now", "want offline"),
    ("expect", 'want expect ok|note|stop "text", or expect order|lot|stock …'),
    ("expect ok", 'want expect ok|note|stop "text", or expect order|lot|stock …'),
    ('expect fine "x"', 'want expect ok|note|stop "text", or expect order|lot|stock …'),
    ('expect ok next "x"', 'want expect ok "text" [next "text"]'),
    ('expect ok "x" next', 'want next "text"'),
    ('expect ok "x" next "y" "z"', 'want next "text"'),
    ("expect order B-1", "want order NUMBER"),
    ("expect order B-1 done", "want order NUMBER"),
    ("expect order B-1 partial 480", "want order NUMBER"),
    ("expect order B-1 partial 480 bad", "'bad': want good or scrap"),
    ("expect order B-1 partial many good", "'many' is not a number"),
    ("expect lot W-204 used 1 KGM by B-1", "want lot L consumed 37.5 KGM by B-1"),
    ("expect lot W-204 consumed 1 KGM", "want lot L consumed 37.5 KGM by B-1"),
    ("expect lot W-204 consumed all KGM by B-1", "'all' is not a number"),
    ("expect stock WHEAT W-204 1", "want stock MATERIAL LOT 462.5 KGM"),
    ('expect ok "open', "No closing quotation"),
]


def _refusal(text: str, factory: Factory) -> list[str]:
    with pytest.raises(ScriptError) as refused:
        parse(text, factory, "shift.txt")
    return str(refused.value).splitlines()


@pytest.mark.parametrize(("line", "why"), FAULTS, ids=[line for line, _ in FAULTS])
def test_a_faulty_line_is_refused_by_file_and_line(line: str, why: str, bakery: Factory) -> None:
    (told,) = _refusal(f"{BEGIN}\n# well\n{line}\n", bakery)
    assert told.startswith("shift.txt:3: ")
    assert why in told


def test_every_fault_is_told_at_once(bakery: Factory) -> None:
    text = "\n".join([BEGIN, *(line for line, _ in FAULTS)])
    told = _refusal(text, bakery)
    assert [line.split(": ")[0] for line in told] == [
        f"shift.txt:{number}" for number in range(2, len(FAULTS) + 2)
    ]


UNANSWERED = [
    f"{BEGIN}\nscan DONE\n",
    f"{BEGIN}\nscan DONE\nscan OK\n{OK}\n",
    f"{BEGIN}\nscan DONE\nwait 5s\n{OK}\n",
    f"{BEGIN}\nscan DONE\nexpect order B-1 started\n",
    f"{BEGIN}\ntype 3.5\nkill\n",
]


@pytest.mark.parametrize("text", UNANSWERED)
def test_a_scan_without_its_answer_is_refused(text: str, bakery: Factory) -> None:
    assert _refusal(text, bakery) == [
        "shift.txt:2: say on the next line what it answers: expect ok|note|stop"
    ]


def test_a_script_begins_at_a_station(bakery: Factory) -> None:
    assert _refusal(f"# a shift\n\nscan DONE\n{OK}\n{BEGIN}\n", bakery) == [
        "shift.txt:3: begin with `station NAME`"
    ]


def test_nothing_but_comments_is_a_shift_of_no_steps(bakery: Factory) -> None:
    assert parse("\n# don't mind\n   \n", bakery) == ()


def test_a_script_has_an_end(bakery: Factory) -> None:
    assert _refusal("\n" * (SCRIPT_LINES_MAX + 1), bakery) == [
        f"shift.txt: {SCRIPT_LINES_MAX + 1} lines, at most {SCRIPT_LINES_MAX}"
    ]


def test_a_file_is_read_as_utf_8(tmp_path: Path, bakery: Factory) -> None:
    path = tmp_path / "früh.txt"
    path.write_text(f'{BEGIN}\nscan badge anna\nexpect ok "Günther"\n', encoding="utf-8")
    assert load(path, bakery)[-1] == ExpectBand(3, "ok", ("Günther",))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, bakery: Factory) -> None:
    foreign = tmp_path / "shift.bin"
    foreign.write_bytes(b"station \xff\xfe")
    for path in (tmp_path / "none.txt", foreign):
        with pytest.raises(ScriptError, match=path.name):
            load(path, bakery)
