"""Keeps the developer's machine out: no proxy between a test and loopback, no colours or size of
the terminal outside, no state of a kiosk that runs here. Done before anything reads its environment.
"""

import os
from pathlib import Path
from typing import Final

import pytest

OUTER: Final = ("TEXTUAL", "TMUX", "KIOSK", "PYTEST_ADDOPTS")
NAMES: Final = {
    *("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"),
    *("COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR"),
    *("PYTHONPATH", "PYTHONWARNINGS", "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
}

for name in list(os.environ):
    if name.upper() in NAMES or name.startswith(OUTER):
        del os.environ[name]
os.environ["TERM"] = "xterm-256color"
os.environ["LC_ALL"] = "C.UTF-8"


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "how many histories the long simulation plays, and the first of their seeds"
    parser.addoption("--simulation", nargs=2, type=int, default=(2_000, 10_000), help=told)


@pytest.fixture(scope="session", autouse=True)
def _state_of_this_machine(tmp_path_factory: pytest.TempPathFactory) -> None:
    state: Path = tmp_path_factory.mktemp("state")
    os.environ["XDG_STATE_HOME"] = str(state)
