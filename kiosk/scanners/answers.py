"""The home of what scanners are told: the vendors' bytes for good, look and stop, by ear and eye.

From the vendors' manuals; each model is checked once at the site and can be switched off, as a
whole (`feedback = "none"`) or for the ear or the eye alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from kiosk.config_scanner import Feedback
from kiosk.scanners import Answer

_SSI_BEEP: Final = 0xE6
_SSI_LED_ON: Final = 0xE7
_SSI_LED_OFF: Final = 0xE8
_SSI_LED_DECODE: Final = 0x01
_SSI_HIGH, _SSI_TWO_HIGH, _SSI_TWO_LOW = 0x00, 0x01, 0x10


@dataclass(frozen=True, slots=True)
class Signals:
    """What one family of scanners takes. `needed`: it waits for any answer before it scans on."""

    sound: Mapping[Answer, bytes] = field(default_factory=dict)
    light: Mapping[Answer, bytes] = field(default_factory=dict)
    needed: bytes = b""


def ssi(opcode: int, value: int) -> bytes:
    """An SSI packet from the host: length, opcode, source, status, value, 16-bit checksum."""
    packet = bytes((0x05, opcode, 0x04, 0x00, value))
    return packet + (-sum(packet) & 0xFFFF).to_bytes(2, "big")


# Honeywell: ESC 7 is a good read, ESC 5 a medium beep, ESC 8 a razz, ESC 1 a short green light; a
# comma ends each command. Under Host ACK it does not scan on before it was answered.
# Zebra: one short high, two short high, two long low; the light stays until it is switched off.
# Datalogic counter and Magellan: B good beep, F long series. Gryphon cordless: ESC [ n q.
SIGNALS: Final[Mapping[Feedback, Signals]] = {
    "none": Signals(),
    "honeywell": Signals(
        {"ok": b"\x1b7,", "note": b"\x1b5,\x1b5,", "stop": b"\x1b8,\x1b8,"},
        {"ok": b"\x1b1,"},
        needed=b"\x1b1,",
    ),
    "zebra-ssi": Signals(
        {
            "ok": ssi(_SSI_BEEP, _SSI_HIGH),
            "note": ssi(_SSI_BEEP, _SSI_TWO_HIGH),
            "stop": ssi(_SSI_BEEP, _SSI_TWO_LOW),
        },
        {
            "ok": ssi(_SSI_LED_ON, _SSI_LED_DECODE),
            "note": ssi(_SSI_LED_OFF, _SSI_LED_DECODE),
            "stop": ssi(_SSI_LED_OFF, _SSI_LED_DECODE),
        },
    ),
    "datalogic": Signals({"ok": b"B", "note": b"BB", "stop": b"F"}),
    "datalogic-gryphon": Signals(
        {"ok": b"\x1b[3q", "note": b"\x1b[3q\x1b[3q", "stop": b"\x1b[4q"},
        {"ok": b"\x1b[6q", "note": b"\x1b[7q", "stop": b"\x1b[7q"},
    ),
}


def answers(feedback: Feedback, *, sound: bool = True, light: bool = False) -> dict[Answer, bytes]:
    """The bytes for each answer that is not switched off; an answer without any is not sent."""
    signals = SIGNALS[feedback]
    kinds: tuple[Answer, ...] = ("ok", "note", "stop")
    found: dict[Answer, bytes] = {}
    for kind in kinds:
        heard = signals.sound.get(kind, b"") if sound else b""
        seen = signals.light.get(kind, b"") if light else b""
        told = heard + seen or signals.needed
        if told:
            found[kind] = told
    return found
