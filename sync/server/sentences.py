"""The home of what planners and stations read about a deviation: one sentence that says what
happened and one that says what to do. Pure.
"""

from collections.abc import Mapping
from typing import Final

UNKNOWN: Final = "This disagrees with the plan: look at it with who booked it."
# `{station}` and `{who}` are of the event; the other names are facts of the rule book.
SENTENCES: Final[Mapping[str, str]] = {
    "not_signed_in": "{who} worked on {order} without being signed in at {station}: check who"
    " it was.",
    "already_ended": "{station} booked on {order} after it was {status} and had not heard of that:"
    " accepted as late. Check it, and reopen the order if work goes on.",
    "ended_twice": "Both {first_station} and {second_station} finished operation {operation} of"
    " {order} without knowing of each other. {counted}",
    "serial_seen_before": "Serial number {serial} was {way} twice: first at {first_station} for"
    " {first_order}, then at {second_station} for {second_order}. It counts once: check which piece"
    " carries it.",
    "unit_unknown": "{name}: {quantity} was booked where {unit} is counted, and no factor is known:"
    " correct the amount.",
    "reversal_after_end": "{who} took back {name} {quantity} after {order} was completed: check"
    " it.",
    "packed_already": "{name} {lot} was packed twice onto unit {carton} of {order}: count it.",
    "unit_sealed": "{name} {lot} was packed onto unit {carton} of {order} after it was sealed:"
    " check its label.",
    "unit_empty": "Unit {carton} of {order} was sealed with nothing on it: check what it holds.",
    "packed_elsewhere": "{name} {lot} was packed onto unit {carton} while it stood on {other}:"
    " check both.",
    "sealed_elsewhere": "{name} {lot} was packed onto unit {carton} while it stood on {other},"
    " which is sealed: check both labels.",
    "over_packed": "{good} of {product}, lot {lot}, are packed, and {held} were made by {order}:"
    " count the units.",
    "carton_unknown": "Unit {carton} was packed, and nobody told what is on it: look.",
    "reprint": "{who} asked for a copy of label {label} of {order}: check that one is destroyed.",
    "over_return": "{quantity} of {name}, lot {lot}, came back from {order}, where {held} went in:"
    " count the lot.",
    "wrong_material": "{name}, lot {lot}, went into {order}, which does not need it: check what was"
    " used.",
    "lot_blocked": "Lot {lot} of {name} is blocked and was used for {order}: decide on what was"
    " made.",
    "lot_expired": "Lot {lot} of {name} was past its use-by day {expiry} when it was used for"
    " {order}: decide on what was made.",
    "order_not_released": "{station} worked on {order} before it was released: release or cancel"
    " it.",
    "order_held": "{station} worked on {order} while it was held and had not heard of that: check"
    " what was done.",
    "line_unconsumed": "Output of {order} was reported, but no {name} was booked: book what was"
    " used.",
    "under_issue": "{order} used {quantity} of {name} and needs {need} for what was reported: book"
    " what is missing.",
    "over_issue": "{order} used {issued} of {name} and needs {need}: check the amounts.",
    "over_production": "{order} reports {good} at operation {operation} and {planned} are planned,"
    " {over} more: check the count.",
    "unknown_order": "{station} started {order}, which nobody planned here: plan and release it.",
    "unknown_target": "{station} booked on {order}, which is not known here: plan and release it.",
    "reversal_of_other": "{who} took back {name} {quantity}, which {whose} had booked: check it.",
    "reversal_of_used": "{who} took back output of {order} that {other} had already used: check lot"
    " {lot}.",
    "reversal_late": "{who} took back {name} {quantity} later than a minute after it: check it.",
    "wrong_work_center": "{station} started operation {operation} of {order}, which belongs to"
    " {work_center}: check it.",
    "out_of_sequence": "{station} started operation {operation} of {order} before {earlier} was"
    " done: check it.",
    "lot_unknown": "Lot {lot} of {name} was used for {order} and was never received: enter its"
    " receipt.",
    "lot_assumed": "Lot {lot} was taken for {name} of {order} although its label names no material:"
    " check it.",
    "check_out_of_limits": "{name} of {order} was {value} {unit}, allowed is {lowest} to {highest}:"
    " decide on what was made.",
    "step_skipped": "{station} ended operation {operation} of {order} without the step {step}:"
    " check it.",
    "lot_short": "Lot {lot} of {name} gave {quantity} and held {held}: count it.",
    "clock_off": "The clock of {station} was off by {seconds} seconds: set it.",
    "label_outstanding": "Label {label} of {order} tells output that was taken back: find and"
    " destroy it.",
    "not_projected": "An event of {station} for {order} could not be added up: call who looks after"
    " this server.",
    "not_judged": "An event of {station} for {order} could not be checked: look at it.",
    "held_twice": "{who} and {first_who} decided on {order} without knowing of each other, one"
    " {first_word}, one {second_word}: say again what is meant.",
    "closed_twice": "{who} and {first_who} decided on {order} without knowing of each other, one"
    " {first_word}, one {second_word}: say again what is meant.",
    "lot_set_twice": "{who} and {first_who} set lot {lot} of {material} without knowing of each"
    " other, one {first_word}, one {second_word}: say again what is meant.",
    "quarantine": "This event of {station} cannot be read: it is kept as it is and counts in"
    " nothing. Call who looks after this server.",
}


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "–"


def sentence(
    name: str,
    facts: Mapping[str, str],
    *,
    station: str = "",
    who: str = "",
    told: Mapping[str, str] = SENTENCES,
    unknown: str = UNKNOWN,
) -> str:
    """What happened and what to do; `facts` may name a finer one in `sentence`.

    `told` are the sentences of the reader's language.
    """
    text = told.get(facts.get("sentence", "") or name, unknown)
    shown = {key: value for key, value in facts.items() if value}
    base = {"station": station or "a station", "who": who or "somebody", "order": "an order"}
    return text.format_map(_Facts({**base, **shown}))
