"""The home of bytes: event ↔ canonical JSON, the digest chain, messages of the exchange, limits.

The bytes of an event are made once, stored and sent as they are. Nobody re-serialises what was
hashed; fields and types that this version does not know are kept because the bytes are.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Union

import msgspec

from sync.domain.events import EVENT_TYPES, Event

BODY_BYTES_MAX: Final = 65_536
BATCH_EVENTS_MAX: Final = 2_000
BATCH_BYTES_MAX: Final = 4 * 1024 * 1024
FEED_EVENTS_MAX: Final = 500
FEED_WAIT_SECONDS_MAX: Final = 25
ORIGIN_CHARS: Final = 32


class WireError(ValueError):
    """A message of the exchange that cannot be read. The message says what and where.

    `line` is that of the push, the first is 1; 0 is the whole.
    """

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could be told of bytes that no known event type reads."""

    why: str
    id: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event's bytes as they are stored and sent, and what they mean."""

    body: bytes
    event: Event | Unknown

    @property
    def id(self) -> str:
        return self.event.id


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """How far a log is known: a number alone proves nothing, the hex digest there does."""

    seq: int
    digest: str


class FeedMark(msgspec.Struct, frozen=True, array_like=True):
    """How far a station has read the server's feed."""

    incarnation: str
    position: int
    digest: str

    def text(self) -> str:
        """The mark as it stands in a query: `incarnation.position.digest`."""
        return f"{self.incarnation}.{self.position}.{self.digest}"

    @classmethod
    def of(cls, text: str) -> "FeedMark":
        """The inverse of `text`; raises `WireError`."""
        try:
            incarnation, position, digest = text.split(".")
            return cls(incarnation, int(position), digest)
        except ValueError:
            raise WireError(f"feed mark {text[:80]!r}: want incarnation.position.digest") from None


class PushHeader(msgspec.Struct, frozen=True):
    """First line of a push. `low` is the first seq held and the digest before it.

    `incarnation` is the server's when it confirmed `after`. `numbers` are the highest granted to
    the station by kind, `wanted` how many more it asks for. `boot`, `mono` and `at` are the
    station's clocks as it sends; where `within` is not -1, an earlier answer told it that the
    server's time was `ahead` of this boot clock, within so much, when that stood at `measured`
    (all in milliseconds). `about` is what the station tells of itself (`sync.told`): read apart,
    so that no event waits where it cannot be read.
    """

    after: Mark
    low: Mark
    numbers: dict[str, int] = {}
    waiting: int = 0
    wanted: dict[str, int] = {}
    incarnation: str = ""
    boot: str = ""
    mono: int = 0
    at: str = ""
    ahead: int = 0
    within: int = -1
    measured: int = 0
    about: msgspec.Raw = msgspec.Raw(b"null")


class PushAnswer(msgspec.Struct, frozen=True):
    """`have` is the server's head for the origin; `sig` signs (origin, have, incarnation, time)."""

    have: Mark
    safe: int
    incarnation: str
    time: str
    sig: str = ""
    review: tuple[str, ...] = ()


class Review(msgspec.Struct, frozen=True):
    """An own event that the office has to look at: which, and in a sentence why."""

    id: str
    deviation: str
    text: str = ""


class OutcomeAnswer(msgspec.Struct, frozen=True):
    """What became of a station's events: all up to seq `counted` are in the views."""

    counted: int
    review: tuple[Review, ...] = ()


class RecoveredAnswer(msgspec.Struct, frozen=True):
    """How many of the offered office events the ledger had lost and has again."""

    stored: int


class FeedPage(msgspec.Struct, frozen=True):
    """A page of the feed or of a snapshot: event bodies as base64-free raw JSON, and its mark."""

    events: tuple[msgspec.Raw, ...]
    mark: FeedMark
    more: bool = False


_encoder: Final = msgspec.json.Encoder()
_events: Final = msgspec.json.Decoder(Union[tuple(EVENT_TYPES.values())])  # noqa: UP007
_header: Final = msgspec.json.Decoder(PushHeader)


class _Envelope(msgspec.Struct):
    id: str = ""
    type: str = ""


_envelope: Final = msgspec.json.Decoder(_Envelope)


def bytes_of(event: Event) -> int:
    """How many bytes an event has, be it larger than one may be."""
    return len(_encoder.encode(event))


def encode(event: Event) -> bytes:
    """Canonical bytes of an event that we made: compact JSON, declared order, defaults left out."""
    body = _encoder.encode(event)
    assert len(body) <= BODY_BYTES_MAX, f"{type(event).__name__} of {len(body)} bytes"
    return body


def recorded(event: Event) -> Recorded:
    """A fresh event with its bytes, which everyone can read."""
    body = encode(event)
    read = decode(body).event  # a value out of its range encodes well, and no one reads it again
    assert not isinstance(read, Unknown), f"{type(event).__name__} is unreadable: {read.why}"
    return Recorded(body, event)


def decode(body: bytes) -> Recorded:
    """Any bytes as a record; what cannot be read becomes `Unknown` and keeps its bytes."""
    try:
        body.decode()  # a field that no type reads may hold anything
        event: Event = _events.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return Recorded(body, _unknown(body, str(fault)))
    if not event.id:
        return Recorded(body, Unknown("no id", type=type(event).__name__))
    return Recorded(body, event)


def chain_start(origin: str) -> bytes:
    """digest(0) = sha256(origin)."""
    return hashlib.sha256(origin.encode()).digest()


def chain(digest: bytes, body: bytes) -> bytes:
    """digest(seq) = sha256(digest(seq−1) ‖ body)."""
    return hashlib.sha256(digest + body).digest()


def chained(digest: bytes, bodies: Iterable[bytes]) -> list[bytes]:
    """The digests after each body in turn."""
    digests = []
    for body in bodies:
        digest = hashlib.sha256(digest + body).digest()
        digests.append(digest)
    return digests


def push_message(header: PushHeader, bodies: Sequence[bytes]) -> bytes:
    """NDJSON: the header line, then one event's bytes a line."""
    return b"\n".join((_encoder.encode(header), *bodies)) + b"\n"


def read_push(message: bytes) -> tuple[PushHeader, list[bytes]]:
    """The inverse of `push_message`; event bytes are taken as they are, readable or not.

    Raises `WireError` for a header that cannot be read, or more than the limits allow.
    """
    first, _, rest = message.partition(b"\n")
    try:
        header = _header.decode(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise WireError(f"push header: {fault}", 1) from None
    bodies = rest.split(b"\n")
    if bodies and not bodies[-1]:
        bodies.pop()
    if len(bodies) > BATCH_EVENTS_MAX:
        raise WireError(f"push of {len(bodies)} events: at most {BATCH_EVENTS_MAX}")
    long = next((n for n, body in enumerate(bodies, 2) if len(body) > BODY_BYTES_MAX), 0)
    if long:
        raise WireError(f"line {long} is over {BODY_BYTES_MAX} bytes", long)
    return header, bodies


def signed_text(origin: str, have: Mark, incarnation: str, time: str) -> bytes:
    """What the server signs with its Ed25519 key."""
    return f"{origin} {have.seq} {have.digest} {incarnation} {time}".encode()


def _unknown(body: bytes, why: str) -> Unknown:
    try:
        envelope = _envelope.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unknown(why)
    return Unknown(why, envelope.id, envelope.type)
