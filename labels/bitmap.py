"""A label as a print head burns it: one bit a dot."""

from collections.abc import Iterator
from dataclasses import dataclass

_INVERTED = bytes(255 - byte for byte in range(256))


@dataclass(frozen=True, slots=True)
class Bitmap:
    """`data`: rows from the top down, each in whole bytes, the leftmost dot highest, 1 black.

    Dots beyond `width` that fill a row's last byte are 0.
    """

    width: int
    height: int
    data: bytes

    def __post_init__(self) -> None:
        assert len(self.data) == self.row_bytes * self.height, "rows are packed in whole bytes"

    @property
    def row_bytes(self) -> int:
        return -(-self.width // 8)

    @property
    def white_high(self) -> bytes:
        """The rows for printers whose 1 is white, fill dots white too."""
        return self.data.translate(_INVERTED)

    def rows(self) -> Iterator[bytes]:
        for top in range(self.height):
            yield self.data[top * self.row_bytes : (top + 1) * self.row_bytes]

    def band(self, top: int, height: int) -> "Bitmap":
        """The rows from `top` on, `height` of them or as many as there are."""
        height = min(height, self.height - top)
        start = top * self.row_bytes
        return Bitmap(self.width, height, self.data[start : start + height * self.row_bytes])
