"""The command line of labels, as people call it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image

from labels import command_print, symbols
from labels.__main__ import main
from labels.command_print import WAIT_SECONDS_MAX, await_room
from labels.printers import PrinterDoubt, PrinterError, PrinterStatus, PrinterUnreachable
from tests.labels.faulty_printer import Faults, on_tcp

Said = pytest.CaptureFixture[str]
PLACES = "place,name\nA1,Flour\nA2,Salt\nA3,Yeast\n"


def said_json(capsys: Said) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A template with two fields, and rows for it."""
    (tmp_path / "places.csv").write_text(PLACES, encoding="utf-8")
    template = tmp_path / "shelf.toml"
    template.write_text(
        '[label]\nname = "shelf"\nrevision = 1\nclass = "in-house"\nmedia = [100, 50]\nmargin = 2\n'
        '[fields]\nplace = { type = "code", max = 10 }\n'
        'name = { type = "text", max = 20, optional = true }\n'
        '[[item]]\nkind = "text"\nat = [3, 3]\nwidth = 90\nsize = 6\nmin_size = 3\nvalue = "{name}"\n'
        '[[item]]\nkind = "datamatrix"\nat = [3, 15]\nx = [0.75]\nwidth = 30\n'
        'code = { type = "lot", lot = "{place}" }\n',
        encoding="utf-8",
    )
    return template


