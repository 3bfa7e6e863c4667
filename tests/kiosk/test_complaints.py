"""Every complaint about other terminals, and the test that asserts its opposite here."""

import ast
from pathlib import Path
from typing import Final

import pytest

from labels.codes import Code
from sync.domain.events import EventReversed, OperationReported
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, running, seeded

HERE: Final = Path(__file__).parent
NOT_HERE: Final = {
    "W2": "the trace of lots is asked at the server",
    "W40": "a terminal asks no server at a scan: bench scan_answer measures what it costs",
    "W44": "of labels, not of a screen: a lot shrinks whole, a name is cut with .. (tests/labels)",
    "W45": "each DONE prints; a scan of material alone has no label",
}
TESTED: Final = {
    "W1": ("complaints", "test_w1_a_partial_report_is_taken_back_and_the_count_with_it"),
    "W32": ("complaints_people", "test_w32_the_own_badge_confirms_no_pin_that_stands_typed"),
    "W36": ("complaints_state", "test_w36_and_w37_without_a_server_each_scan_is_answered_as_ever"),
    "W37": ("complaints_state", "test_w36_and_w37_without_a_server_each_scan_is_answered_as_ever"),
    "W39": ("complaints_people", "test_w38_after_a_restart_offline_nobody_signs_in_anew"),
    "W41": (
        "complaints_state",
        "test_w41_and_w43_the_station_prints_itself_and_says_that_it_is_out",
    ),
    "W43": (
        "complaints_state",
        "test_w41_and_w43_the_station_prints_itself_and_says_that_it_is_out",
    ),
}


def functions() -> dict[str, set[str]]:
    """The test functions of each file of complaints."""
    return {
        file.stem.removeprefix("test_"): {
            node.name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        for file in HERE.glob("test_complaints*.py")
    }


@pytest.mark.parametrize("complaint", [f"W{n}" for n in range(1, 46)])
def test_each_complaint_has_a_test_or_a_reason(complaint: str) -> None:
    if complaint in NOT_HERE:
        assert complaint not in TESTED
        return
    found = functions()
    if complaint in TESTED:
        file, test = TESTED[complaint]
        assert test in found[file]
        return
    parts = {part for names in found.values() for name in names for part in name.split("_")}
    assert complaint.lower() in parts


# W1, frappe/erpnext#51128: there is no way to take a partial production back.


async def test_w1_a_partial_report_is_taken_back_and_the_count_with_it(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal):
        codes: tuple[Code, ...] = (badge("anna"), order("B-1"), command("OK"))
        fed: tuple[Code, ...] = (lot("W-204", "WHEAT"), lot("Y-31", "YEAST"))
        for code in (*codes, *fed, *number("480"), command("DONE")):
            await terminal.scan(code)
        assert "480 OF 1000" in terminal.zone("what")
        await terminal.scan(command("UNDO"))
        assert terminal.station is not None
        events = [record.event for _, record in terminal.station.journal.replay()]
        (report,) = [one for one in events if isinstance(one, OperationReported)]
        assert report.act in [one.of for one in events if isinstance(one, EventReversed)]
        assert terminal.band.word == "UNDONE"
        assert "DONE = 1000 PCS" in terminal.zone("order")
