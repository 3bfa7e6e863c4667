"""The home of what a barcode must measure: X-dimension, height and length by label class and kind.

In-house labels are read at arm's length by our own scanners; distribution labels by anybody's, also
by fixed ones at a distance. GenSpecs are the GS1 General Specifications. Quiet zones go with the
kind alone and stand in `primitives`.
"""

from dataclasses import dataclass
from typing import Final, Literal

from labels.primitives import Symbol, SymbolKind

LabelClass = Literal["in-house", "distribution"]
LABEL_CLASSES: Final[tuple[LabelClass, ...]] = ("in-house", "distribution")

MODULE_DOTS_MIN: Final = 2  # one dot does not survive dot gain on paper
GS1_128_LENGTH_MM_MAX: Final = 165.10  # quiet zones included, GenSpecs 5.4.4.6
# Most characters of a symbol; where there is none, the digits of the number are the length.
CHARS_MAX: Final[dict[SymbolKind, int]] = {
    "code128": 80,
    "gs1-128": 48,  # AIs and separators count, the leading FNC1 does not (GenSpecs 5.4.4.6)
    "code39": 48,
    "datamatrix": 1000,
    "gs1-datamatrix": 1000,
    "qr": 1000,
    "gs1-qr": 1000,
    "pdf417": 1000,
    "aztec": 1000,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Narrowest and widest module and lowest bars, mm; `height_mm_min` is 0 for matrix symbols."""

    module_mm_min: float
    module_mm_max: float
    height_mm_min: float = 0.0


# In-house, no standard rules: what hand-held imagers read from paper with dot gain.
_BARS = Limits(0.24, 0.94, 8.0)
_STACKED = Limits(0.24, 0.94)
_MATRIX = Limits(0.30, 1.50)
# A retail number keeps its retail size: GenSpecs 5.12.3.1, table 1.
_RETAIL = Limits(0.264, 0.66, 18.28)
_RETAIL_SHORT = Limits(0.264, 0.66, 14.58)
# GenSpecs 5.12.3.2, table 2 (trade items in general distribution), and 5.12.3.5, table 5 (logistic
# units); kinds that GS1 does not know follow the nearest that it does.
_FAR_BARS = Limits(0.495, 0.94, 31.75)
_FAR_ITF = Limits(0.495, 1.016, 31.75)
_FAR_RETAIL = Limits(0.495, 0.66, 34.28)
_FAR_RETAIL_SHORT = Limits(0.495, 0.66, 27.35)
_FAR_STACKED = Limits(0.495, 0.94)
_FAR_MATRIX = Limits(0.743, 1.50)

_LIMITS: Final[dict[SymbolKind, tuple[Limits, Limits]]] = {
    "code128": (_BARS, _FAR_BARS),
    "gs1-128": (_BARS, _FAR_BARS),
    "code39": (_BARS, _FAR_BARS),
    "itf14": (_BARS, _FAR_ITF),
    "ean13": (_RETAIL, _FAR_RETAIL),
    "ean8": (_RETAIL_SHORT, _FAR_RETAIL_SHORT),
    "upca": (_RETAIL, _FAR_RETAIL),
    "datamatrix": (_MATRIX, _FAR_MATRIX),
    "gs1-datamatrix": (_MATRIX, _FAR_MATRIX),
    "qr": (_MATRIX, _FAR_MATRIX),
    "gs1-qr": (_MATRIX, _FAR_MATRIX),
    "pdf417": (_STACKED, _FAR_STACKED),
    "aztec": (_MATRIX, _FAR_MATRIX),
}


def limits(label_class: LabelClass, kind: SymbolKind) -> Limits:
    """What a symbol of `kind` must measure on a label of the class."""
    return _LIMITS[kind][LABEL_CLASSES.index(label_class)]


def fault(label_class: LabelClass, symbol: Symbol, module: int, dots_mm: float) -> str:
    """Why `module` dots of a head with `dots_mm` dots a mm are out of class, or nothing."""
    limit = limits(label_class, symbol.kind)
    module_mm = module / dots_mm
    if module < MODULE_DOTS_MIN:
        return f"a module of {module} dots is narrower than {MODULE_DOTS_MIN} dots"
    if not limit.module_mm_min <= module_mm <= limit.module_mm_max:
        allowed = f"{limit.module_mm_min:g} to {limit.module_mm_max:g} mm"
        return f"a module of {module_mm:.3f} mm is not within {allowed} of {label_class}"
    length = symbol.modules_across * module_mm
    if symbol.kind == "gs1-128" and length > GS1_128_LENGTH_MM_MAX:
        return f"{length:.1f} mm with quiet zones is longer than {GS1_128_LENGTH_MM_MAX:g} mm"
    return ""


def height_fault(label_class: LabelClass, kind: SymbolKind, height_mm: float) -> str:
    """Why bars of that height are out of class, or nothing."""
    least = limits(label_class, kind).height_mm_min
    return f"{height_mm:g} mm is lower than {least:g} mm" if height_mm < least else ""
