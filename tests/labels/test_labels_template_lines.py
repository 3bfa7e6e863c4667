"""Every table and key of a TOML text is found on its line, whatever the values look like."""

import tomllib
from typing import Any

import pytest

from labels import render
from labels.template_lines import Path, line_at, lines_of

TRICKY = '''# a comment with [brackets] and = signs
title = "a [table] = no"
"quoted key" = 1
dotted.key = 2
many = [
    "[[item]]", # not a table
    ["at = 3", 'x'],
]
long = """
[label]
name = "hidden"
"""
raw = \'\'\'
[[item]]\'\'\'

[label] # the real one
name = "x"

[[item]]
kind = "a"

[[item]]
kind = "b"
[[item.part]]
kind = "b1"
[[item.part]]
kind = "b2"
[item.part.code]
type = "lot"
'''


def test_tricky_texts() -> None:
    tomllib.loads(TRICKY)
    found = lines_of(TRICKY)
    wanted: dict[Path, int] = {
        (): 1,
        ("title",): 2,
        ("quoted key",): 3,
        ("dotted", "key"): 4,
        ("many",): 5,
        ("long",): 9,
        ("raw",): 13,
        ("label",): 16,
        ("label", "name"): 17,
        ("item", 1): 19,
        ("item", 1, "kind"): 20,
        ("item", 2): 22,
        ("item", 2, "kind"): 23,
        ("item", 2, "part", 1): 24,
        ("item", 2, "part", 1, "kind"): 25,
        ("item", 2, "part", 2): 26,
        ("item", 2, "part", 2, "kind"): 27,
        ("item", 2, "part", 2, "code"): 28,
        ("item", 2, "part", 2, "code", "type"): 29,
    }
    assert found == wanted
    assert line_at(found, ("item", 2, "part", 2, "code", "lot")) == 28
    assert line_at(found, ("nothing",)) == 1


@pytest.mark.parametrize("name", render.names())
def test_every_key_of_what_we_ship_is_on_the_line_named(name: str) -> None:
    text = (render.TEMPLATES / f"{name}.toml").read_text(encoding="utf-8")
    lines = text.split("\n")
    found = lines_of(text)
    checked = 0
    for path in _paths(tomllib.loads(text), ()):
        if path and path in found and isinstance(path[-1], str):
            line = lines[found[path] - 1]
            assert line.startswith((f"{path[-1]} = ", "[")), (path, line)
            checked += 1
    assert checked > 20


def _paths(data: Any, path: Path) -> list[Path]:
    if isinstance(data, dict):
        return [path, *(one for key in data for one in _paths(data[key], (*path, key)))]
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return [
            one for number, entry in enumerate(data, 1) for one in _paths(entry, (*path, number))
        ]
    return [path]
