"""Tags of one thing: what they are made of, what a caller saves by them, what they refuse."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from litestar.plugins.problem_details import ProblemDetailsException
from sqlalchemy import Connection

from sync.server.api_etag import Standing, made_of, tag_of, tagged
from sync.server.problem import problem
from tests.fuzz.hall import Hall, hall
from tests.sync.server.server_parts import kiosk_server

FACTORY: Final = Path(__file__).parents[3] / "kiosk/demo/factories/machining"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = tmp_path_factory.mktemp("etag") / "data"
    data.mkdir()
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with hall(data) as running:
        yield running


def ask(office: Hall, method: str, path: str, match: str = "", **more: Any) -> httpx.Response:
    headers = {**office.admin, **({"If-Match": match} if match else {})}
    return office.client.request(method, path, headers=headers, **more)


def test_a_tag_is_the_revision_and_a_digest_of_the_answer() -> None:
    assert tag_of(3, b"{}") == '"3.44136fa355b3678a"'
    assert tagged({}, 3).headers == {
        "ETag": '"3.44136fa355b3678a"',
        "Cache-Control": "no-cache",
    }


TAG: Final = '"3.44136fa355b3678a"'
HELD: list[tuple[str, int]] = [
    ("", 200),
    (TAG, 304),
    (f"W/{TAG}", 304),
    ("*", 304),
    (f' "1.00" , {TAG}', 304),
    ('"3.44136fa355b3678b"', 200),
    ("3.44136fa355b3678a", 200),
    ('"3"', 200),
]


@pytest.mark.parametrize(("held", "status"), HELD)
def test_who_has_the_answer_is_not_sent_it_again(held: str, status: int) -> None:
    answer = tagged({}, 3, held)
    assert answer.status_code in {status, None if status == 200 else status}
    assert answer.content == (b"{}" if status == 200 else None)


# If-Match, the revision in the body, the one that stands -> the one that the act is made of, or why
# not.
MATCHES: list[tuple[str, int | None, int | None, int | str | None]] = [
    ("", None, 2, None),
    ("", 1, 2, 1),
    ('"2.ab"', None, 2, 2),
    ('"2.ab"', 2, 2, 2),
    ('"1.ab", "2.cd"', None, 2, 2),
    ("*", None, 2, 2),
    ("*", 2, 2, 2),
    ("*", 1, 2, "412 revision 2 of SEAL stands by anna, If-Match names *"),
    ('"1.ab"', None, 2, '412 revision 2 of SEAL stands by anna, If-Match names "1.ab"'),
    ('W/"2.ab"', None, 2, '412 revision 2 of SEAL stands by anna, If-Match names W/"2.ab"'),
    ('"two"', None, 2, '412 revision 2 of SEAL stands by anna, If-Match names "two"'),
    ('"2.ab"', 1, 2, '400 the request is made of revision 1, If-Match names "2.ab"'),
    ("*", None, None, "412 SEAL is not there, If-Match names *"),
    ('"1.ab"', None, None, '412 SEAL is not there, If-Match names "1.ab"'),
]


@pytest.mark.parametrize(("match", "told", "stands", "wanted"), MATCHES)
def test_a_change_is_made_of_the_revision_that_it_names(
    office: Hall, match: str, told: int | None, stands: int | None, wanted: int | str | None
) -> None:
    def standing(_: Connection) -> Standing | None:
        return Standing(stands, "anna", "2027-03-30") if stands is not None else None

    async def act(revision: int | None) -> int | None:
        return revision

    assert made(office, act, standing, match, told) == wanted


def made(
    office: Hall,
    act: Callable[[int | None], Awaitable[int | None]],
    standing: Callable[[Connection], Standing | None],
    match: str,
    told: int | None,
) -> int | str | None:
    """What the act was made of, or status and sentence without its next step."""
    try:
        return asyncio.run(made_of(office.services, act, standing, "SEAL", match, told))
    except ProblemDetailsException as fault:
        return f"{fault.status_code} {fault.detail.partition(': ')[0]}"


def test_who_comes_between_look_and_act_is_told_as_a_failed_match(office: Hall) -> None:
    stands = [1]

    def standing(_: Connection) -> Standing:
        return Standing(stands[-1], "ben", "2027-03-30")

    async def overtaken(_: int | None) -> int | None:
        stands.append(2)
        raise problem(409, "order-state", "ben saved revision 2 meanwhile")

    async def refused(_: int | None) -> int | None:
        raise problem(409, "order-state", "SEAL is in a BOM: take it out there first")

    told = '412 revision 2 of SEAL stands by ben, If-Match names "1.ab"'
    assert made(office, overtaken, standing, '"1.ab"', None) == told
    assert made(office, refused, standing, '"2.ab"', None) == "409 SEAL is in a BOM"


def test_an_order_has_a_tag_and_is_changed_by_it_once(office: Hall) -> None:
    asked = {"material": "SHAFT", "quantity": "5", "order": "T-1"}
    assert ask(office, "POST", "/v1/orders", json=asked).status_code == 201
    seen = ask(office, "GET", "/v1/orders/T-1")
    tag = seen.headers["ETag"]
    assert tag.startswith('"1.')
    again = office.client.get("/v1/orders/T-1", headers={**office.admin, "If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    first = ask(office, "POST", "/v1/orders/T-1/change", tag, json={"quantity": "6"})
    assert (first.status_code, first.json()["planned"]["amount"]) == (200, "6")
    for path, body in (
        ("/v1/orders/T-1/change", {"quantity": "7"}),
        ("/v1/orders/T-1/split", {"quantity": "2"}),
        ("/v1/orders/T-1/release", {"accept_shortages": True}),
    ):
        late = ask(office, "POST", path, tag, json=body)
        told = late.json()
        assert (late.status_code, told["standing"]["revision"]) == (412, 2), path
        assert (told["type"], told["standing"]["account"]) == (
            "urn:kiosk-server:problem:precondition",
            "office",
        )
    stands = ask(office, "GET", "/v1/orders/T-1")
    assert (stands.json()["planned"]["amount"], stands.json()["status"]) == ("6", "planned")
    tag = stands.headers["ETag"]
    parted = ask(office, "POST", "/v1/orders/T-1/split", tag, json={"quantity": "2"})
    assert (parted.status_code, parted.json()["planned"]["amount"]) == (201, "2")
    tag = ask(office, "GET", "/v1/orders/T-1").headers["ETag"]
    released = ask(office, "POST", "/v1/orders/T-1/release", tag, json={"accept_shortages": True})
    assert (released.status_code, released.json()["status"]) == (200, "released")


def test_a_change_of_an_order_names_a_revision_somewhere(office: Hall) -> None:
    asked = {"material": "SHAFT", "quantity": "5", "order": "T-2"}
    assert ask(office, "POST", "/v1/orders", json=asked).status_code == 201
    none = ask(office, "POST", "/v1/orders/T-2/change", json={"quantity": "6"})
    assert (none.status_code, none.json()["errors"][0]["pointer"]) == (400, "#/revision")
    both = ask(
        office, "POST", "/v1/orders/T-2/change", '"2.ab"', json={"quantity": "6", "revision": 1}
    )
    assert (both.status_code, both.json()["errors"][0]["parameter"]) == (400, "If-Match")
    body = ask(office, "POST", "/v1/orders/T-2/change", json={"quantity": "6", "revision": 1})
    assert body.status_code == 200
    wrong = ask(office, "POST", "/v1/orders/T-2/change", "two", json={"quantity": "6"})
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (400, "If-Match")
    nobody = ask(office, "POST", "/v1/orders/NOPE/change", '"1.ab"', json={"quantity": "6"})
    assert nobody.status_code == 412


def test_the_status_of_a_lot_is_set_by_its_tag_once(office: Hall) -> None:
    goods = {"material": "SEAL", "lot": "L 1/2", "quantity": "10"}
    assert ask(office, "POST", "/v1/stock/receive", json=goods).status_code == 201
    named = {"material": "SEAL", "lot": "L 1/2"}
    seen = ask(office, "GET", "/v1/stock/lot", params=named)
    tag = seen.headers["ETag"]
    assert tag.startswith('"0.')
    block = {**named, "status": "blocked", "reason": "dented"}
    first = ask(office, "POST", "/v1/stock/status", tag, json=block)
    assert (first.status_code, first.json()["status"]) == (200, "blocked")
    late = ask(office, "POST", "/v1/stock/status", tag, json={**block, "reason": "wet"})
    assert (late.status_code, late.json()["standing"]["revision"]) == (412, 1)
    assert ask(office, "GET", "/v1/stock/lot", params=named).json()["status_reason"] == "dented"
    gone = ask(office, "POST", "/v1/stock/status", tag, json={**block, "lot": "NOPE"})
    assert gone.status_code == 412
