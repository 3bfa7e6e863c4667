"""The home of the painter: draws pages into cells beside the screen, one at a time."""

import json
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kiosk.drawings import CELL_PIXELS_HIGH, Cells, Picture, Trouble
from kiosk.drawings.cells import cells

PICTURES_KEPT_MAX: Final = 16
DRAW_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 1.0
DAMAGED: Final = "damaged"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page of a file in a box of cells."""

    path: Path
    digest: str
    page: int
    columns: int
    rows: int
    console: bool = False


class Painter:
    """`picture` answers at once; what is not drawn yet is drawn by a thread, the newest wish first.

    `on_drawn` is called from that thread, and told of the digest of a file that is damaged.
    """

    def __init__(self, on_drawn: Callable[[str], None]) -> None:
        self._on_drawn = on_drawn
        self._kept: OrderedDict[Wanted, Cells | Trouble] = OrderedDict()
        self._changed = threading.Condition()
        self._wanted: Wanted | None = None
        self._drawing: Wanted | None = None
        self._ending = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def picture(self, wanted: Wanted) -> Picture:
        """The cells, why there are none, or None while they are being drawn."""
        if wanted.columns <= 0 or wanted.rows <= 0:
            return None
        with self._changed:
            found = self._kept.get(wanted)
            if found is not None:
                self._kept.move_to_end(wanted)
            elif wanted != self._drawing:
                self._wanted = wanted
                self._begin()
                self._changed.notify()
        return found

    def stop(self) -> None:
        """Break off what is being drawn, and end within a second."""
        with self._changed:
            self._ending = True
            if self._process is not None:
                self._process.kill()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)

    def _begin(self) -> None:
        if self._thread is None and not self._ending:
            self._thread = threading.Thread(target=self._painting, name="painter", daemon=True)
            self._thread.start()

    def _painting(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ending or self._wanted is not None)
                if self._ending:
                    return
                wanted, self._wanted = self._wanted, None
                self._drawing = wanted
            assert wanted is not None, "woken without a wish"
            picture = self._drawn(wanted)
            with self._changed:
                self._drawing = None
                if self._ending:
                    return
                self._keep(wanted, picture)
            damaged = isinstance(picture, Trouble) and picture.kind == DAMAGED
            self._on_drawn(wanted.digest if damaged else "")

    def _keep(self, wanted: Wanted, picture: Cells | Trouble) -> None:
        """A damaged file is drawn again once it is here again."""
        if isinstance(picture, Trouble) and picture.kind == DAMAGED:
            return
        self._kept[wanted] = picture
        if len(self._kept) > PICTURES_KEPT_MAX:
            self._kept.popitem(last=False)

    def _drawn(self, wanted: Wanted) -> Cells | Trouble:
        box = (wanted.columns, wanted.rows * CELL_PIXELS_HIGH)
        words = [str(wanted.path), wanted.digest, str(wanted.page), *map(str, box)]
        command = [sys.executable, "-m", "kiosk.drawings.unpack", *words]
        try:
            told = self._run(command)
        except subprocess.TimeoutExpired:
            return Trouble("slow", {"seconds": f"{DRAW_SECONDS_MAX:.0f}"})
        except OSError:
            return Trouble("unreadable")
        return _read(told, console=wanted.console)

    def _run(self, command: list[str]) -> bytes:
        with self._changed:
            if self._ending:
                return b""
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        with self._process as process:
            try:
                told, _ = process.communicate(timeout=DRAW_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            return told


def _read(told: bytes, *, console: bool) -> Cells | Trouble:
    """What the process said; one that died over a file says nothing."""
    head, _, pixels = told.partition(b"\n")
    try:
        found = json.loads(head or b"{}")
    except ValueError:
        found = {}
    kind = found.pop("trouble", "")
    if kind:
        return Trouble(kind, found)
    wide, high = found.get("wide", 0), found.get("high", 0)
    if not wide or len(pixels) != wide * high * 3:
        return Trouble("unreadable")
    return cells(pixels, wide, console=console)
