"""What the project's texts never say, and what its code never keeps quiet about."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.tidy_source import Source, none, product, source, suite, texts

# Letters in brackets match themselves and keep this file from saying what it forbids.
UNFINISHED: Final = re.compile(r"\b([T]ODO|[F]IXME|[X]XX|[H]ACK)\b")
MACHINES: Final = (
    r"(?<![\w.}])/[w]ork/",  # places on the machine where it was written
    r"(?<![\w.}])/[r]oot/",
    r"(?<![\w.}])/[h]ome/\w",
    r"/tmp/[p]lan",
    r"\.\./[s]hared",
)
HOSTS: Final = (r"[p]ypi\.org", r"[p]ythonhosted", r"--(extra-)?[i]ndex-url")  # a machine's matter
FOREIGN: Final = re.compile("|".join((*MACHINES, *HOSTS, "[h]elper agent")), re.IGNORECASE)
UNCODED_IGNORE: Final = re.compile(r"#\s*type:\s*ignore(?!\[[a-z-])")
UNCODED_NOQA: Final = re.compile(r"#\s*noqa(?!: [A-Z])", re.IGNORECASE)
STANDING_BACK: Final = "tests/missing.py"  # where a test may say that a tool is not there
LEFT_OUT: Final = {"skip", "skipif", "xfail", "importorskip", "SkipTest", "expectedFailure"}
EVERYTHING: Final = {"Exception", "BaseException"}


def said(pattern: re.Pattern[str], files: tuple[tuple[str, str], ...]) -> list[str]:
    """`path:line words` of every match."""
    return [
        f"{path}:{number} {match.group()}"
        for path, text in files
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def swallowed(modules: tuple[Source, ...]) -> list[str]:
    """Places that catch everything and do nothing about it."""
    return [f"{one.path}:{line}" for one in modules for line in sorted(_swallowing_lines(one.tree))]


def _swallowing_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            silent = _names_everything(node.type) and all(map(_does_nothing, node.body))
        elif isinstance(node, ast.Call) and _last_name(node.func) == "suppress":
            silent = any(map(_names_everything, node.args))
        else:
            continue
        if silent:
            yield node.lineno


def _names_everything(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_names_everything, caught.elts))
    return caught is None or _last_name(caught) in EVERYTHING


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _does_nothing(node: ast.stmt) -> bool:
    silent = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return silent or isinstance(node, ast.Pass | ast.Continue)


def left_out(modules: tuple[Source, ...]) -> list[str]:
    """Tests that would not run: skipped, or expected to fail."""
    return [
        f"{one.path}:{node.lineno} {_last_name(node)}"
        for one in modules
        if one.path != STANDING_BACK
        for node in ast.walk(one.tree)
        if isinstance(node, ast.Attribute | ast.Name) and _last_name(node) in LEFT_OUT
    ]


def whole(*pieces: str) -> str:
    """A text in pieces, where this file must not say it."""
    return "".join(pieces)


def in_example(*lines: str) -> tuple[tuple[str, str], ...]:
    return (("example.md", "\n".join(lines)),)


def test_texts_are_read_from_every_folder() -> None:
    paths = {path.split("/")[0] for path, _ in texts()}
    assert paths >= {"README.md", "pyproject.toml", "kiosk", "sync", "labels", "tests", "deploy"}


def test_nothing_is_left_for_later() -> None:
    none(said(UNFINISHED, texts()))
    word = whole("TO", "DO")
    assert said(UNFINISHED, in_example("", f"# {word}: more")) == [f"example.md:2 {word}"]
    assert said(UNFINISHED, in_example("TODAY", whole("XX", "XL"), "whack")) == []


@pytest.mark.parametrize(
    "line",
    [
        whole("cd /wo", "rk/main"),
        whole("(/ro", "ot/.cache)"),
        whole("'/ho", "me/anna'"),
        whole("see ../sha", "red/design.md"),
        whole("https://py", "pi.org/simple"),
        whole("pip install --index", "-url x"),
        whole("a Helper", " agent wrote it"),
    ],
)
def test_a_machine_spoken_of_is_found(line: str) -> None:
    assert len(said(FOREIGN, in_example("", line))) == 1


def test_no_text_speaks_of_the_machine_it_was_written_on() -> None:
    none(said(FOREIGN, texts()))
    assert said(FOREIGN, in_example("/v1/work/centers", "a shared folder", "./work/", "~/")) == []


def test_every_ignored_fault_is_named() -> None:
    files = tuple((one.path, one.text) for one in (*product(), *suite()))
    none(said(UNCODED_IGNORE, files))
    none(said(UNCODED_NOQA, files))
    assert said(UNCODED_IGNORE, in_example(whole("a()  # type: ", "ignore"))) != []
    assert said(UNCODED_IGNORE, in_example("a()  # type: ignore[no-untyped-call]")) == []
    assert said(UNCODED_NOQA, in_example(whole("import a  # no", "qa"))) != []
    assert said(UNCODED_NOQA, in_example("import a  # noqa: F401")) == []


def test_no_fault_is_swallowed() -> None:
    none(swallowed(product()))


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    act()\nexcept Exception:\n    pass",
        "try:\n    act()\nexcept:\n    ...",
        "try:\n    act()\nexcept (OSError, BaseException):\n    'why'",
        "for one in all:\n    try:\n        act()\n    except Exception as fault:\n        continue",
        "with suppress(Exception):\n    act()",
        "with contextlib.suppress(OSError, Exception):\n    act()",
    ],
)
def test_a_swallowed_fault_is_found(text: str) -> None:
    assert len(swallowed((source(text),))) == 1


def test_a_told_or_narrow_fault_passes() -> None:
    told = "try:\n    act()\nexcept Exception as fault:\n    tell(fault)"
    narrow = "try:\n    act()\nexcept OSError:\n    pass"
    suppressed = "with suppress(OSError):\n    act()"
    assert swallowed((source(told), source(narrow), source(suppressed))) == []


def test_every_test_runs() -> None:
    none(left_out(suite()))


@pytest.mark.parametrize(
    "text",
    [
        "@pytest.mark.skip\ndef test_a() -> None: ...",
        "@pytest.mark.skipif(True, reason='')\ndef test_a() -> None: ...",
        "def test_a() -> None:\n    pytest.xfail('later')",
        "tool = pytest.importorskip('tool')",
        "raise SkipTest",
    ],
)
def test_a_test_left_out_is_found(text: str) -> None:
    assert len(left_out((source(text),))) == 1
