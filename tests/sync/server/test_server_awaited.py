"""What an act in a thread raises arrives, whatever it is: nobody waits for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from sync.server.database import Database
from sync.server.desk import in_desk_thread

ANSWER_SECONDS_MAX: Final = 10.0


def first_of_none(*_: object) -> object:
    return next(iter(()))


@pytest.mark.parametrize(
    "asked",
    [
        lambda database: database.write(first_of_none),
        lambda database: database.read(first_of_none),
        lambda database: database.run(first_of_none),
        lambda _: in_desk_thread(first_of_none),
    ],
    ids=["write", "read", "run", "desk"],
)
async def test_an_act_that_runs_out_of_what_it_iterates_over_is_a_fault(
    database: Database, asked: Callable[[Database], Awaitable[Any]]
) -> None:
    with pytest.raises(RuntimeError, match="ran out of"):
        await asyncio.wait_for(asked(database), ANSWER_SECONDS_MAX)
