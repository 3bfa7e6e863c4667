"""Schemathesis asks a real server everything that its OpenAPI document allows, and finds nothing."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.trying import sizes
from tests.sync.server.server_parts import Server

ROOT = Path(__file__).parents[2]
FEW = 2
SEED = "20261122"
# All checks are on. Beside what they expect by themselves, a whole request may find that its mark is
# gone (410), which only the server can know; a wrong one may find so first, or be too large (413),
# of another kind (415), or contradict what is known (409), or name what no longer stands (412). An Idempotency-Key that is made up
# twice is that of another body the second time (422).
CONFIG = f"""
hooks = "tests.fuzz.asking"
color = false
seed = {SEED}
request-timeout = 60

[checks.positive_data_acceptance]
expected-statuses = ["2xx", 401, 403, 404, 409, 410, 412, 422, 429]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 429]

# Whether an amount can be taken depends on the units of the material, whether a shift can on those
# beside it, which revision a change is made of on body, query or header: no schema can tell that.
[[operations]]
include-path = ["/v1/orders", "/v1/orders/check", "/v1/stock", "/v1/demand", "/v1/calendars",
  "/v1/orders/{{order}}/move", "/v1/orders/{{order}}/change", "/v1/orders/{{order}}/split",
  "/v1/orders/{{order}}/release", "/v1/stock/status",
  "/v1/material", "/v1/work-center", "/v1/bom", "/v1/routing", "/v1/bom/effect",
  "/v1/bom/cost", "/v1/bom/explosion"]
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 404, 409, 412, 422, 429]

# To JSON Schema 1.0 is an integer; we write whole numbers with digits alone, because events are
# hashed and compared as they are written.
[[operations]]
include-path = "/v1/office/events"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 401, 409, 422, 429]
"""
LIMITS = """
[limits]
station_requests_per_second = 1000000
stranger_requests_per_second = 1000000
enrol_requests_per_minute = 1000000
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that lets a caller ask as often as he likes; its files are named in its own folder."""
    data = tmp_path_factory.mktemp("document")
    (data / "server.toml").write_text(LIMITS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.chdir(data)
        running = Server(data)
    with running:
        yield running


def found(server: Server, folder: Path, headers: dict[str, str], *options: str) -> str:
    """What Schemathesis says where it finds anything, else nothing."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file"]
    command += [str(folder / "schemathesis.toml"), "run", f"{server.url}/v1/openapi.json"]
    command += ["--header", f"Authorization: {headers['Authorization']}", "--no-shrink"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--continue-on-failure", *options],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    )
    if done.returncode == 0:
        return ""
    told = done.stdout + done.stderr
    return told.partition("= WARNINGS =")[0]


@pytest.mark.parametrize("path", ["/v1/backups", "/v1/backup-confirmations"])
def test_a_path_that_no_disk_takes_is_refused_in_words(server: Server, path: str) -> None:
    asked = {"name": "A", "to": "0" * 4_000, "file": "0" * 4_000}
    answer = server.client.post(path, json=asked, headers=server.admin)
    assert (answer.status_code, "File name too long; name another" in answer.text) == (200, True)
    assert "Traceback" not in server.said()


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/orders", "GET, OPTIONS, POST"),
        ("/v1/orders/B-1/release", "OPTIONS, POST"),
        ("/v1/stock", "GET, OPTIONS, POST"),
        ("/v1/stations", "GET, OPTIONS"),
    ],
)
def test_a_path_names_all_its_methods(server: Server, path: str, methods: str) -> None:
    answer = server.client.options(path, headers=server.admin)
    assert (answer.status_code, answer.headers["allow"]) == (204, methods)


def none(told: str) -> None:
    """Fails with all that was found."""
    if told:
        pytest.fail(told, pytrace=False)


@sizes(FEW, 100)
def test_a_station_finds_nothing(server: Server, tmp_path: Path, count: int) -> None:
    station = server.enrol()
    options = ("--include-tag", "stations", "--max-examples", str(count))
    none(found(server, tmp_path, station.headers, *options))
    assert "Traceback" not in server.said()


@sizes(FEW, 100)
def test_the_office_and_the_owner_find_nothing(server: Server, tmp_path: Path, count: int) -> None:
    tags = ["--include-tag", "office", "--include-tag", "server"]
    if count == FEW:  # all kinds of events have their own fuzzing; here they take a minute
        tags += ["--exclude-path", "/v1/office/events"]
    none(found(server, tmp_path, server.admin, *tags, "--max-examples", str(count)))
    assert "Traceback" not in server.said()
    assert server.client.get("/v1/verify", headers=server.admin).json()["bad"] == ""
