"""What a badge means: the table of the floor rules, and idle sign-off."""

import hashlib

import pytest

from kiosk.dialog import IDLE_SECONDS_MAX, OVERRIDE_SECONDS_MAX, Workplace, expected
from labels.codes import BadgeCode, CommandCode, DigitCode
from sync.domain.events import (
    MaterialConsumed,
    OperationPaused,
    OperatorJoined,
    OperatorLeft,
    OperatorSignedIn,
    OperatorSignedOut,
    stamped,
)
from sync.domain.pin import matches
from tests.kiosk.dialog.bakery import Floor, kg


def names(floor: Floor) -> list[tuple[str, str]]:
    return [(type(one).__name__, one.operator) for one in floor.turn.events]


def test_nobody_signed_in_a_badge_signs_in(floor: Floor) -> None:
    floor.badge("anna")
    assert floor.told == ("ok", "signed_in")
    assert names(floor) == [("OperatorSignedIn", "anna")]
    assert floor.dialog.person == "anna"


def test_a_badge_of_nobody_is_not_taken(floor: Floor) -> None:
    floor.scan(BadgeCode("123"))
    assert floor.told == ("stop", "badge_unknown")
    assert floor.dialog.person is None


def test_without_an_order_the_own_badge_signs_out(floor: Floor) -> None:
    floor.badge("anna")
    floor.badge("anna")
    assert floor.told == ("ok", "signed_out")
    assert names(floor) == [("OperatorSignedOut", "anna")]
    assert floor.dialog.person is None


def test_without_an_order_another_joins_the_station(floor: Floor) -> None:
    floor.badge("anna")
    floor.badge("paul")
    assert floor.told == ("ok", "joined_station")
    assert floor.dialog.person == "anna"
    floor.open("B-1")
    joined = [one.operator for one in floor.events if isinstance(one, OperatorJoined)]
    assert joined == ["anna", "paul"]


def test_with_an_order_another_joins_it_and_is_named(work: Floor) -> None:
    work.badge("paul")
    assert work.told == ("ok", "joined")
    assert work.said.what == "Paul Lind works on Wheat roll B-1 now."
    assert names(work) == [("OperatorSignedIn", "paul"), ("OperatorJoined", "paul")]
    assert set(work.order("B-1").joined()) == {"anna", "paul"}


def test_with_an_order_the_own_badge_leaves_it(work: Floor) -> None:
    work.badge("paul")
    work.badge("anna")
    assert work.told == ("ok", "left_to_other")
    assert names(work) == [("OperatorLeft", "anna"), ("OperatorSignedOut", "anna")]
    assert work.dialog.person == "paul"
    assert work.dialog.order == "B-1"


@pytest.mark.parametrize(
    ("answer", "reason", "events", "text"),
    [
        ("PAUSE", "BREAK", ["OperationPaused", "OperatorLeft"], "left_paused"),
        ("OK", "", ["OperatorLeft"], "left_running"),
    ],
)
def test_the_last_to_leave_is_asked(
    work: Floor, answer: str, reason: str, events: list[str], text: str
) -> None:
    work.badge("anna")
    assert work.told == ("ask", "leave")
    assert not work.turn.events
    work.command(answer)
    if reason:
        assert work.told == ("ask", "reason_pause")
        work.reason(reason)
    assert work.told == ("ok", text)
    assert [type(one).__name__ for one in work.turn.events] == events
    assert (work.dialog.order, work.dialog.person) == (None, "anna")
    assert work.order("B-1").start_of("10") is not None


def test_leaving_can_be_cancelled(work: Floor) -> None:
    work.badge("anna")
    work.command("CANCEL")
    assert work.dialog.order == "B-1"
    assert not any(isinstance(one, OperatorLeft) for one in work.events)


