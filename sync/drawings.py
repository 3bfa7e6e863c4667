"""The home of what a drawing is to both ends: how a routing names it, and what file can be one.

DrawingError(ValueError)    a name or file is no drawing; says the value and the next step
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sync.domain.spoken import SpokenError

PNG: Final = "image/png"
PDF: Final = "application/pdf"
SUFFIXES: Final = {".png": PNG, ".pdf": PDF}
DRAWING_BYTES_MAX: Final = 8 * 1024 * 1024
SIDE_PIXELS_MAX: Final = 20_000
IMAGE_PIXELS_MAX: Final = 50_000_000
NAME_CHARS_MAX: Final = 80
PAGE_DIGITS_MAX: Final = 4
_ALNUM: Final = "A-Za-z0-9À-ɏ"
NAME_FORM: Final = rf"[{_ALNUM}]([{_ALNUM} ._()+,@–-]{{0,{NAME_CHARS_MAX - 2}}}[{_ALNUM})])?"
PATH: Final = "/v1/drawings/"
LINK_PATH: Final = "/D/"  # short and in capitals: a small QR code holds it
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = b"\x00\x00\x00\rIHDR"
_PNG_HEAD_BYTES: Final = 24
_PDF_START: Final = b"%PDF-"
_PAGE: Final = re.compile(rf"page=([0-9]{{1,{PAGE_DIGITS_MAX}}})\Z", re.ASCII)


class DrawingError(SpokenError):
    """Why something is no drawing."""

    AREA = "drawing"
    SENTENCES = {  # noqa: RUF012 — the base says that it is of the class
        "long": "drawing {name!r}: a name has 1 to {most} characters",
        "signs": "drawing {name!r}: begin and end with a letter or digit; between them letters,"
        " digits, spaces and . _ - – + , ( ) @",
        "empty": "drawing {name}: the file is empty: export it again",
        "bytes": "drawing {name}: {count} bytes, {most} fit: export it smaller",
        "kind": "drawing {name}: neither PNG nor PDF: save it as one of them",
        "head": "drawing {name}: a PNG without its head: export it again",
        "side": "drawing {name}: {wide} x {high} pixels, a side has 1 to {most}: scale it",
        "pixels": "drawing {name}: {wide} x {high} pixels, {most} fit: scale it down",
    }


@dataclass(frozen=True, slots=True)
class Reference:
    """What a routing means: a drawing of the server by `name`, or one elsewhere by `url`."""

    name: str = ""
    page: int = 1
    url: str = ""


def reference(written: str) -> Reference | None:
    """A routing's `drawing`, such as `shaft.pdf#page=2`; None where it names none.

    An address of another server is only told: this station's token is not for it.
    """
    text = written.strip()
    if re.match(r"https?://", text, re.IGNORECASE):
        return Reference(url=text)
    name, _, rest = text.partition("#")
    page = _PAGE.match(rest)
    return Reference(name.strip(), max(1, int(page[1])) if page else 1) if name.strip() else None


def checked_name(name: str) -> str:
    """The name of a drawing; raises `DrawingError`."""
    if not 0 < len(name) <= NAME_CHARS_MAX:
        raise DrawingError("long", name=name[:20], most=NAME_CHARS_MAX)
    if not re.fullmatch(NAME_FORM, name):
        raise DrawingError("signs", name=name)
    return name


def checked_file(name: str, body: bytes) -> str:
    """The media type of a drawing's bytes; raises `DrawingError` for what is none.

    A PNG's size in pixels is read from its head: nothing is unpacked for it.
    """
    if not body:
        raise DrawingError("empty", name=name)
    if len(body) > DRAWING_BYTES_MAX:
        raise DrawingError("bytes", name=name, count=len(body), most=DRAWING_BYTES_MAX)
    if body.startswith(_PDF_START):
        return PDF
    if not body.startswith(_PNG_START):
        raise DrawingError("kind", name=name)
    if len(body) < _PNG_HEAD_BYTES or body[8:16] != _PNG_HEAD:
        raise DrawingError("head", name=name)
    check_pixels(name, *(int.from_bytes(body[at : at + 4]) for at in (16, 20)))
    return PNG


def check_pixels(name: str, wide: int, high: int) -> None:
    """Raises `DrawingError` for an image that is larger than any drawing."""
    if not (0 < wide <= SIDE_PIXELS_MAX and 0 < high <= SIDE_PIXELS_MAX):
        raise DrawingError("side", name=name, wide=wide, high=high, most=SIDE_PIXELS_MAX)
    if wide * high > IMAGE_PIXELS_MAX:
        raise DrawingError("pixels", name=name, wide=wide, high=high, most=IMAGE_PIXELS_MAX)


def path_of(name: str) -> str:
    """Where the server has a drawing."""
    return PATH + quote(name, safe="")
