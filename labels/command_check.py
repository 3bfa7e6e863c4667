"""`kiosk-labels check`: every fault of every template, for each print head."""

import argparse
import json
from dataclasses import dataclass
from typing import Final

from labels import render
from labels.command_values import TEMPLATE_HELP
from labels.heads import HEADS
from labels.primitives import TemplateError

HEADS_CHECKED: Final = (203, 300)


@dataclass(frozen=True, slots=True)
class Checked:
    """One template: the heads it is good for, and why not for the others."""

    name: str
    good: tuple[int, ...]
    faults: tuple[tuple[int, TemplateError], ...]


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("check", help="prove templates for printer heads of 203 and 300 dpi")
    parser.add_argument(
        "templates", nargs="*", help=f"{TEMPLATE_HELP}; none: all that come with it"
    )
    parser.add_argument(
        "--dpi",
        type=int,
        action="append",
        choices=sorted(HEADS),
        help="dots per inch of a head; may be given several times (203 and 300)",
    )
    parser.add_argument("--json", action="store_true", help="the outcome as JSON")
    parser.set_defaults(act=check, more="templates")


def check(options: argparse.Namespace) -> tuple[str, int]:
    """What is said, and the exit status: 1 if a template is refused for a head."""
    heads = tuple(options.dpi or HEADS_CHECKED)
    found = [_checked(name, heads) for name in options.templates or render.names()]
    status = 1 if any(one.faults for one in found) else 0
    if options.json:
        return json.dumps([_as_json(one) for one in found], ensure_ascii=False), status
    return "\n".join(line for one in found for line in _lines(one)), status


def _checked(name: str, heads: tuple[int, ...]) -> Checked:
    good, faults = [], []
    for dpi in heads:
        try:
            render.load(name, dpi)
        except TemplateError as error:
            faults.append((dpi, error))
        else:
            good.append(dpi)
    return Checked(name, tuple(good), tuple(faults))


def _lines(checked: Checked) -> list[str]:
    """A fault that is none of the head is said once."""
    said = list(dict.fromkeys(f"✖ {error}" for _, error in checked.faults))
    if not checked.good:
        return said
    template = render.read(checked.name)
    width, height = template.media
    proved = " and ".join(str(dpi) for dpi in checked.good)
    told = (
        f"✔ {template.file}: {template.name} revision {template.revision}, "
        f"{width:g} x {height:g} mm, {len(template.items)} items: good at {proved} dpi"
    )
    return [told, *said]


def _as_json(checked: Checked) -> dict[str, object]:
    faults = [
        {
            "dpi": dpi,
            "file": error.file,
            "line": error.line,
            "field": error.field,
            "reason": error.reason,
        }
        for dpi, error in checked.faults
    ]
    return {"template": checked.name, "good_dpi": checked.good, "faults": faults}
