"""Master data through the pages: found, changed by revision, checked before it is saved."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "machining"
SHAFT = {"of": "SHAFT", "base": "1", "base_unit": "pcs", "active": "1"}
LINE = {"material.0": "BAR20", "quantity.0": "0,4", "unit.0": "m", "operation.0": "10"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    data = tmp_path_factory.mktemp("materials")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with (
        Server(data, "--open-board") as running,
        httpx.Client(base_url=running.url, headers={"Origin": running.url}) as client,
    ):
        yield client


def page(office: httpx.Client, path: str, **query: str) -> str:
    answer = office.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return unescape(answer.text)


def sent(office: httpx.Client, path: str, status: int, **fields: Any) -> str:
    answer = office.post(path, data=fields)
    assert answer.status_code == status, answer.text
    return unescape(answer.text)


def fault(text: str) -> str:
    found = re.search(r'id="fault">([^<]*)', text)
    return found[1] if found else ""


def material(text: str) -> dict[str, str]:
    """What the form of a material holds."""
    fields = dict(re.findall(r'<input name="(\w+)" type="\w+" value="([^"]*)"', text))
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    ticks = re.findall(r'type="checkbox" name="(\w+)" value="1" checked', text)
    return {**fields, **dict(hidden), **dict.fromkeys(ticks, "1")}


def test_materials_are_found_by_word_and_kind(office: httpx.Client) -> None:
    every = page(office, "/materials")
    assert [name in every for name in ("BAR20", "GEARBOX")] == [True, True]
    made = page(office, "/materials", kind="made", q="drive")
    assert [name in made for name in (">SHAFT<", ">GEARBOX<", ">BAR20<")] == [True, True, False]
    rows = office.get("/materials", params={"format": "csv", "q": "bar20"}).text.splitlines()
    assert rows[0].startswith("material,name,unit")
    assert rows[1] == "BAR20,Steel bar 20 mm,M,,yes,no,0,RACK-1,5,30,Stahl Nord,7.80,3,yes"


def test_a_material_shows_where_it_is_used_and_what_it_costs(office: httpx.Client) -> None:
    text = page(office, "/material", name="SHAFT")
    assert "/bom?material=GEARBOX" in text
    assert "Steel bar 20 mm" in text
    assert office.get("/material", params={"name": "NOPE"}).status_code == 404


def test_the_second_of_two_is_told_and_loses_nothing(office: httpx.Client) -> None:
    filled = material(page(office, "/material", name="SEAL"))
    sent(office, "/material", 303, **{**filled, "supplier": "Anna's"})
    text = sent(office, "/material", 409, **{**filled, "supplier": "Ben's", "place": "BIN-1"})
    assert fault(text).startswith("office saved revision 2 meanwhile")
    assert ["Anna's" in text, 'value="Ben\'s"' in text, 'value="BIN-1"' in text] == [True] * 3
    again = material(text)
    sent(office, "/material", 303, **again)
    now = material(page(office, "/material", name="SEAL"))
    assert (now["supplier"], now["place"], now["revision"]) == ("Ben's", "BIN-1", "3")


WRONG: list[tuple[dict[str, str], str]] = [
    ({"unit": "KGM"}, "material SCREW is kept in C62"),
    ({"gtin": "123"}, "GTIN '123': 8, 12, 13 or 14 digits"),
    ({"standard_cost": "dear"}, "standard cost 'dear' is no amount"),
    ({"conversions": "BAG"}, "'BAG' is no conversion"),
    ({"lead_time_days": "-2"}, "lead time days '-2': a whole number"),
    ({"lot_size": "1.5"}, "lot size 1.5 PCS is not whole"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG)
def test_a_wrong_value_is_told_at_its_field(
    office: httpx.Client, wrong: dict[str, str], told: str
) -> None:
    filled = material(page(office, "/material", name="SCREW"))
    text = sent(office, "/material", 422, **{**filled, **wrong})
    assert fault(text).startswith(told)
    assert 'aria-invalid="true"' in text


def test_a_material_in_a_bom_cannot_be_deactivated(office: httpx.Client) -> None:
    filled = material(page(office, "/material", name="GLUE"))
    del filled["active"]
    text = sent(office, "/material", 409, **filled)
    assert fault(text).startswith("material GLUE is in the BOM of GEARBOX")


def test_a_new_material_gets_a_bom_and_a_routing(office: httpx.Client) -> None:
    fields = {"material": "PIN/1 &", "name": "Pin", "unit": "pcs", "active": "1", "revision": "0"}
    sent(office, "/material", 303, **fields)
    assert fault(sent(office, "/material", 409, **{**fields, "name": "Other"}))
    head = {**SHAFT, "of": "PIN/1 &", "revision": "0", "do": "save"}
    sent(office, "/bom/edit", 303, **{**head, **LINE, "operation.0": ""})
    step = {"operation.0": "10", "work_center.0": "SAW", "name.0": "Cut", "run_seconds.0": "12"}
    more = {"checks.0": "Length = 19.98..20.02 mm", "steps.0": "Clamp\nCut"}
    sent(office, "/routing/edit", 303, **head, **step, **more)
    assert "Length = 19.98..20.02 MM" in page(office, "/routing", material="PIN/1 &")
    assert "Steel bar 20 mm" in page(office, "/bom", material="PIN/1 &")


def test_a_bom_tells_its_effect_before_it_is_saved(office: httpx.Client) -> None:
    planned = re.findall(r"P-\d+|M-\d+", page(office, "/boms"))
    assert not planned
    text = sent(office, "/bom/edit", 200, **SHAFT, **LINE, revision="1", do="check")
    assert ["Nothing is saved yet" in text, 'value="save"' in text] == [True, True]
    assert "0.35 M" in text
    assert "0.4 M" in text
    sent(office, "/bom/edit", 303, **SHAFT, **LINE, revision="1", do="save")
    late = {**SHAFT, **LINE, "quantity.0": "0.5", "revision": "1", "do": "save"}
    text = sent(office, "/bom/edit", 409, **late)
    assert fault(text).startswith("office saved revision 2 meanwhile")
    assert 'name="quantity.0" value="0.5"' in text
    compared = page(office, "/bom", material="SHAFT", before="1", **{"with": "2"})
    assert "0.35 M" in compared


def test_a_circle_is_refused_by_name(office: httpx.Client) -> None:
    line = {"material.0": "GEARBOX", "quantity.0": "1", "unit.0": "pcs"}
    text = sent(office, "/bom/edit", 422, **SHAFT, **line, revision="2", do="check")
    assert fault(text).startswith("SHAFT > GEARBOX > SHAFT: a material cannot contain itself")


def test_a_drawing_is_checked_by_content_and_served_harmless(office: httpx.Client) -> None:
    upload = {"of": "SHAFT", "name": "bad.png"}
    refused = office.post(
        "/routing/drawing", data=upload, files={"file": ("bad.png", b"<script>", "image/png")}
    )
    assert refused.status_code == 422
    assert office.get("/routing/drawing", params={"name": "bad.png"}).status_code == 404
    file = {"file": ("C:\\shaft.pdf", b"%PDF-1.4\n%%EOF\n", "application/octet-stream")}
    stored = office.post("/routing/drawing", data={"of": "SHAFT", "name": "a b.pdf"}, files=file)
    assert stored.status_code == 303, stored.text
    served = office.get("/routing/drawing", params={"name": "a b.pdf"})
    assert served.content == b"%PDF-1.4\n%%EOF\n"
    assert served.headers["Content-Disposition"] == 'attachment; filename="a_b.pdf"'
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served.headers["Content-Security-Policy"]


def test_work_centers_have_rates_and_cannot_go_while_used(office: httpx.Client) -> None:
    filled = material(page(office, "/work-centers", name="SAW"))
    sent(office, "/work-centers", 303, **{**filled, "cost_per_hour": "40,5"})
    assert "40.5" in page(office, "/work-centers")
    filled = material(page(office, "/work-centers", name="SAW"))
    del filled["active"]
    text = sent(office, "/work-centers", 409, **filled)
    assert fault(text).startswith("work center SAW is in the routing of ")


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_every_page_is_there_in_every_language(office: httpx.Client, language: str) -> None:
    paths = (
        *("/materials", "/materials/new", "/material?name=SHAFT", "/boms", "/bom?material=SHAFT"),
        *("/bom/edit?material=SHAFT", "/bom/edit", "/routings", "/routing?material=SHAFT"),
        *("/routing/edit?material=SHAFT", "/work-centers", "/work-centers?name=SAW"),
        *("/work-centers?new=1", "/bom?material=SHAFT&before=1&with=2"),
    )
    for path in paths:
        answer = office.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200, path
        assert f'lang="{language}"' in answer.text
