"""The keyboard scanner as a Linux input device: grabbed for this program alone, read as key codes.

No layout, Caps Lock or focus of the PC plays a part, and nothing that it types reaches a terminal.
The device is chosen by vendor and product id; the keyboard of the PC is never taken.

InputDeviceError(Exception)    no device can be chosen; the message says which and what to do
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.scanners import ReconnectingScanner, delivery
from kiosk.scanners.framing import BLUETOOTH_GAP_S, Framer
from kiosk.scanners.keycodes import KeyDecoder
from kiosk.scanners.layouts import TYPING_KEYS
from kiosk.scanners.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kiosk.scanners.framing import Frame, Garbage

SCANNER_VENDORS: Final = {
    "05e0": "Zebra",
    "0c2e": "Honeywell",
    "0536": "Honeywell",
    "05f9": "Datalogic",
    "080c": "Datalogic",
    "065a": "Opticon",
    "1eab": "Newland",
}
KEYBOARD_VENDORS: Final = {
    "03f0": "HP",
    "045e": "Microsoft",
    "046a": "Cherry",
    "046d": "Logitech",
    "05ac": "Apple",
    "17ef": "Lenovo",
    "413c": "Dell",
}
READ_BYTES_MAX: Final = 4096
EVIOCGRAB: Final = 0x40044590
EVIOCGID: Final = 0x80084502
_IDS: Final = struct.Struct("@HHHH")  # bus, vendor, product, version
_WORD_BITS: Final = 8 * struct.calcsize("@L")

_EXPLAINED = {
    errno.ENOENT: "not plugged in",
    errno.ENODEV: "unplugged",
    errno.EACCES: "no permission: let the kiosk's user into the group of the device",
    errno.EBUSY: "another program has it: end that program",
}


class InputDeviceError(Exception):
    """No input device can be chosen: which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the kernel tells of input devices, and where they are opened."""

    devices: Path = Path("/dev/input")
    facts: Path = Path("/sys/class/input")


@dataclass(frozen=True, slots=True)
class InputDevice:
    """One input device. `plug` is the same for all parts of one thing that is plugged in.

    `types`: it has the keys of a keyboard; `lights`: it has a keyboard's lights.
    """

    node: Path
    name: str
    vendor: str
    product: str
    plug: str
    types: bool
    lights: bool


def input_devices(folders: Folders) -> list[InputDevice]:
    """Every input device that has ids, in the order of their numbers."""
    found = [_device(one, folders) for one in folders.facts.glob("event*")]
    known = [one for one in found if one is not None and one.vendor.strip("0")]
    return sorted(known, key=lambda one: (len(one.node.name), one.node.name))


def _device(facts: Path, folders: Folders) -> InputDevice | None:
    about = facts / "device"
    try:
        return InputDevice(
            node=folders.devices / facts.name,
            name=_line(about / "name"),
            vendor=_line(about / "id" / "vendor").lower(),
            product=_line(about / "id" / "product").lower(),
            plug=_line(about / "phys").partition("/")[0] or facts.name,
            types=_bits(_line(about / "capabilities" / "key")) >= TYPING_KEYS,
            lights=bool(_bits(_line(about / "capabilities" / "led"))),
        )
    except (OSError, ValueError):  # it was unplugged while we looked
        return None


def _line(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()


def _bits(words: str) -> frozenset[int]:
    """The bits of a bitmap as the kernel writes it: words in hex, the highest first."""
    numbers = [int(word, 16) for word in reversed(words.split())]
    return frozenset(
        place * _WORD_BITS + bit
        for place, number in enumerate(numbers)
        for bit in range(number.bit_length())
        if number >> bit & 1
    )


def choose(found: Sequence[InputDevice], vendor: str, product: str, port: str) -> InputDevice:
    """The one scanner with these ids, and behind the name `port` if given; InputDeviceError."""
    ids = f"{vendor}:{product}"
    if vendor in KEYBOARD_VENDORS:
        maker = KEYBOARD_VENDORS[vendor]
        raise InputDeviceError(f"{ids}: {maker} makes keyboards: give a scanner's ids")
    ours = [one for one in found if (one.vendor, one.product) == (vendor, product)]
    if port:
        node = Path(port).resolve().name
        ours = [one for one in ours if one.node.name == node]
    if not ours:
        raise InputDeviceError(f"{port or ids}: not plugged in")
    typing = [one for one in ours if one.types]
    if not typing:
        raise InputDeviceError(
            f"{ids}: types no keys: set it to keyboard mode, or use driver serial"
        )
    if len({one.plug for one in typing}) > 1:
        raise InputDeviceError(_which(ids, vendor, typing))
    return typing[0]


def _which(ids: str, vendor: str, typing: Sequence[InputDevice]) -> str:
    step = "give port = its name under /dev/input/by-path"
    if vendor not in SCANNER_VENDORS and any(one.lights for one in typing):
        return f"{ids}: {len(typing)} devices, one may be the keyboard: {step}"
    return f"{ids}: {len(typing)} devices: {step}"


class InputScanner(ReconnectingScanner):
    """One keyboard scanner, held exclusively unless `exclusive` is False: a pipe has no grab.

    `layout` is the keyboard layout that the scanner is set to; `gap` the silence in seconds after
    which a code that has no terminator yet is torn.
    """

    def __init__(
        self,
        vendor: str,
        product: str,
        *,
        name: str = "",
        port: str = "",
        layout: str = "us",
        gap: float = BLUETOOTH_GAP_S,
        folders: Folders = Folders(),
        exclusive: bool = True,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        super().__init__(name or f"{vendor}:{product}", pause=pause)
        assert vendor, "an input device is chosen by its ids"
        assert product, "an input device is chosen by its ids"
        self._ids = (vendor.lower(), product.lower())
        self._port = port
        self._layout = layout
        self._gap = gap
        self._folders = folders
        self._exclusive = exclusive
        self._seen: frozenset[str] = frozenset()

    def _session(self) -> None:
        self._seen = self._nodes()
        device = choose(input_devices(self._folders), *self._ids, self._port)
        descriptor = os.open(device.node, os.O_RDONLY | os.O_NONBLOCK)
        framer = Framer(self._gap)
        try:
            if self._exclusive:
                self._grab(descriptor)
            self._report(up=True)
            self._pump(descriptor, framer)
        finally:
            os.close(descriptor)
            self._hand_on(framer.close(time.monotonic()))

    def _grab(self, descriptor: int) -> None:
        """Take the device for us alone, after a look that it is still the one that was chosen."""
        ids = _IDS.unpack(fcntl.ioctl(descriptor, EVIOCGID, bytes(_IDS.size)))
        if (f"{ids[1]:04x}", f"{ids[2]:04x}") != self._ids:
            raise InputDeviceError(f"{':'.join(self._ids)}: another device took its place")
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)

    def _pump(self, descriptor: int, framer: Framer) -> None:
        """Read until stopped."""
        decoder, patience = KeyDecoder(self._layout), Patience(self._gap)
        while not self._stopped.is_set():
            if patience.ready(descriptor):
                self._take(decoder.feed(_read(descriptor)), framer, patience.at)
            elif patience.is_silent():
                self._hand_on(framer.feed(b"", patience.at))

    def _take(self, pieces: Iterable[bytes | None], framer: Framer, at: float) -> None:
        for piece in pieces:
            if piece is None:
                self._hand_on(framer.lose(at))
            else:
                self._hand_on(framer.feed(piece.replace(b"\t", b"\r"), at))

    def _hand_on(self, found: Iterable[Frame | Garbage]) -> None:
        for one in found:
            self._deliver(delivery(one, self.name))

    def _explain(self, fault: Exception) -> str:
        if isinstance(fault, InputDeviceError):
            return str(fault)
        number = getattr(fault, "errno", None)
        return f"{self.name}: {_EXPLAINED.get(number or 0) or str(fault) or type(fault).__name__}"

    def _nodes(self) -> frozenset[str]:
        try:
            return frozenset(one.name for one in self._folders.devices.iterdir())
        except OSError:
            return frozenset()

    def _changed(self) -> bool:
        return self._nodes() != self._seen


def _read(descriptor: int) -> bytes:
    """What there is to read; OSError ENODEV at the end of it: the device is gone."""
    data = os.read(descriptor, READ_BYTES_MAX)
    if not data:
        raise OSError(errno.ENODEV, "unplugged")
    return data
