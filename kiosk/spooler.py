"""The home of printing: a reader of the journal with one `printed` mark for each printer.

A label belongs to an act that wrote `MaterialProduced` at this station. Before the first byte
leaves, the journal says which label is on its way; after a power cut in between, that label is in
doubt and is never printed again by itself.
"""

import threading
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from kiosk.journal import Journal, JournalError
from kiosk.readers import PrintingState, PrintState, ShopAccess
from labels.primitives import LabelError
from labels.printers import Printer, PrinterDoubt, PrinterError, PrinterUnreachable, open_printer
from labels.render import Language, render
from sync.domain.events import (
    Event,
    LabelDoubted,
    LabelPrinted,
    LabelRule,
    MaterialProduced,
)
from sync.domain.shop import Shop
from sync.pulse import Pulse

RETRY_SECONDS: Final = 3.0
STOP_SECONDS_MAX: Final = 5.0
PULSE_SECONDS: Final = 3.0
PRINT_SECONDS_MAX: Final = 60.0  # a slow printer is none that hangs
LABELS_AHEAD_MAX: Final = 500

OnState = Callable[[PrintState], None]


class Spooler:
    """Prints for one printer in a thread of its own; `on_state` hears of every change.

    `time_of` tells when an event happened, RFC 3339: what the label says.
    """

    def __init__(
        self,
        journal: Journal,
        shop: ShopAccess,
        *,
        name: str,
        url: str,
        language: Language,
        dpi: int,
        on_state: OnState,
        time_of: Callable[[Event], str] = attrgetter("at"),
    ) -> None:
        self._journal = journal
        self._shop = shop
        self._name = name
        self._url = url
        self._language = language
        self._dpi = dpi
        self._on_state = on_state
        self._time_of = time_of
        self._printer: Printer | None = None
        self.pulse = Pulse()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"print:{name}", daemon=True)

    def start(self) -> None:
        """Begin to print what lies beyond the mark."""
        self._thread.start()

    def wake(self) -> None:
        """Something was appended."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; a label that is on its way is finished or in doubt."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS_MAX)

    @property
    def pulses(self) -> dict[str, Pulse]:
        """The sign of life of its thread."""
        return {f"printer {self._name}": self.pulse}

    @property
    def _mark(self) -> str:
        return f"printed:{self._name}"

    @property
    def _sending(self) -> str:
        return f"sending:{self._name}"

    def _run(self) -> None:
        try:
            self._settle_interrupted()
            while not self._stopping.is_set():
                self._wake.clear()
                self._rest(RETRY_SECONDS if self._print_waiting() else None)
        except JournalError as fault:
            if not self._stopping.is_set():
                self._say("waiting", why=str(fault))
        self.pulse.rest()

    def _rest(self, seconds: float | None) -> None:
        """Wait until something was appended, or so long; with a sign of life all the while."""
        self.pulse.tick(PULSE_SECONDS)
        while not self._wake.wait(seconds or PULSE_SECONDS) and seconds is None:
            self.pulse.tick(PULSE_SECONDS)

    def _settle_interrupted(self) -> None:
        """A label whose sending was broken off is in doubt, once."""
        kept = self._journal.kept(self._sending)
        if kept is None:
            return
        local = int(kept)
        if local <= self._journal.reader_mark(self._mark):
            return
        for found, record in self._journal.replay(local - 1):
            if found == local and isinstance(record.event, MaterialProduced):
                self._doubt(local, record.event, "power went while it was printed")
            return

    def _print_waiting(self) -> bool:
        """Print all labels beyond the mark; whether one is left because of its printer."""
        jobs, reached = self._jobs()
        for place, (local, event) in enumerate(jobs):
            if self._stopping.is_set():
                return False
            if not self._print(local, event, len(jobs) - place - 1):
                return True
        if reached > self._journal.reader_mark(self._mark):
            self._journal.move_mark(self._mark, reached).result()
        return False

    def _jobs(self) -> tuple[list[tuple[int, MaterialProduced]], int]:
        """The labels to print in their order, and how far the journal was read for them."""
        jobs: list[tuple[int, MaterialProduced]] = []
        reached = self._journal.reader_mark(self._mark)
        for local, record in self._journal.replay(reached):
            event = record.event
            if isinstance(event, MaterialProduced) and event.station == self._journal.station:
                jobs.append((local, event))
            reached = local
            if len(jobs) >= LABELS_AHEAD_MAX:
                break
        wanted = self._shop(lambda shop: [is_wanted(shop, event) for _, event in jobs])
        return [job for job, is_one in zip(jobs, wanted, strict=True) if is_one], reached

    def _print(self, local: int, event: MaterialProduced, queued: int) -> bool:
        """Print one label; False if it has to be tried again later."""
        self.pulse.tick(PRINT_SECONDS_MAX)
        try:
            values = self._shop(lambda shop: values_of(shop, event, self._time_of(event)))
            rule = self._shop(lambda shop: rule_of(shop, event))
            data = render(rule.template, values, self._language, self._dpi, event.id)
            printer = self._opened()
            self._say("printing", event, queued=queued)
            self._journal.keep(self._sending, str(local).encode()).result()
            printer.send(event.id, data)
        except PrinterUnreachable as fault:
            self._journal.keep(self._sending, b"0").result()
            self._say("waiting", event, why=str(fault), queued=queued)
            return False
        except (PrinterDoubt, LabelError) as fault:
            self._doubt(local, event, str(fault), queued)
            return True
        except PrinterError as fault:
            self._say("waiting", event, why=str(fault), queued=queued)
            return False
        printed = LabelPrinted(
            label=event.label,
            of=event.id,
            order=event.order,
            printer=self._name,
            template=rule.template,
            copy_number=1,
            operator=event.operator,
        )
        self._settled("printed", local, event, printed, queued)
        return True

    def _doubt(self, local: int, event: MaterialProduced, why: str, queued: int = 0) -> None:
        doubted = LabelDoubted(
            label=event.label,
            of=event.id,
            order=event.order,
            printer=self._name,
            why=why,
            operator=event.operator,
        )
        self._settled("doubt", local, event, doubted, queued, why)

    def _settled(
        self,
        state: PrintingState,
        local: int,
        event: MaterialProduced,
        fact: Event,
        queued: int,
        why: str = "",
    ) -> None:
        records = self._journal.move_mark(self._mark, local, [fact]).result()
        facts = [record.event for record in records if isinstance(record.event, Event)]
        self._say(state, event, why=why, queued=queued, events=facts)

    def _opened(self) -> Printer:
        if self._printer is None:
            self._printer = open_printer(self._url)
        return self._printer

    def _say(
        self,
        state: PrintingState,
        event: MaterialProduced | None = None,
        *,
        why: str = "",
        queued: int = 0,
        events: Sequence[Event] = (),
    ) -> None:
        self._on_state(
            PrintState(
                self._name,
                state,
                label=event.label if event else "",
                lot=event.lot if event else "",
                quantity=str(event.quantity) if event else "",
                why=why,
                queued=queued,
                events=tuple(events),
            )
        )


def rule_of(shop: Shop, event: MaterialProduced) -> LabelRule:
    """How the released order wants its labels; the default rule where the order is not known."""
    order = shop.orders.get(event.order)
    return order.release.label if order and order.release else LabelRule()


def is_wanted(shop: Shop, event: MaterialProduced) -> bool:
    """Whether this output gets a label of its own: some good, not undone, and the order says so."""
    has_good = event.quantity.micros > 0
    return has_good and event.act not in shop.reversed and rule_of(shop, event).label != "none"


def values_of(shop: Shop, event: MaterialProduced, time: str) -> dict[str, str]:
    """What stands on the label of a batch that was finished at a time (RFC 3339)."""
    material = shop.materials.get(event.material)
    order = shop.orders.get(event.order)
    name = material.name if material else ""
    if not name and order and order.release:
        name = order.release.name
    person = shop.operators.get(event.operator)
    return {
        "product": name or event.material,
        "material": event.material,
        "order": event.order,
        "lot": event.lot,
        "quantity": event.quantity.amount,
        "unit": event.quantity.unit,
        "produced": time[:16].replace("T", " "),
        "expiry": event.expiry,
        "station": event.station,
        "operator": person.name if person else event.operator,
        "copy": "",
        "label": event.label,
    }