@pytest.mark.parametrize(
    ("person", "one_person", "kind", "text"),
    [
        ("eva", False, "ok", "consumed_of_label"),
        ("paul", False, "stop", "supervisor_needed"),
        ("anna", False, "stop", "not_your_own"),
        ("anna", True, "ok", "consumed_of_label"),
    ],
)
def test_an_override_wants_a_supervisor(
    person: str, one_person: bool, kind: str, text: str
) -> None:
    floor = Floor(Workplace("BAKE-1", ("MIX",), one_person=one_person))
    floor.badge("anna")
    floor.open("B-1")
    floor.lot("W-190", "WHEAT", "25", "KGM")
    assert floor.told == ("stop", "lot_expired")
    assert isinstance(expected(floor.dialog, floor.shop)[0], BadgeCode)
    floor.badge(person)
    assert floor.told == (kind, text)
    assert floor.dialog.person == "anna"
    accepted = [
        (one.operator, [(a.deviation, a.by) for a in one.accepted])
        for one in floor.turn.events
        if isinstance(one, MaterialConsumed)
    ]
    flags = [("lot_expired", person)] + ([("not_your_own", person)] if one_person else [])
    assert accepted == ([("anna", flags)] if kind == "ok" else [])


def test_a_supervisor_who_works_cannot_approve_the_own_act(floor: Floor) -> None:
    floor.badge("eva")
    floor.open("B-1")
    floor.lot("W-190", "WHEAT", "25", "KGM")
    floor.badge("eva")
    assert floor.told == ("stop", "not_your_own")


def test_other_scans_wait_and_are_not_queued(work: Floor) -> None:
    work.lot("W-190", "WHEAT", "25", "KGM")
    for step in ("DONE", "OK", "UNDO"):
        work.command(step)
        assert work.told == ("stop", "waiting")
        assert work.turn.events == ()
    work.wheat("25")
    assert work.told == ("stop", "waiting")
    work.badge("eva")
    assert [one.lot for one in work.events if isinstance(one, MaterialConsumed)] == ["W-190"]


def test_an_override_waits_two_minutes(work: Floor) -> None:
    work.lot("W-190", "WHEAT", "25", "KGM")
    work.wait(OVERRIDE_SECONDS_MAX - 1)
    assert work.turn.notice is None
    work.wait(1)
    assert work.told == ("note", "override_lapsed")
    work.badge("eva")
    assert work.told == ("ok", "joined")


def test_cancel_lets_go_of_an_override(work: Floor) -> None:
    work.lot("W-190", "WHEAT", "25", "KGM")
    work.command("CANCEL")
    assert work.told == ("note", "cancelled")
    assert work.dialog.asking is None


def test_an_override_is_judged_again_when_the_shop_moved_on(work: Floor) -> None:
    work.lot("W-190", "WHEAT", "25", "KGM")
    work.absorb(
        MaterialConsumed(
            order="B-1",
            operation="10",
            material="WHEAT",
            lot="W-204",
            quantity=kg("60"),
            station="BAKE-2",
        )
    )
    work.badge("eva")
    assert work.told == ("stop", "over_issue")
    work.badge("eva")
    (event,) = [one for one in work.turn.events if isinstance(one, MaterialConsumed)]
    assert [one.deviation for one in event.accepted] == ["lot_expired", "over_issue"]


def test_idle_ends_the_session_and_not_the_work(work: Floor) -> None:
    work.type("5")
    work.wait(IDLE_SECONDS_MAX - 1)
    work.wait(1)
    assert work.told == ("note", "idle_out")
    (out,) = work.turn.events
    assert isinstance(out, OperatorSignedOut)
    assert out.idle
    assert (work.dialog.person, work.dialog.order) == (None, "B-1")
    order = work.order("B-1")
    assert order.start_of("10") is not None
    assert "anna" in order.joined()
    work.badge("anna")
    assert work.told == ("ok", "signed_in")
    assert [type(one) for one in work.turn.events] == [OperatorSignedIn]


def test_idle_drops_what_was_staged_with_a_note(work: Floor) -> None:
    work.type("5")
    work.command("SCRAP")
    work.reason("BURNT")
    work.wait(IDLE_SECONDS_MAX)
    assert work.told == ("note", "idle_out_dropped")
    assert work.dialog.scrap == ()


