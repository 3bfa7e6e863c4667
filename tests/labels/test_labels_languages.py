"""Every printer language: kept bytes, and the dots that a printer of it burns."""

import json
import re
import string

import pytest
import zplkit
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labels import (
    brother_ql,
    epl,
    escpos,
    languages,
    raster,
    render,
    symbols,
    tspl,
    zpl,
    zpl_graphic,
)
from labels.languages import LANGUAGES, Language
from labels.primitives import (
    Box,
    LabelError,
    Layout,
    Line,
    Placed,
    Primitive,
    Text,
    ValueRefusedError,
)
from tests.labels import golden_labels, golden_templates, printer_decoders
from tests.labels.printer_decoders import decode

RASTER: tuple[Language, ...] = ("zpl-graphic", "tspl", "epl", "escpos", "brother-ql")
CODE = symbols.build("code128", "LOB-16")
MATRIX = symbols.build("datamatrix", "LOB-16")
FORMS: tuple[zpl_graphic.Form, ...] = ("hex", "rle", "z64")
shown = st.text(
    string.ascii_letters + string.digits + " ÄöÉŁőßΩхЖ-.,()|@jg", min_size=1, max_size=9
)


@st.composite
def layouts(draw: st.DrawFn, width_max: int = 220) -> Layout:
    """Small labels of any width, things over each other and over the edge."""
    width, height = draw(st.integers(1, width_max)), draw(st.integers(1, 300))
    place = st.integers(0, 200)
    size = st.integers(1, 60)
    primitives: list[Primitive] = draw(
        st.lists(
            st.one_of(
                st.builds(Text, place, place, st.integers(6, 60), size, shown),
                st.builds(Line, place, place, size, size),
                st.builds(
                    Box, place, place, st.integers(9, 60), st.integers(9, 60), size.map(min4)
                ),
                st.builds(Placed, place, place, st.just(CODE), st.integers(1, 3), size),
                st.builds(
                    Placed, place, place, st.just(MATRIX), st.just(2), st.just(2 * MATRIX.width)
                ),
            ),
            max_size=6,
        )
    )
    return Layout("any", 203, width, height, tuple(primitives))


def min4(size: int) -> int:
    return min(size, 4)


def with_size(layout: Layout, language: Language) -> Layout:
    if language != "brother-ql":
        return layout
    return Layout("any", 300, 696, max(150, layout.height), layout.primitives)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bytes_are_those_that_were_kept(language: Language) -> None:
    kept = golden_labels.path(language).read_bytes()
    assert golden_labels.written(language) == kept


@pytest.mark.parametrize("language", RASTER)
def test_kept_bytes_burn_the_label_dot_for_dot(language: Language) -> None:
    layout = golden_labels.label(language)
    data = golden_labels.path(language).read_bytes()
    assert decode(language, data, layout) == raster.bits(layout)


@pytest.mark.parametrize("name", render.names())
def test_every_template_in_every_language_has_the_kept_digest(name: str) -> None:
    kept = json.loads(golden_labels.DIGESTS.read_text(encoding="utf-8"))
    assert golden_labels.digests(name) == kept[name], "python -m tests.labels.golden_labels"


@pytest.mark.parametrize("name", render.names())
def test_every_template_is_burnt_dot_for_dot(name: str) -> None:
    page = render.lay_out(name, golden_templates.sample(name), 203)
    taken = golden_labels.digests(name)
    for language in RASTER:
        if taken[language] != golden_labels.REFUSED:
            data = languages.write((page,), language, "job")
            assert decode(language, data, page) == raster.bits(page)


@pytest.mark.parametrize("language", RASTER)
@given(layout=layouts())
@settings(max_examples=40, deadline=None)
def test_any_label_is_burnt_dot_for_dot(language: Language, layout: Layout) -> None:
    layout = with_size(layout, language)
    data = languages.write((layout,), language, "job")
    assert decode(language, data, layout) == raster.bits(layout)


@pytest.mark.parametrize("form", FORMS)
@given(layout=layouts())
@settings(max_examples=40, deadline=None)
def test_each_form_of_zpl_graphics_is_the_same_dots(form: zpl_graphic.Form, layout: Layout) -> None:
    data = zpl_graphic.write(layout, "job", form)
    assert decode("zpl-graphic", data, layout) == raster.bits(layout)


@pytest.mark.parametrize("form", FORMS)
def test_a_large_label_goes_in_bands(form: zpl_graphic.Form) -> None:
    texts = tuple(Text(9, 40 * row, 36, 1100, f"row {row} of it") for row in range(40))
    layout = Layout("large", 300, 1205, 1795, (Box(0, 0, 1205, 1795, 9), *texts))
    data = zpl_graphic.write(layout, "job", form)
    assert data.count(b"^GFA") == 17
    assert max(len(field) for field in data.split(b"^FS")) < 2 * 16_384 + 100
    assert decode("zpl-graphic", data, layout) == raster.bits(layout)


