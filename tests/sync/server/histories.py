"""Random histories of a small factory: what stations and the office may say, in any order."""

import random
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import uuid_utils
from sqlalchemy import Connection, select

from sync.domain.events import (
    BomDefined,
    BomLine,
    CheckRecorded,
    DowntimeEnded,
    DowntimeStarted,
    Event,
    EventReversed,
    HandoverSigned,
    HelpAnswered,
    HelpCalled,
    LabelPrinted,
    LabelRule,
    LotStatusSet,
    MaterialConsumed,
    MaterialDefined,
    MaterialDisposed,
    MaterialMoved,
    MaterialProduced,
    MaterialReceived,
    MaterialReturned,
    OperationEnded,
    OperationReported,
    OperationStarted,
    OperatorDefined,
    OperatorSignedIn,
    OperatorSignedOut,
    OrderChanged,
    OrderHeld,
    OrderPlanned,
    RoutingDefined,
    RoutingOperation,
    SetupEnded,
    StockCounted,
    WorkCenterDefined,
    stamped,
)
from sync.domain.quantity import Quantity
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.ledger import Ledger
from sync.server.office import released
from sync.server.planning.explosion import Book
from sync.server.projector import Projector
from sync.server.view_tables import VIEWS
from sync.wire import encode
from tests.sync.server.server_parts import Log

STATIONS: Final = ("MIX-1", "MIX-2", "PACK-1")
CENTERS: Final = {"MIX-1": "MIX", "MIX-2": "MIX", "PACK-1": "PACK"}
ORDERS: Final = ("B-1", "B-2", "B-3")
LOTS: Final = (("WHEAT", "W-1"), ("WHEAT", "W-2"), ("SALT", "S-1"), ("BOX", "X-1"))
UNITS: Final = {"WHEAT": "KGM", "SALT": "KGM", "BOX": "C62", "ROLL": "C62"}
AT: Final = "2026-11-22T06:00:00.000+01:00"


def kg(amount: str) -> Quantity:
    return Quantity(amount, "KGM")


def pcs(amount: str) -> Quantity:
    return Quantity(amount, "C62")


def new_id() -> str:
    return str(uuid_utils.uuid7())


def master_data() -> list[Event]:
    return [
        *(
            MaterialDefined(material=name, revision=1, name=name.title(), unit=unit)
            for name, unit in UNITS.items()
        ),
        WorkCenterDefined(work_center="MIX", revision=1, name="Mixing", hours_per_day="16"),
        WorkCenterDefined(work_center="PACK", revision=1, name="Packing"),
        OperatorDefined(person="anna", revision=1, name="Anna", badge="1"),
        routing(),
        bom(),
    ]


def routing() -> RoutingDefined:
    return RoutingDefined(
        material="ROLL",
        revision=1,
        operations=(
            RoutingOperation(
                operation="10", work_center="MIX", name="Mix", setup_seconds=60, run_seconds="1.5"
            ),
            RoutingOperation(operation="20", work_center="PACK", name="Pack"),
        ),
    )


def bom() -> BomDefined:
    return BomDefined(
        material="ROLL",
        revision=1,
        quantity=pcs("100"),
        lines=(
            BomLine(material="WHEAT", quantity=kg("6"), operation="10", tolerance_percent="2"),
            BomLine(material="SALT", quantity=kg("0.12")),
            BomLine(material="BOX", quantity=pcs("5"), operation="20"),
        ),
    )


def book() -> Book:
    found = [one for one in master_data() if isinstance(one, MaterialDefined)]
    return Book({one.material: one for one in found}, {"ROLL": bom()}, {"ROLL": routing()})


def planned(number: str, quantity: str = "200") -> OrderPlanned:
    return OrderPlanned(
        order=number, revision=1, material="ROLL", quantity=pcs(quantity), due="2026-11-24"
    )


def release_of(number: str, quantity: str = "200", revision: int = 2) -> Event:
    return released(planned(number, quantity), LabelRule(), book(), revision)


