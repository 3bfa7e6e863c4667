"""Every language that a printer is spoken to in, and every form that a label is looked at in.

One layout goes into all of them. Raises LabelError where a printer of the language cannot take it.
"""

import io
from collections.abc import Sequence
from typing import Final, Literal, assert_never, get_args

from labels import (
    brother_ql,
    epl,
    escpos,
    pdf,
    preview_text,
    raster,
    svg,
    tspl,
    zpl,
    zpl_graphic,
)
from labels.primitives import Layout

Language = Literal["zpl", "zpl-graphic", "tspl", "epl", "escpos", "brother-ql", "pdf"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
PreviewForm = Literal["png", "svg", "pdf", "text"]
PREVIEW_FORMS: Final[tuple[PreviewForm, ...]] = get_args(PreviewForm)
PREVIEW_COLUMNS: Final = 80
_PAGE_GAP_DOTS: Final = 16
_GAP_SHADE: Final = 160


def write(pages: Sequence[Layout], language: Language, job: str) -> bytes:
    """What a printer of `language` takes to print all pages; `job` is the id that it may name."""
    if language == "pdf":
        return pdf.write_pages(pages, job)
    return b"".join(_write_one(page, language, job) for page in pages)


def _write_one(page: Layout, language: Language, job: str) -> bytes:
    match language:
        case "zpl":
            return zpl.write(page, job)
        case "zpl-graphic":
            return zpl_graphic.write(page, job)
        case "tspl":
            return tspl.write(page)
        case "epl":
            return epl.write(page)
        case "escpos":
            return escpos.write(page)
        case "brother-ql":
            return brother_ql.write(page)
        case "pdf":
            return pdf.write(page, job)
        case _:
            assert_never(language)


def preview(pages: Sequence[Layout], form: PreviewForm, columns: int = PREVIEW_COLUMNS) -> bytes:
    """All pages as a picture; `columns` are those of a terminal, for text in UTF-8."""
    match form:
        case "png":
            return _png(pages)
        case "svg":
            return svg.write(pages).encode()
        case "pdf":
            return pdf.write_pages(pages, "preview")
        case "text":
            return preview_text.write(pages, columns).encode()
        case _:
            assert_never(form)


def _png(pages: Sequence[Layout]) -> bytes:
    """One pixel a dot; pages below each other with a grey gap."""
    from PIL import Image

    width = max(page.width for page in pages)
    height = sum(page.height + _PAGE_GAP_DOTS for page in pages) - _PAGE_GAP_DOTS
    picture, top = Image.new("L", (width, height), _GAP_SHADE), 0
    for page in pages:
        picture.paste(raster.draw(page), (0, top))
        top += page.height + _PAGE_GAP_DOTS
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", dpi=(pages[0].dpi, pages[0].dpi))
    return buffer.getvalue()
