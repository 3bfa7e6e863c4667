"""The real app through a shift in German and Danish: each drawn line is in that language, whole."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pytest

from kiosk.config import Config
from kiosk.dialog import Key, Notice
from kiosk.lettering import big
from kiosk.texts import Texts, languages
from labels.codes import Code, MaterialCode
from sync.exchange import State, SyncStatus
from tests.kiosk.dialog.bakery import TODAY, office
from tests.kiosk.terminals import (
    Terminal,
    badge,
    command,
    lot,
    number,
    order,
    reason,
    running,
    seeded,
)

OTHERS: Final = tuple(one for one in languages() if one != "en")
SIZES: Final = (
    pytest.param((80, 24), id="80x24"),
    pytest.param((120, 40), id="120x40", marks=pytest.mark.long),
)
WORD: Final = re.compile(r"[^\W\d_]{2,}")
RAW: Final = re.compile(r"\S*<\S*")  # what a scanner sent, sign by sign
CUT: Final = re.compile(r"[^\W\d_]+…")
OFFLINE: Final = SyncStatus(State.OFFLINE, since=TODAY.isoformat())
ONLINE: Final = SyncStatus(State.ONLINE, since=TODAY.isoformat())
Step = Code | SyncStatus | Key | bytes


def steps(*given: Step) -> tuple[Step, ...]:
    return given


SHIFT: Final = (
    *steps(b"nonsense\r", lot("W-204", "WHEAT"), ONLINE, badge("anna"), order("B-1")),
    *steps(command("OK"), lot("W-204", "WHEAT"), lot("R-118", "RYE"), command("HELP")),
    *steps(command("CANCEL"), command("DOWNTIME"), command("CANCEL"), command("CALL")),
    *steps(command("CANCEL"), lot("Y-31", "YEAST"), *number("1.5"), command("CANCEL")),
    *steps(*number("12"), command("SCRAP"), reason("BURNT"), *number("480"), command("DONE")),
    *steps(command("RETURN"), command("CANCEL"), command("UNDO"), OFFLINE, command("OUTBOX")),
    *steps(command("HELP"), Key("down"), command("CANCEL"), command("PRINT"), command("CANCEL")),
    *steps(command("DOCTOR"), lot("W-204", "WHEAT"), b"\x1e\r", command("DOCTOR"), order("B-3")),
    *steps(command("DRAWING"), command("DRAWING"), command("PAUSE"), command("CANCEL")),
    *steps(badge("paul"), command("HANDOVER"), command("OK"), command("CANCEL")),
    *steps(command("JOIN"), order("B-4"), MaterialCode("CHIP", serial="C-1"), command("END")),
    *steps(command("CANCEL"), command("QUEUE"), Key("down"), order("B-99"), command("CANCEL")),
    badge("paul"),
)


def spoken(texts: Texts) -> set[str]:
    """Every word of a catalogue, in small letters."""
    sentences = [
        part for one in texts.sentences.values() for part in (one.word, one.what, one.next)
    ]
    own = [part for one in texts.terminal.values() for part in one.values()]
    forms = [*texts.forms.weekdays, *texts.forms.months, *texts.forms.units.values()]
    every = [*sentences, *own, *texts.following.values(), *texts.labels.values(), *forms]
    return {word.lower() for one in every for word in WORD.findall(re.sub(r"{.*?}", "", one))}


def data() -> set[str]:
    """Every word that the factory wrote itself: names of things, people and reasons."""
    written = [text for event in office() for text in texts_of(msgspec.to_builtins(event))]
    return {word.lower() for text in written for word in WORD.findall(text)}


def texts_of(value: object) -> Iterator[str]:
    """Texts and codes inside an event; what its fields are called is nobody's data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)


def cut(line: str) -> list[str]:
    """Words that were cut, names of the factory's own aside: those give way to our words."""
    names = tuple(data())
    words = [word.rstrip("…").lower() for word in CUT.findall(line)]
    return [word for word in words if word and not any(one.startswith(word) for one in names)]


def told(config: Config, language: str) -> Config:
    return replace(config, station=replace(config.station, language=language))


def lines(terminal: Terminal) -> list[str]:
    """What stands on the screen."""
    return [strip.text.rstrip() for strip in terminal.screen._compositor.render_strips()]


async def shift(terminal: Terminal) -> Iterator[str]:
    """Every line that a shift brings to the screen."""
    seen: dict[str, None] = dict.fromkeys(lines(terminal))
    for step in SHIFT:
        if isinstance(step, SyncStatus):
            await terminal.desk.relink(step)
        elif isinstance(step, Key):
            await terminal.desk.take(step)
        else:
            await terminal.scan(step)
        await terminal.settle()
        seen |= dict.fromkeys(lines(terminal))
    return iter(seen)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", OTHERS)
async def test_no_english_word_is_left(
    tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    own = spoken(Texts.load(language)) | data()
    foreign = spoken(Texts.load("en")) - own
    assert len(foreign) > 300
    terminal = Terminal(told(seeded(tmp_path), language))
    async with running(terminal, size):
        drawn = list(await shift(terminal))
    assert len(drawn) > 200
    plain = [RAW.sub("", line) for line in drawn]
    left = {line: found for line in plain if (found := foreign & {*WORD.findall(line.lower())})}
    assert list(left.items()) == []
    assert [line for line in drawn if cut(line)] == []


@pytest.mark.parametrize("language", languages())
def test_every_big_word_is_drawn_in_big_letters(language: str) -> None:
    texts = Texts.load(language)
    words = [one.word for one in texts.sentences.values()]
    words += [one["word"] for one in texts.terminal.values()]
    for word in words:
        if "{" not in word:
            assert set(big(word, 5, 78)) <= set(" ▀▄█\n"), word


@pytest.mark.parametrize(
    ("language", "typed", "word"), [("de", "hilfe", "HILFE"), ("da", "hjælp", "HJÆLP")]
)
async def test_a_word_is_the_same_below_its_code_and_typed(
    tmp_path: Path, language: str, typed: str, word: str
) -> None:
    terminal = Terminal(told(seeded(tmp_path), language))
    async with running(terminal):
        await terminal.scan(badge("anna"))
        assert terminal.zone("code-first").split()[-1] == word
        await terminal.desk.enter(typed)
        await terminal.settle()
        assert terminal.dialog.body == "help"
        assert word in terminal.zone("help")
        assert not any(name in terminal.zone("help") for name in ("HELP", "SCRAP", "UNDO"))


@pytest.mark.parametrize("language", languages())
def test_amounts_and_dates_have_the_language_s_form(language: str) -> None:
    texts = Texts.load(language)
    expired = Notice("stop", "lot_expired", {"name": "Rye", "lot": "R-1", "expiry": "2026-03-05"})
    booked = Notice("ok", "consumed", {"name": "Rye", "lot": "1.5", "quantity": "12.5 PCS"})
    assert (
        texts.say(expired).what
        == {
            "en": "Rye R-1 was to be used by 5 Mar 2026.",
            "de": "Rye R-1 war zu verbrauchen bis 5. Mär 2026.",
            "da": "Rye R-1 skulle bruges senest 5. mar 2026.",
        }[language]
    )
    assert texts.say(booked).what.startswith(
        {"en": "Rye 1.5: 12.5 PCS", "de": "Rye 1.5: 12,5 STK", "da": "Rye 1.5: 12,5 STK"}[language]
    )
