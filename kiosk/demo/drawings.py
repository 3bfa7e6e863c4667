"""Draws the sample factories' drawings, so that an operation has one to show."""

from io import BytesIO
from typing import Any, Final

PAGE: Final = (420.0, 210.0)  # points
AXIS: Final = 105.0
# From the left: where a section of the shaft ends, and its radius; its diameter as people read it.
SECTIONS: Final = ((90.0, 30.0, "Ø20 k6"), (280.0, 45.0, "Ø30"), (370.0, 30.0, "Ø20 k6"))
LEFT: Final = 40.0
KEYWAY: Final = (150.0, 70.0, 16.0)  # from, length, width


def shaft() -> bytes:
    """The drive shaft as a PDF: page 1 to turn it, page 2 to mill its keyway."""
    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    canvas: Any = Canvas(file, pagesize=PAGE, invariant=True)  # type: ignore[no-untyped-call]
    canvas.setTitle("Drive shaft")
    for title, with_keyway in (("DRIVE SHAFT · SEATS", False), ("DRIVE SHAFT · KEYWAY", True)):
        _outline(canvas)
        if with_keyway:
            _keyway(canvas)
        canvas.setFont("Helvetica-Bold", 13)
        canvas.drawString(LEFT, 190, title)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def hub() -> bytes:
    """The bearing hub as a PNG: two circles, the bolts' circle, and the bore's size."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1200, 700), 255)
    pen = ImageDraw.Draw(image)
    for radius in (300, 130):
        pen.ellipse((350 - radius, 350 - radius, 350 + radius, 350 + radius), outline=0, width=5)
    for right, down in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        x, y = 350 + 215 * right, 350 + 215 * down
        pen.ellipse((x - 32, y - 32, x + 32, y + 32), outline=0, width=5)
    pen.line((350, 350, 720, 160), fill=0, width=3)
    pen.text((740, 90), "Ø47 H7", fill=0, font=ImageFont.load_default(110))
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


DRAWINGS: Final = {"machining": {"shaft.pdf": shaft, "hub.png": hub}}


def _outline(canvas: Any) -> None:
    start = LEFT
    canvas.setLineWidth(1.6)
    canvas.setFont("Helvetica-Bold", 14)
    for end, radius, diameter in SECTIONS:
        canvas.rect(start, AXIS - radius, end - start, 2 * radius)
        canvas.drawCentredString((start + end) / 2, AXIS - 68, diameter)
        start = end
    canvas.setLineWidth(0.7)
    canvas.setDash(14, 5)
    canvas.line(LEFT - 20, AXIS, start + 20, AXIS)
    canvas.setDash()


def _keyway(canvas: Any) -> None:
    at, length, width = KEYWAY
    canvas.setLineWidth(2.4)
    canvas.setFillGray(0.75)
    canvas.roundRect(at, AXIS - width / 2, length, width, width / 2, fill=1)
    canvas.setFillGray(0)
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawCentredString(at + length / 2, AXIS + 18, "8 P9 x 35")
