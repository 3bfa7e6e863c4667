"""Charts that a person can read: SVG with a title, words and numbers in it, colours by class.

The table beside each chart says the same; a chart is hidden from who cannot see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 640
LABEL: Final = 150
ROW: Final = 26
HEIGHT: Final = 190
FOOT: Final = 22
SIDE: Final = 8
TEXT_CHARS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, how long, what is written beside it, and its class of colour."""

    label: str
    value: float
    text: str
    kind: str = "c1"


def bars(title: str, items: Sequence[Bar]) -> Markup:
    """Bars that lie under each other, the longest as wide as there is room."""
    most = max((item.value for item in items), default=0.0) or 1.0
    room = WIDTH - LABEL - 130
    parts = [
        f'<text class="label" x="{LABEL - SIDE}" y="{n * ROW + 17}">{_short(item.label)}</text>'
        f'<rect class="{item.kind}" x="{LABEL}" y="{n * ROW + 4}" rx="3"'
        f' width="{max(1.0, room * item.value / most):.1f}" height="{ROW - 9}"/>'
        f'<text x="{LABEL + max(1.0, room * item.value / most) + SIDE:.1f}" y="{n * ROW + 17}">'
        f"{escape(item.text)}</text>"
        for n, item in enumerate(items)
    ]
    return _svg(title, max(1, len(items)) * ROW + 4, parts)


def columns(title: str, items: Sequence[Bar], upper: Sequence[float] = ()) -> Markup:
    """Columns side by side, such as days; `upper` stands on them in the colour of what is bad."""
    tops = list(upper) + [0.0] * (len(items) - len(upper))
    most = (
        max((item.value + top for item, top in zip(items, tops, strict=True)), default=0.0) or 1.0
    )
    wide = (WIDTH - 2 * SIDE) / max(1, len(items))
    every = max(1, -(-len(items) // 12))
    parts = [f'<line class="axis" x1="0" y1="{HEIGHT}" x2="{WIDTH}" y2="{HEIGHT}"/>']
    for n, (item, top) in enumerate(zip(items, tops, strict=True)):
        x, tall, over = SIDE + n * wide, *(HEIGHT * 0.86 * one / most for one in (item.value, top))
        box = f'x="{x + 1:.1f}" width="{max(1.0, wide - 2):.1f}"'
        parts.append(
            f"<g><title>{escape(item.label)}: {escape(item.text)}</title>"
            f'<rect class="{item.kind}" {box} y="{HEIGHT - tall:.1f}" height="{tall:.1f}"/>'
            f'<rect class="c4" {box} y="{HEIGHT - tall - over:.1f}" height="{over:.1f}"/></g>'
        )
        if n % every == 0:
            middle = x + wide / 2
            parts.append(
                f'<text class="foot" x="{middle:.1f}" y="{HEIGHT + 16}">{_short(item.label)}</text>'
            )
    return _svg(title, HEIGHT + FOOT, parts)


def _svg(title: str, height: int, parts: Sequence[str]) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img"'
    told = f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
    return Markup(head + told + "".join(parts) + "</svg>")  # noqa: S704 — all texts are escaped


def _short(text: str) -> Markup:
    return escape(text if len(text) <= TEXT_CHARS_MAX else text[: TEXT_CHARS_MAX - 1] + "…")