def test_check_says_what_is_good(capsys: Said) -> None:
    assert main(["check", "batch", "location"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert ": good at 203 and 300 dpi" in first
    assert "location revision 1" in second


def test_check_says_every_fault_with_file_and_line(capsys: Said, tmp_path: Path) -> None:
    bad, worse = tmp_path / "bad.toml", tmp_path / "worse.toml"
    bad.write_text("[label]\nname = 1\n")
    worse.write_text("[label\n")
    assert main(["check", str(bad), "batch", str(worse), "--dpi", "203", "--dpi", "600"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line[:1] for line in lines] == ["✖", "✔", "✖"]
    assert lines[0].startswith(f"✖ {bad}:")
    assert lines[2].startswith(f"✖ {worse}:")
    assert main(["check", "--json", str(bad), "batch", "--dpi", "203"]) == 1
    one, two = said_json(capsys)
    assert (one["good_dpi"], one["faults"][0]["file"], one["faults"][0]["dpi"]) == (
        *([], str(bad)),
        203,
    )
    assert two == {"template": "batch", "good_dpi": [203], "faults": []}


def test_a_new_template_is_a_good_one_of_its_own(capsys: Said, tmp_path: Path) -> None:
    own = tmp_path / "our-batch.toml"
    assert main(["new", str(own), "--like", "batch"]) == 0
    assert f"next: change it, then kiosk-labels check {own}" in capsys.readouterr().out
    text = own.read_text(encoding="utf-8")
    assert text.startswith("# Begun from batch.")
    assert 'name = "our-batch"\n' in text
    assert "\nrevision = 1\n" in text
    assert main(["check", str(own)]) == 0
    assert main(["new", str(own)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "Our Batch.txt")]) == 1
    assert "call it NAME.toml" in capsys.readouterr().err


def test_preview_draws_what_it_says(capsys: Said, tmp_path: Path) -> None:
    picture = tmp_path / "label.png"
    assert main(["preview", "batch", str(picture), "lot=B-7", "product=Rye bread"]) == 0
    assert "LOB-7" in capsys.readouterr().out
    with Image.open(picture) as drawn:
        assert b"LOB-7" in {text[:5] for text, _, _ in symbols.decode_image(drawn)}
    assert main(["preview", "batch", str(picture), "lots=B-7"]) == 1
    assert "there is no field lots" in capsys.readouterr().err
    assert main(["preview", "batch", str(tmp_path / "label.gif")]) == 1
    assert "a preview is one of .png, .svg, .pdf" in capsys.readouterr().err
    assert main(["preview", "batch", str(picture), "lot"]) == 1
    assert "'lot' is not NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize(("suffix", "begin"), [("svg", b"<svg"), ("pdf", b"%PDF")])
def test_previews_for_documents(suffix: str, begin: bytes, tmp_path: Path) -> None:
    file = tmp_path / f"label.{suffix}"
    assert main(["preview", "batch", str(file), "--dpi", "300"]) == 0
    assert begin in file.read_bytes()[:200]


def test_preview_in_the_terminal(capsys: Said) -> None:
    assert main(["preview", "batch", "lot=B-7"]) == 0
    said = capsys.readouterr().out
    assert "LOB-7" in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_print_puts_a_label_into_a_folder(capsys: Said, tmp_path: Path) -> None:
    to = f"folder://{tmp_path}"
    assert main(["print", "batch", "lot=B-7", "--sample", "--to", to, "--job", "T-1"]) == 0
    call = ["print", "batch", "--sample", "--to", to, "--language", "pdf"]
    assert main(call) == 0
    assert b"^FXjob T-1^FS" in (tmp_path / "T-1.zpl").read_bytes()
    (pdf,) = tmp_path.glob("P2*.pdf")  # P and the time
    assert pdf.read_bytes().startswith(b"%PDF")
    assert main(["print", "batch", "--sample", "--to", to, "--job", "T-2", "lot=B-8"]) == 0
    assert b"B-8^FS" in (tmp_path / "T-2.zpl").read_bytes()
    assert main(["print", "batch", "lot=B-7", "--to", to]) == 1  # nothing is made up
    assert "product" in capsys.readouterr().err
    assert main(["print", "batch", "--sample", "--to", to, "--job", "T-2", "lot=B-9"]) == 1
    assert "is another label that nobody has taken yet" in capsys.readouterr().err
    assert b"B-8^FS" in (tmp_path / "T-2.zpl").read_bytes()


def test_one_label_a_row(places: Path, capsys: Said, tmp_path: Path) -> None:
    rows = str(tmp_path / "places.csv")
    with on_tcp(Faults()) as (port, printed):
        call = ["print", str(places), "--from", rows, "--to", f"tcp://127.0.0.1:{port}"]
        assert main([*call, "--job", "P", "--copies", "2", "--first", "2"]) == 0
        assert printed.jobs == ["P-2-1", "P-2-2", "P-3-1", "P-3-2"]
        assert "4 labels," in capsys.readouterr().out
        assert main([*call, "--first", "4"]) == 1
        assert "--first 4: there is no such row; the last is 3" in capsys.readouterr().err


def test_a_printer_without_paper_gets_two_labels_and_no_third(
    places: Path, capsys: Said, tmp_path: Path
) -> None:
    rows = str(tmp_path / "places.csv")
    with on_tcp(Faults(paper_out=True)) as (port, printed):
        call = ["print", str(places), "--from", rows, "--to", f"tcp://127.0.0.1:{port}"]
        assert main(call) == 1
        assert "waits for a person: out of labels (0 of 3 labels" in capsys.readouterr().err
        assert not printed.jobs


def test_a_silent_printer_is_printed_on_blind(places: Path, capsys: Said, tmp_path: Path) -> None:
    with on_tcp(Faults(deaf=True)) as (port, printed):
        call = ["print", str(places), "place=A1", "--to", f"tcp://127.0.0.1:{port}"]
        assert main(call) == 1
        assert "print with --blind if it never answers" in capsys.readouterr().err
        assert main([*call, "--blind"]) == 0
        assert [job[:2] for job in printed.jobs] == ["P2"]


def test_a_doubt_has_an_exit_status_of_its_own(places: Path, capsys: Said, tmp_path: Path) -> None:
    rows = str(tmp_path / "places.csv")
    with on_tcp(Faults(resets_after=20)) as (port, _):
        to = f"tcp://127.0.0.1:{port}"
        assert main(["print", str(places), "--from", rows, "--to", to, "--blind"]) == 3
    said = capsys.readouterr().err
    assert "look if it came out (0 of 3 labels were sent; if it came out, go on" in said
    assert "with --first 2; if not, with --first 1)" in said


@pytest.mark.parametrize(
    ("error", "sent", "copies", "words"),
    [
        (PrinterUnreachable("x"), 3, 1, "(3 of 6 labels were sent; go on with --first 14)"),
        (
            *(PrinterUnreachable("x"), 4, 3),
            "(4 of 6 labels were sent; go on with --first 12, where 1 of 3 copies were sent before)",
        ),
        (
            *(PrinterDoubt("x"), 3, 1),
            "(3 of 6 labels were sent; if it came out, go on with --first 15; if not, with --first 14)",
        ),
        (
            *(PrinterDoubt("x"), 5, 1),
            "(5 of 6 labels were sent; if it came out, it was the last; if not, go on with --first 16)",
        ),
        (
            *(PrinterDoubt("x"), 4, 3),
            "(4 of 6 labels were sent; it is copy 2 of 3 of row 12: go on behind what came out)",
        ),
    ],
)
def test_how_to_go_on_prints_nothing_twice(
    error: PrinterError, sent: int, copies: int, words: str
) -> None:
    stopped = command_print.stopped(error, sent, 6, first=11, copies=copies)
    assert (type(stopped), str(stopped)) == (type(error), f"x {words}")


def test_room_is_awaited() -> None:
    told = [PrinterStatus("busy", "2 labels wait in it", 2)] * 3 + [PrinterStatus("ready", "", 0)]
    await_room(lambda: told.pop(0), clock=lambda: 0, rest=lambda _: None)
    assert not told
    now = iter((0, 1, WAIT_SECONDS_MAX + 1))
    with pytest.raises(PrinterUnreachable, match="2 labels wait in it"):
        await_room(
            lambda: PrinterStatus("busy", "2 labels wait in it", 2),
            clock=lambda: next(now),
            rest=lambda _: None,
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "places.csv:1: its heading is to name each column once"),
        ("place,place\nA1,A2\n", "places.csv:1: its heading"),
        ("place\n", "has no row below its heading"),
        (
            "place,nane\nA1,red\n",
            "csv:1: there is no field nane; did you mean name? (fields: place,",
        ),
        (
            "place;name\nA1;Flour\nA2\n",
            "places.csv:3: is not as wide as its heading (cells: 1, columns: 2)",
        ),
        ('place\n"A1\n', "places.csv:2: is no CSV"),
        ("place\tname\nA1\tFl\x07our\n", "row 1: label field name"),
        ("place,name\nA1,Flour\n,Salt\n", "row 2: label field place"),
    ],
)
def test_rows_that_cannot_be_used_print_nothing(
    text: str, words: str, places: Path, tmp_path: Path, capsys: Said
) -> None:
    rows = tmp_path / "places.csv"
    rows.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    assert main(["print", str(places), "--from", str(rows), "--to", f"folder://{out}"]) == 1
    assert words in capsys.readouterr().err
    assert not out.exists()


