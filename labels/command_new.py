"""`kiosk-labels new`: a template of one's own, begun from one that comes with this program."""

import argparse
import re
from pathlib import Path
from typing import Final

from labels import render
from labels.primitives import LabelError

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_NAMED: Final = re.compile(r'^(name\s*=\s*)"[^"]*"', re.MULTILINE)
_REVISION: Final = re.compile(r"^(revision\s*=\s*)\d+", re.MULTILINE)
HEADER: Final = """\
# Begun from {begun}. Sizes and places are millimetres from the top left corner.
#
# [label]        name, revision (raise it with each change), class in-house or distribution, media
# [fields.NAME]  what a record brings: type text, code, amount, date ...; max characters; optional
# [[item]]       text, line, box, rows, or a symbol: code128, qr, datamatrix, gs1-128 ...;
#                {{name}} in a value stands for a field
#
# After each change:  kiosk-labels check {file}
#                     kiosk-labels preview {file}
#
"""


def add(acts: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Tell the command line of it."""
    parser = acts.add_parser("new", help="begin a template of your own from one that is there")
    parser.add_argument("file", type=Path, help="where it goes: NAME.toml")
    parser.add_argument(
        "--like",
        default="batch",
        choices=render.names(),
        help="the template to begin from (batch)",
    )
    parser.set_defaults(act=new)


def new(options: argparse.Namespace) -> str:
    """Writes it, and proves it as it stands. Raises LabelError, OSError."""
    path: Path = options.file
    if path.suffix != ".toml" or _NAME.fullmatch(path.stem) is None:
        raise LabelError(f"{path}: call it NAME.toml, its name of a-z, 0-9 and -")
    text = render.path_of(options.like).read_text(encoding="utf-8")
    text = _REVISION.sub(r"\g<1>1", _NAMED.sub(rf'\g<1>"{path.stem}"', text, count=1), count=1)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(HEADER.format(begun=options.like, file=path) + text)
    except FileExistsError:
        raise LabelError(f"{path}: is there already, and is left as it was") from None
    template = render.load(str(path), 203)
    return (
        f"{path}: {len(template.items)} items, fields {', '.join(template.fields)}\n"
        f"next: change it, then kiosk-labels check {path} and kiosk-labels preview {path}"
    )
