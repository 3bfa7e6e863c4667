"""The home of what a push says: its header checked, each body read once, its chain linked.

Everything costly (decoding, digests) is done here, outside the writer. What cannot be read is an
entry like any other, with the reason: no text of an entry holds what a database column cannot.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from sync.domain.events import order_of
from sync.wire import ORIGIN_CHARS, Mark, PushHeader, Unknown, chain_start, chained, decode

SEQ_MAX: Final = 2**53
DIGEST_HEX_CHARS: Final = 64
ID_CHARS_MAX: Final = 36
WHY_CHARS_MAX: Final = 400
ORIGIN: Final = "origin"
_HEX: Final = frozenset("0123456789abcdef")
_NUL: Final = b"\\u0000"


class HeaderError(ValueError):
    """A push header that contradicts itself; the message names the field, `field` is its name."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


class Entry(NamedTuple):
    """An event as the ledger's columns want it."""

    id: str
    type: str
    act: str
    station: str
    order_number: str
    body: bytes
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A push, read: `digests[i]` is the chain's after `entries[i]`, from the mark `after` on."""

    origin: str
    station: str
    header: PushHeader
    entries: list[Entry]
    digests: list[bytes]


@dataclass(frozen=True, slots=True)
class Head:
    """How far the server holds an origin."""

    seq: int
    digest: bytes

    @property
    def mark(self) -> Mark:
        return Mark(self.seq, self.digest.hex())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a push, under which incarnation; `owner` is the origin's, if another's.

    `stored` counts the station's events, `granted` the office's that the push asked for.
    """

    have: Mark
    safe: int = 0
    stored: int = 0
    review: tuple[str, ...] = ()
    fork: bool = False
    owner: str = ""
    incarnation: str = ""
    granted: int = 0


def prepare(origin: str, station: str, header: PushHeader, bodies: Sequence[bytes]) -> Batch:
    """Check the header, decode every body once, link the chain; raises `HeaderError`."""
    check_origin(origin)
    _check_mark("after", header.after)
    _check_mark("low", header.low)
    if not 1 <= header.low.seq <= header.after.seq + 1:
        raise HeaderError(
            f"low is {header.low.seq}, after is {header.after.seq}: want low <= after + 1", "low"
        )
    if header.after.seq == 0 and header.after.digest != chain_start(origin).hex():
        raise HeaderError("after: the digest at 0 is the SHA-256 of the origin", "after")
    digests = chained(bytes.fromhex(header.after.digest), bodies)
    return Batch(origin, station, header, [entry_of(body) for body in bodies], digests)


def check_origin(origin: str) -> None:
    """Raises `HeaderError` for a name that no journal has."""
    if len(origin) != ORIGIN_CHARS or not _HEX.issuperset(origin):
        raise HeaderError(f"origin {origin[:40]!r}: want {ORIGIN_CHARS} hexadecimal digits", ORIGIN)


def entry_of(body: bytes) -> Entry:
    """Any bytes as a row; what cannot be read says why and is named by its id or its digest."""
    event = decode(body).event
    if isinstance(event, Unknown):
        return _quarantined(body, event.why, event.id, event.type)
    if _NUL in body and _holds_nul(body):
        return _quarantined(body, "a text holds the character NUL", event.id, type(event).__name__)
    kind = type(event).__name__
    return Entry(event.id, kind, event.act, event.station, order_of(event), body)


def _check_mark(name: str, mark: Mark) -> None:
    if not 0 <= mark.seq <= SEQ_MAX:
        raise HeaderError(f"{name}: seq {mark.seq} is out of range", name)
    if len(mark.digest) != DIGEST_HEX_CHARS or not _HEX.issuperset(mark.digest):
        said = f"{name}: the digest is not {DIGEST_HEX_CHARS} hexadecimal digits"
        raise HeaderError(said, name)


def _quarantined(body: bytes, why: str, name: str, kind: str) -> Entry:
    """A row whose texts any database holds: the reason may quote what was sent, NUL and all."""
    clean = 0 < len(name) <= ID_CHARS_MAX and name.isprintable()
    readable_kind = kind if kind.isprintable() else ""
    reason = "".join(char if char.isprintable() else "?" for char in why[:WHY_CHARS_MAX])
    return Entry(
        name if clean else digest_name(body), readable_kind[:ID_CHARS_MAX], "", "", "", body, reason
    )


def digest_name(body: bytes) -> str:
    """The name in quarantine of bytes that have no id of their own."""
    return f"?{hashlib.sha256(body).hexdigest()}"


def _holds_nul(body: bytes) -> bool:
    """Whether any text does, or is nested too deep to be looked at."""
    try:
        waiting = [msgspec.json.decode(body)]
    except (msgspec.DecodeError, RecursionError):
        return True
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and "\0" in value:
            return True
    return False
