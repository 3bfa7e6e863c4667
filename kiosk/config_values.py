"""The home of what a value of a configuration may be: readers take one, or say what they want."""

import difflib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from sync.domain.shifts import Shift, shift_of

Reader = Callable[[Any], Any]
NAME_CHARS_MAX: Final = 40


def text(value: object) -> str:
    """A line of text; raises ValueError."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError("want a line of text")
    return value.strip()


def name(value: object) -> str:
    """A name that fits a screen and a barcode; raises ValueError."""
    found = text(value)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", found) or len(found) > NAME_CHARS_MAX:
        raise ValueError(f"want at most {NAME_CHARS_MAX} letters, digits, '-', '_' or '.'")
    return found


def names(value: object) -> tuple[str, ...]:
    """A list of different names; raises ValueError."""
    if not isinstance(value, list) or not value:
        raise ValueError('want a list such as ["MIX-1"]')
    found = tuple(name(one) for one in value)
    if len(set(found)) < len(found):
        raise ValueError("names one twice")
    return found


def url(*schemes: str) -> Reader:
    """An address of one of the schemes; raises ValueError."""

    def read(value: object) -> str:
        found = text(value)
        if not any(found.startswith(scheme) and len(found) > len(scheme) for scheme in schemes):
            raise ValueError(f"want an address that begins with {' or '.join(schemes)}")
        return found

    return read


def whole(lowest: int, highest: int) -> Reader:
    """A whole number within limits; raises ValueError."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ValueError(f"want a whole number from {lowest} to {highest}")
        return value

    return read


def shifts(value: object) -> tuple[Shift, ...]:
    """A list of different shifts; raises ValueError."""
    if not isinstance(value, list) or not value:
        raise ValueError('want a list such as ["06:00-14:00", "14:00-22:00", "22:00-06:00"]')
    found = []
    for one in value:
        try:
            found.append(shift_of(text(one)))
        except ValueError as fault:
            raise ValueError(f"{one}: {fault}") from None
    if len(set(found)) < len(found):
        raise ValueError("names one twice")
    return tuple(found)


def choice(*allowed: object) -> Reader:
    """One of some values; raises ValueError."""

    def read(value: object) -> object:
        if value not in allowed or isinstance(value, bool):
            raise ValueError(f"want one of {', '.join(map(str, allowed))}{nearest(value, allowed)}")
        return value

    return read


def flag(value: object) -> bool:
    """True or false; raises ValueError."""
    if not isinstance(value, bool):
        raise ValueError("want true or false, without quotes")  # noqa: TRY004 — one kind for all
    return value


def nearest(value: object, allowed: Sequence[object]) -> str:
    """` (did you mean …?)` where something is near."""
    near = difflib.get_close_matches(str(value), [str(one) for one in allowed], 1)
    return f" (did you mean {near[0]}?)" if near else ""
