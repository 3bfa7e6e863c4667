"""Words that people read stand in the texts, never in the code that draws them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kiosk.catalogues import languages
from kiosk.texts import Texts

SCREENS: Final = sorted(Path("kiosk/screens").glob("*.py"))
WORDS: Final = re.compile(r"[^\W\d_]{2,}")
DRAWING: Final = frozenset(
    ("Content", "line", "fit", "styled", "plain", "wrapped", "folded", "two_sides", "append")
)
# What is no language's own: names of styles and sides, and a unit of the SI.
ALLOWED: Final = frozenset(("bold", "dim", "reverse", "bold reverse", "left", "right", " ms"))
LABEL: Final = re.compile(r"label\(\s*\"([a-z_A-Z0-9]+)\"")


def drawn(tree: ast.AST) -> Iterator[str]:
    """Every literal with words in it that a drawing function gets or a formatted string holds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from _spoken(node)
        elif isinstance(node, ast.Call) and _name(node.func) in DRAWING:
            for given in node.args:
                for part in ast.walk(given):
                    if isinstance(part, ast.Tuple):
                        yield from (text for one in part.elts for text in _literal(one))
                yield from _literal(given)


def _literal(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _spoken(node: ast.JoinedStr) -> Iterator[str]:
    """Parts between facts; a part that runs on into a fact with "_" is the key of a label."""
    for part in node.values:
        yield from (text for text in _literal(part) if not text.rstrip().endswith("_"))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def spoken(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    keys = {
        text
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in {"label", "query_one"}
        for given in node.args
        for part in ast.walk(given)
        for text in _literal(part)
    }
    return [
        text
        for text in drawn(tree)
        if WORDS.search(text) and text not in ALLOWED | keys and not text.startswith("$")
    ]


@pytest.mark.parametrize("path", SCREENS, ids=lambda one: one.stem)
def test_no_word_is_drawn_that_the_texts_do_not_hold(path: Path) -> None:
    assert spoken(path) == []


@pytest.mark.parametrize("language", languages())
def test_every_label_that_a_screen_asks_for_is_there(language: str) -> None:
    labels = Texts.load(language).labels
    asked = {key for path in SCREENS for key in LABEL.findall(path.read_text(encoding="utf-8"))}
    assert len(asked) > 80
    assert sorted(asked - labels.keys()) == []


def test_a_word_that_is_drawn_is_found() -> None:
    tree = ast.parse('line(("No order", STRONG)); f"{n} more"; label("more", n=f"told_{x}")')
    assert sorted(drawn(tree)) == [" more", "No order"]
