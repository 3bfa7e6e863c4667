"""The home of many rows at once: insert, update and look up in one statement on either database.

SQLite takes a prepared statement row by row. PostgreSQL takes a few rows as one jsonb parameter,
bytes in base64, and many by binary COPY, which costs half of that: both are one round trip.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, Integer, LargeBinary, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

LOOKUP_VALUES_MAX: Final = 500
COPY_ROWS_MIN: Final = 32
STATEMENTS_COUNT_MAX: Final = 512

Row = tuple[Any, ...]


def on_sqlite(connection: Connection) -> bool:
    """Which of the two databases this is."""
    return connection.dialect.name == "sqlite"


def inserting(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An insert that may say what to do with a row that is there, as this database words it."""
    return (sqlite.insert if on_sqlite(connection) else postgresql.insert)(table)


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert many rows fast."""
    if not rows:
        return
    names = tuple(columns)
    if on_sqlite(connection):
        connection.exec_driver_sql(put_sqlite(table.name, names), list(rows))
    elif len(rows) < COPY_ROWS_MIN:
        parameter = msgspec.json.encode(rows).decode()
        connection.exec_driver_sql(_insert_jsonb(table, names), (parameter,))
    else:
        _copy(connection, table, names, rows)


def update_rows(
    connection: Connection, table: Table, key: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Set the columns of the rows with some keys; each of `rows` is (key, *columns)."""
    if not rows:
        return
    names = tuple(columns)
    if on_sqlite(connection):
        sql = set_sqlite(table.name, names, (key,))
        connection.exec_driver_sql(sql, [(*row[1:], row[0]) for row in rows])
        return
    parameter = msgspec.json.encode(rows).decode()
    connection.exec_driver_sql(_update_jsonb(table, key, names), (parameter,))


def rows_with(
    connection: Connection,
    table: Table,
    key: str,
    values: Sequence[Any],
    *columns: str,
    lock: bool = False,
) -> list[Row]:
    """Rows (key, *columns) whose key is one of many values; `lock` holds them until commit.

    Locked rows are taken in the order of their keys, so that no two processes wait crosswise.
    """
    names = (key, *columns)
    if not on_sqlite(connection):
        if not values:
            return []
        sql = _lookup_array(table, names, lock=lock)
        return fetched(connection, sql, (list(values),))
    found = f"SELECT {', '.join(names)} FROM {table.name} WHERE {key} IN"
    if len(values) > LOOKUP_VALUES_MAX:
        asked = msgspec.json.encode(values).decode()
        sql = f"{found} (SELECT value FROM json_each(?))"
        return fetched(connection, sql, (asked,))
    # Core spends more on parameters than the search.
    sql = f"{found} ({', '.join('?' * len(values))})"
    return fetched(connection, sql, tuple(values))


def fetched(connection: Connection, sql: str, parameters: Row) -> list[Row]:
    """All rows of a statement of the driver's, as its tuples: the toolkit's cost as much again."""
    result = connection.exec_driver_sql(sql, parameters)
    assert result.cursor is not None, "a question has rows"
    rows = list(result.cursor.fetchall())
    result.close()
    return rows


def type_name(table: Table, column: str) -> str:
    """The column's type as PostgreSQL calls it."""
    kind = table.c[column].type
    if isinstance(kind, BigInteger):
        return "int8"
    if isinstance(kind, Integer):
        return "int4"
    return "bytea" if isinstance(kind, LargeBinary) else "text"


def _value(table: Table, column: str, index: int) -> str:
    """One value of the jsonb array `r`, as its column wants it."""
    kind = type_name(table, column)
    if kind == "bytea":
        return f"decode(r->>{index}, 'base64')"
    return f"r->>{index}" if kind == "text" else f"(r->>{index})::{kind}"


@lru_cache(STATEMENTS_COUNT_MAX)
def put_sqlite(table: str, columns: tuple[str, ...]) -> str:
    """A statement of SQLite that stores a row."""
    signs = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({signs})"


@lru_cache(STATEMENTS_COUNT_MAX)
def set_sqlite(table: str, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    """A statement of SQLite that sets columns, given (*columns, *keys)."""
    sets = ", ".join(f"{name} = ?" for name in columns)
    return f"UPDATE {table} SET {sets} WHERE {equal_sqlite(keys)}"


def equal_sqlite(columns: Sequence[str]) -> str:
    """A condition of SQLite: the columns have the values that are given."""
    return " AND ".join(f"{name} = ?" for name in columns)


@lru_cache(STATEMENTS_COUNT_MAX)
def _insert_jsonb(table: Table, columns: tuple[str, ...]) -> str:
    values = ", ".join(_value(table, name, index) for index, name in enumerate(columns))
    return (
        f"INSERT INTO {table.name} ({', '.join(columns)})"
        f" SELECT {values} FROM jsonb_array_elements(%s::jsonb) AS r"
    )


@lru_cache(STATEMENTS_COUNT_MAX)
def _update_jsonb(table: Table, key: str, columns: tuple[str, ...]) -> str:
    values = (f"{name} = {_value(table, name, n)}" for n, name in enumerate(columns, 1))
    return (
        f"UPDATE {table.name} SET {', '.join(values)}"
        f" FROM jsonb_array_elements(%s::jsonb) AS r"
        f" WHERE {table.name}.{key} = {_value(table, key, 0)}"
    )


@lru_cache(STATEMENTS_COUNT_MAX)
def _lookup_array(table: Table, names: tuple[str, ...], *, lock: bool) -> str:
    key = names[0]
    order = f" ORDER BY {key} FOR UPDATE" if lock else ""
    return (
        f"SELECT {', '.join(names)} FROM {table.name}"
        f" WHERE {key} = ANY(%s::{type_name(table, key)}[]){order}"
    )


def _copy(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    import psycopg

    driver: Any = connection.connection.driver_connection
    sql = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            copy.set_types([type_name(table, name) for name in columns])
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as fault:
        # As if the toolkit had run it: it knows a conflict and a lost connection by these.
        lost = bool(driver.closed)
        if lost:
            connection.invalidate(fault)
        raise DBAPIError.instance(
            sql, None, fault, psycopg.Error, connection_invalidated=lost
        ) from fault
