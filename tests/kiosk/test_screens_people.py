"""Pictures of people's screens at 80 × 24 and 120 × 40, the clock standing at ten."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from textual.pilot import Pilot

from labels.codes import Code
from tests.kiosk.people_parts import guarded
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order

FED: Final[tuple[Code, ...]] = (
    badge("anna"),
    order("B-1"),
    command("OK"),
    lot("W-204", "WHEAT"),
    lot("Y-31", "YEAST"),
    order("B-2"),
)
COUNTED: Final[tuple[Code, ...]] = (*FED, command("HANDOVER"), *number("480"), command("DONE"))
SCENES: Final[dict[str, tuple[Code, ...]]] = {
    "handover": (*FED, command("HANDOVER")),
    "handover_counted": COUNTED,
    "handover_claims": (*COUNTED, lot("R-118", "RYE")),
    "handover_signed": (*COUNTED, command("OK"), badge("anna")),
    "handover_taken": (*COUNTED, command("OK"), badge("anna"), badge("paul")),
    "together": (*FED, badge("paul")),
    "leaving": (*FED, badge("anna")),
    "pin": (badge("eva"), *number("47")),
}
SIZES: Final = ((80, 24), (120, 40))


def scene(codes: tuple[Code, ...]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What is scanned before the picture is taken."""

    async def play(pilot: Pilot[Any]) -> None:
        terminal = pilot.app
        assert isinstance(terminal, Terminal)
        await terminal.settle()
        for code in codes:
            await terminal.scan(code)
        await terminal.settle()

    return play


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", SCENES)
def test_people_are_shown(
    snap_compare: Callable[..., bool], tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    terminal = Terminal(guarded(tmp_path))
    assert snap_compare(terminal, terminal_size=size, run_before=scene(SCENES[name]))