def test_the_forms_take_what_they_promise() -> None:
    layout = golden_labels.label("zpl-graphic")
    sizes = [len(zpl_graphic.write(layout, "job", form)) for form in FORMS]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * 50 * 317
    assert sizes[1] < sizes[0] / 3


def test_the_crc_of_z64_has_four_digits() -> None:
    data = zpl_graphic.write(golden_labels.label("zpl-graphic"), "job", "z64").decode()
    assert re.search(r":Z64:[A-Za-z0-9+/=]+:[0-9A-F]{4}\^FS", data)


def test_texts_of_other_scripts_go_to_a_zpl_printer_as_their_dots() -> None:
    text = Text(7, 9, 30, 400, "Хлеб Łódź")
    layout = Layout("one", 203, 401, 50, (text,))
    data = zpl.write(layout, "job")
    assert b"^A0" not in data
    assert decode("zpl", data, layout) == raster.bits(layout)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("LOT 99-1", rb"^FO5,8^A0N,40,40^FH\^FDLOT 99-1^FS"),
        ("Größe", rb"^FO5,8^A0N,40,40^FH\^FDGr\C3\B6\C3\9Fe^FS"),
        ("ÖL", rb"^FO5,14^A0N,32,32^FH\^FD\C3\96L^FS"),
        ("a^XZ~\\_", rb"^FO5,8^A0N,40,40^FH\^FDa\5EXZ\7E\5C_^FS"),
    ],
)
def test_latin_texts_are_the_printers_own_letters(value: str, field: bytes) -> None:
    data = zpl.write(Layout("one", 203, 400, 60, (Text(5, 8, 40, 390, value),)), "job")
    assert data.splitlines()[2] == field


@pytest.mark.parametrize("height", [20, 32, 56, 90])
def test_native_texts_stand_on_the_base_line_of_the_others(height: int) -> None:
    layout = Layout("one", 203, 800, 120, (Text(10, 12, height, 700, "HEX LINE 12"),))
    options = zplkit.Options(width=layout.width, height=layout.height)
    page = zplkit.render(zpl.write(layout, "job"), options).labels[0].rasterize()
    native = printer_decoders.of_picture(
        Image.frombytes("L", (page.width, page.height), page.pixels)
    )
    boxes = [
        Image.frombytes("1", (one.width, one.height), one.data).getbbox()
        for one in (native, raster.bits(layout))
    ]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert abs(boxes[0][3] - boxes[1][3]) <= 1
    assert abs(boxes[0][0] - boxes[1][0]) <= height / 16


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_that_there_is_not_is_refused_by_name(language: Language) -> None:
    size = (300, 696, 320) if language == "brother-ql" else (203, 400, 200)
    layout = Layout("one", *size, (Text(5, 5, 30, 390, "Tea 茶"),))
    with pytest.raises(ValueRefusedError, match=r"no letter for|has a letter for '茶'"):
        languages.write((layout,), language, "job")


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_pages_are_several_labels(language: Language) -> None:
    page = golden_labels.label(language)
    one, two = (languages.write((page,) * count, language, "job") for count in (1, 2))
    if language != "pdf":
        assert two == one + one
    else:
        assert two.count(b"/Type /Page\n") == 2


@pytest.mark.parametrize(
    ("width", "height", "dpi", "reason"),
    [
        (
            732,
            400,
            300,
            "exactly 696 dots at 300 dpi on 62 mm tape; make the template's media 58.93",
        ),
        (696, 400, 203, "696 dots at 203 dpi"),
        (696, 149, 300, "149 dots long: a Brother QL cuts from 150 to 11811"),
        (696, 11_812, 300, "11812 dots long"),
    ],
)
def test_a_brother_ql_takes_its_own_width_only(
    width: int, height: int, dpi: int, reason: str
) -> None:
    with pytest.raises(LabelError, match=reason):
        brother_ql.write(Layout("tape", dpi, width, height, ()))


def test_a_label_that_is_wider_than_the_head_is_refused() -> None:
    with pytest.raises(LabelError, match="833 dots across are more than the 832"):
        escpos.write(Layout("wide", 203, 833, 100, ()))
    with pytest.raises(LabelError, match="at 600 dpi: an EPL2 head has 203 or 300 dpi"):
        epl.write(Layout("fine", 600, 400, 100, ()))
    with pytest.raises(LabelError, match="at most 1248 dots across"):
        epl.write(Layout("wide", 300, 1249, 100, ()))


def test_tspl_names_the_size_in_millimetres() -> None:
    data = tspl.write(Layout("one", 300, 1181, 886, ()))
    assert data.startswith(b"SIZE 99.99 mm,75.01 mm\r\n")


def test_a_receipt_goes_in_bands_that_small_buffers_hold() -> None:
    layout = Layout("long", 203, 570, 700, (Box(0, 0, 570, 700, 5),))
    data = escpos.write(layout)
    assert data.count(b"\x1dv0\x00\x48\x00") == 3
    assert decode("escpos", data, layout) == raster.bits(layout)
