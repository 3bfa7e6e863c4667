"""`kiosk-labels doctor`: which printers are here, how they are, and a test label."""

import argparse
import json
from dataclasses import asdict
from typing import get_args

from labels import command_values, render
from labels.command_print import print_test
from labels.printers import (
    HOW,
    Found,
    PrinterError,
    PrinterStatus,
    discover,
    open_printer,
    status,
)

_GOOD = ("ready", "busy", "unknown")


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("doctor", help="list printers, ask how they are, print a test label")
    parser.add_argument("urls", nargs="*", metavar="URL", help=f"a printer: {HOW}")
    parser.add_argument(
        "--language",
        default="zpl",
        choices=get_args(render.Language),
        help="what the printers understand (zpl)",
    )
    command_values.add_head(parser)
    parser.add_argument("--test", action="store_true", help="print a test label on each URL")
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")
    parser.set_defaults(act=doctor, more="urls")


def doctor(options: argparse.Namespace) -> tuple[str, int]:
    """What is said, and the exit status: 1 if a printer that was named is not in order."""
    found = [] if options.urls else discover()
    asked = [(url, _asked(url, options)) for url in options.urls]
    bad = any(not told["good"] for _, told in asked)
    if options.json:
        told = [{"url": url, **one} for url, one in asked]
        listed = [asdict(one) for one in found]
        return json.dumps({"found": listed, "printers": told}, ensure_ascii=False), int(bad)
    lines = [f"{'✔' if one['good'] else '✖'} {url}  {one['said']}" for url, one in asked]
    return "\n".join(lines or _listed(found)), int(bad)


def _listed(found: list[Found]) -> list[str]:
    if not found:
        return [
            "no printer is connected to this machine.",
            "Ask one of the network by its address: kiosk-labels doctor tcp://192.0.2.10:9100",
        ]
    return [*(f"{one.url}  {one.what}" for one in found), "ask one: kiosk-labels doctor URL --test"]


def _asked(url: str, options: argparse.Namespace) -> dict[str, object]:
    """Its state, its words, and the test label if one is wanted and the printer is good for it."""
    try:
        told = status(url, options.language)
        said = _words(told)
        good = told.state in _GOOD
        if options.test and good:
            print_test(open_printer(url), options.language, options.dpi)
            said += "; a test label was sent: look if it came out"
    except PrinterError as error:
        return {"good": False, "state": "lost", "said": str(error), "waiting": None}
    return {"good": good, "state": told.state, "said": said, "waiting": told.waiting}


def _words(told: PrinterStatus) -> str:
    words = "" if told.state == told.detail else f"{told.detail}"
    return f"{told.state.replace('_', ' ')}: {words}" if words else told.state
