"""The home of what a server consists of, put together once: for `serve` and for single commands."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from sync.server.clock import ServerClock
from sync.server.config import ServerConfig
from sync.server.database import Database
from sync.server.highwater import HighWaterKeeper, check_restored
from sync.server.keys import SIGNING_KEY, Signer, admin_token_of, signer_of
from sync.server.ledger import Ledger
from sync.server.numbers import grant
from sync.server.people import People
from sync.server.projector import Projector
from sync.server.sign_ins import SignIns
from sync.server.stations import Stations
from sync.server.tls import KEY as TLS_KEY
from sync.server.tls import station_pin
from sync.server.together import PUBLIC_KEY, TLS_PIN, OnlyServer, check_shared

PROGRAM_VERSION: Final = version("floor-kiosk")
PROJECTOR: Final = "projector"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of one server on one data folder."""

    config: ServerConfig
    clock: ServerClock
    database: Database
    ledger: Ledger
    stations: Stations
    projector: Projector
    signer: Signer
    admin_token: str
    high_water: HighWaterKeeper
    alone: OnlyServer
    people: People
    sign_ins: SignIns

    def close(self) -> None:
        self.high_water.close()
        self.database.close()
        self.alone.close()


def open_services(config: ServerConfig) -> Services:
    """Open everything, under the caller's lock.

    Raises `DatabaseError`, `KeyFileError`, `InUseError` or `SharedKeyError`.
    """
    signer, admin_token = signer_of(config.data), admin_token_of(config.data)
    clock = ServerClock(config.clock_offset)
    alone = OnlyServer(config.database_url)
    try:
        database = Database(config.database_url)
    except BaseException:
        alone.close()
        raise
    try:
        check_shared(database, config.data, _shared(config, signer))
        check_restored(config.data, database, clock.milliseconds())
        ledger = Ledger(database, clock, grant, config.unit_prefix)
        ledger.reread_quarantine(PROGRAM_VERSION)
        stations = Stations(database, clock, station_pin(config))
        projector = Projector(database)
    except BaseException:
        database.close()
        alone.close()
        raise
    keeper = HighWaterKeeper(config.data, database)
    ledger.on_append.append(keeper.wake)
    people = People(database, clock)
    return Services(
        *(config, clock, database, ledger, stations, projector, signer, admin_token),
        *(keeper, alone, people, SignIns(database, clock, people)),
    )


def _shared(config: ServerConfig, signer: Signer) -> dict[str, tuple[str, str]]:
    """The keys by which stations know this server and all others of its database."""
    keys = {PUBLIC_KEY: (SIGNING_KEY, signer.public_key)}
    if config.url:  # by which there may be others
        keys[TLS_PIN] = (TLS_KEY, station_pin(config))
    return keys
