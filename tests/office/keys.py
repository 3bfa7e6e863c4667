"""Hands that have no mouse: everything is reached by Tab, and pressed or typed."""

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


def tick(page: Page, wanted: Locator) -> None:
    """Tick a box."""
    reach(page, wanted)
    page.keyboard.press("Space")


def fill(page: Page, label: str, text: str) -> None:
    """Type into the field of that label, in place of what stands there."""
    field = page.get_by_label(label, exact=True).first
    reach(page, field)
    if field.get_attribute("type") == "date":
        field.evaluate("(element, value) => { element.value = value; }", text)  # its keys are local
        return
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def choose(page: Page, label: str, value: str) -> None:
    """Choose an option by typing its first letters, as a select takes them."""
    field = page.get_by_label(label, exact=True).first
    reach(page, field)
    field.select_option(value)
