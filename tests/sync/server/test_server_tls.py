"""A real server with TLS: its own key, stations that trust that key alone, and nobody else."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from cryptography.x509 import DNSName, SubjectAlternativeName, load_pem_x509_certificate

from kiosk import doctor, enrolment
from kiosk.config import ConfigError, load
from kiosk.enrolment import EnrolmentMistyped, EnrolmentUnproved, EnrolmentUnreachable
from sync.client import SyncClient
from sync.exchange import State, SyncStatus
from sync.pinning import check_of, split_code
from sync.server.config import ConfigError as ServerConfigError
from sync.server.config import ServerConfig, read_config
from sync.server.folder import address_of
from sync.server.tls import TlsError, credentials_of, names_of, own_credentials, station_pin
from tests.sync.impostor import Impostor
from tests.sync.server.server_parts import Log, Server, help_called, kiosk_server

WAIT_SECONDS_MAX = 20.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("tls"), "--host", "127.0.0.1", "--tls", "own") as running:
        yield running
        assert "Traceback" not in running.said()


def enrolled(server: Server, data: Path, station: str = "MIX-1") -> None:
    enrolment.enrol(server.url, server.code(station), data=data, origin="")


def test_what_is_served_is_proved_by_the_key_that_the_folder_says(server: Server) -> None:
    assert server.url.startswith("https://127.0.0.1:")
    address = address_of(server.data)
    assert address is not None
    assert address.url == server.url
    assert server.client.get("/healthz").text == "ok"
    assert {one.name: one.stat().st_mode & 0o777 for one in server.data.glob("tls.*")} == {
        "tls.key": 0o600,
        "tls.crt": 0o600,
    }


def test_no_old_tls_and_no_plain_http(server: Server) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{port}/healthz")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain) as safe,
    ):
        assert safe.version() == "TLSv1.3"


def test_a_code_names_the_key_and_a_station_pins_it(server: Server, tmp_path: Path) -> None:
    shown = server.code("PIN-1")
    address = address_of(server.data)
    assert address is not None
    code, check = split_code(shown)
    assert check == check_of(code, address.pin)
    typed = enrolment.typed(f"{server.url.removeprefix('https://')} {shown.lower()}")
    assert typed[0] == server.url, "such a code needs no https:// before the address"
    got = enrolment.enrol(*typed, data=tmp_path, origin="")
    config = load(None, tmp_path)
    assert (config.pin, got.pin) == (address.pin, address.pin)
    assert config.station.server == server.url
    assert config == enrolment.with_enrolment(config, typed[0], got)
    found = {one.what: one for one in doctor.server(config)}
    assert (found["server"].state, found["tls"].state) == ("ok", "ok")
    assert found["tls"].detail.startswith("the key pinned at enrolment")
    (tmp_path / "kiosk.toml").write_text('[station]\nserver = "http://127.0.0.1:1"\n')
    with pytest.raises(ConfigError, match="want https://, for its TLS key is pinned"):
        load(None, tmp_path)


def test_the_code_of_another_server_is_told_to_nobody(server: Server, tmp_path: Path) -> None:
    code = server.code("PIN-2")
    with (
        Impostor(tmp_path / "evil") as evil,
        pytest.raises(EnrolmentUnproved, match="not the server of this code"),
    ):
        enrolment.enrol(evil.url, code, data=tmp_path / "d", origin="")
    assert (evil.heard, evil.greeted) == (b"", 1)
    assert not (tmp_path / "d").exists()
    with pytest.raises(EnrolmentMistyped, match="type it with https://"):
        enrolment.enrol("http://127.0.0.1:1", code, data=tmp_path / "d", origin="")
    with pytest.raises(EnrolmentMistyped, match="not 17: look at it again"):
        enrolment.enrol("127.0.0.1:1", code[:-1], data=tmp_path / "d", origin="")
    with pytest.raises(EnrolmentUnreachable, match="does not trust: use the code as the running"):
        enrolment.enrol(server.url, code.partition("-")[0], data=tmp_path / "d", origin="")
    enrolment.enrol(server.url, code, data=tmp_path / "d", origin="")


class NoLog(SimpleNamespace):
    """A journal with nothing in it."""

    def __init__(self, log: Log) -> None:
        from sync.exchange import Batch, Stamp

        batch = Batch(log.origin, log.mark(0), log.header(0).low, ())
        super().__init__(
            unsent=lambda *_: batch,
            waiting=lambda: 0,
            feed_mark=lambda: None,
            stamp=Stamp,
            batch=batch,
        )


def test_another_at_the_server_s_address_is_refused_and_hears_nothing(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--tls", "own") as server:
        enrolled(server, tmp_path / "station")
        port = int(server.url.rpartition(":")[2])
    config = load(None, tmp_path / "station")
    told: list[SyncStatus] = []
    with Impostor(tmp_path / "evil", port) as evil:
        client = SyncClient(
            config.station.server,
            config.token,
            NoLog(Log()),  # nothing of it is reached
            told.append,
            lambda _: None,
            pin=config.pin,
        )
        for _ in range(3):
            client.push()
        client.stop()
        found = {one.what: one for one in doctor.server(config)}
    assert (evil.heard, evil.greeted) == (b"", 4)
    assert client.status.state is State.REFUSED
    assert "this is not the server of the enrolment: it has another key" in client.status.why
    assert (found["server"].state, "tls" in found) == ("bad", False)


def test_commands_speak_to_the_running_server_and_to_no_other(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data, "--tls", "own") as server:
        assert kiosk_server("verify", "--data", str(data)).stdout.startswith("OK ")
        said = kiosk_server("enrol", "--data", str(data), "--station", "S-1")
        assert said.stdout.strip() == said.stdout.strip().upper()
        assert len(split_code(said.stdout.strip())[1]) == 8
        assert f"kiosk enrol {server.url} " in said.stderr
        port = int(server.url.rpartition(":")[2])
        server.kill()
    alone = kiosk_server("enrol", "--data", str(data), "--station", "S-1").stdout.strip()
    assert len(split_code(alone)[1]) == 8, "the key that was made tells that there is TLS"
    address = address_of(data)
    with Impostor(tmp_path / "evil", port) as evil:
        from sync.server.client_admin import AdminClient, AdminError

        (data / "server.json").write_text(
            '{{"url":"{}","pid":1,"pin":"{}"}}'.format(evil.url, "ab" * 32)
        )
        with AdminClient(data, evil.url) as client, pytest.raises(AdminError):
            client.get("/v1/verify")
    assert (evil.heard, evil.greeted, address) == (b"", 1, None)


def test_a_restart_and_a_new_certificate_keep_the_pin(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Server(data, "--tls", "own") as server:
        station = server.enrol()
        assert station.answer["pin"] == own_credentials(data, ()).pin
    (data / "tls.crt").unlink()
    with Server(data, "--tls", "own") as server:
        again = server.client.get("/v1/snapshot", headers=station.headers)
        assert again.status_code == 200
        assert own_credentials(data, ()).pin == station.answer["pin"]


def test_the_customer_s_files_are_served_and_not_pinned(tmp_path: Path) -> None:
    data = tmp_path / "data"
    theirs = own_credentials_in(tmp_path / "theirs")
    data.mkdir()
    (data / "server.toml").write_text(
        f'[tls]\ncertificate = "{theirs / "tls.crt"}"\nkey = "{theirs / "tls.key"}"\n'
    )
    with Server(data) as server:
        assert server.url.startswith("https://")
        assert split_code(server.code())[1] == "", "renewed with another key, stations go on"
        address = address_of(data)
        assert address is not None
        assert address.pin == own_credentials(theirs, ()).pin
        assert server.enrol("B").answer["pin"] == ""
        assert kiosk_server("verify", "--data", str(data)).returncode == 0


def own_credentials_in(folder: Path) -> Path:
    folder.mkdir()
    own_credentials(folder, ("localhost",))
    return folder


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ({}, "off"),
        ({"host": "::1"}, "off"),
        ({"host": "0.0.0.0"}, "own"),
        ({"host": "plant"}, "own"),
        ({"host": "0.0.0.0", "trusted_proxy": "10.0.0.5"}, "off"),
        ({"host": "0.0.0.0", "tls": "off"}, "off"),
        ({"tls": "own"}, "own"),
        ({"certificate": "a", "key": "b"}, "files"),
        ({"certificate": "a", "key": "b", "tls": "own"}, "own"),
    ],
    ids=str,
)
def test_where_tls_is_on(tmp_path: Path, given: dict[str, str], mode: str) -> None:
    config = ServerConfig(tmp_path, **given)  # type: ignore[arg-type]  # text fields only
    assert config.tls_mode == mode
    if mode != "files":
        made = credentials_of(config)
        assert station_pin(config) == (made.pin if made else "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tls]\nmode = "on"', "tls.mode: 'on': want off or own"),
        ('[tls]\nkey = "a"', "want both, each the path of a PEM file"),
        ("[limits]\nconnections = 0", "limits.connections: 0: want 1 or more"),
        ("[limits]\nmany = 1", "limits.many: unknown"),
    ],
)
def test_mistakes_of_the_configuration(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "server.toml").write_text(text)
    with pytest.raises(ServerConfigError, match=said):
        read_config(tmp_path)


@pytest.mark.parametrize("noise", ["", "noise", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_files_that_are_none_stop_the_start_with_a_sentence(tmp_path: Path, noise: str) -> None:
    (tmp_path / "c").write_text(noise)
    (tmp_path / "server.toml").write_text('[tls]\ncertificate = "c"\nkey = "k"\n')
    with pytest.raises(TlsError, match="want a certificate in PEM and its key"):
        credentials_of(read_config(tmp_path))
    done = kiosk_server("serve", "--data", str(tmp_path), "--port", "0")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    (tmp_path / "tls.key").write_text("noise\n")
    with pytest.raises(TlsError, match="no key of this server; put it back"):
        own_credentials(tmp_path, ("localhost",))


def test_the_certificate_names_what_the_machine_knows_of_itself(tmp_path: Path) -> None:
    names = names_of("0.0.0.0")
    assert {"localhost", "127.0.0.1", "::1", socket.gethostname()} <= set(names)
    made = own_credentials(tmp_path, names)
    held = load_pem_x509_certificate(made.certificate.read_bytes())
    said = held.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert socket.gethostname() in said.get_values_for_type(DNSName)
    years = (held.not_valid_after_utc - held.not_valid_before_utc).days / 365
    assert years >= 10


def test_what_is_pushed_over_tls_is_kept(server: Server) -> None:
    station = server.enrol("PUSH-1")
    log = Log(help_called(3))
    begun = time.monotonic()
    assert station.push(log).json()["have"] == [3, log.mark(3).digest]
    assert time.monotonic() - begun < WAIT_SECONDS_MAX
