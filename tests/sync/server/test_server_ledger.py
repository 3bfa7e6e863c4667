"""The table of the exchange, row by row, on a real ledger; quarantine; proof; export."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.events import HelpCalled, ReasonDefined
from sync.server import ledger as ledger_module
from sync.server.database import UnavailableError
from sync.server.export import export_now
from sync.server.intake import HeaderError
from sync.server.ledger import ForkError, Ledger, OwnerError, read_after
from sync.server.verify import Verdict, verify
from sync.wire import Mark, PushHeader, chain_start, decode
from tests.sync.server.server_parts import Log, body, help_called, ledger_at, new_id, rows


def positions(ledger: Ledger) -> list[int]:
    return [row[0] for row in ledger.database.read_now(lambda conn: read_after(conn, 0, 10_000))]


def stored(ledger: Ledger) -> list[bytes]:
    return [row[1] for row in ledger.database.read_now(lambda conn: read_after(conn, 0, 10_000))]


def test_events_after_the_head_are_stored_and_the_head_moves(ledger: Ledger) -> None:
    log, woken = Log(help_called(5)), []
    ledger.on_append.append(lambda: woken.append(1))
    assert log.push(ledger, count=2).have == log.mark(2)
    outcome = log.push(ledger, after=2)
    assert (outcome.have, outcome.stored, outcome.review) == (log.mark(5), 3, ())
    assert stored(ledger) == log.bodies
    assert positions(ledger) == [1, 2, 3, 4, 5]
    assert woken == [1, 1]


def test_known_events_are_ignored_and_what_follows_is_stored(ledger: Ledger) -> None:
    log = Log(help_called(6))
    log.push(ledger, count=4)
    again = log.push(ledger, after=0, count=3)
    assert (again.have, again.stored) == (log.mark(4), 0)
    further = log.push(ledger, after=1)
    assert (further.have, further.stored) == (log.mark(6), 2)
    assert stored(ledger) == log.bodies


def test_an_empty_push_tells_the_head(ledger: Ledger) -> None:
    log = Log(help_called(2))
    assert log.push(ledger, count=0).have == log.mark(0)
    log.push(ledger)
    assert log.push(ledger, after=1, count=0).have == log.mark(2)


def test_beyond_the_head_nothing_is_stored_and_the_smaller_head_is_told(ledger: Ledger) -> None:
    """The server was restored from a backup: the station goes back and sends again."""
    log = Log(help_called(6))
    log.push(ledger, count=2)
    outcome = log.push(ledger, after=4)
    assert (outcome.have, outcome.stored) == (log.mark(2), 0)
    assert log.push(ledger, after=2).have == log.mark(6)
    assert stored(ledger) == log.bodies


def test_another_digest_at_a_known_place_is_a_fork_with_an_alarm(ledger: Ledger) -> None:
    log = Log(help_called(4))
    log.push(ledger)
    clone = Log([*log.bodies[:2], *help_called(3)], log.origin)
    for after in (1, 2, 3, 4):
        with pytest.raises(ForkError, match="take a new origin") as fault:
            clone.push(ledger, after=after)
        assert fault.value.have == log.mark(4)
    assert stored(ledger) == log.bodies
    alarms = rows(ledger.database, "SELECT kind, origin, subject FROM alarm ORDER BY subject")
    assert alarms == [("fork", log.origin, str(after)) for after in (1, 2, 3, 4)]


def test_after_a_fork_known_ids_get_places_and_stay_one_event(ledger: Ledger) -> None:
    log = Log(help_called(4))
    log.push(ledger, count=3)
    fork = Log(log.bodies)
    outcome = fork.push(ledger)
    assert (outcome.have, outcome.stored) == (fork.mark(4), 4)
    assert stored(ledger) == log.bodies
    places = rows(ledger.database, "SELECT origin, seq, position FROM place ORDER BY origin, seq")
    expected = [(log.origin, n, n) for n in (1, 2, 3)] + [(fork.origin, n, n) for n in (1, 2, 3, 4)]
    assert places == sorted(expected)


def test_a_known_id_with_other_bytes_is_stored_quarantined_and_alarmed(ledger: Ledger) -> None:
    name = new_id()
    first = Log([body(HelpCalled(id=name, work_center="MIX"))])
    second = Log([body(HelpCalled(id=name, work_center="BAKE")), *help_called(1)])
    first.push(ledger)
    outcome = second.push(ledger)
    assert outcome.have == second.mark(2)
    assert len(outcome.review) == 1
    assert stored(ledger) == [first.bodies[0], second.bodies[1]]
    kept = rows(ledger.database, "SELECT body, unreadable FROM event WHERE unreadable != ''")
    assert kept == [(second.bodies[0], f"the id {name} is known with other bytes")]
    alarms = rows(ledger.database, "SELECT kind, subject FROM alarm")
    assert alarms == [("altered", name)]
    third = Log(second.bodies[:1])
    assert third.push(ledger).have == third.mark(1)
    assert verify(ledger.database).bad == ""


UNREADABLE = (
    b"no json",
    b"\xff\xfe\x00",
    b"",
    b'{"type":"NeverHeardOf","id":"0190-x"}',
    b'{"type":"HelpCalled","work_center":"MIX"}',
    b'{"type":"HelpCalled","id":"a","work_center":7}',
    b'{"type":"HelpCalled","id":"b","work_center":"M\\u0000X"}',
    b"[" * 20_000,
    b'{"type":"Ne\\u0000ver","id":"c"}',
    b'{"type":"HelpCalled","id":"d\\u0000","work_center":"MIX"}',
    b'{"type":"HelpCalled","id":"e\\ud800","work_center":"MIX"}',
    b'{"type":"HelpCalled","id":"f","work_center":"MIX\\udc00X"}',
    b'{"type":"HelpCalled","id":"g","work_center":"MIX","\\u0000":1}',
    b'{"type":"HelpCalled","id":"h","act":"' + b"x" * 9_000 + b'","work_center":"MIX"}',
)


def test_what_cannot_be_read_is_stored_acknowledged_and_blocks_nothing(ledger: Ledger) -> None:
    good = help_called(1)
    log, count = Log([*UNREADABLE, *good]), len(UNREADABLE) + 1
    outcome = log.push(ledger)
    assert (outcome.have, outcome.stored) == (log.mark(count), count)
    assert len(outcome.review) == len(UNREADABLE)
    assert stored(ledger) == good
    held = rows(ledger.database, "SELECT body FROM event WHERE unreadable != '' ORDER BY position")
    assert [row[0] for row in held] == list(UNREADABLE)
    told = log.push(ledger, after=count)
    assert sorted(told.review) == sorted(outcome.review)
    assert verify(ledger.database) == Verdict(1, count, count)


def test_the_same_unreadable_bytes_twice_are_one_row_of_two_places(ledger: Ledger) -> None:
    log = Log([b"noise", b"noise"])
    assert log.push(ledger).have == log.mark(2)
    assert rows(ledger.database, "SELECT position FROM event") == [(1,)]
    assert rows(ledger.database, "SELECT seq, position FROM place") == [(1, 1), (2, 1)]


def test_a_newer_program_reads_quarantine_again_once(tmp_path: Path) -> None:
    """An event that can be read now gets a new position: readers have passed the old one."""
    ledger, log = ledger_at(tmp_path), Log([b"noise", *help_called(2)])
    log.push(ledger)
    late = body(HelpCalled(work_center="MIX"))
    name = decode(late).id
    ledger.database.write_now(
        lambda conn: (
            conn.exec_driver_sql(
                "UPDATE event SET body = ?, id = ? WHERE position = 1", (late, name)
            ).rowcount
        )
    )
    assert ledger.reread_quarantine("2.0") == 1
    assert ledger.reread_quarantine("2.0") == 0
    assert stored(ledger) == [*log.bodies[1:], late]
    assert positions(ledger) == [2, 3, 4]
    assert rows(ledger.database, "SELECT position FROM place WHERE seq = 1") == [(4,)]
    ledger.database.close()


def test_rows_gone_for_good_leave_a_gap_and_go_on(ledger: Ledger) -> None:
    log = Log(help_called(8))
    log.push(ledger, count=2)
    outcome = log.push(ledger, after=4, low=5)
    assert outcome.have == log.mark(8)
    gaps = rows(ledger.database, "SELECT origin, from_seq, to_seq FROM gap")
    assert gaps == [(log.origin, 3, 4)]
    assert rows(ledger.database, "SELECT kind, subject FROM alarm") == [("gap", "3")]
    assert stored(ledger) == log.bodies[:2] + log.bodies[4:]
    assert log.push(ledger, after=4, low=5).stored == 0
    assert verify(ledger.database) == Verdict(1, 6, 6)


def test_a_gap_is_told_even_when_the_mark_is_further(ledger: Ledger) -> None:
    log = Log(help_called(8))
    outcome = log.push(ledger, after=6, low=5)
    assert (outcome.have, outcome.stored) == (log.mark(4), 0)
    assert log.push(ledger, after=4, low=5).have == log.mark(8)


def test_a_journal_that_still_has_the_gap_s_rows_is_a_fork(ledger: Ledger) -> None:
    log = Log(help_called(6))
    log.push(ledger, after=4, low=5)
    with pytest.raises(ForkError):
        log.push(ledger, after=2, count=1)


def test_an_origin_belongs_to_the_station_that_first_wrote_it(ledger: Ledger) -> None:
    log = Log(help_called(1))
    log.push(ledger)
    with pytest.raises(OwnerError, match="belongs to station MIX-1, not BAKE-1"):
        ledger.receive_now(log.origin, "BAKE-1", log.header(1), [])


def headers(log: Log) -> list[tuple[str, PushHeader]]:
    start, one = log.mark(0), Mark(1, log.mark(0).digest)
    return [
        ("0..", PushHeader(start, one)),
        (log.origin.upper(), PushHeader(start, one)),
        (log.origin, PushHeader(Mark(-1, start.digest), one)),
        (log.origin, PushHeader(Mark(2**60, start.digest), one)),
        (log.origin, PushHeader(Mark(0, "ab"), one)),
        (log.origin, PushHeader(Mark(1, "z" * 64), one)),
        (log.origin, PushHeader(Mark(0, "0" * 64), one)),
        (log.origin, PushHeader(start, Mark(0, start.digest))),
        (log.origin, PushHeader(start, Mark(2, start.digest))),
    ]


def test_headers_that_contradict_themselves_are_refused(ledger: Ledger) -> None:
    log = Log(help_called(1))
    for origin, header in headers(log):
        with pytest.raises(HeaderError):
            ledger.receive_now(origin, "MIX-1", header, log.bodies)
    assert stored(ledger) == []


def test_office_events_are_stamped_and_chained_under_an_origin_of_the_server(
    ledger: Ledger,
) -> None:
    reasons = [ReasonDefined(reason=name, revision=1, text=name) for name in ("a", "b", "c")]
    made = ledger.append_office_now(reasons[:2], "planner") + ledger.append_office_now(reasons[2:])
    events = [decode(record.body).event for record in made]
    assert stored(ledger) == [record.body for record in made]
    assert [getattr(event, "n", 0) for event in events] == [1, 2, 3]
    assert [getattr(event, "operator", "") for event in events] == ["planner", "planner", "office"]
    assert len({record.id for record in made}) == 3
    assert rows(ledger.database, "SELECT station, head_seq FROM origin") == [("office", 3)]
    assert verify(ledger.database) == Verdict(1, 3, 3)


def test_what_a_station_says_of_itself_is_kept_for_the_board(ledger: Ledger) -> None:
    log = Log(help_called(5))
    header = PushHeader(log.mark(0), Mark(1, log.mark(0).digest), {"sscc": 40}, waiting=9)
    ledger.receive_now(log.origin, "MIX-1", header, log.bodies)
    kept = rows(ledger.database, "SELECT waiting, numbers, contact_ms > 0 FROM origin")
    assert kept == [(4, '{"sscc":40}', 1)]


def test_questions_about_acts_orders_and_marks(ledger: Ledger) -> None:
    act = new_id()
    calls = [HelpCalled(id=new_id(), act=act, work_center="MIX"), HelpCalled(work_center="MIX")]
    Log([body(call) for call in calls]).push(ledger)
    read = ledger.database.read_now
    assert read(lambda conn: ledger_module.positions_of_act(conn, act)) == [1]
    assert read(lambda conn: ledger_module.positions_of_order(conn, "")) == []
    assert read(ledger_module.end_of) == 2
    assert read(lambda conn: ledger_module.backlog(conn, 0, 100)) == 2
    assert read(lambda conn: ledger_module.backlog(conn, 0, 1)) == 1
    ledger.database.write_now(lambda conn: ledger_module.move_mark(conn, "erp", 2))
    ledger.database.write_now(lambda conn: ledger_module.move_mark(conn, "erp", 1))
    assert read(lambda conn: ledger_module.reader_mark(conn, "erp")) == 1


TAMPERED = (
    ("UPDATE event SET body = x'7b7d' WHERE position = 2", "seq 2: the body is not what"),
    ("DELETE FROM event WHERE position = 2", "seq 2: its event is missing"),
    ("DELETE FROM place WHERE seq = 2", "no row at 2, the head is 3"),
    ("DELETE FROM place WHERE seq = 3", "no row at 3, the head is 3"),
    ("UPDATE origin SET head_seq = 2", "the head's digest is not that of seq 2"),
    ("UPDATE event SET id = 'other' WHERE position = 3", "position 3: HelpCalled other is"),
    ("UPDATE event SET type = 'X' WHERE position = 3", "position 3: X "),
    ("UPDATE place SET position = 1 WHERE seq = 1 OR seq = 3", "seq 3: the body is not what"),
)


@pytest.mark.parametrize(("damage", "told"), TAMPERED)
def test_verify_names_the_first_bad_row(tmp_path: Path, damage: str, told: str) -> None:
    ledger, log = ledger_at(tmp_path), Log(help_called(3))
    log.push(ledger)
    ledger.database.write_now(lambda conn: conn.exec_driver_sql(damage).rowcount)
    assert told in verify(ledger.database).bad
    ledger.database.close()


def test_an_event_of_no_origin_is_found(tmp_path: Path) -> None:
    ledger = ledger_at(tmp_path)
    Log(help_called(1)).push(ledger)
    stray = help_called(1)[0]
    ledger.database.write_now(
        lambda conn: (
            conn.exec_driver_sql(
                "INSERT INTO event (position, id, type, body) VALUES (9, ?, 'HelpCalled', ?)",
                (decode(stray).id, stray),
            ).rowcount
        )
    )
    assert verify(ledger.database).bad.endswith("stands in no origin's log")
    ledger.database.close()


def test_export_gives_every_event_with_its_places(ledger: Ledger) -> None:
    log = Log([*help_called(2), b"noise"])
    log.push(ledger)
    fork = Log(log.bodies[:1])
    fork.push(ledger)
    lines = b"".join(export_now(ledger.database)).splitlines()
    told = [json.loads(line) for line in lines]
    assert log.bodies[0] in lines[0]
    assert [line["position"] for line in told] == [1, 2, 3]
    places = sorted([log.origin, 1, log.mark(1).digest] for log in (log, fork))
    assert sorted(told[0]["places"]) == places
    assert told[1]["event"] == json.loads(log.bodies[1])
    assert (told[2]["bytes"], "event" in told[2]) == ("bm9pc2U=", False)
    assert list(export_now(ledger.database, 3)) == []


def test_a_full_disk_stores_nothing_and_makes_no_hole(tmp_path: Path) -> None:
    ledger, log = ledger_at(tmp_path), Log(help_called(4_000))
    log.push(ledger, count=10)
    pages = rows(ledger.database, "PRAGMA page_count")[0][0]
    limited(ledger, pages + 4)
    with pytest.raises(UnavailableError, match="full; look at disk space"):
        log.push(ledger, after=10)
    assert log.push(ledger, after=10, count=0).have == log.mark(10)
    limited(ledger, 2**30)
    assert log.push(ledger, after=10).have == log.mark(4_000)
    assert stored(ledger) == log.bodies
    assert positions(ledger) == list(range(1, 4_001))
    assert verify(ledger.database).bad == ""
    ledger.database.close()


def limited(ledger: Ledger, pages: int) -> None:
    """Let the file grow to so many pages and no further."""
    sql = f"PRAGMA max_page_count = {pages}"
    ledger.database.write_now(lambda conn: conn.exec_driver_sql(sql).fetchall())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 6)), max_size=25
    )
)
def test_any_order_of_pushes_and_forks_ends_with_each_event_once(
    tmp_path_factory: pytest.TempPathFactory, history: list[tuple[int, int, int]]
) -> None:
    """Stations that share part of their events push from anywhere; a refused one forks."""
    folder = tmp_path_factory.mktemp("any")
    ledger, shared = ledger_at(folder), help_called(6)
    logs = [Log(shared), Log([*shared[:3], *help_called(5)]), Log(help_called(2))]
    logs[1].origin = logs[0].origin
    for index, after, count in history:
        log = logs[index]
        try:
            log.push(ledger, min(after, len(log.bodies)), count)
        except ForkError:
            log.origin = new_id().replace("-", "")
    for log in logs:
        try:
            outcome = log.push(ledger)
        except ForkError:
            log.origin = new_id().replace("-", "")
            outcome = log.push(ledger)
        assert outcome.have == log.mark(len(log.bodies))
    everything = {event for log in logs for event in log.bodies}
    assert sorted(stored(ledger)) == sorted(everything)
    assert verify(ledger.database).bad == ""
    assert chain_start(logs[0].origin).hex() == logs[0].mark(0).digest
    ledger.database.close()
