"""From answers to bands: the dialog's by the texts, and what the terminal says about itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from kiosk.dialog import Dialog, Notice, undoes
from kiosk.journal import Journal, JournalError, JournalFull
from kiosk.readers import PrintState
from kiosk.scanners import Scan
from kiosk.screens.band import Band, Kind, sign
from kiosk.screens.text import Label, fit
from kiosk.texts import Texts
from kiosk.texts.forms import Forms
from labels.codes import (
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    EnrolmentCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
)
from sync.domain.shop import Shop

CODE_CELLS: Final = 22
SIGN_CELLS: Final = 8


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the terminal's own sentences."""

    kind: Kind
    word: str
    what: str
    next: str


class Notices:
    """Says everything that the band can say, in one language."""

    def __init__(self, texts: Texts, own: Mapping[str, Sentence]) -> None:
        self._texts = texts
        self._own = own

    @classmethod
    def load(cls, language: str) -> "Notices":
        """The dialog's texts and the terminal's own."""
        texts = Texts.load(language)
        return cls(texts, own_sentences(texts))

    def say(self, notice: Notice) -> Band:
        """The band of a dialog's answer."""
        said = self._texts.say(notice)
        return Band(said.kind, said.word, said.what, said.next, notice.text)

    def band(self, key: str, **facts: str) -> Band:
        """A sentence of the terminal's own."""
        own = self._own[key]
        return Band(own.kind, own.word, own.what.format(**facts), own.next.format(**facts), key)

    def undo(self, dialog: Dialog, shop: Shop) -> str:
        """What UNDO would take back now; nothing where a question stands before it."""
        notice = undoes(dialog, shop) if dialog.asking is None else None
        return self._texts.say(notice).what if notice is not None else ""

    def label(self, key: str, /, **facts: object) -> str:
        """A short word of the screen, filled with facts."""
        return self._texts.label(key, **facts)

    def command(self, typed: str) -> str:
        """A typed line; where it is a command's word in the language, the command."""
        return self._texts.command(typed)

    @property
    def forms(self) -> Forms:
        """How the language writes numbers and dates."""
        return self._texts.forms

    def opened(self, journal: Journal) -> Band | None:
        """What has to be said of the journal that was opened; None: it was as it was left."""
        moved, salvaged = journal.moved_aside, journal.salvaged
        if moved is None:
            return None
        if salvaged is None:
            return self.band("journal_moved", path=str(moved))
        saved, missing = str(salvaged.saved), str(salvaged.missing)
        return self.band("journal_salvaged", path=str(moved), saved=saved, missing=missing)

    def not_enrolled(self) -> Band:
        """No server, no name."""
        return self.say(Notice("note", "not_enrolled"))

    def not_active(self) -> Band:
        """The keyboard belongs to another window, and there is no other scanner."""
        return self.say(Notice("note", "not_active"))

    def fault(self, fault: Exception) -> Band:
        """What went wrong inside, and that nothing was booked."""
        if isinstance(fault, JournalError):
            full = isinstance(fault, JournalFull)
            return self.say(Notice("stop", "disk_full" if full else "not_saved"))
        return self.band("program_fault")

    def printing(self, state: PrintState) -> Band | None:
        """What a printer does, where the band has to say it."""
        facts = {"label": state.label, "lot": state.lot, "quantity": state.quantity}
        match state.state:
            case "printing":
                return self.say(Notice("note", "printing", facts))
            case "printed":
                return self.say(Notice("ok", "printed", facts))
            case "doubt":
                return self.say(Notice("note", "print_doubt", facts))
            case "failed":
                return self.say(Notice("note", "print_failed", facts))
            case "waiting":
                return self.band("printer_waits", label=state.label, printer=state.printer)
        return None


def own_sentences(texts: Texts) -> dict[str, Sentence]:
    """The terminal's own sentences of one language."""
    return msgspec.convert(texts.terminal, dict[str, Sentence])


def scan_line(now: datetime, band: Band, scan: Scan, code: Code | CodeError, label: Label) -> str:
    """One line about a scan that was answered. A badge's number is nobody's business."""
    told = sign(band.kind, label) or "–"
    shown = fit(code_words(code, scan.payload, label), CODE_CELLS)
    return f"{now:%H:%M:%S}  {fit(told, SIGN_CELLS)}  {shown}  {band.word}"


def code_words(code: Code | CodeError, payload: bytes, label: Label) -> str:
    """What was scanned, in a few words."""
    match code:
        case OrderCode(number=number):
            return label("scanned_order", code=number)
        case LotCode(lot=lot):
            return label("scanned_lot", code=lot)
        case MaterialCode(material=material, gtin=gtin):
            return label("scanned_material", code=material or gtin)
        case BadgeCode():
            return label("scanned_badge")
        case EnrolmentCode():
            return label("scanned_enrolment")
        case CommandCode(command=command):
            return label(f"command_{command}")
        case UnitCode(unit=unit):
            return label("scanned_unit", code=unit)
        case LabelCode(label=number):
            return label("scanned_label", code=number)
        case ReasonCode(reason=reason):
            return label("scanned_reason", code=reason)
        case DigitCode(digit=digit):
            return digit
    return payload.decode("utf-8", "replace")
