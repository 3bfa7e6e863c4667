"""`kiosk-labels`: begin and check a template, look at labels, print them, ask the printers."""

import argparse
import io
import os
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
3 in doubt, a label may have come out: look before printing it again; 130 stopped by Ctrl-C
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status as EXAMPLES says."""
    options = _parsed(_parser(), arguments)
    try:
        said = options.act(options)
    except PrinterDoubt as error:
        return _refused(str(error), 3)
    except (LabelError, PrinterError) as error:
        return _refused(str(error), 1)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _refused(named, 1)
    except KeyboardInterrupt:
        return _refused("stopped", 130)
    text, status = said if isinstance(said, tuple) else (said, 0)
    return _tell(text, int(status))


def _refused(reason: str, status: int) -> int:
    print(f"kiosk-labels: {reason}", file=sys.stderr)
    return status


def _tell(text: str, status: int) -> int:
    """What was done stays done, also where nobody listens any more."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console may lack signs that a label has
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        return _refused(f"done, but what was to be said cannot be written: {error.strerror}", 1)
    return status


def _silence() -> None:
    """Or Python would try to write the rest when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
