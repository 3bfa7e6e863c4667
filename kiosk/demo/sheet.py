"""A factory's badges, orders, lots and commands on paper, for a visitor who owns a scanner."""

from pathlib import Path
from typing import Final

from kiosk.demo.factory import Factory, Printed
from labels.sheet import SheetEntry, sheet

COMMANDS: Final = ("DONE", "OK", "CANCEL", "SCRAP", "UNDO", "END", "HELP")


def write(factory: Factory, folder: Path) -> Path:
    """Write the page into `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{factory.name}-codes.pdf"
    path.write_bytes(sheet(entries(factory), f"Codes of the {factory.name}"))
    return path


def entries(factory: Factory) -> list[SheetEntry]:
    """What stands on the page, in the order of a shift."""
    printed = [
        *(("Badge", factory.badge(person)) for person in factory.operators),
        *(("Order", factory.order(number)) for number in factory.orders),
        *(("Lot", one) for row in factory.stock for one in factory.containers(row)),
        *(("Command", factory.command(name)) for name in COMMANDS),
        *(("Reason", factory.reason(name)) for name in factory.reasons),
    ]
    return [_entry(kind, one) for kind, one in printed]


def _entry(kind: str, printed: Printed) -> SheetEntry:
    return SheetEntry(printed.title, kind, printed.payload, gs1=printed.aim == "]d2")
