"""The home of acts that the event loop awaits from threads: whatever they raise arrives."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def awaited(act: Callable[[], T]) -> Callable[[], T]:
    """The act for a thread that a task waits for."""

    def done() -> T:
        try:
            return act()
        except StopIteration as fault:
            raise arriving(fault) from fault

    return done


def arriving(fault: BaseException) -> BaseException:
    """The fault as a future takes it: with a StopIteration the task would wait for ever."""
    if not isinstance(fault, StopIteration):
        return fault
    return RuntimeError("an act ran out of what it iterates over: a programmer's error")
