"""The home of enrolment: a one-time code becomes a station's token.

A code with a check goes only to the server whose TLS key the check names, proved before a byte of
the code is sent; that key is pinned from then on. A code without one goes where the address leads:
over https to who has a certificate that this machine trusts.
"""

import hmac
from typing import TYPE_CHECKING

import msgspec

from sync.line import AnswerUnreadable, Line, ServerAddressError, checked_address, read_answer
from sync.pinning import PinnedContext, check_of, split_code

if TYPE_CHECKING:
    import httpx


class Enrolment(msgspec.Struct, frozen=True):
    """What a server gives to a station that shows a one-time code; `pin` is of its TLS key."""

    station: str
    token: str
    work_centers: tuple[str, ...] = ()
    site: str = ""
    public_key: str = ""
    incarnation: str = ""
    pin: str = ""


def enrol(
    server: str,
    code: str,
    *,
    origin: str,
    machine: str,
    transport: "httpx.BaseTransport | None" = None,
) -> Enrolment:
    """Exchange a one-time code for the station's token; raises `SyncError`."""
    where = checked_address(server)
    try:
        secret, check = split_code(code)
    except ValueError as fault:
        raise ServerAddressError(f"{fault}: look at it again") from None
    if check and not where.startswith("https:"):
        raise ServerAddressError(f"{server}: this code is for a server with https:// only")
    seen: list[str] = []
    trust = PinnedContext(lambda pin: _fits(secret, check, pin, seen)) if check else None
    line = Line(where, "", transport, trust=trust)
    asked = msgspec.json.encode({"code": secret, "origin": origin, "machine": machine})
    try:
        answer = line.send("POST", "/v1/enrol", content=asked, form="application/json")
    finally:
        line.hang_up()
    enrolled = read_answer(answer, Enrolment, f"{server}/v1/enrol")
    if check and enrolled.pin != seen[-1]:
        raise AnswerUnreadable(f"{server}: tells another key than it has; is a proxy between?")
    # Where the way was proved by other means, the key behind it may be anybody's to change.
    return enrolled if check else msgspec.structs.replace(enrolled, pin="")


def _fits(secret: str, check: str, pin: str, seen: list[str]) -> bool:
    seen.append(pin)
    return hmac.compare_digest(check_of(secret, pin), check)
