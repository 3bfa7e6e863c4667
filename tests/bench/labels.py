"""Labels a second of one core: proved and unproved ZPL, raster and PDF, beside what others make.

Every label is another record of the batch template, 100 x 75 mm at 203 dpi, with a Code 128 and a
Data Matrix. Proved: both symbols were read back before the bytes are given out. Raster: the label
drawn as a 1-bit picture and sent as a compressed ZPL graphic. The peers draw what they can of it and
check nothing: a plain string of ZPL, reportlab's canvas with its own barcode, python-barcode's image
writer (the Code 128 alone), treepoem (both symbols by Ghostscript). All in interleaved rounds of CPU
time, that of child processes included.

Decodability: ISO/IEC 15416's edge measure of what a printer burns, the worst symbol of each kind.
"""

import io
import random
import resource
import statistics
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import zplkit
from PIL import Image

from labels import fonts, layout, pdf, raster, render, symbols, zpl, zpl_graphic
from labels.heads import HEADS
from labels.primitives import LINEAR_KINDS, Build, Layout, Placed, SymbolKind
from labels.symbol_classes import fault
from tests.bench.gauge import MissingError, Size, goal, left_out, load, result, say, size_asked
from tests.labels import symbol_samples as samples

DPI: Final = 203
ROUNDS: Final = {"small": 3, "full": 9}
LABELS: Final = {"small": 60, "full": 200}  # a round; fewer where one takes long
SYMBOLS: Final = {"small": 5, "full": 60}  # a kind and head
PEER_MODULE_MM: Final = 0.33
ZPL_GOAL, RASTER_GOAL, PDF_GOAL = 500.0, 50.0, 100.0
Make = Callable[[Mapping[str, str]], object]


def records(count: int, dice: random.Random) -> list[dict[str, str]]:
    """Batches whose numbers are never twice the same, a fourth beginning with 99."""
    return [
        {
            "product": f"Wheat bread {dice.randint(1, 9999)} g",
            "material": f"BREAD-{dice.randint(1, 9999)}",
            "order": f"O-{dice.randint(1, 10**8)}",
            "lot": f"{'99' if number % 4 == 0 else 'B-'}{dice.randint(1, 10**8)}",
            "quantity": str(dice.randint(1, 10**6)),
            "unit": "C62",
            "produced": "2026-11-22 14:46",
            "expiry": f"2027-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
            "station": "MIX-1",
            "operator": "Anna",
        }
        for number in range(count)
    ]


def ours(build: Build, write: Callable[[Layout, str], bytes]) -> Make:
    """Through the door's own steps: the template kept, laid out, its symbols built, written."""

    def make(record: Mapping[str, str]) -> bytes:
        template = render.load("batch", DPI)
        return write(layout.place(template, record, DPI, build, fonts), "bench")

    return make


def bitmap(page: Layout, _: str) -> bytes:
    """What every raster language wraps: the dots, eight a byte."""
    return raster.bits(page).data


def plain_string(record: Mapping[str, str]) -> bytes:
    """ZPL as people build it: no check, no escape, the printer to choose."""
    texts = (
        record["product"],
        f"ORDER {record['order']}",
        f"LOT {record['lot']}",
        f"{record['quantity']} PCS",
        f"MADE {record['produced']}",
        f"USE BY {record['expiry']}",
        f"{record['station']} {record['operator']}",
    )
    lines = [f"^FO24,{24 + 56 * row}^A0N,40,40^FD{text}^FS" for row, text in enumerate(texts)]
    code = f"^FO64,432^BY4,3,144^BCN,144,N,N,N,A^FDLO{record['lot']}^FS"
    matrix = f"^FO566,110^BXN,6,200^FDLO{record['lot']}+{record['material']}^FS"
    return f"^XA^CI28{''.join(lines)}{code}{matrix}^XZ".encode()


def by_image_writer(record: Mapping[str, str]) -> bytes:
    """python-barcode's picture of the Code 128 alone, at 203 dpi."""
    target = io.BytesIO()
    peer_picture(f"LO{record['lot']}").save(target, "PNG")
    return target.getvalue()


def peer_picture(text: str) -> Image.Image:
    from barcode.codex import Code128
    from barcode.writer import ImageWriter

    options = {"dpi": DPI, "module_width": PEER_MODULE_MM, "write_text": False}
    assert ImageWriter is not None, "it is None where Pillow is missing"
    made: Any = Code128(text, ImageWriter())
    picture: Image.Image = made.render(options)
    return picture


def by_reportlab(record: Mapping[str, str]) -> bytes:
    """Its canvas, its fonts, its own Code 128; it has no Data Matrix without another library."""
    from reportlab.graphics.barcode.code128 import Code128
    from reportlab.pdfgen.canvas import Canvas

    target = io.BytesIO()
    make_page: Callable[..., Any] = Canvas
    make_code: Callable[..., Any] = Code128
    page = make_page(target, pagesize=(283.5, 212.6))
    page.setFont("Helvetica-Bold", 12)
    for row, name in enumerate(("product", "order", "lot", "quantity", "produced", "expiry")):
        page.drawString(10, 190 - 16 * row, f"{name.upper()} {record[name]}")
    make_code(f"LO{record['lot']}", barWidth=1, barHeight=50).drawOn(page, 20, 10)
    page.showPage()
    page.save()
    return target.getvalue()


