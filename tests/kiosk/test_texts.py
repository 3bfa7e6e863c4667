"""The whole catalogue as operators read it, at 80 columns."""

import re
import string
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.catalogues import FOLDER, languages
from kiosk.dialog import Kind, Notice
from kiosk.dialog.acts import told
from kiosk.texts import (
    COMMAND_LABEL,
    FACT_CHARS_MAX,
    LINE_COLUMNS_MAX,
    WORD_CHARS_MAX,
    Said,
    Texts,
    TextsError,
    clean,
)
from labels.codes import COMMANDS
from sync.domain.rules import SEVERITIES, Deviation, Severity

FACTS = {
    "current": "B-2024-118",
    "order": "B-2024-118",
    "product": "Butter croissant 60 g",
    "person": "Anna Berg",
    "whose": "Paul Lindqvist",
    "ends": "14:00",
    "station": "BAKE-1",
    "work_centers": "MIX, OVEN",
    "work_center": "Bakehouse",
    "here": "MIX",
    "heard": "10:42",
    "name": "Wheat flour type 550",
    "material": "WHEAT-550",
    "lot": "W-2026-204",
    "quantity": "12.5 KG",
    "old": "25 KG",
    "label": "25 KG",
    "left": "520 PCS",
    "left_number": "520",
    "good": "480 PCS",
    "good_number": "480",
    "scrap": "12 PCS",
    "planned": "1000 PCS",
    "planned_number": "1000",
    "need": "60 KG",
    "issued": "72.5 KG",
    "over": "12.5 KG",
    "held": "5 KG",
    "short": "520 PCS",
    "expiry": "2026-11-20",
    "wanted": "Rye flour type 1150",
    "wanted_material": "RYE",
    "other": "B-2024-121",
    "fetch_lot": "R-2026-118",
    "fetch_place": "SHELF-A3",
    "number": "12.5",
    "unit": "KG",
    "output_unit": "PCS",
    "label_unit": "PALLET",
    "container": "BAG",
    "count": "2",
    "serial": "SN-100-2044",
    "reason": "Material ran out",
    "first": "Bag torn",
    "step": "Laminate and bake",
    "operation": "Slice and pack",
    "earlier": "Mix and bake",
    "value": "99.5",
    "lowest": "92",
    "highest": "98",
    "seconds": "300",
    "clock": "0:12",
    "setup": "0:20",
    "badge": "4402917386",
    "status": "finished",
    "entry": "nonsense",
    "command": "F13",
    "old_quantity": "25 KG",
    "due": "2026-11-23",
    "digits": "••••",
    "place": "SHELF-A3",
    "rest": "12.5 KG",
    "gtin": "09521101530018",
    "reworked": "12 PCS",
    "belongs": "B-2024-121",
    "dropped": "TOO MUCH?",
    "next_rework": "12 PCS",
    "layout": "BELGIAN",
    "carton": "340123450000000017",
    "packed": "360 PCS",
    "made": "480 PCS",
    "next_order": "B-2024-119",
    "next_product": "Rye loaf 1000 g",
    "next_name": "Wheat flour type 550",
    "next_lot": "W-2026-204",
    "next_place": "SHELF-A3",
    "next_amount": "35 KG",
    "next_step": "Rest 20 minutes",
    "next_check": "Core temperature",
    "next_limits": "92–98 CEL",
}
OWN_LABEL = {"label": "17"}
NUMBERED = {"label_wanted", "label_outstanding", "label_voided", "label_void_already"} | {
    *("label_valid", "label_unknown", "printing", "printed", "print_doubt"),
    "print_failed",
    *("doubt_asked", "doubt_out", "doubt_again", "print_selected", "reprint_why", "reprint"),
    *("reprint_asked", "reprint_void", "reprint_waits", "which_printer", "void_why"),
}
FORBIDDEN = re.compile(r"\b(invalid|errors?|failed|failure|illegal|abort(ed)?)\b", re.IGNORECASE)
VERBS = {
    *("Scan", "Fetch", "Take", "Enter", "Call", "Choose", "Go", "Wait", "Do", "Measure"),
    *("Count", "Switch", "Type", "Stick", "Look", "Stop", "Click", "SCAN", "IT"),
}

WORDS = re.compile(r"[A-ZÄÖÜÆØÅÉ]{2,}")

ENGLISH = Texts.load("en")
LANGUAGES = [Texts.load(code) for code in languages()]


def facts_of(key: str) -> dict[str, str]:
    return {**FACTS, **(OWN_LABEL if key in NUMBERED else {})}


