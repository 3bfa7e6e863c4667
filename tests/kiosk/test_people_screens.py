"""People at the real screen: badges as bytes of a scanner in, words on the screen out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kiosk.config import SiteConfig
from kiosk.dialog import Tick
from labels.codes import Code, LotCode
from sync.domain.events import HandoverSigned, MaterialConsumed, OperationReported
from sync.domain.shifts import shift_of
from sync.exchange import State, SyncStatus
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.people_parts import PIN, digits, everything, guarded, own_facts, who_did
from tests.kiosk.terminals import Terminal, badge, command, lot, number, order, reason, running

EXPIRED = LotCode("W-190", "WHEAT", amount=Decimal(25), unit="KGM")
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(guarded(tmp_path / "data"))


async def enter(terminal: Terminal, *codes: Code) -> None:
    """Scan one after the other."""
    for code in codes:
        await terminal.scan(code)


@SIZES
async def test_a_badge_signs_in(terminal: Terminal, size: tuple[int, int]) -> None:
    async with running(terminal, size):
        await terminal.scan(badge("anna"))
        assert terminal.band.word == "HELLO"
        assert "Anna Berg is signed in at BAKE-1." in terminal.zone("what")
        assert "Anna Berg" in terminal.zone("head")
        assert who_did(terminal) == ["OperatorSignedIn anna"]


async def test_a_badge_and_its_pin(terminal: Terminal) -> None:
    async with running(terminal, (80, 24)):
        await terminal.scan(badge("eva"))
        assert "Eva Holm: your PIN is asked for." in terminal.zone("what")
        assert who_did(terminal) == []
        await enter(terminal, *digits(PIN))
        assert terminal.band.word == "PIN ××××"
        await terminal.scan(command("OK"))
        assert "Eva Holm is signed in" in terminal.zone("what")
        assert PIN not in everything(terminal)
        told = " ".join(terminal.desk.scans).split()
        assert not set(told) & set(PIN)  # digits of it do not stand among the last scans either
        assert who_did(terminal) == ["OperatorSignedIn eva"]


async def test_an_override_by_badge_and_pin(terminal: Terminal) -> None:
    async with running(terminal):
        await enter(terminal, badge("anna"), order("B-1"), EXPIRED)
        assert terminal.band.word == "EXPIRED"
        assert "SUPERVISOR BADGE" in terminal.zone("next")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert "WAITING FOR SUPERVISOR" in terminal.zone("what")
        await terminal.scan(badge("paul"))
        assert "SUPERVISOR NEEDED" in terminal.zone("what")
        await terminal.scan(badge("anna"))
        assert terminal.band.word == "NOT YOUR OWN"
        await enter(terminal, badge("eva"), *digits(PIN), command("OK"))
        assert terminal.band.kind in {"ok", "note"}
        assert "Anna Berg" in terminal.zone("head")
        assert "Eva Holm" not in terminal.zone("head")
        (event,) = [one for one in own_facts(terminal) if isinstance(one, MaterialConsumed)]
        assert event.operator == "anna"
        assert {one.by for one in event.accepted} == {"eva"}


async def test_a_one_person_shift_is_flagged_on_disk(tmp_path: Path) -> None:
    terminal = Terminal(guarded(tmp_path, one_person=True, asks_pin=False))
    async with running(terminal):
        await enter(terminal, badge("anna"), order("B-1"), EXPIRED, badge("anna"))
        (event,) = [one for one in own_facts(terminal) if isinstance(one, MaterialConsumed)]
        assert ("not_your_own", "anna") in [(one.deviation, one.by) for one in event.accepted]


@SIZES
async def test_joining_leaving_and_the_question(terminal: Terminal, size: tuple[int, int]) -> None:
    async with running(terminal, size):
        await enter(terminal, badge("anna"), order("B-1"), badge("paul"))
        assert terminal.band.word == "JOINED"
        assert "Paul Lind works on Wheat roll B-1 now." in terminal.zone("what")
        await terminal.scan(badge("anna"))
        assert "Anna Berg left Wheat roll B-1 and is signed out; Paul Lind" in terminal.zone("what")
        await terminal.scan(badge("paul"))
        assert terminal.band.word == "LEAVING?"
        assert "PAUSE: the work stops" in terminal.zone("choices")
        assert "KEEP RUNNING: the work goes on" in terminal.zone("choices")
        await terminal.scan(command("PAUSE"))
        await terminal.scan(reason("BREAK"))
        assert terminal.band.word == "PAUSED"
        assert who_did(terminal)[-2:] == ["OperationPaused paul", "OperatorLeft paul"]


@SIZES
async def test_idle_ends_the_session_and_not_the_work(
    terminal: Terminal, size: tuple[int, int]
) -> None:
    async with running(terminal, size):
        await enter(
            terminal, badge("anna"), order("B-1"), command("OK"), *number("12"), command("SCRAP")
        )
        await terminal.scan(reason("BURNT"))
        terminal.still.advance(600)
        await terminal.desk.take(Tick())
        await terminal.settle()
        assert terminal.band.word == "SIGNED OUT"
        assert "Staged numbers were dropped, work runs on." in terminal.zone("what")
        assert "nobody signed in" in terminal.zone("head")
        assert "RUNNING, nobody is signed in" in terminal.zone("order")
        assert "SCRAP waits" not in terminal.zone("order")
        started = terminal.shop.orders["B-1"]
        assert started.start_of("10") is not None
        assert "anna" in started.joined()
        assert who_did(terminal)[-1] == "OperatorSignedOut anna"


async def test_after_idle_and_a_restart_it_still_runs(tmp_path: Path) -> None:
    config = guarded(tmp_path)
    first = Terminal(config)
    async with running(first):
        await enter(first, badge("anna"), order("B-1"))
        first.still.advance(600)
        await first.desk.take(Tick())
    again = Terminal(config)
    async with running(again, (80, 24)):
        assert again.band.word == "RUNNING"
        assert "RUNNING, nobody is signed in" in again.zone("order")
        await again.scan(badge("anna"))
        assert again.band.word == "HELLO"
        assert again.dialog.order == "B-1"


# Handover


@SIZES
async def test_a_handover_from_command_to_both_badges(
    terminal: Terminal, size: tuple[int, int]
) -> None:
    async with running(terminal, size):
        await enter(terminal, badge("anna"), order("B-1"), command("OK"), lot("W-204", "WHEAT"))
        await terminal.scan(lot("Y-31", "YEAST"))
        await terminal.scan(order("B-2"))
        await terminal.scan(command("HANDOVER"))
        assert terminal.band.word == "HANDOVER"
        assert "Other scans are not taken." in terminal.zone("what")
        body = terminal.zone("handover")
        assert "Wheat roll" in body
        assert "Rye loaf" in body
        waiting = len(own_facts(terminal))
        assert f"Events: {waiting} wait for the server; they are safe on this disk" in body
        assert "Labels: none" in body
        assert "Stops: none" in body
        assert "Gives: Anna Berg (not signed) · Takes over: – (not signed)" in body
        await terminal.scan(lot("R-118", "RYE"))
        assert terminal.band.kind == "stop"
        assert "A handover is open: this scan was not taken." in terminal.zone("what")
        await enter(terminal, *number("480"))
        assert terminal.band.word == "480 PCS"
        await terminal.scan(command("DONE"))
        assert terminal.band.word == "PARTIAL"
        assert "Enter what B-2 has made" in terminal.zone("next")
        await terminal.scan(command("OK"))
        body = terminal.zone("handover")
        assert "✔ 480 PCS" in body
        assert "✔ kept" in body
        assert "Labels: 1 not printed: 1 (B-1)" in body
        await terminal.scan(badge("anna"))
        assert "Gives: Anna Berg ✔ signed" in terminal.zone("handover")
        await terminal.scan(badge("paul"))
        assert terminal.band.word == "TAKEN OVER"
        assert "Paul Lind" in terminal.zone("head")
        assert "Anna Berg" not in terminal.zone("head")
        (report,) = [one for one in own_facts(terminal) if isinstance(one, OperationReported)]
        assert (report.order, str(report.good)) == ("B-1", "480 PCS")
        signed = [one for one in own_facts(terminal) if isinstance(one, HandoverSigned)]
        assert [(one.giver, one.successor, one.labels) for one in signed] == [
            ("anna", "", ("1",)),
            ("anna", "paul", ("1",)),
        ]


async def test_a_handover_broken_off_by_a_restart_is_open_again(tmp_path: Path) -> None:
    config = guarded(tmp_path)
    first = Terminal(config)
    async with running(first):
        await enter(first, badge("anna"), order("B-1"), order("B-2"), command("HANDOVER"))
        await first.scan(command("OK"))
    second = Terminal(config)
    async with running(second, (80, 24)):
        assert second.query_one("#body").has_class("handover")
        assert "✔ kept" in second.zone("handover")
        assert "Rye loaf B-2" in second.zone("what")
        await second.scan(command("OK"))
        await second.scan(badge("anna"))
    third = Terminal(config)
    async with running(third, (80, 24)):
        assert "Gives: Anna Berg ✔ signed" in third.zone("handover")
        await third.scan(badge("eva"))
        await enter(third, *digits(PIN), command("OK"))
        assert third.band.word == "TAKEN OVER"
        assert who_did(third)[-6:] == [
            "OperatorLeft anna",
            "OperatorLeft anna",
            "OperatorSignedOut anna",
            "OperatorSignedIn eva",
            "OperatorJoined eva",
            "OperatorJoined eva",
        ]


async def test_with_nobody_to_take_over_the_next_badge_countersigns_after_a_restart(
    tmp_path: Path,
) -> None:
    config = guarded(tmp_path)
    first = Terminal(config)
    async with running(first):
        await enter(first, badge("anna"), order("B-1"), command("HANDOVER"), badge("anna"))
        assert first.band.word == "SIGNED"
        await first.scan(badge("anna"))
        assert first.band.word == "GOODBYE"
        assert "RUNNING, nobody is signed in" in first.zone("order")
    second = Terminal(config)
    async with running(second):
        assert second.band.word == "RUNNING"
        await second.scan(badge("paul"))
        assert second.band.word == "TAKEN OVER"
        assert "Paul Lind is signed in and countersigned" in second.zone("what")
        assert who_did(second)[-2:] == ["OperatorSignedIn paul", "HandoverSigned paul"]


async def test_it_is_offered_before_the_end_of_the_shift(tmp_path: Path) -> None:
    config = guarded(tmp_path)
    shifts = (shift_of("02:00-10:10"),)
    terminal = Terminal(replace(config, station=replace(config.station, shifts=shifts)))
    async with running(terminal):
        await enter(terminal, badge("anna"), order("B-1"))
        terminal.still.advance(6)
        await terminal.desk.take(Tick())
        await terminal.settle()
        assert terminal.band.word == "HANDOVER?"
        assert "The shift ends at 10:10. Open at BAKE-1: 1 orders." in terminal.zone("what")
        assert "Scan HANDOVER to hand over" in terminal.zone("next")
        await terminal.scan(lot("W-204", "WHEAT"))
        assert terminal.band.kind == "ok"


async def test_online_the_handover_says_that_nothing_waits(terminal: Terminal) -> None:
    async with running(terminal):
        since = (TODAY + timedelta(hours=2)).isoformat()
        await terminal.desk.relink(SyncStatus(State.ONLINE, since=since))
        await enter(terminal, badge("anna"), command("HANDOVER"))
        assert "No order is open at this station." in terminal.zone("handover")


# Several orders, one pair of hands


@SIZES
@pytest.mark.parametrize(
    ("labour", "told"),
    [("split", "half of the time each"), ("full", "all of the time for each")],
)
async def test_how_the_time_is_shared_is_stated(
    tmp_path: Path, size: tuple[int, int], labour: str, told: str
) -> None:
    config = guarded(tmp_path)
    site = SiteConfig(labour="full" if labour == "full" else "split")
    terminal = Terminal(replace(config, site=site))
    async with running(terminal, size):
        await terminal.scan(badge("anna"))
        await terminal.scan(order("B-1"))
        roomy = size == (120, 40)
        assert ("Anna Berg: B-1" in terminal.zone("order")) == roomy
        await terminal.scan(order("B-2"))
        assert f"Anna Berg: B-1 and B-2, {told}" in terminal.zone("order")
        await terminal.scan(badge("paul"))
        assert ("Paul Lind: B-2" in terminal.zone("order")) == roomy
        await terminal.scan(command("PAUSE"))
        await terminal.scan(reason("BREAK"))
        assert told not in terminal.zone("order")
