"""`kiosk-labels sheet`: labels on sheets of A4 or Letter, for an office printer."""

import argparse
from pathlib import Path
from typing import get_args

from labels import command_values, pdf_sheet, render
from labels.primitives import LabelError, Layout


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("sheet", help="put labels on sheets of A4 or Letter, as a PDF")
    parser.add_argument("template", help=command_values.TEMPLATE_HELP)
    parser.add_argument("file", type=Path, help="where the PDF goes")
    command_values.add_values(parser)
    parser.add_argument(
        "--from", dest="rows", type=Path, metavar="CSV", help="one label a row (else one label)"
    )
    parser.add_argument("--paper", default="A4", choices=get_args(pdf_sheet.Paper), help="(A4)")
    parser.add_argument(
        "--gap", type=float, default=pdf_sheet.GAP_MM, help="between labels, in mm (2)"
    )
    parser.add_argument(
        "--used", type=int, default=0, help="labels of the first sheet that are used up (0)"
    )
    parser.add_argument(
        "--sample", action="store_true", help="fields that are not given take sample values"
    )
    parser.set_defaults(act=sheet, more="values", take=command_values.pair)


def sheet(options: argparse.Namespace) -> str:
    """Raises LabelError, OSError."""
    if options.file.suffix.lower() != ".pdf":
        raise LabelError(f"{options.file}: a sheet is a PDF: call it NAME.pdf")
    layouts = _layouts(options)
    data = pdf_sheet.write_sheet(
        layouts, options.file.stem, paper=options.paper, gap_mm=options.gap, used_cells=options.used
    )
    options.file.write_bytes(data)
    labels = "1 label" if len(layouts) == 1 else f"{len(layouts)} labels"
    return f"{options.file}: {labels} on {options.paper}"


def _layouts(options: argparse.Namespace) -> list[Layout]:
    template = render.load(options.template, options.dpi)
    common = command_values.given(template, options.values)
    if options.sample:
        common = dict(command_values.with_samples(template, common))
    records = (
        command_values.records(template, options.rows, common)
        if options.rows is not None
        else [common]
    )
    found: list[Layout] = []
    for number, values in enumerate(records, 1):
        try:
            found += render.lay_out_pages(options.template, values, options.dpi)  # type: ignore[arg-type]
        except LabelError as error:
            raise LabelError(f"label {number}: {error}") from error
    return found
