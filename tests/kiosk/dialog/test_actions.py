"""What fits the moment, and every action by scan, by function key and by its number."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.app import KEYS
from kiosk.dialog import Entry, Input, Key, Pointed, Scanned, Turn, advance
from kiosk.dialog.actions import (
    ACTIONS,
    COMMANDS_SHOWN_MAX,
    NUMBERS,
    OPPOSITES,
    command_typed,
    fitting,
    items,
    opposed,
)
from labels.codes import COMMANDS, DIGITS, BadgeCode, CodeError, CommandCode, DigitCode, ReasonCode
from tests.kiosk.dialog.bakery import ENGLISH, Floor
from tests.kiosk.dialog.test_dialog_properties import INPUTS, WAITS

Play = Callable[[Floor], object]

# Answers that a command gets where it means nothing; what is drawn never gets one of them.
MEANINGLESS: Final = {
    *("command_unknown", "not_signed_in", "no_order", "order_waits", "waiting", "stutter"),
    *("nothing_to_confirm", "nothing_to_cancel", "nothing_to_undo", "nothing_to_correct"),
    *("number_zero", "count_wanted", "fraction", "scrap_what", "nothing_here"),
    *("paused_already", "running_already", "already_ended", "pin_other"),
}


def opened(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-1")
    floor.command("OK")


def fed(floor: Floor) -> None:
    opened(floor)
    floor.wheat("60")
    floor.lot("Y-31", "YEAST")


def numbered_lot(floor: Floor) -> None:
    opened(floor)
    floor.type("12")


def left(floor: Floor) -> None:
    fed(floor)
    floor.wait(601)


def counted(floor: Floor, number: str) -> None:
    fed(floor)
    floor.type(number)


def asked(floor: Floor) -> None:
    counted(floor, "1030")
    floor.command("DONE")


def scrapped(floor: Floor) -> None:
    counted(floor, "3")
    floor.command("SCRAP")


def wrong(floor: Floor) -> None:
    opened(floor)
    floor.lot("R-118", "RYE", "25", "KGM")


def paused(floor: Floor) -> None:
    fed(floor)
    floor.command("PAUSE")
    floor.reason("BREAK")


def stepped(floor: Floor) -> None:
    floor.badge("anna")
    floor.open("B-3")
    floor.lot("BT-12", "BUTTER")


def measured(floor: Floor) -> None:
    stepped(floor)
    floor.command("OK")
    floor.command("OK")
    floor.type("95")


def handed(floor: Floor) -> None:
    fed(floor)
    floor.command("HANDOVER")


SITUATIONS: Final[dict[str, tuple[Play, tuple[str, ...]]]] = {
    "nobody": (lambda _: None, ()),
    "signed in": (lambda it: it.badge("anna"), ("HELP",)),
    "a note unread": (lambda it: (it.badge("anna"), it.open("B-1")), ("OK", "HELP")),
    "lots wanted": (opened, ("PAUSE", "HELP")),
    "a number for a lot": (numbered_lot, ("HELP",)),
    "all in": (fed, ("DONE", "PAUSE")),
    "a number for DONE": (lambda it: counted(it, "480"), ("DONE", "HELP")),
    "nothing": (lambda it: counted(it, "0"), ("HELP",)),
    "half a piece": (lambda it: counted(it, "1.5"), ("HELP",)),
    "asked": (asked, ("OK", "HELP")),
    "a reason asked": (scrapped, ("OK",)),
    "a supervisor asked": (wrong, ("CANCEL", "HELP")),
    "paused": (paused, ("RESUME", "HELP")),
    "a step": (stepped, ("OK", "HELP")),
    "a value": (measured, ("OK", "HELP")),
    "left running": (left, ()),
    "handing over": (handed, ("OK", "PAUSE")),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_fits(floor: Floor, name: str) -> None:
    play, wanted = SITUATIONS[name]
    play(floor)
    assert fitting(floor.dialog, floor.shop) == wanted


def assert_fit(floor: Floor) -> None:
    """Never more than two, never opposites, never what would be told to mean nothing."""
    shown = fitting(floor.dialog, floor.shop)
    assert len(shown) <= COMMANDS_SHOWN_MAX
    assert not any(opposed(*pair) for pair in combinations(shown, 2))
    for command in shown:
        given = Scanned(CommandCode(command), b"fresh")
        turn = advance(floor.dialog, floor.shop, given, floor.now)
        assert turn.notice is not None, command
        assert turn.notice.text not in MEANINGLESS, (command, turn.notice)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(INPUTS, WAITS), max_size=30))
def test_whatever_happened_what_is_drawn_can_be_scanned(inputs: list[tuple[Input, float]]) -> None:
    floor = Floor()
    opened(floor)
    for one, wait in inputs:
        floor.give(one, wait)
        assert_fit(floor)


def test_the_list_holds_every_command_once_in_one_order() -> None:
    assert sorted(NUMBERS) == sorted(COMMANDS)
    assert list(NUMBERS.values()) == list(range(1, len(ACTIONS) + 1))
    assert {one.key for one in ACTIONS if one.key} == KEYS.keys() - {"up", "down"}
    assert all(one.label in ENGLISH.labels for one in ACTIONS)
    assert all(pair <= NUMBERS.keys() for pair in OPPOSITES)


def same(turn: Turn) -> Turn:
    """A turn without the memory of scans, which a key has none of."""
    return replace(turn, dialog=replace(turn.dialog, recent=()))


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("command", COMMANDS)
def test_scan_key_and_number_do_the_same(floor: Floor, command: str, name: str) -> None:
    SITUATIONS[name][0](floor)
    floor.mono += 2
    floor.dialog = replace(floor.dialog, recent=())
    ways: list[Input] = [Scanned(CommandCode(command), b"code"), Entry(f"*{NUMBERS[command]}")]
    ways += [Entry(command.lower())] if floor.dialog.asking is None else []
    ways += [Key(word) for word in KEYS.values() if word == command.lower()]
    turns = [same(advance(floor.dialog, floor.shop, way, floor.now)) for way in ways]
    assert all(turn == turns[0] for turn in turns)
    assert turns[0].notice is not None
    assert turns[0].notice.text != "action_unknown"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("*", "HELP"),
        ("*1", "OK"),
        ("*01", "OK"),
        ("*9", "CANCEL"),
        (f"*{len(ACTIONS)}", ACTIONS[-1].command),
        (f"*{len(ACTIONS) + 1}", ""),
        ("*0", ""),
        ("*-1", ""),
        ("*1.5", ""),
        ("**", ""),
        ("*\u0661", ""),
        ("*" + "9" * 40, ""),
        ("5", None),
        ("", None),
        ("5*", None),
    ],
)
def test_a_line_that_begins_with_a_star(text: str, command: str | None) -> None:
    assert command_typed(text) == command


def test_a_number_of_nothing_is_told_and_nothing_happens(work: Floor) -> None:
    before = work.dialog
    work.type("*99")
    assert work.told == ("stop", "action_unknown")
    assert "*99" in work.said.what
    assert replace(work.dialog, touched=before.touched) == before


def test_help_opens_on_what_fits_and_does_what_is_chosen(floor: Floor) -> None:
    fed(floor)
    floor.type("*")
    assert floor.dialog.body == "help"
    assert items(floor.shop)[floor.dialog.selected].name == "DONE"
    floor.key("down")
    floor.key("down")
    floor.key("enter")
    assert floor.told == ("ask", "reason_pause")


def test_help_wraps_round_and_goes_through_digits_and_reasons(floor: Floor) -> None:
    fed(floor)
    floor.key("help")
    every = items(floor.shop)
    assert [one.name for one in every[len(ACTIONS) :]][: len(DIGITS)] == list(DIGITS)
    assert {one.code for one in every[-4:]} == {
        *(ReasonCode(name) for name in ("BURNT", "TORN", "NOFLOUR", "BREAK"))
    }
    for _ in range(len(every)):
        floor.key("up")
    assert every[floor.dialog.selected].name == "DONE"
    place = [one.code for one in every].index(DigitCode("7"))
    floor.give(Pointed(place))
    assert (floor.dialog.number, floor.dialog.body) == ("7", "order")


def test_help_over_a_question_leaves_it_standing(floor: Floor) -> None:
    asked(floor)
    question = floor.dialog.asking
    floor.type("*")
    assert (floor.dialog.body, floor.dialog.asking) == ("help", question)
    assert items(floor.shop)[floor.dialog.selected].name == "OK"
    floor.key("enter")
    assert floor.told[0] == "ok"


def test_an_answer_is_pointed_at(floor: Floor) -> None:
    scrapped(floor)
    floor.give(Pointed(1, takes=False))
    assert floor.dialog.asking is not None
    assert floor.dialog.asking.selected == 1
    floor.give(Pointed(7))
    assert floor.dialog.asking is not None
    floor.give(Pointed(1))
    assert [one.reason for one in floor.dialog.scrap] == ["BURNT"]


def test_an_order_is_pointed_at(floor: Floor) -> None:
    floor.badge("anna")
    floor.give(Pointed(1))
    assert floor.dialog.order == "B-2"
    floor.give(Pointed(2))
    assert floor.dialog.order == "B-2"


def test_a_code_that_is_misread_or_another_badge_is_no_action(work: Floor) -> None:
    work.key("help")
    work.scan(CodeError("unknown", "*5"))
    assert (work.told[0], work.dialog.body) == ("stop", "help")
    work.scan(BadgeCode("*5"))
    assert work.told == ("stop", "badge_unknown")
