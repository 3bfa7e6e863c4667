"""What symbols are tried with: contents of every kind, second readers, and measured pictures."""

import random
import re
import warnings
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from PIL import Image
from pyzbar import pyzbar

from labels import gs1
from labels.primitives import QUIET_MODULES, Symbol, SymbolKind

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "The distutils package", DeprecationWarning)
    from pylibdmtx import pylibdmtx

# Both packages have no types.
_read_matrix: Final[Callable[..., Any]] = pylibdmtx.decode
_read_others: Final[Callable[..., Any]] = pyzbar.decode
KINDS: Final[tuple[SymbolKind, ...]] = tuple(QUIET_MODULES)
AIMS: Final[dict[SymbolKind, str]] = {
    "code128": "]C0",
    "gs1-128": "]C1",
    "code39": "]A0",
    "itf14": "]I1",
    "ean13": "]E0",
    "ean8": "]E4",
    "upca": "]E0",
    "datamatrix": "]d1",
    "gs1-datamatrix": "]d2",
    "qr": "]Q1",
    "gs1-qr": "]Q3",
    "pdf417": "]L2",
    "aztec": "]z0",
}
# No second reader that can be installed knows PDF417 and Aztec: zxing-cpp alone reads them.
WITHOUT_SECOND_READER: Final = frozenset({"pdf417", "aztec"})
NUMBER_DIGITS: Final[dict[str, int]] = {"itf14": 14, "ean13": 13, "ean8": 8, "upca": 12}
PRINTABLE: Final = [chr(code) for code in range(32, 127)]
CODE39_CHARS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
GS1_CHARS: Final = sorted(gs1.CHARSET_82)
READERS: Final = ("CODE128", "CODE39", "I25", "EAN13", "EAN8", "QRCODE")
_SCALE: Final = 3


def content(kind: SymbolKind, dice: random.Random) -> str:
    """A random content, now and then of digits that begin with 99."""
    if kind in NUMBER_DIGITS:
        body = "".join(dice.choices("0123456789", k=NUMBER_DIGITS[kind] - 1))
        return body + gs1.check_digit(body)
    if kind.startswith("gs1-"):
        return _elements(dice)
    chars: Sequence[str] = CODE39_CHARS if kind == "code39" else PRINTABLE
    longest = 120 if kind in {"datamatrix", "qr", "pdf417", "aztec"} else 40
    chars = "0123456789" if dice.random() < 0.2 else chars
    start = "99" if dice.random() < 0.2 else ""
    return start + "".join(dice.choices(chars, k=dice.randint(1, longest)))


def _elements(dice: random.Random) -> str:
    body = "".join(dice.choices("0123456789", k=13))
    lot, serial = ("".join(dice.choices(GS1_CHARS, k=dice.randint(1, 13))) for _ in range(2))
    return f"01{body}{gs1.check_digit(body)}10{lot}{gs1.GS}21{serial}"


def sent(kind: SymbolKind, text: str) -> str:
    """What a scanner sends for a content: UPC-A comes as EAN-13."""
    return f"0{text}" if kind == "upca" else text


def second_sent(symbol: Symbol) -> tuple[str, ...]:
    """What the second reader may read: libdmtx passes over FNC1.

    Where that FNC1 is a shifted value of C40, it goes on shifted, and takes the 2 after it for an
    apostrophe (ISO/IEC 16022, 5.2.5.2: a shift holds for one value).
    """
    if "matrix" not in symbol.kind:
        return (symbol.content,)
    return symbol.content.replace(gs1.GS, ""), symbol.content.replace(f"{gs1.GS}2", "'")


def second_reading(symbol: Symbol) -> str:
    """What pyzbar or, for Data Matrix, libdmtx reads; the latter passes over GS1's FNC1."""
    picture = drawn(symbol)
    if "datamatrix" in symbol.kind:
        found = _read_matrix(picture, max_count=1, timeout=3000)
        return str(found[0].data.decode("latin-1")) if found else ""
    symbols = [pyzbar.ZBarSymbol[name] for name in READERS]
    read = [one.data.decode() for one in _read_others(picture, symbols)]
    return str(read[0]) if len(read) == 1 else f"{len(read)} symbols {read}"


def drawn(symbol: Symbol, scale: int = _SCALE) -> Image.Image:
    """The symbol with its quiet zone, `scale` dots a module, 30 rows of a linear one."""
    margin = max(symbol.quiet, symbol.quiet_right, 1)
    side = "0" * margin
    rows = [f"{side}{row}{side}" for row in symbol.rows * (30 if symbol.is_linear else 1)]
    blank = ["0" * len(rows[0])] * margin
    rows = [*blank, *rows, *blank]
    dots = bytes(0 if sign == "1" else 255 for row in rows for sign in row)
    small = Image.frombytes("L", (len(rows[0]), len(rows)), dots)
    return small.resize((small.width * scale, small.height * scale), Image.Resampling.NEAREST)


def scan(picture: Image.Image, y: int) -> list[int]:
    """Dots of each run along row `y`, from the first bar to the last: bar, space, bar …"""
    shades = picture.crop((0, y, picture.width, y + 1)).tobytes()
    signs = "".join("1" if shade < 128 else "0" for shade in shades)
    bars = re.search("1.*1", signs)
    return [len(list(run)) for _, run in groupby(bars[0])] if bars else []


def decodability(runs: Sequence[int], modules: int) -> float:
    """ISO/IEC 15416 decodability of one scan of a symbol of so many modules: 1.00 is perfect.

    Of every two runs side by side (edge to similar edge), how far they are from the threshold
    between two whole numbers of modules, in halves of a module.
    """
    module = sum(runs) / modules
    pairs = [(left + right) / module for left, right in pairwise(runs)]
    return round(1 - 2 * max(abs(pair - round(pair)) for pair in pairs), 2)
