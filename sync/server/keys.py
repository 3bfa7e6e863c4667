"""The home of the data folder's secrets: signing key, admin token; files of mode 0600.

KeyFileError     a key file cannot be read or made; the message names it and the next step
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sync.server.errors import ServerError

TOKEN_BYTES: Final = 32
KEY_BYTES: Final = 32
ADMIN_TOKEN: Final = "admin.token"  # noqa: S105 — a file's name
SIGNING_KEY: Final = "signing.key"


class KeyFileError(ServerError):
    """Operating trouble with a key file."""


class Signer:
    """Signs the server's answers with Ed25519; keys and signatures as hexadecimal text."""

    def __init__(self, key: bytes) -> None:
        # Commands that speak to a running server need the token only: spare them the library.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign(self, text: bytes) -> str:
        return self._key.sign(text).hex()


def new_token() -> str:
    """A secret of 256 random bits, in characters that fit a header and a file."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def signer_of(data: Path) -> Signer:
    """The data folder's signing key, made at the first call; raises `KeyFileError`."""
    path = data / SIGNING_KEY
    text = kept(path, lambda: secrets.token_bytes(KEY_BYTES).hex())
    try:
        return Signer(bytes.fromhex(text))
    except ValueError:
        raise KeyFileError(
            f"{path}: no Ed25519 key of {KEY_BYTES} bytes; put it back from the backup"
        ) from None


def admin_token_of(data: Path) -> str:
    """The data folder's admin token, made at the first call; raises `KeyFileError`."""
    path = data / ADMIN_TOKEN
    token = kept(path, new_token)
    if len(token) < TOKEN_BYTES:
        raise KeyFileError(f"{path}: too short for a token; delete it and start again")
    return token


def kept(path: Path, make: Callable[[], str]) -> str:
    """The text of a secret's file, made at the first call; raises `KeyFileError`."""
    try:
        if path.exists():
            return path.read_text(encoding="ascii").strip()
    except OSError as fault:
        raise KeyFileError(f"{path}: {fault.strerror}; look at disk space and rights") from None
    except UnicodeError:
        raise KeyFileError(f"{path}: holds no text; put it back from the backup") from None
    text = make()
    write_secret(path, text)
    return text


def write_secret(path: Path, text: str) -> None:
    """Replace a file that only its owner reads, the old or the new whole; raises `KeyFileError`."""
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except OSError as fault:
        raise KeyFileError(f"{path}: {fault.strerror}; look at disk space and rights") from None
