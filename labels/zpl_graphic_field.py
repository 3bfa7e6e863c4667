"""A picture as ZPL ^GFA fields in the alternative compression: hex digits with repeat counts.

Every Zebra since ZPL II and all that imitate it read this form, which takes a barcode's rows to a
few hundred bytes (ZPL II programming guide, "Alternative Data Compression Scheme").
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Final

from labels.bitmap import Bitmap

# One ^GF takes 99,999 bytes; small printers and their imitators less.
FIELD_BYTES_MAX: Final = 16_384
_HIGH_STEP: Final = 20
_HIGH_MAX: Final = 400  # "z"
_RUNS: Final = re.compile(r"(.)\1+")
_FILLS: Final = (("0", ","), ("F", "!"))


def fields(x: int, y: int, rows: Iterable[tuple[str, int]], width: int) -> str:
    """Fields, ^FS between them, of (row of `width` dots, "1" black; times it is repeated).

    (x, y) is the top left dot; rows go from the top down, in bands of FIELD_BYTES_MAX.
    """
    row_bytes = -(-width // 8)
    lines = ((_line(row, width, row_bytes), count) for row, count in rows)
    return _fields(x, y, lines, row_bytes)


def bitmap_fields(x: int, y: int, bitmap: Bitmap) -> str:
    """The fields of a whole bitmap; (x, y) is its top left dot."""
    rows = ((row.hex().upper(), len(list(same))) for row, same in groupby(bitmap.rows()))
    lines = ((_squeezed(digits), count) for digits, count in rows)
    return _fields(x, y, lines, bitmap.row_bytes)


def _fields(x: int, y: int, lines: Iterable[tuple[str, int]], row_bytes: int) -> str:
    bands = _bands(lines, max(1, FIELD_BYTES_MAX // row_bytes))
    return "^FS\n".join(
        f"{head(x, y + top, height, row_bytes)}{data}" for top, height, data in bands
    )


def head(x: int, y: int, height: int, row_bytes: int) -> str:
    """A field up to its data: both byte counts are those of the picture."""
    size = height * row_bytes
    return f"^FO{x},{y}^GFA,{size},{size},{row_bytes},"


def _bands(lines: Iterable[tuple[str, int]], height_max: int) -> Iterator[tuple[int, int, str]]:
    """(first row, rows, data) of each band; `:` repeats the line before it."""
    data: list[str] = []
    top, height, last = 0, 0, ""
    for line, count in lines:
        left = count
        while left:
            if height == height_max:
                yield top, height, "".join(data)
                top, height, data, last = top + height, 0, [], ""
            taken = min(left, height_max - height)
            data.append(":" * taken if line == last else line + ":" * (taken - 1))
            height, left, last = height + taken, left - taken, line
    if height:
        yield top, height, "".join(data)


def _line(row: str, width: int, row_bytes: int) -> str:
    assert len(row) == width, f"a row of {width} dots wanted, not {len(row)}"
    return _squeezed(f"{int(row, 2) << row_bytes * 8 - width:0{row_bytes * 2}X}")


def _squeezed(digits: str) -> str:
    """A comma fills a line up with 0, an exclamation mark with F."""
    for digit, sign in _FILLS:
        left = digits.rstrip(digit)
        if left != digits:
            return _RUNS.sub(_run, left) + sign
    return _RUNS.sub(_run, digits)


def _run(found: re.Match[str]) -> str:
    return f"{_count(len(found[0]))}{found[1]}"


@cache
def _count(length: int) -> str:
    """G to Y stand for 1 to 19, g to z for 20, 40 … 400."""
    text = ""
    while length > _HIGH_MAX:
        text += "z"
        length -= _HIGH_MAX
    if length >= _HIGH_STEP:
        text += chr(ord("g") + length // _HIGH_STEP - 1)
    rest = length % _HIGH_STEP
    return text + (chr(ord("G") + rest - 1) if rest else "")
