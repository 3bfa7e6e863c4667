"""What we ship, printed: the bytes are the kept ones, and readers find every code that it says."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import zplkit
from PIL import Image
from pypdfium2 import PdfDocument

from labels import proof, raster, render, symbols
from labels.codes import CommandCode, DigitCode, ReasonCode, decode
from labels.primitives import Layout, SymbolKind, TemplateError, ValueRefusedError
from tests.labels import golden_templates

open_pdf: Callable[[bytes], PdfDocument] = PdfDocument
NAMES: Final = render.names()
KINDS: Final[tuple[SymbolKind, ...]] = ("code128", "datamatrix", "qr", "aztec")
UNIT: Final = {
    "sscc": "340123450000000017",
    "sender": "Sample Bakery",
    "product": "Rye bread",
    "gtin": "09506000134352",
    "count": "48",
    "lot": "B-1",
}


def test_what_is_shipped() -> None:
    assert {name: render.kind_of(name) for name in NAMES} == {
        "badge": "badge",
        "batch": "batch",
        "commands": "sheet",
        "hold": "hold",
        "location": "location",
        "nameplate": "nameplate",
        "receipt": "receipt",
        "scrap": "scrap",
        "setup": "sheet",
        "traveller": "traveller",
        "unit": "unit",
        "unit-content": "unit",
        "unit-homogeneous": "unit",
        "unit-mixed": "unit",
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_bytes_are_the_kept_ones(name: str) -> None:
    assert golden_templates.written(name) == golden_templates.path(name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_printer_prints_what_the_label_says(name: str) -> None:
    pages = render.lay_out_pages(name, golden_templates.sample(name), 203)
    data = render.render(name, golden_templates.sample(name), "zpl", 203, "JOB")
    assert data.count(b"^XA") == len(pages)
    options = zplkit.Options(width=pages[0].width, height=pages[0].height, dpi=203)
    for page, label in zip(pages, zplkit.render(data, options).labels, strict=True):
        drawn = label.rasterize()
        assert _read(Image.frombytes("L", (drawn.width, drawn.height), drawn.pixels)) == _said(page)
        assert _read(raster.draw(page)) == _said(page)


@pytest.mark.parametrize("name", ["traveller", "unit-content"])
def test_a_pdf_says_the_same(name: str) -> None:
    pages = render.lay_out_pages(name, golden_templates.sample(name), 600)
    document = open_pdf(render.render(name, golden_templates.sample(name), "pdf", 600, "JOB"))
    for page, sheet in zip(pages, document, strict=True):
        assert _read(sheet.render(scale=4).to_pil()) == _said(page)


def _read(picture: Image.Image) -> Counter[tuple[str, str]]:
    return Counter((text.decode(), aim) for text, aim, _ in symbols.decode_image(picture, KINDS))


def _said(page: Layout) -> Counter[tuple[str, str]]:
    return Counter((one.symbol.content, one.symbol.aim) for one in page.symbols)


def test_rows_go_on_over_pages_under_their_heading() -> None:
    lines = [
        {
            "material": f"M-{number}",
            "name": "Screw",
            "quantity": "4",
            "unit": "C62",
            "operation": "10",
            "location": "A1",
        }
        for number in range(60)
    ]
    values = dict(golden_templates.sample("traveller")) | {"lines": lines, "commands": ()}
    pages = render.lay_out_pages("traveller", values, 300)
    texts = [_texts(page) for page in pages]
    assert len(pages) == 3
    assert all("MATERIALS" in page for page in texts)
    assert [page[0] for page in texts] == ["PRODUCTION ORDER", "B-1042", "B-1042"]
    assert [next(one for one in page if one.startswith("page ")) for page in texts] == [
        f"page {number} of 3" for number in (1, 2, 3)
    ]
    named = [one for page in texts for one in page if one.startswith("M-")]
    assert named == [f"M-{number}" for number in range(60)]


def test_the_interpretation_names_what_the_bars_say() -> None:
    page = render.lay_out("unit-content", UNIT, 203)
    assert [text for text in _texts(page) if text.startswith("(")] == [
        "(02)09506000134352(37)48",
        "(00)340123450000000017",
    ]
    lowest = max(page.symbols, key=lambda one: one.y)
    assert (lowest.symbol.content, lowest.module, lowest.height) == (f"00{UNIT['sscc']}", 4, 254)


def test_a_plant_without_a_gtin_has_an_in_house_nameplate() -> None:
    plate = {"maker": "Works", "product": "Pump", "material": "GP-40", "serial": "99-1"}
    plate["made"] = "2026-11"
    (own,) = render.lay_out("nameplate", plate, 300).symbols
    (gs1,) = render.lay_out("nameplate", plate | {"gtin": UNIT["gtin"]}, 300).symbols
    assert (own.symbol.aim, own.symbol.content[:12]) == ("]d1", "MAGP-40++99-")
    assert (gs1.symbol.aim, gs1.symbol.content) == ("]d2", "01095060001343522199-1")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("sscc", "340123450000000018", "no SSCC: its check digit should be 7"),
        ("sscc", "U-000123", "no SSCC of 18 digits with check digit"),
        ("sscc", "", "needs it"),
        ("gtin", "09506000134351", "no GTIN: its check digit should be 2"),
        ("count", "4.5", "not a whole number"),
        ("best_before", "2026-02-30", "not a day of the calendar"),
        ("lot", "B/1", "other characters than"),
        ("product", "\u05dc\u05d7\u05dd", "in no printer's font"),
        ("product", "Bread \U0001f35e", "in no printer's font"),
    ],
)
def test_a_unit_takes_no_invented_number(name: str, value: str, reason: str) -> None:
    with pytest.raises(ValueRefusedError, match=reason):
        render.render("unit-content", UNIT | {name: value}, "zpl", 203, "J")


def test_a_row_that_is_wrong_is_named() -> None:
    sample = dict(golden_templates.sample("unit-mixed"))
    row = {"product": "Rye", "lot": "B-1", "quantity": "1,5", "unit": "C62"}
    with pytest.raises(ValueRefusedError, match=r"contents 2.quantity = '1,5'"):
        render.lay_out("unit-mixed", sample | {"contents": [row | {"quantity": "1"}, row]}, 203)
    with pytest.raises(ValueRefusedError, match="is rows, not one text"):
        render.lay_out("unit-mixed", sample | {"contents": "Rye"}, 203)
    with pytest.raises(ValueRefusedError, match="is one text, not rows"):
        render.lay_out("unit-mixed", sample | {"sender": [row]}, 203)
    with pytest.raises(ValueRefusedError, match="needs a row of it"):
        render.lay_out("unit-mixed", sample | {"contents": ()}, 203)
    with pytest.raises(ValueRefusedError, match=r"61 rows.*more than 60 rows"):
        render.lay_out("unit-mixed", sample | {"contents": [row] * 61}, 203)


def test_a_folder_of_ones_own_goes_first(tmp_path: Path) -> None:
    shipped = (render.TEMPLATES / "location.toml").read_text(encoding="utf-8")
    own = tmp_path / "location.toml"
    own.write_text(shipped.replace("revision = 1", "revision = 7"))
    (tmp_path / "crate.toml").write_text(shipped.replace('name = "location"', 'name = "crate"'))
    assert render.load("location", 203, tmp_path).revision == 7
    assert render.load("location", 203).revision == 1
    assert render.load("badge", 203, tmp_path).name == "badge"
    assert render.kind_of("crate", tmp_path) == "location"
    assert set(render.names(tmp_path)) == {*NAMES, "crate"}
    own.write_text(shipped.replace("height = 22.5", "height = 1.5"))
    with pytest.raises(TemplateError, match=r"location.toml:\d+: item 4 \(code128\).height"):
        render.load("location", 203, tmp_path)


def test_a_process_may_have_a_folder_for_all_its_labels(tmp_path: Path) -> None:
    shipped = (render.TEMPLATES / "badge.toml").read_text(encoding="utf-8")
    (tmp_path / "badge.toml").write_text(shipped.replace("revision = 1", "revision = 9"))
    render.use(tmp_path)
    try:
        assert render.load("badge", 203).revision == 9
        assert render.load("location", 203).revision == 1
    finally:
        render.use(None)
    assert render.load("badge", 203).revision == 1


def test_the_command_sheet_has_codes_that_a_terminal_knows() -> None:
    sample = golden_templates.sample("traveller")["commands"]
    assert not isinstance(sample, str)
    for row in sample:
        meant = decode(row["code"].encode())
        assert isinstance(meant, CommandCode | DigitCode | ReasonCode)
        assert meant == CommandCode(row["word"])


def _texts(page: Layout) -> list[str]:
    return [one.value for one in page.primitives if hasattr(one, "value")]


def test_every_template_has_a_sample_of_its_own() -> None:
    for name in NAMES:
        template = render.read(name)
        sampled = [one for one in template.fields.values() if one.sample or one.optional]
        assert len(sampled) == len(template.fields), name
        assert proof.samples(template)[-1] == proof.sample(template)
