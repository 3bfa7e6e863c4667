"""The home of what a shop remembers of acts: which reversible events each made, and their order.

Events are kept packed, because a station remembers tens of thousands of them and is rarely asked.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sync.domain.events import Event
from sync.domain.events.packing import packed, unpacked

N_DIGITS: Final = 16
LENGTH_DIGITS: Final = 2

Packed = dict[str, dict[str, bytes]]  # act → event id → the event as msgpack


class Acts(Mapping[str, list[Event]]):
    """act → its reversible events by `(n, id)`, unpacked when asked for."""

    __slots__ = ("_packed",)

    def __init__(self, packed: Packed) -> None:
        self._packed = packed

    def __getitem__(self, act: str) -> list[Event]:
        found = [unpacked(body) for body in self._packed[act].values()]
        return sorted(found, key=lambda event: (event.n, event.id))

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def remember(acts: Packed, event: Event) -> None:
    """Keep a reversible event under its act."""
    acts.setdefault(event.act, {})[event.id] = packed(event)


def act_key(event: Event) -> str:
    """A text that sorts as the acts of a station happened, and tells the act and the operator."""
    return f"{event.n:0{N_DIGITS}d}{len(event.act):0{LENGTH_DIGITS}d}{event.act}{event.operator}"


def read_key(key: str) -> tuple[str, str]:
    """(act, operator) of an `act_key`."""
    start = N_DIGITS + LENGTH_DIGITS
    end = start + int(key[N_DIGITS:start])
    return key[start:end], key[end:]