def said(texts: Texts, key: str, following: str = "", kind: Kind = "stop") -> Said:
    return texts.say(Notice(kind, key, facts_of(key), following))


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_every_sentence_fits_its_place_and_is_plain(texts: Texts) -> None:
    for key in texts.sentences:
        for following in ("", *texts.following):
            answer = said(texts, key, following)
            lines = (answer.word, answer.what, answer.next)
            assert len(answer.word) <= WORD_CHARS_MAX, (key, answer)
            assert all(len(line) <= LINE_COLUMNS_MAX for line in lines), (key, answer)
            assert not any(line[-1:] == "…" for line in (answer.word, answer.what)), (key, answer)
            wanted = texts.following[following] if following else texts.sentences[key].next
            assert answer.next.endswith("…") <= wanted.endswith("…"), (key, answer)
            assert not any(FORBIDDEN.search(line) for line in lines), (key, answer)
            assert answer.word == answer.word.upper(), (key, answer)


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_every_fact_that_a_sentence_names_is_known(texts: Texts) -> None:
    for key, one in texts.sentences.items():
        named = fields(one.word) | fields(one.what) | fields(one.next)
        assert named <= FACTS.keys(), key
    for key, following in texts.following.items():
        assert fields(following) <= FACTS.keys(), key


def test_what_to_do_begins_with_a_verb() -> None:
    sentences = [one.next for one in ENGLISH.sentences.values() if one.next]
    for sentence in [*sentences, *ENGLISH.following.values()]:
        assert sentence.split()[0].rstrip(",:.") in VERBS, sentence


def gaps(texts: Texts) -> list[str]:
    """What a language lacks, has too much, or fills with other facts than English does."""
    parts: dict[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
        "say": (ENGLISH.sentences, texts.sentences),
        "next": (ENGLISH.following, texts.following),
        "labels": (ENGLISH.labels, texts.labels),
        "terminal": (ENGLISH.terminal, texts.terminal),
        "forms.units": (ENGLISH.forms.units, texts.forms.units),
    }
    found = []
    for part, (wanted, given) in parts.items():
        found += [f"[{part}] {key}: is missing" for key in wanted if key not in given]
        found += [f"[{part}] {key}: English has none" for key in given if key not in wanted]
        for key in wanted.keys() & given.keys():
            here, there = fields(str(given[key])), fields(str(wanted[key]))
            if here != there:
                found.append(f"[{part}] {key}: has {sorted(here)}, English {sorted(there)}")
    return sorted(found)


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_every_language_says_the_same(texts: Texts) -> None:
    assert gaps(texts) == []


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_a_sentence_names_each_command_as_it_is_printed(texts: Texts) -> None:
    """Where English says DONE, the language says its word for it, and nowhere the English one."""
    own = {name: texts.label(COMMAND_LABEL.format(name)) for name in COMMANDS}
    assert len(set(own.values())) == len(own)
    assert not any(own[one] == other for one in own for other in own if one != other)
    for key, english in spoken(ENGLISH).items():
        here = set(WORDS.findall(spoken(texts)[key]))
        named = {own[word] for word in WORDS.findall(english) if word in own}
        assert named <= here, (key, named - here)
        foreign = {word for word in own if word not in own.values()} & here
        assert not foreign, (key, foreign)


def spoken(texts: Texts) -> dict[str, str]:
    """Every sentence and label that can name a command; big words and heads are no sentences."""
    found = {f"say.{key}": f"{one.what} {one.next}" for key, one in texts.sentences.items()}
    found |= {f"next.{key}": one for key, one in texts.following.items()}
    heads = {key for key, one in ENGLISH.labels.items() if one == one.upper()}
    return found | {f"labels.{key}": one for key, one in texts.labels.items() if key not in heads}


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_a_language_is_one_file(texts: Texts, tmp_path: Path) -> None:
    """A copy under another code, in a folder of its own, is a language that says the same."""
    (tmp_path / "xy.toml").write_bytes((FOLDER / f"{texts.language}.toml").read_bytes())
    copy = Texts.load("xy", tmp_path)
    assert languages(tmp_path) == ("xy",)
    assert replace(copy, language=texts.language) == texts


def test_what_a_language_lacks_is_named(tmp_path: Path) -> None:
    english = (FOLDER / "en.toml").read_text(encoding="utf-8")
    (tmp_path / "xy.toml").write_text(
        english.replace('badge = "Scan your badge."\n', "")
        .replace('queue = "ORDERS"', 'row = "ORDERS"')
        .replace('{person} is signed out."', 'Somebody is signed out."'),
        encoding="utf-8",
    )
    assert gaps(Texts.load("xy", tmp_path)) == [
        "[labels] queue: is missing",
        "[labels] row: English has none",
        "[next] badge: is missing",
        "[say] signed_out: has [], English ['person']",
    ]


