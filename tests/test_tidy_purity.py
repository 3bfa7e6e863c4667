"""Pure modules compute: time, identity and bytes come in as arguments, and nothing else goes out."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Final

import pytest

from tests.tidy_source import PRODUCT, Source, imports, none, product, source

PURE: Final = (
    "kiosk/correction.py",
    "kiosk/dialog/*.py",
    "kiosk/scanners/framing.py",
    "kiosk/scanners/keycodes.py",
    "kiosk/scanners/layouts.py",
    "labels/bitmap.py",
    "labels/codes.py",
    "labels/digital_link.py",
    "labels/gs1*.py",
    "labels/house.py",
    "labels/keyboard.py",
    "labels/heads.py",
    "labels/layout*.py",
    "labels/meanings.py",
    "labels/primitives.py",
    "labels/proof*.py",
    "labels/symbol_classes.py",
    "labels/template*.py",
    "labels/truetype.py",
    "labels/zpl_graphic_field.py",
    "sync/domain/*.py",
    "sync/exchange*.py",
    "sync/server/planning/*.py",
    "sync/timing.py",
    "sync/wire.py",
)
# What of the standard library only computes. `datetime` is here for its types: see IMPURE_CALLS.
COMPUTING: Final = {
    *("__future__", "abc", "base64", "binascii", "bisect", "collections", "contextlib", "copy"),
    *("dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib"),
    *("heapq", "hmac", "itertools", "json", "math", "operator", "re", "string", "struct"),
    *("textwrap", "tomllib", "types", "typing", "unicodedata", "zlib"),
}
# The body of an event is a msgspec struct: these two know it, and the rest of the fold does not.
WITH_MSGSPEC: Final = ("sync/domain/events/*.py", "sync/wire.py")
IMPURE_CALLS: Final = {"open", "print", "input", "eval", "exec", "compile", "__import__"}
# Methods that look at the clock or the disk whatever they are called on.
IMPURE_METHODS: Final = {
    *("now", "today", "utcnow", "read_text", "read_bytes", "write_text", "write_bytes"),
}


def is_among(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(path, pattern) for pattern in patterns)


def pure_modules() -> list[Source]:
    return [one for one in product() if is_among(one.path, PURE)]


def impurities(module: Source) -> list[str]:
    """What a pure module must not do, as `path:line what`."""
    found = [*_imports(module), *_calls(module.tree), *_globals(module.tree)]
    return [f"{module.path}:{line} {what}" for line, what in sorted(set(found))]


def _imports(module: Source) -> Iterator[tuple[int, str]]:
    package = module.path.rpartition("/")[0].replace("/", ".")
    for line, name in imports(module.tree, package):
        root = name.split(".")[0]
        if root in PRODUCT:
            if not _is_pure_name(name):
                yield line, f"imports {name}, which is not pure"
        elif root == "msgspec" and is_among(module.path, WITH_MSGSPEC):
            continue
        elif root not in COMPUTING:
            yield line, f"imports {root}"


def _is_pure_name(name: str) -> bool:
    """Whether a dotted name is a pure module, a package above one, or a thing inside one."""
    parts = name.split(".")
    ways = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    inside = any(
        is_among(f"{way}.py", PURE) or is_among(f"{way}/__init__.py", PURE) for way in ways
    )
    above = any(pattern.startswith(f"{ways[-1]}/") for pattern in PURE)
    return inside or above


def _calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in IMPURE_CALLS:
            yield node.lineno, f"calls {called.id}"
        elif isinstance(called, ast.Attribute) and called.attr in IMPURE_METHODS:
            yield node.lineno, f"calls .{called.attr}"
        elif isinstance(called, ast.Attribute) and called.attr == "astimezone":
            given = bool(node.args or node.keywords)
            yield from () if given else [(node.lineno, "calls .astimezone without a zone")]


def _globals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield node.lineno, f"changes {', '.join(node.names)} of its module"


def test_pure_modules_are_pure() -> None:
    none([fault for one in pure_modules() for fault in impurities(one)])


@pytest.mark.parametrize("pattern", PURE)
def test_every_pattern_names_a_module(pattern: str) -> None:
    assert any(fnmatch(one.path, pattern) for one in product())


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("import time", "imports time"),
        ("from random import choice", "imports random"),
        ("import os.path", "imports os"),
        ("import uuid", "imports uuid"),
        ("from pathlib import Path", "imports pathlib"),
        ("import socket", "imports socket"),
        ("import threading", "imports threading"),
        ("import logging", "imports logging"),
        ("import msgspec", "imports msgspec"),
        ("def act():\n    import httpx", "imports httpx"),
        ("from kiosk.clock import Clock", "imports kiosk.clock, which is not pure"),
        ("from kiosk import journal", "imports kiosk.journal, which is not pure"),
        ("from .server import database", "imports sync.server.database, which is not pure"),
        ("with open('a') as file: pass", "calls open"),
        ("print(1)", "calls print"),
        ("at = datetime.now(UTC)", "calls .now"),
        ("day = datetime.date.today()", "calls .today"),
        ("at = at.astimezone()", "calls .astimezone without a zone"),
        ("def act():\n    global count", "changes count of its module"),
    ],
)
def test_what_is_not_pure_is_found(line: str, fault: str) -> None:
    found = impurities(source(line, "sync/exchange.py"))
    assert found
    assert fault in found[0]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("import msgspec", "sync/domain/events/floor.py"),
        ("from msgspec import field", "sync/wire.py"),
        ("from datetime import datetime", "sync/domain/rules.py"),
        ("from sync.domain import needs", "sync/domain/order.py"),
        ("from sync.domain.events import Event", "sync/domain/order.py"),
        ("from labels import codes, gs1", "labels/layout.py"),
        ("from kiosk.dialog import advance", "kiosk/dialog/people.py"),
        ("at = at.astimezone(tz=UTC)", "sync/domain/rules.py"),
    ],
)
def test_what_is_pure_passes(line: str, path: str) -> None:
    assert impurities(source(line, path)) == []
