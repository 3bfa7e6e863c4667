"""The home of how a PIN is kept: `pbkdf2$rounds$salt$digest`.

PBKDF2-HMAC-SHA-256 (RFC 8018), digest in hex. The office writes it, the terminal checks it offline.
"""

import hashlib
import hmac
from typing import Final

PIN_ROUNDS: Final = 100_000
ROUNDS_MAX: Final = 2_000_000


def kept(pin: str, salt: str, rounds: int) -> str:
    """A PIN as it is kept."""
    return f"pbkdf2${rounds}${salt}${_digest(pin, salt, rounds)}"


def matches(pin: str, stored: str) -> bool:
    """Whether a kept text is of this PIN; one that cannot be read is of none."""
    parts = stored.split("$")
    if len(parts) != 4 or parts[0] != "pbkdf2" or not parts[1].isdecimal():
        return False
    rounds = int(parts[1])
    if not 0 < rounds <= ROUNDS_MAX:
        return False
    return hmac.compare_digest(_digest(pin, parts[2], rounds).encode(), parts[3].encode())


def _digest(pin: str, salt: str, rounds: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt.encode(), rounds).hex()
