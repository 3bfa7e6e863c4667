"""Signing in by an OpenID provider: one made by others, and one that forges what it can."""

import base64
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sync.server.oidc import Client, IdentityRefused, Provider, ProviderGone, Try, is_safe
from tests.sync.server.server_parts import Server

PASSWORD: Final = "long enough to be one"
BACK: Final = "http://127.0.0.1/signin/provider/back"
USERS: Final = (
    {"sub": "u1", "preferred_username": "anna"},
    {"sub": "u2", "preferred_username": "nobody"},
    {"sub": "u3", "preferred_username": "gone"},
    {"sub": "u4"},
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An OpenID provider of its own process."""
    port = free_port()
    told = [part for user in USERS for part in ("--user-claims", json.dumps(user))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--require-nonce", "true", *told],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 30
    while not _answers(url):
        assert time.monotonic() < until, "the provider did not start"
    yield url
    process.terminate()
    process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: str) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("oidc")
    told = f'[oidc]\nissuer = "{provider}"\nclient_id = "kiosk"\nsecret = "a secret"\n'
    (data / "server.toml").write_text(told)
    with Server(data) as running:
        for account, active in (("anna", True), ("gone", False)):
            wanted = {"name": account, "role": "planner", "password": PASSWORD, "active": active}
            running.client.put(f"/v1/people/{account}", headers=running.admin, json=wanted)
        yield running


def browser(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False)


def back_from(provider_url: str, sub: str) -> str:
    """Where the provider sends somebody who says there who he is."""
    answer = httpx.post(provider_url, data={"sub": sub}, trust_env=False)
    return answer.headers["location"]


def begun(client: httpx.Client, wanted: str = "/plan?week=1") -> str:
    answer = client.get("/signin/provider", params={"next": wanted})
    assert answer.status_code == 303
    return str(answer.headers["location"])


def fault_of(answer: httpx.Response) -> str:
    found = re.search(r'role="alert"[^>]*>([^<]*)', answer.text)
    assert found is not None, answer.text
    return found[1]


def test_who_is_let_in_goes_where_he_wanted_to_and_the_audit_tells_by_whom(
    server: Server, provider: str
) -> None:
    with browser(server) as client:
        assert "/signin/provider?next=%2Fboard" in client.get("/signin?next=/board").text
        back = back_from(begun(client), "u1")
        answer = client.get(back)
        assert (answer.status_code, answer.headers["location"]) == (303, "/plan?week=1")
        assert client.get("/board").status_code == 200
        again = client.get(back)
        assert (again.status_code, fault_of(again)) == (403, BEGIN_AGAIN)
    told = server.client.get("/audit", headers=server.admin).text
    assert provider in told


BEGIN_AGAIN: Final = "this sign-in was not begun here, or long ago: begin again"


@pytest.mark.parametrize(
    ("sub", "told"),
    [
        ("u2", "&#39;nobody&#39;: no such account; ask an administrator"),
        ("u3", "&#39;gone&#39;: the account is shut out; ask an administrator"),
        ("u4", "the identity has no preferred_username: set oidc.claim to one of"),
    ],
)
def test_who_has_no_account_is_not_let_in(server: Server, sub: str, told: str) -> None:
    with browser(server) as client:
        answer = client.get(back_from(begun(client), sub))
        assert (answer.status_code, told in answer.text) == (403, True)
        assert client.get("/board").status_code == 303


def test_only_the_browser_that_began_comes_back(server: Server) -> None:
    with browser(server) as client, browser(server) as other:
        back = back_from(begun(client), "u1")
        begun(other)
        answer = other.get(back)
        assert (answer.status_code, fault_of(answer)) == (403, BEGIN_AGAIN)
        for cookie in ("", "rubbish", base64.urlsafe_b64encode(b'{"state":1}').decode()):
            with browser(server) as third:
                third.cookies.set("provider-try", cookie, path="/signin/provider")
                assert third.get(back).status_code == 403


def test_nobody_is_sent_to_another_site(server: Server) -> None:
    with browser(server) as client:
        answer = client.get(back_from(begun(client, "https://evil.example/"), "u1"))
        assert answer.headers["location"].startswith("/")


def test_what_the_provider_refuses_is_told(server: Server) -> None:
    with browser(server) as client:
        state = parse_qs(urlsplit(begun(client)).query)["state"][0]
        path = "/signin/provider/back"
        answer = client.get(path, params={"state": state, "error": "access_denied"})
        assert fault_of(answer) == "the provider refused: access_denied"
        begun(client)
        state = parse_qs(urlsplit(begun(client)).query)["state"][0]
        answer = client.get(path, params={"state": state, "code": "none"})
        assert fault_of(answer).startswith("the provider refused: ")


def test_a_provider_that_is_gone_is_told_and_passwords_still_open(tmp_path: Path) -> None:
    issuer = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "server.toml").write_text(f'[oidc]\nissuer = "{issuer}"\nclient_id = "kiosk"\n')
    with Server(tmp_path) as running:
        wanted = {"name": "anna", "role": "viewer", "password": PASSWORD, "active": True}
        running.client.put("/v1/people/anna", headers=running.admin, json=wanted)
        answer = running.client.get("/signin/provider")
        assert (answer.status_code, "does not answer" in fault_of(answer)) == (502, True)
        said = {"account": "anna", "password": PASSWORD}
        assert running.client.post("/signin", data=said).status_code == 303


def test_without_a_provider_there_is_none(tmp_path: Path) -> None:
    with Server(tmp_path) as running:
        assert "/signin/provider" not in running.client.get("/signin").text
        for path in ("/signin/provider", "/signin/provider/back"):
            answer = running.client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/signin")


class Forger(BaseHTTPRequestHandler):
    """A provider that sends what it is told to, signed or not."""

    token: str = ""
    metadata: dict[str, Any] = {}  # noqa: RUF012 — one server, one provider
    keys: list[dict[str, Any]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self._say({"keys": self.keys} if self.path == "/jwks" else self.metadata)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._say({"id_token": self.token, "access_token": "x", "token_type": "Bearer"})

    def _say(self, told: object) -> None:
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_told: object) -> None:
        pass


@pytest.fixture
def forger() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Forger) as running:
        url = f"http://127.0.0.1:{running.server_address[1]}"
        Forger.metadata = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "jwks_uri": f"{url}/jwks",
        }
        Forger.keys = [jwk(OWN, "own")]
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield url
        running.shutdown()
        thread.join()


OWN: Final = rsa.generate_private_key(65_537, 2_048)
OTHER: Final = rsa.generate_private_key(65_537, 2_048)


def jwk(key: rsa.RSAPrivateKey, name: str) -> dict[str, Any]:
    return {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())), "kid": name}


def claims(url: str, made: Try, **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    told = {
        "iss": url,
        "aud": "kiosk",
        "sub": "u1",
        "iat": now,
        "exp": now + 60,
        "nonce": made.nonce,
        "preferred_username": "anna",
        **changed,
    }
    return {name: value for name, value in told.items() if value is not None}


FORGED: Final = [
    ({}, OTHER, "RS256", "own", "Signature verification failed"),
    ({}, OTHER, "RS256", "other", "signed by an unknown key &#x27;other&#x27;"),
    ({}, "a secret of anybody that is long enough", "HS256", "own", "does not hold"),
    ({}, None, "none", "own", "does not hold"),
    ({"aud": "another"}, OWN, "RS256", "own", "Audience doesn't match"),
    ({"aud": ["kiosk", "another"]}, OWN, "RS256", "own", "meant for another program"),
    ({"azp": "another"}, OWN, "RS256", "own", "meant for another program"),
    ({"iss": "http://evil.example"}, OWN, "RS256", "own", "Invalid issuer"),
    ({"exp": 1}, OWN, "RS256", "own", "Signature has expired"),
    ({"exp": None}, OWN, "RS256", "own", 'missing the "exp" claim'),
    ({"sub": None}, OWN, "RS256", "own", 'missing the "sub" claim'),
    ({"nonce": "of another attempt"}, OWN, "RS256", "own", "of another attempt"),
    ({"nonce": None}, OWN, "RS256", "own", "of another attempt"),
    ({"preferred_username": 7}, OWN, "RS256", "own", "has no preferred_username"),
]


@pytest.mark.parametrize(
    ("changed", "key", "algorithm", "name", "told"), FORGED, ids=range(len(FORGED))
)
async def test_a_forged_identity_is_refused(
    forger: str, changed: dict[str, Any], key: Any, algorithm: str, name: str, told: str
) -> None:
    asked = Provider(Client(forger, "kiosk", "s"))
    _, made = await asked.ask(BACK, "")
    said = claims(forger, made, **changed)
    Forger.token = jwt.encode(said, key, algorithm=algorithm, headers={"kid": name})
    with pytest.raises(IdentityRefused) as refused:
        await asked.account("code", made, BACK)
    assert told.replace("&#x27;", "'") in str(refused.value)
    Forger.token = jwt.encode(claims(forger, made), OWN, "RS256", headers={"kid": "own"})
    assert await asked.account("code", made, BACK) == "anna"
    await asked.close()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (b"<html>", "does not answer"),
        (b"[]", "answers no object"),
        (b"{}", "is no OpenID provider"),
        ({"issuer": "http://127.0.0.1:1"}, "calls itself http://127.0.0.1:1"),
        ({"token_endpoint": "http://evil.example/token"}, "want https, or http on this machine"),
    ],
)
async def test_what_is_no_provider_is_told(forger: str, told: Any, said: str) -> None:
    Forger.metadata = {**Forger.metadata, **told} if isinstance(told, dict) else told
    asked = Provider(Client(forger, "kiosk"))
    with pytest.raises(ProviderGone) as fault:
        await asked.account("code", Try("s", "n", "v"), BACK)
    assert said in str(fault.value)
    await asked.close()


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example", True),
        ("http://127.0.0.1:9", True),
        ("http://localhost", True),
        ("http://id.example", False),
        ("ftp://127.0.0.1", False),
        ("http://[::1", False),
        ("", False),
    ],
)
def test_nothing_goes_out_in_clear(url: str, safe: bool) -> None:
    assert is_safe(url) == safe
