"""The page of webhooks: added with its secret shown once, tested, resumed, removed; by whom."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from tests.sync.server.server_parts import Server

PASSWORD = "four green bottles stand"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")
NAME = re.compile(r'name="webhook" value="([0-9a-f]{16})"')


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the base class names it
        """Nobody reads it."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where all that is sent is taken."""
    server = HTTPServer(("127.0.0.1", 0), _Taking)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/in"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("webhooks")) as running:
        for account, role in (("eva", "administrator"), ("paul", "planner")):
            body = {"role": role, "password": PASSWORD}
            running.client.put(f"/v1/people/{account}", json=body, headers=running.admin)
        yield running


@contextmanager
def signed_in(server: Server, account: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=server.url, trust_env=False, follow_redirects=True, timeout=30
    ) as client:
        client.post("/signin", data={"account": account, "password": PASSWORD})
        yield client


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    found = CSRF.search(client.get("/webhooks").text)
    assert found
    return client.post(path, data={**fields, "csrf": found[1]})


def test_a_webhook_is_added_tested_and_removed(server: Server, address: str) -> None:
    with signed_in(server, "eva") as eva:
        assert "Nothing is sent anywhere." in eva.get("/webhooks").text
        made = send(eva, "/webhooks/add", url=address, kind_OrderReleased="1")
        assert len(SECRET.findall(made.text)) == 1
        again = eva.get("/webhooks").text
        assert not SECRET.search(again)
        assert all(said in again for said in (address, '<td class="wrap">OrderReleased</td>'))
        name = NAME.findall(again)[0]
        assert "The test message was taken in" in send(eva, "/webhooks/test", webhook=name).text
        assert "is tried again." in send(eva, "/webhooks/resume", webhook=name).text
        nothing = send(eva, "/webhooks/resume", webhook=name, skip="1")
        assert (nothing.status_code, "no event waits to be skipped" in nothing.text) == (409, True)
        assert "is removed." in send(eva, "/webhooks/remove", webhook=name).text
        gone = send(eva, "/webhooks/remove", webhook=name)
        assert (gone.status_code, "is not known: look at the list" in gone.text) == (404, True)
        audit = eva.get("/audit").text
        assert "webhook added" in audit
        assert "webhook removed" in audit
        assert "/in" not in re.findall(r"http://127[^<]*", audit)[0]


def test_one_that_is_not_taken_is_told_and_stays_as_filled(server: Server) -> None:
    with signed_in(server, "eva") as eva:
        refused = send(eva, "/webhooks/add", url="ftp://plant/x", kind_OrderHeld="1")
        assert refused.status_code == 422
        assert "write http://host/path" in refused.text
        assert 'value="ftp://plant/x"' in refused.text
        assert 'name="kind_OrderHeld" value="1" checked' in refused.text
        send(eva, "/webhooks/add", url="http://127.0.0.1:9/x")
        name = NAME.findall(eva.get("/webhooks").text)[0]
        told = send(eva, "/webhooks/test", webhook=name)
        assert "not reached" in told.text
        send(eva, "/webhooks/remove", webhook=name)


def test_it_is_for_administrators(server: Server) -> None:
    with signed_in(server, "paul") as paul:
        assert paul.get("/webhooks").status_code == 403
        assert "/webhooks" not in paul.get("/today").text
