"""Trouble at a station: stops with a reason, running again, calls for help, and UNDO of each."""

from dataclasses import replace

import pytest

from kiosk.dialog import Dialog, Workplace, expected, settled, undoes
from kiosk.texts import Said
from labels.codes import CommandCode
from sync.domain.events import (
    DowntimeEnded,
    DowntimeStarted,
    HelpAnswered,
    HelpCalled,
    MaterialConsumed,
    ReasonDefined,
    stamped,
)
from sync.domain.events.master import TimeGroup
from tests.kiosk.dialog.bakery import ENGLISH, Floor

REASONS: tuple[tuple[str, str, TimeGroup], ...] = (
    ("JAM", "Dough jam", "delay"),
    ("FAULT", "Oven fault", "delay"),
    ("CLEAN", "Cleaning", "down"),
    ("TINS", "Other tins", "setup"),
    ("SERVICE", "Yearly service", "preventive"),
    ("REPAIR", "Repair", "corrective"),
    ("ODD", "Something else", ""),
)


def with_reasons(floor: Floor) -> Floor:
    for reason, text, group in REASONS:
        floor.absorb(
            ReasonDefined(reason=reason, revision=1, text=text, group="downtime", time_group=group)
        )
    return floor


@pytest.fixture
def signed(floor: Floor) -> Floor:
    with_reasons(floor).badge("anna")
    return floor


@pytest.fixture
def work(signed: Floor) -> Floor:
    signed.open("B-1")
    return signed


def kinds(floor: Floor) -> list[str]:
    return [type(one).__name__ for one in floor.turn.events]


def rest(floor: Floor) -> Said:
    return ENGLISH.say(settled(floor.dialog, floor.shop, floor.now))


def stopped(floor: Floor, reason: str = "JAM") -> None:
    floor.command("DOWNTIME")
    floor.reason(reason)
    assert floor.told == ("ok", "stopped")


def test_a_stop_asks_its_reason_in_the_groups_of_iso_22400(work: Floor) -> None:
    work.command("DOWNTIME")
    assert work.told == ("ask", "reason_downtime")
    asking = work.dialog.asking
    assert asking is not None
    assert [(one.group, one.code) for one in asking.choices] == [
        ("delay", "JAM"),
        ("delay", "FAULT"),
        ("down", "CLEAN"),
        ("setup", "TINS"),
        ("preventive", "SERVICE"),
        ("corrective", "REPAIR"),
        ("other", "ODD"),
    ]
    work.type("3")
    event = work.turn.events[0]
    assert isinstance(event, DowntimeStarted)
    assert (event.work_center, event.reason, event.order) == ("MIX", "CLEAN", "B-1")
    assert work.said == Said(
        "ok",
        "STOPPED",
        "Bakehouse stands. Cleaning",
        "Scan RESUME or DOWNTIME when it runs again.",
    )


def test_while_it_stands_the_band_at_rest_says_so_with_its_clock(work: Floor) -> None:
    stopped(work)
    work.wait(9 * 60)
    assert rest(work) == Said(
        "rest",
        "STOPPED",
        "Bakehouse stands for 0:09 h. Dough jam",
        "Scan RESUME or DOWNTIME when it runs again.",
    )
    work.wait(60)
    assert (rest(work).word, rest(work).next) == ("STOPPED", "Scan your badge.")


@pytest.mark.parametrize("command", ["DOWNTIME", "RESUME"])
@pytest.mark.parametrize("online", [True, False])
def test_the_same_again_or_resume_ends_a_stop(work: Floor, command: str, online: bool) -> None:
    work.dialog = stamped_online(work, online=online)
    stopped(work)
    work.wait(300)
    work.command(command)
    assert (work.told, kinds(work)) == (("ok", "runs_again"), ["DowntimeEnded"])
    assert work.said.what == "Bakehouse runs again; it stood for 0:05 h. Dough jam"
    assert rest(work).word == "B-1"


def stamped_online(floor: Floor, *, online: bool) -> Dialog:
    return replace(floor.dialog, online=online)


def test_resume_of_a_paused_order_at_a_stopped_place_ends_both(work: Floor) -> None:
    work.command("PAUSE")
    work.reason("BREAK")
    stopped(work)
    work.command("RESUME")
    assert kinds(work) == ["DowntimeEnded", "OperationResumed"]


