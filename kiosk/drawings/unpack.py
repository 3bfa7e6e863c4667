"""Draws one page of a file into a small box: `python -m kiosk.drawings.unpack FILE …`.

A process of its own, with limits of time and memory: whatever a file holds, the terminal lives on.
Standard output is a line of JSON, `{"wide", "high"}` and then RGB rows, or `{"trouble", …}` alone.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.drawings import (
    DRAWING_BYTES_MAX,
    IMAGE_PIXELS_MAX,
    PDF,
    DrawingError,
    check_pixels,
    checked_file,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY_BYTES_MAX: Final = 1024**3
CPU_SECONDS_MAX: Final = 20
PAGES_COUNT_MAX: Final = 60
PAGE_PIXELS_MAX: Final = 2_400  # of a page's longer side
PAGE_PIXELS_MIN: Final = 1_200
OVERSAMPLING: Final = 8
PAPER_LEVEL: Final = 232  # lighter is paper
PAPER_SHARE_MIN: Final = 0.6  # of a drawing of lines; a photograph has less
LINE_SHARE: Final = 0.8  # of a pixel that the thinnest line must fill
_DARKER: Final = tuple(level * level // 255 for level in range(256)) * 3  # half a line is seen
MARGIN_SHARE: Final = 0.02


class Untold(Exception):  # noqa: N818
    """A drawing that cannot be drawn, for a reason that is told."""

    def __init__(self, kind: str, **facts: object) -> None:
        super().__init__(kind)
        self.told = {"trouble": kind, **{name: str(fact) for name, fact in facts.items()}}


def main(arguments: Sequence[str]) -> int:
    """FILE DIGEST PAGE WIDE HIGH: the page in at most that many pixels, on standard output."""
    path, digest, page, wide, high = arguments
    _limit()
    try:
        image = drawn(Path(path), digest, int(page), int(wide), int(high))
    except Untold as fault:
        print(json.dumps(fault.told))
        return 0
    except MemoryError:
        print(json.dumps({"trouble": "large"}))
        return 0
    head = json.dumps({"wide": image.width, "high": image.height})
    sys.stdout.buffer.write(head.encode() + b"\n" + image.tobytes())
    return 0


def drawn(path: Path, digest: str, page: int, wide: int, high: int) -> "Image":
    """The page in RGB, as large as the box allows; raises `Untold`."""
    try:
        with path.open("rb") as file:
            body = file.read(DRAWING_BYTES_MAX + 1)
    except OSError:
        raise Untold("damaged") from None
    if hashlib.sha256(body).hexdigest() != digest:
        raise Untold("damaged")
    try:
        media = checked_file(digest, body)
    except DrawingError:
        raise Untold("unreadable") from None
    image = _page_of(body, page, max(wide, high)) if media == PDF else _image_of(body)
    return fitted(image, wide, high)


def fitted(image: "Image", wide: int, high: int) -> "Image":
    """Without its empty margin, in a box; thin lines are thickened so that they stay."""
    from PIL import ImageOps
    from PIL.Image import Resampling

    image = _trimmed(_on_light_paper(image))
    factor = max(image.width / wide, image.height / high)
    size = max(1, round(image.width / factor)), max(1, round(image.height / factor))
    if not _is_of_lines(image):
        return image.resize(size, Resampling.BOX)
    thick = _thickened(image, max(0, round(factor * LINE_SHARE) - 1))
    small = thick.resize(size, Resampling.BOX).point(_DARKER)
    return ImageOps.autocontrast(small, cutoff=(1, 0), preserve_tone=True)


def _on_light_paper(image: "Image") -> "Image":
    """Lines of light on dark paper turned round: what is thin is dark from here on."""
    from PIL import ImageOps

    levels = image.convert("L").histogram()
    is_dark = sum(levels[: 256 - PAPER_LEVEL]) >= PAPER_SHARE_MIN * sum(levels)
    return ImageOps.invert(image) if is_dark else image


def _trimmed(image: "Image") -> "Image":
    from PIL import Image, ImageChops

    paper = Image.new("RGB", image.size, (255, 255, 255))
    marks = ImageChops.difference(image, paper).convert("L")
    box = marks.point([0] * (256 - PAPER_LEVEL) + [255] * PAPER_LEVEL).getbbox()
    if box is None:
        return image
    side = round(MARGIN_SHARE * max(image.size))
    left, top, right, bottom = box
    return image.crop(
        (
            max(0, left - side),
            max(0, top - side),
            min(image.width, right + side),
            min(image.height, bottom + side),
        )
    )


def _is_of_lines(image: "Image") -> bool:
    levels = image.convert("L").histogram()
    return sum(levels[PAPER_LEVEL:]) >= PAPER_SHARE_MIN * sum(levels)


def _thickened(image: "Image", pixels: int) -> "Image":
    """What is dark grows by so many pixels in width and height, by doubling steps."""
    from PIL import ImageChops

    grown = 0
    while grown < pixels:
        step = min(grown + 1, pixels - grown)
        for right, down in ((step, 0), (0, step)):
            moved = _moved(image, right, down)
            image = ImageChops.darker(image, moved)
        grown += step
    return _moved(image, -pixels // 2, -pixels // 2) if pixels else image


def _moved(image: "Image", right: int, down: int) -> "Image":
    from PIL import Image

    moved = Image.new("RGB", image.size, (255, 255, 255))
    moved.paste(image, (right, down))
    return moved


def _image_of(body: bytes) -> "Image":
    """A PNG on white paper; its head was looked at, so that it unpacks to no more than fits."""
    from io import BytesIO

    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = IMAGE_PIXELS_MAX
    try:
        with Image.open(BytesIO(body), formats=["PNG"]) as opened:
            check_pixels("", *opened.size)
            if opened.mode in {"RGBA", "LA", "PA", "P"}:
                above = opened.convert("RGBA")
                paper = Image.new("RGBA", above.size, (255, 255, 255, 255))
                return Image.alpha_composite(paper, above).convert("RGB")
            return opened.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Untold("unreadable") from None
    except Image.DecompressionBombError:
        raise Untold("large") from None


def _page_of(body: bytes, page: int, pixels: int) -> "Image":
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(body)  # type: ignore[no-untyped-call]
        count = len(document)
        if count > PAGES_COUNT_MAX:
            raise Untold("pages", pages=count, limit=PAGES_COUNT_MAX)
        if not 1 <= page <= count:
            raise Untold("page_missing", page=page, pages=count)
        sheet = document[page - 1]
        longer = max(*sheet.get_size(), 1.0)
        wanted = min(max(pixels * OVERSAMPLING, PAGE_PIXELS_MIN), PAGE_PIXELS_MAX)
        rendered: Image = sheet.render(scale=wanted / longer, may_draw_forms=False).to_pil()
        return rendered.convert("RGB")
    except pypdfium2.PdfiumError:
        raise Untold("unreadable") from None


def _limit() -> None:
    """No more memory and time than any drawing needs; other programs go first."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
