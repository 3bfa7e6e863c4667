"""The home of where the catalogues of texts lie: one file a language, named by its code."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "texts"


def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """The language codes that there are catalogues for."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))
