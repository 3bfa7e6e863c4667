"""The home of the folded image: a cache of the Shop beside the journal that makes the start quick.

It is believed only if it was made by the same version of the folding code from the same journal;
in every other case, and when it cannot be read, the whole journal is folded instead.
"""

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

import sync.domain
from sync.domain.shop import Shop

IMAGE_NAME: Final = "shop.image"
_HASH_BYTES: Final = 32


class _Image(msgspec.Struct, array_like=True):
    """`id` is that of the event at `local`, which another copy of the journal would not have."""

    version: str
    local: int
    id: str
    shop: msgspec.Raw


@cache
def fold_version() -> str:
    """The hash of the code that folds: a changed fold makes every older image invalid."""
    digest = sha256(msgspec.__version__.encode())
    for source in sorted(Path(sync.domain.__path__[0]).rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def save(folder: Path, shop: Shop, local: int, event_id: str) -> None:
    """Replace the image whole, so that a reader sees the old or the new one; raises `OSError`.

    What a full disk took of it is given back.
    """
    encode = msgspec.msgpack.encode
    packed = encode(_Image(fold_version(), local, event_id, msgspec.Raw(encode(shop))))
    fresh = folder / f"{IMAGE_NAME}.new"
    try:
        fresh.write_bytes(sha256(packed).digest() + packed)
        fresh.replace(folder / IMAGE_NAME)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def load(folder: Path, connection: sqlite3.Connection) -> tuple[Shop, int] | None:
    """The folded shop and the `local` it reaches, or nothing where the image is not to be used."""
    try:
        content = (folder / IMAGE_NAME).read_bytes()
    except OSError:
        return None
    packed = memoryview(content)[_HASH_BYTES:]
    if sha256(packed).digest() != content[:_HASH_BYTES]:
        return None
    try:
        image = msgspec.msgpack.decode(packed, type=_Image)
        if image.version != fold_version() or id_at(connection, image.local) != image.id:
            return None
        return msgspec.msgpack.decode(image.shop, type=Shop), image.local
    except msgspec.DecodeError:
        return None


def reach(folder: Path, connection: sqlite3.Connection) -> int:
    """The `local` up to which an image spares the folding, 0 where there is none to be used."""
    try:
        with (folder / IMAGE_NAME).open("rb") as file:
            image = msgspec.msgpack.decode(memoryview(file.read())[_HASH_BYTES:], type=_Image)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return 0
    is_ours = image.version == fold_version() and id_at(connection, image.local) == image.id
    return image.local if is_ours else 0


@contextmanager
def nothing_thrown_away() -> Iterator[None]:
    """No search for garbage while hundreds of thousands of lasting objects are made."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def id_at(connection: sqlite3.Connection, local: int) -> str:
    """The id of the event there, or nothing."""
    found = connection.execute("SELECT id FROM event WHERE local = ?", (local,)).fetchone()
    return found[0] if found else ""
