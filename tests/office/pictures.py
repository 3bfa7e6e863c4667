"""Pictures of every page of the office: `python -m tests.office.pictures OUT [FACTORY] [LANGUAGE]`.

The factory's sample shift is played first, so that the pages have something to tell.
"""

import sys
from pathlib import Path

from tests.office.browser import chromium, visit
from tests.office.pages import LOOKS
from tests.office.plant import plant

CONTRAST = ("wide", "contrast")


def main(out: Path, factory: str = "bakery", language: str = "en") -> int:
    """Draw them; what the browser complained of stands on the screen, and fails the run."""
    out.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with plant(factory) as running, chromium() as browser:
        score = running.play_shift()
        sys.stdout.write("\n".join([f"{score.scans} scans", *score.misses]) + "\n")
        for name, path in running.pages().items():
            for size, theme in (*LOOKS, CONTRAST):
                with visit(browser, running.url, size, theme, language) as tab:
                    answer = tab.page.goto(running.url + path)
                    tab.page.screenshot(path=out / f"{name}-{size}-{theme}.png", full_page=True)
                    if answer is None or answer.status != 200:
                        faults.append(f"{path}: {answer.status if answer else 'no answer'}")
                    if tab.overflows():
                        faults.append(f"{path} at {size}: wider than the window")
                    faults += tab.axe() if size in {"wide", "phone"} else []
                    faults += tab.faults
            sys.stdout.write(f"{name} {len(faults)} faults so far\n")
    sys.stdout.write("\n".join(dict.fromkeys(faults)) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
