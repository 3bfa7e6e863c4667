"""A picture as ZPL ^GFA fields in the alternative compression: hex digits with repeat counts.

Every Zebra since ZPL II and all that imitate it read this form, which takes a barcode's rows to a
few hundred bytes (ZPL II programming guide, "Alternative Data Compression Scheme").
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

# One ^GF takes 99,999 bytes; small printers and their imitators less.
FIELD_BYTES_MAX: Final = 16_384
_HIGH_STEP: Final = 20
_HIGH_MAX: Final = 400  # "z"
_RUNS: Final = re.compile(r"(.)\1+")
_ZEROS_LAST: Final = re.compile(r"0+\Z")
_ONES_LAST: Final = re.compile(r"F+\Z")


def fields(x: int, y: int, rows: Iterable[tuple[str, int]], width: int) -> str:
    """Fields, ^FS between them, of (row of `width` dots, "1" black; times it is repeated).

    (x, y) is the top left dot; rows go from the top down, in bands of FIELD_BYTES_MAX.
    """
    row_bytes = -(-width // 8)
    lines = ((_line(row, width, row_bytes), count) for row, count in rows)
    bands = _bands(lines, max(1, FIELD_BYTES_MAX // row_bytes))
    return "^FS\n".join(
        f"^FO{x},{y + top}^GFA,{height * row_bytes},{height * row_bytes},{row_bytes},{data}"
        for top, height, data in bands
    )


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
    digits = f"{int(row, 2) << row_bytes * 8 - width:0{row_bytes * 2}X}"
    filled = _ONES_LAST.sub("!", _ZEROS_LAST.sub(",", digits))
    return _RUNS.sub(_run, filled)


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
