"""The home of what an event is given at birth beside its number: identity, act, time, station."""

import uuid
from collections.abc import Callable
from typing import Final

from kiosk.clock import Clock
from sync.domain.events import Event, stamped
from sync.exchange import Stamp

TIME_SPECIFICATION: Final = "milliseconds"


def random_origin() -> str:
    """128 random bits in hexadecimal: the name of a chain."""
    return uuid.uuid4().hex


def now_text(clock: Clock) -> str:
    """The wall clock as RFC 3339 with its offset."""
    return clock.now().isoformat(timespec=TIME_SPECIFICATION)


def clocks_of(clock: Clock) -> Stamp:
    """What a push tells of the station's clocks; nothing of a show's, which the server's is not."""
    if clock.steered:
        return Stamp()
    return Stamp(clock.boot, clock.milliseconds(), now_text(clock))


class Stamper:
    """Stamps the events of one act; what they have already is kept, but for their clocks."""

    def __init__(self, clock: Clock, new_id: Callable[[], str], station: str) -> None:
        self._clock = clock
        self._new_id = new_id
        self._station = station
        self._act = new_id()
        self._at = now_text(clock)

    def __call__(self, event: Event) -> Event:
        """The event with `id`, `act`, `at`, `boot`, `mono` and `station`."""
        return stamped(
            event,
            id=event.id or self._new_id(),
            act=event.act or self._act,
            at=event.at or self._at,
            boot=self._clock.boot,
            mono=self._clock.milliseconds(),
            station=event.station or self._station,
        )
