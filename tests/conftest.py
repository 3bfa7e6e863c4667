"""Keeps the developer's machine out: no proxy between a test and loopback, no colours or size of
the terminal outside, no state of a kiosk that runs here. Done before anything reads its environment.
"""

import os
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

settings.register_profile("long", max_examples=5_000)
OUTER: Final = ("TEXTUAL", "TMUX", "KIOSK", "PYTEST_ADDOPTS")
NAMES: Final = {
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR"),
    *("PYTHONPATH", "PYTHONWARNINGS", "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
    # Hundreds of processes are started: compiling the same modules in each was most of their time.
    "PYTHONDONTWRITEBYTECODE",
}

# Files that take longest come first: begun last, one would be waited for alone. Beside the simulation,
# which takes all cores, come those that mostly wait. `--durations` tells; what is not named comes after.
LONGEST_FIRST: Final = (
    *("test_simulation.py", "test_server_limits.py", "test_fault_network.py"),
    *("test_two_minutes.py", "test_shifts.py", "test_server_upkeep.py", "test_server_commands.py"),
    *("test_fault_copies.py", "test_fault_damage.py", "test_fault_clock.py"),
    *("test_fault_older_ledger.py", "test_server_tls.py", "test_server_tokens.py"),
    *("test_app_commands.py", "test_fuzz_document.py", "test_journal_salvage.py", "test_app.py"),
    *("test_server_killed.py", "test_tokens.py", "test_journal_faults.py"),
    *("test_server_several.py", "test_station_and_server.py", "test_fault_disk_errors.py"),
    *("test_server_restore.py", "test_web_board.py", "test_contract_faults.py"),
    *("test_server_secrets.py", "test_client.py"),
)

for name in list(os.environ):
    if name.upper() in NAMES or name.startswith(OUTER):
        del os.environ[name]
sys.dont_write_bytecode = False
os.environ["TERM"] = "xterm-256color"
os.environ["LC_ALL"] = "C.UTF-8"


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "how many histories the long simulation plays, and the first of their seeds"
    parser.addoption("--simulation", nargs=2, type=int, default=(2_000, 10_000), help=told)


@pytest.fixture(scope="session", autouse=True)
def _state_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    state: Path = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(state)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole files in their order; within one nothing moves. What compares pictures is marked."""
    ranks = {name: rank for rank, name in enumerate(LONGEST_FIRST)}
    for item in items:
        if "snap_compare" in getattr(item, "fixturenames", ()):
            item.add_marker("picture")
    items.sort(key=lambda item: ranks.get(item.path.name, len(ranks)))
