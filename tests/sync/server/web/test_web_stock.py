"""The office's pages of stock and purchase, and the same over REST, on a real server."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
PAGES = (
    "/stock", "/stock?view=lots", "/stock?view=places", "/stock?material=WHEAT", "/stock?q=flour",
    "/stock?view=lots&status=expired&place=A3&empty=1", "/lot?material=WHEAT&lot=W-204",
    "/stock/receive", "/stock/value", "/stock/consumption", "/shortages", "/purchase",
    "/stock/consumption?material=WHEAT&step=month", "/stock?view=lots&after=no+key",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("stock")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        yield running


def page(server: Server, path: str, status: int = 200, **cookies: str) -> str:
    wanted = "; ".join(f"{name}={value}" for name, value in cookies.items())
    answer = server.client.get(path, headers={"Cookie": wanted} if wanted else {})
    assert answer.status_code == status, answer.text[:2000]
    return unescape(answer.text)


def send(server: Server, path: str, **fields: str) -> httpx.Response:
    return server.client.post(path, data=fields)


def done(server: Server, path: str, **fields: str) -> str:
    """The page after a form that was taken."""
    answer = send(server, path, **fields)
    assert answer.status_code == 303, fault_of(answer)
    return page(server, answer.headers["location"])


def fault_of(answer: httpx.Response) -> str:
    found = re.search(r'id="fault">([^<]*)<', answer.text)
    return unescape(found[1]) if found else answer.text[:500]


def rest(server: Server, method: str, path: str, status: int = 200, **fields: Any) -> Any:
    body: dict[str, Any] = {"params": fields} if method == "GET" else {"json": fields}
    answer = server.client.request(method, path, headers=server.admin, **body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_every_page_shows_in_every_language(server: Server, language: str) -> None:
    for path in PAGES:
        shown = page(server, path, language=language)
        assert f'<html lang="{language}"' in shown, path
        assert "style=" not in shown, path
        assert all("scope=" in head for head in re.findall(r"<th[ >][^>]*", shown)), path


def test_a_count_is_booked_and_a_second_one_is_told(server: Server) -> None:
    shown = page(server, "/lot?material=RYE&lot=R-118")
    expected, seen = (
        re.findall(rf'name="{name}" value="([^"]*)"', shown)[0] for name in ("expected", "seen")
    )
    form = {"material": "RYE", "lot": "R-118", "place": "A4", "expected": expected, "seen": seen}
    missing = send(server, "/lot/count", **form, counted="1")
    assert (missing.status_code, "say why" in fault_of(missing)) == (422, True)
    assert 'value="1"' in missing.text, "the form stays as filled"
    after = done(server, "/lot/count", **form, counted=str(int(expected) - 3), reason="torn bag")
    assert "The count of R-118 is booked." in after
    assert "torn bag" in after
    second = send(server, "/lot/count", **form, counted="1", reason="mine")
    assert second.status_code == 409
    assert "counted" in fault_of(second)
    assert "meanwhile" in fault_of(second)


def test_a_lot_is_moved_blocked_released_and_labelled(server: Server) -> None:
    lot = {"material": "BUTTER", "lot": "BU-31"}
    known = page(server, "/stock?view=lots&material=BUTTER")
    lot["lot"] = re.findall(r"/lot\?material=BUTTER&lot=([^\"&]+)", known)[0]
    where = page(server, f"/lot?material=BUTTER&lot={lot['lot']}")
    place = re.findall(r'<option value="([^"]*)">\1 ·', where)[0]
    moved = done(server, "/lot/move", **lot, source=place, quantity="5", destination="Z-9")
    assert f"{place} → Z-9" in moved
    assert "Z-9" in page(server, "/stock?view=places")
    blocked = done(server, "/lot/status", **lot, status="blocked", reason="warm", revision="0")
    assert "Release the lot" in blocked
    assert lot["lot"] in page(server, "/stock?view=lots&status=blocked")
    stale = send(server, "/lot/status", **lot, status="available", reason="x", revision="0")
    assert (stale.status_code, "meanwhile" in fault_of(stale)) == (409, True)
    done(server, "/lot/status", **lot, status="available", reason="cold", revision="1")
    for kind, begin in (("pdf", b"%PDF-"), ("zpl", b"^XA")):
        answer = server.client.get("/lot/label", params={**lot, "as": kind, "quantity": "10"})
        assert answer.status_code == 200, answer.text
        assert begin in answer.content[:200]
        assert f"label.{kind}" in answer.headers["content-disposition"]


def test_what_is_short_is_ordered_and_received(server: Server) -> None:
    wanted: dict[str, Any] = {
        "material": "SEEDROLL",
        "quantity": "20000",
        "due": "2027-06-01",
        "release": True,
    }
    refused = rest(server, "POST", "/v1/orders", 409, **wanted)
    assert "SEEDS" in {one["material"] for one in refused["short"]}
    wanted["accept_shortages"] = True
    number = rest(server, "POST", "/v1/orders", 201, **wanted)["order"]
    short = page(server, "/shortages")
    assert "SEEDS" in short
    assert number in short
    line = next(
        one for one in rest(server, "GET", "/v1/shortages")["items"] if one["material"] == "SEEDS"
    )
    assert number in {one["order"] for one in line["orders"]}
    need = rest(server, "GET", "/v1/purchase-needs", limit=1)
    assert len(need["items"]) == 1
    assert need["next"] == need["items"][0]["key"]
    assert need["items"][0]["order_by"] <= need["items"][0]["need_by"]
    assert "Mark as ordered" in page(server, "/purchase")
    order = {"material": "SEEDS", "quantity": "2000", "due": "2020-01-01", "reference": "PO-1"}
    assert "is noted as ordered." in done(server, "/purchase/order", **order)
    assert 'mark bad">late<' in page(server, "/purchase")
    number = next(one["receipt"] for one in owed(server) if one["reference"] == "PO-1")
    filled = page(server, f"/stock/receive?receipt={number}")
    assert 'name="quantity" type="text" value="2000"' in filled
    goods = {"material": "SEEDS", "lot": "S/1 ä&b", "quantity": "2000", "receipt": number}
    assert "S/1 ä&b is in stock." in done(server, "/stock/receive", **goods)
    assert number not in {one["receipt"] for one in owed(server)}
    again = send(server, "/stock/receive", **goods)
    assert (again.status_code, f"{number} is closed" in fault_of(again)) == (409, True)
    left = {one["material"] for one in rest(server, "GET", "/v1/shortages")["items"]}
    assert "SEEDS" not in left


def test_rest_speaks_of_lots_as_the_pages_do(server: Server) -> None:
    first = rest(server, "GET", "/v1/stock/lots", limit=2)
    rest_of_all = rest(server, "GET", "/v1/stock/lots", after=first["next"])
    every = rest(server, "GET", "/v1/stock/lots")["items"]
    assert [*first["items"], *rest_of_all["items"]] == every
    before = rest(server, "GET", "/v1/stock/lot", material="SALT", lot=every_lot(every, "SALT"))
    place, amount = next(iter(before["places"].items()))
    told: dict[str, Any] = {
        "material": "SALT",
        "lot": before["lot"],
        "place": place,
        "expected": amount,
    }
    counted = {**told, "counted": "1", "reason": "spilt", "seen": before["seen"]}
    assert rest(server, "POST", "/v1/stock/count", **counted)["amount"] == "1"
    assert "meanwhile" in rest(server, "POST", "/v1/stock/count", 409, **counted)["detail"]
    receipt = {"material": "SALT", "quantity": "5", "due": "2027-01-05"}
    number = rest(server, "POST", "/v1/receipts", 201, **receipt)["receipt"]
    change: dict[str, Any] = {"quantity": "6", "due": "2027-01-06", "revision": 1}
    rest(server, "PUT", f"/v1/receipts/{number}", **change)
    (one,) = (one for one in owed(server) if one["receipt"] == number)
    assert (one["open"], one["due"], one["late"]) == ("6", "2027-01-06", False)
    assert rest(server, "PUT", f"/v1/receipts/{number}", 409, **change)
    rest(server, "PUT", f"/v1/receipts/{number}", drop=True, note="sold out", revision=2)
    assert number not in {one["receipt"] for one in owed(server)}


def owed(server: Server) -> list[dict[str, Any]]:
    """What suppliers owe, asked for page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = rest(server, "GET", "/v1/receipts", after=after, limit=2)
        found += answer["items"]
        after = answer["next"]
        if not after:
            return found


