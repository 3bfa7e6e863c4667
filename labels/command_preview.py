"""`kiosk-labels preview`: one label as it will be printed, as a picture or in the terminal."""

import argparse
import shutil
from pathlib import Path
from typing import Final

from labels import command_values, languages, preview_text, render
from labels.primitives import LabelError

FORMS: Final[dict[str, languages.PreviewForm]] = {".png": "png", ".svg": "svg", ".pdf": "pdf"}


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("preview", help="draw one label: PNG, SVG, PDF, or in the terminal")
    parser.add_argument("template", help=command_values.TEMPLATE_HELP)
    parser.add_argument(
        "rest",
        nargs="*",
        metavar="[FILE] NAME=VALUE",
        help="FILE.png, FILE.svg or FILE.pdf (none: the terminal), then NAME=VALUE for fields; "
        "a field that is not given takes a sample value",
    )
    command_values.add_head(parser)
    parser.set_defaults(act=preview, more="rest")


def preview(options: argparse.Namespace) -> str:
    """Raises LabelError, OSError."""
    file, values = _split(options.rest)
    template = render.load(options.template, options.dpi)
    record = command_values.with_samples(template, command_values.given(template, values))
    pages = render.lay_out_pages(options.template, record, options.dpi)
    if file is None:
        columns = shutil.get_terminal_size().columns
        return languages.preview(pages, "text", columns).decode()
    file.write_bytes(languages.preview(pages, FORMS[file.suffix.lower()]))
    size = f"{file}: {pages[0].width} x {pages[0].height} dots"
    found = [f"  {line}" for page in pages for line in preview_text.contents(page)]
    return "\n".join([size if len(pages) == 1 else f"{size}, {len(pages)} pages", *found])


def _split(rest: list[str]) -> tuple[Path | None, list[tuple[str, str]]]:
    """The picture's file, where one is named, and the values."""
    if not rest or "=" in rest[0]:
        return None, [_pair(one) for one in rest]
    file = Path(rest[0])
    if file.suffix.lower() not in FORMS:
        raise LabelError(f"{file}: a preview is one of {', '.join(FORMS)}")
    return file, [_pair(one) for one in rest[1:]]


def _pair(text: str) -> tuple[str, str]:
    try:
        return command_values.pair(text)
    except argparse.ArgumentTypeError as error:
        raise LabelError(str(error)) from None
