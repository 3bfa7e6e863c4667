"""Hands that have no mouse: everything is reached by Tab, and pressed or typed."""

import re
from datetime import date
from typing import Final

from playwright.sync_api import Locator, Page

TABS_MAX: Final = 400
_IS_FOCUSED: Final = "element => element === document.activeElement"


def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until the element has the focus; raises AssertionError where it never gets it."""
    target = wanted.first.element_handle()
    for _ in range(TABS_MAX):
        if target.evaluate(_IS_FOCUSED):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{page.url}: no Tab leads to {wanted}")


def press(page: Page, wanted: Locator, key: str = "Enter") -> None:
    """Press a link or a button, and wait for the page that it leads to."""
    reach(page, wanted)
    with page.expect_navigation():
        page.keyboard.press(key)


def unfold(page: Page, wanted: Locator) -> None:
    """Press a summary: what it hides stands there then."""
    reach(page, wanted)
    page.keyboard.press("Enter")


def tick(page: Page, wanted: Locator) -> None:
    """Tick a box."""
    reach(page, wanted)
    page.keyboard.press("Space")
    assert wanted.first.is_checked(), wanted


def fill(page: Page, label: str, text: str, within: Locator | None = None) -> None:
    """Type into the field of that label, in place of what stands there; days as 2027-12-24."""
    scope = within or page.locator("main")
    named = scope.get_by_label(re.compile(rf"^\s*{re.escape(label)}"))
    field = scope.locator("input, textarea").and_(named).first
    reach(page, field)
    if field.get_attribute("type") == "date":
        page.keyboard.type(f"{date.fromisoformat(text):%m%d%Y}")  # as an American's keys go
    else:
        page.keyboard.press("Control+A")
        page.keyboard.type(text)
    assert field.input_value() == text, f"{label}: {field.input_value()!r}, typed {text!r}"