def test_rows_that_are_not_there_or_not_utf8(places: Path, tmp_path: Path, capsys: Said) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("place,name\nA1,Käse\n".encode("latin-1"))
    for rows, words in (
        (latin, f"{latin}:2: cannot be read: save it as CSV UTF-8"),
        (tmp_path / "none.csv", "none.csv: cannot be read: No such file"),
        (Path("/dev/zero"), "/dev/zero: has more than 16777216 bytes"),
    ):
        assert main(["print", str(places), "--from", str(rows), "--to", "folder:///tmp/x"]) == 1
        assert words in capsys.readouterr().err


def test_fields_of_rows_come_from_files(tmp_path: Path, capsys: Said) -> None:
    rows = tmp_path / "contents.csv"
    rows.write_text("product;lot;quantity;unit\nRye bread;B-7;12;C62\n", encoding="utf-8")
    picture = str(tmp_path / "label.png")
    assert main(["preview", "unit-mixed", picture, f"contents=@{rows}"]) == 0
    capsys.readouterr()
    assert main(["preview", "unit-mixed", picture, "contents=bread"]) == 1
    assert "write contents=@FILE.csv" in capsys.readouterr().err
    rows.write_text("colour\nred\n", encoding="utf-8")
    assert main(["preview", "unit-mixed", picture, f"contents=@{rows}"]) == 1
    assert f"{rows}:1: there is no field colour (fields: product, lot" in capsys.readouterr().err


def test_a_sheet_holds_every_row(places: Path, tmp_path: Path, capsys: Said) -> None:
    sheet = tmp_path / "places.pdf"
    call = ["sheet", str(places), str(sheet), "--from", str(tmp_path / "places.csv")]
    assert main([*call, "--paper", "Letter", "--used", "1"]) == 0
    assert "3 labels on Letter" in capsys.readouterr().out
    document = pypdfium2.PdfDocument(sheet)  # type: ignore[no-untyped-call]
    found = symbols.decode_image(document[0].render(scale=300 / 72).to_pil())
    document.close()  # type: ignore[no-untyped-call]
    assert sorted(text[:4] for text, _, _ in found) == [b"LOA1", b"LOA2", b"LOA3"]
    assert main([*call, "--used", "99"]) == 1
    assert "99 used labels of a sheet" in capsys.readouterr().err


def test_the_doctor_asks_and_tests(capsys: Said) -> None:
    with on_tcp(Faults()) as (port, printed):
        url = f"tcp://127.0.0.1:{port}"
        assert main(["doctor", url, "tcp://127.0.0.1:1", "--test"]) == 1
        good, lost = capsys.readouterr().out.splitlines()
        assert good == f"✔ {url}  ready; a test label was sent: look if it came out"
        assert lost.startswith("✖ tcp://127.0.0.1:1  printer 127.0.0.1:1 does not answer")
        assert printed.jobs == ["TEST"]
        printed.faults.head_open = True
        assert main(["doctor", url, "--test", "--json"]) == 1
        assert said_json(capsys) == {
            "found": [],
            "printers": [
                {
                    "url": url,
                    "good": False,
                    "state": "head_open",
                    "said": "head open: the head is open",
                    "waiting": 1,
                }
            ],
        }
        assert printed.jobs == ["TEST"]


