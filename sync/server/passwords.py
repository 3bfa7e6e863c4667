"""The home of passwords: Argon2id (RFC 9106) in PHC form, at most two at a time, in threads.

A hash takes 19 MiB and tens of milliseconds by intention; many at once would stop the server.
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from sync.server.wording import Said

HASHES_AT_ONCE: Final = 2
PASSWORD_CHARS_MIN: Final = 10
PASSWORD_CHARS_MAX: Final = 200
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
ITERATIONS: Final = 2
LANES: Final = 1
MEMORY_KIBIBYTES: Final = 19_456  # OWASP's least for t = 2
_threads: Final = ThreadPoolExecutor(HASHES_AT_ONCE, thread_name_prefix="passwords")
_NOBODYS: Final[list[str]] = []


def hashed(password: str) -> str:
    """What is kept of a password."""
    kdf = Argon2id(
        salt=secrets.token_bytes(SALT_BYTES),
        length=HASH_BYTES,
        iterations=ITERATIONS,
        lanes=LANES,
        memory_cost=MEMORY_KIBIBYTES,
    )
    return kdf.derive_phc_encoded(password.encode())


def matches(password: str, kept: str) -> bool:
    """Whether it is the password; takes as long where nothing is kept: names stay unknown."""
    if not kept:
        if not _NOBODYS:
            _NOBODYS.append(hashed(secrets.token_hex()))
        _verified(password, _NOBODYS[0])
        return False
    return _verified(password, kept)


async def hashed_async(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_threads, hashed, password)


async def matches_async(password: str, kept: str) -> bool:
    return await asyncio.get_running_loop().run_in_executor(_threads, matches, password, kept)


def weakness(password: str, account: str) -> Said | None:
    """Why a password is not taken; nothing where it is."""
    if len(password) < PASSWORD_CHARS_MIN:
        return Said("password.short", count=len(password), least=PASSWORD_CHARS_MIN)
    if len(password) > PASSWORD_CHARS_MAX:
        return Said("password.long", count=len(password), most=PASSWORD_CHARS_MAX)
    if len(set(password)) < PASSWORD_CHARS_MIN // 2 or account.lower() in password.lower():
        return Said("password.weak")
    return None


def _verified(password: str, kept: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), kept)
    except (InvalidKey, ValueError):
        return False
    return True