def every_lot(items: list[dict[str, str]], material: str) -> str:
    return next(one["lot"] for one in items if one["material"] == material)


@pytest.mark.parametrize(
    ("path", "begins"),
    [
        ("/stock?format=csv", "material,name,unit,available,reserved,free"),
        ("/stock?view=lots&format=csv", "material,name,lot,amount,unit,place"),
        ("/stock?view=places&format=csv", "place,lots,materials"),
        ("/stock/value?format=csv", "material,name,amount,unit,cost"),
        ("/stock/consumption?material=WHEAT&format=csv", "begin,used,scrapped,unit"),
        ("/shortages?format=csv", "material,name,unit,available,needed,missing,orders"),
        ("/purchase?format=csv", "supplier,material,name,amount,unit,order_by,need_by"),
        ("/purchase?format=csv&of=receipts", "receipt,supplier,reference,material,due"),
        ("/lot?material=WHEAT&lot=W-204&format=csv", "position,at,kind,delta,amount,unit"),
    ],
)
def test_every_list_is_a_file_too(server: Server, path: str, begins: str) -> None:
    answer = server.client.get(path)
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.text.startswith(begins)


def test_what_is_unknown_is_told(server: Server) -> None:
    assert "Lot X is not known" in page(server, "/lot?material=WHEAT&lot=X", 404)
    assert "Lot X is not known" in page(server, "/lot/label?material=WHEAT&lot=X", 404)
    assert "not defined" in page(server, "/stock?material=NOTHING")
    assert send(server, "/lot/move", material="A", lot="B").status_code == 404
    assert send(server, "/stock/receive", material="A", quantity="1").status_code == 404
    assert send(server, "/purchase/change", receipt="R-99", do="drop").status_code == 404
