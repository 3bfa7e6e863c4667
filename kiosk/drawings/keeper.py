"""The home of the keeper: fetches the drawings of the orders that this station knows, for later.

A thread of its own asks now and then which those are; nothing of it is on a scan's way. A drawing
that somebody looks at and that is not here is asked for at once.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from kiosk.drawings import Paper
from kiosk.drawings.cache import CACHE_BYTES_MAX, Cache
from kiosk.drawings.painter import Painter, Wanted
from kiosk.readers import ShopAccess
from sync.domain.events import OrderCancelled, OrderClosed
from sync.domain.shop import Shop
from sync.drawings import DrawingError, Reference, checked_file, path_of, reference
from sync.line import Line, ServerRefused, SyncError, Tokens
from sync.pulse import Pulse

LOOK_SECONDS: Final = 30.0
FIRST_LOOK_SECONDS: Final = 2.0
RECHECK_SECONDS: Final = 3_600.0
RETRY_SECONDS: Final = 60.0
EAGER_SECONDS: Final = 5.0
FETCH_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 1.0
UNKNOWN: Final = 404
_CLOSURES: Final = (OrderClosed, OrderCancelled)
_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Try:
    """When a drawing was last asked for in vain, and why it did not come."""

    at: datetime
    mono: float
    why: str


class DrawingKeeper:
    """Reads no journal, but starts and stops like what does. `on_change` is called from threads."""

    def __init__(
        self,
        data: Path,
        server: str,
        tokens: str | Tokens,
        shop: ShopAccess,
        on_change: Callable[[], None],
        *,
        pin: str = "",
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        monotonic: Callable[[], float] = time.monotonic,
        first_look_seconds: float = FIRST_LOOK_SECONDS,
        bytes_max: int = CACHE_BYTES_MAX,
    ) -> None:
        self._server, self._tokens, self._pin = server, tokens, pin
        self._shop, self._on_change = shop, on_change
        self._now, self._monotonic = now, monotonic
        self._first_look_seconds = first_look_seconds
        self._cache = Cache(data, bytes_max=bytes_max)
        self._painter = Painter(self._drawn)
        self._tries: dict[str, Try] = {}
        self._eager: set[str] = set()
        self._damaged: set[str] = set()
        self._bell = threading.Event()
        self._ending = False
        self._line: Line | None = None
        self._thread: threading.Thread | None = None

    @property
    def pulses(self) -> Mapping[str, Pulse]:
        """None: a station works without drawings."""
        return {}

    def paper(self, written: str, *, console: bool = False) -> Paper | None:
        """What an operation's `drawing` is here; None where it names none."""
        meant = reference(written)
        if meant is None:
            return None
        if meant.url:
            return Paper(meant.url, why="elsewhere", url=meant.url)
        return self._paper(meant, console=console)

    def _paper(self, meant: Reference, *, console: bool) -> Paper:
        kept, tried = self._cache.kept(meant.name), self._tries.get(meant.name)
        if kept is None:
            self._ask_for(meant.name)
            return Paper(
                meant.name,
                meant.page,
                tried=tried.at.strftime("%H:%M") if tried else "",
                why=tried.why if tried else "waits",
            )
        path, digest = self._cache.path(kept.digest), kept.digest
        return Paper(
            meant.name,
            meant.page,
            is_kept=True,
            url=self._url(kept.link, meant.page),
            is_local=(urlsplit(self._server).hostname or "") in _LOCAL,
            draw=lambda columns, rows: self._painter.picture(
                Wanted(path, digest, meant.page, columns, rows, console)
            ),
        )

    def _url(self, link: str, page: int) -> str:
        """For a phone; in capitals, of which a smaller code holds more."""
        if not link.startswith("/"):
            return ""
        base = self._server.rstrip("/").upper()
        return f"{base}{link}/{page}" if page > 1 else f"{base}{link}"

    def _ask_for(self, name: str) -> None:
        tried = self._tries.get(name)
        lately = tried is not None and self._monotonic() - tried.mono < EAGER_SECONDS
        if name not in self._eager and not lately:
            self._eager.add(name)
            self._bell.set()

    def start(self) -> None:
        """Begin to fetch."""
        assert self._thread is None, "a keeper is started once"
        self._thread = threading.Thread(target=self._keeping, name="drawings", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Nothing that is recorded here names a drawing."""

    def stop(self) -> None:
        """End within a second, breaking off what is under way."""
        self._ending = True
        self._bell.set()
        if self._line is not None:
            self._line.close()
        self._painter.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS_MAX)
        elif self._line is not None:
            self._line.hang_up()

    def look(self) -> None:
        """One round: what is wanted and not here, or not asked about for an hour, is asked for."""
        for digest in list(self._damaged):
            self._cache.drop(digest)
            self._damaged.discard(digest)
        eager = sorted(self._eager)
        self._eager.clear()
        wanted = self._shop(named_drawings)
        due = [*eager, *(name for name in wanted if name not in eager and self._is_due(name))]
        changed = [self._fetched(name, wanted) for name in due if not self._ending]
        if any(changed):
            self._on_change()

    def _is_due(self, name: str) -> bool:
        tried, kept = self._tries.get(name), self._cache.kept(name)
        if tried is not None and self._monotonic() - tried.mono < RETRY_SECONDS:
            return False
        return kept is None or abs(self._now().timestamp() - kept.checked) >= RECHECK_SECONDS

    def _fetched(self, name: str, wanted: frozenset[str]) -> bool:
        """Ask for one drawing; whether there is something to show for it."""
        try:
            why = self._fetch(name, wanted)
        except ServerRefused as fault:
            why = "unknown" if fault.status == UNKNOWN else "refused"
        except SyncError:
            why = "offline"
        except DrawingError:
            why = "unusable"
        except OSError:
            why = "disk"
        before = self._tries.pop(name, None)
        if why:
            self._tries[name] = Try(self._now(), self._monotonic(), why)
        return bool(why) or before is not None or self._cache.kept(name) is not None

    def _fetch(self, name: str, wanted: frozenset[str]) -> str:
        """Raises `SyncError`, `DrawingError` and `OSError`; why it is not kept, or nothing."""
        kept, now = self._cache.kept(name), self._now().timestamp()
        known = kept.digest if kept is not None else ""
        got = self._opened().fetch(path_of(name), known=known, patience=FETCH_SECONDS_MAX)
        if got.content is None and kept is None:
            return "refused"
        if got.content is None:
            self._cache.touch(name, got.link, now)
            self._cache.save()
            return ""
        checked_file(name, got.content)
        is_kept = self._cache.put(name, got.content, got.link, now, wanted | {name})
        return "" if is_kept else "full"

    def _opened(self) -> Line:
        """The line of this thread; raises `SyncError`."""
        if self._line is None:
            self._line = Line(self._server, self._tokens, pin=self._pin)
            if self._ending:
                self._line.close()
        return self._line

    def _keeping(self) -> None:
        pause = self._first_look_seconds
        while not self._ending:
            self._bell.wait(pause)
            self._bell.clear()
            if not self._ending:
                self.look()
            pause = LOOK_SECONDS
        if self._line is not None:
            self._line.hang_up()

    def _drawn(self, damaged: str) -> None:
        if damaged:
            self._damaged.add(damaged)
            self._bell.set()
        self._on_change()


def named_drawings(shop: Shop) -> frozenset[str]:
    """The drawings of the server that orders name which may still be worked on."""
    names: set[str] = set()
    for order in shop.orders.values():
        if order.release is None or isinstance(order.closure, _CLOSURES):
            continue
        for operation in order.release.operations:
            meant = reference(operation.drawing) if operation.drawing else None
            if meant is not None and meant.name and not order.is_ended(operation.operation):
                names.add(meant.name)
    return frozenset(names)
