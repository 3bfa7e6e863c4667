"""A zone that draws only the rows that changed looks as one that draws all of them."""

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from kiosk.screens.floor import Zone

COLUMNS, ROWS = 24, 6
STRONG = "bold"


class Pair(App[None]):
    """The same text in a zone and in a widget of Textual's own."""

    CSS = "Static { width: 24; height: 6; padding: 0 1; color: red; background: blue; }"

    def compose(self) -> ComposeResult:
        yield Zone("", id="zone", markup=False)
        yield Static("", id="whole", markup=False)


def styled(*rows: tuple[str, str]) -> Content:
    return Content("\n").join([Content.styled(text, style) for text, style in rows])


SEQUENCES = {
    "one row of three": [
        styled(("flour", ""), ("salt", ""), ("yeast", "")),
        styled(("flour", ""), ("water", ""), ("yeast", "")),
    ],
    "a style alone": [
        styled(("flour", STRONG), ("salt", "")),
        styled(("flour", ""), ("salt", STRONG)),
    ],
    "fewer rows": [styled(("a", ""), ("b", ""), ("c", "")), styled(("a", ""))],
    "more rows": [styled(("a", "")), styled(("a", ""), ("", ""), ("c", "reverse"))],
    "more rows than there is room": [
        styled(*[(str(n), "") for n in range(9)]),
        styled(*[(str(n % 3), "") for n in range(9)]),
    ],
    "wide signs": [styled(("日本語 ▶", "")), styled(("日本 語▶", STRONG))],
    "wrapped, then not": [
        styled(("word " * 9, ""), ("end", "")),
        styled(("word", ""), ("end", "")),
    ],
    "not wrapped, then so": [styled(("word", ""), ("end", "")), styled(("word " * 9, ""))],
    "nothing": [styled(("word", "")), Content("")],
}


def drawn(widget: Widget) -> list[Strip]:
    return widget.render_lines(Region(0, 0, COLUMNS, ROWS))


def seen(widget: Widget) -> list[list[tuple[str, str]]]:
    """Every sign and its look; of a blank only its ground."""
    return [
        [
            (sign, str(one.style).partition("on")[2] if sign == " " else str(one.style))
            for one in strip
            for sign in one.text
        ]
        for strip in drawn(widget)
    ]


@pytest.mark.parametrize("name", SEQUENCES)
async def test_what_changed_is_drawn_as_the_whole_is(name: str) -> None:
    app = Pair()
    async with app.run_test(size=(COLUMNS, 2 * ROWS)) as pilot:
        zone, whole = app.query_one("#zone", Zone), app.query_one("#whole", Static)
        for content in SEQUENCES[name]:
            zone.show(content)
            whole.update(content, layout=False)
            await pilot.pause()
            assert seen(zone) == seen(whole)


async def test_only_rows_that_changed_are_drawn_again() -> None:
    app = Pair()
    async with app.run_test(size=(COLUMNS, 2 * ROWS)) as pilot:
        zone = app.query_one("#zone", Zone)
        zone.show(styled(("flour", ""), ("salt", ""), ("yeast", "")))
        await pilot.pause()
        before = drawn(zone)
        zone.show(styled(("flour", ""), ("water", ""), ("yeast", "")))
        after = drawn(zone)
        kept = [old is new for old, new in zip(before, after, strict=True)]
        assert kept == [True, False, True, True, True, True]
