"""The home of how deviations are said: their names, and their sentences in the reader's language.

English stands with the rules (`sentences`), other languages in `texts/sentences.*.toml`. The facts
are kept as the rule book wrote them; here amounts, days and words become the reader's own.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from sync.domain.quantity import micros
from sync.server.sentences import SENTENCES, UNKNOWN, sentence
from sync.server.views.floor import DeviationLine
from sync.server.web import shown
from sync.server.web.texts import DEFAULT, has_text, translator
from sync.server.wording import catalogue

AREA: Final = "sentences"
# `1200.5 KG`, `-3`: an amount, and its unit where it has one.
_AMOUNT: Final = re.compile(r"(-?\d{1,12}(?:\.\d{1,6})?)( \S{1,12})?\Z", re.ASCII)
AMOUNTS: Final = frozenset(
    {"quantity", "need", "issued", "good", "planned", "over", "held", "value", "lowest", "highest",
     "seconds"}
)  # fmt: skip
WORDS: Final = frozenset({"status", "way", "first_word", "second_word"})


def text_of(line: DeviationLine, language: str) -> str:
    """What happened and what to do."""
    facts = shown_facts(line.facts, language)
    if language == DEFAULT:
        return sentence(line.name, facts, station=line.station, who=line.operator)
    own = catalogue(language)
    told = {name: own.get(f"{AREA}.{name}", english) for name, english in SENTENCES.items()}
    unknown = own.get(f"{AREA}.unknown", UNKNOWN)
    words = (own.get(f"{AREA}.a_station", ""), own.get(f"{AREA}.somebody", ""))
    return sentence(
        line.name,
        {"order": own.get(f"{AREA}.an_order", ""), **facts},
        station=line.station or words[0],
        who=line.operator or words[1],
        told=told,
        unknown=unknown,
    )


def name_of(name: str, language: str) -> str:
    """`over_issue` as people say it."""
    key = f"deviations.name.{name}"
    return translator(language)(key) if has_text(key) else name.replace("_", " ")


def shown_facts(facts: Mapping[str, str], language: str) -> dict[str, str]:
    """The facts of a deviation as its reader writes them."""
    told = {name: _shown(name, value, language) for name, value in facts.items()}
    if "counted" in facts:
        told["counted"] = _counted(facts, language)
    return told


def _shown(name: str, value: str, language: str) -> str:
    if name == "expiry":
        return _day(value, language)
    if name in AMOUNTS and (found := _AMOUNT.match(value)):
        return shown.number(found[1], language) + (found[2] or "")
    if name in WORDS:
        keys = (f"frame.status.{value}", f"deviations.word.{value}")
        return next((translator(language)(key) for key in keys if has_text(key)), value)
    return value


def _day(value: str, language: str) -> str:
    try:
        return shown.value(date.fromisoformat(value), language)
    except ValueError:
        return value


def _counted(facts: Mapping[str, str], language: str) -> str:
    """How far two stations that ended one operation have counted."""
    found = [_AMOUNT.match(facts.get(name, "")) for name in ("good", "planned")]
    t = translator(language)
    if any(one is None for one in found):
        return facts["counted"]
    good, planned = (micros(one[1]) for one in found if one)
    unit = (found[0] and found[0][2]) or ""
    if planned and good > planned:
        return t("deviations.counted.twice", over=shown.amount(good - planned, language) + unit)
    amounts = (shown.amount(one, language) + unit for one in (good, planned))
    return t("deviations.counted.so_far", **dict(zip(("good", "planned"), amounts, strict=True)))