@pytest.mark.parametrize("act", ["lot", "DONE"])
def test_work_at_a_stopped_place_asks_and_ok_writes_both_in_one_act(work: Floor, act: str) -> None:
    work.wheat("60")
    work.lot("Y-31", "YEAST", "1", "KGM")
    stopped(work)
    if act == "lot":
        work.lot("Y-31", "YEAST", "1", "KGM")
    else:
        work.lot("Y-31", "YEAST", "1", "KGM")
        work.command("OK")
        stopped(work)
        work.command("DONE")
    assert work.told == ("ask", "runs_again_asked")
    assert kinds(work) == []
    assert expected(work.dialog, work.shop)[0] == CommandCode("OK")
    work.command("OK")
    assert kinds(work)[0] == "DowntimeEnded"
    assert kinds(work)[1] == ("MaterialConsumed" if act == "lot" else "OperationReported")
    assert work.shop.stops(("MIX",)) == ()


def test_cancel_books_nothing_and_it_stands_on(work: Floor) -> None:
    stopped(work)
    work.wheat("25")
    work.command("CANCEL")
    assert (work.told, kinds(work)) == (("note", "cancelled"), [])
    assert len(work.shop.stops(("MIX",))) == 1
    assert work.order("B-1").consumed == {}


def test_what_a_supervisor_approved_is_kept_through_the_question(work: Floor) -> None:
    stopped(work)
    work.lot("R-118", "RYE", "5", "KGM")
    assert work.told[0] == "stop"
    work.badge("eva")
    assert work.told == ("ask", "runs_again_asked")
    work.command("OK")
    used = next(one for one in work.turn.events if isinstance(one, MaterialConsumed))
    assert [(one.deviation, one.by) for one in used.accepted] == [("wrong_material", "eva")]


def test_opening_other_work_during_a_stop_is_not_asked(work: Floor) -> None:
    stopped(work)
    work.open("B-2")
    assert work.told == ("ok", "order_opened")
    assert rest(work).word == "STOPPED"


def test_without_an_order_a_station_with_one_place_stops_that(signed: Floor) -> None:
    stopped(signed)
    event = signed.turn.events[0]
    assert isinstance(event, DowntimeStarted)
    assert (event.work_center, event.order) == ("MIX", "")
    signed.command("DOWNTIME")
    assert kinds(signed) == ["DowntimeEnded"]


def test_without_an_order_a_station_with_several_places_asks_which() -> None:
    floor = with_reasons(Floor(Workplace("BAKE-1", ("MIX", "PACK"))))
    floor.badge("anna")
    floor.command("DOWNTIME")
    assert floor.told == ("ask", "stop_where")
    floor.key("down")
    floor.key("enter")
    assert floor.told == ("ask", "reason_downtime")
    floor.reason("JAM")
    assert [one.work_center for one in floor.shop.stops(("MIX", "PACK"))] == ["PACK"]
    floor.command("DOWNTIME")
    floor.type("2")
    assert (floor.told, kinds(floor)) == (("ok", "runs_again"), ["DowntimeEnded"])


def test_a_site_without_reasons_for_stops_is_not_asked(floor: Floor) -> None:
    floor.badge("anna")
    floor.command("DOWNTIME")
    assert (floor.told, floor.said.what) == (("ok", "stopped"), "Bakehouse stands.")


def test_two_stops_that_two_stations_told_end_together(work: Floor) -> None:
    stopped(work)
    work.absorb(stamped(DowntimeStarted(work_center="MIX", reason="FAULT"), station="BAKE-2"))
    work.command("DOWNTIME")
    assert kinds(work) == ["DowntimeEnded", "DowntimeEnded"]
    assert {one.of for one in work.turn.events if isinstance(one, DowntimeEnded)} == {
        one.id for one in work.events if isinstance(one, DowntimeStarted)
    }


