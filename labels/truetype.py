"""What a TrueType font file says of its letters: which it has, how wide, how tall.

Reads the tables head, hhea, hmtx, maxp, cmap (formats 4 and 12), loca and glyf (OpenType 1.9). A
letter's outline stays unread: drawing is other people's.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

_UNICODE: Final = {(0, 3): 1, (0, 4): 2, (3, 1): 1, (3, 10): 2}  # (platform, encoding): rank


class FontFormatError(ValueError):
    """The bytes are no TrueType font with a Unicode map."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One letter in font units: how far the pen goes; ink above and below the base line.

    `before` and `beyond`: ink left of where the pen starts, and right of where it ends.
    """

    advance: int
    rise: int = 0
    drop: int = 0
    before: int = 0
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Font:
    """A read font; `units` to its em, `numbers` from code point to glyph number."""

    units: int
    numbers: Mapping[int, int]
    _data: bytes = field(repr=False)
    _tables: Mapping[str, int] = field(repr=False)

    def glyph(self, char: str) -> Glyph | None:
        number = self.numbers.get(ord(char), 0)
        if not number:
            return None
        advance = self._advance(number)
        left, bottom, right, top = self._ink(number)
        return Glyph(advance, max(0, top), max(0, -bottom), max(0, -left), max(0, right - advance))

    def _advance(self, number: int) -> int:
        (count,) = struct.unpack_from(">H", self._data, self._tables["hhea"] + 34)
        place = self._tables["hmtx"] + 4 * min(number, count - 1)
        return int(struct.unpack_from(">H", self._data, place)[0])

    def _ink(self, number: int) -> tuple[int, int, int, int]:
        """(left, bottom, right, top) of the outline's box; zeros for a blank."""
        (long,) = struct.unpack_from(">h", self._data, self._tables["head"] + 50)
        form, size = (">LL", 4) if long else (">HH", 2)
        ends = struct.unpack_from(form, self._data, self._tables["loca"] + number * size)
        start, end = ends if long else (ends[0] * 2, ends[1] * 2)
        if start == end:
            return 0, 0, 0, 0
        box = struct.unpack_from(">4h", self._data, self._tables["glyf"] + start + 2)
        return box[0], box[1], box[2], box[3]


def read(data: bytes) -> Font:
    """The font in `data`. Raises FontFormatError."""
    try:
        tables = dict(_directory(data))
        (units,) = struct.unpack_from(">H", data, tables["head"] + 18)
        return Font(units, dict(_code_points(data, tables["cmap"])), data, tables)
    except (struct.error, KeyError) as error:
        raise FontFormatError(f"is no TrueType font: {error}") from error


def _directory(data: bytes) -> Iterator[tuple[str, int]]:
    (count,) = struct.unpack_from(">H", data, 4)
    for number in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sLLL", data, 12 + 16 * number)
        yield tag.decode("latin-1"), offset


def _code_points(data: bytes, cmap: int) -> Iterator[tuple[int, int]]:
    """(code point, glyph number) of the widest Unicode map."""
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    maps = [struct.unpack_from(">HHL", data, cmap + 4 + 8 * one) for one in range(count)]
    ranked = [(_UNICODE.get((one[0], one[1]), 0), one[2]) for one in maps]
    rank, offset = max(ranked, default=(0, 0))
    (form,) = struct.unpack_from(">H", data, cmap + offset)
    if not rank or form not in {4, 12}:
        raise FontFormatError("has no Unicode map that this reads (formats 4 and 12)")
    yield from (_segments if form == 4 else _groups)(data, cmap + offset)


def _groups(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack_from(">L", data, start + 12)
    for number in range(count):
        first, last, glyph = struct.unpack_from(">LLL", data, start + 16 + 12 * number)
        for code in range(first, last + 1):
            yield code, glyph + code - first


def _segments(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    (twice,) = struct.unpack_from(">H", data, start + 6)
    form, count = f">{twice // 2}H", twice // 2
    lasts = struct.unpack_from(form, data, start + 14)
    firsts, deltas, ranges = (
        struct.unpack_from(form, data, start + 16 + one * twice) for one in (1, 2, 3)
    )
    for number in range(count):
        for code in range(firsts[number], min(lasts[number], 0xFFFE) + 1):
            if not ranges[number]:
                yield code, (code + deltas[number]) & 0xFFFF
                continue
            here = start + 16 + 3 * twice + 2 * number
            place = here + ranges[number] + 2 * (code - firsts[number])
            (glyph,) = struct.unpack_from(">H", data, place)
            yield code, (glyph + deltas[number]) & 0xFFFF if glyph else 0
