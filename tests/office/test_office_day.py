"""A planner's day in a real browser, by keyboard: from a line of demand to a closed order.

The factory is real: its server, its printer, its kiosks, and what the stations book is
seen on the board while it happens.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.office.browser import SIZES, Visit, chromium, visit
from tests.office.days import DAYS, Day
from tests.office.keys import fill, press, tick, unfold
from tests.office.plant import Plant, plant

DEMAND = "SO-DAY"
LIVE_MILLISECONDS = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.mark.parametrize(
    "name",
    [
        "bakery",
        pytest.param("machining", marks=pytest.mark.long),
        pytest.param("electronics", marks=pytest.mark.long),
    ],
)
def test_a_day_from_demand_to_a_closed_order(name: str, browser: Browser) -> None:
    day = DAYS[name]
    with plant(name) as running, visit(browser, running.url) as tab:
        add_demand(tab, running, day)
        number = accept_proposal(tab)
        buy_what_is_short(tab, running, day, number)
        release(tab, number)
        work_before_the_board(browser, running, day, number)
        settle(tab, number)
        see_the_trace(tab, day, number)
        see_the_cost(tab, number)
        close(tab, number)
        assert tab.faults == []
        assert complaints(tab, running) == []


def complaints(tab: Visit, running: Plant) -> list[str]:
    """What is wrong on any page of the office: what the browser says, axe-core, its width."""
    faults: list[str] = []
    for path in running.pages().values():
        answer = tab.page.goto(running.url + path)
        if answer is None or answer.status != 200:
            faults.append(f"{path}: {answer.status if answer else 'no answer'}")
        faults += tab.axe()
        for size in ("phone", "wide"):
            width, height = SIZES[size]
            tab.page.set_viewport_size({"width": width, "height": height})
            if tab.overflows():
                faults.append(f"{path} at {size}: wider than the window")
    return faults + tab.faults


def add_demand(tab: Visit, running: Plant, day: Day) -> None:
    tab.open("/plan/demand")
    fill(tab.page, "Line", DEMAND)
    fill(tab.page, "Material", day.material)
    fill(tab.page, "Quantity", day.quantity)
    fill(tab.page, "Due", (running.factory.today + timedelta(days=6)).isoformat())
    fill(tab.page, "Priority", "5")
    press(tab.page, tab.page.get_by_role("button", name="Add a line"))
    expect(tab.page.get_by_role("status")).to_contain_text(f"Demand {DEMAND} is saved.")


def accept_proposal(tab: Visit) -> str:
    """The number of the order that the demand's proposal became."""
    tab.open("/plan/proposals")
    row = tab.page.locator("tbody tr", has_text=DEMAND).last
    tick(tab.page, row.get_by_role("checkbox"))
    press(tab.page, tab.page.get_by_role("button", name="Plan those chosen"))
    said = tab.page.get_by_role("status").inner_text()
    found = re.search(r"Planned: order (\S+)\.", said)
    assert found, said
    tab.open("/orders")
    press(tab.page, tab.page.get_by_role("link", name=found[1], exact=True))
    expect(tab.page.locator("h1")).to_contain_text(found[1])
    return found[1]


def buy_what_is_short(tab: Visit, running: Plant, day: Day, number: str) -> None:
    tab.open("/shortages")
    row = tab.page.locator("tbody tr", has_text=day.short)
    expect(row.first).to_contain_text(number)
    tab.open("/purchase")
    row = tab.page.locator("tbody tr", has_text=day.short)
    press(tab.page, row.get_by_role("link", name="Mark as ordered"))
    fill(tab.page, "Reference", "AB-DAY")
    press(tab.page, tab.page.get_by_role("button", name="Mark as ordered"))
    expect(tab.page.locator("#owed")).to_contain_text("AB-DAY")


def release(tab: Visit, number: str) -> None:
    """With what is short taken on knowingly: the form refuses it without."""
    tab.open(f"/order?{urlencode({'number': number})}")
    press(tab.page, tab.page.get_by_role("link", name="Release …"))
    press(tab.page, tab.page.locator("main form button"))
    expect(tab.page.get_by_role("alert")).to_be_visible()
    tab.was_refused(409)
    tick(tab.page, tab.page.get_by_role("checkbox", name="Release although"))
    fill(tab.page, "Reason", "The rest is ordered")
    press(tab.page, tab.page.locator("main form button"))
    expect(tab.page.get_by_role("status")).to_contain_text(f"Released order {number}.")


def work_before_the_board(browser: Browser, running: Plant, day: Day, number: str) -> None:
    """Two stations work it; the board is never loaded again."""
    running.traveller(number, day.material, f"{day.quantity} {day.unit}")
    running.unbooked(*day.unbooked)
    with visit(browser, running.url) as tab:
        tab.open("/board")
        expect(tab.page.locator(f"#released [id='order-{number}']")).to_be_visible()
        assert running.play(day.first.replace("NUMBER", number)).misses == []
        live = LIVE_MILLISECONDS
        expect(tab.page.locator(f"#started [id='order-{number}']")).to_be_visible(timeout=live)
        assert running.play(day.last.replace("NUMBER", number)).misses == []
        expect(tab.page.locator(f"#completed [id='order-{number}']")).to_be_visible(timeout=live)
        assert tab.faults == []


def settle(tab: Visit, number: str) -> None:
    """Every deviation of the order is looked at, and settled with a reason."""
    tab.open(f"/deviations?{urlencode({'order': number})}")
    look = tab.page.get_by_role("link", name="Look, mend")
    assert look.count() > 0, "the day left no deviation"
    for _ in range(look.count()):
        press(tab.page, look.first)
        form = tab.page.locator("form[action='/deviations/review']")
        fill(tab.page, "Reason", "Weighed at the mixer, seen by me", form)
        press(tab.page, form.get_by_role("button"))
        tab.open(f"/deviations?{urlencode({'order': number})}")
    expect(tab.page.locator("#inbox")).to_contain_text("Nothing disagrees with the plan.")


def see_the_trace(tab: Visit, day: Day, number: str) -> None:
    tab.open("/lot?" + urlencode({"material": day.short, "lot": day.lot}))
    tab.open("/trace?" + urlencode({"material": day.short, "lot": day.lot}))
    expect(tab.page.locator("main")).to_contain_text(number)


def see_the_cost(tab: Visit, number: str) -> None:
    tab.open(f"/order?{urlencode({'number': number})}")
    tile = tab.page.locator("#order-tiles li", has_text="cost so far")
    said = tile.locator("b").inner_text()
    assert re.search(r"[1-9]", said), said


def close(tab: Visit, number: str) -> None:
    acts = tab.page.locator("details.act", has_text="Close")
    unfold(tab.page, acts.locator("summary"))
    fill(tab.page, "Reason", "All is delivered", acts)
    press(tab.page, acts.get_by_role("button"))
    expect(tab.page.get_by_role("status")).to_contain_text(f"Closed order {number}.")
    expect(tab.page.locator("h1")).to_contain_text("closed")
