"""Sizes by label class: what GenSpecs and our own scanners ask for, and no dot less."""

import pytest

from labels import symbol_classes, symbols
from labels.heads import HEADS
from labels.primitives import QUIET_MODULES, SymbolKind
from labels.symbol_classes import LABEL_CLASSES, LabelClass, fault, height_fault, limits

SSCC = "00095060000000000015"


def test_every_kind_has_limits_in_every_class() -> None:
    for label_class in LABEL_CLASSES:
        for kind in QUIET_MODULES:
            limit = limits(label_class, kind)
            assert 0 < limit.module_mm_min < limit.module_mm_max
            assert (limit.height_mm_min > 0) == symbols_are_linear(kind)


def symbols_are_linear(kind: SymbolKind) -> bool:
    return kind in {"code128", "gs1-128", "code39", "itf14", "ean13", "ean8", "upca"}


def test_distribution_asks_for_no_less_than_in_house() -> None:
    for kind in QUIET_MODULES:
        near, far = (limits(one, kind) for one in LABEL_CLASSES)
        assert near.module_mm_min < far.module_mm_min
        assert near.height_mm_min <= far.height_mm_min


@pytest.mark.parametrize(
    ("label_class", "kind", "dpi", "modules"),
    [
        ("in-house", "code128", 203, range(2, 8)),
        ("in-house", "ean13", 203, range(3, 6)),
        ("in-house", "datamatrix", 203, range(3, 13)),
        ("distribution", "gs1-128", 203, range(4, 8)),
        ("distribution", "gs1-128", 300, range(6, 12)),
        ("distribution", "gs1-128", 600, range(12, 23)),
        ("distribution", "itf14", 203, range(4, 9)),
        ("distribution", "ean13", 203, range(4, 6)),
        ("distribution", "gs1-datamatrix", 203, range(6, 13)),
        ("distribution", "gs1-datamatrix", 300, range(9, 18)),
        ("distribution", "pdf417", 203, range(4, 8)),
    ],
)
def test_the_whole_dots_of_a_class(
    label_class: LabelClass, kind: SymbolKind, dpi: int, modules: range
) -> None:
    contents = {"gs1-128": SSCC, "gs1-datamatrix": SSCC, "itf14": "09506000134352"}
    symbol = symbols.build(kind, contents.get(kind, "9506000134352"))
    good = [dot for dot in range(1, 40) if not fault(label_class, symbol, dot, HEADS[dpi])]
    assert good == list(modules)


def test_faults_say_what_is_wrong() -> None:
    symbol = symbols.build("code128", "LOT-1")
    assert fault("in-house", symbol, 1, 8.0) == "a module of 1 dots is narrower than 2 dots"
    assert fault("distribution", symbol, 3, 8.0) == (
        "a module of 0.375 mm is not within 0.495 to 0.94 mm of distribution"
    )
    assert height_fault("distribution", "itf14", 31.7) == "31.7 mm is lower than 31.75 mm"
    assert height_fault("in-house", "code39", 8.0) == ""
    assert height_fault("distribution", "qr", 0.0) == ""


def test_one_dot_is_too_narrow_on_any_head() -> None:
    symbol = symbols.build("code128", "LOT-1")
    assert "narrower than 2 dots" in fault("in-house", symbol, 1, 4.0)


def test_gs1_128_is_at_most_165_mm_long() -> None:
    fits = symbols.build("gs1-128", f"01095060001343521726122810{'A' * 20}")
    assert fits.modules_across == 440  # 165.0 mm
    assert fault("in-house", fits, 3, 8.0) == ""
    longer = symbols.build("gs1-128", f"91{'A' * 34}")
    assert longer.modules_across == 462
    assert fault("in-house", longer, 2, 8.0) == ""
    assert fault("in-house", longer, 3, 8.0) == "173.2 mm with quiet zones is longer than 165.1 mm"
    plain = symbols.build("code128", "A" * 60)
    assert fault("in-house", plain, 3, 8.0) == ""


def test_characters_are_bounded_where_digits_are_not() -> None:
    numbers = {"itf14", "ean13", "ean8", "upca"}
    assert set(symbol_classes.CHARS_MAX) == set(QUIET_MODULES) - numbers
