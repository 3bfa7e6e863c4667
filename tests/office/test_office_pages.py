"""Every page of the office in a real browser, after a real shift of the bakery."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.office.browser import chromium, visit
from tests.office.plant import Plant, plant

LOOKS = (("wide", "light", "en"), ("phone", "dark", "de"))


@pytest.fixture(scope="module")
def bakery() -> Iterator[Plant]:
    with plant("bakery") as running:
        score = running.play_shift()
        assert score.misses == []
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize(("size", "theme", "language"), LOOKS)
def test_every_page_is_whole_silent_and_open_to_everybody(
    bakery: Plant, browser: Browser, size: str, theme: str, language: str
) -> None:
    faults = []
    with visit(browser, bakery.url, size, theme, language) as tab:
        for path in bakery.pages().values():
            tab.open(path)
            assert tab.page.locator("html").get_attribute("lang") == language, path
            assert tab.page.locator("h1").count() == 1, path
            faults += tab.axe()
            if tab.overflows():
                faults.append(f"{path}: wider than the window")
        faults += tab.faults
    assert faults == []


def test_a_page_is_whole_without_script(bakery: Plant, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in bakery.pages().values():
        answer = page.goto(bakery.url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("h1").first.is_visible(), path
    context.close()


def test_what_happens_elsewhere_is_seen_on_a_page_that_is_open(
    bakery: Plant, browser: Browser
) -> None:
    with visit(browser, bakery.url) as tab:
        tab.open("/today")
        before = tab.page.locator("main").inner_text()
        bakery.tell("/v1/orders", {"material": "ROLL", "quantity": "10", "release": True})
        tab.page.wait_for_function(
            "before => document.querySelector('main').innerText !== before", arg=before
        )
        assert tab.faults == []
