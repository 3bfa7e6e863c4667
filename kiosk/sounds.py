"""The home of the terminal's own sounds: which bells an answer rings, and when. Pure.

One bell for OK, two for NOTE, for STOP two long and low ones where the terminal can (the Linux
console), else three. Bells keep their distance, and a STOP is never cut short by what follows it.
"""

from dataclasses import dataclass
from typing import Final, Literal

Sound = Literal["ok", "note", "stop"]

BELL: Final = "\a"
BELL_GAP_S: Final = 0.35  # so never more than three a second
LONG_GAP_S: Final = 0.65
CONSOLE_RESTORED: Final = "\x1b[10]\x1b[11]"  # the console's own pitch and length again
_GRAVITY: Final[dict[Sound, int]] = {"ok": 0, "note": 1, "stop": 2}


@dataclass(frozen=True, slots=True)
class Beat:
    """One bell: what is sent to the terminal, and how long nothing follows it."""

    sent: str
    gap_s: float = BELL_GAP_S


@dataclass(frozen=True, slots=True)
class Ringing:
    """What is still to be rung, and from when on; a monotonic clock."""

    kind: Sound = "ok"
    beats: tuple[Beat, ...] = ()
    free_at: float = 0.0

    def asked(self, kind: Sound, *, console: bool) -> "Ringing":
        """An answer wants to be heard: it goes before what rings, unless that is graver."""
        if self.beats and _GRAVITY[self.kind] > _GRAVITY[kind]:
            return self
        return Ringing(kind, beats(kind, console=console), self.free_at)

    def due(self, now: float) -> tuple[str, "Ringing"]:
        """What is to be sent now, "" if nothing is, and what is left after it."""
        if not self.beats or now < self.free_at:
            return "", self
        first, *rest = self.beats
        return first.sent, Ringing(self.kind, tuple(rest), now + first.gap_s)

    def wait_s(self, now: float) -> float | None:
        """How long until the next bell; None: there is none."""
        return max(0.0, self.free_at - now) if self.beats else None


def beats(kind: Sound, *, console: bool) -> tuple[Beat, ...]:
    """The bells of an answer on the Linux console, or on a terminal that has but one bell."""
    if console:
        return _ON_CONSOLE[kind]
    return (Beat(BELL),) * {"ok": 1, "note": 2, "stop": 3}[kind]


def console_bell(hertz: int, milliseconds: int) -> str:
    """A bell of the Linux console (console_codes(4)); the next one is its own again."""
    return f"\x1b[10;{hertz}]\x1b[11;{milliseconds}]{BELL}{CONSOLE_RESTORED}"


_ON_CONSOLE: Final[dict[Sound, tuple[Beat, ...]]] = {
    "ok": (Beat(console_bell(1_760, 80)),),
    "note": (Beat(console_bell(880, 120)),) * 2,
    "stop": (Beat(console_bell(220, 450), LONG_GAP_S),) * 2,
}
