"""The home of strict reading: one TOML table, taken key by key; what is left is refused.

Raises TemplateError.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from labels.primitives import TemplateError, shown
from labels.template import MEDIA_MM_MAX, Point, line_of
from labels.template_lines import Path, line_at


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its name, the lines of its paths, and by what errors may call them."""

    file: str
    lines: Mapping[Path, int]
    named: dict[str, int]


class Table:
    """`where` is what errors call it."""

    def __init__(self, source: Source, where: str, path: Path, data: object) -> None:
        self.source = source
        self.path = path
        self.where = where
        self._known: list[str] = []
        self.named[where] = line_at(source.lines, path)
        if not isinstance(data, dict):
            raise self.refuse("", f"must be a table, not {shown(data)}")
        self._left = dict(data)
        self.name(where)

    @property
    def named(self) -> dict[str, int]:
        """The line of whatever errors may name, so far."""
        return self.source.named

    def name(self, where: str) -> None:
        """What errors call it and its keys from now on."""
        self.where = where
        self.named[where] = line_at(self.source.lines, self.path)
        for key in self._left:
            self.named[f"{where}.{key}"] = line_at(self.source.lines, (*self.path, key))

    def refuse(self, key: str, reason: str) -> TemplateError:
        field = f"{self.where}.{key}" if key else self.where
        return TemplateError(self.source.file, field, reason, line_of(self.named, field))

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """The value of `key`, which must be there unless there is a default."""
        self._known.append(key)
        value = self._left.pop(key, default)
        if value is None:
            near = get_close_matches(key, self._left, 1)
            raise self.refuse(key, f"is missing; is {near[0]} it?" if near else "is missing")
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.refuse(key, f"must be a {kind.__name__}, not {shown(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text, not empty unless it is called `value` or has a default."""
        value = str(self.take(key, str, default))
        if key != "value" and default is None and not value:
            raise self.refuse(key, "is empty")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """One text or an array of them; none by default."""
        value = self.take(key, object, [])
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or any(type(one) is not str or not one for one in found):
            raise self.refuse(key, f"must be a name or an array of names, not {shown(value)}")
        return tuple(found)

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """One of the texts that are `allowed`."""
        value = self.text(key, default)
        if value not in allowed:
            raise self.refuse(key, f"{shown(value)} is none of {', '.join(allowed)}")
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = int(self.take(key, int, default))
        if not low <= value <= high:
            raise self.refuse(key, f"{shown(value)} is not within {low} and {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """Millimetres from `low` to `high`."""
        value = self.take(key, object, default)
        if type(value) not in {int, float}:
            raise self.refuse(key, f"must be a number in mm, not {shown(value)}")
        if not low <= value <= high:
            raise self.refuse(key, f"{shown(value)} mm is not within {low:g} and {high:g} mm")
        return float(value)

    def point(self, key: str) -> Point:
        """Two lengths in mm: from the left and the top, or across and down."""
        pair = self.take(key, list)
        if len(pair) != 2 or any(type(one) not in {int, float} for one in pair):
            raise self.refuse(key, f"must be two numbers in mm, not {shown(pair)}")
        if not all(0 <= one <= MEDIA_MM_MAX for one in pair):
            raise self.refuse(key, f"{shown(pair)} is not within 0 and {MEDIA_MM_MAX:g} mm")
        return float(pair[0]), float(pair[1])

    def names(self) -> tuple[str, ...]:
        """The keys that are left."""
        return tuple(self._left)

    def table(self, key: str, default: dict[str, Any] | None = None) -> "Table":
        data = self.take(key, object, default)
        where = key if self.where == "file" else f"{self.where}.{key}"
        return Table(self.source, where, (*self.path, key), data)

    def tables(self, key: str, default: list[Any] | None = None) -> list["Table"]:
        """An array of tables; errors call each `key` and its number."""
        entries = self.take(key, list, default)
        around = "" if self.where == "file" else f"{self.where}."
        return [
            Table(self.source, f"{around}{key} {place}", (*self.path, key, place), entry)
            for place, entry in enumerate(entries, 1)
        ]

    def finish(self) -> None:
        """Refuses the first key that nobody took."""
        for key in self._left:
            near = get_close_matches(key, self._known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise self.refuse(key, f"is not known{hint}")
