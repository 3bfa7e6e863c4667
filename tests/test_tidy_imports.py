"""Who imports whom: import-linter's contracts hold, and each of them can fail."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.tidy_source import PRODUCT, ROOT, none

CONTRACTS: Final = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
# (contract, importer, imported): each is wrong, each in a way of its own.
WRONG: Final = [
    ("labels-alone", "labels.house", "sync.wire"),
    ("labels-alone", "labels.zpl", "tests.tidy_source"),
    ("kiosk-apart", "kiosk.clock", "sync.server.clock"),
    ("kiosk-apart", "kiosk.readers", "tests.tidy_source"),
    ("sync-apart", "sync.wire", "kiosk.clock"),
    ("sync-apart", "sync.server.hub", "tests.tidy_source"),
    ("labels-importers", "sync.server.ledger", "labels.codes"),
    ("demo-apart", "kiosk.doctor", "kiosk.demo.script"),
    ("kiosk-layers", "kiosk.config", "kiosk.screens.floor"),
    ("kiosk-layers", "kiosk.journal.store", "kiosk.scanners.framing"),
    ("kiosk-layers", "kiosk.stray", ""),
    ("sync-layers", "sync.wire", "sync.exchange"),
    ("sync-layers", "sync.exchange", "sync.client"),
    ("domain-layers", "sync.domain.quantity", "sync.domain.events"),
    ("domain-layers", "sync.domain.trace", "sync.domain.rules"),
    ("server-layers", "sync.server.database", "sync.server.ledger"),
    ("server-layers", "sync.server.projector", "sync.server.api"),
    ("views-layers", "sync.server.views.stock", "sync.server.views.orders"),
    ("importing-layers", "sync.server.importing.cells", "sync.server.importing.tables"),
    ("textual", "kiosk.printing.sender", "textual.app"),
    ("textual", "kiosk.scanners.simulated", "textual.message"),
    ("serial", "kiosk.config", "serial"),
    ("evdev", "kiosk.scanners.wedge", "evdev"),
    ("litestar", "sync.server.feed", "litestar"),
    ("httpx", "sync.exchange", "httpx"),
    ("zplkit", "labels.zpl", "zplkit"),
    ("sqlalchemy", "kiosk.journal.queries", "sqlalchemy"),
    ("pure", "kiosk.dialog.steps", "msgspec"),
]


def copy_of_the_product(folder: Path) -> Path:
    for name in PRODUCT:
        wanted = shutil.ignore_patterns("__pycache__", "*.csv", "*.txt")
        shutil.copytree(ROOT / name, folder / name, ignore=wanted)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> tuple[int, str]:
    """The linter's exit status and words."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def faults(words: str) -> dict[str, str]:
    """Contract id → what the linter says about it, for each one that is broken."""
    _, _, told = words.partition("\nBroken contracts\n")
    heads = {key: f"\n{name}\n{'-' * len(name)}\n" for key, name in CONTRACTS.items()}
    starts = sorted((told.find(head), key) for key, head in heads.items() if head in told)
    ends = [*(start for start, _ in starts[1:]), len(told)]
    return {key: told[start:end] for (start, key), end in zip(starts, ends, strict=False)}


def write_wrong_imports(folder: Path) -> None:
    for _, importer, imported in WRONG:
        path = folder / f"{importer.replace('.', '/')}.py"
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n" if imported else "pass\n")


@pytest.fixture(scope="module")
def told_of_wrong(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = copy_of_the_product(tmp_path_factory.mktemp("wrong"))
    write_wrong_imports(folder)
    _, words = lint(folder)
    return faults(words)


def test_every_contract_is_kept(tmp_path: Path) -> None:
    status, words = lint(copy_of_the_product(tmp_path))
    assert status == 0, words
    none(faults(words).values())


def test_every_contract_has_a_case() -> None:
    assert {contract for contract, _, _ in WRONG} == set(CONTRACTS)


@pytest.mark.parametrize(("contract", "importer", "imported"), WRONG)
def test_a_wrong_import_breaks_its_contract(
    contract: str, importer: str, imported: str, told_of_wrong: dict[str, str]
) -> None:
    root = imported.partition(".")[0]
    known = imported if root in PRODUCT else root
    fault = f"{importer} -> {known} (l." if imported else f"- {importer}"
    assert fault in told_of_wrong.get(contract, "")
