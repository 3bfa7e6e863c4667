"""The views for reports: as told, equal to what the pages say, standing after a rebuild."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from sync.domain.events import OperatorDefined
from sync.server import bi_views
from sync.server.rows import on_sqlite
from sync.server.views import order_lines
from tests.postgres import Cluster
from tests.sync.server.histories import Plant, Teller

STEPS = 80


@pytest.fixture
def plant(tmp_path: Path, database_url: str) -> Iterator[Plant]:
    """A plant with a past."""
    made = Plant(tmp_path, database_url)
    teller = Teller(made, 7)
    teller.office_start()
    for _ in range(STEPS):
        teller.step()
    teller.finish()
    made.projector.catch_up()
    yield made
    made.close()


def rows(plant: Plant, sql: str) -> list[dict[str, Any]]:
    return plant.database.read_now(
        lambda conn: [dict(row) for row in conn.execute(text(sql)).mappings()]
    )


def whole(plant: Plant) -> dict[str, list[str]]:
    """All that the views tell."""
    return {
        view.name: sorted(map(repr, rows(plant, f"SELECT * FROM {view.name}")))
        for view in bi_views.VIEWS
    }


def test_each_view_has_the_columns_that_are_told(plant: Plant) -> None:
    for view in bi_views.VIEWS:
        [names] = {tuple(row) for row in rows(plant, f"SELECT * FROM {view.name}")} or [()]
        assert names in {(), tuple(column.name for column in view.columns)}, view.name
    counts = {name: len(found) for name, found in whole(plant).items()}
    for name in ("bi_orders", "bi_operations", "bi_consumption", "bi_stock", "bi_master"):
        assert counts[name] > 0, counts
    assert (
        counts["bi_events"]
        == plant.rows("SELECT count(*) FROM event WHERE type <> 'OperatorDefined'")[0][0]
    )


def test_who_has_which_badge_is_not_told(plant: Plant) -> None:
    plant.office(OperatorDefined(person="eva", revision=1, name="Eva", badge="SECRET-7"))
    plant.projector.catch_up()
    assert "SECRET-7" not in str(whole(plant))


def test_amounts_are_those_of_the_pages(plant: Plant) -> None:
    today = plant.ledger.clock.local().date()
    lines = plant.database.read_now(lambda conn: order_lines(conn, today))
    wanted = [
        (
            one.order,
            one.status,
            one.planned.unit,
            *map(Decimal, (one.good.amount, one.scrap.amount)),
        )
        for one in lines
    ]
    found = [
        (
            row["order_number"],
            row["status"],
            row["unit"],
            *(number(row[n]) for n in ("good", "scrap")),
        )
        for row in rows(plant, "SELECT * FROM bi_orders ORDER BY order_number")
    ]
    assert found == wanted
    [told] = rows(plant, "SELECT sum(consumed) AS amount FROM bi_consumption")
    assert (
        number(told["amount"])
        == Decimal(int(plant.rows("SELECT sum(consumed) FROM order_lot")[0][0])) / 1_000_000
    )


def number(value: Any) -> Decimal:
    """An amount as it was meant: a double tells six places."""
    return Decimal(value).quantize(Decimal("0.000001")).normalize() + 0


def test_they_stand_after_a_rebuild_as_before(plant: Plant) -> None:
    before = whole(plant)
    plant.projector.rebuild()
    assert whole(plant) == before


def test_times_are_utc_and_events_tell_their_own(plant: Plant) -> None:
    [event] = rows(plant, "SELECT * FROM bi_events ORDER BY position LIMIT 1 OFFSET 40")
    assert f'"at":"{event["at"]}"' in event["body"]
    assert str(event["received"]).startswith("20")


def test_a_role_reads_what_it_was_granted_and_nothing_else(
    cluster: Cluster, tmp_path: Path
) -> None:
    url = cluster.database("template1")
    plant = Plant(tmp_path, url)
    role = f"report_{secrets.token_hex(4)}"
    owner = create_engine(url)
    with owner.begin() as connection:
        assert not on_sqlite(connection)
        connection.execute(text(f"CREATE ROLE {role}"))
        connection.execute(text(f"GRANT SELECT ON bi_orders, bi_stock TO {role}"))
    plant.projector.rebuild()
    with owner.connect() as connection:
        connection.execute(text(f"SET ROLE {role}"))
        for name in ("bi_orders", "bi_stock"):
            assert connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() == 0
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(text("SELECT * FROM bi_events"))
    plant.close()
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))
    owner.dispose()
    cluster.drop(url)


def test_the_command_explains_every_column() -> None:
    command = [sys.executable, "-m", "sync.server", "bi"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    for view in bi_views.VIEWS:
        assert f"{view.name}: {view.told}" in told
        for column in view.columns:
            assert column.told in told
