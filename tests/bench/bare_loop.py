"""The floor under every screen: a loop that reads a code and writes it where it stands.

`python -m tests.bench.bare_loop [--serial DEVICE]`. A scan ends with carriage return; an answer is
one line between the marks of a frame.
"""

import argparse
import os
import select
import sys
import tty
from typing import Final

READY: Final = "the loop is ready"
READ_BYTES: Final = 4_096
_BEGIN, _END = b"\x1b[?2026h\x1b[1;1H", b"\x1b[K\x1b[?2026l"


def loop(device: str) -> None:
    """Answer whatever comes, from the terminal or the cable, until the terminal is gone."""
    tty.setraw(sys.stdin.fileno())
    sources = [sys.stdin.fileno()]
    if device:
        sources.append(os.open(device, os.O_RDWR | os.O_NOCTTY))
    waiting = dict.fromkeys(sources, b"")
    show(READY.encode())
    while True:
        for source in select.select(sources, [], [])[0]:
            data = os.read(source, READ_BYTES)
            if not data:
                return
            *codes, waiting[source] = (waiting[source] + data).split(b"\r")
            for code in codes:
                show(b"OK " + code)


def show(text: bytes) -> None:
    os.write(sys.stdout.fileno(), _BEGIN + text + _END)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serial", default="", metavar="DEVICE", help="take scans from it too")
    loop(parser.parse_args().serial)
