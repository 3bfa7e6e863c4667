"""The home of the import: a folder of CSV files becomes one act of office events, or nothing.

All files are read and checked against each other and against what the server knows; every problem
is reported at once by file, line and column. Only what is new or changed is appended.
"""

import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from sync.server.desk import in_desk_thread, office_seq, settle
from sync.server.importing import b2mml
from sync.server.importing.changes import Change, changes_of
from sync.server.importing.columns import ELSEWHERE, ORDERS, TABLES
from sync.server.importing.folder import ProblemLine, Report, read_folder
from sync.server.importing.master import Current, Outcome
from sync.server.importing.plan import events_of
from sync.server.importing.tables import (
    ANY,
    Problem,
    Reading,
    Row,
    Table,
    read_sheet,
    read_table,
)
from sync.server.importing.workbook import SUFFIX, WorkbookError, sheets
from sync.server.ledger import Ledger
from sync.server.office import OfficeBusy
from sync.server.projector import Projector
from sync.server.projector_state import LIVE, decode_order, load_memory
from sync.server.settings import OFFICE
from sync.server.view_tables import order_state, stock
from sync.server.wording import Said, Value

SALT_BYTES: Final = 8
TRIES_MAX: Final = 5
_log: Final = logging.getLogger("kiosk-server")
Telling = Callable[[Value], str]
TABLE_OF: Final = {table.file: table for table in TABLES}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a dry run finds: the report as it would be, and each change behind it."""

    report: Report
    changes: tuple[Change, ...]


def run_import(folder: Path, ledger: Ledger, projector: Projector, today: date) -> Report:
    """Load a folder; nothing is appended if anything is wrong.

    Raises `ImportFolderError`, `DatabaseError`, and `OfficeBusy` where the views do not follow.
    """
    return import_files(read_folder(folder), ledger, projector, today)


def import_files(
    files: Mapping[str, bytes],
    ledger: Ledger,
    projector: Projector,
    today: date,
    account: str = OFFICE,
    telling: Telling = str,
) -> Report:
    """The same from the files' bytes by name: CSV files, and workbooks with a sheet for each.

    `telling` puts what is wrong into the words of a language.
    """
    reading = _read(files, today)
    salt = secrets.token_hex(SALT_BYTES)
    outcome = _loaded(ledger, projector, reading, salt, account)
    with contextlib.suppress(OfficeBusy):  # it is loaded, however long the views take
        settle(ledger, projector)
    return _report(reading, outcome, telling)


def preview_files(
    files: Mapping[str, bytes],
    ledger: Ledger,
    projector: Projector,
    today: date,
    telling: Telling = str,
) -> Preview:
    """What the import would do, and nothing is done; raises `OfficeBusy`."""
    reading, salt = _read(files, today), secrets.token_hex(SALT_BYTES)
    settle(ledger, projector)

    def compared(connection: Connection) -> tuple[Outcome, Current]:
        current = current_of(connection)
        return _compared(current, reading, salt), current

    outcome, current = ledger.database.read_now(compared)
    changes = () if outcome.problems else changes_of(outcome.events, current)
    return Preview(_report(reading, outcome, telling), changes)


def _loaded(
    ledger: Ledger, projector: Projector, reading: "_Files", salt: str, account: str
) -> Outcome:
    """Compare outside any write, and append if the office said nothing meanwhile."""
    database = ledger.database
    for _ in range(TRIES_MAX):
        settle(ledger, projector)
        seq, outcome = database.read_now(
            lambda conn: (office_seq(conn), _compared(current_of(conn), reading, salt))
        )
        if outcome.problems or not outcome.events:
            return outcome
        if ledger.append_if_next(outcome.events, seq, account):
            return outcome
        _log.info("another office act came between: the import compares again")
    raise OfficeBusy(Said("busy.import"))


def _compared(current: Current, reading: "_Files", salt: str) -> Outcome:
    outcome = events_of(reading.rows, current, salt)
    outcome.problems = reading.problems + [
        fault for fault in outcome.problems if not reading.echoed(fault)
    ]
    return outcome


async def import_files_async(
    files: Mapping[str, bytes],
    ledger: Ledger,
    projector: Projector,
    today: date,
    account: str = OFFICE,
) -> Report:
    """The same without holding the event loop."""
    return await in_desk_thread(lambda: import_files(files, ledger, projector, today, account))


def current_of(connection: Connection) -> Current:
    """What the views know; they are up with the ledger, or the lines of another act are missed."""
    shop = load_memory(connection, LIVE, 0).shop
    orders = connection.execute(select(order_state.c.order_number, order_state.c.body))
    lots = select(stock.c.material, stock.c.lot, stock.c.received, stock.c.unit)
    return Current(
        shop.materials,
        shop.boms,
        shop.routings,
        shop.work_centers,
        shop.operators,
        shop.reasons,
        {number: decode_order(body) for number, body in orders},
        {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(lots) if row[2]},
        shop.calendars,
        shop.demands,
        shop.receipts,
    )


@dataclass(slots=True)
class _Files:
    """The checked rows of all files, and what could not be read of them.

    `letters` tells of a table from a workbook where it stands, and its columns' letters.
    """

    rows: dict[str, list[Row]]
    problems: list[Problem] = field(default_factory=list)
    unread: dict[str, set[str]] = field(default_factory=dict)
    letters: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def echoed(self, fault: Problem) -> bool:
        """Whether the fault may be no more than the echo of a row that could not be read."""
        file, name = fault.refers
        return bool(self.unread.get(file, set()) & {name, ANY})


def _read(files: Mapping[str, bytes], today: date) -> _Files:
    found = _Files({table.file: [] for table in TABLES})
    given: dict[str, str] = {}  # table → the file or workbook that it came in
    for name, content in sorted(files.items()):
        if name.endswith(SUFFIX):
            _read_workbook(found, given, name, content, today)
        elif name.endswith(b2mml.SUFFIX):
            _read_schedule(found, given, name, content, today)
        elif table := TABLE_OF.get(name):
            _take(found, given, table, name, read_table(table, content, today))
        elif name not in ELSEWHERE:
            told = Said("import.unknown_file", known=", ".join(sorted(TABLE_OF)))
            found.problems.append(Problem(name, 0, "", told))
    return found


def _read_workbook(
    found: _Files, given: dict[str, str], name: str, content: bytes, today: date
) -> None:
    """Each sheet is a table; sheets that are none are told, unless they are empty."""
    try:
        cells = sheets(name, content)
    except WorkbookError as fault:
        found.problems.append(Problem(name, 0, "", fault.said))
        return
    for title, rows in cells.items():
        table = TABLE_OF.get(title if title in TABLE_OF else f"{title}.csv")
        if table is not None:
            reading = read_sheet(table, rows, today)
            found.letters[table.file] = (f"{name} {title}", reading.letters)
            _take(found, given, table, f"{name} {title}", reading)
        elif rows and f"{title}.csv" not in ELSEWHERE:
            known = ", ".join(sorted(one.removesuffix(".csv") for one in TABLE_OF))
            found.problems.append(
                Problem(name, 0, "", Said("import.unknown_sheet", title=title, known=known))
            )


def _read_schedule(
    found: _Files, given: dict[str, str], name: str, content: bytes, today: date
) -> None:
    """The orders of a B2MML document."""
    try:
        cells = b2mml.requests(content)
    except b2mml.ScheduleError as fault:
        found.problems.append(Problem(name, fault.line, "", fault.said))
        found.unread[ORDERS.file] = {ANY}
        return
    reading = read_sheet(ORDERS, cells, today)
    found.letters[ORDERS.file] = (name, b2mml.places())
    _take(found, given, ORDERS, name, reading)


def _take(
    found: _Files, given: dict[str, str], table: Table, source: str, reading: Reading
) -> None:
    if table.file in given:
        told = Said("import.twice", other=given[table.file])
        found.problems.append(Problem(source, 0, "", told))
        return
    given[table.file] = source
    found.rows[table.file] = reading.rows
    found.unread[table.file] = reading.unread
    found.problems += reading.problems


def _report(files: _Files, outcome: Outcome, telling: Telling) -> Report:
    count = sum(map(len, files.rows.values()))
    if outcome.problems:
        faults = sorted(outcome.problems, key=lambda one: (one.file, one.line, one.column))
        return Report(tuple(_told(fault, files, telling) for fault in faults), count)
    return Report((), count, dict(Counter(type(event).__name__ for event in outcome.events)))


def _told(fault: Problem, files: _Files, telling: Telling) -> ProblemLine:
    text = telling(fault.text)
    source, letters = files.letters.get(fault.file, ("", {}))
    if not (source and fault.line):
        return ProblemLine(fault.file, fault.line, fault.column, text, str(fault))
    cell = f"{letters.get(fault.column, '')}{fault.line}"
    where = " ".join(part for part in (source, cell, fault.column) if part)
    told = f"{where}: {text}"
    return ProblemLine(fault.file, fault.line, fault.column, text, told, cell)
