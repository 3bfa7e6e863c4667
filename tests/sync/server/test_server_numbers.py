"""Number ranges: one counter a kind, raised above what stations report, never given out twice."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sync.domain.events import NumbersGranted
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.export import export_now
from sync.server.ledger import Ledger
from sync.server.numbers import (
    ANSWER_SECONDS,
    JUMP_NUMBERS_MAX,
    KINDS_MAX,
    NUMBER_MAX,
    WANTED_NUMBERS_MAX,
    grant,
)
from sync.server.settings import (
    INCARNATION,
    NUMBERS_SKIP,
    NUMBERS_SKIPS_MAX,
    made_once,
    new_incarnation,
    numbers_skip,
)
from tests.sync.server.server_parts import Log, help_called

ONE, TWO = "1" * 32, "2" * 32
NOW_MS = 1_800_000_000_000


def database_at(folder: Path) -> Database:
    database = Database(sqlite_url(folder / "ledger.sqlite"))
    database.write_now(lambda conn: made_once(conn, INCARNATION))
    return database


@pytest.fixture
def born(database: Database) -> Database:
    """A ledger of its first incarnation, on every engine."""
    database.write_now(lambda conn: made_once(conn, INCARNATION))
    return database


def granted(
    database: Database,
    origin: str,
    reported: Mapping[str, int],
    wanted: Mapping[str, int],
    now_ms: int = NOW_MS,
) -> list[tuple[str, int, int]]:
    made = database.write_now(lambda conn: grant(conn, origin, reported, wanted, now_ms))
    assert all(isinstance(event, NumbersGranted) and event.origin == origin for event in made)
    return [(event.kind, event.first, event.last) for event in made]


def test_ranges_follow_each_other_by_kind(born: Database) -> None:
    assert granted(born, ONE, {}, {"lot": 100, "sscc": 5}) == [("lot", 1, 100), ("sscc", 1, 5)]
    assert granted(born, TWO, {}, {"lot": 50}) == [("lot", 101, 150)]
    assert granted(born, ONE, {"lot": 100, "sscc": 5}, {}) == []
    assert granted(born, ONE, {"lot": 100}, {"lot": 10}) == [("lot", 151, 160)]


def test_a_want_said_again_before_the_grant_arrived_is_the_same_want(born: Database) -> None:
    assert granted(born, ONE, {}, {"lot": 100}) == [("lot", 1, 100)]
    assert granted(born, ONE, {}, {"lot": 100}, NOW_MS + 59_999) == []
    late = NOW_MS + ANSWER_SECONDS * 1000
    assert granted(born, ONE, {}, {"lot": 100}, late) == [("lot", 101, 200)]
    assert granted(born, ONE, {"lot": 200}, {"lot": 1}, late) == [("lot", 201, 201)]


def test_a_new_origin_of_the_station_is_granted_a_range_of_its_own_at_once(born: Database) -> None:
    assert granted(born, ONE, {}, {"lot": 100}) == [("lot", 1, 100)]
    assert granted(born, TWO, {}, {"lot": 100}) == [("lot", 101, 200)]


def test_a_number_above_the_counter_makes_it_skip_before_it_grants(born: Database) -> None:
    assert granted(born, ONE, {"lot": 7_300}, {"lot": 10}) == [("lot", 8_301, 8_310)]
    assert granted(born, TWO, {"lot": 7_900}, {"lot": 10}) == [("lot", 8_311, 8_320)]


def test_a_new_incarnation_skips_what_may_be_forgotten(born: Database) -> None:
    granted(born, ONE, {}, {"lot": 100})
    left_out = numbers_skip(born.write_now(new_incarnation))
    first = 100 + left_out + 1
    assert granted(born, TWO, {}, {"lot": 10}) == [("lot", first, first + 9)]
    assert granted(born, TWO, {}, {"lost kind": 1}) == [("lost kind", left_out + 1, left_out + 1)]


def test_incarnations_do_not_all_skip_as_many() -> None:
    skips = {numbers_skip(f"{n:032x}") for n in range(1_000)}
    assert skips == {NUMBERS_SKIP * n for n in range(1, NUMBERS_SKIPS_MAX + 1)}


@pytest.mark.parametrize(
    ("reported", "wanted"),
    [
        ({}, {"lot": 0}),
        ({}, {"lot": -5}),
        ({}, {"lot": WANTED_NUMBERS_MAX + 1}),
        ({}, {"": 1}),
        ({}, {"a\nb": 1}),
        ({}, {"k" * 1_000: 1}),
        ({"lot": 2**53}, {}),
        ({"lot": -1}, {}),
    ],
)
def test_a_senseless_want_is_passed_over(
    born: Database, reported: Mapping[str, int], wanted: Mapping[str, int]
) -> None:
    assert granted(born, ONE, reported, wanted) == []
    assert granted(born, ONE, {}, {"lot": 1}) == [("lot", 1, 1)]


def test_only_so_many_kinds_and_numbers_are_there(born: Database) -> None:
    assert len(granted(born, ONE, {}, {f"kind {n:03}": 1 for n in range(500)})) == KINDS_MAX
    top = f"INSERT INTO head (name, position) VALUES ('numbers:lot', {NUMBER_MAX - 1})"
    born.write_now(lambda conn: conn.exec_driver_sql(top).rowcount)
    assert granted(born, ONE, {}, {"lot": 2}) == []
    assert granted(born, TWO, {}, {"lot": 1}) == [("lot", NUMBER_MAX, NUMBER_MAX)]
    assert granted(born, TWO, {"lot": NUMBER_MAX}, {"lot": 1}) == []


@settings(max_examples=20, deadline=None)
@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from((ONE, TWO, "3" * 32)),
            st.dictionaries(st.sampled_from(("lot", "sscc")), st.integers(0, 9_000)),
            st.dictionaries(st.sampled_from(("lot", "sscc")), st.integers(0, 200)),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_no_number_is_granted_twice_or_after_it_was_reported(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[tuple[str, dict[str, int], dict[str, int], bool]],
) -> None:
    database = database_at(tmp_path_factory.mktemp("numbers"))
    highest: dict[str, int] = {}
    for count, (origin, reported, wanted, restored) in enumerate(asked):
        if restored:
            database.write_now(new_incarnation)
        for kind, number in reported.items():
            highest[kind] = max(highest.get(kind, 0), number)
        now_ms = NOW_MS + count * 100_000
        for kind, first, last in granted(database, origin, reported, wanted, now_ms):
            assert first > highest.get(kind, 0)
            assert last - first + 1 == wanted[kind]
            highest[kind] = last
    database.close()


def test_a_push_that_wants_numbers_has_them_in_the_office_s_log(database: Database) -> None:
    ledger = Ledger(database, ServerClock(), grant)
    log = Log(help_called(2))
    header = structs.replace(log.header(0), wanted={"lot": 40}, numbers={"sscc": 9})
    for _ in range(2):
        ledger.receive_now(log.origin, "MIX-1", header, log.bodies)
    exported = b"".join(export_now(database)).decode().splitlines()
    events = [json.loads(line)["event"] for line in exported]
    found = [one for one in events if one["type"] == "NumbersGranted"]
    assert [(one["origin"], one["kind"], one["first"], one["last"]) for one in found] == [
        (log.origin, "lot", 1, 40)
    ]
    assert {one["station"] for one in found} == {"office"}
    assert len(events) == 3


def test_a_number_that_no_ledger_can_have_granted_uses_nothing_up(born: Database) -> None:
    assert granted(born, ONE, {}, {"lot": 10}) == [("lot", 1, 10)]
    assert granted(born, TWO, {"lot": NUMBER_MAX - NUMBERS_SKIP}, {"lot": 5}) == [("lot", 11, 15)]
    believed = 15 + JUMP_NUMBERS_MAX
    first = believed + NUMBERS_SKIP + 1
    assert granted(born, TWO, {"lot": believed}, {}) == []
    assert granted(born, ONE, {}, {"lot": 1}, NOW_MS + 60_000) == [("lot", first, first)]


PREFIX, OTHER = "3952123", "0123456789012"


def units(
    database: Database,
    origin: str,
    reported: Mapping[str, int],
    wanted: int,
    prefix: str,
    at: int = 0,
) -> list[tuple[str, int, int]]:
    """(prefix, first, last) of the names of units that are granted."""
    asked = {"sscc": wanted} if wanted else {}
    made = database.write_now(
        lambda conn: grant(conn, origin, reported, asked, NOW_MS + at * 1000, prefix)
    )
    assert {event.kind for event in made} <= {"sscc"}
    return [(event.prefix, event.first, event.last) for event in made]


def test_names_of_units_carry_the_company_prefix_and_other_kinds_do_not(born: Database) -> None:
    assert units(born, ONE, {}, 100, PREFIX) == [(PREFIX, 1, 100)]
    assert units(born, TWO, {}, 100, PREFIX) == [(PREFIX, 101, 200)]
    made = born.write_now(lambda conn: grant(conn, ONE, {}, {"lot": 10}, NOW_MS, PREFIX))
    assert [(event.prefix, event.first) for event in made] == [("", 1)]


def test_another_company_prefix_is_another_kind_of_range_at_once(born: Database) -> None:
    assert units(born, ONE, {}, 100, "") == [("", 1, 100)]
    entered = units(born, ONE, {"sscc": 100}, 0, PREFIX, 1)
    assert entered == [(PREFIX, 1, 1_000)]
    assert units(born, ONE, {"sscc": 100}, 0, PREFIX, 2) == []
    assert units(born, ONE, {"sscc": 100, f"sscc:{PREFIX}": 1_000}, 0, PREFIX, 90) == []
    back = units(born, ONE, {"sscc": 100, f"sscc:{PREFIX}": 1_000}, 0, "", 91)
    assert back == [("", 101, 1_100)]
    assert units(born, TWO, {"sscc": 1_100}, 0, PREFIX, 92) == []


def test_a_long_company_prefix_is_shared_by_many_and_never_overrun(born: Database) -> None:
    assert units(born, ONE, {}, 1_000, OTHER) == [(OTHER, 1, 99)]
    top = f"UPDATE head SET position = 9990 WHERE name = 'numbers:sscc:{OTHER}'"
    born.write_now(lambda conn: conn.exec_driver_sql(top).rowcount)
    assert units(born, TWO, {}, 1_000, OTHER) == []


def test_a_restored_ledger_grants_no_name_of_a_unit_again(born: Database) -> None:
    known = {f"sscc:{PREFIX}": 700}
    assert units(born, TWO, known, 10, PREFIX) == [(PREFIX, 1_701, 1_710)]