def test_the_doctor_lists_what_is_here(capsys: Said) -> None:
    assert main(["doctor", "--json"]) == 0
    assert set(said_json(capsys)) == {"found", "printers"}
    assert main(["doctor"]) == 0
    assert "kiosk-labels doctor" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["print", "batch"],
        ["print", "batch", "lot", "--to", "x"],
        ["print", "batch", "--to", "x", "lot"],
        ["print", "batch", "--to", "x", "--much"],
        ["new", "a.toml", "--like", "batch", "more"],
        ["check", "--dpi", "9"],
        [],
    ],
)
def test_bad_calls_are_explained(arguments: list[str], capsys: Said) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: kiosk-labels" in capsys.readouterr().err


def test_sheets_are_pdf(tmp_path: Path, capsys: Said) -> None:
    assert main(["sheet", "location", str(tmp_path / "a.png"), "--sample"]) == 1
    assert "call it NAME.pdf" in capsys.readouterr().err
    assert main(["sheet", "location", str(tmp_path / "a.pdf"), "--sample"]) == 0
    assert "a.pdf: 1 label on A4" in capsys.readouterr().out


@pytest.mark.parametrize("of", ["batch", "traveller", "unit-content", "setup"])
def test_a_new_template_of_any_kind_is_good(of: str, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    assert main(["new", str(own), "--like", of]) == 0
    assert main(["check", str(own), "--dpi", "203", "--dpi", "300", "--dpi", "600"]) == 0


def test_what_the_system_refuses_is_told_in_its_words(capsys: Said) -> None:
    for call in (["new", "/proc/none/x.toml"], ["preview", "batch", "/proc/none/x.png"]):
        assert main(call) == 1
        assert capsys.readouterr().err == f"kiosk-labels: {call[-1]}: No such file or directory\n"
    assert main(["check", "bach"]) == 1
    assert "bach.toml: file: is not there; did you mean batch?" in capsys.readouterr().out


def test_output_that_nobody_takes(tmp_path: Path) -> None:
    """A pipe that is closed, a full disk, a console without the signs."""

    def ended(out: str, **set_to: str) -> tuple[int, str]:
        command = f'"{sys.executable}" -m labels check location {out}'
        environment = os.environ | set_to
        done = subprocess.run(
            ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
            capture_output=True,
            text=True,
            env=environment,
        )
        return done.returncode, done.stderr or done.stdout[:2]

    assert ended("| true") == (0, "")
    assert ended("> /dev/full") == (
        1,
        "kiosk-labels: done, but what was to be said cannot be written: No space left on device\n",
    )
    assert ended("", PYTHONIOENCODING="ascii") == (0, "? ")


def test_ctrl_c_tells_how_far_it_came(places: Path, tmp_path: Path) -> None:
    with on_tcp(Faults(deaf=True)) as (port, printed):
        to = f"tcp://127.0.0.1:{port}"
        command = ["print", str(places), "--from", str(tmp_path / "places.csv"), "--to", to]
        called = subprocess.Popen(
            [sys.executable, "-m", "labels", *command], stderr=subprocess.PIPE
        )
        assert printed.asked.wait(30)
        called.send_signal(signal.SIGINT)
        _, said = called.communicate()
    assert b"stopped (0 of 3 labels were sent; go on with --first 1)" in said
    assert called.returncode == 1


def test_ctrl_c_in_a_label_is_a_doubt() -> None:
    class Interrupted:
        """A printer at which somebody presses Ctrl-C while it takes the label."""

        def send(self, job: str, data: bytes, suffix: str = "zpl") -> None:
            raise KeyboardInterrupt

        def status(self, language: str) -> PrinterStatus:
            raise KeyboardInterrupt

    with pytest.raises(PrinterDoubt, match="label J-1: stopped while it was sent"):
        command_print.send(Interrupted(), "J-1", b"^XA^XZ", "zpl")


def test_as_a_process(tmp_path: Path) -> None:
    def called(*arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "labels", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path.cwd())
        return done.returncode, done.stdout, done.stderr

    status, said, _ = called("--help")
    assert (status, "examples:\n" in said, "3 in doubt" in said) == (0, True, True)
    status, _, said = called("print", "batch", "--sample", "--to", "usb://1")
    assert (status, said[:26]) == (1, "kiosk-labels: printer usb:")
