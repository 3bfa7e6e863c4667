"""`kiosk-labels`: begin and check a template, look at labels, print them, ask the printers."""

import argparse
import sys
from collections.abc import Sequence

from labels import (
    command_check,
    command_doctor,
    command_new,
    command_preview,
    command_print,
    command_sheet,
    render,
)
from labels.primitives import LabelError
from labels.printers import PrinterDoubt, PrinterError

EXAMPLES = """examples:
  kiosk-labels new our-batch.toml --like batch
  kiosk-labels check
  kiosk-labels check ./our-batch.toml --dpi 300
  kiosk-labels preview batch
  kiosk-labels preview batch label.png product="Wheat bread" lot=B-1 expiry=2027-01-31
  kiosk-labels print batch --sample --to tcp://192.0.2.10:9100 --job TEST-1
  kiosk-labels print location --from places.csv --to cups://labels --copies 2
  kiosk-labels sheet location places.pdf --from places.csv --paper A4
  kiosk-labels doctor tcp://192.0.2.10:9100 --test

exit status: 0 done; 1 refused, the reason on standard error; 2 not understood;
3 in doubt, a label may have come out: look before printing it again
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status as EXAMPLES says."""
    options = _parsed(_parser(), arguments)
    try:
        said = options.act(options)
    except PrinterDoubt as error:
        print(f"kiosk-labels: {error}", file=sys.stderr)
        return 3
    except (LabelError, PrinterError, OSError) as error:
        print(f"kiosk-labels: {error}", file=sys.stderr)
        return 1
    text, status = said if isinstance(said, tuple) else (said, 0)
    print(text)
    return int(status)


def _parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """With values, files and addresses taken behind options too, where people write them."""
    options, late = parser.parse_known_args(arguments)
    take = getattr(options, "take", str)
    if any(one.startswith("-") for one in late) or (late and "more" not in options):
        parser.error(f"unrecognized arguments: {' '.join(late)}")
    if not late:
        return options
    try:
        getattr(options, options.more).extend(take(one) for one in late)
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk-labels",
        description="Begins, checks, shows and prints labels.\nA template is the path of a .toml "
        f"file, or one that comes with this program:\n{', '.join(render.names())}.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    acts = parser.add_subparsers(
        title="what to do",
        metavar="new | check | preview | print | sheet | doctor",
        required=True,
    )
    for command in (
        command_new,
        command_check,
        command_preview,
        command_print,
        command_sheet,
        command_doctor,
    ):
        command.add(acts)
    return parser


if __name__ == "__main__":
    sys.exit(main())
