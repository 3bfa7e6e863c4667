"""A label in every language, whose bytes are kept, and the digests of every template in each.

`python -m tests.labels.golden_labels` writes them; look at what changed before it is committed.
"""

import hashlib
import json
from pathlib import Path
from typing import Final

from labels import languages, render, symbols
from labels.languages import LANGUAGES, Language
from labels.primitives import Box, LabelError, Layout, Line, Placed, Text
from tests.labels import golden_templates

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "labels"
FOLDER: Final = GOLDEN / "languages"
DIGESTS: Final = GOLDEN / "digests.json"
REFUSED: Final = "its printers do not take this size"
JOB: Final = "GOLDEN-1"
_ELEMENTS: Final = "01095060001343521726123110W-204"


def label(language: Language) -> Layout:
    """Every primitive on a small label that the language's printers take."""
    if language == "brother-ql":
        return _layout(300, 696, 320)
    return _layout(203, 397, 317)


def _layout(dpi: int, width: int, height: int) -> Layout:
    matrix = symbols.build("gs1-datamatrix", _ELEMENTS)
    code = symbols.build("code128", "LOB-16")
    return Layout(
        "golden",
        dpi,
        width,
        height,
        (
            Box(2, 2, width - 4, height - 4, 3),
            Text(12, 12, 40, 370, "Bread 500 g"),
            Line(12, 60, width - 24, 2),
            Text(12, 70, 26, 250, "Größe ±5 °C"),
            Text(12, 100, 26, 250, "Хлеб Łódź Ω", weight="regular"),
            Placed(290, 74, matrix, 4, 4 * len(matrix.rows)),
            Placed(40, 200, code, 2, 90),
        ),
    )


def written(language: Language) -> bytes:
    return languages.write((label(language),), language, JOB)


def path(language: Language) -> Path:
    return FOLDER / f"{language}.bin"


def digests(name: str) -> dict[str, str]:
    """The template's sample in each language: the SHA-256 of its bytes, or REFUSED."""
    pages = render.lay_out_pages(name, golden_templates.sample(name), golden_templates.DPI)
    return {language: _digest(pages, language) for language in LANGUAGES}


def _digest(pages: tuple[Layout, ...], language: Language) -> str:
    try:
        return hashlib.sha256(languages.write(pages, language, JOB)).hexdigest()
    except LabelError:
        return REFUSED


if __name__ == "__main__":
    found = {name: digests(name) for name in render.names()}
    DIGESTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for one in LANGUAGES:
        path(one).write_bytes(written(one))
        print(path(one))
