"""After a day's work no secret stands in a log, an event or a file other than its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from sync.pinning import split_code
from tests.sync.server.server_parts import Log, Server, Station, help_called, kiosk_server


def key_of(pem: Path) -> list[str]:
    """The lines of a private key that tell it."""
    return [line for line in pem.read_text().splitlines() if "-----" not in line]


def files_with(folder: Path, secret: str) -> set[str]:
    """The names of the files under a folder that hold a secret as text."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    }


def worked(server: Server, station: Station) -> list[str]:
    """What stations, strangers and administrators do; the secrets that went over the wire."""
    log = Log([*help_called(5), b"noise"])
    assert station.push(log).status_code == 200
    assert station.push(Log(help_called(1), log.origin)).status_code == 409
    station.snapshot()
    secrets = [station.answer["token"]]
    renewed = server.client.post("/v1/token", headers=station.headers).json()
    secrets.append(renewed["token"])
    assert Station(server, renewed).push(Log(help_called(1))).status_code == 200
    wrong = f"wrong-token-{secrets[0]}"
    for path in ("/v1/snapshot", "/v1/events", "/v1/nothing", f"/v1/feed?after={'x' * 300}"):
        server.client.get(path, headers={"Authorization": f"Bearer {wrong}"})
        server.client.get(path, headers=server.admin)
        server.client.post(path, headers=server.admin, content=b"{")
    code = server.code("SPARE-1")
    assert server.client.post("/v1/enrol", json={"code": f"{code}x"}).status_code == 403
    assert server.client.post("/v1/enrol", json={"code": code, "origin": 1}).status_code == 400
    server.client.post("/v1/enrol", content=b'{"code":"%s' % code.encode())
    return [*secrets, wrong, code, split_code(code)[0]]


def test_secrets_stand_in_their_own_files_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data, "--tls", "own") as server:
        used = server.code("MIX-1")
        answer = server.client.post("/v1/enrol", json={"code": split_code(used)[0]})
        secrets = [*worked(server, Station(server, answer.json())), used, split_code(used)[0]]
        admin = (data / "admin.token").read_text().strip()
        outputs = [
            kiosk_server(*words, "--data", str(data))
            for words in (
                ("stations",),
                ("verify",),
                ("export",),
                ("backup", "--to", str(tmp_path / "backups")),
                ("revoke", "MIX-1"),
            )
        ]
        assert [output.returncode for output in outputs] == [0] * len(outputs)
        seen = [files_with(data, secret) for secret in secrets]  # the log of changes is there still
        said = server.end()[1]
    seen += [files_with(tmp_path, secret) for secret in secrets]
    assert set().union(*seen) == set()
    told = said + "".join(output.stdout + output.stderr for output in outputs)
    keys = {
        "admin.token": [admin],
        "signing.key": [(data / "signing.key").read_text().strip()],
        "tls.key": key_of(data / "tls.key"),
    }
    for name, parts in keys.items():
        assert (data / name).stat().st_mode & 0o777 == 0o600
        assert all(files_with(tmp_path, part) == {name} for part in parts), name
        assert not any(part in told for part in parts), name
    assert not any(secret in told for secret in secrets)
    assert data.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("tls", ["own", "off"])
def test_a_station_keeps_its_token_in_one_file_and_says_it_nowhere(
    tmp_path: Path, tls: str
) -> None:
    with Server(tmp_path / "data", "--tls", tls) as server:
        code, station = server.code("MIX-1"), tmp_path / "station"
        words = ["-m", "kiosk", "enrol", server.url, code, "--data", str(station)]
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        token = (station / "station.token").read_text().strip()
        looked = subprocess.run(
            [sys.executable, "-m", "kiosk", "doctor", "--data", str(station), "--json"],
            capture_output=True,
            text=True,
        )
        assert server.client.get("/v1/snapshot", headers=bearer(token)).status_code == 200
    assert files_with(station, token) == {"station.token"}
    assert (station / "station.token").stat().st_mode & 0o777 == 0o600
    assert files_with(station, code) == files_with(station, split_code(code)[0]) == set()
    for said in (done.stdout, looked.stdout, looked.stderr):
        assert token not in said
    assert code not in done.stdout
    assert '"what": "tls"' in looked.stdout


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
