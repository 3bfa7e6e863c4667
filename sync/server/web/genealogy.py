"""Where the boxes and lines of a lot's genealogy stand: what went in left, what came out right."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sync.domain.trace import Link, Node, Step

BOX_WIDTH: Final = 190
BOX_HEIGHT: Final = 46
COLUMN_GAP: Final = 70
ROW_GAP: Final = 14
BOXES_OF_COLUMN_MAX: Final = 10
COLUMNS_OF_SIDE_MAX: Final = 4
NAME_CHARS_MAX: Final = 25


@dataclass(frozen=True, slots=True)
class Box:
    """A lot at its place, in pixels from the upper left."""

    node: Node
    x: int
    y: int
    is_asked: bool = False

    @property
    def title(self) -> str:
        return _short(self.node.lot)

    @property
    def below(self) -> str:
        return _short(self.node.material)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole picture; `left_out` lots did not fit and stand in the table only."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    left_out: int


def drawing(asked: Node, sources: Iterable[Step], uses: Iterable[Step]) -> Drawing:
    """The picture of what went into a lot and what it went into."""
    into, out = list(sources), list(uses)
    left = _columns(into, lambda link: link.parent, {asked})
    right = _columns(out, lambda link: link.child, {asked})
    columns = [*reversed(left[:COLUMNS_OF_SIDE_MAX]), [asked], *right[:COLUMNS_OF_SIDE_MAX]]
    tallest = max(min(len(column), BOXES_OF_COLUMN_MAX) for column in columns)
    height = tallest * (BOX_HEIGHT + ROW_GAP) + ROW_GAP
    placed = {
        box.node: box
        for rank, column in enumerate(columns)
        for box in _stacked(column[:BOXES_OF_COLUMN_MAX], rank, height, asked)
    }
    links = {step.link for step in (*into, *out)}
    lines = {_line(placed[one.parent], placed[one.child]) for one in links
             if one.parent in placed and one.child in placed}  # fmt: skip
    width = len(columns) * (BOX_WIDTH + COLUMN_GAP) - COLUMN_GAP + 2
    known = sum(map(len, (*left, *right))) + 1
    boxes = tuple(placed.values())
    return Drawing(width, height, boxes, tuple(sorted(lines)), known - len(placed))


def _columns(
    steps: Iterable[Step], end: Callable[[Link], Node], entered: set[Node]
) -> list[list[Node]]:
    """The lots of each level, each lot once, at its nearest level."""
    levels: dict[int, list[Node]] = {}
    for step in sorted(steps):
        node = end(step.link)
        if node not in entered:
            entered.add(node)
            levels.setdefault(step.level, []).append(node)
    return [levels[level] for level in sorted(levels)]


def _stacked(column: list[Node], rank: int, height: int, asked: Node) -> list[Box]:
    x = rank * (BOX_WIDTH + COLUMN_GAP) + 1
    used = len(column) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP
    top = (height - used) // 2
    return [
        Box(node, x, top + row * (BOX_HEIGHT + ROW_GAP), node == asked)
        for row, node in enumerate(column)
    ]


def _line(parent: Box, child: Box) -> str:
    """An SVG path from the right side of one box to the left side of another."""
    x1, y1 = parent.x + BOX_WIDTH, parent.y + BOX_HEIGHT // 2
    x2, y2 = child.x, child.y + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"


def _short(name: str) -> str:
    return name if len(name) <= NAME_CHARS_MAX else f"{name[: NAME_CHARS_MAX - 1]}…"
