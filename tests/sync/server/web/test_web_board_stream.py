"""The board's streams without a server: who reads, who is told what, and when it ends."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest
from litestar.response import ServerSentEventMessage

from sync.server.hub import Hub
from sync.server.projector_reader import BOARD
from sync.server.web.board_stream import BoardStream
from sync.server.web.board_view import Shown, Sight, heading_of, tag_of

SIGHT = Sight("en")
VIEWERS = 50


def shown(position: int, **cards: str) -> Shown:
    """A board of one column with these cards."""
    column = {"planned": tuple(cards)}
    others = {"counts": str(len(cards)), "trouble": "", heading_of("planned"): "planned"}
    tag = tag_of(position, datetime(2026, 11, 23, 6, 0), SIGHT)  # noqa: DTZ001 — the wall's clock
    return Shown(tag, column, {**cards, **others}, ())


class Board:
    """What there is to read, and how often it was."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.hub.start()
        self.now = shown(1, a="A")
        self.reads = 0
        self.faults = 0
        self.may = True
        self.begun = asyncio.Event()
        self.told = 0
        self.all_told = asyncio.Event()
        self.streams = BoardStream(self.hub, self.ask)

    async def ask(self, _sight: Sight) -> Shown:
        self.reads += 1
        now = self.now
        self.begun.set()
        await asyncio.sleep(0.01)
        if self.faults:
            self.faults -= 1
            raise OSError("disk")
        return now

    async def allowed(self) -> bool:
        return self.may

    def change(self, now: Shown) -> None:
        self.now = now
        self.hub.wake([BOARD])

    async def watch(self, at: str, until: Callable[[ServerSentEventMessage], bool]) -> list[Any]:
        """(event, data) of all that is told until something is."""
        found: list[Any] = []
        async for message in self.streams.changes(SIGHT, at, self.allowed):
            found.append((message.event, message.data))
            self.told += 1
            if self.told == VIEWERS:
                self.all_told.set()
            if until(message):
                break
        return found


def told(found: list[Any]) -> list[Any]:
    """Swaps as id → html."""
    return [
        (event, {one["id"]: one["html"] for one in json.loads(data)} if event == "swap" else data)
        for event, data in found
    ]


async def test_all_who_watch_are_told_the_same_of_one_reading() -> None:
    board = Board()
    first, second = board.now, shown(2, a="A", b="B")
    watching = [
        asyncio.create_task(board.watch(first.tag, lambda one: one.event == "swap"))
        for _ in range(VIEWERS)
    ]
    await board.all_told.wait()
    board.change(second)
    everybody = await asyncio.gather(*watching)
    wanted = [("beat", first.tag), ("swap", {"b": "B", "counts": "2"})]
    assert [told(one) for one in everybody] == [wanted] * VIEWERS
    assert board.reads == 2


@pytest.mark.parametrize("at", ["", "of another time"])
async def test_who_comes_new_is_told_all(at: str) -> None:
    board = Board()
    whole: Mapping[str, str] = board.now.fragments
    found = await board.watch(at, lambda one: one.event == "swap")
    assert told(found) == [("cards", '["a"]'), ("swap", {**whole})]


async def test_what_changes_while_it_is_read_is_read_again() -> None:
    board = Board()
    first, second = board.now, shown(2, b="B")
    watching = asyncio.create_task(board.watch(first.tag, lambda one: one.event == "swap"))
    await board.begun.wait()
    board.change(second)  # the first reading has begun and tells of what was
    found = told(await watching)
    assert found[-1] == ("swap", {"a": "", "b": "B"})


async def test_a_reading_that_failed_is_not_kept() -> None:
    board = Board()
    board.faults = 1
    with pytest.raises(OSError, match="disk"):
        await board.watch("", lambda _: True)
    assert await board.watch(board.now.tag, lambda _: True) == [("beat", board.now.tag)]


async def test_who_may_not_look_any_more_is_told_nothing() -> None:
    board = Board()
    watching = asyncio.create_task(board.watch(board.now.tag, lambda _: False))
    await board.begun.wait()
    board.may = False
    board.change(shown(2))
    assert await asyncio.wait_for(watching, 5) == [("beat", shown(1).tag)]
