"""One door to barcode symbols: build one, read it back, find those on a picture.

python-barcode builds what is linear, zxing-cpp what has two dimensions, and zxing-cpp reads. Both
are imported at first use. Raises SymbolError.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, cast

from labels import digital_link, gs1
from labels.keyboard import SETUP_TEXT
from labels.primitives import Symbol, SymbolError, SymbolKind, shown
from labels.symbol_classes import CHARS_MAX

if TYPE_CHECKING:
    import zxingcpp
    from PIL.Image import Image
    from typing_extensions import Buffer

READ_BACK_SCALE = 2  # dots a module: the least that a reader is sure of
_LINEAR_ROWS = 24  # of the picture that is read back
_SIGNS = bytes(0x31 if shade < 128 else 0x30 for shade in range(256))  # "1" dark, "0" white
_FNC1 = "\xf1"  # what python-barcode takes for it
_AIMS: Final[dict[SymbolKind, str]] = {
    "code128": "]C0",
    "gs1-128": "]C1",
    "code39": "]A0",
    "itf14": "]I1",
    "ean13": "]E0",
    "ean8": "]E4",
    "upca": "]E0",  # sent as the EAN-13 with a leading 0 that it is (ISO/IEC 15424)
    "datamatrix": "]d1",
    "gs1-datamatrix": "]d2",
    "qr": "]Q1",
    "gs1-qr": "]Q3",
    "pdf417": "]L2",
    "aztec": "]z0",
}
_FORMATS: Final[dict[SymbolKind, str]] = {
    "code128": "Code128",
    "gs1-128": "Code128",
    "code39": "Code39Std",
    "itf14": "ITF14",
    "ean13": "EAN13",
    "ean8": "EAN8",
    "upca": "EAN13",
    "datamatrix": "DataMatrix",
    "gs1-datamatrix": "DataMatrix",
    "qr": "QRCode",
    "gs1-qr": "QRCode",
    "pdf417": "PDF417",
    "aztec": "Aztec",
}
# zxing-cpp ignores an option that it does not know: a test shows that each of these acts.
OPTIONS: Final[dict[SymbolKind, dict[str, object]]] = {
    "datamatrix": {"force_square": True},
    "gs1-datamatrix": {"force_square": True, "gs1": True},
    "qr": {"ec_level": "M"},
    "gs1-qr": {"ec_level": "M", "gs1": True},
    "pdf417": {},  # as many columns as give it a level form; errors corrected by its size
    "aztec": {},  # 23 % and 3 words of error correction, as ISO/IEC 24778 recommends
}


def build(kind: SymbolKind, content: str) -> Symbol:
    """The proved symbol of `content`: what a scanner sends, GS between GS1 elements.

    EAN and UPC numbers may come as GTINs of 14 digits, with zeros before them (GenSpecs 3.3.2).
    """
    symbol = build_unproved(kind, content)
    read_back(symbol)
    return symbol


def build_unproved(kind: SymbolKind, content: str) -> Symbol:
    """The symbol of `content` before anybody has read it: for measuring what the proof costs."""
    match kind:
        case "code128":
            return code128(content)
        case "gs1-128":
            return gs1_128(_elements(content))
        case "code39":
            return code39(content)
        case "itf14" | "ean13" | "ean8" | "upca":
            return _number(kind, content)
        case "gs1-datamatrix" | "gs1-qr":
            return _gs1_matrix(kind, content)
        case "datamatrix" | "qr" | "pdf417" | "aztec":
            if content != SETUP_TEXT:  # which is there to show whether GS comes through
                _check_text(content, CHARS_MAX[kind])
            return _two_dimensional(kind, content, content)


def code128(text: str) -> Symbol:
    """Code 128 of printable ASCII."""
    from labels import linear

    _check_text(text, CHARS_MAX["code128"])
    words, modules = linear.code128(text)
    return Symbol("code128", (modules,), text, _AIMS["code128"], words)


def gs1_128(elements: Iterable[gs1.Element]) -> Symbol:
    """GS1-128 of elements that may be one symbol of several on the label."""
    from labels import linear

    content = _formatted(elements)
    if len(content) > CHARS_MAX["gs1-128"]:
        most = CHARS_MAX["gs1-128"]
        raise SymbolError(f"{shown(content)} is longer than {most} characters of GS1-128")
    words, modules = linear.gs1_128(content.replace(gs1.GS, _FNC1))
    return Symbol("gs1-128", (modules,), content, _AIMS["gs1-128"], words)


def code39(text: str, *, check: bool = False) -> Symbol:
    """Code 39 of its 43 characters; with `check`, a mod 43 check character ends its content."""
    from labels import linear

    _check_text(text, CHARS_MAX["code39"])
    content, modules = linear.code39(text, check=check)
    return Symbol("code39", (modules,), content, _AIMS["code39"])


def datamatrix(text: str, gs1: bool = False) -> Symbol:
    """A square Data Matrix ECC 200; with `gs1`, `text` is an element string."""
    return build_unproved("gs1-datamatrix" if gs1 else "datamatrix", text)


def qr(text: str, *, with_gs: bool = False, level: Literal["L", "M"] = "M") -> Symbol:
    """A QR code of an error correction level; `with_gs` for a text that tests whether GS comes."""
    _check_text(text.replace(gs1.GS, "") if with_gs else text, CHARS_MAX["qr"])
    return _two_dimensional("qr", text, text, {"ec_level": level})


def read_back(symbol: Symbol) -> tuple[str, str]:
    """(text, AIM identifier) as a reader finds them; SymbolError unless they are the symbol's."""
    import zxingcpp

    found = zxingcpp.read_barcode(
        _picture(symbol),
        _formats((symbol.kind,)),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        is_pure=True,
    )
    if found is None or not found.valid:
        raise SymbolError(f"no reader finds the {symbol.kind} of {symbol.content!r}")
    text, aim = found.bytes.decode("utf-8", "replace"), _aim(found)
    if (text, aim) != (symbol.content, symbol.aim):
        raise SymbolError(
            f"the {symbol.kind} of {symbol.content!r} {symbol.aim} reads as {text!r} {aim}"
        )
    return text, aim


