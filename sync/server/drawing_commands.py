"""The home of `kiosk-server import drawings`: a folder of drawings, checked as a whole first."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sync.drawings import DRAWING_BYTES_MAX, SUFFIXES, DrawingError, checked_file, checked_name
from sync.server.commands import print_json, reached
from sync.server.errors import ServerError

if TYPE_CHECKING:
    from sync.server.services import Services

DRAWINGS: Final = "drawings"


class DrawingsUnreadable(ServerError):  # noqa: N818
    """The folder holds nothing to import, or something that is no drawing."""


def import_drawings(data: Path, folder: Path, *, json: bool, url: str | None = None) -> int:
    """Store every PNG and PDF of a folder under its file's name; raises `ServerError`."""
    files = drawings_in(folder)
    with reached(data, made=True, url=url) as (client, services):
        for name, body in files.items():
            if client is not None:
                client.put_drawing(name, body)
            else:
                assert services is not None, "one of the two ways"
                _put_alone(services, name, body)
    if json:
        print_json({"ok": True, "drawings": list(files)})
    else:
        print(f"OK  {len(files)} drawings: {', '.join(files)}"[:200])
    return 0


def drawings_in(folder: Path) -> Mapping[str, bytes]:
    """The drawings of a folder by name; raises `DrawingsUnreadable` for the first that is none."""
    try:
        paths = sorted(one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES)
        files = {one.name: _read(one) for one in paths}
    except OSError as fault:
        raise DrawingsUnreadable(f"{folder}: {fault.strerror}; name a folder of drawings") from None
    if not files:
        raise DrawingsUnreadable(f"{folder}: no .png and no .pdf in it; name a folder of drawings")
    try:
        for name, body in files.items():
            checked_file(checked_name(name), body)
    except DrawingError as fault:
        raise DrawingsUnreadable(f"{folder}: {fault}; nothing was stored") from None
    return files


def _read(path: Path) -> bytes:
    """A file, but never more of it than shows that it is too large."""
    with path.open("rb") as file:
        return file.read(DRAWING_BYTES_MAX + 1)


def _put_alone(services: "Services", name: str, body: bytes) -> None:
    from sync.server.drawings import put_drawing

    media, now = checked_file(name, body), services.clock.milliseconds()
    services.database.write_now(lambda conn: put_drawing(conn, name, media, body, now))
