"""The home of how a station knows its server: the pin of its TLS key, and the one-time code.

A pin is the SHA-256 of a certificate's public key (SubjectPublicKeyInfo), as hexadecimal text: it
outlives a renewed certificate. A code of a server with a pin is `CODE-CHECK`: CHECK binds the pin
to this one CODE, so who does not know the code cannot look for a key that fits, and the code is
told to nobody whose key does not fit.
"""

import hashlib
import hmac
import ssl
from collections.abc import Callable
from typing import Any, Final, Self

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
CODE_CHARS: Final = 10
CHECK_CHARS: Final = 8
CHECK_BITS: Final = 5 * CHECK_CHARS
_LOOKALIKES: Final = str.maketrans("ILO", "110", "- ")


class UnprovedError(ssl.SSLError):
    """The peer's key is not the pinned one; nothing was sent to it."""


class PinnedContext(ssl.SSLContext):
    """TLS that is up only with a peer whose pin `proves` accepts; names and dates say nothing.

    The peer has shown that it holds the key when the handshake returns, and nothing else was sent
    until then.
    """

    proves: Callable[[str], bool]

    def __new__(cls, proves: Callable[[str], bool]) -> Self:
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        made.proves = proves
        return made

    def wrap_socket(self, *given: Any, **named: Any) -> ssl.SSLSocket:
        """Raises `UnprovedError` after the handshake with anybody else."""
        made = super().wrap_socket(*given, **named)
        try:
            self._prove(made.getpeercert(binary_form=True))
        except BaseException:
            made.close()
            raise
        return made

    def wrap_bio(self, *_given: Any, **_named: Any) -> ssl.SSLObject:
        """A way that would not be proved."""
        raise UnprovedError("a pinned connection goes over a socket of its own")

    def _prove(self, certificate: bytes | None) -> None:
        try:
            pin = pin_of(certificate or b"")
        except ValueError:
            raise UnprovedError("the certificate cannot be read") from None
        if not self.proves(pin):
            raise UnprovedError(f"its key has the fingerprint {pin[:16]}…")


def is_unproved(fault: BaseException | None) -> bool:
    """Whether a failure to connect was our own refusal of the peer's key."""
    while fault is not None and not isinstance(fault, UnprovedError):
        fault = fault.__cause__ or fault.__context__
    return fault is not None


def pinned(pin: str) -> PinnedContext:
    """TLS with the one server whose pin this is."""
    return PinnedContext(lambda seen: hmac.compare_digest(seen, pin))


def pin_of(certificate: bytes) -> str:
    """The pin of a certificate (DER); raises ValueError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    try:
        key = load_der_x509_certificate(certificate).public_key()
    except UnsupportedAlgorithm as fault:
        raise ValueError(str(fault)) from None
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def plain_code(text: str) -> str:
    """A code as it is compared: capitals, without hyphens, look-alikes as Crockford reads them."""
    return text.upper().translate(_LOOKALIKES)


def check_of(code: str, pin: str) -> str:
    """The 40 bits that bind a pin to a code, in Crockford's base 32."""
    digest = hashlib.sha256(f"floor-kiosk enrolment {plain_code(code)} {pin}".encode()).digest()
    number = int.from_bytes(digest, "big") >> (8 * len(digest) - CHECK_BITS)
    return "".join(ALPHABET[number >> 5 * n & 31] for n in reversed(range(CHECK_CHARS)))


def with_check(code: str, pin: str) -> str:
    """The code as people get it: with the check of the server's pin, if it has one."""
    return f"{code}-{check_of(code, pin)}" if pin else code


def split_code(text: str) -> tuple[str, str]:
    """Code and check of what was typed or scanned, the check empty where there is none.

    Raises ValueError for a length that neither has: a part of the secret must not go anywhere.
    """
    plain = plain_code(text)
    if len(plain) == CODE_CHARS + CHECK_CHARS:
        return plain[:CODE_CHARS], plain[CODE_CHARS:]
    if len(plain) > CODE_CHARS:
        raise ValueError(
            f"a code has {CODE_CHARS} or {CODE_CHARS + CHECK_CHARS} characters, not {len(plain)}"
        )
    return text, ""
