"""How a slice's rows come into the view tables: one statement for many rows on either database.

SQLite takes a prepared statement row by row. PostgreSQL takes an array a column, in one round trip:
there a statement takes one row of each key. The arrays are written here: the driver's own writing
of an array costs as much as all that PostgreSQL does with it.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

from sync.server.rows import (
    STATEMENTS_COUNT_MAX,
    Row,
    equal_sqlite,
    on_sqlite,
    put_sqlite,
    set_sqlite,
    type_name,
)


def put_rows(
    connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows, or replace those of the same key."""
    if not rows:
        return
    names = tuple(columns)
    if on_sqlite(connection):
        connection.exec_driver_sql(_put_sqlite(table, names), list(rows))
        return
    keys = [n for n, name in enumerate(names) if table.c[name].primary_key]
    last = {tuple(row[n] for n in keys): row for row in rows}
    _with_arrays(connection, _put_arrays(table, names), table, names, last.values())


def drop_rows(
    connection: Connection, table: Table, columns: Sequence[str], keys: Collection[Row]
) -> None:
    """Delete the rows whose columns are one of the keys."""
    if not keys:
        return
    names = tuple(columns)
    if on_sqlite(connection):
        connection.exec_driver_sql(_drop_sqlite(table.name, names), list(keys))
    else:
        _with_arrays(connection, _drop_arrays(table, names), table, names, keys)


def set_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    keys: Sequence[str],
    rows: Sequence[Row],
) -> None:
    """Set columns of the rows with these keys; each of `rows` is (*columns, *keys).

    Of several rows of the same keys the first holds.
    """
    if not rows:
        return
    sets, where = tuple(columns), tuple(keys)
    if on_sqlite(connection):
        connection.exec_driver_sql(set_sqlite(table.name, sets, where), list(rows))
    else:
        first = {row[len(sets) :]: row for row in reversed(rows)}
        sql = _set_arrays(table, sets, where)
        _with_arrays(connection, sql, table, (*sets, *where), first.values())


def _with_arrays(
    connection: Connection, sql: str, table: Table, names: Sequence[str], rows: Collection[Row]
) -> None:
    columns = zip(names, zip(*rows, strict=True), strict=True)
    arrays = tuple(_array(type_name(table, name), values) for name, values in columns)
    connection.exec_driver_sql(sql, arrays)


def _array(kind: str, values: Sequence[Any]) -> str:
    """The values as PostgreSQL reads an array of a type of `type_name`."""
    if kind == "text":
        written = '","'.join(values)
        if "\\" in written or written.count('"') != 2 * (len(values) - 1):
            written = '","'.join(map(_escaped, values))
        return f'{{"{written}"}}'
    if kind == "bytea":
        written = '","\\\\x'.join([one.hex() for one in values])
        return f'{{"\\\\x{written}"}}'
    return f"{{{','.join(map(str, values))}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _arrays(table: Table, columns: Sequence[str]) -> str:
    """The signs for an array of each column's values."""
    return ", ".join(f"%s::{type_name(table, name)}[]" for name in columns)


def _all_equal(names: Sequence[str], left: str, right: str) -> str:
    return " AND ".join(f"{left}{name} = {right}{name}" for name in names)


@lru_cache(STATEMENTS_COUNT_MAX)
def _put_sqlite(table: Table, columns: tuple[str, ...]) -> str:
    return f"{put_sqlite(table.name, columns)} {_or_set(table, columns)}"


@lru_cache(STATEMENTS_COUNT_MAX)
def _put_arrays(table: Table, columns: tuple[str, ...]) -> str:
    arrays = _arrays(table, columns)
    insert = f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT * FROM unnest({arrays})"
    return f"{insert} {_or_set(table, columns)}"


def _or_set(table: Table, columns: Sequence[str]) -> str:
    """What to do with a row of the same key: set the rest where it lies, its key's index stays."""
    keys = ", ".join(column.name for column in table.primary_key)
    others = [name for name in columns if not table.c[name].primary_key]
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in others)
    return f"ON CONFLICT ({keys}) DO {f'UPDATE SET {sets}' if sets else 'NOTHING'}"


@lru_cache(STATEMENTS_COUNT_MAX)
def _drop_sqlite(table: str, columns: tuple[str, ...]) -> str:
    return f"DELETE FROM {table} WHERE {equal_sqlite(columns)}"


@lru_cache(STATEMENTS_COUNT_MAX)
def _drop_arrays(table: Table, columns: tuple[str, ...]) -> str:
    arrays = _arrays(table, columns)
    return (
        f"DELETE FROM {table.name} USING unnest({arrays}) AS gone ({', '.join(columns)})"
        f" WHERE {_all_equal(columns, f'{table.name}.', 'gone.')}"
    )


@lru_cache(STATEMENTS_COUNT_MAX)
def _set_arrays(table: Table, columns: tuple[str, ...], keys: tuple[str, ...]) -> str:
    arrays = _arrays(table, (*columns, *keys))
    named = ", ".join((*(f"new_{name}" for name in columns), *(f"old_{name}" for name in keys)))
    sets = ", ".join(f"{name} = new_{name}" for name in columns)
    where = " AND ".join(f"{table.name}.{name} = old_{name}" for name in keys)
    return f"UPDATE {table.name} SET {sets} FROM unnest({arrays}) AS row ({named}) WHERE {where}"
