"""What every event carries, and the types of its fields."""

from typing import Annotated, Final

from msgspec import Meta, Struct

TEXT_CHARS_MAX: Final = 2_000
NAME_CHARS_MAX: Final = 120

Id = Annotated[str, Meta(max_length=36)]
Name = Annotated[str, Meta(max_length=NAME_CHARS_MAX)]
Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Date = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]


class Part(Struct, frozen=True, omit_defaults=True):
    """A value inside an event."""


class Acceptance(Part, frozen=True):
    """A deviation that was knowingly overridden, and by whose badge."""

    deviation: Name
    by: Name


class Event(Struct, frozen=True, omit_defaults=True, tag_field="type", tag=True, kw_only=True):
    """What every event carries. The journal gives `id`, `n`, `act`, `boot`, `mono` and `saw`."""

    id: Id = ""
    n: Count = 0
    act: Id = ""
    at: Annotated[str, Meta(max_length=40)] = ""
    boot: Name = ""
    mono: Count = 0
    saw: tuple[str, int] | None = None
    station: Name = ""
    operator: Name = ""
    accepted: tuple[Acceptance, ...] = ()
