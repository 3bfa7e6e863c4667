"""Pictures of every body from real terminals: `python -m tests.kiosk.pictures OUT [LANGUAGE ...]`.

Each is what an xterm on a virtual X server shows: OUT/LANGUAGE-BODY-COLUMNSxROWS.png.
"""

import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

from kiosk.catalogues import languages
from kiosk.drawings.cache import Cache
from labels.codes import Code, MaterialCode
from tests.kiosk.drawing_parts import CROISSANT, pdf
from tests.kiosk.real_terminals import WAIT_SECONDS, XtermKiosk
from tests.kiosk.terminals import badge, command, lot, number, order, reason

SIZES: Final = ((80, 24), (120, 40))
STILL_SECONDS: Final = 0.4  # a screen that stays so long is drawn
HEAD_PIXELS: Final = 24  # the height of the head line
SHORT_SECONDS: Final = 0.3
GAP_SECONDS: Final = 1.6  # the same code within 1.5 s is a stutter
DRAWING_LINK: Final = "http://192.0.2.10:8400/drawings/croissant.pdf"
PRINTER: Final = '[[printer]]\nname = "labels"\nurl = "tcp://127.0.0.1:9"\n'


@dataclass(frozen=True, slots=True)
class Scene:
    """A body's picture, and what is scanned before and after it is taken."""

    name: str
    before: tuple[Code, ...]
    after: tuple[Code, ...] = ()
    drawn_seconds: float = 0.0  # for what is drawn in the background


SCENES: Final = (
    Scene("nobody", ()),
    Scene("queue", (badge("anna"),)),
    Scene("order_open", (order("B-1"),), (command("OK"),)),
    Scene("order", (lot("W-204", "WHEAT"),)),
    Scene("order_wrong_lot", (lot("R-118", "RYE"),), (command("CANCEL"),)),
    Scene("order_stopped", (command("DOWNTIME"),), (command("RESUME"),)),
    Scene("order_ready", (lot("Y-31", "YEAST"),)),
    Scene("choices", (*number("12"), command("SCRAP")), (reason("BURNT"),)),
    Scene("partial", (*number("480"), command("DONE"))),
    Scene("return", (command("RETURN"),), (command("CANCEL"),)),
    Scene("outbox", (command("OUTBOX"),), (command("CANCEL"),)),
    Scene("help", (command("HELP"),), (command("CANCEL"),)),
    Scene("prints", (command("PRINT"),), (command("CANCEL"),)),
    Scene("doctor", (command("DOCTOR"), lot("W-204", "WHEAT")), (command("DOCTOR"),)),
    Scene("order_steps", (order("B-3"),)),
    Scene("drawing", (command("DRAWING"),), (command("CANCEL"),), drawn_seconds=4.0),
    Scene("handover", (command("HANDOVER"),), (command("CANCEL"),)),
    Scene("order_pieces", (order("B-4"), MaterialCode("CHIP", serial="C-1"))),
)


def settled(kiosk: XtermKiosk) -> Image.Image:
    """The screen once it stands still."""
    end = time.monotonic() + WAIT_SECONDS
    before = kiosk.picture()
    while time.monotonic() < end:
        time.sleep(STILL_SECONDS)
        picture = kiosk.picture()
        changed = ImageChops.difference(before, picture).getbbox()
        if changed is None or changed[3] <= HEAD_PIXELS:  # its clock goes on
            break
        before = picture
    return picture.crop(picture.getbbox())


def played(kiosk: XtermKiosk, codes: Sequence[Code]) -> None:
    """Scanned one behind the other, none of them a stutter."""
    for place, code in enumerate(codes):
        again = place and code == codes[place - 1]
        time.sleep(GAP_SECONDS if again else SHORT_SECONDS)
        kiosk.scan(code)
    time.sleep(SHORT_SECONDS)


def taken(
    out: Path, language: str, size: tuple[int, int], scenes: Sequence[Scene] = SCENES
) -> list[Path]:
    """The pictures of these scenes, one behind the other at one station."""
    ending = f"{size[0]}x{size[1]}.png"
    found = []
    # The kiosk writes its last lines after its terminal is closed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _drawing(Path(folder))
        station = f'language = "{language}"\n'
        kiosk = XtermKiosk(Path(folder), size, station=station, more=PRINTER)
        try:
            kiosk.begin()
            played(kiosk, [command("CANCEL")])
            for scene in scenes:
                played(kiosk, scene.before)
                time.sleep(scene.drawn_seconds)
                found.append(out / f"{language}-{scene.name}-{ending}")
                settled(kiosk).save(found[-1])
                played(kiosk, scene.after)
        finally:
            kiosk.close()
    return found


def _drawing(data: Path) -> None:
    """The work drawing of B-3 is kept at the station."""
    kept = Cache(data).put(CROISSANT, pdf(), DRAWING_LINK, time.time(), {CROISSANT})
    assert kept, "no room for a drawing"


def enrolment(out: Path, language: str, size: tuple[int, int]) -> Path:
    """The picture of a station that no server knows yet."""
    path = out / f"{language}-enrol-{size[0]}x{size[1]}.png"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        station = f'language = "{language}"\n'
        kiosk = XtermKiosk(Path(folder), size, station=station, enrolled=False)
        try:
            empty = kiosk.picture().getbbox()
            kiosk.until(lambda picture: picture.getbbox() != empty or None, "anything")
            time.sleep(2 * GAP_SECONDS)
            settled(kiosk).save(path)
        finally:
            kiosk.close()
    return path


def main(arguments: Sequence[str]) -> int:
    """All pictures of these languages, else of every language that there is."""
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    for language in arguments[1:] or languages():
        for size in SIZES:
            paths = [enrolment(out, language, size), *taken(out, language, size)]
            print("\n".join(map(str, paths)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
