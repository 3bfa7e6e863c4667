"""What became of events, on the screen: four words, and only what an answer changed is drawn."""

from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.dialog import Key
from kiosk.screens.around import Link
from kiosk.screens.head import link
from kiosk.screens.outbox import counts, reviews, state
from kiosk.texts import Texts
from sync.domain.events import OperatorSignedIn
from sync.exchange import State, SyncStatus
from sync.wire import Mark, Review, chained
from tests.kiosk.terminals import Terminal, badge, order, running, seeded

TWO = tuple(Review(one, "already_ended", "Both finished it.") for one in ("a", "b"))
ONLINE = SyncStatus(State.ONLINE)
LABEL = Texts.load("en").label


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Link(sent=5, counted=3, waiting=2), "7 recorded · 5 sent · 3 counted"),
        (Link(sent=5, counted=9), "5 recorded · 5 sent · 5 counted"),
        (
            Link(sent=5, counted=5, reviews=TWO[:1]),
            "5 recorded · 5 sent · 5 counted · 1 needs review",
        ),
        (Link(sent=5, reviews=TWO), "5 recorded · 5 sent · 0 counted · 2 need review"),
    ],
)
def test_the_four_words_are_counted(told: Link, expected: str) -> None:
    assert counts(told, LABEL, 80).plain.rstrip() == expected


def test_each_event_that_was_sent_has_one_word() -> None:
    told = Link(sent=5, counted=3, reviews=TWO)
    events = [OperatorSignedIn(id=one) for one in ("x", "y", "b")]
    words = [state(seq, event, told) for seq, event in zip((3, 4, 2), events, strict=True)]
    assert words == ["counted", "sent", "needs_review"]


def test_no_more_than_twenty_are_told_in_full_and_the_head_counts_them() -> None:
    told = Link("online", reviews=(*TWO, *(Review(str(one), "quarantine") for one in range(20))))
    shown = [line.plain for line in reviews(told, LABEL, 60)]
    assert shown[0] == "▲ Both finished it."
    assert shown[2] == "▲ an event that the server cannot read; it is kept there"
    assert shown[20] == "and 2 more for the office to look at"
    assert link(told, LABEL, 0) == "online · ▲ 22 to review"


async def test_an_acknowledgement_draws_the_head_and_the_outbox_alone(tmp_path: Path) -> None:
    terminal = Terminal(seeded(tmp_path))
    async with running(terminal, (80, 24)):
        await terminal.desk.relink(ONLINE)
        for code in (badge("anna"), order("B-1")):
            await terminal.scan(code)
        await terminal.settle()
        assert terminal.station is not None
        journal = terminal.station.journal
        batch = journal.unsent(100)
        digest = chained(bytes.fromhex(batch.after.digest), batch.bodies)[-1].hex()
        before = terminal.zone("order")
        assert f"online · {batch.last} waiting" in terminal.zone("head")
        assert journal.acknowledge(Mark(batch.last, digest))
        assert [seq for seq, _ in journal.latest_events(2)] == [batch.last - 1, batch.last]
        await terminal.desk.relink(replace(ONLINE, sent=batch.last, counted=1))
        await terminal.settle()
        assert "waiting" not in terminal.zone("head")
        assert terminal.zone("order") == before
        await terminal.desk.take(Key("outbox"))
        await terminal.settle()
        assert f"{batch.last} sent · 1 counted" in terminal.zone("outbox")
        await terminal.desk.relink(replace(ONLINE, sent=batch.last, counted=batch.last))
        await terminal.settle()
        assert f"{batch.last} counted" in terminal.zone("outbox")
