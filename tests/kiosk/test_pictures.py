"""Two of the pictures from real terminals, so that the others can be made at any time."""

from pathlib import Path

from PIL import Image

from tests.kiosk.pictures import SCENES, enrolment, taken

CELL: tuple[int, int] = (12, 24)  # DejaVu Sans Mono at 14 points


def test_a_queue_and_an_enrolment_are_pictured(tmp_path: Path) -> None:
    scenes = [one for one in SCENES if one.name == "queue"]
    paths = [*taken(tmp_path, "en", (80, 24), scenes), enrolment(tmp_path, "en", (80, 24))]
    assert [one.name for one in paths] == ["en-queue-80x24.png", "en-enrol-80x24.png"]
    for path in paths:
        with Image.open(path) as picture:
            assert picture.size == (80 * CELL[0], 24 * CELL[1])
            colours = picture.convert("RGB").getcolors(maxcolors=100_000)
            assert colours is not None
            assert len(colours) > 3, f"{path.name} is empty"
