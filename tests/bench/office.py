"""The office under a plant with a past: every page, the live board, planning, trace, rebuild.

A real server on a ledger that holds years of closed orders. Of each page p50 and p99 as a browser
waits for it, beside its floor in the same request: the question and the rendering alone, as the
server tells them. Once where nothing happened since, and once behind an event of the floor, so that
nothing that a server remembers of one state makes the next one look fast. Goals: an unchanged board
is answered within 0.5 ms of CPU; an event is on a card of a real browser within 250 ms (p95); 300
live viewers take at most a tenth of a core; explosion and schedule of all open orders take at most
2 s, the trace of the widest lot 1 s with every line; a rebuild makes at least 20,000 events a second.
"""

import argparse
import asyncio
import contextlib
import csv
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from sync.domain.events import OperationReported
from sync.domain.quantity import Quantity
from sync.server.clock import ServerClock
from sync.server.database import Database, sqlite_url
from sync.server.ledger import Ledger
from sync.server.projector import Projector
from sync.server.views import projected
from sync.server.views.plan import known_of, planned, quarter
from tests.bench.gauge import (
    Size,
    cpu_seconds,
    goal,
    load,
    milliseconds,
    now,
    percentile,
    result,
    say,
)
from tests.bench.office_world import EXTENTS, WIDE, World
from tests.office.browser import chromium, visit
from tests.office.pages import pages
from tests.postgres import cluster_of
from tests.sync.server.server_parts import Log as Pushed
from tests.sync.server.server_parts import Server, body

LOOKS: Final = {"small": 15, "full": 100}
LOOKS_SECONDS_MAX: Final = 10.0
PROJECTED_SECONDS_MAX: Final = 10.0
TRACES: Final = 5
RECALL_COLUMNS: Final = 15
UNCHANGED_ASKS: Final = 400
VIEWERS: Final = 300
VIEWED_SECONDS: Final = 10.0
LIVE_EVENTS: Final = 40
PLANS: Final = 3
TOLD_EVENTS: Final = 100_000
CHANGED: Final = "([card, said]) => document.querySelector(card).textContent !== said"
PIECE: Final = Quantity("1", "C62")
Figures = dict[str, Any]


