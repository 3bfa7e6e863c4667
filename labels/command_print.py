"""`kiosk-labels print`: one label or one a row, never more than two ahead of a printer."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, get_args

from labels import command_values, render
from labels.primitives import LabelError
from labels.printers import (
    HOW,
    Printer,
    PrinterError,
    PrinterStatus,
    PrinterUnreachable,
    open_printer,
)
from labels.template import Values

WAIT_SECONDS_MAX: Final = 60.0
LOOK_SECONDS: Final = 0.5
COUNT_MAX: Final = 10_000


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("print", help="print one label, or one for each row of a CSV file")
    parser.add_argument("template", help=command_values.TEMPLATE_HELP)
    command_values.add_values(parser)
    parser.add_argument("--to", required=True, metavar="URL", help=f"the printer: {HOW}")
    parser.add_argument(
        "--language",
        default="zpl",
        choices=get_args(render.Language),
        help="what the printer understands (zpl)",
    )
    parser.add_argument("--from", dest="rows", type=Path, metavar="CSV", help="one label a row")
    parser.add_argument("--first", type=_count, default=1, help="row to begin with (1)")
    parser.add_argument("--copies", type=_count, default=1, help="of each label (1)")
    parser.add_argument(
        "--sample", action="store_true", help="fields that are not given take sample values"
    )
    parser.add_argument("--job", default="SAMPLE", help="the id that the label's bytes name")
    parser.add_argument(
        "--blind",
        action="store_true",
        help="do not ask the printer how it is: for print servers that carry no answers",
    )
    parser.set_defaults(act=print_labels, more="values", take=command_values.pair)


def print_labels(options: argparse.Namespace) -> str:
    """All labels are made before the first is sent. Raises LabelError, PrinterError."""
    printer = open_printer(options.to)
    jobs = _jobs(options)
    size = 0
    for number, (job, data) in enumerate(jobs):
        try:
            if not options.blind:
                await_room(lambda: printer.status(options.language))
            printer.send(job, data, options.language)
        except PrinterError as error:
            raise _stopped(error, number, len(jobs), options) from error
        size += len(data)
        _tell(number + 1, len(jobs))
    labels = "1 label" if len(jobs) == 1 else f"{len(jobs)} labels"
    return f"{labels}, {size} bytes of {options.language} to {options.to}"


def await_room(
    asked: Callable[[], PrinterStatus],
    clock: Callable[[], float] = time.monotonic,
    rest: Callable[[float], None] = time.sleep,
) -> None:
    """Until the printer has room for one more; raises PrinterUnreachable when it has none."""
    end = clock() + WAIT_SECONDS_MAX
    while not (told := asked()).has_room:
        if told.state == "needs_attention":
            raise PrinterUnreachable(f"{told.detail}; print with --blind if it never answers")
        if clock() > end or told.state not in {"busy", "ready"}:
            raise PrinterUnreachable(f"the printer waits for a person: {told.detail}")
        rest(LOOK_SECONDS)


def print_test(printer: Printer, language: render.Language, dpi: int) -> None:
    """One label with sample values. Raises LabelError, PrinterError."""
    template = render.load("batch", dpi)
    values = command_values.with_samples(template, {})
    printer.send("TEST", render.render("batch", values, language, dpi, "TEST"), language)


def _jobs(options: argparse.Namespace) -> list[tuple[str, bytes]]:
    rows = _records(options)[options.first - 1 :]
    if not rows:
        raise LabelError(f"--first {options.first}: there are not so many rows")
    numbered = len(rows) > 1 or options.copies > 1
    jobs = []
    for number, values in enumerate(rows, options.first):
        for copy in range(options.copies):
            name = f"{options.job}-{number}" if numbered else str(options.job)
            job = f"{name}-{copy + 1}" if options.copies > 1 else name
            jobs.append((job, _made(options, values, number, job)))
    return jobs


def _made(options: argparse.Namespace, values: Values, number: int, job: str) -> bytes:
    try:
        return render.render(options.template, values, options.language, options.dpi, job)
    except LabelError as error:
        if options.rows is None:
            raise
        raise LabelError(f"{options.rows}: row {number}: {error}; nothing was printed") from error


def _records(options: argparse.Namespace) -> list[Values]:
    template = render.load(options.template, options.dpi)
    common = command_values.given(template, options.values)
    if options.sample:
        common = dict(command_values.with_samples(template, common))
    if options.rows is None:
        return [common]  # type: ignore[list-item]
    return command_values.records(template, options.rows, common)


def _stopped(
    error: PrinterError, sent: int, whole: int, options: argparse.Namespace
) -> PrinterError:
    """The same, with what is done already and how to go on."""
    if whole == 1:
        return error
    row = options.first + sent // options.copies
    return type(error)(f"{error} ({sent} of {whole} labels were sent; go on with --first {row})")


def _tell(number: int, whole: int) -> None:
    if sys.stderr.isatty() and whole > 1:
        end = "\n" if number == whole else ""
        print(f"\rlabel {number} of {whole}", end=end, file=sys.stderr, flush=True)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= COUNT_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {COUNT_MAX}")
    return int(text)
