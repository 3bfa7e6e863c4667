"""A sample factory's folder, and the codes that hang and stick on its floor, by name."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from labels import codes, gs1
from sync.domain.quantity import unit_named

FACTORIES: Final = Path(__file__).parent / "factories"
COMMANDS: Final = frozenset(codes.COMMANDS)

_2D_AIM: Final = "]Q1"
_1D_AIM: Final = "]C0"
_GS1_AIM: Final = "]d2"


class FactoryError(Exception):
    """A folder that is no factory, or a name that it does not hold."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A code as a scanner sends it: AIM identifier and payload, without its ending."""

    title: str
    aim: str
    payload: str

    @property
    def sent(self) -> bytes:
        """All bytes of the scan, carriage return included."""
        return f"{self.aim}{self.payload}\r".encode()


@dataclass(frozen=True, slots=True)
class Station:
    name: str
    work_centers: tuple[str, ...]


class Factory:
    """The CSV rows of one factory, with dates relative to `today`."""

    def __init__(self, folder: Path, today: date) -> None:
        if not (folder / "orders.csv").is_file():
            known = ", ".join(sorted(path.name for path in FACTORIES.iterdir() if path.is_dir()))
            raise FactoryError(f"{folder} holds no orders.csv: name a folder, or one of {known}")
        self.folder = folder
        self.name = folder.name
        self.today = today
        self.materials = {row["material"]: row for row in self._rows("materials")}
        self.operators = {row["person"]: row for row in self._rows("operators")}
        self.reasons = {row["reason"]: row for row in self._rows("reasons")}
        self.orders = {row["order"]: row for row in self._rows("orders")}
        self.stock = list(self._rows("stock"))
        self.boms = list(self._rows("boms"))
        self.routings = list(self._rows("routings"))
        self.stations = tuple(
            Station(row["station"], tuple(filter(None, row["work_centers"].split(";"))))
            for row in self._rows("stations")
        )

    @classmethod
    def named(cls, name: str, today: date) -> "Factory":
        """A shipped factory by its name, or any folder by its path."""
        shipped = FACTORIES / name
        return cls(shipped if shipped.is_dir() else Path(name), today)

    def station(self, name: str) -> Station:
        for station in self.stations:
            if station.name == name:
                return station
        known = ", ".join(station.name for station in self.stations)
        raise FactoryError(f"station {name} is not in stations.csv (it has {known})")

    def printed(self, kind: str, names: list[str]) -> Printed:
        """The code that a script calls `scan KIND NAME…`; raises `FactoryError`."""
        if kind in COMMANDS and not names:
            return self.command(kind)
        makers = {
            "badge": self.badge,
            "order": self.order,
            "lot": self.lot,
            "serial": self.serial,
            "material": self.material,
            "reason": self.reason,
            "digit": self.digit,
            "label": self.label,
        }
        if kind not in makers:
            raise FactoryError(
                f"scan {kind}: want {', '.join(makers)}, raw, or one of {' '.join(codes.COMMANDS)}"
            )
        most = 2 if kind in ("lot", "serial") else 1
        if not 1 <= len(names) <= most:
            want = "a name after it" if most == 1 else "one or two names after it"
            raise FactoryError(f"scan {' '.join([kind, *names])}: want {want}")
        return makers[kind](*names)

    def badge(self, person: str) -> Printed:
        row = self._of("operators.csv", self.operators, person)
        return _house(row["name"], codes.BadgeCode(row["badge"]), _1D_AIM)

    def order(self, number: str) -> Printed:
        row = self._of("orders.csv", self.orders, number)
        amount, _, unit = row["quantity"].partition(" ")
        code = codes.OrderCode(number, row["material"], Decimal(amount), unit_named(unit))
        return _house(f"{number} {self._name(row['material'])}", code, _2D_AIM)

    def command(self, name: str) -> Printed:
        return _house(name, codes.CommandCode(name), _1D_AIM)

    def reason(self, name: str) -> Printed:
        row = self._of("reasons.csv", self.reasons, name)
        return _house(row["text"], codes.ReasonCode(name), _1D_AIM)

    def digit(self, digit: str) -> Printed:
        return _house(digit, codes.DigitCode(digit), _1D_AIM)

    def label(self, number: str) -> Printed:
        return _house(f"Label {number}", codes.LabelCode(number), _1D_AIM)

    def material(self, name: str) -> Printed:
        row = self._of("materials.csv", self.materials, name)
        if row["gtin"]:
            return Printed(row["name"], _GS1_AIM, gs1.format([gs1.Element("01", row["gtin"])]))
        return _house(row["name"], codes.MaterialCode(name), _1D_AIM)

    def serial(self, serial: str, material: str = "") -> Printed:
        """A serial-numbered part: one of the stock's, or a new one of `material`."""
        for row in self.stock:
            if serial in row["serials"].split(";"):
                material = row["material"]
        row = self._of("materials.csv", self.materials, material or serial)
        title = f"{row['name']} {serial}"
        if row["gtin"]:
            elements = [gs1.Element("01", row["gtin"]), gs1.Element("21", serial)]
            return Printed(title, _GS1_AIM, gs1.format(elements))
        return _house(title, codes.MaterialCode(row["material"], None, serial), _2D_AIM)

    def lot(self, *names: str) -> Printed:
        """A container of a lot: `LOT`, or `MATERIAL LOT` where two materials share its number."""
        lot, material = names[-1], names[0] if len(names) > 1 else ""
        for row in self.stock:
            if row["lot"] == lot and material in ("", row["material"]):
                return self._container(row)
        if lot in self.orders:
            made = self.orders[lot]["material"]
            return _house(f"{self._name(made)} {lot}", codes.LotCode(lot, made), _2D_AIM)
        raise FactoryError(f"lot {lot} is neither in stock.csv nor the number of an order")

    def containers(self, row: dict[str, str]) -> list[Printed]:
        """What carries a code of a row of stock: each numbered piece, or the lot's container."""
        serials = list(filter(None, row["serials"].split(";")))
        return [self.serial(one) for one in serials] or [self.lot(row["material"], row["lot"])]

    def expiry(self, row: dict[str, str]) -> date | None:
        return relative(row["expiry"], self.today) if row["expiry"] else None

    def _container(self, row: dict[str, str]) -> Printed:
        item = self._of("materials.csv", self.materials, row["material"])
        amount, unit = _container_size(item["conversions"])
        expiry = self.expiry(row)
        title = f"{item['name']} {row['lot']}"
        if not item["gtin"]:
            code = codes.LotCode(row["lot"], row["material"], None, expiry, amount, unit)
            return _house(title, code, _2D_AIM)
        elements = [gs1.Element("01", item["gtin"])]
        if expiry:
            elements.append(gs1.Element("17", f"{expiry:%y%m%d}"))
        if amount is not None and unit == "KGM":
            elements.append(gs1.Element("3103", f"{int(amount * 1000):06d}"))
        return Printed(title, _GS1_AIM, gs1.format([*elements, gs1.Element("10", row["lot"])]))

    def _name(self, material: str) -> str:
        return self._of("materials.csv", self.materials, material)["name"]

    def _of(self, file: str, rows: dict[str, dict[str, str]], name: str) -> dict[str, str]:
        if name not in rows:
            raise FactoryError(f"{name} is not in {file} (it has {', '.join(sorted(rows))})")
        return rows[name]

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def relative(text: str, today: date) -> date:
    """A date as written, or so many days from `today`: `+3d`, `-1d`."""
    if text.endswith("d"):
        return today + timedelta(days=int(text[:-1]))
    return date.fromisoformat(text)


def _house(title: str, code: codes.Code, aim: str) -> Printed:
    return Printed(title, aim, codes.encode(code))


def _container_size(conversions: str) -> tuple[Decimal | None, str | None]:
    """What one container holds, from the first conversion: `BAG=25 KGM` → 25 KGM."""
    if not conversions:
        return None, None
    amount, _, unit = conversions.split(";", maxsplit=1)[0].partition("=")[2].partition(" ")
    return Decimal(amount), unit_named(unit)