def decode_image(
    image: "Image", kinds: Iterable[SymbolKind] = ("code128", "datamatrix", "qr")
) -> list[tuple[bytes, str, str]]:
    """(bytes, AIM identifier, kind) of every symbol of `kinds` on a picture, from the top down.

    No other kinds are sought: letters in a row pass for an EAN-13 now and then. A GS1 symbol is
    found with its plain sister, a UPC-A as the EAN-13 that it is.
    """
    import zxingcpp

    found = zxingcpp.read_barcodes(image.convert("L"), _formats(tuple(kinds)))
    found.sort(key=lambda one: (one.position.top_left.y, one.position.top_left.x))
    named: dict[str, str] = {aim: kind for kind, aim in reversed(_AIMS.items())}
    return [(one.bytes, _aim(one), named.get(_aim(one), str(one.format))) for one in found]


def _number(kind: Literal["itf14", "ean13", "ean8", "upca"], digits: str) -> Symbol:
    from labels import linear

    makers: dict[str, tuple[Callable[[str], str], int]] = {
        "itf14": (linear.itf14, 14),
        "ean13": (linear.ean13, 13),
        "ean8": (linear.ean8, 8),
        "upca": (linear.upca, 12),
    }
    make, length = makers[kind]
    zeros = "0" * (14 - length)
    number = digits[len(zeros) :] if len(digits) == 14 and digits.startswith(zeros) else digits
    modules = make(number)
    return Symbol(kind, (modules,), f"0{number}" if kind == "upca" else number, _AIMS[kind])


def _gs1_matrix(kind: Literal["gs1-datamatrix", "gs1-qr"], content: str) -> Symbol:
    elements = _elements(content)
    bracketed = "".join(f"[{element.ai}]{element.value}" for element in elements)
    return _two_dimensional(kind, _formatted(elements), bracketed)


def _elements(content: str) -> tuple[gs1.Element, ...]:
    if digital_link.is_link(content):
        reason = "a GS1 symbol holds an element string; a web address goes into a qr as it is"
        raise SymbolError(f"{shown(content)}: {reason}")
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
        raise SymbolError(f"a symbol of 1 to {chars_max} characters cannot hold {shown(text)}")
    for char in text:
        if not " " <= char <= "~":
            raise SymbolError(f"{shown(text)}: not every scanner passes on {char!r}")


def _two_dimensional(
    kind: SymbolKind, content: str, source: str, options: dict[str, object] | None = None
) -> Symbol:
    import zxingcpp

    chosen = OPTIONS[kind] if options is None else options
    try:
        made = zxingcpp.create_barcode(source, _format(kind), **chosen)
    except ValueError as error:
        raise SymbolError(f"{shown(content)} does not become a {kind}: {error}") from error
    return Symbol(kind, _rows(made), content, _AIMS[kind])


def _rows(made: "zxingcpp.Barcode") -> tuple[str, ...]:
    import zxingcpp

    image = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    picture = memoryview(cast("Buffer", image))
    height, width = picture.shape or (0, 0)
    signs = picture.tobytes().translate(_SIGNS).decode()
    return tuple(signs[row * width : (row + 1) * width] for row in range(height))


def _format(kind: SymbolKind) -> "zxingcpp.BarcodeFormat":
    import zxingcpp

    return cast("zxingcpp.BarcodeFormat", getattr(zxingcpp.BarcodeFormat, _FORMATS[kind]))


@cache
def _formats(kinds: tuple[SymbolKind, ...]) -> "zxingcpp.BarcodeFormats":
    import zxingcpp

    return zxingcpp.BarcodeFormats([_format(kind) for kind in kinds])


def _aim(found: "zxingcpp.Barcode") -> str:
    """Its identifier; that a Code 39 ends in its check character by chance means nothing."""
    aim = found.symbology_identifier
    return "]A0" if aim == "]A1" else str(aim)


def _picture(symbol: Symbol) -> memoryview:
    """The symbol with its quiet zone, one byte a dot."""
    left, right = "0" * symbol.quiet, "0" * symbol.quiet_right
    width = symbol.modules_across * READ_BACK_SCALE
    dots = "".join(f"{left}{row}{right}" for row in symbol.rows).encode()
    for sign, shade in ((b"0", b"\xff"), (b"1", b"\x00")):
        dots = dots.replace(sign, shade * READ_BACK_SCALE)
    if symbol.is_linear:
        dots *= _LINEAR_ROWS
    else:
        lines = range(0, len(dots), width)
        dots = b"".join(dots[at : at + width] * READ_BACK_SCALE for at in lines)
        blank = b"\xff" * (width * symbol.quiet * READ_BACK_SCALE)
        dots = blank + dots + blank
    return memoryview(dots).cast("B", shape=(len(dots) // width, width))
