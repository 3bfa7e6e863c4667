"""Master data by REST: found page by page, looked at, defined by revision, tried before saving."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.fuzz.hall import Hall, hall
from tests.postgres import NAMES, cluster_of
from tests.sync.server.conftest import ledger_url
from tests.sync.server.server_parts import kiosk_server

FACTORY: Final = Path(__file__).parents[3] / "kiosk/demo/factories/machining"
ENGINES: Final = ("sqlite", NAMES[-1])
STAMPS: Final = frozenset({"account", "at"})
SEAL: Final = {
    "material": "SEAL",
    "name": "Shaft seal 20x30",
    "unit": "C62",
    "gtin": "",
    "lot_controlled": True,
    "serial_controlled": False,
    "label_quantity": False,
    "conversions": "",
    "shelf_life_days": 0,
    "place": "BIN-9",
    "lead_time_days": 7,
    "reorder_point": "60",
    "supplier": "Bearing House",
    "standard_cost": "1.90",
    "lot_size": "10",
    "active": True,
    "revision": 1,
    "made": False,
}
SHAFT_LINE: Final = {
    "material": "BAR20",
    "quantity": "0.35",
    "unit": "MTR",
    "operation": "10",
    "scrap_percent": "0",
    "tolerance_percent": "2",
    "limit_percent": "110",
    "backflush": False,
    "substitutes": [],
}
SHAFT: Final = {
    "material": "SHAFT",
    "quantity": "1",
    "unit": "C62",
    "lines": [SHAFT_LINE],
    "by_products": [],
    "valid_from": "",
    "note": "",
    "active": True,
    "revision": 1,
    "holding": 1,
}
SAW: Final = {
    "work_center": "SAW",
    "name": "Saw",
    "hours_per_day": "8",
    "calendar": "ONE",
    "capacity": 1,
    "cost_per_hour": "38",
    "active": True,
    "revision": 1,
}


@pytest.fixture(params=ENGINES)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hall]:
    """A server with the machine shop, on SQLite and on PostgreSQL."""
    data = tmp_path / "data"
    data.mkdir()
    if request.param == "sqlite":
        with hall(data) as running:
            yield loaded(running)
        return
    cluster = cluster_of(str(request.param))
    url = ledger_url(cluster)
    with hall(data, url) as running:
        yield loaded(running)
    cluster.drop(url)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """The same on SQLite, for what only looks, or what is refused."""
    data = tmp_path_factory.mktemp("master") / "data"
    data.mkdir()
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with hall(data) as running:
        yield running


def loaded(running: Hall) -> Hall:
    files = {one.name: one.read_bytes() for one in FACTORY.glob("*.csv")}
    answer = running.client.post(
        "/v1/import",
        headers=running.admin,
        json={"files": {name: encoded(content) for name, content in files.items()}},
    )
    assert answer.json()["ok"], answer.text
    return running


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def ask(
    office: Hall, method: str, path: str, match: str = "", body: Any = None, **query: str | int
) -> httpx.Response:
    headers = {**office.admin, **({"If-Match": match} if match else {})}
    return office.client.request(method, path, headers=headers, params=query, json=body)


def get(office: Hall, path: str, **query: str | int) -> Any:
    answer = ask(office, "GET", path, "", None, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def unstamped(told: dict[str, Any]) -> dict[str, Any]:
    assert told["account"] == "office"
    return {name: value for name, value in told.items() if name not in STAMPS}


def test_one_thing_is_told_whole(shop: Hall) -> None:
    assert unstamped(get(shop, "/v1/material", material="SEAL")) == SEAL
    assert unstamped(get(shop, "/v1/bom", material="SHAFT")) == SHAFT
    assert unstamped(get(shop, "/v1/work-center", work_center="SAW")) == SAW
    routing = unstamped(get(shop, "/v1/routing", material="SHAFT"))
    assert [(one["operation"], one["work_center"]) for one in routing["operations"]] == [
        ("10", "SAW"),
        ("20", "TURN"),
        ("30", "MILL"),
    ]


LISTS: list[tuple[str, str, dict[str, str]]] = [
    ("/v1/materials", "material", {}),
    ("/v1/materials", "material", {"kind": "made"}),
    ("/v1/materials", "material", {"kind": "bought", "search": "steel BAR"}),
    ("/v1/materials", "material", {"kind": "inactive"}),
    ("/v1/boms", "material", {}),
    ("/v1/boms", "material", {"search": "shaft"}),
    ("/v1/routings", "material", {}),
    ("/v1/work-centers", "work_center", {}),
    ("/v1/work-centers", "work_center", {"kind": "inactive"}),
]
FOUND: Final = {
    "/v1/materials": "BAR20 BAR40 BEARING GEARBOX GLUE HUB SCREW SEAL SHAFT",
    "/v1/materials made": "GEARBOX HUB SHAFT",
    "/v1/materials bought steel BAR": "BAR20 BAR40",
    "/v1/materials inactive": "",
    "/v1/boms": "GEARBOX HUB SHAFT",
    "/v1/boms shaft": "SHAFT",
    "/v1/routings": "GEARBOX HUB SHAFT",
    "/v1/work-centers": "ASSEMBLY MILL SAW TURN",
    "/v1/work-centers inactive": "",
}


@pytest.mark.parametrize(("path", "key", "asked"), LISTS)
def test_a_list_is_the_same_whole_and_page_by_page(
    shop: Hall, path: str, key: str, asked: dict[str, str]
) -> None:
    whole = get(shop, path, **asked)
    assert whole["next"] == ""
    assert " ".join(one[key] for one in whole["items"]) == FOUND[" ".join((path, *asked.values()))]
    paged, after = [], ""
    for _ in range(len(whole["items"]) + 1):
        page = get(shop, path, **asked, after=after, limit=2)
        paged += page["items"]
        after = page["next"]
        if not after:
            break
    assert (paged, after) == (whole["items"], "")


def test_a_bom_is_exploded_and_costed_for_a_quantity(shop: Hall) -> None:
    rows = get(shop, "/v1/bom/explosion", material="GEARBOX", quantity="2")["items"]
    assert [(one["level"], one["material"], one["needed"], one["unit"]) for one in rows] == [
        (1, "SHAFT", "2", "C62"),
        (2, "BAR20", "0.7", "MTR"),
        (1, "HUB", "2", "C62"),
        (2, "BAR40", "0.24", "MTR"),
        (1, "BEARING", "4", "C62"),
        (1, "SEAL", "2", "C62"),
        (1, "GLUE", "4", "MLT"),
        (1, "SCREW", "8", "C62"),
    ]
    cost = get(shop, "/v1/bom/cost", material="SHAFT", quantity="10 pcs")
    assert {name: cost[name] for name in ("total", "material", "labour", "unknown")} == {
        "total": "147.716667",
        "material": "27.3",
        "labour": "120.416667",
        "unknown": [],
    }
    assert [(one["kind"], one["key"], one["amount"], one["cost"]) for one in cost["items"]] == [
        ("material", "BAR20", "3.5", "27.3"),
        ("labour", "SAW", "750", "7.916667"),
        ("labour", "TURN", "3600", "64.5"),
        ("labour", "MILL", "2400", "48"),
    ]


REFUSED: list[tuple[str, dict[str, str], int, str]] = [
    ("/v1/material", {"material": "NOPE"}, 404, "material 'NOPE' is not known"),
    ("/v1/material", {"material": "SEAL", "revision": "9"}, 404, "material 'SEAL' has no revision"),
    ("/v1/material/uses", {"material": "NOPE"}, 404, "material 'NOPE' is not known"),
    ("/v1/material/revisions", {"material": "NOPE"}, 404, "material 'NOPE' is not known"),
    ("/v1/work-center", {"work_center": "NOPE"}, 404, "work center 'NOPE' is not known"),
    ("/v1/bom", {"material": "SEAL"}, 404, "bom 'SEAL' is not known"),
    ("/v1/bom/difference", {"material": "SHAFT", "before": "7"}, 404, "bom 'SHAFT' has no rev"),
    ("/v1/bom/explosion", {"material": "SHAFT", "quantity": "dear"}, 400, "quantity"),
    ("/v1/bom/cost", {"material": "SHAFT", "on": "2027-13-01"}, 400, "on '2027-13-01' is no date"),
    ("/v1/bom/cost", {"material": "NOPE"}, 404, "material 'NOPE'"),
    ("/v1/materials", {"kind": "odd"}, 400, "kind"),
]


@pytest.mark.parametrize(("path", "asked", "status", "told"), REFUSED)
def test_what_is_not_there_is_told(
    shop: Hall, path: str, asked: dict[str, str], status: int, told: str
) -> None:
    answer = ask(shop, "GET", path, **asked)
    assert (answer.status_code, answer.json()["detail"][: len(told)]) == (status, told)


# Where the wrong value stands in the body, and why.
WRONG: list[tuple[str, dict[str, str], dict[str, Any], int, str, str]] = [
    ("/v1/material", {"material": "SEAL"}, {**SEAL, "unit": "kg"}, 400, "#/unit", "material SEAL"),
    ("/v1/material", {"material": "X"}, SEAL, 400, "#/material", "the body defines 'SEAL'"),
    ("/v1/material", {"material": "SEAL"}, {**SEAL, "active": False}, 409, "#/active", "material"),
    (
        "/v1/bom",
        {"material": "SHAFT"},
        {**SHAFT, "lines": [SHAFT_LINE, {**SHAFT_LINE, "material": "NOPE"}]},
        404,
        "#/lines/1/material",
        "material 'NOPE' is not defined",
    ),
    (
        "/v1/bom",
        {"material": "SHAFT"},
        {**SHAFT, "by_products": [{**SHAFT_LINE, "quantity": "dear"}]},
        400,
        "#/by_products/0/quantity",
        "quantity o",
    ),
    (
        "/v1/bom",
        {"material": "SHAFT"},
        {**SHAFT, "lines": [{**SHAFT_LINE, "material": "GEARBOX", "quantity": "1", "unit": "C62"}]},
        400,
        "#/lines/0/material",
        "SHAFT > GEARBOX > SHAFT: a material cannot contain itself",
    ),
    (
        "/v1/routing",
        {"material": "SHAFT"},
        {
            "material": "SHAFT",
            "operations": [{"operation": "10", "work_center": "NOPE", "name": ""}],
        },
        404,
        "#/operations/0/work_center",
        "work center 'NOPE' is not defined",
    ),
    ("/v1/work-center", {"work_center": "SAW"}, {**SAW, "active": False}, 409, "#/active", "work"),
]


@pytest.mark.parametrize(("path", "query", "body", "status", "pointer", "told"), WRONG)
def test_a_wrong_value_is_told_where_it_stands(
    shop: Hall,
    path: str,
    query: dict[str, str],
    body: dict[str, Any],
    status: int,
    pointer: str,
    told: str,
) -> None:
    answer = ask(shop, "PUT", path, body=body, **query)
    [wrong] = answer.json()["errors"]
    found = (answer.status_code, wrong["pointer"], wrong["detail"][: len(told)])
    assert found == (status, pointer, told)
    assert ask(shop, "GET", path, **query).json().get("revision", 1) == 1


def test_of_two_who_change_one_material_the_second_is_told_and_nothing_is_lost(
    office: Hall,
) -> None:
    seen = ask(office, "GET", "/v1/material", material="SEAL")
    tag, stood = seen.headers["ETag"], seen.json()
    held = office.client.get(
        "/v1/material", params={"material": "SEAL"}, headers={**office.admin, "If-None-Match": tag}
    )
    assert (held.status_code, held.content) == (304, b"")
    first = ask(
        office, "PUT", "/v1/material", tag, {**stood, "supplier": "Anna's"}, material="SEAL"
    )
    assert (first.status_code, first.json()["supplier"]) == (200, "Anna's")
    late = ask(office, "PUT", "/v1/material", tag, {**stood, "place": "BIN-1"}, material="SEAL")
    told = late.json()
    assert (late.status_code, told["standing"]) == (
        412,
        {"revision": 2, "account": "office", "at": first.json()["at"]},
    )
    assert told["detail"].startswith("revision 2 of material SEAL stands by office, If-Match names")
    body = ask(office, "PUT", "/v1/material", "", {**stood, "place": "BIN-1"}, material="SEAL")
    assert (body.status_code, body.json()["errors"][0]["pointer"]) == (409, "#/revision")
    now = ask(office, "GET", "/v1/material", material="SEAL")
    assert now.headers["ETag"] == first.headers["ETag"]
    again = {**now.json(), "place": "BIN-1"}
    done = ask(office, "PUT", "/v1/material", now.headers["ETag"], again, material="SEAL")
    assert unstamped(done.json()) == {
        **SEAL,
        "supplier": "Anna's",
        "place": "BIN-1",
        "revision": 3,
    }
    told = get(office, "/v1/material/revisions", material="SEAL")["items"]
    assert [(one["revision"], one["account"]) for one in told] == [
        (3, "office"),
        (2, "office"),
        (1, "office"),
    ]
    old = get(office, "/v1/material", material="SEAL", revision=1)
    assert (old["supplier"], old["place"]) == ("Bearing House", "BIN-9")


def test_a_material_of_any_name_is_made_given_a_bom_and_taken_away(office: Hall) -> None:
    name = "PIN/1 & ü?"
    new = {"material": name, "name": "Pin", "unit": "pcs", "conversions": "BOX=100 C62"}
    made = ask(office, "PUT", "/v1/material", "", new, material=name)
    assert (made.status_code, made.json()["unit"], made.json()["revision"]) == (200, "C62", 1)
    line = {"material": "BAR20", "quantity": "0.05", "unit": "m"}
    bom = {"material": name, "quantity": "1", "lines": [line]}
    assert ask(office, "PUT", "/v1/bom", "", bom, material=name).status_code == 200
    step = {"operation": "10", "work_center": "SAW", "name": "Cut", "checks": ["Length = 4..5 mm"]}
    routing = {"material": name, "operations": [step]}
    assert ask(office, "PUT", "/v1/routing", "", routing, material=name).status_code == 200
    stands = get(office, "/v1/routing", material=name)
    assert stands["operations"][0]["checks"] == ["Length = 4..5 MM"]
    same = ask(office, "PUT", "/v1/routing", "", stands, material=name)
    assert same.json() == stands
    uses = get(office, "/v1/material/uses", material="BAR20")["items"]
    assert [(one["material"], one["quantity"], one["unit"], one["way"]) for one in uses] == [
        (name, "0.05", "MTR", "component"),
        ("SHAFT", "0.35", "MTR", "component"),
    ]
    for path in ("/v1/bom", "/v1/routing", "/v1/material"):
        assert ask(office, "DELETE", path, material=name).status_code == 400
        stale = ask(office, "DELETE", path, '"7.ab"', material=name)
        assert (stale.status_code, stale.json()["standing"]["revision"]) == (412, 1)
        ended = ask(office, "DELETE", path, material=name, revision=1)
        assert (ended.status_code, ended.json()["active"], ended.json()["revision"]) == (
            200,
            False,
            2,
        )
    assert get(office, "/v1/materials", kind="inactive")["items"][0]["material"] == name


def test_a_new_bom_tells_its_effect_then_what_it_changed(office: Hall) -> None:
    asked = {"material": "SHAFT", "quantity": "20", "order": "T-1"}
    assert ask(office, "POST", "/v1/orders", "", asked).status_code == 201
    seen = ask(office, "GET", "/v1/bom", material="SHAFT")
    new = {**seen.json(), "lines": [{**SHAFT_LINE, "quantity": "0.4"}], "note": "longer"}
    tried = ask(office, "POST", "/v1/bom/effect", "", new).json()
    assert [
        (one["order"], one["quantity"], [(need["material"], need["more"]) for need in one["needs"]])
        for one in tried["orders"]
    ] == [("T-1", "20", [("BAR20", "1")])]
    assert (tried["keeping"], tried["unit_before"], tried["unit_after"]) == (
        ["M-1"],
        "68.246667",
        "68.636667",
    )
    assert ask(office, "GET", "/v1/bom", material="SHAFT").headers["ETag"] == seen.headers["ETag"]
    saved = ask(office, "PUT", "/v1/bom", seen.headers["ETag"], new, material="SHAFT")
    assert (saved.status_code, saved.json()["revision"], saved.json()["holding"]) == (200, 2, 2)
    found = get(office, "/v1/bom/difference", material="SHAFT", before=1)
    assert (found["before"]["revision"], found["after"]["revision"]) == (1, 2)
    assert found["fields"] == [{"field": "note", "before": "", "after": "longer"}]
    assert found["lines"] == [
        {
            "material": "BAR20",
            "operation": "10",
            "before": SHAFT_LINE,
            "after": {**SHAFT_LINE, "quantity": "0.4"},
        }
    ]
