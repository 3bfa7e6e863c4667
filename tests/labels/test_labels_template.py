"""A template works for every record, or is refused at load with file, field and reason."""

from pathlib import Path

import pytest

from labels import codes, fonts, layout, proof, render, symbols, template, template_read
from labels.primitives import TemplateError, Text

SHIPPED = sorted(render.TEMPLATES.glob("*.toml"))
GOOD = """
[label]
name = "small"
revision = 3
class = "in-house"
media = [60, 40]
margin = 1

[fields]
lot = { type = "code", max = 10 }
gtin = { type = "gtin" }
expiry = { type = "date", optional = true }

[[item]]
kind = "text"
at = [2, 2]
width = 40
size = 4
min_size = 2
value = "LOT {lot}"

[[item]]
kind = "box"
at = [1.5, 8]
width = 57
height = 30
thickness = 0.3

[[item]]
kind = "code128"
at = [2, 9]
width = 56
height = 10
x = [0.375, 0.25]
value = "{lot}"

[[item]]
kind = "gs1-datamatrix"
at = [2, 20]
width = 17
x = [0.5]
elements = [["01", "{gtin}"], ["17", "{expiry}"], ["10", "{lot}"]]

[[item]]
kind = "qr"
at = [22, 20]
width = 17
x = [0.5]
code = { type = "material", material = "{lot}", gtin = "{gtin}" }
"""


def _load(text: str) -> template.Template:
    read = template_read.parse(text, "small.toml")
    proof.prove(read, 203, symbols.build, fonts)
    return read


@pytest.mark.parametrize("dpi", [203, 300, 600])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_we_ship_is_proved(path: Path, dpi: int) -> None:
    assert render.load(path.stem, dpi).name == path.stem


