"""The command line of labels, as people call it."""

from pathlib import Path

import pytest
from PIL import Image

from labels import symbols
from labels.__main__ import main


def test_check_says_what_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "batch"]) == 0
    said = capsys.readouterr().out
    assert "batch revision 1, 100 x 75 mm, 14 items: good at 203 and 300 dpi" in said


def test_check_says_what_is_bad(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[label]\nname = 1\n")
    assert main(["check", str(bad)]) == 1
    assert f"kiosk-labels: {bad}: file.fields: is missing" in capsys.readouterr().err


def test_preview_draws_what_it_says(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "label.png"
    assert main(["preview", "batch", str(picture), "lot=B-7", "product=Rye bread"]) == 0
    assert "code128 ]C0 'LOB-7" in capsys.readouterr().out
    with Image.open(picture) as drawn:
        assert [text[:5] for text, _, _ in symbols.decode_image(drawn)] == [b"LOB-7", b"LOB-7"]
    assert main(["preview", "batch", str(picture), "lots=B-7"]) == 1
    assert "there is no field lots" in capsys.readouterr().err


def test_print_puts_a_label_into_a_folder(tmp_path: Path) -> None:
    to = f"folder://{tmp_path}"
    assert main(["print", "batch", "lot=B-7", "--to", to, "--job", "T-1"]) == 0
    assert main(["print", "batch", "--to", to, "--language", "pdf"]) == 0
    assert (tmp_path / "T-1.zpl").read_bytes().startswith(b"^XA^FXjob T-1^FS")
    assert (tmp_path / "SAMPLE.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "arguments", [["print", "batch"], ["preview", "batch", "a.png", "lot"], []]
)
def test_bad_calls_are_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert "usage: kiosk-labels" in capsys.readouterr().err
