"""The home of a scanner's section in kiosk.toml: which driver, which device, how it is answered."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kiosk.config_values import Reader, choice, flag, name, text, whole
from labels.keyboard import LAYOUTS

BAUD_RATES: Final = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
FEEDBACKS: Final = ("none", "honeywell", "zebra-ssi", "datalogic", "datalogic-gryphon")
DRIVERS: Final = ("serial", "evdev", "tcp")
GAP_MS_MAX: Final = 1_000
PORT_MAX: Final = 65_535

Driver = Literal["serial", "evdev", "tcp"]
Feedback = Literal["none", "honeywell", "zebra-ssi", "datalogic", "datalogic-gryphon"]


@dataclass(frozen=True, slots=True)
class ScannerConfig:
    """A scanner by its driver. `port`: "serial", a device by its lasting name or an address that
    pyserial opens; "tcp", host:port; "evdev", a name under /dev/input if the ids are not enough.

    `layout`: the keyboard that an evdev scanner is set to. `gap_ms`: the silence after which a
    code without end is torn, 0 for the driver's own. `feedback` is answered by `sound` and `light`.
    """

    port: str = ""
    name: str = ""
    driver: Driver = "serial"
    baud: int = 115200
    feedback: Feedback = "none"
    sound: bool = True
    light: bool = False
    vendor: str = ""
    product: str = ""
    layout: str = "us"
    gap_ms: int = 0

    @property
    def label(self) -> str:
        """What the head of the screen calls it."""
        ids = f"{self.vendor}:{self.product}"
        return self.name or self.port.rsplit("/", 1)[-1] or ids

    @property
    def gap(self) -> float | None:
        """The silence in seconds, if one is set."""
        return self.gap_ms / 1000 if self.gap_ms else None

    def lacks(self, given: Container[str]) -> Iterator[str]:
        """What is missing for its driver, as key and why; `given` keys are told of elsewhere."""
        wanted = ("vendor", "product") if self.driver == "evdev" else ("port",)
        yield from (f"{key}: is missing" for key in wanted if key not in given)
        if self.driver == "tcp" and self.port and not _is_address(self.port):
            yield f"port = '{self.port}': want host:port such as 10.0.0.7:9004"


def _is_address(port: str) -> bool:
    host, _, number = port.rpartition(":")
    digits = re.fullmatch(r"[0-9]{1,5}", number) is not None
    return bool(host) and digits and 0 < int(number) <= PORT_MAX


def usb_id(value: object) -> str:
    """A vendor or product id of USB: four hex digits; raises ValueError."""
    found = text(value).lower()
    if not re.fullmatch(r"[0-9a-f]{4}", found) or found == "0000":
        raise ValueError('want four hex digits such as "0c2e": see kiosk doctor')
    return found


SCANNER_READERS: Final[Mapping[str, Reader]] = {
    "port": text,
    "name": name,
    "driver": choice(*DRIVERS),
    "baud": choice(*BAUD_RATES),
    "feedback": choice(*FEEDBACKS),
    "sound": flag,
    "light": flag,
    "vendor": usb_id,
    "product": usb_id,
    "layout": choice(*LAYOUTS),
    "gap_ms": whole(10, GAP_MS_MAX),
}
