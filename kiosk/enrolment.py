"""The home of enrolment: a one-time code becomes a station with a name, work centers and a token.

EnrolmentError(Exception)       nothing was changed; the message says what to do
  EnrolmentMistyped             what was typed or scanned is not a server and a code
  EnrolmentUnreachable          the server does not answer
  EnrolmentRefused              the server answers, and does not know the code
  EnrolmentUnproved             somebody else answers: it has not the key that the code names
  EnrolmentUnreadable           the answer is not that of our server
  EnrolmentUnsaved              the data folder cannot be written
"""

import hashlib
import os
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from kiosk.config import ENROLMENT_NAME, TOKEN_BEFORE_NAME, TOKEN_NAME, Config
from kiosk.config_values import name, names
from sync.client import Enrolment
from sync.client import enrol as request
from sync.line import (
    ServerAddressError,
    ServerRefused,
    ServerUnproved,
    ServerUnreachable,
    SyncError,
)
from sync.pinning import split_code

CODE_CHARS_MAX: Final = 80
REFUSALS: Final = (400, 401, 403, 404, 409, 410, 422)
TOKEN_FORM: Final = r"[\x21-\x7e]{1,4000}"  # noqa: S105 — how one looks
_MACHINE_ID: Final = Path("/etc/machine-id")


class EnrolmentError(Exception):
    """The station is not enrolled."""


class EnrolmentMistyped(EnrolmentError):  # noqa: N818 — named after what happened
    """No server, or no code."""


class EnrolmentUnreachable(EnrolmentError):  # noqa: N818
    """No answer."""


class EnrolmentRefused(EnrolmentError):  # noqa: N818
    """The code is unknown, used or too old."""


class EnrolmentUnproved(EnrolmentError):  # noqa: N818
    """Another server than the code is for; the code was not told to it."""


class EnrolmentUnreadable(EnrolmentError):  # noqa: N818
    """Somebody else answered."""


class EnrolmentUnsaved(EnrolmentError):  # noqa: N818
    """The folder cannot be written."""


def typed(entry: str, server: str = "") -> tuple[str, str]:
    """`SERVER CODE` as a person types it, or `CODE` alone where the configuration names the
    server; raises `EnrolmentMistyped`.
    """
    parts = entry.removeprefix("kiosk enrol ").split()
    if len(parts) == 1 and server:
        parts = [server, *parts]
    if len(parts) != 2:
        raise EnrolmentMistyped("Type the server's address, a space and the code.")
    return address(parts[0], secure=has_check(parts[1])), parts[1]


def has_check(code: str) -> bool:
    """Whether the code names its server's TLS key; raises `EnrolmentMistyped`."""
    try:
        return bool(split_code(code)[1])
    except ValueError as fault:
        raise EnrolmentMistyped(f"{str(fault).capitalize()}: look at it again.") from None


def address(server: str, *, secure: bool) -> str:
    """The server's address with its scheme and without a slash; raises `EnrolmentMistyped`."""
    found = server if "://" in server else f"http{'s' if secure else ''}://{server}"
    if secure and found.startswith("http://"):
        raise EnrolmentMistyped(
            f"{server[:60]}: this code is for a server with TLS only: type it with https://"
        )
    if not found.startswith(("http://", "https://")) or found.endswith("://"):
        raise EnrolmentMistyped(
            f"{server[:60]} is not a server's address such as http://plant:8400"
        )
    return found.rstrip("/")


def enrol(server: str, code: str, *, data: Path, origin: str) -> Enrolment:
    """Ask `server` for what `code` grants, and keep it in `data`; raises `EnrolmentError`."""
    where = address(server, secure=has_check(code))
    enrolled = ask(where, code[:CODE_CHARS_MAX], origin)
    save(data, where, enrolled)
    return enrolled


def with_enrolment(config: Config, server: str, enrolled: Enrolment) -> Config:
    """The configuration as it reads once the enrolment is saved."""
    station = replace(
        config.station,
        name=enrolled.station,
        work_centers=enrolled.work_centers,
        server=address(server, secure=bool(enrolled.pin)),
    )
    return replace(config, station=station, public_key=enrolled.public_key, pin=enrolled.pin)


def ask(server: str, code: str, origin: str) -> Enrolment:
    """The server's answer to a one-time code, checked; raises `EnrolmentError`."""
    try:
        enrolled = request(server, code, origin=origin, machine=machine())
        name(enrolled.station)
        names(list(enrolled.work_centers))
    except ServerAddressError as fault:
        raise EnrolmentMistyped(f"{fault}.") from None
    except ServerUnproved:
        raise EnrolmentUnproved(
            f"{server} is not the server of this code: it has another key. Check the address,"
            " and ask the office for a new code."
        ) from None
    except ServerUnreachable as fault:
        raise EnrolmentUnreachable(_unreached(server, fault)) from None
    except ServerRefused as fault:
        raise _refused(server, fault) from None
    except (SyncError, ValueError):
        raise EnrolmentUnreadable(f"{server} is not a kiosk server: check the address.") from None
    if not re.fullmatch(TOKEN_FORM, enrolled.token):
        raise EnrolmentUnreadable(f"{server} gave a token that cannot be used.")
    return enrolled


def _unreached(server: str, fault: ServerUnreachable) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(fault):
        return (
            f"{server} has a certificate that this machine does not trust: use the code as the"
            " running server prints it, with the check behind the hyphen."
        )
    return f"{server} does not answer: check cable and address."


def _refused(server: str, fault: ServerRefused) -> EnrolmentError:
    if fault.status in REFUSALS:
        return EnrolmentRefused(f"{server} does not take this code: ask for a new one.")
    return EnrolmentUnreachable(f"{server} answers {fault.status}: try again in a minute.")


def save(data: Path, server: str, enrolled: Enrolment) -> None:
    """Write token and enrolment so that a power cut leaves the old or the new ones whole.

    The token is written last: without it the station is not enrolled. Raises `EnrolmentUnsaved`.
    """
    lines = {
        "name": enrolled.station,
        "work_centers": list(enrolled.work_centers),
        "server": server,
        "public_key": enrolled.public_key,
        "pin": enrolled.pin,
        "site": enrolled.site,
    }
    # A JSON string, and a list of them, is also TOML.
    toml = "".join(
        f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in lines.items()
    )
    try:
        data.mkdir(parents=True, exist_ok=True)
        (data / TOKEN_BEFORE_NAME).unlink(missing_ok=True)
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
