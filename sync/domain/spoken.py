"""The home of faults that a reader of another language can be told. Pure.

They carry a key and values beside the English sentence; who tells them may know another one.
"""

from collections.abc import Mapping
from typing import ClassVar


class SpokenError(ValueError):
    """`area` and `SENTENCES` are of the kind of fault; `str` is the English sentence."""

    AREA: ClassVar[str] = ""
    SENTENCES: ClassVar[Mapping[str, str]] = {}

    def __init__(self, key: str, **values: object) -> None:
        self.key = f"{self.AREA}.{key}"
        self.sentence = self.SENTENCES[key]
        self.values: Mapping[str, object] = values
        super().__init__(self.sentence.format_map(values))
