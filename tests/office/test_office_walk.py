"""In a real browser: what a careless hand and a second tab do to a form, and the way out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.office.browser import Visit, chromium, visit
from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[2] / "kiosk" / "demo" / "factories" / "bakery"
PASSWORD = "four green bottles stand"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("walk")
    assert kiosk_server("import", "--data", str(data), str(FACTORY)).returncode == 0
    with Server(data) as running:
        told = {"role": "planner", "password": PASSWORD}
        running.client.put("/v1/people/eva", json=told, headers=running.admin)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def tab(server: Server, browser: Browser) -> Iterator[Visit]:
    with visit(browser, server.url) as opened:
        sign_in(opened)
        yield opened


def sign_in(tab: Visit) -> None:
    tab.open("/signin")
    tab.page.fill("[name=account]", "eva")
    tab.page.fill("[name=password]", PASSWORD)
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/today")


def test_what_is_wrong_has_the_focus_and_what_was_typed_stays(tab: Visit) -> None:
    tab.open("/orders/new")
    tab.page.fill("[name=material]", "LOAF")
    tab.page.fill("[name=note]", "for the market")
    tab.page.fill("[name=quantity]", "some")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("#fault")
    tab.page.wait_for_function("document.activeElement.name === 'quantity'")
    assert tab.page.input_value("[name=note]") == "for the market"
    assert all("status of 422" in one for one in tab.faults)
    assert tab.axe() == []


def test_a_form_outlives_its_session_in_another_tab(tab: Visit) -> None:
    tab.open("/orders/new")
    tab.page.fill("[name=material]", "LOAF")
    tab.page.fill("[name=quantity]", "12")
    other = tab.page.context.new_page()
    other.goto(tab.url + "/today")
    other.click(".look summary")
    other.click("form[action='/signout'] button")
    other.wait_for_url("**/signin")
    tab.page.click("button[value=plan]")
    tab.page.wait_for_selector("a[href='/signin']")
    assert tab.axe() == []
    other.fill("[name=account]", "eva")
    other.fill("[name=password]", PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/today")
    for _ in range(2):  # what was kept, then with the new session's token
        with tab.page.expect_navigation():
            tab.page.click("main form button")
    assert "number=P-" in tab.page.url
    assert "403" in "".join(tab.faults)


def test_no_name_is_hidden_beyond_the_edge_of_a_phone(server: Server, browser: Browser) -> None:
    with visit(browser, server.url, "phone") as phone:
        sign_in(phone)
        phone.open("/stock")
        box = "document.querySelector('tbody th').getBoundingClientRect().left"
        phone.page.evaluate("document.querySelector('main .scroll').scrollLeft = 400")
        assert phone.page.evaluate(f"{box} >= 0")
        chosen = "document.querySelector('.sections [aria-current]').getBoundingClientRect()"
        assert phone.page.evaluate(f"{chosen}.right <= innerWidth && {chosen}.left >= 0")
        assert phone.faults == []
