"""The home of enrolment: a one-time code becomes a station with a name, work centers and a token.

EnrolmentError(Exception)       nothing was changed; the message says what to do
  EnrolmentMistyped             what was typed or scanned is not a server and a code
  EnrolmentUnreachable          the server does not answer
  EnrolmentRefused              the server answers, and does not know the code
  EnrolmentUnreadable           the answer is not that of our server
  EnrolmentUnsaved              the data folder cannot be written
"""

import hashlib
import os
import socket
from pathlib import Path
from typing import Annotated, Final

import msgspec

from kiosk.config import ENROLMENT_NAME, TOKEN_NAME, name, names

ENROL_WAIT_S: Final = 10.0
CODE_CHARS_MAX: Final = 80
_MACHINE_ID: Final = Path("/etc/machine-id")


class EnrolmentError(Exception):
    """The station is not enrolled."""


class EnrolmentMistyped(EnrolmentError):  # noqa: N818 — named after what happened
    """No server, or no code."""


class EnrolmentUnreachable(EnrolmentError):  # noqa: N818
    """No answer."""


class EnrolmentRefused(EnrolmentError):  # noqa: N818
    """The code is unknown, used or too old."""


class EnrolmentUnreadable(EnrolmentError):  # noqa: N818
    """Somebody else answered."""


class EnrolmentUnsaved(EnrolmentError):  # noqa: N818
    """The folder cannot be written."""


class Enrolled(msgspec.Struct, frozen=True):
    """The server's answer to POST /v1/enrol."""

    station: Annotated[str, msgspec.Meta(min_length=1)]
    token: Annotated[str, msgspec.Meta(min_length=1, pattern=r"^[\x21-\x7e]+$")]
    work_centers: tuple[str, ...]
    site: str = ""
    public_key: str = ""
    incarnation: str = ""


def typed(entry: str) -> tuple[str, str]:
    """`SERVER CODE` as a person types it; raises `EnrolmentMistyped`."""
    parts = entry.split()
    if len(parts) != 2:
        raise EnrolmentMistyped("Type the server's address, a space and the code.")
    return address(parts[0]), parts[1]


def address(server: str) -> str:
    """The server's address with its scheme and without a slash; raises `EnrolmentMistyped`."""
    found = server if "://" in server else f"http://{server}"
    if not found.startswith(("http://", "https://")) or found.endswith("://"):
        raise EnrolmentMistyped(
            f"{server[:60]} is not a server's address such as http://plant:8400"
        )
    return found.rstrip("/")


def enrol(server: str, code: str, *, data: Path, origin: str) -> Enrolled:
    """Ask `server` for what `code` grants, and keep it in `data`; raises `EnrolmentError`."""
    asked = {"code": code[:CODE_CHARS_MAX], "origin": origin, "machine": machine()}
    enrolled = ask(address(server), asked)
    save(data, address(server), enrolled)
    return enrolled


def ask(server: str, asked: dict[str, str]) -> Enrolled:
    """POST /v1/enrol; raises `EnrolmentError`."""
    import httpx

    try:
        answer = httpx.post(f"{server}/v1/enrol", json=asked, timeout=ENROL_WAIT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise EnrolmentUnreachable(
            f"{server} does not answer ({fault or type(fault).__name__}): check cable and address."
        ) from None
    if answer.status_code in (400, 401, 403, 404, 409, 410, 422):
        raise EnrolmentRefused(
            f"{server} does not accept this code ({answer.status_code}): ask for a new one."
        )
    if not answer.is_success:
        raise EnrolmentUnreachable(f"{server} answers {answer.status_code}: try again in a minute.")
    try:
        enrolled = msgspec.json.decode(answer.content, type=Enrolled)
        name(enrolled.station)
        names(list(enrolled.work_centers))
    except ValueError:
        raise EnrolmentUnreadable(f"{server} is not a kiosk server: check the address.") from None
    return enrolled


def save(data: Path, server: str, enrolled: Enrolled) -> None:
    """Write token and enrolment so that a power cut leaves the old or the new ones whole.

    The token is written last: without it the station is not enrolled. Raises `EnrolmentUnsaved`.
    """
    lines = {
        "name": enrolled.station,
        "work_centers": list(enrolled.work_centers),
        "server": server,
        "public_key": enrolled.public_key,
        "site": enrolled.site,
    }
    # A JSON string, and a list of them, is also TOML.
    toml = "".join(
        f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in lines.items()
    )
    try:
        data.mkdir(parents=True, exist_ok=True)
        write_whole(data / ENROLMENT_NAME, toml)
        write_whole(data / TOKEN_NAME, enrolled.token + "\n")
    except OSError as fault:
        raise EnrolmentUnsaved(f"{data} cannot be written ({fault.strerror}).") from None


def write_whole(path: Path, text: str) -> None:
    """Replace a file, readable by its owner alone, and flush it to the disk."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def machine() -> str:
    """What tells this machine from a clone of its disk; hashed, for it is nobody's business."""
    try:
        identity = _MACHINE_ID.read_text(encoding="ascii").strip()
    except OSError:
        identity = socket.gethostname()
    return hashlib.sha256(f"floor-kiosk {identity}".encode()).hexdigest()[:32]
