"""The home of program versions: a newer program knows a type that this one does not.

Only the table of types is another; how a type is read is the product's.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Final, Union

import msgspec

from sync.domain.events import EVENT_TYPES, Event
from tests.simulation.limits import limited


class FutureFact(Event, frozen=True, kw_only=True):
    """A type of a newer program: stored, sent, and in quarantine until the server knows it."""

    word: str = ""


_KNOWN: Final[Any] = Union[(*EVENT_TYPES.values(), FutureFact)]
_NEWER: Final = {"sync.wire._events": msgspec.json.Decoder(_KNOWN)}


def newer() -> AbstractContextManager[None]:
    """Inside, whoever writes is a newer program: it can read back all that it says."""
    return limited(_NEWER)


class Program:
    """The version that everyone runs."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.version = 1

    def renew(self) -> None:
        """The newer program is installed."""
        if self.version == 1:
            self.version = 2
            self._stack.enter_context(limited(_NEWER))

    @property
    def name(self) -> str:
        return str(self.version)

    @property
    def unknown(self) -> frozenset[str]:
        """The types that it does not know."""
        return frozenset({FutureFact.__name__} if self.version == 1 else ())


@contextmanager
def installed() -> Iterator[Program]:
    """The first version, whatever is installed meanwhile."""
    with ExitStack() as stack:
        yield Program(stack)
