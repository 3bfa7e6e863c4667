"""The home of seeds whose histories once broke a promise: each is played again by every run."""

from typing import Final

KEPT: Final[tuple[int, ...]] = (12, 20, 39, 74)