def main() -> None:
    """Measure on one database, and tell it as one line of JSON."""
    asked = _arguments()
    before = load()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-office-")))
        url = _url(asked.database, folder, stack)
        figures = _filled(url, asked.size)
        options = () if asked.database == "sqlite" else ("--database", url)
        server = stack.enter_context(Server(folder, *options, "--open-board"))
        figures |= _served(server, asked.size)
    figures["database"] = asked.database
    result("office", asked.size, before, **figures, goals=_goals(figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.office", description=__doc__)
    parser.add_argument("--size", choices=("small", "full"), default="small")
    parser.add_argument("--database", choices=("sqlite", "pg15", "pg18"), default="sqlite")
    return parser.parse_args()


def _url(kind: str, folder: Path, stack: ExitStack) -> str:
    if kind == "sqlite":
        return sqlite_url(folder / "ledger.sqlite")
    cluster = cluster_of(kind)
    url = cluster.database("template1")
    stack.callback(cluster.drop, url)
    return url


def _filled(url: str, size: Size) -> Figures:
    """The plant's past told and projected; what that took."""
    database = Database(url)
    ledger = Ledger(database, ServerClock())
    world = World(ledger, EXTENTS[size], datetime.now(UTC).date())
    begun, told, count = now(), 0, 0
    for count in world.tell():
        if count - told >= TOLD_EVENTS:
            told = count
            say(f"{told} events told in {now() - begun:.0f} s")
    say(f"{count} events told in {now() - begun:.0f} s; projecting")
    projector = Projector(database)
    begun = now()
    projector.catch_up()
    caught_up = now() - begun
    say(f"views caught up in {caught_up:.0f} s; planning")
    figures = {"events": count, "caught_up_per_s": round(count / caught_up)}
    figures |= _planned(database)
    begun = now()
    projector.rebuild()
    figures["rebuilt_per_s"] = round(count / (now() - begun))
    say(f"rebuilt at {figures['rebuilt_per_s']} events a second")
    database.close()
    return figures


def _planned(database: Database) -> Figures:
    """CPU and wall seconds of explosion and schedule of all that is open, nothing remembered."""
    moment = datetime.now().replace(microsecond=0)  # noqa: DTZ005 — the plan is of the site's clock
    walls, cpus = [], []
    for _ in range(PLANS):
        wall, cpu = now(), time.process_time()
        database.read_now(lambda conn: planned(known_of(conn, quarter(moment), projected(conn))))
        walls.append(now() - wall)
        cpus.append(time.process_time() - cpu)
    return {"plan_s": round(statistics.median(walls), 3), "plan_cpu_s": round(min(cpus), 3)}


def _served(server: Server, size: Size) -> Figures:
    floor = Floor(server)
    return {
        "pages": _pages(server, floor, size),
        "unchanged_board_cpu_ms": _unchanged(server),
        **_trace(server, size),
        **_live(server, floor),
        "viewers_share_of_a_core": asyncio.run(_viewed(server)),
    }


class Floor:
    """A station at work: each event is one more good piece of an order that runs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._station = server.enrol("ST-LIVE", work_centers=("WC-00",))
        self._log = Pushed()
        asked = {"status": "started", "limit": "1"}
        started = server.client.get("/v1/orders", params=asked, headers=server.admin)
        self.order = str(started.json()["items"][0]["order"])

    def report(self) -> None:
        """Push one more event."""
        number = len(self._log.bodies)
        self._log.bodies.append(body(_one_more(self.order, number)))
        assert self._station.push(self._log, after=number).status_code == 200

    def reported(self) -> None:
        """The same, and wait until the views tell it."""
        before, end = self._tag(), now() + PROJECTED_SECONDS_MAX
        self.report()
        while self._tag() == before:
            assert now() < end, "the views do not tell what was pushed"

    def _tag(self) -> str:
        """What names the state of the views."""
        path = f"/v1/orders/{self.order}"
        return str(self._server.client.get(path, headers=self._server.admin).json()["good"])


def _pages(server: Server, floor: Floor, size: Size) -> dict[str, Figures]:
    """Each page as a browser waits for it, beside its floor in the same request."""
    addresses = pages("P-000001", "PROD-01", WIDE[1], "WC-01", WIDE[0])
    addresses |= {
        "order-open": f"/order?number={floor.order}",
        "orders-searched": "/orders?q=product+7",
        "stock-material": f"/stock?material={WIDE[0]}",
        "stock-lots": "/stock?view=lots",
        "stock-blocked": "/stock?view=lots&status=blocked",
        "stock-below": "/stock?view=lots&status=below",
        "found": "/find?q=P-0001",
    }
    found = {}
    for name, path in addresses.items():
        found[name] = _looked(server, path, LOOKS[size])
        behind = _looked(server, path, LOOKS[size] // 5, floor.reported)
        found[name]["behind_an_event"] = {
            name: figure for name, figure in behind.items() if name.endswith("_ms")
        }
        say(f"{name}: {found[name]}")
    return found


def _looked(
    server: Server, path: str, looks: int, before: Callable[[], None] = lambda: None
) -> Figures:
    waits: list[float] = []
    floors: list[float] = []
    status = size = 0
    end = now() + LOOKS_SECONDS_MAX
    while len(waits) < looks and now() < end:
        before()
        begun = now()
        answer = server.client.get(path, headers=server.admin)
        waits.append(now() - begun)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        status, size = answer.status_code, len(answer.content)
        told = answer.headers.get("server-timing", "").partition("dur=")[2]
        floors.append(float(told or "nan") / 1000)
    figures: Figures = {"status": status, "kilobytes": size // 1000, "looks": len(waits)}
    figures |= {"p50_ms": milliseconds(percentile(waits, 50))}
    figures |= {"p99_ms": milliseconds(percentile(waits, 99))}
    if floors[0] == floors[0]:  # a page without a question tells none
        figures["floor_p50_ms"] = milliseconds(percentile(floors, 50))
    return figures


def _unchanged(server: Server) -> float:
    """Milliseconds of the server's CPU for a board that did not change."""
    first = server.client.get("/board", headers=server.admin)
    headers = {**server.admin, "If-None-Match": first.headers["etag"]}
    before = cpu_seconds(server.pid)
    for _ in range(UNCHANGED_ASKS):
        assert server.client.get("/board", headers=headers).status_code in {200, 304}
    return milliseconds((cpu_seconds(server.pid) - before) / UNCHANGED_ASKS)


def _trace(server: Server, size: Size) -> Figures:
    """Seconds for everything that the widest lot went into, as a table with every line.

    The first one too, which finds nothing of it in memory.
    """
    query = {"material": WIDE[0], "lot": WIDE[1], "format": "csv"}
    seconds: list[float] = []
    for _ in range(TRACES):
        begun = now()
        answer = server.client.get("/trace/recall", params=query, headers=server.admin)
        seconds.append(now() - begun)
        lines = list(csv.reader(io.StringIO(answer.text)))[1:]
        assert len(lines) == EXTENTS[size].closed + EXTENTS[size].open // 2, len(lines)
        assert {len(line) for line in lines} == {RECALL_COLUMNS}
        assert {tuple(line[6:8]) for line in lines} == {WIDE}
    say(f"widest trace: {len(lines)} lines, {len(answer.content) // 1000} kB, {seconds}")
    found = {"widest_trace_s": statistics.median(seconds), "widest_trace_first_s": seconds[0]}
    return {name: round(figure, 3) for name, figure in found.items()}


def _live(server: Server, floor: Floor) -> Figures:
    """Milliseconds from the push of an event to its card in a real browser."""
    waits: list[float] = []
    card = f"#order-{floor.order} .amount b"
    with chromium() as browser, visit(browser, server.url) as tab:
        tab.open("/board")
        tab.page.locator(card).wait_for()
        for _ in range(LIVE_EVENTS):
            said = tab.page.locator(card).inner_text()
            begun = now()
            floor.report()
            tab.page.wait_for_function(CHANGED, arg=[card, said], polling=5)
            waits.append(now() - begun)
    return {
        "card_p50_ms": milliseconds(percentile(waits, 50)),
        "card_p95_ms": milliseconds(percentile(waits, 95)),
    }


def _one_more(order: str, number: int) -> OperationReported:
    """One more piece is good at the last operation."""
    where: Figures = {"order": order, "operation": "40", "work_center": "WC-15"}
    stamp: Figures = {"station": "ST-LIVE", "operator": "anna", "n": number + 1}
    return OperationReported(**where, good=PIECE, **stamp)


async def _viewed(server: Server) -> float:
    """Share of a core that the server takes while so many watch and nothing changes."""
    limits = httpx.Limits(max_connections=VIEWERS + 10)
    async with httpx.AsyncClient(
        base_url=server.url, headers=server.admin, limits=limits, timeout=None, trust_env=False
    ) as client:
        looking = [asyncio.create_task(_look(client)) for _ in range(VIEWERS)]
        await asyncio.sleep(3)
        before, begun = cpu_seconds(server.pid), now()
        await asyncio.sleep(VIEWED_SECONDS)
        share = (cpu_seconds(server.pid) - before) / (now() - begun)
        for one in looking:
            one.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
    return round(share, 4)


async def _look(client: httpx.AsyncClient) -> None:
    with contextlib.suppress(httpx.HTTPError):
        async with client.stream("GET", "/live") as answer:
            async for _ in answer.aiter_bytes():
                pass


def _goals(figures: Figures) -> list[Figures]:
    return [
        goal("unchanged board, ms of CPU", figures["unchanged_board_cpu_ms"], 0.5),
        goal("event to card p95, ms", figures["card_p95_ms"], 250),
        goal("300 viewers, share of a core", figures["viewers_share_of_a_core"], 0.1),
        goal("explosion and schedule, s", figures["plan_s"], 2.0),
        goal("widest trace, s", figures["widest_trace_s"], 1.0),
        goal("rebuilt events a second", figures["rebuilt_per_s"], 20_000, least=True),
    ]


if __name__ == "__main__":
    main()
