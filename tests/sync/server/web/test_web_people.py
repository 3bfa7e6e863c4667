"""People and rights: sign-in, sessions, forms of other sites, keys, badges, every route by role."""

import re
import shutil
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from sync.server.auth import RIGHT
from sync.server.passwords import hashed, matches, weakness
from sync.server.people_arguments import add_people
from sync.server.rights import ROLES, Role
from sync.server.web.entry import PUBLIC, page_guard
from sync.server.web.routes import pages
from tests.sync.server.server_parts import Server, kiosk_server

PASSWORD = "four green bottles stand"
ACCOUNTS: tuple[Role, ...] = ("viewer", "lead", "planner", "quality", "administrator")
OPENED: list[httpx.Client] = []
LABEL = re.compile(r'name="csrf" value="([^"]+)"')


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("people")
    (data / "server.toml").write_text(
        "[limits]\nperson_requests_per_second = 9000\nstranger_requests_per_second = 9000\n"
        "form_requests_per_minute = 9000\n"
    )
    with Server(data) as running:
        for role in ACCOUNTS:
            put(running, role, role=role, password=PASSWORD)
        yield running


def put(server: Server, account: str, **fields: Any) -> httpx.Response:
    return server.client.put(f"/v1/people/{account}", json=fields, headers=server.admin)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """What a test opened is closed behind it."""
    yield
    while OPENED:
        OPENED.pop().close()


def browser(server: Server) -> httpx.Client:
    OPENED.append(httpx.Client(base_url=server.url, trust_env=False, timeout=30))
    return OPENED[-1]


def signed_in(server: Server, account: str, password: str = PASSWORD) -> httpx.Client:
    client = browser(server)
    answer = client.post("/signin", data={"account": account, "password": password})
    assert answer.status_code == 303, answer.text
    return client


def token_of(client: httpx.Client, path: str) -> str:
    found = LABEL.search(client.get(path).text)
    assert found, path
    return found[1]


def page_routes() -> list[tuple[str, str, str]]:
    """(method, path, right) of every page."""
    app = Litestar(route_handlers=[pages])
    return [
        (method, route.path, str(handler.opt.get(RIGHT, "")))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if page_guard in handler.resolve_guards()
        for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"})
    ]


def test_every_page_says_who_may_see_it() -> None:
    routes = page_routes()
    assert len(routes) > 60
    known = {PUBLIC, *set().union(*ROLES.values())}
    assert [one for one in routes if one[2] not in known] == []
    public = {(method, path) for method, path, right in routes if right == PUBLIC}
    assert public == {
        ("GET", "/signin"),
        ("POST", "/signin"),
        ("GET", "/signin/provider"),
        ("GET", "/signin/provider/back"),
        ("POST", "/look"),
    }
    changing = [one for one in routes if one[0] == "POST" and one[2] == "look"]
    assert [path for _, path, _ in changing] == ["/signout"]


@pytest.mark.parametrize("role", ACCOUNTS)
def test_every_route_is_open_to_the_roles_that_have_its_right_alone(
    server: Server, role: Role
) -> None:
    client = signed_in(server, role)
    for method, path, right in page_routes():
        if right == PUBLIC or path in {"/signout", "/live"} or "stream" in path:
            continue
        plain = re.sub(r"\{[^}]+\}", "x", path)
        status = client.request(
            method, plain, headers={"Sec-Fetch-Site": "same-origin"}
        ).status_code
        if right not in ROLES[role]:
            assert status == 403, (method, path)
        elif method == "GET":
            assert status in {200, 303, 304, 400, 404, 422}, (method, path, status)
        else:
            assert status == 403, (method, path)  # a form without the session's token


def test_nobody_comes_in_without_a_session(server: Server) -> None:
    with browser(server) as client:
        for method, path, right in page_routes():
            if right != PUBLIC:
                answer = client.request(method, re.sub(r"\{[^}]+\}", "x", path))
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/signin"), path
        back = client.get("/orders?q=a%26b").headers["location"]
        assert back == "/signin?next=%2Forders%3Fq%3Da%2526b"


