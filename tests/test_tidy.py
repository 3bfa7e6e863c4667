"""The project's shape: what lies at the top, how long modules and functions are, what they say."""

import ast
from statistics import median
from typing import Final

from tests.tidy_source import (
    PRODUCT,
    ROOT,
    Source,
    functions,
    length,
    none,
    product,
    source,
    top_level,
)

TOP_LEVEL: Final = {"pyproject.toml", "kiosk", "sync", "labels", "tests", "deploy", "README.md"}
MODULE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 60
FUNCTION_LINES_MEDIAN_MAX: Final = 11
UNDOCUMENTED_LINES_MAX: Final = 20
# Alembic loads these by their path, so they are no package.
FOLDERS_WITHOUT_PACKAGE: Final = {"sync/server/migrations", "sync/server/migrations/versions"}


def unexpected_at_top(names: set[str]) -> set[str]:
    """Names that are missing or too many; dot files are free."""
    return {name for name in names if not name.startswith(".")} ^ TOP_LEVEL


def long_modules(modules: tuple[Source, ...]) -> list[str]:
    return [f"{one.path}: {one.lines} lines" for one in modules if one.lines > MODULE_LINES_MAX]


def long_functions(modules: tuple[Source, ...]) -> list[str]:
    return [
        f"{one.path}:{node.lineno} {node.name}: {length(node)} lines"
        for one in modules
        for node in functions(one.tree)
        if length(node) > FUNCTION_LINES_MAX
    ]


def median_lines(modules: tuple[Source, ...]) -> float:
    return median(length(node) for one in modules for node in functions(one.tree))


def undocumented(modules: tuple[Source, ...]) -> list[str]:
    return [
        one.path
        for one in modules
        if one.lines > UNDOCUMENTED_LINES_MAX and not ast.get_docstring(one.tree)
    ]


def folders_without_package(paths: list[str]) -> set[str]:
    """Folders of modules in which `__init__.py` is missing: import-linter would not see them."""
    folders = {path.rpartition("/")[0] for path in paths}
    return folders - {path.removesuffix("/__init__.py") for path in paths}


def lines(count: int) -> Source:
    return source("pass\n" * count)


def function(count: int) -> str:
    return "def act() -> None:\n" + "    pass\n" * (count - 1)


def test_the_top_level_is_the_agreed_one() -> None:
    none(unexpected_at_top(top_level()))
    assert unexpected_at_top({*TOP_LEVEL, ".ci", ".gitignore"}) == set()
    assert unexpected_at_top({*TOP_LEVEL, "setup.py"}) == {"setup.py"}
    assert unexpected_at_top(TOP_LEVEL - {"labels"}) == {"labels"}


def test_the_lock_file_lies_beside_what_reads_it() -> None:
    assert (ROOT / "deploy" / "requirements.lock").is_file()


def test_the_product_is_what_the_tests_read() -> None:
    found = {one.path.split("/")[0] for one in product()}
    assert found == set(PRODUCT)
    assert "kiosk/clock.py" in {one.path for one in product()}


def test_no_module_is_long() -> None:
    none(long_modules(product()))
    assert long_modules((lines(MODULE_LINES_MAX),)) == []
    assert long_modules((lines(MODULE_LINES_MAX + 1),)) == ["kiosk/example.py: 401 lines"]


def test_no_function_is_long() -> None:
    none(long_functions(product()))
    inner = "class Part:\n    async def act(self) -> None:\n" + "        pass\n" * 60
    assert long_functions((source(function(FUNCTION_LINES_MAX)),)) == []
    assert long_functions((source(inner),)) == ["kiosk/example.py:2 act: 61 lines"]


def test_functions_are_short_as_a_rule() -> None:
    assert median_lines(product()) <= FUNCTION_LINES_MEDIAN_MAX
    assert median_lines((source(function(3) + function(12) + function(40)),)) == 12


def test_every_module_says_what_it_is_the_home_of() -> None:
    none(undocumented(product()))
    assert undocumented((lines(UNDOCUMENTED_LINES_MAX),)) == []
    assert undocumented((lines(UNDOCUMENTED_LINES_MAX + 1),)) == ["kiosk/example.py"]


def test_every_folder_of_modules_is_a_package() -> None:
    found = folders_without_package([one.path for one in product()])
    none(found - FOLDERS_WITHOUT_PACKAGE)
    paths = ["kiosk/__init__.py", "kiosk/a.py", "kiosk/dialog/b.py"]
    assert folders_without_package(paths) == {"kiosk/dialog"}
