"""Input events as a scanner's keyboard sends them: pressed and released keys as raw structs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from kiosk.scanners.keycodes import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, SYN_REPORT
from labels import keyboard

if TYPE_CHECKING:
    from pathlib import Path

EV_MSC, MSC_SCAN = 4, 4
ENTER, TAB, SHIFT, CTRL, ALT, ALTGR, CAPS, F5 = 28, 15, 42, 29, 56, 100, 58, 63
KEYPAD = dict(zip("7894561230", (71, 72, 73, 75, 76, 77, 79, 80, 81, 82), strict=True))
KEYS = (41, *range(2, 14), *range(16, 28), *range(30, 41), 43, 86, *range(44, 54))


def event(kind: int, code: int, value: int) -> bytes:
    return EVENT.pack(1_700_000_000, 500, kind, code, value)


REPORT = event(EV_SYN, SYN_REPORT, 0)
LOST = event(EV_SYN, SYN_DROPPED, 0)


def pressed(code: int) -> bytes:
    return event(EV_MSC, MSC_SCAN, 0x70004) + event(EV_KEY, code, 1) + REPORT


def released(code: int) -> bytes:
    return event(EV_KEY, code, 0) + REPORT


def stroke(code: int, *held: int) -> bytes:
    """One key, with others held down."""
    down = b"".join(pressed(one) for one in held)
    up = b"".join(released(one) for one in reversed(held))
    return down + pressed(code) + released(code) + up


def keys(text: str, layout: str = "us") -> bytes:
    """The strokes of a scanner that is set to a layout; GS is Ctrl and ]."""
    here = keyboard.LAYOUTS[layout]
    out = b""
    for sign in text:
        if sign == "\x1d":
            out += stroke(27, CTRL)
        elif sign == "\r":
            out += stroke(ENTER)
        elif sign in here.plain:
            out += stroke(KEYS[here.plain.index(sign)])
        elif sign in here.shifted:
            out += stroke(KEYS[here.shifted.index(sign)], SHIFT)
        else:
            plain = next(one for one, third in here.third.items() if third == sign)
            out += stroke(KEYS[here.plain.index(plain)], ALTGR)
    return out


class Machine:
    """Folders like those of the kernel, with pipes for devices: a pipe has no grab and no ids."""

    def __init__(self, folder: Path) -> None:
        self.devices, self.facts = folder / "dev", folder / "sys"
        self.devices.mkdir()
        self.facts.mkdir()
        self.open: dict[str, int] = {}

    def plug(
        self,
        node: str,
        ids: str = "0c2e:0b61",
        *,
        name: str = "Honeywell Scanner",
        phys: str = "usb-1/input0",
        keys: str = "ffff ffffffffffffffff fffffffffffffffe",
        lights: str = "1f",
    ) -> None:
        vendor, product = ids.split(":")
        about = self.facts / node / "device"
        for file, text in {
            "name": name,
            "phys": phys,
            "id/vendor": vendor,
            "id/product": product,
            "capabilities/key": keys,
            "capabilities/led": lights,
        }.items():
            (about / file).parent.mkdir(parents=True, exist_ok=True)
            (about / file).write_text(f"{text}\n")
        os.mkfifo(self.devices / node)
        self.open[node] = os.open(self.devices / node, os.O_RDWR)

    def unplug(self, node: str) -> None:
        os.close(self.open.pop(node))
        (self.devices / node).unlink()
        for file in sorted((self.facts / node).rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        (self.facts / node).rmdir()

    def send(self, node: str, data: bytes) -> None:
        while data:
            data = data[os.write(self.open[node], data) :]

    def close(self) -> None:
        for one in self.open.values():
            os.close(one)
