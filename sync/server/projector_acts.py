"""The home of what a slice writes, in turn: the writing may begin while the last rows are made.

PostgreSQL works in a process of its own, so both go on at once.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Self

from sqlalchemy import Connection

Statement = Callable[[Connection], None]


class AbandonedError(Exception):
    """The rows of a slice could not all be made: nothing of it may stay."""


class Acts:
    """The statements of one slice; told by one thread, run by another, from the first if again."""

    def __init__(self) -> None:
        self._acts: list[Statement] = []
        self._told = threading.Condition()
        self._is_whole = False
        self._is_abandoned = False

    def append(self, act: Statement) -> None:
        with self._told:
            self._acts.append(act)
            self._told.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_fault: object) -> None:
        """All is told; or, where something failed, nothing counts."""
        with self._told:
            self._is_whole = True
            self._is_abandoned = kind is not None
            self._told.notify_all()

    def run(self, connection: Connection) -> None:
        """Run each as it is told, until all are; raises `AbandonedError`."""
        for act in self._each():
            act(connection)

    def _each(self) -> Iterator[Statement]:
        number = 0
        while (act := self._next(number)) is not None:
            yield act
            number += 1

    def _next(self, number: int) -> Statement | None:
        with self._told:
            self._told.wait_for(lambda: self._is_whole or number < len(self._acts))
            if self._is_abandoned:
                raise AbandonedError
            return self._acts[number] if number < len(self._acts) else None
