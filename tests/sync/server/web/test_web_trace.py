"""The pages of the trace and the search box, on a real server; the recall against its limits."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from sync.domain.trace import Link, Node, Step
from sync.server.views.found import Hit
from sync.server.web.find import meant, path_of
from sync.server.web.genealogy import BOXES_OF_COLUMN_MAX, drawing
from sync.server.web.recall_sheet import recall_sheet
from tests.sync.server.server_parts import Server, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
PAGES = (
    "/trace", "/trace?q=W", "/trace?material=WHEAT&lot=W-204", "/trace?material=X&lot=Y",
    "/trace/recall?material=WHEAT&lot=W-204", "/trace/recall?material=X&lot=Y&after=x",
    "/serial?number=X", "/unit?number=X", "/find?q=nothing+at+all", "/find?q=W", "/find",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("trace")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data, "--open-board") as running:
        yield running


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_every_page_of_the_trace_shows_in_every_language(server: Server, language: str) -> None:
    for path in PAGES:
        answer = server.client.get(path, headers={"Cookie": f"language={language}"})
        assert answer.status_code == 200, (path, answer.text[:500])
        assert "style=" not in answer.text, path
        assert all("scope=" in head for head in re.findall(r"<th[ >][^>]*", answer.text)), path


def test_one_hit_is_gone_to(server: Server) -> None:
    for wanted, path in {
        "W-204": "/lot?material=WHEAT&lot=W-204",
        "w-204": "/lot?material=WHEAT&lot=W-204",
        "WHEAT": "/material?name=WHEAT",
    }.items():
        answer = server.client.get("/find", params={"q": wanted})
        assert (answer.status_code, answer.headers.get("location")) == (303, path)


def test_a_recall_is_a_file_and_a_sheet(server: Server) -> None:
    told = server.client.get("/trace/recall?material=WHEAT&lot=W-204&format=csv")
    assert told.text.startswith("level,material,lot,order,order_status,customer,from_material")
    sheet = server.client.get("/trace/recall?material=WHEAT&lot=W-204&format=pdf")
    assert sheet.headers["content-type"] == "application/pdf"
    assert sheet.content.startswith(b"%PDF-")


def test_unknown_lots_are_told(server: Server) -> None:
    shown = unescape(server.client.get("/trace?material=X&lot=Y").text)
    assert "Lot Y is not known" in shown


def test_a_long_sheet_counts_its_pages() -> None:
    rows = [[f"M{n}", "ÄØ", "漢"] for n in range(100)]
    sheet = recall_sheet("Recall", ["site"], ["a", "b", "c"], rows, "{page}/{pages}", "cut")
    assert sheet.count(b"/Type /Page\n") == 3


def test_a_picture_holds_what_fits() -> None:
    asked = Node("A", "1")
    uses = [Step(1, Link(Node("B", f"{n:02}"), asked, "P", "KGM", 1)) for n in range(30)]
    made = drawing(asked, [], uses)
    assert len(made.boxes) == BOXES_OF_COLUMN_MAX + 1
    assert made.left_out == 30 - BOXES_OF_COLUMN_MAX
    assert len(made.lines) == BOXES_OF_COLUMN_MAX
    assert all(0 <= box.y < made.height and 0 <= box.x < made.width for box in made.boxes)


def test_what_is_not_a_code_is_looked_for_as_typed() -> None:
    assert meant("just a name") == "just a name"
    assert meant("0104012345123456") != ""
    assert path_of(Hit("unit", "A&B")) == "/unit?number=A%26B"
