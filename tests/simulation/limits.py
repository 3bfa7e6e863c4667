"""The home of small limits: a short history then crosses the edges that a plant crosses in a month.

Only limits and sizes are set here, by their names; no behaviour is replaced.
"""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from types import ModuleType
from typing import Final

_PAGE: Final = ("sync.server.feed.FEED_EVENTS_MAX", "sync.server.snapshot.FEED_EVENTS_MAX")
_FORK: Final = ("kiosk.journal.store.FORK_PLACES_MAX",)
_STAGE: Final = ("kiosk.journal.store.STAGED_EVENTS_MAX",)
_SLICE: Final = (
    "sync.server.projector_reader.SLICE_EVENTS_MAX",
    "sync.server.projector_reader.SLICE_EVENTS_MIN",
)
_AIM: Final = "sync.server.projector_reader.WRITE_SECONDS_AIM"
_IDLE: Final = "kiosk.journal.writer.IDLE_SECONDS"
IDLE_SECONDS: Final = 3_600.0


def chosen(chance: Random) -> dict[str, float]:
    """Limits for one history; what the real clock decides would make two runs differ."""
    sizes: dict[str, float] = {_IDLE: IDLE_SECONDS, _AIM: float("inf")}
    for names, choices in (
        (_PAGE, (5, 20, 60, 500)),
        (_FORK, (3, 11, 400)),
        (_STAGE, (2, 9, 300)),
        (_SLICE, (2, 16, 400)),
    ):
        size = chance.choice(choices)
        sizes |= dict.fromkeys(names, size)
    return sizes


@contextmanager
def limited(sizes: Mapping[str, object]) -> Iterator[None]:
    """The limits hold inside, as they were outside."""
    before = {name: getattr(*_place(name)) for name in sizes}
    try:
        for name, size in sizes.items():
            setattr(*_place(name), size)
        yield
    finally:
        for name, size in before.items():
            setattr(*_place(name), size)


def _place(name: str) -> tuple[ModuleType, str]:
    module, _, attribute = name.rpartition(".")
    return importlib.import_module(module), attribute
