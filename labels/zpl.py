"""Primitives -> native ZPL II: the printer draws texts and symbols itself.

Code 128 goes as our own code words (^BC mode N with subset switches), because printers disagree on
what their automatic modes insert. Every field is hex-escaped UTF-8 (^CI28, ^FH).
"""

from labels.primitives import Box, Layout, Line, Placed, Primitive, Symbol, Text

_HEX = "\\"  # the ^FH indicator: not the default `_`, which ^BX takes for its own escape
_BX_ESCAPE = "_"
_RESERVED = frozenset("^~\\")
_STARTS = {103: ("A", ">9"), 104: ("B", ">:"), 105: ("C", ">;")}
_SWITCHES = {99: ("C", ">5"), 100: ("B", ">6"), 101: ("A", ">7")}
_FNC1_WORD = 102
_QR_Y_OFFSET = 1  # ^BQ moves the symbol down by the bar height of ^BY, 1 being the least


def write(layout: Layout, job: str) -> bytes:
    """One label as one ^XA … ^XZ; `job` is letters, digits, `.`, `_` and `-`, for the comment."""
    head = f"^XA^FXjob {job}^FS\n^CI28^LH0,0^PW{layout.width}^LL{layout.height}\n"
    body = "".join(f"{_field(one)}^FS\n" for one in layout.primitives)
    return f"{head}{body}^XZ\n".encode("ascii")


def _field(primitive: Primitive) -> str:
    match primitive:
        case Text(x, y, height, _, value):
            return f"^FO{x},{y}^A0N,{height},{height}{_data(value)}"
        case Line(x, y, width, height):
            return f"^FO{x},{y}^GB{width},{height},{min(width, height)}"
        case Box(x, y, width, height, thickness):
            return f"^FO{x},{y}^GB{width},{height},{thickness}"
        case Placed():
            return _symbol(primitive)


def _symbol(placed: Placed) -> str:
    symbol, x, y, module = placed.symbol, placed.x, placed.y, placed.module
    match symbol.kind:
        case "code128" | "gs1-128":
            bars = f"^FO{x},{y}^BY{module},3,{placed.height}^BCN,{placed.height},N,N,N,N"
            return bars + _data(_subsets(symbol.words))
        case "datamatrix" | "gs1-datamatrix":
            return f"^FO{x},{y}^BXN,{module},200,,,6,{_BX_ESCAPE},1{_data(_bx_text(symbol))}"
        case "qr":
            place = f"^FO{x},{y - _QR_Y_OFFSET}^BY2,3,{_QR_Y_OFFSET}"
            return f"{place}^BQN,2,{module}{_data(f'MA,{symbol.content}')}"


def _data(text: str) -> str:
    return f"^FH{_HEX}^FD{''.join(_escaped(char) for char in text)}"


def _escaped(char: str) -> str:
    if " " <= char <= "~" and char not in _RESERVED:
        return char
    return "".join(f"{_HEX}{byte:02X}" for byte in char.encode())


def _subsets(words: tuple[int, ...]) -> str:
    """Code words as ^BC field data in mode N."""
    subset, text = _STARTS[words[0]]
    for word in words[1:]:
        if word == _FNC1_WORD:
            text += ">8"
        elif word in _SWITCHES and not (subset == "C" and word == 99):
            subset, switch = _SWITCHES[word]
            text += switch
        elif subset == "C":
            text += f"{word:02d}"
        else:
            assert subset == "B", "printable text needs no subset A"
            text += ">0" if chr(word + 32) == ">" else chr(word + 32)
    return text


def _bx_text(symbol: Symbol) -> str:
    text = symbol.content.replace(_BX_ESCAPE, _BX_ESCAPE * 2)
    if symbol.kind == "gs1-datamatrix":
        return f"{_BX_ESCAPE}1{text}".replace("\x1d", f"{_BX_ESCAPE}1")
    return text
