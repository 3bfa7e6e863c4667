"""The home of the views' version: the hash of the code that folds, kept beside what it made.

States are stored as that code has them, and what it would say today of an older event may differ
from what stands in the views: those of another version are never gone on with, but made again.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

import sync.domain
from sync import wire
from sync.server import causality, scopes, view_tables
from sync.server.ledger import reader_mark
from sync.server.projector_reader import READER
from sync.server.settings import keep_setting, setting

VIEWS_VERSION: Final = "views_version"
_HERE: Final = Path(__file__).parent
_FOLDING: Final = (
    *(
        "accepted",
        "changes",
        "fold",
        "judge",
        "open",
        "rows",
        "sets",
        "state",
        "tables",
        "trouble",
        "write",
    ),
)


@cache
def fold_version() -> str:
    """The hash of the code that makes the views of events."""
    modules = (wire, causality, scopes, view_tables)
    sources = [
        *sorted(Path(sync.domain.__path__[0]).rglob("*.py")),
        *(Path(str(module.__file__)) for module in modules),
        *(_HERE / f"projector_{name}.py" for name in _FOLDING),
    ]
    digest = sha256(msgspec.__version__.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()


def is_current(connection: Connection) -> bool:
    """Whether this code made the views."""
    return setting(connection, VIEWS_VERSION) == fold_version()


def adopted(connection: Connection) -> bool:
    """Whether they are this code's by now: views that nothing was folded into are anybody's."""
    if not is_current(connection) and not reader_mark(connection, READER):
        keep_version(connection)
    return is_current(connection)


def keep_version(connection: Connection) -> None:
    """The views are this code's from now on."""
    keep_setting(connection, VIEWS_VERSION, fold_version())
