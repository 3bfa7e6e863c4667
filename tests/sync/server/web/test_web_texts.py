"""The texts of the office: every language whole, with the same values, and every key there."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from sync.server.sentences import SENTENCES, UNKNOWN
from sync.server.web.deviation_words import AREA
from sync.server.web.frame import SECTIONS, Section
from sync.server.web.texts import DEFAULT, LANGUAGES, has_text
from sync.server.wording import TEXTS, catalogue

SERVER = Path(__file__).parents[4] / "sync" / "server"
# `t("area.key")` in a template or in code; a key that goes on with `~` is made of what is known.
_LITERAL = re.compile(r"""\b(?:t|say_key)\(\s*(["'])([a-z_]+(?:\.[a-z_0-9]+)+)\1\s*[,)]""")
_MADE = re.compile(r"""\bt\(\s*(["'])([a-z_]+\.[a-z_.]*)\1\s*~""")


def english() -> dict[str, str]:
    """What all languages translate: the catalogue, and the sentences that stand with the rules."""
    known = dict(catalogue(DEFAULT))
    known |= {f"{AREA}.{name}": text for name, text in SENTENCES.items()}
    base = {"unknown": UNKNOWN, "a_station": "", "somebody": "", "an_order": ""}
    return known | {f"{AREA}.{name}": text for name, text in base.items()}


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != DEFAULT])
def test_a_language_says_all_that_english_says(language: str) -> None:
    told, wanted = catalogue(language), english()
    assert sorted(set(wanted) - set(told)) == []
    assert sorted(set(told) - set(wanted)) == []
    assert [key for key in told if not told[key].strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_same_values(language: str) -> None:
    told = catalogue(language)
    differing = {
        key: (values(text), values(told[key]))
        for key, text in english().items()
        if key in told and values(text) != values(told[key])
    }
    assert differing == {}


def test_every_area_has_every_language() -> None:
    areas: dict[str, set[str]] = {}
    for path in TEXTS.glob("*.toml"):
        area, language, _ = path.name.split(".")
        areas.setdefault(area, set()).add(language)
    assert areas.pop(AREA) == set(LANGUAGES) - {DEFAULT}
    assert {area: found for area, found in areas.items() if found != set(LANGUAGES)} == {}


def sources() -> Iterator[Path]:
    yield from sorted((SERVER / "pages").rglob("*.html"))
    yield from sorted((SERVER / "web").glob("*.py"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_every_key_that_is_asked_for_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    asked = {found[2] for found in _LITERAL.finditer(text)}
    assert sorted(key for key in asked if not has_text(key)) == []
    beginnings = {found[2] for found in _MADE.finditer(text)}
    keys = tuple(catalogue(DEFAULT))
    assert [one for one in beginnings if not any(key.startswith(one) for key in keys)] == []


def sections(of: tuple[Section, ...]) -> Iterator[str]:
    for one in of:
        yield one.text
        yield from sections(one.parts)


def test_the_navigation_has_its_words() -> None:
    assert [key for key in sections(SECTIONS) if not has_text(key)] == []
