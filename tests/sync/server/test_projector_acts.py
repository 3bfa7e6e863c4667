"""What a slice writes is run in turn while it is told, whole, or not at all."""

import threading
from collections.abc import Callable
from typing import cast

import pytest
from sqlalchemy import Connection

from sync.server.projector_acts import AbandonedError, Acts

NO_CONNECTION = cast("Connection", None)


class Writer(threading.Thread):
    """Runs acts beside the test, and keeps what came of it."""

    def __init__(self, acts: Acts) -> None:
        super().__init__(daemon=True)
        self._acts = acts
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            self._acts.run(NO_CONNECTION)
        except AbandonedError as fault:
            self.fault = fault


def noted(done: list[str], name: str, ran: threading.Event) -> Callable[[Connection], None]:
    def act(_connection: Connection) -> None:
        done.append(name)
        ran.set()

    return act


def test_each_act_is_run_as_it_is_told() -> None:
    done: list[str] = []
    acts = Acts()
    writer = Writer(acts)
    with acts:
        writer.start()
        for name in "abc":
            ran = threading.Event()
            acts.append(noted(done, name, ran))
            assert ran.wait(5)
    writer.join(5)
    assert (done, writer.fault, writer.is_alive()) == (["a", "b", "c"], None, False)


def failing(acts: Acts, writer: Writer) -> None:
    with acts:
        writer.start()
        acts.append(noted([], "a", threading.Event()))
        raise ZeroDivisionError


def test_what_failed_in_the_making_is_not_written() -> None:
    acts = Acts()
    writer = Writer(acts)
    with pytest.raises(ZeroDivisionError):
        failing(acts, writer)
    writer.join(5)
    assert isinstance(writer.fault, AbandonedError)


def test_a_second_run_begins_with_the_first_act() -> None:
    done: list[str] = []
    with Acts() as acts:
        for name in "ab":
            acts.append(noted(done, name, threading.Event()))
    acts.run(NO_CONNECTION)
    acts.run(NO_CONNECTION)
    assert done == ["a", "b", "a", "b"]
