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
    PrinterDoubt,
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
    parser.add_argument("--job", help="the id that the label's bytes name (P and the time)")
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
                _await(printer, options.language)
            send(printer, job, data, options.language)
        except PrinterError as error:
            first, copies = options.first, options.copies
            raise stopped(error, number, len(jobs), first=first, copies=copies) from error
        size += len(data)
        _tell(number + 1, len(jobs))
    labels = "1 label" if len(jobs) == 1 else f"{len(jobs)} labels"
    return f"{labels}, {size} bytes of {options.language} to {options.to}"


def _await(printer: Printer, language: str) -> None:
    try:
        await_room(lambda: printer.status(language))
    except KeyboardInterrupt:
        raise PrinterUnreachable("stopped") from None


def send(printer: Printer, job: str, data: bytes, language: str) -> None:
    """One label; Ctrl-C leaves a doubt. Raises PrinterError."""
    try:
        printer.send(job, data, language)
    except KeyboardInterrupt:
        raise PrinterDoubt(f"label {job}: stopped while it was sent; look if it came out") from None


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
    records = _records(options)
    if options.first > len(records):
        there = f"there is no such row; the last is {len(records)}"
        raise LabelError(f"--first {options.first}: {there}")
    begin = options.job or time.strftime("P%Y%m%d-%H%M%S")
    numbered = len(records) > 1 or options.copies > 1
    jobs = []
    for number, values in enumerate(records[options.first - 1 :], options.first):
        for copy in range(options.copies):
            name = f"{begin}-{number}" if numbered else begin
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


def stopped(error: PrinterError, sent: int, whole: int, *, first: int, copies: int) -> PrinterError:
    """The same, with what is done already and how to go on: never so that one comes twice."""
    if whole == 1:
        return error
    rows, copy = divmod(sent, copies)
    onward = f"go on with --first {first + rows}"
    if isinstance(error, PrinterDoubt):
        if copies > 1:
            what = f"copy {copy + 1} of {copies} of row {first + rows}"
            onward = f"it is {what}: go on behind what came out"
        elif sent + 1 == whole:
            onward = f"if it came out, it was the last; if not, {onward}"
        else:
            beyond = f"go on with --first {first + rows + 1}"
            onward = f"if it came out, {beyond}; if not, with --first {first + rows}"
    elif copy:
        onward += f", where {copy} of {copies} copies were sent before"
    return type(error)(f"{error} ({sent} of {whole} labels were sent; {onward})")


def _tell(number: int, whole: int) -> None:
    if sys.stderr.isatty() and whole > 1:
        end = "\n" if number == whole else ""
        print(f"\rlabel {number} of {whole}", end=end, file=sys.stderr, flush=True)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= COUNT_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {COUNT_MAX}")
    return int(text)
