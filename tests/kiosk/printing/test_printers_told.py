"""What a station tells of itself, from its printers to the server's page, on real parts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk.config import PrinterConfig
from kiosk.links import about
from sync.client import SyncClient
from sync.server.web.stations import is_older
from sync.told import read
from tests.kiosk.journal.journals import until
from tests.kiosk.printing.printing_parts import Plant, closed_port, produced
from tests.labels.faulty_printer import Faults, on_tcp
from tests.sync.server.server_parts import Log, Server, help_called, kiosk_server

SOON = 15.0
LANGUAGES = ("en", "de", "da")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("told"), "--open-board") as running:
        yield running


@contextmanager
def telling(plant: Plant, server: Server, token: str) -> Iterator[SyncClient]:
    """The station's exchange beside its printing, as the terminal links the two."""
    client = SyncClient(
        server.url,
        token,
        plant.journal,
        lambda _: None,
        lambda _: None,
        about=lambda: about([plant.spooler] if plant.spooler else []),
    )
    client.start()
    try:
        yield client
    finally:
        client.stop()


def listed(server: Server, station: str) -> dict[str, Any]:
    items = server.client.get("/v1/stations", headers=server.admin).json()["items"]
    found: dict[str, Any] = next(one for one in items if one["station"] == station)
    return found


def is_told(server: Server, **wanted: object) -> Callable[[], bool]:
    def look() -> bool:
        printers = listed(server, "PACK-1")["printers"]
        return bool(printers) and wanted.items() <= printers[0].items()

    return look


def test_a_printer_that_is_down_is_told_and_that_it_is_back(plant: Plant, server: Server) -> None:
    token = server.enrol("PACK-1").answer["token"]
    port = closed_port()
    plant.start(port)
    assert plant.spooler is not None
    with telling(plant, server, token) as client:
        plant.spooler.on_told(client.tell)
        until(is_told(server, name="labels", health=""), SOON)
        for number in ("1", "2"):
            plant.book(produced("1", number))
        plant.wake()
        until(is_told(server, health="silent", waiting=2), SOON)
        (printer,) = listed(server, "PACK-1")["printers"]
        assert (printer["kind"], printer["output"]) == ("zpl", f"tcp://127.0.0.1:{port}")
        assert str(port) in printer["why"]
        for language, word in zip(
            LANGUAGES, ("not reached", "nicht erreicht", "ikke nået"), strict=True
        ):
            page = server.client.get("/stations", headers={"Cookie": f"language={language}"}).text
            assert word in page
        plant.stop()
        with on_tcp(Faults(resets_after=40)) as (other, _):
            plant.start(other)
            assert plant.spooler is not None
            plant.spooler.on_told(client.tell)
            plant.until("doubt")
            until(is_told(server, health="fault"), SOON)
            assert listed(server, "PACK-1")["printers"][0]["doubt"] >= 1
            plant.stop()
    told = kiosk_server("status", "--data", str(server.data), "--json")
    (station,) = json.loads(told.stdout)["stations"][:1]
    assert station["printers"] == listed(server, station["station"])["printers"]
    assert station["version"]


def test_an_offline_station_is_told_of_as_it_was_and_then_as_it_is(
    plant: Plant, tmp_path: Path
) -> None:
    with on_tcp(Faults()) as (port, _):
        plant.start_with(PrinterConfig("labels", f"tcp://127.0.0.1:{port}"), learn_seconds=0.05)
        spoolers = [plant.spooler] if plant.spooler else []

        def is_known() -> bool:
            told = read(about(spoolers))
            return told is not None and told.printers[0].health == "ok"

        until(is_known, SOON)
        with Server(tmp_path / "late") as late:
            token = late.enrol("PACK-1").answer["token"]
            assert listed(late, "PACK-1")["printers"] == []
            with telling(plant, late, token):
                until(is_told(late, health="ok", waiting=0, doubt=0), SOON)
        plant.stop()


@pytest.mark.parametrize(
    ("about_it", "version"),
    [
        ("null", "1.0"),
        ('"rubbish"', "1.0"),
        ('{"version": 7}', "1.0"),
        ('{"version": "2.0", "printers": [{"name": 1}]}', "1.0"),
        ('{"version": "' + "9" * 20_000 + '"}', "1.0"),
        ('{"version": "' + "9" * 100 + '"}', "9" * 60),
        ('{"version": "3\\u0000<b>"}', "3?<b>"),
        ('{"version": "3.1", "printers": [], "more": {"of": "a newer program"}}', "3.1"),
    ],
)
def test_rubbish_is_cut_or_tells_nothing_and_its_events_are_stored(
    server: Server, about_it: str, version: str
) -> None:
    station = server.enrol("MIX-1")
    log = Log(help_called(2))
    for seq, what in enumerate(('{"version": "1.0"}', about_it)):
        header = msgspec.json.decode(msgspec.json.encode(log.header(seq)))
        content = json.dumps(header)[:-1].replace(', "about": null', "")
        message = f'{content}, "about": {what}}}\n'.encode() + log.bodies[seq] + b"\n"
        answer = server.client.post(
            f"/v1/origins/{log.origin}/events", content=message, headers=station.headers
        )
        assert (answer.status_code, answer.json()["have"][0]) == (200, seq + 1)
    assert listed(server, "MIX-1")["version"] == version
    page = server.client.get("/stations")
    assert page.status_code == 200
    assert "<b>" not in page.text.partition('id="stations"')[2].replace("<b>labels</b>", "")


@pytest.mark.parametrize(
    ("version", "than", "older"),
    [
        ("", "1.0", False),
        ("1.0", "1.0", False),
        ("1.9.3", "1.10", True),
        ("2.0", "1.10", False),
        ("1.0.0", "1.0.1", True),
        ("nightly", "1.0", False),
    ],
)
def test_which_program_is_older(version: str, than: str, *, older: bool) -> None:
    assert is_older(version, than) is older
