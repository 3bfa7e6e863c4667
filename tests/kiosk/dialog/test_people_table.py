"""What a badge means: one test for each cell of the table, each badge against each situation."""

import hashlib
from collections.abc import Callable
from typing import Final

import pytest

from kiosk.dialog import Typing, Workplace
from sync.domain.events import Event, MaterialConsumed, OperatorJoined, stamped
from tests.kiosk.dialog.bakery import Floor

PIN: Final = "4711"
ROUNDS: Final = 10


def floor(*, one_person: bool = False, pin: bool = False) -> Floor:
    """A station where Eva's badge has a PIN, which is asked for where `pin` is on."""
    made = Floor(Workplace("BAKE-1", ("MIX",), one_person=one_person, pin=pin))
    digest = hashlib.pbkdf2_hmac("sha256", PIN.encode(), b"salt", ROUNDS).hex()
    eva = stamped(made.shop.operators["eva"], revision=2, pin=f"pbkdf2${ROUNDS}$salt${digest}")
    made.absorb(eva)
    nils = stamped(eva, person="nils", name="Nils Dahl", badge="7000000007", id="", n=0)
    made.absorb(nils)
    return made


def nobody() -> Floor:
    return floor()


def idle_with_order() -> Floor:
    """Anna's session has ended by itself; her work runs on."""
    here = order_open()
    here.wait(601)
    return here


def no_order() -> Floor:
    here = floor()
    here.badge("anna")
    return here


def two_without_order() -> Floor:
    here = no_order()
    here.badge("paul")
    return here


def order_open() -> Floor:
    here = no_order()
    here.open("B-1")
    return here


def two_on_order() -> Floor:
    here = order_open()
    here.badge("paul")
    return here


def paused() -> Floor:
    here = order_open()
    here.command("PAUSE")
    here.reason("BREAK")
    return here


def override() -> Floor:
    here = order_open()
    here.lot("W-190", "WHEAT", "25", "KGM")
    return here


def override_alone() -> Floor:
    here = floor(one_person=True)
    here.badge("anna")
    here.open("B-1")
    here.lot("W-190", "WHEAT", "25", "KGM")
    return here


def supervisor_works() -> Floor:
    """Eva works herself and asks for what only a supervisor approves."""
    here = floor()
    here.badge("eva")
    here.open("B-1")
    here.lot("W-190", "WHEAT", "25", "KGM")
    return here


def pin_to_sign_in() -> Floor:
    here = floor(pin=True)
    here.badge("eva")
    here.type("4")  # a wrong try, so that it would show if it went on to somebody else
    return here


def pin_to_approve() -> Floor:
    here = floor(pin=True)
    here.badge("anna")
    here.open("B-1")
    here.lot("W-190", "WHEAT", "25", "KGM")
    here.badge("eva")
    return here


def handover() -> Floor:
    here = order_open()
    here.command("HANDOVER")
    here.command("OK")
    return here


def handover_given() -> Floor:
    here = handover()
    here.badge("anna")
    return here


def handover_taken_first() -> Floor:
    here = handover()
    here.badge("paul")
    return here


def handover_guarded() -> Floor:
    here = floor(pin=True)
    here.badge("anna")
    here.command("HANDOVER")
    return here


def shared_elsewhere() -> Floor:
    """Paul works on the same order, at another station."""
    here = order_open()
    join = OperatorJoined(order="B-1", operation="10", station="BAKE-2", operator="paul")
    here.absorb(join)
    return here


