"""Code words and modules of Code 128 from python-barcode; its faults are contained here.

Import it late: python-barcode brings its writers with it.
"""

from barcode.codex import Code128, Gs1_128

_CODE_C_WORD = 99  # "switch to subset C", and the digits 99 inside subset C


class _Code128(Code128):
    """python-barcode 0.16 takes a leading 99 for a switch of subset and drops it."""

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if encoded[1] == _CODE_C_WORD:
            return encoded
        return list(super()._try_to_optimize(encoded))


def code128(text: str) -> tuple[tuple[int, ...], str]:
    """Code words (start first, no check character) and modules ("1" dark) of `text`."""
    return tuple(_Code128(text).encoded), _Code128(text).build()[0]


def gs1_128(text: str) -> tuple[tuple[int, ...], str]:
    """The same with FNC1 first; `text` holds U+00F1 where an FNC1 separates elements."""
    return tuple(Gs1_128(text).encoded), Gs1_128(text).build()[0]
