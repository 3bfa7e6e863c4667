"""The texts of the office: every language whole, with the same values, and every key there."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from sync.domain.quantity import Quantity, QuantityError, typed
from sync.domain.shifts import ShiftError
from sync.domain.spoken import SpokenError
from sync.drawings import DrawingError
from sync.server.importing.columns import TABLES
from sync.server.sentences import SENTENCES, UNKNOWN
from sync.server.web.deviation_words import AREA
from sync.server.web.frame import SECTIONS, Section
from sync.server.web.shown import value
from sync.server.web.texts import DEFAULT, LANGUAGES, has_text
from sync.server.wording import AREA as REFUSALS
from sync.server.wording import ENGLISH, TEXTS, Said, catalogue, field_word, tell

SERVER = Path(__file__).parents[4] / "sync" / "server"
SPOKEN: tuple[type[SpokenError], ...] = (QuantityError, ShiftError, DrawingError)
# `t("area.key")` in a template or in code; a key that goes on with `~` is made of what is known.
_LITERAL = re.compile(r"""\b(?:t|say_key)\(\s*(["'])([a-z_]+(?:\.[a-z_0-9]+)+)\1\s*[,)]""")
_MADE = re.compile(r"""\bt\(\s*(["'])([a-z_]+\.[a-z_.]*)\1\s*~""")


def english() -> dict[str, str]:
    """What all languages translate: the catalogue, and the sentences that stand with the rules."""
    known = dict(catalogue(DEFAULT))
    known |= {f"{AREA}.{name}": text for name, text in SENTENCES.items()}
    for kind in SPOKEN:
        named = f"{REFUSALS}.{kind.AREA}"
        known |= {f"{named}.{name}": text for name, text in kind.SENTENCES.items()}
    notes = {column.note for table in TABLES for column in table.columns if column.needed}
    known |= {f"{REFUSALS}.note.{note}": note for note in notes}
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


def spoken() -> Iterator[tuple[str, ast.expr]]:
    """The key of every `Said(...)` in the server, with where it stands."""
    for path in sorted(SERVER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Said":
                yield f"{path.name}:{node.lineno}", node


def key_of(node: ast.expr) -> str:
    """A key as it is written; what it is made of is left out."""
    assert isinstance(node, ast.Call)
    written = node.args[0]
    if isinstance(written, ast.Constant):
        return str(written.value)
    if isinstance(written, ast.JoinedStr) and isinstance(written.values[0], ast.Constant):
        return str(written.values[0].value) + "*"
    return ""


def is_known(key: str) -> bool:
    found = catalogue(ENGLISH)
    if key.endswith("*"):
        return any(one.startswith((f"{REFUSALS}.{key[:-1]}", key[:-1])) for one in found)
    return f"{REFUSALS}.{key}" in found or key in found


def test_every_key_that_is_said_is_there_with_the_values_it_is_said_with() -> None:
    unknown, differing = [], {}
    for where, node in spoken():
        key = key_of(node)
        if key and not is_known(key):
            unknown.append((where, key))
        text = catalogue(ENGLISH).get(f"{REFUSALS}.{key}")
        assert isinstance(node, ast.Call)
        given = {one.arg for one in node.keywords}
        if text is not None and None not in given and given != values(text):
            differing[where] = (key, given, values(text))
    assert (unknown, differing) == ([], {})


def test_every_sentence_of_the_area_is_said_somewhere() -> None:
    said = {key_of(node) for _, node in spoken()}
    named = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SERVER.rglob("*.py")))
    made = ("field.", *(key[:-1] for key in said if key.endswith("*")))
    keys = [
        key.removeprefix(f"{REFUSALS}.") for key in catalogue(ENGLISH) if key.startswith(REFUSALS)
    ]
    idle = [key for key in keys if key not in said and f'"{key}"' not in named]
    assert [key for key in idle if not key.startswith(made)] == []


SHORT = Said(
    "order.short",
    number="P-1",
    named=(
        Said("word.of_material", quantity=Quantity("1200.5", "KGM"), name="Wheat flour"),
        Said("word.of_material", quantity=Quantity("3", "C62"), name="Box"),
    ),
)
TAKEN = Said("receipt.changed", receipt="R-1", who=Said("word.somebody"),
             quantity=Quantity("1.5", "LTR"), due=date(2026, 12, 3))  # fmt: skip
TOLD = {
    "en": (
        (
            "order P-1 is short of 1\u202f200.5 KG Wheat flour, 3 PCS Box: wait for it, or release it"
            " knowing that"
        ),
        "receipt R-1: somebody changed it meanwhile to 1.5 L on Thu 3 Dec 2026; look at it again",
    ),
    "de": (
        (
            "Für Auftrag P-1 fehlen 1\u202f200,5 KG Wheat flour, 3 PCS Box: warten Sie darauf, oder"
            " geben Sie ihn bewusst frei"
        ),
        (
            "Lieferung R-1: jemand hat sie inzwischen geändert auf 1,5 L am Do 3. Dez 2026; sehen Sie"
            " noch einmal nach"
        ),
    ),
    "da": (
        (
            "Ordre P-1 mangler 1\u202f200,5 KG Wheat flour, 3 PCS Box: vent på det, eller frigiv den"
            " bevidst"
        ),
        "Leverance R-1: nogen har ændret den imens til 1,5 L tor 3. dec 2026; se på den igen",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_is_told_in_the_readers_words_and_numbers(language: str) -> None:
    assert (tell(SHORT, language, value), tell(TAKEN, language, value)) == TOLD[language]


def test_programs_and_logs_read_english_with_plain_numbers() -> None:
    assert str(SHORT) == (
        "order P-1 is short of 1200.5 KG Wheat flour, 3 PCS Box: wait for it, or release it"
        " knowing that"
    )
    assert str(TAKEN).endswith("to 1.5 L on 2026-12-03; look at it again")


def test_a_field_of_a_row_is_told_with_its_row() -> None:
    told = [tell(field_word("beside_quantity.2"), language) for language in LANGUAGES]
    assert told == ["quantity of row 3", "Menge in Zeile 3", "mængde i række 3"]


def test_a_fault_of_the_domain_is_told_inside_a_sentence() -> None:
    with pytest.raises(QuantityError) as raised:
        typed("1,5", "C62")
    said = Said("quantity.unread", fault=raised.value)
    assert [tell(said, language, value) for language in LANGUAGES] == [
        "quantity 1.5 PCS is not whole: PCS are counted",
        "Menge 1,5 PCS ist nicht ganz: PCS werden gezählt",
        "Mængde 1,5 PCS er ikke helt: PCS tælles",
    ]
