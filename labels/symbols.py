"""One door to barcode symbols: build one, read it back, find those on a picture.

python-barcode builds what is linear, zxing-cpp what has two dimensions, and zxing-cpp reads. Both
are imported at first use. Raises SymbolError.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, cast

from labels import gs1
from labels.primitives import Symbol, SymbolError, SymbolKind

if TYPE_CHECKING:
    import zxingcpp
    from PIL.Image import Image
    from typing_extensions import Buffer

CODE128_CHARS_MAX = 80
GS1_128_CHARS_MAX = 48  # GenSpecs 5.4.4.6: AIs and separators count, the leading FNC1 does not
TWO_DIMENSIONAL_CHARS_MAX = 1000
READ_BACK_SCALE = 2  # dots a module: the least that a reader is sure of
_LINEAR_ROWS = 12  # of the picture that is read back
_SIGNS = bytes(0x31 if shade < 128 else 0x30 for shade in range(256))  # "1" dark, "0" white
_FNC1 = "\xf1"  # what python-barcode takes for it
_AIMS: dict[SymbolKind, str] = {
    "code128": "]C0",
    "gs1-128": "]C1",
    "datamatrix": "]d1",
    "gs1-datamatrix": "]d2",
    "qr": "]Q1",
}


def build(kind: SymbolKind, content: str) -> Symbol:
    """The proved symbol of `content`: what a scanner sends, GS between GS1 elements."""
    match kind:
        case "code128":
            symbol = code128(content)
        case "gs1-128":
            symbol = gs1_128(_elements(content))
        case "datamatrix":
            symbol = datamatrix(content)
        case "gs1-datamatrix":
            symbol = datamatrix(content, gs1=True)
        case "qr":
            symbol = qr(content)
    read_back(symbol)
    return symbol


def code128(text: str) -> Symbol:
    """Code 128 of printable ASCII."""
    from labels import linear

    _check_text(text, CODE128_CHARS_MAX)
    words, modules = linear.code128(text)
    return Symbol("code128", (modules,), text, _AIMS["code128"], words)


def gs1_128(elements: Iterable[gs1.Element]) -> Symbol:
    """GS1-128 of elements that may be one symbol of several on the label."""
    from labels import linear

    content = _formatted(elements)
    if len(content) > GS1_128_CHARS_MAX:
        raise SymbolError(f"{content!r} is longer than {GS1_128_CHARS_MAX} characters of GS1-128")
    words, modules = linear.gs1_128(content.replace(gs1.GS, _FNC1))
    return Symbol("gs1-128", (modules,), content, _AIMS["gs1-128"], words)


def datamatrix(text: str, gs1: bool = False) -> Symbol:
    """A square Data Matrix ECC 200; with `gs1`, `text` is an element string."""
    if not gs1:
        _check_text(text, TWO_DIMENSIONAL_CHARS_MAX)
        return _two_dimensional("datamatrix", text, text)
    elements = _elements(text)
    bracketed = "".join(f"[{element.ai}]{element.value}" for element in elements)
    return _two_dimensional("gs1-datamatrix", _formatted(elements), bracketed)


def qr(text: str, *, with_gs: bool = False, level: Literal["L", "M"] = "M") -> Symbol:
    """A QR code of an error correction level; `with_gs` for a text that tests whether GS comes."""
    _check_text(text.replace(gs1.GS, "") if with_gs else text, TWO_DIMENSIONAL_CHARS_MAX)
    return _two_dimensional("qr", text, text, level)


def read_back(symbol: Symbol) -> tuple[str, str]:
    """(text, AIM identifier) as a reader finds them; SymbolError unless they are the symbol's."""
    import zxingcpp

    found = zxingcpp.read_barcode(
        _picture(symbol), formats=zxingcpp.BarcodeFormats(_format(symbol.kind)), is_pure=True
    )
    if found is None or not found.valid:
        raise SymbolError(f"no reader finds the {symbol.kind} of {symbol.content!r}")
    text, aim = found.bytes.decode("utf-8", "replace"), found.symbology_identifier
    if (text, aim) != (symbol.content, symbol.aim):
        raise SymbolError(
            f"the {symbol.kind} of {symbol.content!r} {symbol.aim} reads as {text!r} {aim}"
        )
    return text, aim