def test_one_goes_where_one_wanted_to_and_nowhere_else(server: Server) -> None:
    for wanted, went in (
        ("/orders?q=x", "/orders?q=x"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("", "/today"),
    ):
        with browser(server) as client:
            form = {"account": "viewer", "password": PASSWORD, "next": wanted}
            assert client.post("/signin", data=form).headers["location"] == went


def test_the_cookie_is_closed_to_scripts_and_other_sites(server: Server) -> None:
    with browser(server) as client:
        answer = client.post("/signin", data={"account": "viewer", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie


def test_the_board_opens_to_who_is_signed_in_by_right(server: Server) -> None:
    asked = browser(server).get("/board")
    assert (asked.status_code, asked.headers["location"]) == (303, "/signin?next=%2Fboard")
    viewer, planner = signed_in(server, "viewer"), signed_in(server, "planner")
    assert (viewer.get("/board").status_code, planner.get("/board").status_code) == (200, 200)
    wanted = {"material": "NO", "quantity": "1", "csrf": token_of(planner, "/board")}
    assert viewer.post("/board/orders", data=wanted).status_code == 403
    assert planner.post("/board/orders", data=wanted).status_code == 404
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert planner.post("/board/orders", data=wanted, headers=foreign).status_code == 403


def test_a_form_of_another_site_or_session_changes_nothing(server: Server) -> None:
    client, other = signed_in(server, "administrator"), signed_in(server, "administrator")
    mine, others = token_of(client, "/people"), token_of(other, "/people")
    form = {"account": "mallory", "role": "administrator", "password": PASSWORD}
    for headers, csrf in (
        ({"Sec-Fetch-Site": "cross-site"}, mine),
        ({"Sec-Fetch-Site": "same-site"}, mine),
        ({"Origin": "http://evil.example"}, mine),
        ({"Sec-Fetch-Site": "same-origin"}, others),
        ({"Sec-Fetch-Site": "same-origin"}, ""),
    ):
        answer = client.post("/people/add", data={**form, "csrf": csrf}, headers=headers)
        assert answer.status_code == 403
    answer = client.post("/people/add", data={**form, "csrf": mine})
    assert answer.status_code == 303
    listed = server.client.get("/v1/people", headers=server.admin).json()["items"]
    assert [one["role"] for one in listed if one["account"] == "mallory"] == ["administrator"]


def test_a_session_ends_with_sign_out_and_with_another_password(server: Server) -> None:
    put(server, "once", role="viewer", password=PASSWORD)
    client = signed_in(server, "once")
    kept = dict(client.cookies)
    assert client.get("/orders").status_code == 200
    csrf = token_of(client, "/orders")
    assert client.post("/signout", data={"csrf": csrf}).status_code == 303
    with browser(server) as again:
        again.cookies.update(kept)
        assert again.get("/orders").status_code == 303
    client = signed_in(server, "once")
    put(server, "once", role="viewer", password="another five bottles")
    assert client.get("/orders").status_code == 303
    signed_in(server, "once", "another five bottles")


def test_who_is_shut_out_is_out_at_once(server: Server) -> None:
    put(server, "gone", role="planner", password=PASSWORD)
    client = signed_in(server, "gone")
    assert put(server, "gone", role="planner", active=False).status_code == 200
    assert client.get("/orders").status_code == 303
    with browser(server) as again:
        form = {"account": "gone", "password": PASSWORD}
        assert again.post("/signin", data=form).status_code == 403


def test_wrong_passwords_shut_the_door_for_a_while(server: Server) -> None:
    put(server, "guessed", role="viewer", password=PASSWORD)
    with browser(server) as client:
        said = [
            client.post("/signin", data={"account": "guessed", "password": f"wrong {n}"})
            for n in range(6)
        ]
        assert [one.status_code for one in said] == [403] * 5 + [429]
        right = client.post("/signin", data={"account": "guessed", "password": PASSWORD})
        assert right.status_code == 429
        nobody = client.post("/signin", data={"account": "nobody", "password": "wrong"})
        assert nobody.status_code == 403
        wrong = LABEL.sub("", said[0].text).replace("guessed", "nobody")
        assert wrong == LABEL.sub("", nobody.text)
        assert "wrong 0" not in said[0].text


def test_the_last_administrator_stays(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        assert put(server, "eva", role="administrator", password=PASSWORD).status_code == 200
        refused = put(server, "eva", role="viewer")
        assert refused.status_code == 409
        assert "the last administrator" in refused.json()["detail"]
        assert put(server, "paul", role="administrator", password=PASSWORD).status_code == 200
        assert put(server, "eva", role="viewer").status_code == 200


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "has 5 characters"),
        ("x" * 201, "has 201 characters"),
        ("aaaaaaaaaaaa", "easy to guess"),
        ("viewer-viewer", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    server: Server, password: str, why: str
) -> None:
    assert why in str(weakness(password, "viewer"))
    refused = put(server, "viewer", role="viewer", password=password)
    assert refused.status_code == 409
    assert why in refused.json()["detail"]


def test_a_password_is_kept_as_argon2id_and_nothing_else_fits() -> None:
    kept = hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches(PASSWORD, kept)
    assert not matches(PASSWORD + " ", kept)
    assert not matches("", kept)
    assert not matches(PASSWORD, "")
    assert not matches(PASSWORD, "$argon2id$broken")


def test_a_key_opens_what_it_was_made_for_until_it_is_revoked(server: Server) -> None:
    client = signed_in(server, "administrator")
    made = client.post(
        "/keys/make",
        data={"csrf": token_of(client, "/keys"), "name": "erp", "right_look": "1", "days": "30"},
    )
    key = re.search(r"fk_[\w-]+", made.text)
    assert key
    headers = {"Authorization": f"Bearer {key[0]}"}
    ask = server.client
    assert ask.get("/v1/orders", headers=headers).status_code == 200
    assert ask.get("/v1/people", headers=headers).status_code == 403
    order = {"material": "ROLL", "quantity": "1"}
    assert ask.post("/v1/orders", json=order, headers=headers).status_code == 403
    assert key[0] not in client.get("/keys").text
    for path in ("/v1/status", "/v1/events"):
        assert ask.get(path, headers=headers).status_code in {401, 403}
    gone = client.post("/keys/revoke", data={"csrf": token_of(client, "/keys"), "name": "erp"})
    assert gone.status_code == 303
    assert ask.get("/v1/orders", headers=headers).status_code == 401


def test_an_operator_s_badge_and_pin_are_never_shown_again(server: Server) -> None:
    client = signed_in(server, "administrator")
    form = {
        "person": "anna",
        "name": "Anna Berg",
        "badge": "4402917386",
        "pin": "4711",
        "active": "1",
    }
    csrf = token_of(client, "/people")
    kept = client.post("/people/operator", data={**form, "csrf": csrf})
    assert kept.headers["location"].startswith("/people?said=people.said.operator")
    page = client.get("/people").text
    assert "Anna Berg" in page
    assert "4402917386" not in page
    assert "4711" not in page
    (event,) = (one["event"] for one in server.exported() if one["event"].get("person") == "anna")
    assert event["operator"] == "administrator"
    assert event["pin"].count("4711") == 0
    again = {**form, "person": "paul", "csrf": csrf}
    assert "somebody else" in client.post("/people/operator", data=again).text
    assert (
        "want 4 to 12 digits"
        in client.post("/people/operator", data={**again, "badge": "new", "pin": "12"}).text
    )


def test_the_audit_tells_who_did_what_from_where(server: Server) -> None:
    client = signed_in(server, "administrator")
    client.post(
        "/people/add",
        data={
            "csrf": token_of(client, "/people"),
            "account": "audited",
            "role": "lead",
            "password": PASSWORD,
        },
    )
    lines = client.get("/audit?format=csv").text.splitlines()
    told = [line.split(",")[2:] for line in lines]
    assert ["administrator", "account added", "audited", "lead", "127.0.0.1"] in told
    assert any(line[:2] == ["viewer", "signed in"] for line in told)
    assert PASSWORD not in "".join(lines)


def test_accounts_are_kept_from_the_command_line_beside_a_server_and_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add_people.__doc__
    with Server(tmp_path):
        pass  # it makes the folder
    words = ("people", "eva", "--role", "administrator", "--data", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", StringIO(f"{PASSWORD}\n"))
    made = kiosk_server(*words, "--password-stdin")
    assert (made.returncode, made.stdout) == (0, "eva signs in as administrator.\n")
    with Server(tmp_path) as server:
        signed_in(server, "eva")
        monkeypatch.setattr(sys, "stdin", StringIO("short\n"))
        weak = kiosk_server(*words, "--password-stdin")
        assert weak.returncode == 1
        assert "has 5 characters" in weak.stderr
        last = kiosk_server("people", "eva", "--shut-out", "--data", str(tmp_path))
        assert "the last administrator" in last.stderr
        listed = kiosk_server("people", "--data", str(tmp_path))
        assert listed.stdout == "eva  administrator  eva\n"


def test_a_restored_server_knows_its_people_and_no_session(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with Server(old) as server:
        put(server, "eva", role="administrator", password=PASSWORD)
        kept = dict(signed_in(server, "eva").cookies)
    assert kiosk_server("backup", "--data", str(old), "--to", str(tmp_path)).returncode == 0
    (file,) = (one for one in tmp_path.iterdir() if one.is_file())
    content = file.read_bytes()
    assert not [value for value in (PASSWORD, *kept.values()) if value.encode() in content]
    assert kiosk_server("restore", str(file), "--data", str(new)).returncode == 0
    shutil.copy(old / "signing.key", new)
    with Server(new) as server:
        again = browser(server)
        again.cookies.update(kept)
        assert again.get("/orders").status_code == 303
        assert signed_in(server, "eva").get("/orders").status_code == 200
