"""The home of printing as the app knows it: a reader of the journal with all printers."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from kiosk.config import PrinterConfig
from kiosk.journal import Journal
from kiosk.printing.jobs import TimeOf
from kiosk.printing.ledger import Ledger
from kiosk.printing.sender import LEARN_SECONDS, OnState, Sender
from kiosk.readers import ShopAccess
from labels.primitives import LabelError
from labels.render import kind_of
from sync.domain.label_jobs import Job
from sync.pulse import Pulse
from sync.told import PrinterTold


class Spooler:
    """Prints every label that the acts of this station want, each printer in a thread of its own.

    `time_of` tells when an event happened, RFC 3339: what the label says. A printer is first asked
    how it is after `learn_seconds` without a label.
    """

    def __init__(
        self,
        journal: Journal,
        shop: ShopAccess,
        printers: Sequence[PrinterConfig],
        on_state: OnState,
        time_of: TimeOf = attrgetter("at"),
        *,
        learn_seconds: float = LEARN_SECONDS,
    ) -> None:
        assert printers, "a spooler without a printer"
        self._printers = tuple(printers)
        self._ledger = Ledger(journal, shop, self._route)
        self._senders = [
            Sender(one, self._ledger, shop, on_state, time_of, learn_seconds) for one in printers
        ]

    def start(self) -> None:
        """Begin to print what waits; at the first start of all waits for the disk."""
        self._ledger.open([one.name for one in self._printers])
        for sender in self._senders:
            sender.start()

    def wake(self) -> None:
        """Something was appended."""
        for sender in self._senders:
            sender.wake()

    def stop(self) -> None:
        """End the threads; labels that are on their way are finished or in doubt."""
        for sender in self._senders:
            sender.stop()

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """The signs of life of its threads."""
        return {f"printer {one.name}": one.pulse for one in self._senders}

    @property
    def told(self) -> tuple[PrinterTold, ...]:
        """How each printer is, as far as it is known now; for any thread."""
        return tuple(one.told for one in self._senders)

    def on_told(self, hear: Callable[[], None]) -> None:
        """Before the start: who is called when a printer went down, came back, or left a doubt."""
        for one in self._senders:
            one.on_told = hear

    def _route(self, job: Job) -> tuple[str, str]:
        """The printer that was chosen, or the first that takes the kind; why not where none."""
        first = self._printers[0].name
        if job.printer:
            is_here = any(one.name == job.printer for one in self._printers)
            return (job.printer, "") if is_here else (first, f"no printer here is {job.printer}")
        try:
            kind = kind_of(job.template)
        except LabelError as fault:
            return first, str(fault)
        for one in self._printers:
            if not one.kinds or kind in one.kinds:
                return one.name, ""
        return first, f"no printer of this station takes labels of the kind {kind}"
