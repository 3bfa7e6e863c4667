"""What python-barcode does without a word, and that our symbols do not: one test a fault.

Each test first shows the fault in the library, so that a release without it is noticed.
"""

import pytest
from barcode.codex import Code39, Code128, Gs1_128
from barcode.ean import EAN8, EAN13, EAN14
from barcode.itf import ITF
from barcode.upc import UPCA

from labels import linear, symbols
from labels.primitives import Symbol, SymbolError, SymbolKind

FOREIGN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")  # digits to str.isdigit and int


def _reads(kind: SymbolKind, modules: str, content: str, aim: str) -> bool:
    try:
        symbols.read_back(Symbol(kind, (modules,), content, aim))
    except SymbolError:
        return False
    return True


@pytest.mark.parametrize("text", ["99", "9912", "99A", "991234567890", "99-LOT"])
def test_a_leading_99_of_code_128_is_kept(text: str) -> None:
    assert not _reads("code128", Code128(text).build()[0], text, "]C0")
    assert _reads("code128", linear.code128(text)[1], text, "]C0")


@pytest.mark.parametrize("text", ["12A", "99-1", "12-"])
def test_code_words_and_modules_are_of_one_symbol(text: str) -> None:
    asked_twice = Code128(text)
    assert asked_twice.encoded != asked_twice.encoded
    words, modules = linear.code128(text)
    assert len(modules) == 11 * (len(words) + 1) + 13
    assert linear.code128(text) == (words, modules)
    assert _reads("code128", modules, text, "]C0")


def test_code_39_gains_no_check_character() -> None:
    assert Code39("LOT-1").build() == Code39("LOT-1P", add_checksum=False).build()
    assert linear.code39("LOT-1") == ("LOT-1", Code39("LOT-1", add_checksum=False).build()[0])
    assert linear.code39("LOT-1", check=True) == ("LOT-1P", Code39("LOT-1").build()[0])


@pytest.mark.parametrize(("text", "char"), [("Lot-1", "'o'"), ("LOT_1", "'_'"), ("*", "'*'")])
def test_code_39_has_no_small_letters(text: str, char: str) -> None:
    assert Code39("Lot-1").build() == Code39("LOT-1").build()
    with pytest.raises(SymbolError, match=f"Code 39 has no {char.replace('*', '[*]')}"):
        linear.code39(text)


def test_a_bad_character_with_check_is_our_error() -> None:
    with pytest.raises(KeyError):
        Code39("Ä")
    with pytest.raises(SymbolError, match="Code 39 has no 'Ä'"):
        linear.code39("Ä", check=True)


def test_wrong_check_digits_are_not_repaired() -> None:
    assert EAN13("9506000134350").build() == EAN13("9506000134352").build()
    assert EAN8("96385070").build() == EAN8("96385074").build()
    assert UPCA("036000291450").build() == UPCA("036000291452").build()
    with pytest.raises(SymbolError, match="EAN-13 9506000134350: the check digit should be 2"):
        linear.ean13("9506000134350")
    with pytest.raises(SymbolError, match="EAN-8 96385070: the check digit should be 4"):
        linear.ean8("96385070")
    with pytest.raises(SymbolError, match="UPC-A 036000291450: the check digit should be 2"):
        linear.upca("036000291450")
    with pytest.raises(SymbolError, match="ITF-14 09506000134350: the check digit should be 2"):
        linear.itf14("09506000134350")


def test_numbers_of_another_length_are_neither_cut_nor_padded() -> None:
    assert EAN13("95060001343527").build() == EAN13("9506000134352").build()
    assert EAN8("963850747").build() == EAN8("96385074").build()
    assert UPCA("0360002914527").build() == UPCA("036000291452").build()
    assert EAN13("950600013435").build() == EAN13("9506000134352").build()
    assert ITF("9506000134352").build() == ITF("09506000134352").build()
    for make, digits in (
        (linear.ean13, "95060001343527"),
        (linear.ean13, "950600013435"),
        (linear.ean8, "963850747"),
        (linear.upca, "0360002914527"),
        (linear.itf14, "9506000134352"),
        (linear.itf14, "009506000134352"),
    ):
        with pytest.raises(SymbolError, match=rf"needs \d+ digits 0-9, not '{digits}'"):
            make(digits)


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert EAN13("9506000134352".translate(FOREIGN)).build() == EAN13("9506000134352").build()
    assert ITF("0950".translate(FOREIGN)).build() == ITF("0950").build()
    assert UPCA("036000291452".translate(FOREIGN)).build() == UPCA("036000291452").build()
    with pytest.raises(ValueError, match="invalid literal"):
        EAN13("²506000134352")
    for make, digits in (
        (linear.ean13, "9506000134352"),
        (linear.ean8, "96385074"),
        (linear.upca, "036000291452"),
        (linear.itf14, "09506000134352"),
    ):
        for foreign in (digits.translate(FOREIGN), "²" + digits[1:]):
            with pytest.raises(SymbolError, match="digits 0-9"):
                make(foreign)


def test_a_module_of_itf_is_its_narrow_bar() -> None:
    assert ITF("09506000134352").build()[0].startswith("11001100")  # narrow: two units
    modules = linear.itf14("09506000134352")
    assert modules.startswith("1010")
    assert set(map(len, modules.split("0"))) == {0, 1, 3}


def test_ean_14_is_no_itf_14() -> None:
    assert not _reads("itf14", EAN14("09506000134352").build()[0], "09506000134352", "]I1")
    assert _reads("itf14", linear.itf14("09506000134352"), "09506000134352", "]I1")


def test_a_separator_is_fnc1_and_brackets_are_no_elements() -> None:
    content = "10A\x1d21B"
    assert _reads("gs1-128", Gs1_128(content).build()[0], content, "]C1")  # GS as a character
    assert 102 not in Gs1_128(content).encoded[2:]
    assert symbols.build("gs1-128", content).words.count(102) == 2
    with pytest.raises(SymbolError, match="GS1"):
        symbols.build("gs1-128", "(10)A")


def test_nothing_at_all_is_refused_before_the_library_stumbles() -> None:
    with pytest.raises(IndexError):
        Code128("").build()
    for kind in ("code128", "code39", "gs1-128"):
        with pytest.raises(SymbolError):
            symbols.build(kind, "")
