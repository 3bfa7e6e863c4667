"""The colours: measured to stay apart for every kind of colour vision, and readable (≥ 6.4:1)."""

from collections.abc import Mapping
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

FLOOR: Final = Theme(
    name="floor",
    dark=True,
    primary="#56b4e9",
    background="#1c1c1c",
    surface="#262626",
    panel="#303030",
    foreground="#ffffff",
    success="#56b4e9",
    warning="#e69f00",
    error="#d55e00",
    variables={
        "ok": "#00558a",
        "ok-ink": "#ffffff",
        "stop": "#b03000",
        "stop-ink": "#ffffff",
        "note": "#e69f00",
        "note-ink": "#000000",
        "faint": "#b8b8b8",
    },
)
# The Linux console has eight grounds and maps other colours as it likes: only names are safe there.
CONSOLE: Final = Theme(
    name="console",
    dark=True,
    ansi=True,
    primary="ansi_cyan",
    background="ansi_black",
    surface="ansi_black",
    panel="ansi_black",
    foreground="ansi_white",
    success="ansi_cyan",
    warning="ansi_yellow",
    error="ansi_red",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "ok": "ansi_blue",
        "ok-ink": "ansi_white",
        "stop": "ansi_red",
        "stop-ink": "ansi_white",
        "note": "ansi_yellow",
        "note-ink": "ansi_black",
        "faint": "ansi_white",
    },
)


def theme_for(environment: Mapping[str, str]) -> Theme:
    """The theme that this terminal can show."""
    return CONSOLE if environment.get("TERM") == "linux" else FLOOR
