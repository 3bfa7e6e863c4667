"""Reversible events as msgpack: what a shop keeps of tens of thousands of them in memory."""

from functools import reduce
from operator import or_
from typing import Any, Final

import msgspec

from sync.domain.events import REVERSIBLE, Event

_REVERSIBLE_TYPES: Final[Any] = reduce(or_, REVERSIBLE)
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final[msgspec.msgpack.Decoder[Event]] = msgspec.msgpack.Decoder(_REVERSIBLE_TYPES)


def packed(event: Event) -> bytes:
    """A reversible event as bytes; not the bytes that are stored, sent and hashed."""
    return _encoder.encode(event)


def unpacked(body: bytes) -> Event:
    """The inverse of `packed`."""
    return _decoder.decode(body)
