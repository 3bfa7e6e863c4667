"""The home of line numbers: where in a TOML text each table and key stands, which tomllib forgets.

A path is the keys from the root, with the place (from 1) behind the name of each array of tables:
("item", 3, "cell", 2, "value"). Keys of an inline table count as on the line where it begins.
"""

import re
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
_HEADER = re.compile(r"\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?")
_KEY = re.compile(
    r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
# What matters of a value: strings of any kind and comments hide brackets.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{}]|\n',
    re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of each table and key of a TOML text that tomllib has read."""
    found: dict[Path, int] = {(): 1}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in _statements(text):
        header = _HEADER.fullmatch(line)
        if header:
            table = _table(counts, _names(header[2]), is_array=header[1] == "[[")
            found.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            found.setdefault(table + _names(key[1]), number)
    return found


def line_at(lines: Mapping[Path, int], path: Path) -> int:
    """The line of `path`, or of what it stands in."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """(number, first line) of each statement: a header, or a key with its whole value."""
    lines = text.split("\n")
    number, depth, start = 1, 0, 1
    for part in _TOKENS.findall(text):
        if part == "\n" and depth == 0:
            yield start, lines[start - 1]
            start = number + 1
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(part, 0)
        number += part.count("\n")
    yield start, lines[start - 1]


def _names(dotted: str) -> Path:
    quoted = re.findall(r'"[^"]*"|\'[^\']*\'|[^.\s]+', dotted)
    return tuple(name.strip("\"'") for name in quoted)


def _table(counts: dict[Path, int], names: Path, *, is_array: bool) -> Path:
    """The path that a header means: inside the last of each array of tables on its way."""
    path: Path = ()
    for place, name in enumerate(names, 1):
        path += (name,)
        if is_array and place == len(names):
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path += (counts[path],)
    return path
