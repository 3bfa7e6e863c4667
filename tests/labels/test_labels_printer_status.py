"""What printers say of themselves, in each language, with its silences; and what is made of it."""

import time

import pytest

from labels.printers import NetworkPrinter, PrinterStatus, PrinterUnreachable, answers, status
from tests.labels.faulty_printer import Faults, Printed, host_errors, host_status, on_pty, on_tcp

SECONDS = 0.3
LABEL = b"^XA^FXjob 1^FS^XZ\n"
OUT, HEAD = "out of labels", "the head is open"

TOLD: list[tuple[str, Faults, PrinterStatus]] = [
    ("zpl", Faults(), PrinterStatus("ready", "ready", 0)),
    ("zpl-graphic", Faults(), PrinterStatus("ready", "ready", 0)),
    ("zpl", Faults(paper_out=True), PrinterStatus("paper_out", OUT, 0)),
    ("zpl", Faults(ribbon_out=True), PrinterStatus("ribbon_out", "out of ribbon", 0)),
    ("zpl", Faults(head_open=True), PrinterStatus("head_open", HEAD, 0)),
    ("zpl", Faults(paused=True), PrinterStatus("paused", "paused: press its pause key", 0)),
    ("zpl", Faults(silent=True, paper_out=True), PrinterStatus("paper_out", OUT)),
    ("zpl", Faults(silent=True, head_open=True), PrinterStatus("head_open", HEAD)),
    (
        "zpl",
        Faults(silent=True, error_bits=0x40),
        PrinterStatus("needs_attention", "an element of the head is dead: bars may be broken"),
    ),
    (
        "zpl",
        Faults(silent=True, error_bits=0x8000),
        PrinterStatus("needs_attention", "it reports fault 00000000 00008000: look at its display"),
    ),
    ("zpl", Faults(silent=True), answers.SILENT),
    ("zpl", Faults(deaf=True), answers.SILENT),
    ("escpos", Faults(), PrinterStatus("ready", "ready")),
    ("escpos", Faults(paper_out=True), PrinterStatus("paper_out", "out of paper")),
    ("escpos", Faults(head_open=True), PrinterStatus("head_open", "its cover is open")),
    (
        "escpos",
        Faults(paused=True),
        PrinterStatus("paused", "it is offline: press its online or feed key"),
    ),
    ("escpos", Faults(error_bits=0x08), PrinterStatus("needs_attention", "the cutter is stuck")),
    ("escpos", Faults(deaf=True), answers.SILENT),
    ("tspl", Faults(), PrinterStatus("ready", "ready")),
    ("tspl", Faults(paper_out=True, head_open=True), PrinterStatus("head_open", HEAD)),
    ("tspl", Faults(paper_out=True), PrinterStatus("paper_out", OUT)),
    ("tspl", Faults(ribbon_out=True), PrinterStatus("ribbon_out", "out of ribbon")),
    (
        "tspl",
        Faults(paused=True),
        PrinterStatus("paused", "paused: press its feed or pause key"),
    ),
    ("tspl", Faults(error_bits=0x20), PrinterStatus("busy", "printing")),
    ("tspl", Faults(deaf=True), answers.SILENT),
]


@pytest.mark.parametrize(("language", "faults", "told"), TOLD)
def test_each_language_tells_how_it_is(language: str, faults: Faults, told: PrinterStatus) -> None:
    with on_tcp(faults, language.removesuffix("-graphic")) as (port, printed):
        printer = NetworkPrinter("127.0.0.1", port, SECONDS, SECONDS)
        assert printer.status(language) == told
        assert not printed.got  # a question is no label


@pytest.mark.parametrize("language", ["epl", "brother-ql", "pdf", ""])
def test_other_languages_tell_nothing(language: str) -> None:
    with on_tcp(Faults()) as (port, printed):
        told = status(f"tcp://127.0.0.1:{port}", language)
        assert (told.state, told.waiting, told.has_room) == ("unknown", None, True)
        assert not printed.got


def test_silence_of_a_half_open_printer_is_told_in_time() -> None:
    with on_tcp(Faults(stops_reading_after=0)) as (port, _):
        begun = time.monotonic()
        NetworkPrinter("127.0.0.1", port).send("1", LABEL)  # the network took it
        assert status(f"tcp://127.0.0.1:{port}", "zpl") == answers.SILENT
        assert time.monotonic() - begun < 5


