"""Charts that a person can read: SVG with title, axis, unit and values, colours by class.

They are drawn narrow, so that their letters are still letters on a phone. The table beside each
chart says the same; a chart is hidden from who cannot see it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

from markupsafe import Markup, escape

WIDTH: Final = 380
HEIGHT: Final = 170
TOP: Final = 26
FOOT: Final = 24
LEFT: Final = 50
BAR: Final = 12
LINE: Final = 19
GAP: Final = 10
TICKS: Final = 4
FEET_MAX: Final = 3
FOOT_SIDE: Final = 36
LETTER: Final = 7.6
LABEL_CHARS_MAX: Final = 20
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
Written = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, how long, what is written beside it, and its class of colour."""

    label: str
    value: float
    text: str
    kind: str = "c1"


@dataclass(frozen=True, slots=True)
class Axis:
    """What the length means: its unit or words for it, how its numbers are written, its end."""

    title: str
    written: Written
    end: float = 0.0

    def ticks(self, most: float) -> list[float]:
        """Round numbers from 0 to one that is not below the most."""
        end = max(self.end, most)
        if end <= 0:
            return [0.0, 1.0]
        step = _round_up(end / TICKS)
        count = 1
        while count * step < end * (1 - 1e-9):
            count += 1
        return [n * step for n in range(count + 1)]


def bars(title: str, items: Sequence[Bar | tuple[Bar, ...]], axis: Axis) -> Markup:
    """Bars that lie under each other, each below its words; a tuple's lie close together."""
    groups = [item if isinstance(item, tuple) else (item,) for item in items]
    ticks = axis.ticks(max((bar.value for group in groups for bar in group), default=0.0))
    y, rows = GAP, []
    for group in groups:
        for n, bar in enumerate(group):
            rows.append(_row(bar, y, bar.value / ticks[-1], named=not n))
            y += LINE + BAR + 4
        y += GAP
    return _svg(title, y + FOOT + LINE, [*_upright(ticks, axis, y), *rows])


def columns(
    title: str, items: Sequence[Bar], axis: Axis, upper: Sequence[float] = (),
) -> Markup:  # fmt: skip
    """Columns side by side, such as days; `upper` stands on them in the colour of what is bad."""
    tops = list(upper) + [0.0] * (len(items) - len(upper))
    pairs = list(zip(items, tops, strict=True))
    ticks = axis.ticks(max((item.value + top for item, top in pairs), default=0.0))
    wide = (WIDTH - LEFT) / max(1, len(items))
    every = max(1, -(-len(items) // FEET_MAX))
    parts = list(_level(ticks, axis))
    for n, (item, top) in enumerate(pairs):
        x = LEFT + n * wide
        parts.append(_column(item, x, wide, (item.value / ticks[-1], top / ticks[-1])))
        if (len(items) - 1 - n) % every == 0 and x + wide / 2 >= FOOT_SIDE:
            middle = min(x + wide / 2, WIDTH - FOOT_SIDE)
            parts.append(_text(middle, TOP + HEIGHT + 16, item.label, "foot"))
    return _svg(title, TOP + HEIGHT + FOOT, parts)


def legend(items: Sequence[tuple[str, str]]) -> Markup:
    """What the colours mean: (class, words)."""
    parts, x = [], 0.0
    for kind, words in items:
        parts.append(f'<rect class="{kind}" x="{x:.0f}" y="3" width="12" height="12" rx="2"/>')
        parts.append(_text(x + 17, 14, words, "value"))
        x += 34 + LETTER * len(words)
    drawn = f'<svg class="chart legend" viewBox="0 0 {WIDTH} 20" aria-hidden="true">'
    return Markup(drawn + "".join(parts) + "</svg>")  # noqa: S704 — all texts are escaped


def _row(bar: Bar, y: float, share: float, *, named: bool) -> str:
    """The words of one bar, and the bar below them."""
    length = max(1.0, WIDTH * max(0.0, share))
    label = _text(0, y + 13, _short(bar.label), "name") if named else ""
    return (
        f"<g><title>{escape(bar.label)}: {escape(bar.text)}</title>{label}"
        f"{_text(WIDTH, y + 13, bar.text, 'end')}"
        f'<rect class="{bar.kind}" x="0" y="{y + LINE:.0f}" rx="2" width="{length:.1f}"'
        f' height="{BAR}"/></g>'
    )


def _column(item: Bar, x: float, wide: float, shares: tuple[float, float]) -> str:
    tall, over = (HEIGHT * max(0.0, share) for share in shares)
    box = f'x="{x + wide * 0.08:.1f}" width="{max(1.0, wide * 0.84):.1f}"'
    foot = TOP + HEIGHT
    return (
        f"<g><title>{escape(item.label)}: {escape(item.text)}</title>"
        f'<rect class="{item.kind}" {box} y="{foot - tall:.1f}" height="{tall:.1f}"/>'
        f'<rect class="c4" {box} y="{foot - tall - over:.1f}" height="{over:.1f}"/></g>'
    )


def _upright(ticks: Sequence[float], axis: Axis, foot: float) -> Iterator[str]:
    """The axis below lying bars: a line at each round number, and what they are."""
    for n, tick in enumerate(ticks):
        x = WIDTH * tick / ticks[-1]
        yield f'<line class="axis" x1="{x:.1f}" y1="0" x2="{x:.1f}" y2="{foot:.0f}"/>'
        kind = "from" if not n else "till" if n == len(ticks) - 1 else "foot"
        yield _text(x, foot + 14, axis.written(tick), kind)
    yield _text(WIDTH, foot + 14 + LINE, axis.title, "till")


def _level(ticks: Sequence[float], axis: Axis) -> Iterator[str]:
    """The axis beside columns: a line at each round number, the unit above."""
    yield _text(0, 11, axis.title, "from")
    for tick in ticks:
        y = TOP + HEIGHT * (1 - tick / ticks[-1])
        yield f'<line class="axis" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}"/>'
        yield _text(LEFT - 5, y + 4, axis.written(tick), "till")


def _text(x: float, y: float, words: str | Markup, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.0f}">{escape(words)}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> Markup:
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
    told = f' aria-label="{escape(title)}"><title>{escape(title)}</title>'
    return Markup(head + told + "".join(parts) + "</svg>")  # noqa: S704 — all texts are escaped


def _round_up(step: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power: float = 10.0 ** floor(log10(step))
    return next(power * one for one in _STEPS if power * one >= step * (1 - 1e-9))


def _short(text: str) -> str:
    return text if len(text) <= LABEL_CHARS_MAX else text[: LABEL_CHARS_MAX - 1] + "…"