Cell = tuple[Callable[[], Floor], str, tuple[str, str], list[str], str | None]
CELLS: Final[dict[str, Cell]] = {
    # situation, badge, answer, events with their person, who acts after it
    "nobody signed in: signs in": (
        nobody, "anna", ("ok", "signed_in"), ["OperatorSignedIn anna"], "anna",
    ),
    "nobody signed in, work runs on: signs in": (
        idle_with_order, "paul", ("ok", "signed_in"), ["OperatorSignedIn paul"], "paul",
    ),
    "override asked, another's, supervisor: approves, the operator stays": (
        override, "eva", ("ok", "consumed_of_label"), ["MaterialConsumed anna"], "anna",
    ),
    "override asked, another's, no role: stop": (
        override, "paul", ("stop", "supervisor_needed"), [], "anna",
    ),
    "override asked, own: stop": (
        override, "anna", ("stop", "not_your_own"), [], "anna",
    ),
    "override asked, own of a supervisor: stop": (
        supervisor_works, "eva", ("stop", "not_your_own"), [], "eva",
    ),
    "override asked, own, one-person shift: approves": (
        override_alone, "anna", ("ok", "consumed_of_label"), ["MaterialConsumed anna"], "anna",
    ),
    "PIN asked, another's: switches user": (
        pin_to_sign_in, "paul", ("ok", "signed_in"), ["OperatorSignedIn paul"], "paul",
    ),
    "PIN asked, another's with a PIN: switches user, asks that PIN": (
        pin_to_sign_in, "nils", ("ask", "pin"), [], None,
    ),
    "PIN asked, own: ignored": (
        pin_to_sign_in, "eva", ("", ""), [], None,
    ),
    "PIN asked to approve, another's with a PIN: switches, asks that PIN": (
        pin_to_approve, "nils", ("ask", "pin"), [], "anna",
    ),
    "PIN asked to approve, another's without role: stop": (
        pin_to_approve, "paul", ("stop", "supervisor_needed"), [], "anna",
    ),
    "PIN asked to approve, own of who asked for it: stop": (
        pin_to_approve, "anna", ("stop", "not_your_own"), [], "anna",
    ),
    "PIN asked to approve, own: ignored": (
        pin_to_approve, "eva", ("", ""), [], "anna",
    ),
    "handover open, another's: signs as successor": (
        handover, "paul", ("ok", "handover_successor"), [], "anna",
    ),
    "handover open, another's after the giver's: takes over": (
        handover_given, "paul", ("ok", "handover_taken"),
        ["HandoverSigned paul", "OperatorLeft anna", "OperatorSignedOut anna",
         "OperatorSignedIn paul", "OperatorJoined paul"], "paul",
    ),
    "handover open, another's of a supervisor: asks the PIN first": (
        handover_guarded, "eva", ("ask", "pin"), [], "anna",
    ),
    "handover open, own: signs as giver": (
        handover, "anna", ("ok", "handover_signed"), ["HandoverSigned anna"], "anna",
    ),
    "handover open, own after the successor's: hands over": (
        handover_taken_first, "anna", ("ok", "handover_taken"),
        ["HandoverSigned anna", "OperatorLeft anna", "OperatorSignedOut anna",
         "OperatorSignedIn paul", "OperatorJoined paul"], "paul",
    ),
    "handover open, own a second time: signs out": (
        handover_given, "anna", ("ok", "handover_out"),
        ["OperatorLeft anna", "OperatorSignedOut anna"], None,
    ),
    "order open, another's: joins it": (
        order_open, "paul", ("ok", "joined"),
        ["OperatorSignedIn paul", "OperatorJoined paul"], "anna",
    ),
    "order open, another's who works on it elsewhere: joins it here": (
        shared_elsewhere, "paul", ("ok", "joined"),
        ["OperatorSignedIn paul", "OperatorJoined paul"], "anna",
    ),
    "order open, own, the last one: asked": (
        order_open, "anna", ("ask", "leave"), [], "anna",
    ),
    "order open, own, not the last one: leaves it": (
        two_on_order, "anna", ("ok", "left_to_other"),
        ["OperatorLeft anna", "OperatorSignedOut anna"], "paul",
    ),
    "order open, own of the second one: leaves it": (
        two_on_order, "paul", ("ok", "left_to_other"),
        ["OperatorLeft paul", "OperatorSignedOut paul"], "anna",
    ),
    "order open but paused, own: leaves it unasked": (
        paused, "anna", ("ok", "left"), ["OperatorLeft anna"], "anna",
    ),
    "no order open, another's: joins the station": (
        no_order, "paul", ("ok", "joined_station"), ["OperatorSignedIn paul"], "anna",
    ),
    "no order open, own: signs out": (
        no_order, "anna", ("ok", "signed_out"), ["OperatorSignedOut anna"], None,
    ),
    "no order open, own of the second one: signs out": (
        two_without_order, "paul", ("ok", "signed_out"), ["OperatorSignedOut paul"], "anna",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cell", CELLS)
def test_a_badge_means(cell: str) -> None:
    situation, badge, told, events, person = CELLS[cell]
    here = situation()
    here.badge(badge)
    assert (here.told if here.turn.notice is not None else ("", "")) == told
    assert [f"{type(one).__name__} {one.operator}" for one in here.turn.events] == events
    assert here.dialog.person == person


# Every sentence below the table


def consumed(here: Floor) -> list[Event]:
    return [one for one in here.events if isinstance(one, MaterialConsumed)]


def test_the_answer_to_a_join_names_person_and_order() -> None:
    here = order_open()
    here.badge("paul")
    assert here.said.what == "Paul Lind works on Wheat roll B-1 now."


def test_what_one_person_approved_alone_is_flagged() -> None:
    here = override_alone()
    here.badge("anna")
    (event,) = consumed(here)
    accepted = [(one.deviation, one.by) for one in event.accepted]
    assert accepted == [("lot_expired", "anna"), ("not_your_own", "anna")]
    other = override()
    other.badge("eva")
    (event,) = consumed(other)
    assert [(one.deviation, one.by) for one in event.accepted] == [("lot_expired", "eva")]


def test_what_only_wants_ok_is_no_approval_of_ones_own() -> None:
    here = order_open()
    here.wheat("60")
    here.type("1")
    here.wheat()
    if here.dialog.asking is not None:
        here.command("OK")
    flagged = [a.deviation for one in consumed(here) for a in one.accepted]
    assert "not_your_own" not in flagged


def test_a_copied_badge_of_a_supervisor_joins_nothing_without_its_pin() -> None:
    here = floor(pin=True)
    here.badge("anna")
    here.open("B-1")
    here.badge("eva")
    assert here.told == ("ask", "pin")
    assert here.turn.events == ()
    here.type(PIN)
    assert here.told == ("ok", "joined")
    assert {"anna", "eva"} == set(here.order("B-1").joined())


def test_the_digits_of_another_are_dropped_with_the_question() -> None:
    here = pin_to_sign_in()
    here.give(Typing("47"))
    assert here.dialog.entry == "47"
    here.badge("nils")
    assert here.dialog.entry == ""
    here.give(Typing("47"))
    here.badge("nils")
    assert here.dialog.entry == "47"  # the own badge again is ignored
    here.command("CANCEL")
    assert here.dialog.entry == ""


def test_who_comes_back_to_work_that_ran_on_signs_in_and_leaves_nothing() -> None:
    """Anna's session ended; Paul works on. Her badge is another's: it joins."""
    here = idle_with_order()
    here.badge("paul")
    here.wheat("25")
    here.badge("anna")
    assert here.told == ("ok", "joined")
    assert [type(one).__name__ for one in here.turn.events] == ["OperatorSignedIn"]
    here.badge("anna")
    assert here.told == ("ok", "left_to_other")


@pytest.mark.parametrize(("orders", "text"), [(1, "signed_out_running"), (2, "signed_out_several")])
def test_who_signs_out_hears_what_runs_on(orders: int, text: str) -> None:
    here = no_order()
    for number in ("B-1", "B-2", "B-3")[: orders + 1]:
        here.open(number)
    here.badge("anna")
    here.command("PAUSE")
    here.reason("BREAK")
    here.badge("anna")
    assert here.told == ("ok", text)
    assert "on with nobody on" in here.said.what
    assert here.shop.signed_in("BAKE-1") == {}


def test_leaving_leaves_every_operation_that_was_joined_here() -> None:
    here = order_open()
    join = OperatorJoined(order="B-1", operation="20", station="BAKE-1", operator="anna")
    here.absorb(join)
    here.badge("anna")
    here.command("OK")
    assert [type(one).__name__ for one in here.turn.events] == ["OperatorLeft", "OperatorLeft"]
    assert here.order("B-1").joined() == {}
