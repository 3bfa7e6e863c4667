"""The line between bench and supervisor, over real Unix sockets."""

import queue
from pathlib import Path

from kiosk.demo.control import Control, ControlServer, ask

SOON = 5.0


def test_asks_arrive_and_what_is_told_reaches_every_bench(tmp_path: Path) -> None:
    asked: queue.Queue[object] = queue.Queue()
    server = ControlServer(tmp_path / "c", asked.put)
    heard: list[queue.Queue[object]] = [queue.Queue(), queue.Queue()]
    benches = [Control(server.path, one.put) for one in heard]
    for bench in benches:
        bench.start()
        bench.ask("network")
    assert [asked.get(timeout=SOON) for _ in benches] == [{"do": "network"}] * 2
    server.tell(say="gone", network=False)
    for one in heard:
        told = one.get(timeout=SOON)
        assert (told or one.get(timeout=SOON)) == {"say": "gone", "network": False}
    for bench in benches:
        bench.close()
    server.close()


def test_a_later_bench_hears_the_newest(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / "c", lambda _ask: None)
    server.tell(say="one")
    server.tell(say="two", network=True)
    heard: queue.Queue[object] = queue.Queue()
    bench = Control(server.path, heard.put)
    bench.start()
    assert heard.get(timeout=SOON) == {"say": "two", "network": True}
    bench.close()
    server.close()


def test_who_asks_and_hangs_up_at_once_is_heard(tmp_path: Path) -> None:
    asked: queue.Queue[object] = queue.Queue()
    server = ControlServer(tmp_path / "c", asked.put)
    for _ in range(20):
        assert ask(server.path, "network")
        assert asked.get(timeout=SOON) == {"do": "network"}
    server.close()
    assert not ask(server.path, "network")
