"""The home of number ranges: labels and serials that no two stations may give out twice.

A range belongs to one origin: a cloned or restored journal has a new origin, and uses none of the
old one's. One counter a kind (in `head`, named `numbers:KIND`) stands at the highest number that
was granted; the names of logistic units have one for each company prefix. A station reports the
highest that it was ever granted. One above the counter can only mean that the ledger was restored,
and that other grants may be lost with it: then the counter skips ahead before it grants again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select, update

from sync.domain.events import NAME_CHARS_MAX, NumbersGranted
from sync.domain.logistic_unit import UNIT_KIND, numbers_max
from sync.domain.numbers import counter_of
from sync.server.rows import insert_rows, rows_with
from sync.server.settings import (
    INCARNATION,
    NUMBERS,
    NUMBERS_SKIP,
    incarnations_before,
    keep_setting,
    numbers_skip,
    setting,
)
from sync.server.tables import head as table

NUMBER_MAX: Final = 2**53 - 1
WANTED_NUMBERS_MAX: Final = 10_000
KINDS_MAX: Final = 20
JUMP_NUMBERS_MAX: Final = 10**12
ANSWER_SECONDS: Final = 60
RANGES_OF_PREFIX_MIN: Final = 100
RENEWED_NUMBERS: Final = 1_000


def grant(
    connection: Connection,
    origin: str,
    reported: Mapping[str, int],
    wanted: Mapping[str, int],
    now_ms: int,
    prefix: str = "",
) -> list[NumbersGranted]:
    """Raise the counters above what a push reports, then grant what it wants, in an open write.

    The caller appends the events in the same transaction. What makes no sense (no name, none or
    too many wanted, a number that none can reach) is passed over: a push is never refused for it.
    A want is repeated until the grant came down by the feed: within a minute it is the same want.
    `prefix` is the extension digit and company prefix of SSCCs; a station that has names of units
    under another one is granted a range under this at once.
    """
    for counter, number in _kinds(reported).items():
        if number > 0:
            _raise(connection, counter, number)
    granted = []
    renewed = _renewed(connection, origin, reported, wanted, prefix)
    for kind, asked in _kinds({**wanted, **renewed}).items():
        count = _fitting(kind, asked, prefix)
        counter = counter_of(kind, _prefix_of(kind, prefix))
        if not count or _answered(connection, origin, kind, counter, reported, now_ms):
            continue
        last = _taken(connection, counter, count, _number_max(kind, prefix))
        if last:
            keep_setting(connection, _said(origin, kind), f"{last} {now_ms} {counter}")
            found = NumbersGranted(
                origin=origin,
                kind=kind,
                first=last - count + 1,
                last=last,
                prefix=_prefix_of(kind, prefix),
            )
            granted.append(found)
    return granted


def hold_counters(
    connection: Connection,
    told: Iterable[tuple[Mapping[str, int], Mapping[str, int]]],
    prefix: str = "",
) -> None:
    """Hold all counters that `grant` takes for pushes, each (reported, wanted); see `locks`."""
    names = sorted({f"{NUMBERS}{one}" for both in told for one in _counted(*both, prefix)})
    held = {row[0] for row in rows_with(connection, table, "name", names, lock=True)}
    _begin(connection, [name for name in names if name not in held])


def _counted(reported: Mapping[str, int], wanted: Mapping[str, int], prefix: str) -> list[str]:
    """The counters that may be raised."""
    known = [kind for kind, number in _kinds(reported).items() if number > 0]
    return known + [
        counter_of(kind, _prefix_of(kind, prefix))
        for kind, count in _kinds(wanted).items()
        if 0 < count <= WANTED_NUMBERS_MAX
    ]


def _prefix_of(kind: str, prefix: str) -> str:
    """Only the names of logistic units are SSCCs."""
    return prefix if kind == UNIT_KIND else ""


def _number_max(kind: str, prefix: str) -> int:
    own = _prefix_of(kind, prefix)
    return min(NUMBER_MAX, numbers_max(own)) if own else NUMBER_MAX


def _fitting(kind: str, count: int, prefix: str) -> int:
    """How many to grant: of a long company prefix no station gets more than a small part."""
    if not 0 < count <= WANTED_NUMBERS_MAX:
        return 0
    return min(count, max(1, _number_max(kind, prefix) // RANGES_OF_PREFIX_MIN))


def _renewed(
    connection: Connection,
    origin: str,
    reported: Mapping[str, int],
    wanted: Mapping[str, int],
    prefix: str,
) -> dict[str, int]:
    """Names of units for an origin whose ranges are of another company prefix than today's."""
    has_some = any(one.partition(":")[0] == UNIT_KIND for one in reported)
    said = setting(connection, _said(origin, UNIT_KIND)).split() if has_some else []
    is_other = bool(said) and [*said, UNIT_KIND][2] != counter_of(UNIT_KIND, prefix)
    return {UNIT_KIND: RENEWED_NUMBERS} if is_other and UNIT_KIND not in wanted else {}


def _begin(connection: Connection, names: Sequence[str]) -> int:
    """Begin new counters; those lost with an older ledger behind the skip. Returns where."""
    is_first = not names or not incarnations_before(connection)
    position = 0 if is_first else numbers_skip(setting(connection, INCARNATION))
    insert_rows(connection, table, ("name", "position"), [(name, position) for name in names])
    return position


def _kinds(told: Mapping[str, int]) -> dict[str, int]:
    """The kinds that have a usable name, in the one order in which all take the counters."""
    usable = (kind for kind in told if 0 < len(kind) <= NAME_CHARS_MAX and kind.isprintable())
    return {kind: told[kind] for kind in sorted(usable)[:KINDS_MAX]}


def _raise(connection: Connection, kind: str, number: int) -> None:
    counter = _counter(connection, kind)
    # No ledger ever granted so many: a wrong journal must not use a kind up for all others.
    believed = min(NUMBER_MAX - NUMBERS_SKIP, counter + JUMP_NUMBERS_MAX)
    if counter < number <= believed:
        _set(connection, kind, number + NUMBERS_SKIP)


def _counter(connection: Connection, kind: str) -> int:
    """The highest number granted."""
    name = f"{NUMBERS}{kind}"
    found = select(table.c.position).where(table.c.name == name).with_for_update()
    counter = connection.execute(found).scalar()
    return _begin(connection, [name]) if counter is None else int(counter)


def _taken(connection: Connection, kind: str, count: int, number_max: int) -> int:
    """The last of so many new numbers; 0 where there are none left."""
    last = _counter(connection, kind) + count
    if last > number_max:
        return 0
    _set(connection, kind, last)
    return last


def _set(connection: Connection, kind: str, number: int) -> None:
    changed = update(table).where(table.c.name == f"{NUMBERS}{kind}").values(position=number)
    connection.execute(changed)


def _answered(
    connection: Connection,
    origin: str,
    kind: str,
    counter: str,
    reported: Mapping[str, int],
    now_ms: int,
) -> bool:
    """Whether this want has its grant already, on the way to the station."""
    said = setting(connection, _said(origin, kind)).split()
    if not said or [*said, kind][2] != counter:  # older programs told no counter
        return False
    last, at_ms = map(int, said[:2])
    return reported.get(counter, 0) < last and 0 <= now_ms - at_ms < ANSWER_SECONDS * 1000


def _said(origin: str, kind: str) -> str:
    return f"granted:{origin}:{kind}"