def test_whoever_signs_in_on_a_running_order_joins_with_the_first_booking(work: Floor) -> None:
    work.wait(IDLE_SECONDS_MAX)
    work.badge("paul")
    work.wheat("25")
    assert names(work) == [("OperatorJoined", "paul"), ("MaterialConsumed", "paul")]


def test_signing_out_leaves_what_runs_behind(work: Floor) -> None:
    work.open("B-2")
    work.badge("anna")
    work.command("OK")
    work.badge("anna")
    left = [(one.order, one.operator) for one in work.events if isinstance(one, OperatorLeft)]
    assert sorted(left) == [("B-1", "anna"), ("B-2", "anna")]
    assert not any(isinstance(one, OperationPaused) for one in work.events)
    assert work.shop.signed_in("BAKE-1") == {}


def test_join_takes_part_in_the_current_order(work: Floor) -> None:
    work.scan(CommandCode("JOIN"))
    assert work.told == ("ok", "joined")


# PINs


def with_pin(pin: str = "4711") -> Floor:
    floor = Floor(Workplace("BAKE-1", ("MIX",), pin=True))
    digest = hashlib.pbkdf2_hmac("sha256", pin.encode(), b"salt", 10).hex()
    known = floor.shop.operators["eva"]
    floor.absorb(stamped(known, revision=2, pin=f"pbkdf2$10$salt${digest}"))
    return floor


@pytest.fixture
def guarded() -> Floor:
    """Anna works, Eva's badge wants her PIN, and an old lot waits for her."""
    floor = with_pin()
    floor.badge("anna")
    floor.open("B-1")
    floor.lot("W-190", "WHEAT", "25", "KGM")
    floor.badge("eva")
    return floor


def test_an_override_wants_the_supervisors_pin(guarded: Floor) -> None:
    assert guarded.told == ("ask", "pin")
    guarded.type("4711")
    assert guarded.told == ("ok", "consumed_of_label")


def test_a_pin_by_digit_codes(guarded: Floor) -> None:
    for sign in "4711":
        guarded.scan(DigitCode(sign))
    assert guarded.said.word == "PIN ××××"
    guarded.command("OK")
    assert guarded.told == ("ok", "consumed_of_label")


def test_a_pin_that_does_not_fit_three_times(guarded: Floor) -> None:
    for _ in range(2):
        guarded.type("1234")
        assert guarded.told == ("stop", "pin_other")
    guarded.type("1234")
    assert guarded.told == ("stop", "pin_given_up_act")
    assert guarded.dialog.asking is None
    assert not any(isinstance(one, MaterialConsumed) for one in guarded.events)


def test_while_a_pin_is_asked(guarded: Floor) -> None:
    guarded.badge("eva")
    assert guarded.turn.notice is None
    guarded.badge("paul")
    assert guarded.told == ("stop", "supervisor_needed")
    guarded.wheat("25")
    assert guarded.told == ("stop", "pin")
    guarded.command("CANCEL")
    assert guarded.told == ("note", "cancelled")


def test_signing_in_as_a_supervisor_wants_the_pin() -> None:
    floor = with_pin()
    floor.badge("eva")
    assert floor.told == ("ask", "pin")
    floor.badge("anna")
    assert (floor.told, floor.dialog.person) == (("ok", "signed_in"), "anna")
    floor.badge("anna")
    floor.badge("eva")
    floor.type("4711")
    assert (floor.told, floor.dialog.person) == (("ok", "signed_in"), "eva")
    floor.badge("eva")
    floor.badge("eva")
    for _ in range(3):
        floor.type("1234")
    assert (floor.told, floor.dialog.person) == (("stop", "pin_given_up"), None)


@pytest.mark.parametrize(
    "kept", ["", "pbkdf2$x$salt$00", "pbkdf2$0$salt$00", "md5$1$salt$00", "pbkdf2$99999999$s$00"]
)
def test_a_hash_that_cannot_be_read_is_of_no_pin(kept: str) -> None:
    assert not matches("4711", kept)
