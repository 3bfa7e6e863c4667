"""A label printer on a loopback port: it draws what it is sent, reads the symbols back, keeps both.

Each label becomes `label-0001.zpl` (its bytes), `label-0001.png` (its picture) and one line of
`labels.jsonl` with what a reader decodes from the picture.
"""

import argparse
import io
import json
import re
import socketserver
import sys
import threading
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

DPI: Final = 203
LABEL_BYTES_MAX: Final = 1024 * 1024
IDLE_SECONDS_MAX: Final = 30.0

# What a Zebra in order answers to ~HS: it holds nothing, and nothing is the matter.
_ASKED: Final = re.compile(rb"~HS\r?\n?")
_READY: Final = (
    b"\x02030,0,0,1215,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02001,0,0,0,1,2,6,0,00000000,1,000\x03\r\n"
    b"\x021234,0\x03\r\n"
)
_JOB: Final = re.compile(rb"\^FXjob ([^\^]*)\^FS")
# A text in the printer's own font: what escapes to hexadecimal in it, and the text.
_TEXT: Final = re.compile(rb"(\^A0N,\d+,\d+\^FH(.)\^FD)([^\^]*)\^FS")
_LABEL: Final = re.compile(rb"\^XA.*?\^XZ", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Symbol:
    """What was read from one symbol of a picture."""

    text: str
    aim: str
    kind: str


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """One label that came out."""

    number: int
    job: str
    picture: str
    symbols: tuple[Symbol, ...]
    fault: str = ""


def draw(zpl: bytes, dpi: int = DPI) -> bytes:
    """The label's picture as PNG; raises `ValueError` for bytes that are no label."""
    import zplkit

    document = zplkit.render(_TEXT.sub(_in_ascii, zpl), zplkit.Options(dpi=dpi))
    if not document.labels:
        raise ValueError(f"{len(zpl)} bytes hold no label")
    return document.labels[0].png()


def _in_ascii(field: re.Match[bytes]) -> bytes:
    """A text in the few letters that the renderer's own font has: "Käse" becomes "Kase"."""
    head, escape, data = field[1], field[2], field[3]
    code = re.escape(escape) + rb"([0-9A-Fa-f]{2})"
    raw = re.sub(code, lambda found: bytes.fromhex(found[1].decode()), data)
    if raw.isascii():
        return field[0]
    plain = unicodedata.normalize("NFKD", raw.decode("utf-8", "replace"))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return (
        head + b"".join(escape + b"%02X" % one for one in bare.encode("ascii", "replace")) + b"^FS"
    )


def read(png: bytes) -> tuple[Symbol, ...]:
    """Every symbol that a reader finds on a picture."""
    from PIL import Image

    from labels.symbols import decode_image

    found = decode_image(Image.open(io.BytesIO(png)))
    return tuple(Symbol(data.decode("utf-8", "replace"), aim, kind) for data, aim, kind in found)


class Tray:
    """The folder in which labels lie, numbered as they came out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "labels.jsonl"
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def labels(self) -> list[PrintedLabel]:
        """All labels so far."""
        if not self.ledger.exists():
            return []
        return [_label(line) for line in self.ledger.read_text(encoding="utf-8").splitlines()]

    def take(self, zpl: bytes) -> PrintedLabel:
        """Keep one label: its bytes, its picture, and what is read from it."""
        with self._lock:
            number = len(self.labels()) + 1
            stem = self.folder / f"label-{number:04d}"
            stem.with_suffix(".zpl").write_bytes(zpl)
            label = self._drawn(number, zpl, stem.with_suffix(".png"))
            with self.ledger.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(label)) + "\n")
        return label

    def _drawn(self, number: int, zpl: bytes, picture: Path) -> PrintedLabel:
        job = _JOB.search(zpl)
        name = job.group(1).decode("utf-8", "replace") if job else ""
        try:
            png = draw(zpl)
        except (ValueError, RuntimeError) as fault:
            return PrintedLabel(number, name, "", (), str(fault))
        picture.write_bytes(png)
        return PrintedLabel(number, name, str(picture), read(png))


def _label(line: str) -> PrintedLabel:
    fields = json.loads(line)
    symbols = tuple(Symbol(**symbol) for symbol in fields.pop("symbols"))
    return PrintedLabel(symbols=symbols, **fields)


class _Session(socketserver.BaseRequestHandler):
    """One connection: labels are taken as they become whole, an unfinished one is thrown away."""

    def handle(self) -> None:
        self.request.settimeout(IDLE_SECONDS_MAX)
        waiting = b""
        try:
            while part := self.request.recv(65_536):
                waiting = self._taken(waiting + part)
                if len(waiting) > LABEL_BYTES_MAX:
                    return
        except OSError:
            return

    def _taken(self, data: bytes) -> bytes:
        if _ASKED.search(data):
            self.request.sendall(_READY)
            data = _ASKED.sub(b"", data)
        end = 0
        for match in _LABEL.finditer(data):
            self.server.tray.take(match.group())  # type: ignore[attr-defined]
            end = match.end()
        return data[end:]


class VirtualPrinter(socketserver.ThreadingTCPServer):
    """The printer's port on loopback; `server_address[1]` is its number."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.tray = Tray(folder)
        super().__init__(("127.0.0.1", port), _Session)


def main(arguments: list[str] | None = None) -> int:
    """Print `READY port`, then take labels until the process ends."""
    parser = argparse.ArgumentParser(
        prog="python -m kiosk.demo.virtual_printer", description=__doc__
    )
    parser.add_argument("--folder", type=Path, required=True, help="where labels are kept")
    parser.add_argument("--port", type=int, default=0, help="loopback port (default: any free one)")
    options = parser.parse_args(arguments)
    with VirtualPrinter(options.folder, options.port) as printer:
        print(f"READY {printer.server_address[1]}", flush=True)
        printer.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
