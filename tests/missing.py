"""The one place where a test stands back: a tool of the machine is not there.

The last lines of a run list each with its reason (`-ra`). Nothing else is ever left out.
"""

from typing import NoReturn

import pytest


def missing(tool: str, remedy: str) -> NoReturn:
    """Leave out what needs a tool that this machine has not; the remedy says how to get it."""
    pytest.skip(f"{tool} is missing: {remedy}")
