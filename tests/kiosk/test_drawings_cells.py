"""Pictures in cells: what a drawing becomes, and what hostile files become instead of a crash."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageOps

from kiosk.drawings import Cells, Trouble
from kiosk.drawings.cells import CONSOLE_STYLE, cells
from kiosk.drawings.painter import Painter, Wanted
from kiosk.drawings.unpack import PAGES_COUNT_MAX, Untold, drawn
from sync.drawings import SIDE_PIXELS_MAX
from tests.kiosk.drawing_parts import framed, lines_of, pdf, png_head, saved

WHITE, BLACK, RED = b"\xff\xff\xff", b"\x00\x00\x00", b"\xff\x00\x00"
# As a Linux console shows page 2 of the drawing in 24 x 11 cells: a frame and two bars.
GOLDEN: Final = [
    " ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄ ",
    " █    █    ████████████ ",
    " █    █    ████████████ ",
    " █    █    ████████████ ",
    " █▄▄▄▄█▄▄▄▄████████████ ",
    "▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄",
]


def test_two_pixels_are_a_cell_in_true_colour() -> None:
    rows = BLACK + WHITE + WHITE + WHITE + WHITE + RED
    assert cells(rows, 2) == (
        (("▀", "#000000 on #ffffff"), (" ", "on #ffffff")),
        ((" ", "on #ffffff"), ("▀", "#ff0000 on #ffffff")),
    )


def test_two_tones_are_drawn_with_the_paper_as_ink() -> None:
    rows = BLACK + WHITE + BLACK + WHITE + WHITE + WHITE + BLACK + BLACK
    assert cells(rows, 4, console=True) == ((("▄█ ▀", CONSOLE_STYLE),),)


def kept(folder: Path, body: bytes) -> tuple[Path, str]:
    digest = hashlib.sha256(body).hexdigest()
    path = folder / digest
    path.write_bytes(body)
    return path, digest


def untold(folder: Path, body: bytes, page: int = 1) -> dict[str, str]:
    path, digest = kept(folder, body)
    with pytest.raises(Untold) as fault:
        drawn(path, digest, page, 80, 40)
    return fault.value.told


def test_margins_go_and_the_box_is_filled(tmp_path: Path) -> None:
    image = drawn(*kept(tmp_path, framed()), 1, 80, 60)
    assert image.size == (80, 43)
    assert drawn(*kept(tmp_path, framed()), 1, 200, 20).size == (37, 20)


def test_thin_lines_stay_dark(tmp_path: Path) -> None:
    image = drawn(*kept(tmp_path, framed(6000, 3000, 3)), 1, 60, 40).convert("L")
    row = image.height // 4
    assert min(image.crop((0, row, image.width, row + 1)).tobytes()) < 90


def test_light_lines_on_dark_paper_are_turned_round(tmp_path: Path) -> None:
    dark = ImageOps.invert(Image.open(BytesIO(framed())).convert("RGB"))
    light = drawn(*kept(tmp_path, framed()), 1, 40, 30)
    assert drawn(*kept(tmp_path, saved(dark)), 1, 40, 30).tobytes() == light.tobytes()


def test_a_photograph_keeps_its_colours(tmp_path: Path) -> None:
    photo = Image.linear_gradient("L").resize((400, 400)).convert("RGB")
    small = drawn(*kept(tmp_path, saved(photo)), 1, 20, 20).convert("L").tobytes()
    assert list(small) == sorted(small)
    assert (small[0] < 20, small[-1] > 220) == (True, True)


@pytest.mark.parametrize(
    ("body", "page", "told"),
    [
        (b"", 1, {"trouble": "unreadable"}),
        (b"MZ\x90\x00", 1, {"trouble": "unreadable"}),
        (b"\x89PNG\r\n\x1a\nnothing", 1, {"trouble": "unreadable"}),
        (b"%PDF-1.7 nothing", 1, {"trouble": "unreadable"}),
        (png_head(SIDE_PIXELS_MAX + 1, 2), 1, {"trouble": "unreadable"}),
        (png_head(10_000, 10_000), 1, {"trouble": "unreadable"}),
        (png_head(6_000, 6_000), 1, {"trouble": "unreadable"}),
        (pdf(2), 3, {"trouble": "page_missing", "page": "3", "pages": "2"}),
        (pdf(100), 1, {"trouble": "pages", "pages": "100", "limit": str(PAGES_COUNT_MAX)}),
    ],
)
def test_a_hostile_file_is_a_sentence(
    tmp_path: Path, body: bytes, page: int, told: dict[str, str]
) -> None:
    assert untold(tmp_path, body, page) == told


def test_a_file_that_is_not_what_its_name_says_is_damaged(tmp_path: Path) -> None:
    path, digest = kept(tmp_path, pdf())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Untold) as fault:
        drawn(path, digest, 1, 80, 40)
    assert fault.value.told == {"trouble": "damaged"}


Paint = Callable[[Wanted], Cells | Trouble]


@pytest.fixture
def paint() -> Iterator[Paint]:
    """Draws by the painter's own process, and waits for it."""
    done = threading.Event()
    painter = Painter(lambda _: done.set())

    def painted(wanted: Wanted) -> Cells | Trouble:
        done.clear()
        found = painter.picture(wanted)
        if found is None:
            assert done.wait(30)
            found = painter.picture(wanted)
        assert found is not None
        return found

    yield painted
    painter.stop()


def test_a_page_becomes_the_picture_that_was_looked_at(tmp_path: Path, paint: Paint) -> None:
    path, digest = kept(tmp_path, pdf())
    picture = paint(Wanted(path, digest, 2, 24, 11, console=True))
    assert lines_of(picture) == GOLDEN


def test_a_picture_is_drawn_once_for_its_size(tmp_path: Path, paint: Paint) -> None:
    path, digest = kept(tmp_path, framed())
    first = paint(Wanted(path, digest, 1, 30, 10))
    path.unlink()
    assert paint(Wanted(path, digest, 1, 30, 10)) is first
    assert isinstance(first, tuple)
    assert len(lines_of(first)) == 8


def test_a_bomb_ends_in_a_sentence_and_not_in_the_terminal(tmp_path: Path, paint: Paint) -> None:
    bomb = saved(Image.new("L", (7_000, 7_000), 255))
    assert len(bomb) < 100_000
    path, digest = kept(tmp_path, bomb)
    assert isinstance(paint(Wanted(path, digest, 1, 30, 10)), tuple)
    path, digest = kept(tmp_path, png_head(7_000, 7_000, bytes(1_000_000)))
    assert paint(Wanted(path, digest, 1, 30, 10)) == Trouble("unreadable")
