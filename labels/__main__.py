"""`kiosk-labels`: check a template, look at a label, print one."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from labels import proof, raster, render
from labels.layout import HEADS
from labels.primitives import LabelError
from labels.printers import PrinterError, open_printer

EXAMPLES = """examples:
  kiosk-labels check batch
  kiosk-labels check ./our-batch.toml --dpi 300
  kiosk-labels preview batch label.png
  kiosk-labels preview batch label.png product="Wheat bread" lot=B-1 expiry=2027-01-31
  kiosk-labels print batch --to tcp://192.0.2.10:9100 --job TEST-1
  kiosk-labels print batch --to folder:///tmp/labels --language pdf
"""
VALUES_HELP = "NAME=VALUE for each field; a field that is not given takes a sample value"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0: done; 1: the label or the printer refused, reason on standard error."""
    options = _parser().parse_args(arguments)
    try:
        print(options.act(options))
    except (LabelError, PrinterError, OSError) as error:
        print(f"kiosk-labels: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk-labels",
        description="Checks, shows and prints labels.\nA template is the name of one that comes "
        "with this program (batch) or the path of a .toml file.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acts = parser.add_subparsers(
        title="what to do", metavar="check | preview | print", required=True
    )
    check = acts.add_parser("check", help="prove a template for printer heads of 203 and 300 dpi")
    check.add_argument("template", help="batch, or the path of a .toml file")
    check.add_argument(
        "--dpi", type=int, action="append", choices=sorted(HEADS), help="dots per inch of the head"
    )
    check.set_defaults(act=_check)
    preview = acts.add_parser("preview", help="draw one label as a PNG, one pixel a dot")
    preview.add_argument("template", help="batch, or the path of a .toml file")
    preview.add_argument("picture", type=Path, help="where the PNG goes")
    preview.add_argument("values", nargs="*", type=_pair, help=VALUES_HELP)
    preview.add_argument(
        "--dpi", type=int, default=203, choices=sorted(HEADS), help="dots per inch of the head"
    )
    preview.set_defaults(act=_preview)
    send = acts.add_parser("print", help="print one label")
    send.add_argument("template", help="batch, or the path of a .toml file")
    send.add_argument("values", nargs="*", type=_pair, help=VALUES_HELP)
    send.add_argument("--to", required=True, help="tcp://host:9100 or folder:///path")
    send.add_argument("--language", default="zpl", choices=("zpl", "pdf"), help="of the printer")
    send.add_argument("--job", default="SAMPLE", help="the id that the label's bytes name")
    send.add_argument(
        "--dpi", type=int, default=203, choices=sorted(HEADS), help="dots per inch of the head"
    )
    send.set_defaults(act=_print)
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _check(options: argparse.Namespace) -> str:
    heads = options.dpi or [203, 300]
    for dpi in heads:
        template = render.load(options.template, dpi)
    width, height = template.media
    proved = " and ".join(str(dpi) for dpi in heads)
    return (
        f"{template.file}: {template.name} revision {template.revision}, "
        f"{width:g} x {height:g} mm, {len(template.items)} items: good at {proved} dpi"
    )


def _preview(options: argparse.Namespace) -> str:
    layout = render.lay_out(options.template, _values(options), options.dpi)
    raster.draw(layout).save(options.picture, "PNG")
    found = [
        f"  {one.symbol.kind} {one.symbol.aim} {one.symbol.content!r}, "
        f"x = {one.module / HEADS[layout.dpi]:.3f} mm"
        for one in layout.symbols
    ]
    return "\n".join([f"{options.picture}: {layout.width} x {layout.height} dots", *found])


def _print(options: argparse.Namespace) -> str:
    data = render.render(
        options.template, _values(options), options.language, options.dpi, options.job
    )
    open_printer(options.to).send(options.job, data, options.language)
    return f"{len(data)} bytes of {options.language} to {options.to}"


def _values(options: argparse.Namespace) -> dict[str, str]:
    sample = proof.samples(render.load(options.template, options.dpi))[-1]
    given = dict(options.values)
    unknown = [name for name in given if name not in sample]
    if unknown:
        raise LabelError(f"there is no field {unknown[0]}; fields: {', '.join(sample)}")
    return sample | given


if __name__ == "__main__":
    sys.exit(main())