def decode_image(image: "Image") -> list[tuple[bytes, str, str]]:
    """(bytes, AIM identifier, kind) of every symbol of ours on a picture, from the top down.

    No other kinds are sought: letters in a row pass for an EAN-13 now and then.
    """
    import zxingcpp

    formats = zxingcpp.BarcodeFormats([_format(kind) for kind in ("code128", "datamatrix", "qr")])
    found = zxingcpp.read_barcodes(image.convert("L"), formats)
    found.sort(key=lambda one: (one.position.top_left.y, one.position.top_left.x))
    kinds = {aim: kind for kind, aim in _AIMS.items()}
    return [
        (one.bytes, one.symbology_identifier, kinds.get(one.symbology_identifier, str(one.format)))
        for one in found
    ]


def _elements(content: str) -> tuple[gs1.Element, ...]:
    try:
        return gs1.parse(content, associations=False)
    except gs1.Gs1Error as error:
        raise SymbolError(str(error)) from error


def _formatted(elements: Iterable[gs1.Element]) -> str:
    try:
        return gs1.format(elements, associations=False)
    except gs1.Gs1Error as error:
        raise SymbolError(str(error)) from error


def _check_text(text: str, chars_max: int) -> None:
    if not 0 < len(text) <= chars_max:
        raise SymbolError(f"a symbol of 1 to {chars_max} characters cannot hold {text!r}")
    if not text.isascii() or not text.isprintable():
        raise SymbolError(f"{text!r} has characters that not every scanner passes on")


def _two_dimensional(kind: SymbolKind, content: str, source: str, level: str = "M") -> Symbol:
    import zxingcpp

    options = {"ec_level": level} if kind == "qr" else {"force_square": True}
    try:
        made = zxingcpp.create_barcode(
            source, _format(kind), gs1=kind == "gs1-datamatrix", **options
        )
    except ValueError as error:
        raise SymbolError(f"{content!r} does not become a {kind}: {error}") from error
    return Symbol(kind, _rows(made), content, _AIMS[kind])


def _rows(made: "zxingcpp.Barcode") -> tuple[str, ...]:
    import zxingcpp

    image = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    picture = memoryview(cast("Buffer", image))
    height, width = picture.shape or (0, 0)
    signs = picture.tobytes().translate(_SIGNS)
    return tuple(signs[row * width : (row + 1) * width].decode() for row in range(height))


def _format(kind: SymbolKind) -> "zxingcpp.BarcodeFormat":
    import zxingcpp

    if kind == "qr":
        return zxingcpp.BarcodeFormat.QRCode
    linear = kind in {"code128", "gs1-128"}
    return zxingcpp.BarcodeFormat.Code128 if linear else zxingcpp.BarcodeFormat.DataMatrix


def _picture(symbol: Symbol) -> memoryview:
    """The symbol with its quiet zone, one byte a dot."""
    quiet = "0" * symbol.quiet
    rows = [f"{quiet}{row}{quiet}" for row in symbol.rows]
    if symbol.is_linear:
        rows *= _LINEAR_ROWS
    else:
        blank = ["0" * len(rows[0])] * symbol.quiet
        rows = [*blank, *rows, *blank]
    shades = str.maketrans({"0": "\xff" * READ_BACK_SCALE, "1": "\x00" * READ_BACK_SCALE})
    dots = b"".join(row.translate(shades).encode("latin-1") * READ_BACK_SCALE for row in rows)
    height, width = len(rows) * READ_BACK_SCALE, len(rows[0]) * READ_BACK_SCALE
    return memoryview(dots).cast("B", shape=(height, width))
