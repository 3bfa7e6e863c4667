"""The home of what the server says to people: sentences by key, and what is said before it is one.

A fault carries a `Said`: a key of `texts/refusals.*.toml` and the values of its sentence. Programs,
logs and the command line read it in English (`str`); a page tells it in the language of its
visitor. Reads nothing but the texts beside it, each language once.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, Union

from sync.domain.quantity import Quantity
from sync.domain.spoken import SpokenError

TEXTS: Final = Path(__file__).parent / "texts"
ENGLISH: Final = "en"
AREA: Final = "refusals"
Value: TypeAlias = Union[
    str, int, date, Quantity, SpokenError, "Said", "Native", tuple["Value", ...]
]


@dataclass(frozen=True, slots=True)
class Native:
    """Words whose English stands elsewhere: other languages know them by a key of the area."""

    key: str
    english: str


class Said:
    """Something to tell: `key` is of the area `refusals`, or whole as `frame.status.held`."""

    __slots__ = ("key", "values")

    def __init__(self, key: str, /, **values: Value) -> None:
        self.key: Final = key
        self.values: Final[Mapping[str, Value]] = values

    def __str__(self) -> str:
        return tell(self)

    def __repr__(self) -> str:
        return f"Said({self.key!r}, {self.values!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Said):
            return NotImplemented
        return (self.key, self.values) == (other.key, other.values)

    def __hash__(self) -> int:
        return hash(self.key)


def tell(
    value: object, language: str = ENGLISH, show: Callable[[Any, str], str] | None = None
) -> str:
    """A sentence with its values in a language; `show` writes amounts, days and numbers."""
    if isinstance(value, Said):
        told = {name: tell(one, language, show) for name, one in value.values.items()}
        return text_of(value.key, language).format_map(told)
    if isinstance(value, SpokenError):
        told = {name: tell(one, language, show) for name, one in value.values.items()}
        return catalogue(language).get(f"{AREA}.{value.key}", value.sentence).format_map(told)
    if isinstance(value, Native):
        return catalogue(language).get(f"{AREA}.{value.key}", value.english)
    if isinstance(value, tuple):
        return ", ".join(tell(one, language, show) for one in value)
    return show(value, language) if show is not None else str(value)


def text_of(key: str, language: str) -> str:
    """The text of a key of the area or of all; English where the language lacks it."""
    own, english = catalogue(language), catalogue(ENGLISH)
    whole = f"{AREA}.{key}"
    return own.get(whole) or english.get(whole) or own.get(key) or english[key]


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every text of a language by its key."""
    found: dict[str, str] = {}
    for path in sorted(TEXTS.glob(f"*.{language}.toml")):
        area = path.name.split(".")[0]
        found.update(_flat(area, tomllib.loads(path.read_text(encoding="utf-8"))))
    return found


def _flat(prefix: str, part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", str(value)


def said_by(fault: "Exception") -> Value:
    """What a fault carries to be told; its English sentence where that is all."""
    if isinstance(fault, SpokenError):
        return fault
    said = getattr(fault, "said", None)
    return said if isinstance(said, Said) else str(fault)


# --- words that stand in sentences ---------------------------------------------------------------


def somebody(name: str) -> Value:
    """Who it was, or that nobody knows."""
    return name or Said("word.somebody")


def day_or_open(written: str) -> Value:
    """An ISO date, or that none is set."""
    try:
        return date.fromisoformat(written)
    except ValueError:
        return Said("word.open")


def status_word(status: str) -> Value:
    """`held` as people say it; a word that is no status stays."""
    key = f"frame.status.{status}"
    return Said(key) if key in catalogue(ENGLISH) else Said("word.settled")


def field_word(field: str) -> Value:
    """A field as forms call it: `quantity.2` is the quantity of the third row."""
    name, _, row = field.removeprefix("beside_").partition(".")
    key = f"field.{name.replace(' ', '_')}"
    known = f"{AREA}.{key}" in catalogue(ENGLISH)
    word: Value = Said(key) if known else name.replace("_", " ")
    return Said("word.of_row", what=word, row=int(row) + 1) if row.isdigit() else word


def some(names: tuple[Value, ...], more: int) -> Value:
    """Some names, and how many more there are."""
    return Said("word.and_more", names=names, count=more) if more > 0 else names


def either(words: Iterable[str]) -> Value:
    """`available or blocked`."""
    first, *others = words
    told: Value = first
    for other in others:
        told = Said("word.either", one=told, other=other)
    return told
