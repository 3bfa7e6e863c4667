"""The letters: which there are, how wide, and that no ink leaves its box."""

import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont
from reportlab.pdfbase.ttfonts import TTFontFace

from labels import fonts, raster, truetype
from labels.bitmap import Bitmap
from labels.primitives import Text, ValueRefusedError, Weight

WEIGHTS: tuple[Weight, ...] = ("bold", "regular")
read_face: Callable[[str], Any] = TTFontFace
covered = st.characters(max_codepoint=0x2300).filter(fonts.covers)
LATIN = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x180)]))
GREEK = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωάέήίόύώϊϋΐΰ"
CYRILLIC = "".join(map(chr, range(0x400, 0x460)))
SIGNS = "€£¥°±×÷µ²³½¼¾‰№™©®§¶•·–—‘’“”„…≤≥≠≈∞Ω√∑"


def boxed(text: Text) -> tuple[int, int, int, int] | None:
    drawn = raster.text_bits(text)
    return Image.frombytes("1", (drawn.width, drawn.height), drawn.data).getbbox()


def ink_rows(char: str, height: int, weight: Weight) -> int:
    box = boxed(Text(0, 0, height, 9, char, weight))
    return box[3] - box[1] if box else 0


def free_rows(char: str, em: int, weight: Weight) -> int:
    box = fonts.face(em, weight).getmask(char, mode="1").getbbox()
    return box[3] - box[1] if box else 0


@pytest.mark.parametrize("chars", [LATIN, GREEK, CYRILLIC, SIGNS])
def test_latin_greek_cyrillic_and_common_signs_are_there(chars: str) -> None:
    assert [char for char in chars if not fonts.covers(char)] == []


@pytest.mark.parametrize(
    ("char", "name"),
    [
        ("茶", "CJK UNIFIED IDEOGRAPH-8336"),
        ("😀", "GRINNING FACE"),
        ("ש", "HEBREW LETTER SHIN"),
        ("ع", "ARABIC LETTER AIN"),
        ("\u0301", "COMBINING ACUTE ACCENT"),
        ("\u200d", "ZERO WIDTH JOINER"),
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("\xad", "SOFT HYPHEN"),
        ("\ufffd", "REPLACEMENT CHARACTER"),
        ("\ue000", "a control character"),
        ("\n", "a control character"),
        ("\x00", "a control character"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(char: str, name: str) -> None:
    assert not fonts.covers(char)
    with pytest.raises(ValueRefusedError) as caught:
        fonts.check(f"Tea {char}")
    assert f"U+{ord(char):04X}, {name}" in str(caught.value)
    with pytest.raises(ValueRefusedError):
        fonts.width(char, 20)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_the_font_is_read_as_others_read_it(weight: Weight) -> None:
    face = read_face(str(fonts.file(weight)))
    font = truetype.read(fonts.file(weight).read_bytes())
    assert font.units == face.unitsPerEm
    wanted = {code for code, number in face.charToGlyph.items() if number}
    assert {code for code, number in font.numbers.items() if number} == wanted
    assert all(font.numbers[ord(char)] == face.charToGlyph[ord(char)] for char in GREEK + CYRILLIC)
    drawn = ImageFont.truetype(
        str(fonts.file(weight)), font.units, layout_engine=ImageFont.Layout.BASIC
    )
    for char in LATIN + GREEK + CYRILLIC + SIGNS:
        glyph = font.glyph(char)
        assert glyph is not None
        assert glyph.advance == drawn.getlength(char)
        left, top, right, bottom = drawn.getbbox(char, anchor="ls")
        if drawn.getmask(char).getbbox() is None:  # a blank
            assert glyph == truetype.Glyph(glyph.advance)
            continue
        assert abs(glyph.rise - max(0, -top)) <= 1
        assert abs(glyph.drop - max(0, bottom)) <= 1
        assert abs(glyph.before - max(0, -left)) <= 1
        assert abs(glyph.beyond - max(0, right - glyph.advance)) <= 1


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\x00\x01\x00\x00\x00\x01" + bytes(40)])
def test_other_files_are_no_fonts(data: bytes) -> None:
    with pytest.raises(truetype.FontFormatError):
        truetype.read(data)


def test_a_font_without_a_unicode_map_is_refused() -> None:
    data = bytearray(fonts.file().read_bytes())
    place = truetype.read(bytes(data))._tables["cmap"]
    (count,) = struct.unpack_from(">H", data, place + 2)
    for number in range(count):
        struct.pack_into(">HH", data, place + 4 + 8 * number, 1, 0)
    with pytest.raises(truetype.FontFormatError, match="no Unicode map"):
        truetype.read(bytes(data))


@given(
    value=st.text(covered, min_size=1, max_size=12),
    height=st.integers(8, 90),
    weight=st.sampled_from(WEIGHTS),
)
@settings(max_examples=150, deadline=None)
def test_no_text_is_wider_than_it_is_said_to_be(value: str, height: int, weight: Weight) -> None:
    drawn = raster.text_bits(Text(0, 0, height, 9, value, weight))
    assert drawn.width <= fonts.width(value, height)
    assert drawn.height == height
    assert fonts.size(value, height, weight) <= height


@given(char=covered, weight=st.sampled_from(WEIGHTS), height=st.sampled_from([12, 20, 33, 60]))
@settings(max_examples=200, deadline=None)
def test_no_letter_loses_more_than_a_row_to_its_box(char: str, weight: Weight, height: int) -> None:
    """Its ink has as many rows as that of some size next to the one it should have."""
    rows = ink_rows(char, height, weight)
    size = fonts.size(char, height, weight)
    near = [free_rows(char, em, weight) for em in range(max(1, size - 3), size + 1)]
    assert min(near) - 1 <= rows <= max(near)


def test_letters_without_accents_keep_their_height() -> None:
    for height in (17, 24, 32, 56, 200):
        assert fonts.size("Lot 480 PCS, ABCxyz-", height) == height
        assert fonts.size("ÅÖ", height) < height


@pytest.mark.parametrize("value", ["Wheat bread", "11111111", "Ťľ j Î", "Хлеб"])
def test_letters_stand_within_half_a_dot_of_their_place(value: str) -> None:
    for height in (17, 24, 33, 56):
        drawn = boxed(Text(0, 0, height, 9, value))
        assert drawn is not None
        places = fonts.offsets(value, fonts.size(value, height))
        assert drawn[2] <= places[-1] + 1
        assert places[-1] - drawn[2] <= height / 4
        assert drawn[0] <= height / 4


def test_an_empty_text_takes_nothing() -> None:
    assert fonts.width("", 30) == 0
    assert fonts.offsets("", 30) == [0.0]


def test_rows_of_a_bitmap() -> None:
    bitmap = Bitmap(9, 3, bytes([1, 128, 2, 0, 255, 128]))
    assert list(bitmap.rows()) == [b"\x01\x80", b"\x02\x00", b"\xff\x80"]
    assert bitmap.band(1, 9) == Bitmap(9, 2, b"\x02\x00\xff\x80")
    assert bitmap.white_high == b"\xfe\x7f\xfd\xff\x00\x7f"
