"""The home of a recorded run: which writes and flushes of which files a process made, in order."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TRACER: Final = shutil.which("strace")
CALLS: Final = "openat,pwrite64,write,fdatasync,fsync,ftruncate,fallocate,rename,unlink"
WRITE_BYTES_MAX: Final = 200_000
_LINE: Final = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")
_RESUMED: Final = re.compile(r"^<\.\.\. \w+ resumed>(?P<rest>.*)$")
_CALL: Final = re.compile(r"^(?P<name>\w+)\((?P<given>.*)\)\s+= (?P<result>-?\d+|\?)")
_HELD: Final = re.compile(r"^\d+<(?P<path>[^>]*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True, slots=True)
class Made:
    """A name that did not exist does now."""

    name: str


@dataclass(frozen=True, slots=True)
class Wrote:
    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A file was given another length."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Flushed:
    """All that was written to a file before is on disk; of a folder: its names."""

    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Removed:
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line on standard output: what was promised to the operator by then."""

    line: str


Step = Made | Wrote | Cut | Flushed | Renamed | Removed | Said


def record(folder: Path, module: str, *words: str) -> list[Step]:
    """Run a module of ours on a folder under the tracer; its steps within that folder."""
    assert TRACER, "strace is needed"
    log = folder.parent / "calls"
    command = [TRACER, "-f", "-y", "-xx", "-s", str(WRITE_BYTES_MAX), "-e", f"trace={CALLS}"]
    command += ["-o", str(log), sys.executable, "-m", module, str(folder), *words]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120)
    return list(_steps(folder, log.read_text(encoding="ascii").splitlines()))


def _steps(folder: Path, lines: list[str]) -> Iterator[Step]:
    inside = f"{folder}/"
    known: set[str] = set()
    for name, given in _calls(lines):
        held = _HELD.match(given)
        path = _plain(held["path"]) if held else ""
        match name:
            case "openat":
                opened = _plain(_TEXT.findall(given)[-1])
                if opened.startswith(inside) and "O_CREAT" in given and opened not in known:
                    known.add(opened)
                    yield Made(opened.removeprefix(inside))
            case "rename":
                old, new = (_plain(text) for text in _TEXT.findall(given))
                if new.startswith(inside):
                    known.discard(old)
                    known.add(new)
                    yield Renamed(old.removeprefix(inside), new.removeprefix(inside))
            case "unlink":
                gone = _plain(_TEXT.findall(given)[-1])
                if gone.startswith(inside):
                    known.discard(gone)
                    yield Removed(gone.removeprefix(inside))
            case "write" if given.startswith("1<"):
                yield Said(_bytes(given).decode().strip())
            case _ if path == str(folder) or path.startswith(inside):
                yield from _within(name, path.removeprefix(str(folder)).lstrip("/"), given)


def _within(name: str, file: str, given: str) -> Iterator[Step]:
    match name:
        case "pwrite64":
            yield Wrote(file, int(given.rsplit(",", 1)[1]), _bytes(given))
        case "write":
            assert file == "journal.lock" or not file.startswith("journal.db"), given[:80]
        case "ftruncate":
            yield Cut(file, int(given.rsplit(",", 1)[1]))
        case "fdatasync" | "fsync":
            yield Flushed(file)


def _calls(lines: list[str]) -> Iterator[tuple[str, str]]:
    """(name, arguments) of the calls that succeeded: a write when it began, a flush when done."""
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        assert found, line[:120]
        thread, rest = found["thread"], found["rest"]
        resumed = _RESUMED.match(rest)
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>").rstrip()
            if begun[thread].startswith(("pwrite64", "write")):
                name, given = begun.pop(thread).split("(", 1)
                yield name, given
            continue
        if resumed:
            if thread not in begun:
                continue
            rest = begun.pop(thread) + resumed["rest"]
        call = _CALL.match(rest)
        if call and not call["result"].startswith("-"):
            yield call["name"], call["given"]


def _bytes(given: str) -> bytes:
    found = _TEXT.search(given)
    assert found, given[:80]
    return bytes.fromhex(found[1].replace("\\x", ""))


def _plain(text: str) -> str:
    """A path, which the tracer may write in hexadecimal."""
    return bytes.fromhex(text.replace("\\x", "")).decode() if "\\x" in text else text
