"""The home of the drawings on a station's disk: files by digest, an index, and a limit for both.

A file has its name only once it is whole. The index may be lost or old: then drawings are fetched
again. What no open order names goes first, the longest unused before others.
"""

import contextlib
import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import msgspec

from sync.drawings import DRAWING_BYTES_MAX

CACHE_BYTES_MAX: Final = 64 * 1024 * 1024
FOLDER: Final = "drawings"
INDEX: Final = "index.json"
assert DRAWING_BYTES_MAX <= CACHE_BYTES_MAX, "one drawing fits"


class Kept(msgspec.Struct, frozen=True):
    """A drawing that is here; `used` and `checked` are seconds of the wall clock."""

    name: str
    digest: str
    bytes: int
    link: str = ""
    used: float = 0.0
    checked: float = 0.0


class Cache:
    """The drawings of a data folder; for one thread at a time, but `kept`."""

    def __init__(self, data: Path, *, bytes_max: int = CACHE_BYTES_MAX) -> None:
        """Takes up what is there; what cannot be read is as if it were not."""
        self.folder = data / FOLDER
        self._bytes_max = bytes_max
        self._kept = {one.name: one for one in _read(self.folder / INDEX)}
        self._kept = {
            name: one for name, one in self._kept.items() if self.path(one.digest).is_file()
        }
        self._sweep()

    def kept(self, name: str) -> Kept | None:
        """The drawing of that name, if it is here."""
        return self._kept.get(name)

    def path(self, digest: str) -> Path:
        return self.folder / digest

    def put(self, name: str, body: bytes, link: str, now: float, wanted: Collection[str]) -> bool:
        """Keep a file; False where those that are wanted leave no room. Raises `OSError`."""
        digest = hashlib.sha256(body).hexdigest()
        before = self._kept.get(name)
        self._kept[name] = Kept(name, digest, len(body), link, now, now)
        if not self._made_room(name, wanted):
            self._restore(name, before)
            return False
        try:
            if not self.path(digest).is_file():
                self.folder.mkdir(mode=0o700, exist_ok=True)
                _write_whole(self.path(digest), body)
            self.save()
        except OSError:
            self._restore(name, before)
            raise
        self._sweep()
        return True

    def touch(self, name: str, link: str, now: float) -> None:
        """The server still has it, and gave a new link."""
        one = self._kept[name]
        self._kept[name] = msgspec.structs.replace(
            one, link=link or one.link, used=now, checked=now
        )

    def drop(self, digest: str) -> None:
        """Forget a file that is damaged."""
        for name in [name for name, one in self._kept.items() if one.digest == digest]:
            del self._kept[name]
        self._sweep()

    def save(self) -> None:
        """Write the index; raises `OSError`."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        _write_whole(self.folder / INDEX, msgspec.json.encode(list(self._kept.values())))

    def _made_room(self, name: str, wanted: Collection[str]) -> bool:
        by_age = sorted(self._kept.values(), key=lambda one: one.used)
        spare = [one.name for one in by_age if one.name not in wanted and one.name != name]
        while self._bytes() > self._bytes_max and spare:
            del self._kept[spare.pop(0)]
        return self._bytes() <= self._bytes_max

    def _bytes(self) -> int:
        return sum({one.digest: one.bytes for one in self._kept.values()}.values())

    def _restore(self, name: str, before: Kept | None) -> None:
        if before is None:
            del self._kept[name]
        else:
            self._kept[name] = before

    def _sweep(self) -> None:
        """Remove files that the index does not name; what cannot be removed is met again."""
        known = {one.digest for one in self._kept.values()} | {INDEX}
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.name not in known:
                    path.unlink()


def _read(path: Path) -> list[Kept]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Kept])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return []


def _write_whole(path: Path, body: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
