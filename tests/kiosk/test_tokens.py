"""The station's token against a real server: renewed, and good whenever the power goes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk import enrolment
from kiosk.config import TOKEN_BEFORE_NAME, TOKEN_NAME, load
from kiosk.tokens import TOKEN_DAYS, TokenKeeper
from sync.line import Line, ServerRefused, ServerUnreachable
from tests.sync.server.server_parts import Server

DAY = 86_400
KILLS = 12
RENEWING = """
import sys
from pathlib import Path
from kiosk.tokens import TokenKeeper
from sync.line import Line
keeper = TokenKeeper(Path(sys.argv[1]), sys.argv[2], pin=sys.argv[3])
line = Line(sys.argv[2], keeper, pin=sys.argv[3])
while True:
    keeper.renew()
    line.send("GET", "/v1/snapshot")
    print("+", end="", flush=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("renewal"), "--tls", "own") as running:
        yield running


@pytest.fixture
def data(server: Server, tmp_path: Path) -> Path:
    """The folder of an enrolled station."""
    code = server.code(f"S-{random.getrandbits(40):x}")
    enrolment.enrol(server.url, code, data=tmp_path / "station", origin="")
    return tmp_path / "station"


def keeper_of(data: Path) -> TokenKeeper:
    """As it is after a start: what stands on disk."""
    config = load(None, data)
    return TokenKeeper(data, config.station.server, pin=config.pin)


def is_let_in(keeper: TokenKeeper, data: Path) -> bool:
    config = load(None, data)
    line = Line(config.station.server, keeper, pin=config.pin)
    try:
        line.send("GET", "/v1/snapshot")
    except ServerRefused as refusal:
        return refusal.status != 401
    finally:
        line.hang_up()
    return True


def token(data: Path, name: str = TOKEN_NAME) -> str:
    file = data / name
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_text().strip()


def test_a_renewed_token_is_used_and_the_one_before_is_kept(data: Path) -> None:
    keeper, old = keeper_of(data), token(data)
    keeper.renew()
    assert (keeper.current, token(data, TOKEN_BEFORE_NAME)) == (token(data), old)
    assert keeper.current != old
    assert is_let_in(keeper, data)
    (data / TOKEN_NAME).write_text(old)
    (data / TOKEN_BEFORE_NAME).write_text(old)
    assert not is_let_in(keeper_of(data), data), "the server has forgotten the old one by now"


@pytest.mark.parametrize("steps", range(5))
def test_after_each_step_a_start_finds_a_token_that_works(data: Path, steps: int) -> None:
    keeper, old = keeper_of(data), token(data)
    if steps >= 1:
        offered = keeper.ask()
    if steps >= 2:
        enrolment.write_whole(data / TOKEN_BEFORE_NAME, old + "\n")
    if steps >= 3:
        enrolment.write_whole(data / TOKEN_NAME, offered + "\n")
    if steps >= 4:
        assert is_let_in(keeper_of(data), data)
    again = keeper_of(data)
    assert is_let_in(again, data)
    again.renew()
    assert is_let_in(again, data)
    assert is_let_in(keeper_of(data), data)


def test_kill_9_at_any_moment_leaves_a_station_that_is_let_in(data: Path) -> None:
    config, chance = load(None, data), random.Random(6)
    renewals = 0
    for _ in range(KILLS):
        words = [sys.executable, "-c", RENEWING, str(data), config.station.server, config.pin]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.read(1)
            time.sleep(chance.random() * 0.1)
            os.kill(process.pid, signal.SIGKILL)
            renewals += 1 + len(process.stdout.read())
        assert is_let_in(keeper_of(data), data)
    assert renewals >= KILLS


def test_a_server_restored_from_before_the_renewal_knows_the_token_before(data: Path) -> None:
    keeper, old = keeper_of(data), token(data)
    enrolment.write_whole(data / TOKEN_BEFORE_NAME, old + "\n")
    enrolment.write_whole(data / TOKEN_NAME, "of-days-that-the-server-forgot\n")
    keeper = keeper_of(data)
    assert is_let_in(keeper, data)
    assert (keeper.current, token(data)) == (old, old)


def test_enrolled_again_by_a_command_the_running_one_goes_on(server: Server, data: Path) -> None:
    keeper = keeper_of(data)
    keeper.renew()
    station = load(None, data).station.name
    enrolment.enrol(server.url, server.code(station), data=data, origin="")
    assert not (data / TOKEN_BEFORE_NAME).exists(), "another server's secret is told to nobody"
    assert keeper.current != token(data)
    assert is_let_in(keeper, data)
    assert keeper.current == token(data)


def test_a_token_is_due_after_a_month(data: Path) -> None:
    config = load(None, data)
    made = (data / TOKEN_NAME).stat().st_mtime
    for days, due in ((0, False), (TOKEN_DAYS - 1, False), (TOKEN_DAYS, True), (999, True)):
        now = made + days * DAY
        keeper = TokenKeeper(data, config.station.server, now=lambda now=now: now)  # type: ignore[misc]
        assert keeper.is_due is due
    (data / TOKEN_NAME).unlink()
    assert not keeper_of(data).is_due


def test_it_is_renewed_by_itself_when_it_is_due(data: Path) -> None:
    config, old = load(None, data), token(data)
    keeper = TokenKeeper(
        data,
        config.station.server,
        pin=config.pin,
        now=lambda: time.time() + TOKEN_DAYS * DAY,
        first_look_seconds=0.05,
    )
    keeper.start()
    deadline = time.monotonic() + 20
    while token(data) == old and time.monotonic() < deadline:
        time.sleep(0.02)
    keeper.stop()
    assert token(data) != old
    assert is_let_in(keeper, data)


def test_a_server_away_or_a_full_disk_changes_nothing(data: Path) -> None:
    old = token(data)
    away = TokenKeeper(data, "http://127.0.0.1:1")
    with pytest.raises(ServerUnreachable):
        away.renew()
    keeper = keeper_of(data)
    (data / f"{TOKEN_BEFORE_NAME}.new").mkdir()  # as good as a disk that takes no file
    with pytest.raises(OSError):
        keeper.renew()
    assert (keeper.current, token(data)) == (old, old)
    assert is_let_in(keeper, data)
