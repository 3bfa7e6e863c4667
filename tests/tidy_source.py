"""The home of what the structure tests read: the project's files, and modules as syntax trees."""

import ast
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PRODUCT: Final = ("kiosk", "sync", "labels")
FOLDERS: Final = (*PRODUCT, "tests", "deploy", ".ci")
TEXT_SUFFIXES: Final = {
    *("", ".csv", ".env", ".html", ".js", ".css", ".json", ".lock", ".mako", ".md", ".py"),
    *(".rules", ".service", ".tcss", ".toml", ".txt", ".yaml", ".yml"),
}


@dataclass(frozen=True)
class Source:
    """A module: its path as people name it, its text, its tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


def source(text: str, path: str = "kiosk/example.py") -> Source:
    """A module from its text; raises SyntaxError."""
    return Source(path, text, ast.parse(text))


@cache
def product() -> tuple[Source, ...]:
    """Every module of kiosk, sync and labels."""
    return tuple(modules(*PRODUCT))


@cache
def suite() -> tuple[Source, ...]:
    """Every module of the tests."""
    return tuple(modules("tests"))


def modules(*folders: str) -> Iterator[Source]:
    """The Python files under some folders, in the order of their names."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield source(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))


@cache
def texts() -> tuple[tuple[str, str], ...]:
    """(path, content) of every text of the project; pictures and golden bytes are none."""
    return tuple((name, (ROOT / name).read_text(encoding="utf-8")) for name in _names())


def _names() -> Iterator[str]:
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in sorted(files):
        parts = path.relative_to(ROOT).parts
        hidden = any(fnmatch(part, pattern) for part in parts for pattern in ignored)
        if not hidden and path.suffix in TEXT_SUFFIXES:
            yield "/".join(parts)


def top_level() -> set[str]:
    """The names at the top as they are kept in git; as they lie there, where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return {path.name for path in ROOT.iterdir()}
    return {name.split("/")[0] for name in listed.split("\0") if name}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, inner ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.stmt) -> int:
    """Lines from `def` to its last line."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def imports(tree: ast.Module, package: str = "") -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import; `from a import b` gives `a` and `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(part for part in (package, base) if part)
            yield node.lineno, base
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def none(faults: Collection[str]) -> None:
    """Raises AssertionError with every fault on a line of its own."""
    assert not faults, "\n" + "\n".join(faults)
