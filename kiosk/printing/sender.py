"""The home of one printer's thread: a label after the other, and what it says of itself.

A printer that tells how it is holds at most LABELS_AHEAD_MAX labels that have not come out, and
"printed" is its word; of any other, that it took every byte is the best that can be known.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from kiosk.config import PrinterConfig
from kiosk.journal import JournalError
from kiosk.printing.jobs import TimeOf, shown_of, values_of
from kiosk.printing.ledger import POWER_WENT, Ledger, Row
from kiosk.readers import PrintingState, PrintState, ShopAccess
from labels.primitives import LabelError
from labels.printers import (
    LABELS_AHEAD_MAX,
    Printer,
    PrinterDoubt,
    PrinterError,
    PrinterStatus,
    PrinterUnreachable,
    open_printer,
)
from labels.render import render
from sync.domain.events import Event
from sync.pulse import Pulse
from sync.told import PrinterHealth, PrinterTold

RETRY_SECONDS: Final = 3.0
POLL_SECONDS: Final = 0.5
LEARN_SECONDS: Final = 3.0  # without a label, before a printer is first asked how it is
STOP_SECONDS_MAX: Final = 5.0
PULSE_SECONDS: Final = 3.0
PRINT_SECONDS_MAX: Final = 60.0  # a slow printer is none that hangs
QUEUE_SHOWN_MAX: Final = 20
SUFFIXES: Final = {"pdf": "pdf", "zpl": "zpl", "zpl-graphic": "zpl"}
GONE: Final = "what it tells is not known here any more; print it at the office"
LOST: Final = "the printer went away before it said that the label came out"
_TELLS: Final = frozenset({"ready", "busy", "paused", "paper_out", "head_open", "ribbon_out"})

OnState = Callable[[PrintState], None]


class Sender:
    """Prints what the ledger has for one printer; `on_state` hears of every change.

    `told` is how the printer is and what waits for it: any thread may read it, and `on_told` is
    called when it went down, came back, or a label fell into doubt.
    """

    def __init__(
        self,
        config: PrinterConfig,
        ledger: Ledger,
        shop: ShopAccess,
        on_state: OnState,
        time_of: TimeOf,
        learn_seconds: float,
    ) -> None:
        self.name = config.name
        self.pulse = Pulse()
        self.told = PrinterTold(config.name, config.language, config.url)
        self.on_told: Callable[[], None] = lambda: None
        self._doubting = True  # whether labels may be in doubt: to count them takes the app's time
        self._config = config
        self._ledger = ledger
        self._shop = shop
        self._on_state = on_state
        self._time_of = time_of
        self._printer: Printer | None = None
        self._learn_seconds = learn_seconds
        self._held = ""  # why it does not print what it has, as it was said last
        self._tells = False  # whether it was ever heard to say how it is
        self._learnt = False
        self._away: list[Row] = []  # it has them, and has not said that they came out
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"print:{self.name}", daemon=True)

    def start(self) -> None:
        """Begin to print what waits."""
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

    def _run(self) -> None:
        try:
            self._take_in()
            for row, events in self._ledger.settle_interrupted(self.name):
                self._say("doubt", row, why=POWER_WENT, events=events)
            while not self._stopping.is_set():
                self._wake.clear()
                self._take_in()
                if self._print_waiting():
                    self._rest(RETRY_SECONDS)
                elif self._away:
                    self._rest(POLL_SECONDS)
                else:
                    self._idle()
        except JournalError as fault:
            if not self._stopping.is_set():
                self._say("waiting", why=str(fault))
        self.pulse.rest()

    def _take_in(self) -> None:
        for row in self._ledger.take_in():
            self._say("failed", row, why=row.why)
        self._tell()

    def _tell(self, health: PrinterHealth | None = None, why: str = "") -> None:
        """Note how the printer is, as before where nothing new is known, and what waits for it."""
        before = self.told
        doubt = self._ledger.doubts(self.name) if self._doubting else 0
        self._doubting = doubt > 0
        self.told = replace(
            before,
            health=before.health if health is None else health,
            why=before.why if health is None else why,
            waiting=self._ledger.waiting(self.name),
            doubt=doubt,
        )
        was, now = ((one.health, one.why, one.doubt) for one in (before, self.told))
        if was != now:
            self.on_told()

    def _idle(self) -> None:
        """Wait for more; at the first quiet moment learn whether the printer tells how it is."""
        if not self._learnt:
            if self._rest(self._learn_seconds):
                return
            self._learnt = True
            self._ask()
        self._rest(None)

    def _rest(self, seconds: float | None) -> bool:
        """Wait until something was appended, or so long; with a sign of life all the while."""
        self.pulse.tick(PULSE_SECONDS)
        while not (woken := self._wake.wait(seconds or PULSE_SECONDS)) and seconds is None:
            self.pulse.tick(PULSE_SECONDS)
        return woken

    def _print_waiting(self) -> bool:
        """Print what waits; whether the rest has to be tried again later."""
        while not self._stopping.is_set():
            if self._away and not self._has_room():
                return False
            row = self._ledger.next_for(self.name)
            if row is None:
                return False
            if not self._print(row):
                return True
        return False

    def _print(self, row: Row) -> bool:
        """Print one label; False if it has to be tried again later."""
        self.pulse.tick(PRINT_SECONDS_MAX)
        try:
            data = self._rendered(row)
            printer = self._opened()
            self._say("printing", row)
            printer.send(row.job.name, data, SUFFIXES.get(self._config.language, "bin"))
        except LabelError as fault:
            self._ledger.failed(row, str(fault))
            self._say("failed", row, why=str(fault))
        except PrinterDoubt as fault:
            self._say("doubt", row, why=str(fault), events=self._ledger.doubted(row, str(fault)))
            self._tell("fault", str(fault))
        except PrinterError as fault:
            self._ledger.back(row)
            self._tell("silent" if isinstance(fault, PrinterUnreachable) else "fault", str(fault))
            self._say("waiting", row, why=str(fault))
            return False
        else:
            self._taken(row)
        return True

    def _rendered(self, row: Row) -> bytes:
        """Raises LabelError."""
        config, job = self._config, row.job
        ask = partial(values_of, job=job, copy=row.copy, time_of=self._time_of)
        values = self._shop(ask)
        if values is None:
            raise LabelError(GONE)
        return render(job.template, values, config.language, config.dpi, job.name)

    def _taken(self, row: Row) -> None:
        """The printer has every byte."""
        self._tell("ok")
        if self._tells:
            self._away.append(self._ledger.sent(row))
        else:
            self._say("printed", row, events=self._ledger.printed(row))

    def _has_room(self) -> bool:
        """Settle what came out; whether one more may go to the printer."""
        status = self._ask()
        if status is None:
            for row in self._away:
                self._say("doubt", row, why=LOST, events=self._ledger.doubted(row, LOST))
            self._away.clear()
            return True
        if status.state in ("ready", "busy", "unknown"):
            still = status.waiting if status.waiting is not None else status.state == "busy"
            while len(self._away) > still:
                row = self._away.pop(0)
                self._say("printed", row, events=self._ledger.printed(row))
        elif self._away and status.detail != self._held:
            self._say("waiting", self._away[0], why=status.detail)
        self._held = status.detail
        return status.has_room and len(self._away) < LABELS_AHEAD_MAX

    def _ask(self) -> PrinterStatus | None:
        """How it is; None where it cannot be reached."""
        self.pulse.tick(PRINT_SECONDS_MAX)
        try:
            status = self._opened().status(self._config.language)
        except PrinterUnreachable as fault:
            self._tell("silent", str(fault))
            return None
        self._tells = self._tells or status.state in _TELLS
        self._tell(*_health_of(status))
        return status

    def _opened(self) -> Printer:
        if self._printer is None:
            self._printer = open_printer(self._config.url)
        return self._printer

    def _say(
        self,
        state: PrintingState,
        row: Row | None = None,
        *,
        why: str = "",
        events: Sequence[Event] = (),
    ) -> None:
        if state == "doubt":
            self._doubting = True
            self._tell()
        lot, quantity = self._shop(partial(shown_of, job=row.job)) if row else ("", "")
        self._on_state(
            PrintState(
                row.printer if row else self.name,
                state,
                label=row.job.label if row else "",
                lot=lot,
                quantity=quantity,
                why=why,
                queued=self._ledger.waiting(self.name, row),
                events=tuple(events),
                queue=self._ledger.queue(self.name, QUEUE_SHOWN_MAX),
            )
        )


def _health_of(status: PrinterStatus) -> tuple[PrinterHealth, str]:
    """A printer of state "unknown" was reached, and tells nothing."""
    stands = status.state not in ("ready", "busy", "unknown")
    return ("fault", status.detail) if stands else ("ok", "")
