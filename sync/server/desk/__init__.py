"""The home of the office's acts: it reads the present, makes the events, appends them, and waits
until the views show them, so that who asked sees what was done.

Acts are serialised here, and one is made again where another server process said something since
what it was made of: so no two of them give an order the same number or revision.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Final, TypeVar

import msgspec
from sqlalchemy import Connection, and_, func, or_, select

from sync.domain.events import Event, LabelRule, OrderHeader
from sync.domain.order import Order
from sync.domain.quantity import Quantity
from sync.server import office
from sync.server.awaited import awaited
from sync.server.ledger import GRANTED, Ledger, end_of, reader_mark
from sync.server.office import OfficeBusy, OfficeConflict, OfficeUnknown, Wanted
from sync.server.outcome import READER, counted_of
from sync.server.planning.explosion import Book, Feasibility, feasibility, free_stock
from sync.server.projector import Projector
from sync.server.settings import OFFICE, OFFICE_ORIGIN, setting
from sync.server.tables import event as event_table
from sync.server.view_tables import order_view
from sync.server.views import book, order_of_state, promised
from sync.server.views.stock import available
from sync.server.wording import Said

NUMBER_PREFIX: Final = "P-"
NUMBER_DIGITS_MIN: Final = 4
THREADS_COUNT: Final = 2
TRIES_MAX: Final = 20
T = TypeVar("T")
_threads: Final = ThreadPoolExecutor(THREADS_COUNT, thread_name_prefix="office-desk")


class Receipt(msgspec.Struct, frozen=True):
    """Goods that came in; `quantity` in any unit that the material knows, dates ISO."""

    material: str
    lot: str
    quantity: str
    unit: str = ""
    place: str = ""
    expiry: str = ""
    supplier: str = ""
    supplier_lot: str = ""
    serials: tuple[str, ...] = ()


class Desk:
    """What planners do. Every method may wait for the disk: call it in a thread."""

    def __init__(self, ledger: Ledger, projector: Projector) -> None:
        self._ledger = ledger
        self._projector = projector
        self._acting = threading.Lock()

    def feasibility(self, wanted: Wanted, today: date) -> Feasibility:
        """Whether it can be made from free stock; raises `OfficeError`."""
        return self._ledger.database.read_now(lambda conn: _feasible(conn, wanted, today))

    @property
    def today(self) -> date:
        """The day at the server's place."""
        return self._ledger.clock.local().date()

    def book(self, connection: Connection) -> Book:
        """The master data of today."""
        return book(connection, self.today)

    def act(
        self, make: Callable[[Connection], Sequence[Event]], account: str, order: str = ""
    ) -> None:
        """Append what `make` makes of the present, as one act of an account; nothing is no act.

        `order` is the one that it is about, whose floor events it must see. Raises `OfficeError`,
        `DatabaseError`.
        """
        with self._acting:
            self._say(make, account, order)

    def create(self, wanted: Wanted, account: str = OFFICE) -> str:
        """Plan an order; returns its number, the next free one if none is given.

        Raises `OfficeError`, `DatabaseError`.
        """

        def plan(connection: Connection) -> Sequence[Event]:
            number = wanted.order or next_number(connection)
            if order_of_state(connection, number) is not None:
                raise OfficeConflict(Said("order.exists", number=number))
            return [office.planned(replace(wanted, order=number), self.book(connection))]

        with self._acting:
            (event,) = self._say(plan, account, wanted.order)
        assert isinstance(event, OrderHeader), "a planned order is a header"
        return event.order

    def release(self, number: str, rule: LabelRule | None = None, account: str = OFFICE) -> None:
        """Give a planned order to the floor; raises `OfficeError`, `DatabaseError`."""

        def release(connection: Connection) -> Sequence[Event]:
            order = order_allowing(connection, number, "release")
            header = order.header
            if header is None:
                raise OfficeUnknown(Said("order.never_planned", number=number))
            revision = header.revision + 1
            known = self.book(connection)
            return [office.released(header, rule or LabelRule(), known, revision)]

        self.act(release, account, number)

    def say(self, word: str, number: str, reason: str = "", account: str = OFFICE) -> None:
        """`hold`, `resume`, `close`, `reopen` or `cancel` an order.

        Raises `OfficeError`, `DatabaseError`.
        """

        def said(connection: Connection) -> Sequence[Event]:
            order = order_allowing(connection, number, word)
            held = order.hold if word in {"hold", "resume"} else order.closure
            revision = held.revision + 1 if held else 1
            return [office.register(word, number, revision, reason)]

        self.act(said, account, number)

    def receive(self, receipt: Receipt, account: str = OFFICE) -> None:
        """Take goods into stock; raises `OfficeError`, `DatabaseError`."""

        def received(connection: Connection) -> Sequence[Event]:
            material = office.material_of(receipt.material, self.book(connection))
            quantity = office.quantity_of(receipt.quantity, receipt.unit, material)
            return [
                office.received(
                    material,
                    receipt.lot,
                    quantity,
                    place=receipt.place,
                    expiry=receipt.expiry,
                    supplier=receipt.supplier,
                    supplier_lot=receipt.supplier_lot,
                    serials=receipt.serials,
                )
            ]

        self.act(received, account)

    def _say(
        self, act: Callable[[Connection], Sequence[Event]], account: str, order: str
    ) -> Sequence[Event]:
        """Append what an act makes of the present; again if another process spoke meanwhile."""
        for _ in range(TRIES_MAX):
            self._settle(order)
            seq, events = self._ledger.database.read_now(lambda conn: (office_seq(conn), act(conn)))
            if not events or self._ledger.append_if_next(events, seq, account):
                self._settle()
                return events
        raise OfficeBusy(Said("busy.others"))

    def _settle(self, order: str = "") -> None:
        """Wait for the views of all that the office said, and of an order, not for the floor's."""
        database = self._ledger.database
        _wait(self._projector, lambda: database.read_now(lambda conn: end_for(conn, order)))


