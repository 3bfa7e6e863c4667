"""The home of what a station's first run decides: which devices may be scanners and printers, and
how those that proved themselves are written into kiosk.toml. Values only; nothing is opened.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from kiosk.config import PrinterConfig
from kiosk.config_scanner import Feedback, ScannerConfig

SERIAL_NAMES: Final = "/dev/serial/by-id"
# Vendors of scanners: id of USB, what stands in a device's name, how such a scanner is answered.
VENDORS: Final[tuple[tuple[str, str, Feedback], ...]] = (
    ("0c2e", "honeywell", "honeywell"),
    ("05e0", "zebra", "zebra-ssi"),
    ("05e0", "symbol", "zebra-ssi"),
    ("05f9", "datalogic", "datalogic"),
)
PRINTER_WAYS: Final = (
    *("tcp://", "device:///", "serial:///"),
    *("cups://", "windows://", "folder:///"),
)
_QUEUE: Final = re.compile(r"^device for ([^:]+): socket://([^/\s]+)/?$", re.MULTILINE)
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Typing:
    """An input device that types: its ids, and its name for people."""

    vendor: str
    product: str
    name: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that may be a scanner; a trial scan from it alone proves it."""

    shown: str
    config: ScannerConfig


def candidates(
    serial: Sequence[str], typing: Iterable[Typing], known: Sequence[ScannerConfig]
) -> list[Candidate]:
    """The devices to try: serial ones by their lasting names, and keyboards of scanner vendors.

    Those that the configuration names already are not tried again.
    """
    ports = {one.port for one in known}
    ids = {(one.vendor, one.product) for one in known if one.driver == "evdev"}
    found = [
        Candidate(port, ScannerConfig(port=port, feedback=feedback_of(port)))
        for port in sorted(serial)
        if port not in ports
    ]
    makers = {vendor for vendor, _, _ in VENDORS}
    for one in sorted(set(typing), key=lambda one: (one.vendor, one.product, one.name)):
        if one.vendor in makers and (one.vendor, one.product) not in ids:
            ids.add((one.vendor, one.product))
            config = ScannerConfig(driver="evdev", vendor=one.vendor, product=one.product)
            found.append(Candidate(f"{one.name} ({one.vendor}:{one.product})", config))
    return found


def feedback_of(port: str) -> Feedback:
    """How a scanner with such a name is answered, as far as its name tells the vendor."""
    told = port.rpartition("/")[2].lower()
    return next((way for _, name, way in VENDORS if name in told), "none")


def free_name(wanted: str, taken: Collection[str]) -> str:
    """A name that nobody has: the wanted one, or with the next number behind it."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


def queues(told: str) -> list[tuple[str, str]]:
    """The network printers among CUPS's queues as `lpstat -v` tells them: name and our address."""
    return [(name, f"tcp://{where}") for name, where in _QUEUE.findall(told)]


def printer_address(typed: str) -> str:
    """A printer as a person types it, as an address; raises ValueError."""
    given = typed.strip()
    if given.startswith(PRINTER_WAYS):
        return given
    if given.startswith(("/dev/usb/", "/dev/lp")):
        return f"device://{given}"
    if given.startswith("/dev/"):
        return f"serial://{given}"
    if _HOST.fullmatch(given):
        return f"tcp://{given}"
    raise ValueError(f"{given[:60]}: want an address such as 10.0.0.9, or folder:///srv/labels")


def with_sections(
    text: str, scanners: Sequence[ScannerConfig], printers: Sequence[PrinterConfig]
) -> str:
    """The text of kiosk.toml with these behind it; what stood there stays as it was."""
    parts = [text.rstrip("\n")] if text.strip() else []
    parts += [_section("scanner", "answered a trial scan", one) for one in scanners]
    parts += [_section("printer", "printed a test label", one) for one in printers]
    return "\n\n".join(parts) + "\n"


def _section(key: str, why: str, config: ScannerConfig | PrinterConfig) -> str:
    lines = [f"[[{key}]]  # {why}"]
    for one in fields(config):
        value = getattr(config, one.name)
        if value != one.default:
            lines.append(f"{one.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines)
