"""The band: one big word, what happened, and a colour; readable from across the hall."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from textual.content import Content

from kiosk.lettering import ROWS_MIN, big
from kiosk.screens.text import plain

Kind = Literal["rest", "ok", "note", "stop", "ask"]

SIGNS: Final[Mapping[str, str]] = {
    "rest": "",
    "ok": "✔ OK",
    "note": "▲ NOTE",
    "stop": "✖ STOP",
    "ask": "? ANSWER",
}


@dataclass(frozen=True, slots=True)
class Band:
    """What the band shows. `key` is the text's key, for observers."""

    kind: Kind
    word: str
    what: str
    next: str = ""
    key: str = ""


def word(band: Band, rows: int, width: int) -> Content:
    """The big word in `rows` × `width` cells."""
    if rows < ROWS_MIN:
        return Content.styled(plain(band.word).upper(), "bold")
    return Content(big(plain(band.word), rows, width))


def what(band: Band) -> Content:
    """Sign and sentence: the state is told in words too, never by the colour alone."""
    sign = SIGNS[band.kind]
    return Content(f"{sign}   {plain(band.what)}" if sign else plain(band.what))


def tone(kind: Kind) -> Literal["ok", "note", "stop"] | None:
    """How the scanner itself tells it; None: nothing to tell."""
    match kind:
        case "ok":
            return "ok"
        case "stop":
            return "stop"
        case "note" | "ask":
            return "note"
    return None