def test_each_key_of_the_dialog_is_in_the_catalogue() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(Path("kiosk/dialog").glob("*.py"))
    )
    keys = set(
        re.findall(r'(?:said|Notice)\(\s*"(?:rest|ok|note|stop|ask)",\s*"([a-z_0-9]+)"', source)
    )
    keys |= set(re.findall(r'stop\(\s*dialog,\s*"([a-z_0-9]+)"', source))
    assert len(keys) > 50
    assert keys <= ENGLISH.sentences.keys()


def catalogue(texts: Texts) -> str:
    """The whole catalogue as it reads: sentences, then what to do, then each deviation."""
    lines = ["SENTENCES"]
    lines += [shown(key, said(texts, key, kind="note")) for key in sorted(texts.sentences)]
    lines += ["", "WHAT TO DO NOW"]
    for key in sorted(texts.following):
        lines.append(f"{key}\n    {said(texts, 'nobody', key).next}")
    lines += ["", "DEVIATIONS"]
    for name, severity in SEVERITIES.items():
        facts = {**facts_of(name), "other": ""}
        deviation = Deviation(name.removesuffix("_limit").removesuffix("_offline"), severity, facts)
        lines.append(shown(f"{name} ({severity})", texts.say(told(deviation))))
    for key, more in (
        ("wrong_material, for another order", {}),
        ("wrong_material, nothing is wanted", {"other": "", "wanted": "", "fetch_lot": ""}),
        ("wrong_material, no lot is in stock", {"other": "", "fetch_lot": ""}),
        ("wrong_material, its place is not known", {"other": "", "fetch_place": ""}),
    ):
        deviation = Deviation("wrong_material", Severity.SUPERVISOR, {**FACTS, **more})
        lines.append(shown(key, texts.say(told(deviation))))
    return "\n".join(lines) + "\n"


def shown(key: str, answer: Said) -> str:
    lines = (f"{key}", f"    {answer.word}", f"    {answer.what}", f"    {answer.next}")
    return "\n".join(line.rstrip() for line in lines if line.strip())


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_the_whole_catalogue_reads_as_it_was_approved(texts: Texts) -> None:
    path = Path(__file__).parent / f"catalogue_{texts.language}.txt"
    assert catalogue(texts) == path.read_text(encoding="utf-8")


def test_long_names_give_way_and_the_sentence_stays() -> None:
    long = {key: value.ljust(60, "x") for key, value in FACTS.items()}
    for key in ENGLISH.sentences:
        answer = ENGLISH.say(Notice("stop", key, long))
        assert max(map(len, (answer.what, answer.next))) <= LINE_COLUMNS_MAX
    answer = ENGLISH.say(Notice("stop", "wrong_material", long))
    assert answer.what.startswith("You scanned ")
    assert " This order needs Rye flour type" in answer.what


def test_foreign_text_cannot_steer_the_terminal() -> None:
    notice = Notice("stop", "badge_unknown", {"badge": "\x1b[2J\x1d\n4711"})
    assert ENGLISH.say(notice).what.endswith("(·[2J··4711).")
    assert len(clean("x" * 500)) == FACT_CHARS_MAX


def test_an_empty_fact_leaves_no_gap() -> None:
    facts = {"product": "Wheat roll", "order": "B-1", "quantity": "", "step": ""}
    assert ENGLISH.say(Notice("ok", "order_opened", facts)).what == "Wheat roll B-1:"
    facts = {"name": "Wheat roll", "lot": "", "quantity": "480 PCS", "order": "B-1"}
    said_undone = ENGLISH.say(Notice("ok", "undone", facts)).what
    assert said_undone == "Wheat roll: 480 PCS for B-1 is taken back."


def test_an_unknown_key_shows_itself() -> None:
    assert ENGLISH.say(Notice("note", "coffee_break")) == Said(
        "note", "COFFEE BREAK", "coffee_break", ""
    )
    assert ENGLISH.label("coffee") == "COFFEE"
    assert ENGLISH.label("choice_KEEP") == "KEEP RUNNING: the work goes on"


@pytest.mark.parametrize("language", ["xx", "../en", ""])
def test_a_language_that_is_not_there_is_named(language: str) -> None:
    with pytest.raises(TextsError, match="there is da, de, en"):
        Texts.load(language)


@pytest.mark.parametrize("texts", LANGUAGES, ids=lambda one: one.language)
def test_the_linux_console_has_every_letter(texts: Texts) -> None:
    """Its font for Western Europe holds Latin-1; signs beyond it are those that English has."""
    written = (FOLDER / f"{texts.language}.toml").read_text(encoding="utf-8")
    signs = set((FOLDER / "en.toml").read_text(encoding="utf-8"))
    assert {sign for sign in written if ord(sign) > 0xFF} <= signs
