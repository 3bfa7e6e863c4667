"""What the office says of deviations, acts and calls, as events: settled, taken back, answered.

Pure: what stands comes in, events without a stamp go out.
"""

from collections.abc import Sequence

from sync.domain.events import (
    TEXT_CHARS_MAX,
    DeviationReviewed,
    Event,
    EventReversed,
    HelpAnswered,
)
from sync.server.office import OfficeConflict, OfficeInvalid, _within
from sync.server.wording import Said, status_word


def reviewed(name: str, target: str, status: str, reason: str) -> DeviationReviewed:
    """A deviation settled, with the reason; raises `OfficeInvalid`, `OfficeConflict`."""
    verdict = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    if not verdict:
        raise OfficeInvalid(Said("deviation.why"), "reason")
    if status != "open":
        raise OfficeConflict(
            Said("deviation.already", name=name, target=target, status=status_word(status))
        )
    return DeviationReviewed(deviation=name, of=target, verdict=verdict)


def taken_back(
    act: str, events: Sequence[Event], order: str, reason: str, *, is_reversed: bool
) -> EventReversed:
    """A whole act taken back, with the supervisor's note.

    Raises `OfficeInvalid`, or `OfficeConflict` where it cannot be or was before.
    """
    note = _within("reason", reason, TEXT_CHARS_MAX, lines=True)
    if not note:
        raise OfficeInvalid(Said("act.why"), "reason")
    if is_reversed:
        raise OfficeConflict(Said("act.already"))
    if any(isinstance(event, EventReversed) for event in events):
        raise OfficeConflict(Said("act.never"))
    return EventReversed(of=act, reason=note, order=order)


def answered(call: str, work_center: str) -> HelpAnswered:
    """Help came to who called."""
    return HelpAnswered(of=call, work_center=work_center)
