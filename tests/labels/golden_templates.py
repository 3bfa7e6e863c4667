"""Every shipped template with its sample record, as ZPL at 203 dpi: kept in tests/golden/labels.

`python -m tests.labels.golden_templates` writes them; look at what changed before it is committed.
"""

from pathlib import Path
from typing import Final

from labels import proof, render
from labels.template import Values

FOLDER: Final = Path(__file__).parents[1] / "golden" / "labels" / "templates"
DPI: Final = 203


def sample(name: str) -> Values:
    """The record that the template's previews show."""
    return proof.sample(render.read(name))


def written(name: str) -> bytes:
    """All pages of it."""
    return render.render(name, sample(name), "zpl", DPI, "GOLDEN")


def path(name: str) -> Path:
    return FOLDER / f"{name}.zpl"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for one in render.names():
        path(one).write_bytes(written(one))
        print(path(one))
