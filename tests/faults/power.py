"""The home of a model of a disk: what may be on it after the power went at any step of a trace.

A flushed write is there. Of those since the last flush any 512-byte sectors may be, in any
combination; the same holds of names that were made, given or removed since their folder's flush.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.trace import Cut, Flushed, Made, Removed, Renamed, Step, Wrote

SECTOR_BYTES: Final = 512
FOLDER: Final = ""
Survives = Callable[[int], list[bool]]


@dataclass(slots=True)
class File:
    """The content that is safe, and what was done to it since."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Wrote | Cut] = field(default_factory=list)

    def flush(self) -> None:
        for step in self.since:
            _apply(self.safe, step)
        self.since.clear()

    def after_cut(self, survives: Survives) -> bytes:
        """One content that the disk may have now."""
        content = bytearray(self.safe)
        parts = [part for step in self.since for part in _sectors(step)]
        for part, lives in zip(parts, survives(len(parts)), strict=True):
            if lives:
                _apply(content, part)
        return bytes(content)


class Disk:
    """One folder of a machine, step by step."""

    def __init__(self) -> None:
        self._names: dict[str, File] = {}
        self._safe_names: dict[str, File] = {}
        self._changes: list[Made | Renamed | Removed] = []

    def take(self, step: Step) -> None:
        match step:
            case Flushed(name) if name == FOLDER:
                self._safe_names = dict(self._names)
                self._changes.clear()
            case Flushed(name):
                if name in self._names:
                    self._names[name].flush()
            case Wrote(name) | Cut(name):
                self._names[name].since.append(step)
            case Made(name):
                self._changes.append(step)
                self._names.setdefault(name, File())
            case Renamed() | Removed():
                self._changes.append(step)
                _rename(self._names, step)

    def image(self, random: Random, wanted: Collection[str]) -> dict[str, bytes]:
        """Those of the wanted files that may be found after a power cut now, with their content."""
        survives = random.choice(POLICIES)(random)
        names = dict(self._safe_names)
        # A name that depends on another is only there with it: a journalled folder keeps its order.
        kept = random.randint(0, len(self._changes))
        for change in self._changes[:kept]:
            if isinstance(change, Made):
                names.setdefault(change.name, self._file(change.name))
            else:
                _rename(names, change)
        return {name: names[name].after_cut(survives) for name in wanted if name in names}

    def _file(self, name: str) -> File:
        for change in self._changes:
            if isinstance(change, Renamed) and change.name == name:
                return self._names.get(change.to, File())
        return self._names.get(name, File())


def _nothing(_: Random) -> Survives:
    return lambda count: [False] * count


def _all(_: Random) -> Survives:
    return lambda count: [True] * count


def _beginning(random: Random) -> Survives:
    def choose(count: int) -> list[bool]:
        first = random.randint(0, count)
        return [n < first for n in range(count)]

    return choose


def _any(random: Random) -> Survives:
    return lambda count: [random.random() < 0.5 for _ in range(count)]


POLICIES: Final = (_nothing, _all, _beginning, _any)


def lay(image: dict[str, bytes], folder: Path) -> None:
    """Write an image into a folder that is made for it."""
    folder.mkdir()
    for name, content in image.items():
        (folder / name).write_bytes(content)


def _rename(names: dict[str, File], change: Renamed | Removed) -> None:
    file = names.pop(change.name, None)
    if isinstance(change, Renamed) and file is not None:
        names[change.to] = file


def _apply(content: bytearray, step: Wrote | Cut) -> None:
    if isinstance(step, Cut):
        del content[step.size :]
        content.extend(b"\0" * (step.size - len(content)))
        return
    end = step.offset + len(step.data)
    content.extend(b"\0" * (end - len(content)))
    content[step.offset : end] = step.data


def _sectors(step: Wrote | Cut) -> list[Wrote | Cut]:
    if isinstance(step, Cut):
        return [step]
    parts: list[Wrote | Cut] = []
    start, end = step.offset, step.offset + len(step.data)
    while start < end:
        stop = min(end, (start // SECTOR_BYTES + 1) * SECTOR_BYTES)
        data = step.data[start - step.offset : stop - step.offset]
        parts.append(Wrote(step.name, start, data))
        start = stop
    return parts
