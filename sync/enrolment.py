"""The home of enrolment: a one-time code becomes a station's token."""

from typing import TYPE_CHECKING

import msgspec

from sync.line import Line, checked_address, read_answer

if TYPE_CHECKING:
    import httpx


class Enrolment(msgspec.Struct, frozen=True):
    """What a server gives to a station that shows a one-time code."""

    station: str
    token: str
    work_centers: tuple[str, ...] = ()
    site: str = ""
    public_key: str = ""
    incarnation: str = ""


def enrol(
    server: str,
    code: str,
    *,
    origin: str,
    machine: str,
    transport: "httpx.BaseTransport | None" = None,
) -> Enrolment:
    """Exchange a one-time code for the station's token; raises `SyncError`."""
    line = Line(checked_address(server), "", transport)
    asked = msgspec.json.encode({"code": code, "origin": origin, "machine": machine})
    try:
        answer = line.send("POST", "/v1/enrol", content=asked, form="application/json")
    finally:
        line.hang_up()
    return read_answer(answer, Enrolment, f"{server}/v1/enrol")
