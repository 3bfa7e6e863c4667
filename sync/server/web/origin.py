"""The home of where a request comes from: this machine, our own pages, or elsewhere."""

from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from litestar.connection import ASGIConnection

from sync.server.config import is_loopback

FORWARDING_HEADERS: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")
Connection = ASGIConnection[Any, Any, Any, Any]


def is_own_machine(connection: Connection, served: str) -> bool:
    """Whether a loopback server was asked by a loopback name and no proxy stands between."""
    return is_loopback(served) and is_loopback(_host(connection)) and not _forwarded(connection)


def same_origin(connection: Connection) -> bool:
    """Browsers tell where a form came from; a program that is none has nothing to be misused."""
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    if site is not None:
        return site in {"same-origin", "none"}
    return origin is None or split_url(origin).netloc == connection.headers.get("host", "")


def _host(connection: Connection) -> str:
    """The host that the request names: another name on this address is another's page."""
    return split_url(f"//{connection.headers.get('host', '')}").hostname or ""


def _forwarded(connection: Connection) -> bool:
    """Whether a proxy says that the request came through it: then who looks may be anywhere."""
    return any(name in connection.headers for name in FORWARDING_HEADERS)


def split_url(url: str) -> SplitResult:
    """The parts of a URL; no parts of what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
