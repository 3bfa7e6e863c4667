"""What a label consists of once it is placed: dots, texts, lines, boxes, symbols; and what breaks.

LabelError(Exception)     a label cannot be made
  TemplateError           a template is refused at load: file, line, field, reason
  ValueRefusedError       this record does not go on this label: field, value, reason
  SymbolError             a symbol cannot be built, or reads back as something else
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

SymbolKind = Literal[
    "code128",
    "gs1-128",
    "code39",
    "itf14",
    "ean13",
    "ean8",
    "upca",
    "datamatrix",
    "gs1-datamatrix",
    "qr",
    "gs1-qr",
    "pdf417",
    "aztec",
]
# Modules that stay white: (left, right) of linear symbols, on all sides of the others (ISO/IEC
# 15417, 16388, 16390, 15420, 16022, 18004, 15438, 24778).
QUIET_MODULES: dict[SymbolKind, tuple[int, int]] = {
    "code128": (10, 10),
    "gs1-128": (10, 10),
    "code39": (10, 10),
    "itf14": (10, 10),
    "ean13": (11, 7),
    "ean8": (7, 7),
    "upca": (9, 9),
    "datamatrix": (1, 1),
    "gs1-datamatrix": (1, 1),
    "qr": (4, 4),
    "gs1-qr": (4, 4),
    "pdf417": (2, 2),
    "aztec": (0, 0),
}
LINEAR_KINDS: frozenset[SymbolKind] = frozenset(
    {"code128", "gs1-128", "code39", "itf14", "ean13", "ean8", "upca"}
)


SHOWN_CHARS_MAX = 60  # of a value that stands in a message


class LabelError(Exception):
    """A label cannot be made."""


class TemplateError(LabelError):
    """A template is refused. `line` counts from 1; 0 where the file has none to name."""

    def __init__(self, file: str, field: str, reason: str, line: int = 0) -> None:
        place = f"{file}:{line}" if line else file
        super().__init__(f"{place}: {field}: {reason}")
        self.file = file
        self.line = line
        self.field = field
        self.reason = reason


class ValueRefusedError(LabelError):
    """A record's value cannot stand on the label."""

    def __init__(self, field: str, value: str, reason: str) -> None:
        super().__init__(f"label field {field} = {shown(value)}: {reason}")
        self.field = field
        self.value = value
        self.reason = reason


class SymbolError(LabelError):
    """A symbol cannot be built, or its read-back differs from what it should say."""


def shown(value: object) -> str:
    """`value` as a message names it: of something long the beginning."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]} …"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A barcode in whole modules, without quiet zone.

    `rows`: "1" is dark; one row where the symbol is linear. `content` and `aim`: what a scanner
    sends. `words`: Code 128 code words without check character and stop, empty otherwise.
    """

    kind: SymbolKind
    rows: tuple[str, ...]
    content: str
    aim: str
    words: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        return len(self.rows[0])

    @property
    def is_linear(self) -> bool:
        return self.kind in LINEAR_KINDS

    @property
    def quiet(self) -> int:
        """Modules of the quiet zone left of it and, unless it is linear, above and below."""
        return QUIET_MODULES[self.kind][0]

    @property
    def quiet_right(self) -> int:
        return QUIET_MODULES[self.kind][1]

    @property
    def modules_across(self) -> int:
        """Its width with both quiet zones."""
        return self.quiet + self.width + self.quiet_right


Build = Callable[[SymbolKind, str], Symbol]
Weight = Literal["bold", "regular"]


class Letters(Protocol):
    """The letters that all outputs can show."""

    def covers(self, char: str, /) -> bool: ...

    def width(self, text: str, height_dots: int, /) -> int:
        """The most dots that `text` takes in any output."""
        ...


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in dots, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    def overlaps(self, other: "Area") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: "Area") -> bool:
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: (x, y) its top left dot, `height` the font's, `width` the room it has."""

    x: int
    y: int
    height: int
    width: int
    value: str
    weight: Weight = "bold"

    @property
    def areas(self) -> tuple[Area, ...]:
        return (Area(self.x, self.y, self.x + self.width, self.y + self.height),)


@dataclass(frozen=True, slots=True)
class Line:
    """A black bar, level or upright."""

    x: int
    y: int
    width: int
    height: int

    @property
    def areas(self) -> tuple[Area, ...]:
        return (Area(self.x, self.y, self.x + self.width, self.y + self.height),)


@dataclass(frozen=True, slots=True)
class Box:
    """A frame whose border lies inside the given size."""

    x: int
    y: int
    width: int
    height: int
    thickness: int

    @property
    def areas(self) -> tuple[Area, ...]:
        right, bottom, thick = self.x + self.width, self.y + self.height, self.thickness
        return (
            Area(self.x, self.y, right, self.y + thick),
            Area(self.x, bottom - thick, right, bottom),
            Area(self.x, self.y, self.x + thick, bottom),
            Area(right - thick, self.y, right, bottom),
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A symbol at (x, y), its top left dark dot; `module` dots wide, `height` dots high."""

    x: int
    y: int
    symbol: Symbol
    module: int
    height: int

    @property
    def areas(self) -> tuple[Area, ...]:
        """The symbol with its quiet zone."""
        quiet = self.symbol.quiet * self.module
        above = 0 if self.symbol.is_linear else quiet
        return (
            Area(
                self.x - quiet,
                self.y - above,
                self.x + (self.symbol.width + self.symbol.quiet_right) * self.module,
                self.y + self.height + above,
            ),
        )


Primitive = Text | Line | Box | Placed


@dataclass(frozen=True, slots=True)
class Layout:
    """A whole label in dots of a head of `dpi`."""

    name: str
    dpi: int
    width: int
    height: int
    primitives: tuple[Primitive, ...]

    @property
    def symbols(self) -> tuple[Placed, ...]:
        return tuple(one for one in self.primitives if isinstance(one, Placed))
