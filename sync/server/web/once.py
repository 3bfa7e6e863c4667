"""The home of forms that act once, whatever a second click or the back button sends again.

A form that makes something new carries a token made with its page. It is written down before the
act, as a repeated request of the interface is, and forgotten where the act was refused, so that the
form can be put right and sent again. It counts for `IDEMPOTENCY_HOURS`.
"""

import contextlib
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy import Connection, delete

from sync.server.database import DatabaseError, DoubtError
from sync.server.idempotency import UNKEPT
from sync.server.interface_tables import repeated
from sync.server.office import OfficeConflict, OfficeError
from sync.server.rows import inserting
from sync.server.services import Services
from sync.server.web.entry import AnyRequest
from sync.server.wording import Said

ONCE: Final = "once"
_TOKEN: Final = re.compile(r"[0-9a-f]{32}\Z")


def token() -> str:
    """What a form carries that acts once."""
    return secrets.token_hex(16)


@contextlib.asynccontextmanager
async def acting_once(request: AnyRequest, account: str) -> AsyncIterator[None]:
    """Raises `OfficeConflict` where this form acted already; `DatabaseError`."""
    form = await request.form()
    sent = str(form.get(ONCE, ""))
    if not _TOKEN.match(sent):
        yield
        return
    name = hashlib.sha256(f"{account}\n{request.url.path}\n{sent}".encode()).digest()
    services: Services = request.app.state.services
    now = services.clock.milliseconds()
    if not await services.database.write(lambda conn: _written(conn, name, account, now)):
        raise OfficeConflict(Said("form.once"))
    try:
        yield
    except DoubtError:
        raise
    except (OfficeError, DatabaseError):
        await services.database.write(lambda conn: _forgotten(conn, name))
        raise


def _written(connection: Connection, name: bytes, account: str, now: int) -> bool:
    """Whether it was not there before."""
    row = {
        "request": name,
        "fingerprint": b"",
        "account": account,
        "state": UNKEPT,
        "made_ms": now,
        "renewed_ms": now,
    }
    put = inserting(connection, repeated).values(**row).on_conflict_do_nothing()
    return connection.execute(put).rowcount > 0


def _forgotten(connection: Connection, name: bytes) -> None:
    connection.execute(delete(repeated).where(repeated.c.request == name))
