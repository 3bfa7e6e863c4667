"""The labels whose bytes are kept in tests/golden/labels, and how they are written anew.

`python -m tests.labels.golden_labels` writes them; look at what changed before it is committed.
"""

from pathlib import Path
from typing import Final

from labels import languages, symbols
from labels.languages import LANGUAGES, Language
from labels.primitives import Box, Layout, Line, Placed, Text

FOLDER: Final = Path(__file__).parents[1] / "golden" / "labels" / "languages"
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


if __name__ == "__main__":
    for one in LANGUAGES:
        path(one).write_bytes(written(one))
        print(path(one))
