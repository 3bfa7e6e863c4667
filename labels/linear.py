"""Modules of linear symbols from python-barcode; its faults are contained here.

What it does without a word is done away with: a leading 99 of Code 128 is dropped, `encoded` spoils
a later `build`, Code 39 gains a check character and capitals, a wrong check digit of EAN and UPC is
replaced, too long a number cut, an odd one of ITF padded, and digits of other scripts are taken.
Modules of ITF are half an X there. Raises SymbolError. Import it late: python-barcode brings its
writers with it.
"""

from typing import Final

from barcode.charsets import code39 as code39_signs
from barcode.charsets import code128 as code128_signs
from barcode.codex import Code39, Code128, Gs1_128
from barcode.ean import EAN8, EAN13
from barcode.itf import ITF
from barcode.upc import UPCA

from labels import gs1
from labels.primitives import SymbolError

_CODE_C_WORD: Final = 99  # "switch to subset C", and the digits 99 inside subset C
_CHECK_WORDS: Final = 103  # the modulus of Code 128's check character
_ITF_WIDE: Final = 3  # narrow elements a wide one is broad: GenSpecs 5.3.2.2 allows 2.25 to 3
_CODE39_CHARS: Final = frozenset(code39_signs.REF)
_NO_WRITER: Final = object()  # anything but None keeps python-barcode from making an SVG writer


class _Code128(Code128):
    """Its start: python-barcode 0.16 takes a leading 99 for a switch of subset and drops it."""

    def _try_to_optimize(self, encoded: list[int]) -> list[int]:
        if encoded[1] == _CODE_C_WORD:
            return encoded
        return list(super()._try_to_optimize(encoded))


def code128(text: str) -> tuple[tuple[int, ...], str]:
    """Code words (start first, no check character) and modules ("1" dark) of printable ASCII."""
    return _words_and_modules(_Code128(text, _NO_WRITER))


def gs1_128(text: str) -> tuple[tuple[int, ...], str]:
    """The same with FNC1 first; `text` holds U+00F1 where an FNC1 separates elements."""
    return _words_and_modules(Gs1_128(text, _NO_WRITER))


def code39(text: str, *, check: bool = False) -> tuple[str, str]:
    """What is encoded, with its mod 43 check character if asked for, and modules."""
    for char in text:
        if char not in _CODE39_CHARS:
            raise SymbolError(f"{text!r}: Code 39 has no {char!r}, only 0-9 A-Z - . space $ / + %")
    made = Code39(text, _NO_WRITER, add_checksum=check)
    return made.code, str(made.build()[0])


def itf14(digits: str) -> str:
    """Modules of a GTIN of 14 digits, check digit included."""
    _check_number("ITF-14", digits, 14)
    return str(ITF(digits, _NO_WRITER, narrow=1, wide=_ITF_WIDE).build()[0])


def ean13(digits: str) -> str:
    """Modules of a GTIN of 13 digits, check digit included."""
    _check_number("EAN-13", digits, 13)
    return str(EAN13(digits, _NO_WRITER).build()[0])


def ean8(digits: str) -> str:
    """Modules of a GTIN of 8 digits, check digit included."""
    _check_number("EAN-8", digits, 8)
    return str(EAN8(digits, _NO_WRITER).build()[0])


def upca(digits: str) -> str:
    """Modules of a GTIN of 12 digits, check digit included."""
    _check_number("UPC-A", digits, 12)
    return str(UPCA(digits, _NO_WRITER).build()[0])


def _words_and_modules(made: Code128) -> tuple[tuple[int, ...], str]:
    """From one pass: a second one would begin in the subset in which the first one ended."""
    words = tuple(made.encoded)
    check = words[0] + sum(place * word for place, word in enumerate(words[1:], 1))
    signs = [code128_signs.CODES[word] for word in (*words, check % _CHECK_WORDS)]
    return words, f"{''.join(signs)}{code128_signs.STOP}11"


def _check_number(name: str, digits: str, length: int) -> None:
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        raise SymbolError(f"{name} needs {length} digits 0-9, not {digits!r}")
    if not gs1.has_check_digit(digits):
        wanted = gs1.check_digit(digits[:-1])
        raise SymbolError(f"{name} {digits}: the check digit should be {wanted}, not {digits[-1]}")
