"""Takes the README's picture of the terminal: `python -m tests.kiosk.picture [FILE.svg]`.

The app is the product's, at work on the tests' bakery; the picture is what Textual draws of it.
"""

import asyncio
import re
import sys
import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

from kiosk.config import PrinterConfig
from labels.codes import Code, LotCode
from sync.exchange import State, SyncStatus
from tests.kiosk.terminals import Terminal, badge, order, running, seeded

PICTURE: Final = Path(__file__).parents[2] / "deploy" / "pictures" / "kiosk.svg"
SIZE: Final = (120, 40)
FONTS: Final = "'Fira Code', 'DejaVu Sans Mono', 'Cascadia Mono', Menlo, Consolas, monospace"
_FONT_FACE: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
BEGUN: Final = "2026-11-22T10:01:00+00:00"
SCANS: Final[tuple[Code, ...]] = (
    badge("anna"),
    order("B-2"),
    order("B-1"),
    LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM"),
)


async def taken(data: Path) -> str:
    """The screen with an open order, half fed, as SVG."""
    config = replace(seeded(data), printers=(PrinterConfig("labels", "tcp://127.0.0.1:9100"),))
    terminal = Terminal(config)
    async with running(terminal, SIZE):
        await terminal.desk.relink(SyncStatus(State.OFFLINE, since=BEGUN))
        for code in SCANS:
            await terminal.scan(code, after=120)
        await terminal.settle()
        return terminal.export_screenshot(title="kiosk")


def self_contained(svg: str) -> str:
    """The picture without fonts from elsewhere: it must show without a network.

    At 21 of 24.4 pixels the block signs of common fonts fill their rows.
    """
    plain = _FONT_FACE.sub("", svg).replace("font-size: 20px", "font-size: 21px")
    return re.sub(r"font-family: [^;]*Fira Code[^;]*;", f"font-family: {FONTS};", plain)


def main(arguments: list[str]) -> None:
    """Write the picture."""
    place = Path(arguments[0]) if arguments else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        svg = asyncio.run(taken(Path(folder)))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(self_contained(svg), encoding="utf-8")
    print(place)


if __name__ == "__main__":
    main(sys.argv[1:])