def test_a_good_template_is_read_whole() -> None:
    read = _load(GOOD)
    proof.prove(read, 300, symbols.build, fonts)
    assert (read.name, read.revision, read.media, read.margin) == ("small", 3, (60.0, 40.0), 1.0)
    assert [type(item).__name__ for item in read.items] == [
        "TextItem",
        "RuleItem",
        "SymbolItem",
        "SymbolItem",
        "SymbolItem",
    ]


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ('name = "small"', "name = ", "TOML", "Invalid value"),
        ('name = "small"', "", "label.name", "is missing"),
        ('name = "small"', "name = 3", "label.name", "must be a str, not 3"),
        ("revision = 3", "revision = true", "label.revision", "must be a int"),
        ("revision = 3", "revison = 3", "label.revision", "is missing"),
        ("margin = 1", "margin = 1\nmargen = 2", "label.margen", "did you mean margin?"),
        ("margin = 1", "margin = 30", "label.margin", "not within 0 and 20 mm"),
        ("margin = 1", "margin = 3", "item 1 (text)", "leaves the media at 203 dpi"),
        ('"in-house"', '"pretty"', "label.class", "none of in-house, distribution"),
        ("media = [60, 40]", "media = [60]", "label.media", "two numbers in mm"),
        ("media = [60, 40]", "media = [60, 900]", "label.media", "not within 0 and 300 mm"),
        ("media = [60, 40]", "media = [60, 30]", "item 2 (box)", "leaves the media"),
        ("[fields]", "[field]", "file.fields", "is missing"),
        ("max = 10", "max = 0", "fields.lot.max", "not within 1 and 200"),
        ("width = 40", "width = 10", "item 1 (text)", "is wider than 10 mm"),
        ("max = 10", "max = 18", "item 3 (code128)", "none of x = 0.375, 0.25 mm"),
        ('type = "code"', 'type = "cod"', "fields.lot.type", "none of text, code"),
        ("optional = true", "optional = 1", "fields.expiry.optional", "must be a bool"),
        ('"LOT {lot}"', '"LOT {lott}"', "item 1 (text).value", "did you mean lot?"),
        ('"LOT {lot}"', '"LOT {lot"', "item 1 (text).value", "expected '}'"),
        ('"LOT {lot}"', '"LOT {lot.x}"', "item 1 (text).value", "not a plain field name"),
        ('"LOT {lot}"', '"LOT {lot!r}"', "item 1 (text).value", "not a plain field name"),
        ('"{expiry}"', '"261231"', "fields.expiry", "is used by no item"),
        ("size = 4", "size = 90", "item 1 (text).size", "not within 1.5 and 40 mm"),
        ("size = 4", "size = 4\nfit = 'squeeze'", "item 1 (text).fit", "none of shrink, cut"),
        ("at = [2, 2]", "at = [2, 6]", "item 1 (text)", "touches item 2 (box) or its quiet zone"),
        ("at = [22, 20]", "at = [12, 20]", "item 4 (gs1-datamatrix)", "touches item 5 (qr)"),
        ("at = [2, 9]", "at = [2, 12]", "item 3 (code128)", "touches item 4 (gs1-datamatrix)"),
        ('kind = "qr"', 'kind = "maxicode"', "item 5.kind", "'maxicode' is none of text, line"),
        ("x = [0.375, 0.25]", "x = []", "item 3 (code128).x", "module widths in mm"),
        ("x = [0.375, 0.25]", "x = [0.125]", "item 3 (code128)", "whole dots at 203 dpi"),
        ("x = [0.375, 0.25]", "x = [0.5]", "item 3 (code128)", "modules within 56 mm"),
        ("height = 10", "height = 5", "item 3 (code128).height", "lower than 8 mm"),
        ("height = 10", "", "item 3 (code128).height", "is missing"),
        ('value = "{lot}"', "", "item 3 (code128).value", "either value or code"),
        ('["10", "{lot}"]', '["10"]', "item 4 (gs1-datamatrix).elements", "pair of AI and"),
        ('["10", "{lot}"]', '["66", "{lot}"]', "item 4 (gs1-datamatrix)", "AI 66"),
        ("elements = [[", 'value = "A"\nelements = [[', "item 4 (gs1-datamatrix).elements", "else"),
        ('type = "material"', 'type = "pallet"', "item 5 (qr).code.type", "none of lot, order"),
        ("material = ", "matrial = ", "item 5 (qr).code.matrial", "did you mean material?"),
        ('class = "in-house"', 'class = "distribution"', "item 3 (code128).height", "31.75 mm"),
    ],
)
def test_a_bad_template_is_refused(old: str, new: str, field: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(TemplateError) as caught:
        _load(GOOD.replace(old, new))
    error = caught.value
    assert error.file == "small.toml"
    assert error.field.startswith(field)
    assert reason in error.reason
    assert str(error) == f"small.toml:{error.line}: {error.field}: {error.reason}"


@pytest.mark.parametrize("align", ["left", "center", "right"])
def test_an_interpretation_stands_under_the_middle_of_its_bars(align: str) -> None:
    bars = 'x = [0.375, 0.25]\nvalue = "{lot}"\n'
    text = GOOD.replace(bars, f'{bars}hri = "below"\nhri_size = 1.5\nalign = "{align}"\n')
    text = text.replace("height = 10\n", "height = 8\n")
    for lot in ("B-7", "9", "W-.9AW-.9A"):
        record = {"lot": lot, "gtin": "09506000134352"}
        read = template_read.parse(text, "own.toml")
        page = layout.place(read, record, 203, symbols.build, fonts)
        (bars_placed,) = (one for one in page.symbols if one.symbol.is_linear)
        (line,) = (one for one in page.primitives if isinstance(one, Text) and one.value == lot)
        middle = bars_placed.x + bars_placed.symbol.width * bars_placed.module / 2
        assert abs(line.x + fonts.width(lot, line.height) / 2 - middle) <= 2


def test_a_lot_that_wants_a_filler_has_its_room() -> None:
    """One code in eighty is a character longer, so that no keyboard layout makes another of it."""
    lot = "99Y9RASBI59JYU5XYS6-"
    assert codes.encode(codes.LotCode(lot)) == f"LO{lot}+7"
    sample = proof.sample(render.load("batch", 203)) | {"lot": lot}
    for dpi in (203, 300, 600):
        page = render.lay_out("batch", sample, dpi)
        assert f"LO{lot}+7" in {one.symbol.content for one in page.symbols}


def test_brackets_without_end_are_refused() -> None:
    with pytest.raises(TemplateError, match="too deep"):
        template_read.parse("x = " + "[\n" * 5000, "own.toml")


def test_an_unknown_head_or_template_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="150 is none of 203, 300, 600"):
        render.load("batch", 150)
    with pytest.raises(
        TemplateError, match="templates that come with this: badge, batch, commands"
    ):
        render.load("pallet", 203)
    own = tmp_path / "own.toml"
    own.write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="cannot be read"):
        render.load(str(own), 203)
    own.write_text("\ufeff" + GOOD, encoding="utf-8")  # as editors of Windows save it
    assert render.load(str(own), 203).name == "small"
