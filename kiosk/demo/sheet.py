"""A factory's badges, orders and lots on paper, for a visitor who owns a scanner.

Commands, digits and reasons follow as `kiosk.sheet` has them.
"""

from pathlib import Path

from kiosk.demo.factory import Factory, Printed
from kiosk.sheet import entries as command_entries
from kiosk.texts import Texts
from labels.sheet import COLUMNS, SheetEntry, sheet


def write(factory: Factory, folder: Path, language: str = "en") -> Path:
    """Write the page into `folder` and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{factory.name}-codes.pdf"
    path.write_bytes(sheet(entries(factory, language), f"Codes of the {factory.name}"))
    return path


def entries(factory: Factory, language: str = "en") -> list[SheetEntry]:
    """What stands on the page, in the order of a shift."""
    printed = [
        *(("Badge", factory.badge(person)) for person in factory.operators),
        *(("Order", factory.order(number)) for number in factory.orders),
        *(("Lot", one) for row in factory.stock for one in factory.containers(row)),
    ]
    own = [_entry(kind, one) for kind, one in printed]
    blank = [SheetEntry("", "", "")] * (-len(own) % COLUMNS)
    reasons = [(code, row["text"], row["group"]) for code, row in factory.reasons.items()]
    return [*own, *blank, *command_entries(Texts.load(language), reasons)]


def _entry(kind: str, printed: Printed) -> SheetEntry:
    return SheetEntry(printed.title, kind, printed.payload, gs1=printed.aim == "]d2")
