"""What the project stands on: each package with its reason, pinned with hashes, from no named host."""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy_source import ROOT, none

PROJECT: Final = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
LOCK: Final = (ROOT / "deploy" / "requirements.lock").read_text(encoding="utf-8")
REASONED: Final = re.compile(r'^\s*"[^"]+",\s+#\s+\w.{3,}$')
PINNED: Final = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][\w.]*)"
    r"(?: ; [\w .<>=!'\"()]+?)?(?: --hash=sha256:[0-9a-f]{64})+$"
)
HOST: Final = re.compile(r"://|\.(org|com|net|io)\b|-url|--find-links|^-i\b", re.MULTILINE)


def unreasoned(project: str) -> list[str]:
    """Lines of dependency lists that do not say why the package is there."""
    return [line.strip() for line in _listed(project) if not REASONED.match(line)]


def _listed(project: str) -> Iterator[str]:
    inside, table = False, ""
    for line in project.splitlines():
        if line.startswith("["):
            table = line
        if inside and line.startswith("]"):
            inside = False
        elif inside:
            yield line
        elif line == "dependencies = [" or (
            table == "[project.optional-dependencies]" and line.endswith("= [")
        ):
            inside = True


def required(project: str) -> list[str]:
    """Every requirement of the project, the optional ones too."""
    facts = tomllib.loads(project)["project"]
    extras = facts.get("optional-dependencies", {})
    return [*facts.get("dependencies", []), *(one for extra in extras.values() for one in extra)]


def unpinned(lock: str) -> list[str]:
    """Requirements of the lock without an exact version and its hashes."""
    return [line for line in _logical(lock) if not PINNED.match(line)]


def _logical(lock: str) -> Iterator[str]:
    joined = re.sub(r"\s*\\\n\s*", " ", lock)
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def pins(lock: str) -> dict[str, str]:
    found = (PINNED.match(line) for line in _logical(lock))
    return {canonicalize_name(one["name"]): one["version"] for one in found if one}


def missing_pins(project: str, lock: str) -> list[str]:
    """Requirements that the lock does not satisfy."""
    pinned = pins(lock)
    wanted = [Requirement(text) for text in required(project)]
    return [
        str(one)
        for one in wanted
        if not one.specifier.contains(pinned.get(canonicalize_name(one.name), "0"))
    ]


HASH: Final = "--hash=sha256:" + "0f" * 32
EXAMPLE: Final = """
[project]
dependencies = [
    "httpx>=0.28",  # the station's upload
    "serial>=3"
]
[project.optional-dependencies]
server = [
    "uvicorn>=0.54",
]
"""


def test_every_dependency_has_its_reason() -> None:
    assert len(list(_listed(PROJECT))) == len(required(PROJECT))
    none(unreasoned(PROJECT))
    assert unreasoned(EXAMPLE) == ['"serial>=3"', '"uvicorn>=0.54",']


def test_every_pin_has_hashes() -> None:
    assert len(pins(LOCK)) == len(list(_logical(LOCK)))
    none(unpinned(LOCK))
    good = f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    {HASH} \\\n    {HASH}\n"
    assert unpinned(good) == []
    loose = f"a>=1 {HASH}\nb==1\nc==1 --hash=md5:00\n-e .\n"
    assert unpinned(loose) == [f"a>=1 {HASH}", "b==1", "c==1 --hash=md5:00", "-e ."]


def test_the_lock_names_no_host() -> None:
    assert HOST.findall(LOCK) == []
    for line in ("-i x", "--find-links x", "a @ https://b/c.whl", "# from packages.example.org"):
        assert HOST.search(f"{LOCK}\n{line}\n")


def test_the_lock_holds_what_the_project_asks_for() -> None:
    none(missing_pins(PROJECT, LOCK))
    lock = f"httpx==0.28.1 {HASH}\nserial==2.9 {HASH}\n"
    assert missing_pins(EXAMPLE, lock) == ["serial>=3", "uvicorn>=0.54"]
