"""The band: one big word, what happened, and a colour; readable from across the hall."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from rich.cells import cell_len
from textual.content import Content

from kiosk.dialog import Dialog, number_unit
from kiosk.lettering import ROWS_MIN, big
from kiosk.screens.text import Label, fit, plain
from kiosk.texts.forms import Forms
from sync.domain.quantity import shown
from sync.domain.shop import Shop

Kind = Literal["rest", "ok", "note", "stop", "ask"]

LOUD: Final = frozenset(("ok", "note", "stop", "ask"))

_BETWEEN: Final = re.compile(r"[\s:;,]+|\.(?:\s|$)")


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


def sign(kind: Kind, label: Label) -> str:
    """The state as a sign and a word, never by the colour alone; "" at rest."""
    return label(f"sign_{kind}") if kind in LOUD else ""


def what(band: Band, tag: str, label: Label, rows: int, width: int) -> Content:
    """Sign, tag and sentence in `rows` × `width` cells.

    The state is told in words too, never by the colour alone; the sentence gives way last.
    """
    told, sentence = sign(band.kind, label), plain(band.what)
    for lead in (_joined(told, tag), _joined(told[:1], tag), told[:1]):
        whole = f"{lead}   {sentence}" if lead else sentence
        if cell_len(whole) <= width:
            return Content(whole)
        if rows > 1:
            return Content(f"{lead}\n{fit(sentence, width).rstrip()}")
    return Content(fit(sentence, width).rstrip())


def tag(band: Band, dialog: Dialog, shop: Shop, forms: Forms) -> str:
    """The current order and the number that waits for its scan, where the words name them not."""
    told = frozenset(_BETWEEN.split(f"{band.word} {band.what}"))
    parts = [dialog.order] if dialog.order and dialog.order not in told else []
    number = forms.number(dialog.number)
    if number and number not in told:
        parts.append(f"{number} {forms.unit(shown(number_unit(dialog, shop)))}")
    return plain(" · ".join(parts))


def _joined(told: str, tag: str) -> str:
    return f"{told} · {tag}" if told and tag else told or tag


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
