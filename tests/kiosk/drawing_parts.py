"""What the tests of drawings share: files made on the spot, good ones and hostile ones."""

import zlib
from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from kiosk.drawings import Cells, Trouble

CROISSANT: Final = "croissant.pdf"


def png_head(wide: int, high: int, rows: bytes = b"") -> bytes:
    """A grey PNG that says it is so large, with these rows, whatever they are."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    head = wide.to_bytes(4) + high.to_bytes(4) + bytes((8, 0, 0, 0, 0))
    body = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def saved(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def framed(wide: int = 1600, high: int = 800, line: int = 2) -> bytes:
    """A frame of thin lines, with a cross through it, far from the paper's edge."""
    image = Image.new("RGB", (wide, high), "white")
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = wide // 4, high // 4, wide * 3 // 4, high * 3 // 4
    pen.rectangle((left, top, right, bottom), outline="black", width=line)
    pen.line((left, top, right, bottom), fill="black", width=line)
    pen.line((left, bottom, right, top), fill="black", width=line)
    return saved(image)


def pdf(pages: int = 2) -> bytes:
    """A drawing of some pages: on each a frame, and as many bars in it as its number says."""
    file = BytesIO()
    canvas: Any = Canvas(file, pagesize=(400, 200), invariant=True)  # type: ignore[no-untyped-call]
    for page in range(1, pages + 1):
        canvas.rect(20, 20, 360, 160, stroke=1, fill=0)
        for bar in range(page if page < 5 else 0):
            canvas.rect(50 + 80 * bar, 50, 40, 100, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def lines_of(picture: Cells | Trouble | None) -> list[str]:
    """The signs of a picture's rows."""
    assert isinstance(picture, tuple), picture
    return ["".join(signs for signs, _ in row) for row in picture]
