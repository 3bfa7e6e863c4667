"""Any JSON at the office's paths: done, or a problem document that points at the value; no more."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import strategies as st

from tests.fuzz.hall import Hall, hall, refused
from tests.fuzz.trying import GOLDEN, WRONG_JSON, damaged, sizes, tried, wrong_documents

ORDER: Final = {
    "material": "ROLL",
    "quantity": "100 pcs",
    "order": "",
    "unit": "",
    "due": "2026-12-01",
    "start": "2026-11-30",
    "priority": 10,
    "note": "two\nlines",
    "customer_reference": "C-1",
    "release": True,
}
GOODS: Final = {
    "material": "WHEAT",
    "lot": "L-1",
    "quantity": "12,5",
    "unit": "kg",
    "place": "A1",
    "expiry": "2026-12-01",
    "supplier": "S",
    "supplier_lot": "SL",
    "serials": [],
}
ASKED: Final[dict[str, Any]] = {
    "/v1/orders": ORDER,
    "/v1/orders/check": ORDER,
    "/v1/stock": GOODS,
    "/v1/orders/B-1/release": {"label": {"label": "per_done", "lot": "order"}},
    "/v1/orders/B-1/hold": {"reason": "wait"},
    "/v1/orders/B-1/resume": {"reason": ""},
    "/v1/enrolment-codes": {"station": "MIX-2", "work_centers": ["MIX", "PACK"]},
    "/v1/revocations": {"station": "MIX-9"},
    "/v1/import": {"files": {"reasons.csv": "cmVhc29uLHRleHQK"}, "today": "2026-11-22"},
    "/v1/enrol": {"code": "ABCD", "origin": "0" * 32, "machine": "m"},
    "/v1/backup-losses": {"name": "none"},
    "/v1/backup-confirmations": {"name": "a", "position": 1, "file": ""},
    "/v1/office/events": [
        {**json.loads(body), "type": json.loads(body)["type"]} for body in GOLDEN[:12]
    ],
}
# Values that are right JSON, of the right type, and wrong.
WRONG_VALUES: Final = (
    *('""', '" "', '"a\\u0000b"', '"\\u0085"', '"\\u202e"', '"NaN"', '"1e9"', '"-1"', '"0"'),
    *('"999999999999.999999"', '"0.0000001"', '"1.5 pcs"', '"1 BOX"', '"9999-12-31"'),
    *('"2026-02-30"', '"0000-01-01"', '"' + "x" * 121 + '"', '"' + "x" * 2001 + '"', "-1", "1000"),
    *('["A","A"]', '[""]', '["' + "x" * 121 + '"]', '{"x":""}', '"ROLL"', '"WHEAT"', '"office"'),
)
KINDS: Final = ("application/json", "application/json; charset=utf-16", "", "text/plain", "x")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    factory = Path(__file__).parents[2] / "kiosk" / "demo" / "factories" / "bakery"
    files = {
        path.name: base64.b64encode(path.read_bytes()).decode()
        for path in sorted(factory.glob("*.csv"))
    }
    with hall(tmp_path_factory.mktemp("office")) as made:
        answer = made.client.post("/v1/import", json={"files": files}, headers=made.admin)
        assert answer.json()["ok"], answer.text
        yield made


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, bytes, str]:
    path = draw(st.sampled_from(sorted(ASKED)))
    document = ASKED[path]
    right = json.dumps(document).encode()
    body = draw(
        st.one_of(
            wrong_documents(st.just(document)),
            _other_values(document),
            damaged(st.just(right)),
            st.sampled_from(WRONG_JSON),
            st.just(right),
        )
    )
    return path, body, draw(st.sampled_from([KINDS[0], KINDS[0], KINDS[0], *KINDS]))


@st.composite
def _other_values(draw: st.DrawFn, document: Any) -> bytes:
    """The right document with one or two values of the right form that are wrong."""
    copy = json.loads(json.dumps(document))
    inner = copy[0] if isinstance(copy, list) else copy
    for name in draw(st.lists(st.sampled_from(sorted(inner)), min_size=1, max_size=2)):
        inner[name] = json.loads(draw(st.sampled_from(WRONG_VALUES)))
    return json.dumps(copy).encode()


def asked(office_hall: Hall, request: tuple[str, bytes, str]) -> None:
    path, body, kind = request
    before = office_hall.count()
    headers = {**office_hall.admin, **({"Content-Type": kind} if kind else {})}
    answer = office_hall.client.post(path, content=body, headers=headers)
    if answer.status_code < 300:
        return
    told = refused(answer)
    assert office_hall.count() == before
    if answer.status_code == 400:
        for error in told["errors"]:
            assert error["detail"]
            assert stands(error["pointer"], body), told


def stands(pointer: str, body: bytes) -> bool:
    """Whether the pointer leads into the body, or to a member that its object lacks."""
    assert pointer.startswith("#")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return True
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for number, step in enumerate(steps):
        if isinstance(value, dict):
            if step not in value:
                return number == len(steps) - 1
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return True


@sizes(100, 5_000)
def test_any_json_is_done_or_pointed_at(office: Hall, count: int) -> None:
    tried(count, requests(), lambda request: asked(office, request))
    office.require_sound()


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/v1/orders", {**ORDER, "quantity": "x"}, "#/quantity"),
        ("/v1/orders", {**ORDER, "quantity": "1.5 pcs"}, "#/quantity"),
        ("/v1/orders", {**ORDER, "due": "31.12.2026"}, "#/due"),
        ("/v1/orders", {**ORDER, "start": "x"}, "#/start"),
        ("/v1/orders", {**ORDER, "priority": -1}, "#/priority"),
        ("/v1/orders", {**ORDER, "priority": "x"}, "#/priority"),
        ("/v1/orders", {**ORDER, "order": "a/b"}, "#/order"),
        ("/v1/orders", {**ORDER, "note": "\0"}, "#/note"),
        ("/v1/orders", {**ORDER, "customer_reference": "x" * 121}, "#/customer_reference"),
        ("/v1/stock", {**GOODS, "lot": ""}, "#/lot"),
        ("/v1/stock", {**GOODS, "supplier_lot": "\n\0"}, "#/supplier_lot"),
        ("/v1/stock", {**GOODS, "serials": ["A", 1]}, "#/serials/1"),
        ("/v1/stock", {**GOODS, "serials": ["A", "A"]}, "#/serials"),
        ("/v1/enrolment-codes", {"station": "a,b"}, "#/station"),
        (
            "/v1/enrolment-codes",
            {"station": "a", "work_centers": ["\n"] * 2 + ["\0x"]},
            "#/work_centers",
        ),
        ("/v1/import", {"files": {}, "today": "x"}, "#/today"),
        ("/v1/office/events", [{"type": "HelpCalled", "work_center": "a\0"}], "#/0"),
        ("/v1/office/events", [{"type": "HelpCalled", "work_center": 1}], "#/0/work_center"),
        ("/v1/orders", [], "#"),
    ],
    ids=str,
)
def test_a_refusal_points_at_the_value(office: Hall, path: str, body: Any, pointer: str) -> None:
    told = refused(office.client.post(path, json=body, headers=office.admin))
    assert (told["status"], [error["pointer"] for error in told["errors"]]) == (400, [pointer])


def test_an_event_that_is_too_large_is_refused_and_so_is_an_order_of_it(office: Hall) -> None:
    line = {"quantity": {"amount": "1", "unit": "C62"}, "operation": "10"}
    names = [f"PART-{n:04d}-{'X' * 100}" for n in range(500)]
    quantity = {"amount": "1", "unit": "C62"}
    bom = {"type": "BomDefined", "material": "ROLL", "revision": 9, "quantity": quantity}
    lines = [{**line, "material": name} for name in names]
    body = [{**bom, "lines": lines}]
    told = refused(office.client.post("/v1/office/events", json=body, headers=office.admin))
    assert (told["status"], told["errors"][0]["pointer"]) == (400, "#/0")
    assert "BomDefined ROLL: " in told["detail"]
    office.require_sound()