def test_a_printer_that_is_away_or_hangs_up_is_lost() -> None:
    with pytest.raises(PrinterUnreachable, match=r"127\.0\.0\.1:1 does not answer"):
        status("tcp://127.0.0.1:1", "zpl")
    with (
        on_tcp(Faults(closes_after=2)) as (port, _),
        pytest.raises(PrinterUnreachable, match=rf"127\.0\.0\.1:{port}: it broke off when asked"),
    ):
        status(f"tcp://127.0.0.1:{port}", "zpl")


def test_labels_that_wait_in_the_printer_are_counted_and_hold_the_next_back() -> None:
    faults = Faults(paper_out=True)
    with on_tcp(faults) as (port, printed):
        printer = NetworkPrinter("127.0.0.1", port, SECONDS, SECONDS, SECONDS)
        for _ in range(2):
            printer.send("1", LABEL)
        told = printer.status("zpl")
        assert (told.state, told.waiting, told.has_room) == ("paper_out", 2, False)
        assert printed.pictures() == []
        faults.paper_out = False
        assert printer.status("zpl").has_room
        assert len(printed.pictures()) == 2


@pytest.mark.parametrize("waiting", [0, 1, 2, 3])
def test_never_more_than_two_ahead(waiting: int) -> None:
    assert PrinterStatus("busy", "", waiting).has_room is (waiting < 2)


@pytest.mark.parametrize(
    ("language", "scheme"), [("zpl", "serial"), ("escpos", "serial"), ("tspl", "device")]
)
def test_lines_that_can_be_read_tell_too(language: str, scheme: str) -> None:
    with on_pty(Faults(paper_out=True), language) as (path, printed):
        assert status(f"{scheme}://{path}", language).state == "paper_out"
        assert not printed.got


GOOD = host_status(Printed("zpl", Faults()))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        GOOD[:-1],
        GOOD[1:],
        GOOD.replace(b"\x02030", b"\x0230"),
        GOOD.replace(b",1215,", b",12x5,"),
        GOOD.replace(b"000,0,0,0\x03", b"000,0,0\x03"),
        GOOD.replace(b"\x02001,0,0", b"\x02001,0,7"),
        GOOD.replace(b"00000000", b"0000000"),
    ],
)
def test_a_broken_answer_is_none(answer: bytes) -> None:
    assert answers.host_status(answer) is None


def test_every_flag_of_host_status_has_its_meaning() -> None:
    def changed(line: int, place: int, value: str) -> PrinterStatus | None:
        lines = [part.split(",") for part in GOOD.decode().split("\r\n")]
        end = "\x03" if lines[line][place].endswith("\x03") else ""
        lines[line][place] = value + end
        return answers.host_status("\r\n".join(",".join(part) for part in lines).encode())

    found = {
        (line, place): told and (told.state, told.waiting)
        for line, place, value in (
            *((0, 1, "1"), (0, 2, "1"), (0, 4, "003"), (0, 5, "1"), (0, 7, "1"), (0, 9, "1")),
            *((0, 10, "1"), (0, 11, "1"), (1, 2, "1"), (1, 3, "1"), (1, 7, "1")),
            (1, 8, "00000012"),
        )
        for told in [changed(line, place, value)]
    }
    assert found == {
        (0, 1): ("paper_out", 0),
        (0, 2): ("paused", 0),
        (0, 4): ("busy", 3),
        (0, 5): ("busy", 0),
        (0, 7): ("busy", 0),
        (0, 9): ("needs_attention", 0),
        (0, 10): ("needs_attention", 0),
        (0, 11): ("needs_attention", 0),
        (1, 2): ("head_open", 0),
        (1, 3): ("ribbon_out", 0),
        (1, 7): ("busy", 0),
        (1, 8): ("busy", 12),
    }


def test_the_error_word_is_read_bit_by_bit() -> None:
    bits = (0, 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100)
    told = [answers.host_errors(host_errors(bit)) for bit in bits]
    assert [one and one.state for one in told] == [
        *("ready", "paper_out", "ribbon_out", "head_open"),
        *["needs_attention"] * 6,
    ]
    assert answers.host_errors(b"PRINTER STATUS") is None


def test_bytes_that_no_printer_answers_are_none() -> None:
    assert [answers.is_real_time(bytes([one])) for one in (0x12, 0x1A, 0x00, 0x92, 0x13)] == [
        *(True, True),
        *[False] * 3,
    ]
    assert answers.real_time([b"\x12"] * 3) is None
    assert answers.tspl(b"\x40") is None
    assert answers.tspl(b"\x00\x00") is None