class Plant:
    """A ledger with a projector that steps when told, and the logs of its stations."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.database = Database(url or sqlite_url(folder / "ledger.sqlite"))
        self.ledger = Ledger(self.database, ServerClock())
        self.projector = Projector(self.database)
        self.logs = {name: Log(origin=uuid.uuid4().hex) for name in STATIONS}
        self._pushed = dict.fromkeys(STATIONS, 0)

    def office(self, *events: Event) -> list[Event]:
        stored = self.ledger.append_office_now(events)
        return [one.event for one in stored if isinstance(one.event, Event)]

    def write(self, station: str, *events: Event) -> list[Event]:
        """The station writes one act into its journal; nothing is pushed."""
        log, act, made = self.logs[station], new_id(), []
        for event in events:
            n = len(log.bodies) + 1
            stamp: dict[str, Any] = {
                "id": event.id or new_id(),
                "n": n,
                "act": event.act or act,
                "at": AT,
            }
            full = stamped(event, **stamp, station=station, operator=event.operator or "anna")
            log.bodies.append(encode(full))
            made.append(full)
        return made

    def push(self, station: str, count: int | None = None) -> int:
        """Push what waits, or so many of it; returns how many."""
        log, after = self.logs[station], self._pushed[station]
        end = len(log.bodies) if count is None else min(len(log.bodies), after + count)
        if end > after:
            bodies = log.bodies[after:end]
            self.ledger.receive_now(log.origin, station, log.header(after), bodies)
            self._pushed[station] = end
        return end - after

    def tell(self, station: str, *events: Event) -> list[Event]:
        """Write, push and project."""
        made = self.write(station, *events)
        self.push(station)
        self.projector.catch_up()
        return made

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.database.read_now(lambda conn: conn.exec_driver_sql(sql).fetchall())
        return [tuple(row) for row in found]

    def views(self, without: Sequence[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every view table, sorted."""

        def dump(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
            return {
                view.name: sorted(tuple(row) for row in connection.execute(select(view)))
                for view in VIEWS
                if view.name not in without
            }

        return self.database.read_now(dump)

    def close(self) -> None:
        self.database.close()


class Teller:
    """Makes a history event by event from a seed."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self.plant = plant
        self.random = random.Random(seed)
        self.acts: list[tuple[str, str]] = []
        self.starts: dict[str, str] = {}
        self.stops: list[str] = []
        self.revision = 3

    def office_start(self) -> None:
        """Master data; some orders are released only later."""
        self.plant.office(*master_data())
        for number in ORDERS[:2]:
            self.plant.office(planned(number), release_of(number))

    def step(self) -> None:
        """One act of somebody, and perhaps a push or a projection."""
        self.random.choice(self._choices())()
        chance = self.random.random()
        if chance < 0.3:
            self.plant.push(self.random.choice(STATIONS), self.random.choice((1, 2, None)))
        elif chance < 0.4:
            self.plant.projector.step()

    def finish(self) -> None:
        """Push all that is left, in any order of stations."""
        for station in self.random.sample(STATIONS, len(STATIONS)):
            self.plant.push(station)

    def _choices(self) -> tuple[Callable[[], None], ...]:
        return (
            self.start,
            self.consume,
            self.consume,
            self.give_back,
            self.report,
            self.report,
            self.put_aside,
            self.end,
            self.reverse,
            self.reverse,
            self.sign,
            self.check,
            self.stand,
            self.stock,
            self.plan,
        )

    def _say(self, *events: Event, station: str = "") -> list[Event]:
        where = station or self.random.choice(STATIONS)
        made = self.plant.write(where, *events)
        self.acts.append((made[0].act, getattr(made[0], "order", "")))
        return made

    def _where(self) -> tuple[str, dict[str, Any]]:
        station = self.random.choice(STATIONS)
        operation = "20" if CENTERS[station] == "PACK" else "10"
        fields: dict[str, Any] = {"order": self.random.choice(ORDERS), "operation": operation}
        return station, {**fields, "work_center": CENTERS[station]}

    def start(self) -> None:
        station, where = self._where()
        event = self._say(OperationStarted(**where), station=station)[0]
        self.starts[where["order"]] = event.id

    def consume(self) -> None:
        station, where = self._where()
        material, lot = self.random.choice(LOTS)
        serial = self.random.choice(("", "", "SN-1", "SN-2")) if material == "BOX" else ""
        amount = "1" if serial else str(self.random.randrange(1, 30))
        self._say(
            MaterialConsumed(
                **where,
                material=material,
                lot=lot,
                quantity=Quantity(amount, UNITS[material]),
                serial=serial,
                scrapped=self.random.random() < 0.1,
            ),
            station=station,
        )

    def give_back(self) -> None:
        station, where = self._where()
        material, lot = self.random.choice(LOTS)
        quantity = Quantity("2", UNITS[material])
        event = MaterialReturned(**where, material=material, lot=lot, quantity=quantity)
        self._say(event, station=station)

    def report(self) -> None:
        station, where = self._where()
        good = pcs(str(self.random.randrange(0, 60)))
        scrap = pcs("3") if self.random.random() < 0.3 else None
        events: list[Event] = [OperationReported(**where, good=good, scrap=scrap, reason="BURNT")]
        if where["operation"] == "20":
            made = MaterialProduced(
                id=new_id(), **where, material="ROLL", lot=where["order"], quantity=good
            )
            events += [made, LabelPrinted(label="7", of=made.id, order=where["order"])]
        self._say(*events, station=station)

    def put_aside(self) -> None:
        """Output that waits for rework or is blocked, and rework that is finished at some time."""
        station, where = self._where()
        lot = self.random.choice(("", where["order"])) if where["operation"] == "20" else ""
        told: dict[str, Any] = {**where, "material": "ROLL" if lot else "", "lot": lot}
        word: Literal["rework", "hold"] = "rework" if self.random.random() < 0.7 else "hold"
        target = self.random.choice(("", "10")) if word == "rework" else ""
        away = MaterialDisposed(
            **told, quantity=pcs("4"), disposition=word, rework_operation=target
        )
        self._say(away, station=station)
        again = pcs(str(self.random.randrange(1, 5)))
        self._say(OperationReported(**where, good=again, reworked=again), station=station)

    def end(self) -> None:
        station, where = self._where()
        of = self.starts.get(where["order"], "")
        self._say(OperationEnded(**where, of=of), station=station)

    def reverse(self) -> None:
        """Any act, of any station: its events may arrive before or after this."""
        if self.acts:
            act, order = self.random.choice(self.acts)
            told = order if self.random.random() < 0.8 else ""
            self.plant.write(self.random.choice(STATIONS), EventReversed(of=act, order=told))

    def sign(self) -> None:
        station = self.random.choice(STATIONS)
        made = self.plant.write(station, OperatorSignedIn())
        if self.random.random() < 0.5:
            self.plant.write(station, OperatorSignedOut(of=made[0].id))

    def check(self) -> None:
        station, where = self._where()
        self._say(CheckRecorded(**where, check="weight", value="61", unit="GRM"), station=station)
        self._say(HelpCalled(work_center=CENTERS[station]), station=station)

    def stand(self) -> None:
        """A work center stands and runs again, in whatever order that is told; set-up ends."""
        station, where = self._where()
        center = CENTERS[station]
        self._say(SetupEnded(**where, of=self.starts.get(where["order"], "")), station=station)
        if not self.stops or self.random.random() < 0.5:
            stop = DowntimeStarted(id=new_id(), work_center=center, reason="JAM")
            self.stops.append(stop.id)
            if self.random.random() < 0.5:
                self._say(stop, station=station)
        of = self.random.choice(self.stops)
        self._say(DowntimeEnded(of=of, work_center=center), station=station)
        call = HelpCalled(id=new_id(), work_center=center)
        answer = HelpAnswered(of=call.id, work_center=center)
        self._say(*self.random.choice(([call, answer], [answer, call], [answer])), station=station)
        self.plant.write(station, HandoverSigned(giver="anna", stops=(of,), calls=(call.id,)))

    def stock(self) -> None:
        material, lot = self.random.choice(LOTS)
        unit = UNITS[material]
        quantity = Quantity(str(self.random.randrange(1, 200)), unit)
        self.revision += 1
        named: dict[str, Any] = {"material": material, "lot": lot}
        self.plant.office(
            self.random.choice(
                (
                    MaterialReceived(**named, quantity=quantity, place="A1", expiry="2027-01-31"),
                    MaterialMoved(**named, quantity=quantity, source="A1", destination="B2"),
                    StockCounted(**named, expected=quantity, counted=Quantity("5", unit)),
                    LotStatusSet(**named, revision=self.revision, status="blocked"),
                )
            )
        )

    def plan(self) -> None:
        number = self.random.choice(ORDERS)
        self.revision += 1
        header = planned(number, str(self.random.randrange(50, 300)))
        changes: tuple[Event, ...] = (
            OrderChanged(
                order=number,
                revision=self.revision,
                material="ROLL",
                quantity=header.quantity,
                due=header.due,
            ),
            OrderHeld(order=number, revision=self.revision),
            release_of(number, header.quantity.amount, self.revision),
        )
        self.plant.office(self.random.choice(changes))
