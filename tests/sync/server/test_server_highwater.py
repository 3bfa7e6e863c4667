"""The high-water file: a ledger put back from a copy is found, and nothing else is."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.server.config import read_config
from sync.server.highwater import FILE
from sync.server.services import Services, open_services
from sync.server.settings import incarnations_before
from tests.sync.server.server_parts import Log, Server, help_called, material, rows

LEDGER = "ledger.sqlite"


def opened(data: Path) -> Services:
    return open_services(read_config(data))


def filled(data: Path, events: int) -> str:
    """A ledger with so many events of one station; its incarnation."""
    services = opened(data)
    Log(help_called(events)).push(services.ledger)
    incarnation = services.ledger.incarnation
    services.close()
    return incarnation


def alarms(services: Services) -> list[tuple[str, str]]:
    found = rows(services.database, "SELECT kind, text FROM alarm ORDER BY number")
    return [(kind, text) for kind, text in found]


def test_a_ledger_that_only_goes_on_stays_what_it_is(tmp_path: Path) -> None:
    incarnation = filled(tmp_path, 3)
    assert (tmp_path / FILE).exists()
    for _ in range(2):
        services = opened(tmp_path)
        assert (services.ledger.incarnation, alarms(services)) == (incarnation, [])
        services.close()


def test_a_copy_put_back_becomes_a_new_incarnation_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = filled(tmp_path, 3)
    shutil.copy(tmp_path / LEDGER, tmp_path / "copy")
    assert filled(tmp_path, 2) == first
    shutil.copy(tmp_path / "copy", tmp_path / LEDGER)
    services = opened(tmp_path)
    second = services.ledger.incarnation
    assert second != first
    [(kind, text)] = alarms(services)
    assert kind == "restored"
    assert "ends at position 3, but was at 5 before" in text
    assert text in caplog.text
    services.close()
    assert filled(tmp_path, 1) == second


def test_the_same_copy_is_put_back_twice(tmp_path: Path) -> None:
    first = filled(tmp_path, 3)
    shutil.copy(tmp_path / LEDGER, tmp_path / "copy")
    filled(tmp_path, 2)
    shutil.copy(tmp_path / "copy", tmp_path / LEDGER)
    second = filled(tmp_path, 4)
    shutil.copy(tmp_path / "copy", tmp_path / LEDGER)
    third = filled(tmp_path, 1)
    assert len({first, second, third}) == 3


def test_an_office_s_log_that_lost_its_end_is_found_though_stations_wrote_on(
    tmp_path: Path,
) -> None:
    services = opened(tmp_path)
    services.ledger.append_office_now([material("FLOUR")])
    services.close()
    shutil.copy(tmp_path / LEDGER, tmp_path / "copy")
    services = opened(tmp_path)
    services.ledger.append_office_now([material("SALT")])
    first = services.ledger.incarnation
    services.close()
    high = (tmp_path / FILE).read_bytes()
    shutil.copy(tmp_path / "copy", tmp_path / LEDGER)
    (tmp_path / FILE).unlink()
    assert filled(tmp_path, 5) == first
    (tmp_path / FILE).write_bytes(high)
    assert filled(tmp_path, 1) != first


def test_a_ledger_that_is_gone_altogether_is_no_new_plant(tmp_path: Path) -> None:
    first = filled(tmp_path, 3)
    for path in tmp_path.glob(f"{LEDGER}*"):
        path.unlink()
    services = opened(tmp_path)
    assert services.ledger.incarnation != first
    assert services.database.read_now(incarnations_before) == (first,)
    assert [kind for kind, _ in alarms(services)] == ["restored"]
    services.close()


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"position": "x"}', b"\xff" * 100])
def test_a_file_that_is_missing_or_torn_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    incarnation = filled(tmp_path, 1)
    if content is None:
        (tmp_path / FILE).unlink()
    else:
        (tmp_path / FILE).write_bytes(content)
    assert filled(tmp_path, 1) == incarnation


def test_a_server_that_is_killed_leaves_a_file_that_accuses_nobody(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.enrol().push(Log(help_called(10)))
    server.kill()
    with Server(tmp_path) as server:
        assert server.said() == ""
    services = opened(tmp_path)
    assert alarms(services) == []
    services.close()


def test_a_mark_is_never_written_lower_so_the_next_start_finds_the_loss(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = filled(tmp_path, 5)
    services = opened(tmp_path)
    # What a standby shows that took over without the last commits.
    fall = text("UPDATE head SET position = 3 WHERE name = 'event'")
    services.database.write_now(lambda conn: conn.execute(fall).rowcount)
    services.high_water.keep()
    services.high_water.keep()
    services.close()
    assert caplog.text.count("the ledger fell from position 5 to 3") == 1
    again = opened(tmp_path)
    assert again.ledger.incarnation != first
    again.close()