@pytest.mark.parametrize(
    ("place", "code", "text"),
    [
        (1, "MATERIAL", "Bakehouse calls for MATERIAL. The board shows it."),
        (2, "MAINTENANCE", "Bakehouse calls for MAINTENANCE. The board shows it."),
        (3, "QUALITY", "Bakehouse calls for QUALITY. The board shows it."),
        (4, "SUPERVISOR", "Bakehouse calls for a SUPERVISOR. The board shows it."),
    ],
)
@pytest.mark.parametrize("order", ["", "B-1"])
def test_help_is_called_for_what_is_picked(
    signed: Floor, order: str, place: int, code: str, text: str
) -> None:
    if order:
        signed.open(order)
    signed.command("CALL")
    assert signed.told == ("ask", "call_what")
    signed.type(str(place))
    event = signed.turn.events[0]
    assert isinstance(event, HelpCalled)
    assert (event.work_center, event.reason, event.order) == ("MIX", code, order)
    assert (signed.said.word, signed.said.what) == ("HELP CALLED", text)
    signed.wait(180)
    signed.command("CALL")
    assert kinds(signed) == ["HelpAnswered"]
    assert signed.said.what == "Bakehouse was helped after 0:03 h. The call is closed."


def test_a_call_of_another_station_stays_open(signed: Floor) -> None:
    signed.absorb(stamped(HelpCalled(work_center="MIX", reason="QUALITY"), station="BAKE-2"))
    signed.command("CALL")
    assert signed.told == ("ask", "call_what")
    signed.command("OK")
    signed.command("CALL")
    answers = [one for one in signed.turn.events if isinstance(one, HelpAnswered)]
    assert len(answers) == 1
    assert [one.station for one in signed.shop.calls(("MIX",))] == ["BAKE-2"]


@pytest.mark.parametrize("command", ["DOWNTIME", "CALL", "RESUME"])
def test_nobody_signed_in_is_told_so(floor: Floor, command: str) -> None:
    floor.command(command)
    assert (floor.told, kinds(floor)) == (("stop", "not_signed_in"), [])


@pytest.mark.parametrize("command", ["DOWNTIME", "CALL"])
def test_a_code_that_is_no_answer_is_not_taken(signed: Floor, command: str) -> None:
    signed.command(command)
    signed.reason("BURNT")
    assert (signed.told[0], kinds(signed)) == ("stop", [])
    assert signed.dialog.asking is not None


@pytest.mark.parametrize(
    ("steps", "asked", "undone"),
    [
        (
            ("DOWNTIME", "JAM"),
            "UNDO takes back the stop of Bakehouse.",
            "The stop of Bakehouse is taken back: it runs.",
        ),
        (
            ("DOWNTIME", "JAM", "DOWNTIME"),
            "UNDO takes back that Bakehouse runs again.",
            "Bakehouse stands again.",
        ),
        (
            ("CALL", "QUALITY"),
            "UNDO takes back the call for help of Bakehouse.",
            "The call for help of Bakehouse is taken back.",
        ),
        (
            ("CALL", "QUALITY", "CALL"),
            "UNDO takes back that help came to Bakehouse.",
            "Bakehouse waits for help again.",
        ),
    ],
)
@pytest.mark.parametrize("order", ["", "B-1"])
def test_each_is_taken_back_by_undo(
    signed: Floor, order: str, steps: tuple[str, ...], asked: str, undone: str
) -> None:
    if order:
        signed.open(order)
    before = (len(signed.shop.stops(("MIX",))), len(signed.shop.calls(("MIX",))))
    for step in steps[:-1] if len(steps) > 2 else ():
        take(signed, step)
        before = (len(signed.shop.stops(("MIX",))), len(signed.shop.calls(("MIX",))))
    for step in steps if len(steps) == 2 else steps[-1:]:
        take(signed, step)
    told = undoes(signed.dialog, signed.shop)
    assert told is not None
    assert ENGLISH.say(told).what == asked
    signed.command("UNDO")
    assert (signed.told[0], signed.said.what) == ("ok", undone)
    now = (len(signed.shop.stops(("MIX",))), len(signed.shop.calls(("MIX",))))
    assert now == before
    assert signed.dialog.order == (order or None)


def take(floor: Floor, step: str) -> None:
    floor.command(step) if step in {"DOWNTIME", "CALL"} else floor.reason(step)


def test_a_late_undo_of_a_stop_names_it_by_its_place(work: Floor) -> None:
    stopped(work)
    work.wait(90)
    work.command("UNDO")
    assert work.told == ("stop", "reversal_late")
    assert work.said.what.startswith("Bakehouse ")


def test_a_stop_is_still_there_after_a_restart(work: Floor) -> None:
    stopped(work)
    work.restart()
    assert rest(work).word == "STOPPED"
