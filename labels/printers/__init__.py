"""Where label bytes go: `open_printer`; how a printer is: `status`; which are here: `discover`.

tcp://host:9100                     a raw print port
device:///dev/usb/lp0               a USB printer's device file
serial:///dev/ttyS0?baud=9600&flow=xonxoff
cups://QUEUE                        a print queue, raw or PDF
windows://NAME                      a printer of the Windows spooler
folder:///path                      files that another program takes
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from labels.printers.base import (
    LABELS_AHEAD_MAX,
    Found,
    Printer,
    PrinterAddressError,
    PrinterDoubt,
    PrinterError,
    PrinterStatus,
    PrinterUnreachable,
)
from labels.printers.cups import QUEUE, CupsPrinter, queues
from labels.printers.device import DevicePrinter
from labels.printers.folder import FolderPrinter
from labels.printers.network import RAW_PORT, NetworkPrinter
from labels.printers.serial_port import SerialPrinter, line_settings
from labels.printers.windows import WindowsPrinter

__all__ = [
    "LABELS_AHEAD_MAX",
    "CupsPrinter",
    "DevicePrinter",
    "FolderPrinter",
    "Found",
    "NetworkPrinter",
    "Printer",
    "PrinterAddressError",
    "PrinterDoubt",
    "PrinterError",
    "PrinterStatus",
    "PrinterUnreachable",
    "SerialPrinter",
    "WindowsPrinter",
    "discover",
    "open_printer",
    "status",
]

HOW: Final = (
    "write tcp://host:9100, device:///dev/usb/lp0, serial:///dev/ttyS0?baud=9600, cups://QUEUE, "
    "windows://NAME or folder:///path"
)


def open_printer(url: str) -> Printer:
    """The printer of a URL; nothing is opened yet. Raises PrinterAddressError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise PrinterAddressError(f"printer {url}: {error}: {HOW}") from None
    made = _MADE.get(parts.scheme)
    printer = made(parts, port, url) if made else None
    if printer is None:
        raise PrinterAddressError(f"printer {url}: {HOW}")
    return printer


def status(printer: str | Printer, language: str) -> PrinterStatus:
    """How it says that it is, in at most 5 s; raises PrinterAddressError, PrinterUnreachable."""
    opened = open_printer(printer) if isinstance(printer, str) else printer
    return opened.status(language)


def discover(given: Iterable[str] = (), devices: Path = Path("/dev")) -> list[Found]:
    """Printers of this machine, and those `given` network addresses that answer.

    The network is not searched: only what somebody names is asked.
    """
    found = [
        Found(f"device://{path}", "USB printer")
        for folder in ("usb", ".")
        for path in sorted((devices / folder).glob("lp[0-9]*"))
    ]
    found += [
        Found(f"serial://{path}", "serial line: a printer or another thing")
        for path in sorted((devices / "serial" / "by-id").glob("*"))
    ]
    found += [Found(f"cups://{name}", f"print queue to {device}") for name, device in queues()]
    return [*found, *(Found(url, "print port") for url in given if _answers(url))]


def _answers(url: str) -> bool:
    try:
        status(url, "")
    except PrinterUnreachable:
        return False
    return True


def _tcp(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del url
    if not parts.hostname or parts.path not in {"", "/"} or parts.query:
        return None
    return NetworkPrinter(parts.hostname, RAW_PORT if port is None else port)


def _device(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del port, url
    path = unquote(parts.path)
    return DevicePrinter(Path(path)) if path.strip("/") and not parts.netloc else None


def _serial(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del port
    path = unquote(parts.path)
    if not path.strip("/") or parts.netloc:
        return None
    baud, flow = line_settings(dict(parse_qsl(parts.query, keep_blank_values=True)), url)
    return SerialPrinter(path, baud, flow)


def _cups(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del port, url
    server, queue = (parts.netloc, parts.path[1:]) if parts.path[1:] else ("", parts.netloc)
    return CupsPrinter(queue, server) if QUEUE.fullmatch(queue) and not parts.query else None


def _windows(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del port, url
    name = unquote(parts.netloc + parts.path)
    return WindowsPrinter(name) if name else None


def _folder(parts: SplitResult, port: int | None, url: str) -> Printer | None:
    del port, url
    return FolderPrinter(Path(unquote(parts.path))) if parts.path and not parts.netloc else None


_MADE: Final[dict[str, Callable[[SplitResult, int | None, str], Printer | None]]] = {
    "tcp": _tcp,
    "device": _device,
    "serial": _serial,
    "cups": _cups,
    "windows": _windows,
    "folder": _folder,
}
