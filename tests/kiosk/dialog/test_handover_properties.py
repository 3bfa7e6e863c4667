"""Whatever is scanned, typed and pressed while a handover is open: it holds."""

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.dialog import Input, Key, begin, kept
from kiosk.dialog.handover_state import asked
from labels.codes import BadgeCode, Code, CommandCode, DigitCode
from sync.domain.events import HandoverSigned, OperationReported
from tests.kiosk.dialog.bakery import Floor
from tests.kiosk.dialog.test_dialog_properties import INPUTS, WAITS, scanned

CODES: Final[tuple[Code, ...]] = (
    *(CommandCode(name) for name in ("OK", "PAUSE", "DONE", "CANCEL", "HANDOVER", "SCRAP")),
    *(BadgeCode(one) for one in ("4402917386", "5820174463", "9914402758")),
    DigitCode("5"),
)
LIKELY: Final[st.SearchStrategy[Input]] = st.sampled_from(CODES).map(scanned)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.one_of(LIKELY, LIKELY, INPUTS), WAITS), max_size=30))
def test_a_handover_holds(inputs: list[tuple[Input, float]]) -> None:
    floor = Floor()
    floor.badge("anna")
    floor.open("B-2")
    floor.open("B-1")
    floor.give(Key("handover"))
    for one, wait in inputs:
        before = floor.dialog
        turn = floor.give(one, wait)
        _holds(floor)
        for event in turn.events:
            if isinstance(event, HandoverSigned):
                assert event.giver
                assert event.giver != event.successor
            if isinstance(event, OperationReported) and before.handover is not None:
                assert str(event.good).split()[0].isdigit()
                assert event.order == before.order  # what was asked about, and nothing else


def _holds(floor: Floor) -> None:
    """Asked about is what is current; nobody hands over who is not here; a restart finds it."""
    dialog = floor.dialog
    if dialog.handover is None:
        return
    assert dialog.person is not None
    job = asked(dialog, floor.shop)
    if job is not None:
        assert (dialog.order, dialog.operation) == (job.order.number, job.start.operation)
    again = begin(dialog.workplace, floor.shop, kept(dialog))
    assert (again.handover, again.order, again.person) == (
        dialog.handover,
        dialog.order,
        dialog.person,
    )
