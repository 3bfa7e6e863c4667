"""The home of the drawings that a server keeps: put, read, listed, dropped, and linked to.

A link is a path that reads one file until a day, for a phone that has no token: the day and the
first 50 bits of an HMAC-SHA-256 over file and day, in Crockford's base 32.

DrawingsFull(ServerError)    no room for another name
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, select

from sync.drawings import LINK_PATH
from sync.pinning import ALPHABET
from sync.server.drawing_tables import drawing, drawing_part
from sync.server.errors import ServerError
from sync.server.keys import Signer
from sync.server.rows import insert_rows
from sync.server.wording import Said

PART_BYTES: Final = 32_768
DRAWINGS_COUNT_MAX: Final = 1_000
LINK_DAYS: Final = 30
DAY_MS: Final = 86_400_000
DAY_CHARS: Final = 3
PROOF_CHARS: Final = 10
_EPOCH_DAYS: Final = 18_262  # 2020-01-01
_PURPOSE: Final = b"floor-kiosk links to drawings"


class DrawingsFull(ServerError):  # noqa: N818
    """As many drawings as fit are stored."""

    def __init__(self, said: Said) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing of the office; `digest` is the SHA-256 of its file, in hexadecimal."""

    name: str
    digest: str
    media: str
    bytes: int
    changed_ms: int


def put_drawing(conn: Connection, name: str, media: str, body: bytes, now_ms: int) -> Drawing:
    """Store a file under a name, in place of the one before; raises `DrawingsFull`."""
    digest, before = hashlib.sha256(body).hexdigest(), drawing_of(conn, name)
    if before is not None and before.digest == digest:
        return before
    count = conn.execute(select(func.count()).select_from(drawing)).scalar_one()
    if before is None and count >= DRAWINGS_COUNT_MAX:
        raise DrawingsFull(Said("drawing.full", name=name, most=DRAWINGS_COUNT_MAX))
    if not _holds(conn, digest):
        places = range(0, len(body), PART_BYTES)
        parts = [(digest, n, body[at : at + PART_BYTES]) for n, at in enumerate(places)]
        insert_rows(conn, drawing_part, ["digest", "part", "body"], parts)
    conn.execute(delete(drawing).where(drawing.c.name == name))
    row = (name, digest, media, len(body), now_ms)
    insert_rows(conn, drawing, ["name", "digest", "media", "bytes", "changed_ms"], [row])
    _drop_file(conn, before)
    return Drawing(*row)


def drop_drawing(conn: Connection, name: str) -> bool:
    """Forget a drawing, and its file where no other name has it; False: there was none."""
    before = drawing_of(conn, name)
    conn.execute(delete(drawing).where(drawing.c.name == name))
    _drop_file(conn, before)
    return before is not None


def drawing_of(conn: Connection, name: str) -> Drawing | None:
    """The drawing of that name."""
    row = conn.execute(select(drawing).where(drawing.c.name == name)).one_or_none()
    return Drawing(*row) if row is not None else None


def drawings(conn: Connection) -> list[Drawing]:
    """All of them by name."""
    return [Drawing(*row) for row in conn.execute(select(drawing).order_by(drawing.c.name))]


def file_of(conn: Connection, digest: str) -> bytes:
    """The bytes of a stored file."""
    asked = select(drawing_part.c.body).where(drawing_part.c.digest == digest)
    return b"".join(row.body for row in conn.execute(asked.order_by(drawing_part.c.part)))


class Links:
    """Makes links and knows them again; every server with the same signing key does."""

    def __init__(self, signer: Signer) -> None:
        self._key = hashlib.sha256(signer.sign(_PURPOSE).encode()).digest()

    def path(self, digest: str, now_ms: int) -> str:
        """Where a phone reads the file, for so many days from now."""
        day = now_ms // DAY_MS - _EPOCH_DAYS + LINK_DAYS
        return f"{LINK_PATH}{_base32(day, DAY_CHARS)}{self._proof(digest, day)}"

    def linked(self, conn: Connection, code: str, now_ms: int) -> Drawing | None:
        """The drawing that a link's code opens today; None for one that ended or never was."""
        day = _number(code[:DAY_CHARS])
        if len(code) != DAY_CHARS + PROOF_CHARS or day is None:
            return None
        if day < now_ms // DAY_MS - _EPOCH_DAYS:
            return None
        proof = code[DAY_CHARS:].encode()
        for one in drawings(conn):
            if hmac.compare_digest(self._proof(one.digest, day).encode(), proof):
                return one
        return None

    def _proof(self, digest: str, day: int) -> str:
        made = hmac.digest(self._key, f"{digest} {day}".encode(), "sha256")
        number = int.from_bytes(made[:8]) >> (64 - 5 * PROOF_CHARS)
        return _base32(number, PROOF_CHARS)


def _holds(conn: Connection, digest: str) -> bool:
    asked = select(drawing_part.c.part).where(drawing_part.c.digest == digest).limit(1)
    return conn.execute(asked).first() is not None


def _drop_file(conn: Connection, before: Drawing | None) -> None:
    """Drop the file that a name had, unless it is still named."""
    if before is None:
        return
    asked = select(drawing.c.name).where(drawing.c.digest == before.digest).limit(1)
    if conn.execute(asked).first() is None:
        conn.execute(delete(drawing_part).where(drawing_part.c.digest == before.digest))


def _base32(number: int, chars: int) -> str:
    return "".join(ALPHABET[number >> 5 * n & 31] for n in reversed(range(chars)))


def _number(text: str) -> int | None:
    number = 0
    for sign in text:
        place = ALPHABET.find(sign)
        if place < 0:
            return None
        number = number * 32 + place
    return number
