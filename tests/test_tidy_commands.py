"""Every command line explains itself: each option, argument and command has its line of help."""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from kiosk.__main__ import parser as kiosk
from kiosk.demo.command import parser as kiosk_demo
from labels.__main__ import _parser as kiosk_labels
from sync.server.__main__ import _parser as kiosk_server
from tests.tidy_source import none

Parser = argparse.ArgumentParser
PARSERS: list[Callable[[], Parser]] = [kiosk, kiosk_demo, kiosk_labels, kiosk_server]


def unexplained(parser: Parser) -> list[str]:
    """Options, arguments and commands without help, as a person would type them."""
    return list(_unexplained(parser, parser.prog))


def _unexplained(parser: Parser, typed: str) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helped = {one.dest for one in action._choices_actions if _is_told(one.help)}
            for name, inner in action.choices.items():
                if name not in helped:
                    yield f"{typed} {name}"
                yield from _unexplained(inner, f"{typed} {name}")
        elif not _is_told(action.help):
            yield f"{typed} {'/'.join(action.option_strings) or action.dest}"


def _is_told(text: str | None) -> bool:
    return text is not None and text != argparse.SUPPRESS and bool(text.strip())


@pytest.mark.parametrize("make", PARSERS)
def test_every_option_is_explained(make: Callable[[], Parser]) -> None:
    parser = make()
    assert len(parser._actions) > 1
    none(unexplained(parser))


def test_what_is_not_explained_is_found() -> None:
    parser = Parser("tool")
    parser.add_argument("--loud", help="say more")
    parser.add_argument("--mute", help=argparse.SUPPRESS)
    acts = parser.add_subparsers()
    acts.add_parser("run").add_argument("folder")
    acts.add_parser("look", help="look around").add_argument("-n", "--lines", help=" ")
    assert unexplained(parser) == [
        "tool --mute",
        "tool run",
        "tool run folder",
        "tool look -n/--lines",
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["kiosk"], "doctor"),
        (["kiosk", "demo"], "--factory"),
        (["sync.server"], "import"),
        (["labels"], "preview"),
    ],
)
def test_the_program_itself_tells_it(words: list[str], told: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", *words, "--help"], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    assert told in shown.stdout