def order_allowing(connection: Connection, number: str, word: str) -> Order:
    """The order, if its status allows the word; raises `OfficeUnknown` or `OfficeConflict`."""
    order = order_of_state(connection, number)
    if order is None:
        raise OfficeUnknown(Said("order.unknown_board", number=number[:60]))
    office.require(word, number, str(order.status))
    return order


async def in_desk_thread(act: Callable[[], T]) -> T:
    """Run an office act in the desk's own threads: it may wait for disk and views."""
    return await asyncio.get_running_loop().run_in_executor(_threads, awaited(act))


def settle(ledger: Ledger, projector: Projector) -> None:
    """Wait until the views are up with the ledger's end; raises `OfficeBusy`."""
    _wait(projector, lambda: ledger.database.read_now(end_of))


def _wait(projector: Projector, end: Callable[[], int]) -> None:
    if not projector.running:
        projector.catch_up()
    elif not projector.wait_for(end(), office.PROJECTION_SECONDS_MAX):
        raise OfficeBusy(Said("busy.behind"))


def end_for(connection: Connection, order: str) -> int:
    """The last position, of those not in the views, that the office or an order speaks at; or 0.

    Numbers granted to stations are nothing that an act is made of.
    """
    table = event_table
    said = and_(table.c.station == OFFICE, table.c.type != GRANTED)
    concerns = or_(said, table.c.order_number == order) if order else said
    waiting = table.c.position > reader_mark(connection, READER)
    found = select(func.max(table.c.position)).where(waiting, concerns)
    return int(connection.execute(found).scalar() or 0)


def office_seq(connection: Connection) -> int:
    """How much of what the office of this incarnation has said is in the views."""
    origin = setting(connection, OFFICE_ORIGIN)
    return counted_of(connection, origin) if origin else 0


def next_number(connection: Connection) -> str:
    """The first free number of our own series: `P-0001`, `P-0002` …"""
    column = order_view.c.order_number
    rows = connection.execute(select(column).where(column.startswith(NUMBER_PREFIX)))
    tails = (row[0].removeprefix(NUMBER_PREFIX) for row in rows)
    used = [int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 12]
    return f"{NUMBER_PREFIX}{max(used, default=0) + 1:0{NUMBER_DIGITS_MIN}d}"


def _feasible(connection: Connection, wanted: Wanted, today: date) -> Feasibility:
    known = book(connection, today)
    material = office.material_of(wanted.material, known)
    quantity: Quantity = office.quantity_of(wanted.quantity, wanted.unit, material)
    free = free_stock(available(connection, today), promised(connection))
    return feasibility(material.material, quantity, known, free)
