"""A real browser on the office's pages: what it complained of is kept, and counts.

Debian's Chromium, driven by Playwright; nothing is downloaded.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.missing import missing

FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
)
SIZES: Final = {"wide": (1440, 1000), "middle": (768, 1024), "phone": (390, 844)}
WAIT_MILLISECONDS: Final = 15_000
# What axe-core is asked: WCAG 2.2 A and AA.
RULES: Final = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
}


@dataclass(slots=True)
class Visit:
    """One tab: its page, and all that the browser complained of since."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str, status: int = 200) -> None:
        """Go there; raises AssertionError for another status."""
        answer = self.page.goto(self.url + path)
        assert answer is not None, path
        assert answer.status == status, f"{path}: {answer.status}"

    def was_refused(self, status: int) -> None:
        """The one answer of that status is no fault: it was asked for."""
        told = [one for one in self.faults if f"a status of {status}" in one]
        assert len(told) == 1, self.faults
        self.faults.remove(told[0])

    def axe(self) -> list[str]:
        """What axe-core finds on the page as it stands: rule, element, how to mend it."""
        found = Axe().run(self.page, options=RULES).response["violations"]
        return [
            f"{self.page.url} {one['id']}: {node['html'][:160]} — {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    def overflows(self) -> bool:
        """Whether the page is wider than the window: only tables scroll sideways."""
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
        return bool(self.page.evaluate(wide))


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser itself, without a window."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        missing("chromium", "apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, headless=True, args=list(FLAGS)
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(
    browser: Browser, url: str, size: str = "wide", theme: str = "auto", language: str = "en-US"
) -> Iterator[Visit]:
    """A tab of its own, cookies and all, of a size, a theme and a language."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=language, reduced_motion="reduce"
    )
    context.add_cookies([{"name": "theme", "value": theme, "url": url}])
    context.set_default_timeout(WAIT_MILLISECONDS)
    tab = Visit(context.new_page(), url)
    tab.page.on("console", lambda said: _console(tab, said.type, said.text))
    tab.page.on("pageerror", lambda fault: tab.faults.append(f"{tab.page.url} script: {fault}"))
    tab.page.on("requestfailed", lambda one: _failed(tab, one.url, str(one.failure or "")))
    try:
        yield tab
    finally:
        context.close()


def _console(tab: Visit, kind: str, text: str) -> None:
    """Errors and warnings; reports of the content security policy come as errors too."""
    if kind in {"error", "warning"}:
        tab.faults.append(f"{tab.page.url} {kind}: {text}")


def _failed(tab: Visit, url: str, why: str) -> None:
    """A live stream that ends because its page is left is no fault."""
    if "ERR_ABORTED" not in why:
        tab.faults.append(f"{tab.page.url}: {url} {why}")
