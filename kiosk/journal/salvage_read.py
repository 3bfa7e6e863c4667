"""The home of reading a damaged journal: SQLite's pages by themselves, whatever leads to them.

One overwritten page that leads to others makes SQLite give up all of them, and the first one the
whole file. Rows of a journal are never changed, so each page that can still be read gives its rows.
The layout is that of https://sqlite.org/fileformat2.html; names of its fields are used here.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE_BYTES: Final = 4_096
FILE_HEADER_BYTES: Final = 100
ROW_BYTES_MAX: Final = 1 << 20
_TABLE_LEAF, _INDEX_LEAF, _TABLE_INTERIOR, _INDEX_INTERIOR = 0x0D, 0x0A, 0x05, 0x02
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)
_NUMBERED: Final = 9

Value = int | str | bytes | None


class UnreadableError(ValueError):
    """These bytes are no cell of a page; the next one may be."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of some table: `keyed` in a table by `rowid`, otherwise in an index (rowid 0)."""

    keyed: bool
    rowid: int
    values: tuple[Value, ...]


class Pages:
    """The pages of a database file and of its WAL beside it; nothing is written or locked."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self.count = -(-os.fstat(self._file).st_size // PAGE_BYTES)
        self._wal = -1
        self._newer: dict[int, int] = {}
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists():
            self._wal = os.open(wal, os.O_RDONLY)
            self._newer = _committed_frames(self._wal)
            self.count = max(self.count, *self._newer, 0)

    def close(self) -> None:
        """Give the files back."""
        os.close(self._file)
        if self._wal >= 0:
            os.close(self._wal)

    def page(self, number: int) -> bytes:
        """The newest committed bytes of a page, counted from 1."""
        if number in self._newer:
            return os.pread(self._wal, PAGE_BYTES, self._newer[number])
        return os.pread(self._file, PAGE_BYTES, (number - 1) * PAGE_BYTES)

    def rows(self) -> Iterator[Row]:
        """Every row that stands in a page that can be read and is in use."""
        unused = self._unused()
        for number in range(1, self.count + 1):
            if number not in unused:
                yield from self._rows_of(number)

    def _rows_of(self, number: int) -> Iterator[Row]:
        page = self.page(number)
        start = FILE_HEADER_BYTES if number == 1 else 0
        kind = page[start] if len(page) == PAGE_BYTES else 0
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            return
        for at in _cells(page, start):
            try:
                yield self._row(page, at, kind)
            except (UnreadableError, IndexError, UnicodeDecodeError):
                continue

    def _row(self, page: bytes, at: int, kind: int) -> Row:
        if kind == _INDEX_INTERIOR:
            at += 4
        size, at = _varint(page, at)
        rowid = 0
        if kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
        payload = self._payload(page, at, size, is_table=kind == _TABLE_LEAF)
        return Row(kind == _TABLE_LEAF, rowid, _record(payload))

    def _payload(self, page: bytes, at: int, size: int, *, is_table: bool) -> bytes:
        """The bytes of a row, those on overflow pages with them."""
        if not 0 < size <= ROW_BYTES_MAX:
            raise UnreadableError(f"a row of {size} bytes")
        local = _local_bytes(size, is_table=is_table)
        parts, left = [page[at : at + local]], size - local
        following = int.from_bytes(page[at + local : at + local + 4], "big") if left else 0
        while left > 0:
            if not 0 < following <= self.count:
                raise UnreadableError(f"a row goes on at page {following}")
            more = self.page(following)
            following = int.from_bytes(more[:4], "big")
            parts.append(more[4 : 4 + left])
            left -= PAGE_BYTES - 4
        payload = b"".join(parts)
        if len(payload) != size:
            raise UnreadableError("a row is cut off")
        return payload

    def _unused(self) -> set[int]:
        """Pages on the free list, and those of a snapshot that was not yet switched to."""
        first = self.page(1)
        unused = set(self._free(int.from_bytes(first[32:36], "big")))
        for row in self._rows_of(1):
            match row.values:
                case ("table", "stage", _, int(root), _):
                    unused |= self._tree(root)
        return unused

    def _free(self, trunk: int) -> Iterator[int]:
        seen = set()
        while 0 < trunk <= self.count and trunk not in seen:
            seen.add(trunk)
            page = self.page(trunk)
            leaves = min(int.from_bytes(page[4:8], "big"), PAGE_BYTES // 4 - 2)
            numbers = (int.from_bytes(page[8 + 4 * n : 12 + 4 * n], "big") for n in range(leaves))
            yield from (number for number in numbers if number > 1)
            trunk = int.from_bytes(page[:4], "big")
        yield from seen

    def _tree(self, root: int) -> set[int]:
        found, below = set(), [root]
        while below:
            number = below.pop()
            if number in found or not 1 < number <= self.count:
                continue
            found.add(number)
            page = self.page(number)
            if len(page) == PAGE_BYTES and page[0] == _TABLE_INTERIOR:
                below += [int.from_bytes(page[at : at + 4], "big") for at in _cells(page, 0)]
                below.append(int.from_bytes(page[8:12], "big"))
        return found


def _committed_frames(wal: int) -> dict[int, int]:
    """Page number → where its newest committed copy stands in the WAL."""
    header = os.pread(wal, _WAL_HEADER_BYTES, 0)
    salts, frames = header[16:24], {}
    pending: dict[int, int] = {}
    for at in range(
        _WAL_HEADER_BYTES,
        os.fstat(wal).st_size - _FRAME_HEADER_BYTES - PAGE_BYTES + 1,
        _FRAME_HEADER_BYTES + PAGE_BYTES,
    ):
        frame = os.pread(wal, _FRAME_HEADER_BYTES, at)
        if frame[8:16] != salts:
            continue
        pending[int.from_bytes(frame[:4], "big")] = at + _FRAME_HEADER_BYTES
        if any(frame[4:8]):
            frames.update(pending)
            pending.clear()
    return frames


def _cells(page: bytes, start: int) -> Iterator[int]:
    """Where the cells of a b-tree page begin."""
    interior = page[start] in (_TABLE_INTERIOR, _INDEX_INTERIOR)
    first = start + (12 if interior else 8)
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    for slot in range(first, min(first + 2 * count, PAGE_BYTES - 1), 2):
        at = int.from_bytes(page[slot : slot + 2], "big")
        if first <= at < PAGE_BYTES:
            yield at


def _local_bytes(size: int, *, is_table: bool) -> int:
    """How much of a row stands on its own page."""
    most = PAGE_BYTES - 35 if is_table else (PAGE_BYTES - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (PAGE_BYTES - 12) * 32 // 255 - 23
    local = least + (size - least) % (PAGE_BYTES - 4)
    return local if local <= most else least


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes and where the next begins."""
    value = 0
    for index in range(_NUMBERED - 1):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + _NUMBERED


def _record(payload: bytes) -> tuple[Value, ...]:
    """The values of a row; raises `UnreadableError`, `IndexError` or `UnicodeDecodeError`."""
    end, at = _varint(payload, 0)
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise UnreadableError("a row is longer or shorter than it says")
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind >= 12:
        size = (kind - 12) // 2
        data = payload[at : at + size]
        return (data.decode() if kind % 2 else data), at + size
    if kind in (8, 9):
        return kind - 8, at
    if kind == 0:
        return None, at
    if kind < len(_INTEGER_BYTES):
        size = _INTEGER_BYTES[kind]
        return int.from_bytes(payload[at : at + size], "big", signed=True), at + size
    raise UnreadableError(f"no journal holds a value of kind {kind}")
