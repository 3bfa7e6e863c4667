"""The colours: measured to be readable, and to stay apart for every kind of colour vision.

Blue is the default: OK, NOTE and STOP stay far apart for everybody. Contrast is for bright halls
and tired eyes. Green is for plants that insist: red and green are near each other for every tenth
man or so, and only sign, word and sound tell them apart there.
"""

from collections.abc import Mapping
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

THEMES: Final = ("blue", "green", "contrast")
CONSOLE_PREFIX: Final = "console-"
_STATES: Final = {
    "ok": "#00558a",
    "ok-ink": "#ffffff",
    "stop": "#b03000",
    "stop-ink": "#ffffff",
    "note": "#e69f00",
    "note-ink": "#000000",
    "faint": "#b8b8b8",
}


def _full(name: str, grounds: tuple[str, str, str], **states: str) -> Theme:
    """A theme of true colours on its grounds: the screen, the band at rest, a line of it."""
    background, surface, panel = grounds
    return Theme(
        name=name,
        dark=True,
        primary="#56b4e9",
        background=background,
        surface=surface,
        panel=panel,
        foreground="#ffffff",
        success="#56b4e9",
        warning="#e69f00",
        error="#d55e00",
        variables={**_STATES, **states},
    )


def _console(name: str, success: str) -> Theme:
    """The Linux console has eight grounds and maps other colours as it likes: names are safe."""
    return Theme(
        name=f"{CONSOLE_PREFIX}{name}",
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
            "ok": success,
            "ok-ink": "ansi_white",
            "stop": "ansi_red",
            "stop-ink": "ansi_white",
            "note": "ansi_yellow",
            "note-ink": "ansi_black",
            "faint": "ansi_white",
        },
    )


FLOOR: Final = _full("blue", ("#1c1c1c", "#262626", "#303030"))
GREEN: Final = _full("green", ("#1c1c1c", "#262626", "#303030"), ok="#00664a")
CONTRAST: Final = _full(
    "contrast",
    ("#000000", "#000000", "#000000"),
    ok="#0040a0",
    stop="#9a0000",
    note="#ffd000",
    faint="#ffffff",
)
CONSOLE: Final = _console("blue", "ansi_blue")
EVERY: Final = (
    *(FLOOR, GREEN, CONTRAST, CONSOLE),
    *(_console("green", "ansi_green"), _console("contrast", "ansi_blue")),
)


def theme_for(environment: Mapping[str, str], chosen: str = "blue") -> Theme:
    """The theme that is chosen, as this terminal can show it."""
    console = CONSOLE_PREFIX if environment.get("TERM") == "linux" else ""
    return next(one for one in EVERY if one.name == f"{console}{chosen}")


def is_console(theme: str) -> bool:
    """Whether a theme is for the eight grounds of the Linux console."""
    return theme.startswith(CONSOLE_PREFIX)