def by_treepoem(record: Mapping[str, str]) -> bytes:
    """Both symbols as 1-bit pictures; raises MissingError."""
    try:
        import treepoem
    except ImportError as error:
        raise MissingError("treepoem", str(error)) from error
    target = io.BytesIO()
    for kind in ("code128", "datamatrix"):
        try:
            picture = treepoem.generate_barcode(kind, f"LO{record['lot']}")
        except (OSError, treepoem.TreepoemError) as error:
            raise MissingError("treepoem", f"Ghostscript: {error}") from error
        picture.convert("1").save(target, "PNG")
    return target.getvalue()


CASES: Final[dict[str, Make]] = {
    "zpl_proved": ours(symbols.build, zpl.write),
    "zpl_unproved": ours(symbols.build_unproved, zpl.write),
    "bitmap_proved": ours(symbols.build, bitmap),
    "raster_proved": ours(symbols.build, zpl_graphic.write),
    "raster_unproved": ours(symbols.build_unproved, zpl_graphic.write),
    "pdf_proved": ours(symbols.build, pdf.write),
    "pdf_unproved": ours(symbols.build_unproved, pdf.write),
    "plain_string_zpl": plain_string,
    "reportlab_alone": by_reportlab,
    "python_barcode_image_writer": by_image_writer,
    "treepoem": by_treepoem,
}
SLOW: Final = {"treepoem": 100}  # as many times fewer labels


def cpu() -> float:
    """Seconds of this process and of its ended children."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def labels_a_second(make: Make, some: list[dict[str, str]]) -> float:
    began = cpu()
    for record in some:
        make(record)
    return len(some) / max(cpu() - began, 1e-9)


def rates(size: Size, dice: random.Random) -> tuple[dict[str, float], list[dict[str, str]]]:
    """Median labels a second of each case, and what is left out."""
    cases, gone = dict(CASES), []
    for name, make in CASES.items():  # the first label of each: imports, fonts, the proof at load
        try:
            make(records(1, dice)[0])
        except MissingError as fault_met:
            gone.append(left_out(fault_met, name))
            del cases[name]
    seen: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(ROUNDS[size]):
        turned = deque(cases.items())  # so that none is always the first after the slow ones
        turned.rotate(number)
        for name, make in turned:
            count = max(1, LABELS[size] // SLOW.get(name, 1))
            seen[name].append(labels_a_second(make, records(count, dice)))
        say(f"round {number + 1}: { ({name: round(all_[-1]) for name, all_ in seen.items()}) }")
    return {name: round(statistics.median(all_), 1) for name, all_ in seen.items()}, gone


def decodabilities(size: Size, dice: random.Random) -> dict[str, float]:
    """The worst of the linear kinds on each head, and of python-barcode's pictures at 203 dpi."""
    worst = {
        str(dpi): min(
            decodability(kind, dpi, dice)
            for kind in samples.KINDS
            if kind in LINEAR_KINDS
            for _ in range(SYMBOLS[size])
        )
        for dpi in HEADS
    }
    peer = min(peer_decodability(f"LOT-{dice.randint(1, 10**6)}") for _ in range(SYMBOLS[size]))
    return worst | {"python_barcode_image_writer_203": peer}


def decodability(kind: SymbolKind, dpi: int, dice: random.Random) -> float:
    """Of one symbol, its module the least of its class, as another project's printer draws it."""
    symbol = symbols.build(kind, samples.content(kind, dice))
    module = next(one for one in range(2, 40) if not fault("in-house", symbol, one, HEADS[dpi]))
    placed = Placed(symbol.quiet * module, 0, symbol, module, 30)
    page = Layout("symbol", dpi, symbol.modules_across * module, 30, (placed,))
    options = zplkit.Options(width=page.width, height=page.height, dpi=dpi)
    drawn = zplkit.render(zpl.write(page, "bench"), options).labels[0].rasterize()
    picture = Image.frombytes("L", (drawn.width, drawn.height), drawn.pixels)
    return samples.decodability(samples.scan(picture, 15), symbol.width)


def peer_decodability(text: str) -> float:
    picture = peer_picture(text).convert("L")
    modules = symbols.build_unproved("code128", text).width
    return samples.decodability(samples.scan(picture, picture.height // 2), modules)


def goals(rate: Mapping[str, float], worst: Mapping[str, float]) -> list[dict[str, Any]]:
    least = min(worst[str(dpi)] for dpi in HEADS)
    return [
        goal("proved ZPL labels a second", rate["zpl_proved"], ZPL_GOAL, least=True),
        goal("proved raster labels a second", rate["raster_proved"], RASTER_GOAL, least=True),
        goal("proved PDF labels a second", rate["pdf_proved"], PDF_GOAL, least=True),
        goal("decodability at 203, 300, 600 dpi", least, 1.0, least=True),
    ]


def main() -> None:
    size, before = size_asked("labels", __doc__ or ""), load()
    dice = random.Random(5)
    rate, gone = rates(size, dice)
    worst = decodabilities(size, dice)
    result(
        "labels",
        size,
        before,
        labels_a_second=rate,
        decodability=worst,
        left_out=gone,
        goals=goals(rate, worst),
    )


if __name__ == "__main__":
    main()
