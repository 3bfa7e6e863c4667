"""The network fails in a namespace of its own: away, deaf in one direction, lossy, thin; drained after.

Packets of the room's loopback are dropped or slowed by the kernel, as a switch or a cable does it.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.faults.room import Room, missing_tools, namespace
from tests.missing import missing

ACTS: Final = 40
DRAINED_SECONDS_MAX: Final = 8.0
HIDDEN_SECONDS: Final = 1.5
LOSSY_SECONDS_MAX: Final = 40.0


@pytest.fixture(scope="module")
def quiet_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A server and a station whose only network is theirs."""
    lacks = missing_tools()
    if lacks:
        missing(lacks, "run as root on Debian, with deploy/test-tools")
    with namespace() as inside, Room(tmp_path_factory.mktemp("room"), inside) as made:
        made.run("ip", "link", "set", "lo", "mtu", "1500")
        made.run("nft", "add table inet cut")
        made.run("nft", "add chain inet cut in { type filter hook input priority 0; }")
        made.station("MIX-1")
        yield made


@pytest.fixture
def room(quiet_room: Room) -> Iterator[Room]:
    """The same with all sent, and with a whole network again after the test."""
    quiet_room.act("MIX-1", 5)
    assert quiet_room.waiting("MIX-1", DRAINED_SECONDS_MAX) == 0
    yield quiet_room
    mend(quiet_room)


def port(room: Room) -> str:
    return room.url.rpartition(":")[2]


def mend(room: Room) -> None:
    """The network is whole again."""
    room.run("nft", "flush chain inet cut in")
    room.run("tc", "qdisc", "replace", "dev", "lo", "root", "pfifo")


CUTS: Final = {
    "partition": ["tcp dport {port} drop", "tcp sport {port} drop"],
    "requests arrive, answers do not": ["tcp sport {port} drop"],
    "answers could come, requests do not arrive": ["tcp dport {port} drop"],
}


@pytest.mark.parametrize("rules", CUTS.values(), ids=CUTS.keys())
def test_a_cut_loses_nothing_and_drains(room: Room, rules: list[str]) -> None:
    for rule in rules:
        room.run("nft", f"add rule inet cut in {rule.format(port=port(room))}")
    room.act("MIX-1", ACTS)
    assert room.waiting("MIX-1", HIDDEN_SECONDS) > 0
    mend(room)
    assert room.waiting("MIX-1", DRAINED_SECONDS_MAX) == 0
    assert room.wrongs() == []


def test_a_fifth_of_all_packets_is_lost(room: Room) -> None:
    room.run("nft", "add rule inet cut in numgen random mod 100 < 20 drop")
    room.act("MIX-1", ACTS)
    assert room.waiting("MIX-1", LOSSY_SECONDS_MAX) == 0
    room.act("MIX-1", ACTS)
    mend(room)
    assert room.waiting("MIX-1", DRAINED_SECONDS_MAX) == 0
    assert room.wrongs() == []


@pytest.mark.long
def test_a_thin_link_carries_it_all(room: Room) -> None:
    room.run(
        "tc",
        *[
            "qdisc",
            "replace",
            "dev",
            "lo",
            "root",
            "tbf",
            "rate",
            "256kbit",
            "burst",
            "8kb",
            "latency",
            "400ms",
        ],
    )
    for _ in range(5):
        room.act("MIX-1", ACTS)
    assert room.waiting("MIX-1", LOSSY_SECONDS_MAX) == 0
    assert room.wrongs() == []


def test_the_link_comes_and_goes(room: Room) -> None:
    """Ten times, in the middle of what is under way; the server is killed once meanwhile."""
    for turn in range(10):
        room.run("nft", f"add rule inet cut in tcp sport {port(room)} drop")
        room.act("MIX-1", ACTS // 4)
        if turn == 5:
            room.kill_server()
            room.start_server()
        mend(room)
        room.act("MIX-1", ACTS // 4)
    assert room.waiting("MIX-1", DRAINED_SECONDS_MAX) == 0
    assert room.wrongs() == []
