"""Who works at a station whose journal was damaged: the screen asks for a badge, and it signs in."""

from pathlib import Path

from kiosk.clock import Clock
from kiosk.config import Config
from kiosk.dialog import Scanned
from kiosk.station import Station
from labels.codes import BadgeCode, OrderCode
from sync.domain.events import DowntimeStarted
from tests.kiosk.terminals import BADGES, seeded

REASON = "the bit that flips is of this reason"
ORDER = OrderCode("B-1")


def badge() -> Scanned:
    return Scanned(BadgeCode(BADGES["anna"]), b"anna")


async def damaged_at_work(tmp_path: Path, *, order: bool) -> Config:
    """Anna is signed in, perhaps at an order; of a later event one bit is another."""
    config = seeded(tmp_path)
    station = Station.open(config, Clock())
    assert (await station.take(badge())).dialog.person == "anna"
    if order:
        assert (await station.take(Scanned(ORDER, b"B-1"))).dialog.order == "B-1"
    lost = DowntimeStarted(work_center="MIX", reason=REASON, operator="anna")
    station.journal.append([lost]).result()
    path = station.journal.folder / "journal.db"
    station.close()
    content = bytearray(path.read_bytes())
    content[content.rindex(REASON.encode())] ^= 1
    path.write_bytes(content)
    return config


async def assert_signs_in(station: Station) -> None:
    """Her badge begins a session, and she did not sign in twice."""
    assert station.dialog.person is None
    assert station.shop.is_signed_in("BAKE-1", "anna"), "what happened is still known"
    turn = await station.take(badge())
    assert turn.notice
    assert (turn.notice.kind, turn.notice.text) == ("ok", "signed_in")
    assert (turn.dialog.person, turn.events) == ("anna", ())
    assert station.shop.is_signed_in("BAKE-1", "anna")


async def test_the_badge_that_the_screen_asks_for_does_not_sign_out(tmp_path: Path) -> None:
    station = Station.open(await damaged_at_work(tmp_path, order=False), Clock())
    assert station.journal.salvaged
    assert station.journal.salvaged.missing == 1
    await assert_signs_in(station)
    station.close()


async def test_the_work_runs_on_and_the_badge_does_not_leave_it(tmp_path: Path) -> None:
    station = Station.open(await damaged_at_work(tmp_path, order=True), Clock())
    assert station.dialog.order == "B-1"
    assert station.rest().text == "order_running"
    await assert_signs_in(station)
    assert (station.dialog.order, station.dialog.asking) == ("B-1", None)
    station.close()


async def test_a_restart_before_the_badge_still_asks_for_it(tmp_path: Path) -> None:
    config = await damaged_at_work(tmp_path, order=True)
    Station.open(config, Clock()).close()
    station = Station.open(config, Clock())
    assert station.journal.salvaged is None
    await assert_signs_in(station)
    station.close()


async def test_a_badge_that_was_lost_with_the_damage_signs_in_once_it_is_heard_of(
    tmp_path: Path,
) -> None:
    station = Station.open(await damaged_at_work(tmp_path, order=False), Clock())
    known = station.shop.operators.pop("anna")
    refused = await station.take(badge())
    assert refused.notice
    assert refused.notice.text == "badge_unknown"
    station.shop.operators["anna"] = known
    await assert_signs_in(station)
    station.close()
