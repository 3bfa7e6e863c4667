"""Labels and units by scan, on a screen with a real printer: sealed, printed, copied, voided."""

from pathlib import Path
from typing import Final

from labels.codes import Code, UnitCode, encode
from sync.domain.events import LabelPrinted, LabelVoided, UnitClosed
from tests.kiosk.terminals import badge, command, lot, number, order, running
from tests.kiosk.test_complaints_state import Paper, printing, until, written

FED: Final[tuple[Code, ...]] = (
    *(badge("anna"), order("B-1"), command("OK"), lot("W-204", "WHEAT"), lot("Y-31", "YEAST")),
    *number("480"),
    command("DONE"),
)


async def test_a_sealed_unit_prints_its_label_which_is_copied_and_voided(tmp_path: Path) -> None:
    paper = Paper()
    terminal = printing(tmp_path, f"tcp://127.0.0.1:{paper.port}")
    async with running(terminal, (120, 40)):
        packed: tuple[Code, ...] = (command("PACK"), *number("120"), lot("B-1", "ROLL"))
        for code in (*FED, *packed):
            await terminal.scan(code)
        assert "120 PCS of 480 PCS packed" in terminal.zone("packing")
        await terminal.scan(command("SEAL"))
        (closed,) = written(terminal, UnitClosed)
        assert isinstance(closed, UnitClosed)
        await until(terminal, lambda: len(written(terminal, LabelPrinted)) == 2)
        assert encode(UnitCode(closed.unit)) in (paper.jobs[1].decode("utf-8", "replace"))
        await terminal.scan(command("PRINT"))
        assert f"1  {closed.unit}" in terminal.zone("prints")
        await terminal.scan(UnitCode(closed.unit))
        await terminal.scan(command("OK"))
        await until(terminal, lambda: len(written(terminal, LabelPrinted)) == 3)
        assert b"COPY 2" in paper.jobs[2]
        for code in (command("PRINT"), command("UNDO"), UnitCode(closed.unit), command("OK")):
            await terminal.scan(code)
        (voided,) = written(terminal, LabelVoided)
        assert isinstance(voided, LabelVoided)
        assert (voided.label, voided.reason) == (closed.unit, "DAMAGED")
    paper.close()
