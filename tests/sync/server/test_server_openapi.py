"""The document at `/v1/openapi.json`: every path, who may ask, how no is said, what a body is."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sync.server.server_parts import Server

Asking = list[dict[str, list[str]]]
STATION: Asking = [{"station": []}]
ADMIN: Asking = [{"admin": []}]
NOBODY: Asking = [{}]
CHANGING = {"post", "put", "patch", "delete"}
REPEATS = {400, 409, 422}  # what an Idempotency-Key may be answered
# Method and path -> who may ask, and the statuses other than 429 and 503 (any may be busy).
WANTED: dict[tuple[str, str], tuple[Asking, set[int]]] = {
    ("post", "/v1/enrol"): (NOBODY, {200, 400, 403, 409, 413}),
    ("post", "/v1/origins/{origin}/events"): (STATION, {200, 400, 401, 403, 409, 413}),
    ("get", "/v1/origins/{origin}/outcome"): (STATION, {200, 400, 401, 403}),
    ("get", "/v1/feed"): (STATION, {200, 400, 401, 403, 410}),
    ("get", "/v1/snapshot"): (STATION, {200, 400, 401, 403, 410}),
    ("post", "/v1/token"): (STATION, {200, 401, 403}),
    ("post", "/v1/revocations"): (ADMIN, {200, 400, 401, 404, 408, 413, 415}),
    ("get", "/healthz"): (NOBODY, {200}),
    ("get", "/readyz"): (NOBODY, {200}),
    ("post", "/v1/enrolment-codes"): (ADMIN, {201, 400, 401, 413}),
    ("get", "/v1/events"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/verify"): (ADMIN, {200, 401}),
    ("post", "/v1/office/events"): (ADMIN, {201, 400, 401, 413}),
    ("get", "/v1/orders"): (ADMIN, {200, 400, 401}),
    ("post", "/v1/orders"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("get", "/v1/orders/{order}"): (ADMIN, {200, 304, 400, 401, 404}),
    ("post", "/v1/orders/check"): (ADMIN, {200, 400, 401, 404, 413}),
    ("post", "/v1/orders/{order}/release"): (ADMIN, {200, 400, 401, 404, 409, 412, 413}),
    ("post", "/v1/orders/{order}/{word}"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    ("post", "/v1/orders/{order}/change"): (ADMIN, {200, 400, 401, 404, 409, 412, 413}),
    ("post", "/v1/orders/{order}/split"): (ADMIN, {201, 400, 401, 404, 409, 412, 413}),
    ("get", "/v1/orders/{order}/cost"): (ADMIN, {200, 400, 401, 404}),
    ("get", "/v1/orders/{order}/past"): (ADMIN, {200, 400, 401, 404}),
    ("post", "/v1/orders/{order}/move"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    **{
        (method, f"/v1/{one}"): (ADMIN, statuses)
        for one in ("material", "work-center", "bom", "routing")
        for method, statuses in (
            ("get", {200, 304, 400, 401, 404}),
            ("put", {200, 400, 401, 404, 409, 412, 413}),
            ("delete", {200, 400, 401, 404, 409, 412}),
        )
    },
    **{
        ("get", f"/v1/{several}"): (ADMIN, {200, 400, 401})
        for several in ("materials", "work-centers", "boms", "routings")
    },
    **{
        ("get", f"/v1/{told}"): (ADMIN, {200, 400, 401, 404})
        for told in (
            *("material/revisions", "work-center/revisions", "bom/revisions", "routing/revisions"),
            *("material/uses", "bom/difference", "bom/explosion", "bom/cost"),
        )
    },
    ("post", "/v1/bom/effect"): (ADMIN, {200, 400, 401, 404, 413}),
    ("get", "/v1/plan"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/demand"): (ADMIN, {200, 400, 401}),
    ("post", "/v1/demand"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("delete", "/v1/demand"): (ADMIN, {204, 400, 401, 404}),
    ("get", "/v1/proposals"): (ADMIN, {200, 401}),
    ("post", "/v1/proposals/accept"): (ADMIN, {201, 400, 401, 409, 413}),
    ("get", "/v1/calendars"): (ADMIN, {200, 401}),
    ("post", "/v1/calendars"): (ADMIN, {201, 400, 401, 409, 413}),
    ("get", "/v1/stock"): (ADMIN, {200, 400, 401}),
    ("post", "/v1/stock"): (ADMIN, {201, 400, 401, 404, 413}),
    ("get", "/v1/stock/lots"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/stock/lot"): (ADMIN, {200, 304, 400, 401, 404}),
    ("post", "/v1/stock/count"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    ("post", "/v1/stock/move"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    ("post", "/v1/stock/status"): (ADMIN, {200, 400, 401, 404, 409, 412, 413}),
    ("post", "/v1/stock/receive"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("get", "/v1/numbers"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/numbers/orders"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/shortages"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/purchase-needs"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/receipts"): (ADMIN, {200, 400, 401}),
    ("post", "/v1/receipts"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("put", "/v1/receipts/{receipt}"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    ("get", "/v1/lots/{lot}/trace"): (ADMIN, {200, 400, 401, 404}),
    ("get", "/v1/units/{unit}/trace"): (ADMIN, {200, 400, 401, 404}),
    ("get", "/v1/stations"): (ADMIN, {200, 401}),
    ("get", "/v1/deviations"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/people"): (ADMIN, {200, 401, 403}),
    ("put", "/v1/people/{account}"): (ADMIN, {200, 400, 401, 403, 409, 413}),
    ("get", "/v1/webhooks"): (ADMIN, {200, 401}),
    ("post", "/v1/webhooks"): (ADMIN, {201, 400, 401, 409, 413}),
    ("delete", "/v1/webhooks/{webhook}"): (ADMIN, {204, 400, 401, 404}),
    ("post", "/v1/webhooks/{webhook}/test"): (ADMIN, {200, 400, 401, 404}),
    ("post", "/v1/webhooks/{webhook}/resume"): (ADMIN, {200, 400, 401, 404, 409, 413}),
    ("get", "/v1/performance"): (ADMIN, {200, 400, 401}),
    ("get", "/v1/tables/{file}"): (ADMIN, {200, 400, 401, 404}),
    ("post", "/v1/import"): (ADMIN, {200, 400, 401, 413}),
    ("get", "/v1/drawings"): (ADMIN, {200, 401}),
    ("get", "/v1/drawings/{name}"): ([*STATION, *ADMIN], {200, 304, 400, 401, 403, 404}),
    ("put", "/v1/drawings/{name}"): (ADMIN, {200, 400, 401, 409, 413}),
    ("delete", "/v1/drawings/{name}"): (ADMIN, {204, 400, 401, 404}),
    ("get", "/v1/status"): (ADMIN, {200, 401}),
    ("post", "/v1/backups"): (ADMIN, {200, 400, 401, 408, 413, 415}),
    ("post", "/v1/backup-confirmations"): (ADMIN, {200, 400, 401, 408, 413, 415}),
    ("post", "/v1/backup-losses"): (ADMIN, {200, 400, 401, 408, 413, 415}),
    ("post", "/v1/rebuild"): (ADMIN, {200, 401}),
    ("post", "/v1/reviews"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("post", "/v1/reversals"): (ADMIN, {201, 400, 401, 404, 409, 413}),
    ("post", "/v1/calls/{call}/answer"): (ADMIN, {201, 400, 401, 404, 409}),
    ("post", "/v1/recovered"): (STATION, {200, 400, 401, 403, 413}),
}
# What is shown by an example that somebody wrote.
SHOWN = {
    *("BomLineWanted", "BomWanted", "MaterialWanted", "RoutingWanted", "WorkCenterWanted"),
    *("BomAnswer", "MaterialAnswer", "RoutingAnswer", "WorkCenterAnswer"),
    *("OrderRequest", "ReleaseRequest", "OrderChange", "OrderSplit"),
}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("openapi")) as running:
        yield running


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    told: dict[str, Any] = server.client.get("/v1/openapi.json").json()
    return told


def test_every_path_tells_who_may_ask_and_how_no_is_said(document: dict[str, Any]) -> None:
    found = {
        (method, path): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert set(found) == set(WANTED)
    for key, (security, statuses) in WANTED.items():
        operation = found[key]
        assert operation["security"] == security, key
        busy = set() if key[1] == "/healthz" else {429, 503}
        read = {408, 415} if 413 in statuses else set()
        right = {403} if "x-right" in operation else set()  # a key may lack it
        repeats = REPEATS if security == ADMIN and key[0] in CHANGING else set()
        all_of = statuses | busy | read | right | repeats
        assert {int(status) for status in operation["responses"]} == all_of, key
        assert operation["description"].endswith("."), key
        for status, response in operation["responses"].items():
            assert int(status) in {*range(300), 304} or _is_problem(response["content"]), key
    assert set(document["components"]["securitySchemes"]) == {"admin", "station"}


def _is_problem(content: dict[str, Any]) -> bool:
    """Whether a refusal is a problem document, or one that tells more: of a shortage."""
    [(kind, told)] = content.items()
    told_more = {"schema": {"$ref": "#/components/schemas/ShortProblem"}}
    return {kind: told} == PROBLEM or (kind in PROBLEM and told == told_more)


def test_a_path_without_a_token_is_refused_as_it_is_told(server: Server) -> None:
    for (method, path), (security, _) in WANTED.items():
        plain = path.format(
            origin="0" * 32,
            call="X",
            order="X",
            word="hold",
            lot="X",
            name="X",
            unit="X",
            receipt="X",
            file="X",
            account="X",
            webhook="X",
        )
        status = server.client.request(method, plain).status_code
        assert (status == 401) is (security is not NOBODY), path


def test_bodies_and_answers_are_told_as_they_are(document: dict[str, Any]) -> None:
    lines = document["components"]["schemas"]["BomWanted"]["properties"]["lines"]
    assert lines["items"] == {"$ref": "#/components/schemas/BomLineWanted"}
    push = document["paths"]["/v1/origins/{origin}/events"]["post"]
    assert list(push["requestBody"]["content"]) == ["application/x-ndjson"]
    assert push["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Pushed"
    }
    have = document["components"]["schemas"]["Pushed"]["properties"]["have"]
    assert have["items"] == {"oneOf": [{"type": "integer"}, {"type": "string"}]}
    assert (have["minItems"], have["maxItems"]) == (2, 2)
    for word in ("release", "{word}"):
        said = document["paths"][f"/v1/orders/{{order}}/{word}"]["post"]["requestBody"]
        assert said["required"] is False
    assert document["paths"]["/v1/orders"]["post"]["requestBody"]["required"] is True
    office = document["paths"]["/v1/office/events"]["post"]
    assert office["requestBody"]["content"]["application/json"]["schema"]["type"] == "array"
    exported = document["paths"]["/v1/events"]["get"]["responses"]["200"]
    assert list(exported["content"]) == ["application/x-ndjson"]


def test_two_servers_tell_the_same(document: dict[str, Any], server: Server) -> None:
    shown = {
        name for name, schema in document["components"]["schemas"].items() if "examples" in schema
    }
    assert shown == SHOWN, "made-up examples differ from start to start"
    assert str(document["paths"]).count("examples") == 0
    assert server.client.get("/v1/openapi.json").json() == document
