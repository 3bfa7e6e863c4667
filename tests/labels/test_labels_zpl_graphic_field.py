"""^GFA in the alternative compression: exact bytes, and the same dots back at another's printer."""

import random
import re

import pytest
import zplkit

from labels import zpl_graphic_field
from labels.zpl_graphic_field import FIELD_BYTES_MAX


@pytest.mark.parametrize(
    ("rows", "width", "text"),
    [
        ([("1" * 8, 1)], 8, "^FO3,5^GFA,1,1,1,!"),
        ([("0" * 16, 3)], 16, "^FO3,5^GFA,6,6,2,,::"),
        ([("10100000", 1)], 8, "^FO3,5^GFA,1,1,1,A,"),
        ([("101", 2)], 3, "^FO3,5^GFA,2,2,1,A,:"),
        ([("1" * 12, 1), ("1" * 12, 1)], 12, "^FO3,5^GFA,4,4,2,IF,:"),
        ([("0001" * 25, 1)], 100, "^FO3,5^GFA,13,13,13,gK1,"),
        ([("0001" * 419 + "0000", 1)], 1680, "^FO3,5^GFA,210,210,210,zY1,"),
        ([("0001" * 800 + "0010", 1)], 3204, "^FO3,5^GFA,401,401,401,zz12,"),
    ],
)
def test_fields_byte_for_byte(rows: list[tuple[str, int]], width: int, text: str) -> None:
    assert zpl_graphic_field.fields(3, 5, rows, width) == text


def test_a_tall_picture_goes_in_bands() -> None:
    rows = [("10" * 400, 300), ("01" * 400, 300)]
    text = zpl_graphic_field.fields(8, 9, rows, 800)
    heads = re.findall(r"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),100,", text)
    assert heads == [
        ("8", "9", "16300", "16300"),
        ("8", "172", "16300", "16300"),
        ("8", "335", "16300", "16300"),
        ("8", "498", "11100", "11100"),
    ]
    assert all(int(total) <= FIELD_BYTES_MAX for *_, total, _ in heads)
    assert text.count("^FS") == 3


@pytest.mark.parametrize("width", [1, 7, 8, 9, 64, 333, 4200])
def test_another_printer_draws_the_same_dots(width: int) -> None:
    dice = random.Random()
    rows = [
        ("".join(dice.choices("01", weights=dice.choice([(1, 1), (1, 20), (20, 1)]), k=width)), n)
        for n in (1, 2, 1, 5, 60, 3)
    ]
    text = f"^XA{zpl_graphic_field.fields(0, 0, rows, width)}^FS^XZ"
    height = sum(count for _, count in rows)
    page = zplkit.render(text.encode(), zplkit.Options(width=width, height=height)).labels[0]
    drawn = page.rasterize()
    signs = "".join("1" if shade < 128 else "0" for shade in drawn.pixels)
    assert signs == "".join(row * count for row, count in rows)
