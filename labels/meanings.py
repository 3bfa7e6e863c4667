"""The home of what a barcode can mean: one class a meaning, and why one cannot be used.

CodeError(ValueError)    cannot be read or written; `kind` says why, the message says it in words
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from labels import keyboard

COMMANDS = (
    "DONE",
    "OK",
    "CANCEL",
    "SCRAP",
    "UNDO",
    "END",
    "PAUSE",
    "RESUME",
    "HELP",
    "PRINT",
    "OUTBOX",
    "QUEUE",
    "JOIN",
    "RETURN",
    "REWORK",
    "HOLD",
    "DOWNTIME",
    "CALL",
    "HANDOVER",
    "DRAWING",
    "DOCTOR",
    "PACK",
    "SEAL",
)
DIGITS = (*"0123456789", ".")
CODE_CHARS_MAX = 512

ErrorKind = Literal["layout", "unknown", "gs1", "gs_lost", "bytes", "characters"]


class CodeError(ValueError):
    """Why a code cannot be used.

    `kind`: "layout" (changed on its way: `fault` says by what, where that can be told), "unknown"
    (plain text, no known prefix), "gs1" (a GS1 rule broken), "gs_lost" (the scanner drops the
    separator of GS1), "bytes" (not text); from `encode` alone "characters" (a field that no
    in-house code can carry).
    """

    def __init__(
        self, kind: ErrorKind, message: str, fault: keyboard.Fault = keyboard.UNHARMED
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.fault = fault


@dataclass(frozen=True, slots=True)
class OrderCode:
    """A traveller: the order, and with a 2-D symbol what it makes."""

    number: str
    material: str | None = None
    amount: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class LotCode:
    """A container of one lot; `amount` in `unit` (UN/CEFACT code) is what its label says."""

    lot: str
    material: str | None = None
    gtin: str | None = None
    expiry: date | None = None
    amount: Decimal | None = None
    unit: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class MaterialCode:
    """An item whose label names no lot."""

    material: str | None = None
    gtin: str | None = None
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class BadgeCode:
    badge: str


@dataclass(frozen=True, slots=True)
class CommandCode:
    """One of COMMANDS."""

    command: str


@dataclass(frozen=True, slots=True)
class ReasonCode:
    reason: str


@dataclass(frozen=True, slots=True)
class DigitCode:
    """One of DIGITS, from a sheet for hands in gloves."""

    digit: str


@dataclass(frozen=True, slots=True)
class LabelCode:
    """One printed label: its number at the station that printed it."""

    label: str
    station: str | None = None


@dataclass(frozen=True, slots=True)
class UnitCode:
    """A logistic unit (carton, pallet): its SSCC of 18 digits, or its in-house number."""

    unit: str


@dataclass(frozen=True, slots=True)
class EnrolmentCode:
    """Where a new station finds its server, and the one-time code that lets it in."""

    server: str
    code: str


Code = (
    OrderCode
    | LotCode
    | MaterialCode
    | BadgeCode
    | CommandCode
    | ReasonCode
    | DigitCode
    | LabelCode
    | UnitCode
    | EnrolmentCode
)
