"""What a printer of each language makes of its bytes: a bitmap, or an AssertionError."""

import re
import struct
from typing import Final

import zplkit
from PIL import Image, ImageChops

from labels.bitmap import Bitmap
from labels.primitives import Layout

_INVERTED: Final = bytes(255 - byte for byte in range(256))
_TSPL: Final = re.compile(
    rb"SIZE (?P<across>[\d.]+) mm,(?P<along>[\d.]+) mm\r\nGAP 3 mm,0 mm\r\nDIRECTION 0\r\n"
    rb"REFERENCE 0,0\r\nCLS\r\nBITMAP 0,0,(?P<bytes>\d+),(?P<height>\d+),0,"
)
_EPL: Final = re.compile(
    rb"\nN\nq(?P<across>\d+)\nQ(?P<along>\d+),\d+\nZT\nGW0,0,(?P<bytes>\d+),(?P<height>\d+),"
)


def decode(language: str, data: bytes, layout: Layout) -> Bitmap:
    """The dots that the printer burns for one label of the layout's size."""
    match language:
        case "zpl" | "zpl-graphic":
            return _zpl(data, layout)
        case "tspl":
            return _inverted(_TSPL, data, b"\r\nPRINT 1,1\r\n", layout)
        case "epl":
            return _inverted(_EPL, data, b"\nP1\n", layout)
        case "escpos":
            return _escpos(data, layout)
        case "brother-ql":
            return _brother(data, layout)
    raise AssertionError(language)


def of_picture(picture: Image.Image) -> Bitmap:
    """A grey picture's dots, dark ones black."""
    ink = ImageChops.invert(picture.convert("L")).point(lambda shade: 255 * (shade > 127), "1")
    return Bitmap(picture.width, picture.height, ink.tobytes())


def _zpl(data: bytes, layout: Layout) -> Bitmap:
    options = zplkit.Options(width=layout.width, height=layout.height, dpi=layout.dpi)
    labels = zplkit.render(data, options).labels
    assert len(labels) == 1
    page = labels[0].rasterize()
    return of_picture(Image.frombytes("L", (page.width, page.height), page.pixels))


def _inverted(head: re.Pattern[bytes], data: bytes, tail: bytes, layout: Layout) -> Bitmap:
    """The bitmap between head and tail; its fill dots must be white, or the edge is printed."""
    found = head.match(data)
    assert found is not None
    assert data.endswith(tail)
    row_bytes, height = int(found["bytes"]), int(found["height"])
    dots = data[found.end() : -len(tail)]
    assert len(dots) == row_bytes * height
    return _whole(dots.translate(_INVERTED), row_bytes, layout, height)


def _escpos(data: bytes, layout: Layout) -> Bitmap:
    assert data.startswith(b"\x1b@")
    assert data.endswith(b"\x1dVB\x00")
    place, bands, width = 2, [], 0
    while data[place : place + 4] == b"\x1dv0\x00":
        width, height = struct.unpack_from("<HH", data, place + 4)
        place += 8 + width * height
        bands.append(data[place - width * height : place])
    assert place == len(data) - 4
    dots = b"".join(bands)
    return _whole(dots, width, layout, len(dots) // width)


def _brother(data: bytes, layout: Layout) -> Bitmap:
    """The head's 720 pins count from the right; 12 at either end are beside the tape."""
    assert data[:200] == bytes(200)
    head = struct.Struct("<2s4s3sBBBBI2s")
    fields = head.unpack_from(data, 200)
    assert fields[:7] == (b"\x1b@", b"\x1bia\x01", b"\x1biz", 0xC6, 0x0A, 62, 0)
    rest = data[200 + head.size :]
    set_up = b"\x1biM\x40\x1biA\x01\x1biK\x08\x1bid\x23\x00M\x00"
    assert rest.startswith(set_up)
    assert rest.endswith(b"\x1a")
    lines = rest[len(set_up) : -1]
    assert len(lines) == fields[7] * 93
    rows = []
    for start in range(0, len(lines), 93):
        assert lines[start : start + 3] == b"g\x00\x5a"
        pins = "".join(f"{byte:08b}" for byte in lines[start + 3 : start + 93])
        assert "1" not in pins[:12] + pins[-12:]
        rows.append(int(pins[12:-12][::-1], 2).to_bytes(87, "big"))
    return _whole(b"".join(rows), 87, layout, len(rows))


def _whole(dots: bytes, row_bytes: int, layout: Layout, height: int) -> Bitmap:
    assert row_bytes == -(-layout.width // 8)
    return Bitmap(layout.width, height, dots)
