"""People in the box that finds, and what one of them told today: for who leads them only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from sync.domain.events import HelpCalled
from tests.sync.server.server_parts import Log, Server, body, kiosk_server

FACTORY = Path(__file__).parents[4] / "kiosk" / "demo" / "factories" / "bakery"
BADGE = "4402917386"


def called(operator: str, days: int = 0) -> bytes:
    at = (datetime.now().astimezone() - timedelta(days=days)).isoformat()
    return body(HelpCalled(work_center="MIX", station="MIX-1", operator=operator, at=at))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("person")
    told = kiosk_server("import", "--data", str(data), str(FACTORY))
    assert told.returncode == 0, told.stderr
    with Server(data) as running:
        for role in ("viewer", "lead"):
            kept = running.client.put(
                f"/v1/people/{role}",
                json={"role": role, "password": "four green bottles stand"},
                headers=running.admin,
            )
            assert kept.status_code < 300, kept.text
        log = Log([called("anna"), called("anna", 1), called("paul")])
        assert running.enrol("MIX-1").push(log).status_code == 200
        yield running


@pytest.fixture
def lead(server: Server) -> Iterator[httpx.Client]:
    with signed_in(server, "lead") as client:
        yield client


@contextmanager
def signed_in(server: Server, account: str) -> Iterator[httpx.Client]:
    asked = {"account": account, "password": "four green bottles stand"}
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        assert client.post("/signin", data=asked).status_code == 303
        yield client


@pytest.mark.parametrize("wanted", ["anna", "ANNA", "Anna Berg", "berg"])
def test_a_person_is_found_by_number_or_name(lead: httpx.Client, wanted: str) -> None:
    answer = lead.get("/find", params={"q": wanted})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/person?number=anna")


def test_a_badge_finds_nobody(lead: httpx.Client) -> None:
    for wanted in (BADGE, BADGE[:6]):
        answer = lead.get("/find", params={"q": wanted})
        assert (answer.status_code, "Anna" in answer.text) == (200, False)
        assert "Nothing is called so" in answer.text


def test_a_list_tells_people_from_other_things(lead: httpx.Client) -> None:
    page = lead.get("/find", params={"q": "l"}).text
    assert "/person?number=paul" in page
    assert "Paul Lind" in page


@pytest.mark.parametrize("language", ["en", "de", "da"])
def test_what_a_person_told_today_is_shown(lead: httpx.Client, language: str) -> None:
    page = unescape(lead.get("/person?number=anna", headers={"Accept-Language": language}).text)
    assert page.count("<td>MIX-1</td>") == 1
    assert "Anna Berg" in page
    assert BADGE not in page
    assert lead.get("/person?number=eva").status_code == 200
    assert "nobody-here" in lead.get("/person?number=nobody-here").text


def test_who_only_looks_is_told_of_nobody(server: Server) -> None:
    with signed_in(server, "viewer") as client:
        assert "Anna" not in client.get("/find", params={"q": "anna"}).text
        assert client.get("/person?number=anna").status_code == 403
