"""Primitives -> a whole label as ZPL ^GFA graphics: for printers whose own fonts are not ours.

Three forms of the same dots: plain hex digits, hex digits with repeat counts, and :Z64:, deflated
and in base64 with its CRC (ZPL II programming guide, "^GF" and "Alternative Data Compression").
"""

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import Literal, assert_never

from labels import raster, zpl
from labels.bitmap import Bitmap
from labels.primitives import Layout
from labels.zpl_graphic_field import FIELD_BYTES_MAX, bitmap_fields, head

Form = Literal["hex", "rle", "z64"]


def write(layout: Layout, job: str, form: Form = "rle") -> bytes:
    """One label as one ^XA … ^XZ of graphics; `job` as in `zpl.write`."""
    bitmap = raster.bits(layout)
    match form:
        case "rle":
            return zpl.framed(layout, job, [bitmap_fields(0, 0, bitmap)])
        case "hex":
            return zpl.framed(layout, job, _banded(bitmap, deflated=False))
        case "z64":
            return zpl.framed(layout, job, _banded(bitmap, deflated=True))
        case _:
            assert_never(form)


def _banded(bitmap: Bitmap, *, deflated: bool) -> Iterator[str]:
    step = max(1, FIELD_BYTES_MAX // bitmap.row_bytes)
    for top in range(0, bitmap.height, step):
        band = bitmap.band(top, step)
        data = _deflated(band.data) if deflated else band.data.hex().upper()
        yield f"{head(0, top, band.height, band.row_bytes)}{data}"


def _deflated(data: bytes) -> str:
    """The CRC is CCITT's of the encoded text from 0, in four digits: printers count them."""
    text = base64.b64encode(zlib.compress(data, 9))
    return f":Z64:{text.decode('ascii')}:{binascii.crc_hqx(text, 0):04X}"
