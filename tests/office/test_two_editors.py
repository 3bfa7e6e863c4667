"""Two people edit one BOM in two browsers: the second is told, and nothing of either is lost."""

from playwright.sync_api import expect

from tests.office.browser import Visit, chromium, visit
from tests.office.keys import press, reach
from tests.office.plant import plant

EDITOR = "/bom/edit?material=ROLL"


def test_the_second_to_save_is_told_and_loses_nothing() -> None:
    with (
        plant("bakery") as running,
        chromium() as browser,
        visit(browser, running.url) as first,
        visit(browser, running.url) as second,
    ):
        first.open(EDITOR)
        second.open(EDITOR)
        change(first, "Quantity 1", "6.2")
        change(second, "Quantity 3", "0.15")
        save(first)
        expect(first.page.get_by_role("status")).to_be_visible()
        save(second)
        page = second.page
        expect(page.get_by_role("heading", name="What stands now")).to_be_visible()
        expect(page.locator("main")).to_contain_text("6.2")
        assert value(second, "Quantity 3") == "0.15"
        change(second, "Quantity 1", "6.2")
        check(second)
        save(second, checked=True)
        second.open(EDITOR)
        assert (value(second, "Quantity 1"), value(second, "Quantity 3")) == ("6.2", "0.15")
        assert first.faults == []
        second.was_refused(409)
        assert second.faults == []


def value(tab: Visit, label: str) -> str:
    return tab.page.get_by_label(label, exact=True).first.input_value()


def change(tab: Visit, label: str, text: str) -> None:
    field = tab.page.get_by_label(label, exact=True).first
    reach(tab.page, field)
    tab.page.keyboard.press("Control+A")
    tab.page.keyboard.type(text)


def check(tab: Visit) -> None:
    press(tab.page, tab.page.get_by_role("button", name="Check"))


def save(tab: Visit, *, checked: bool = False) -> None:
    """Look at what it changes, then save."""
    if not checked:
        check(tab)
    press(tab.page, tab.page.get_by_role("button", name="Save"))
