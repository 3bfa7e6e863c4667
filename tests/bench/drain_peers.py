"""What drain is measured beside: Mosquitto and NATS JetStream, each from a durable outbox on.

Mosquitto, QoS 1: a subscriber in a process of its own stores what waits in one commit (WAL, FULL)
and acknowledges it then, a window of messages at a time. JetStream flushes each message before it
acknowledges it, so the broker itself is where events are safe. Events go one by one, or 500 in a
message. Times are CPU, in microseconds an event.
"""

import argparse
import asyncio
import queue
import signal
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.bench.bare_tables import SqliteTable
from tests.bench.daemons import Process, mosquitto, nats
from tests.bench.gauge import BenchError, MissingError, now, python

BATCH_EVENTS: Final = 500
WINDOW_MESSAGES: Final = 20
ACKNOWLEDGE_SECONDS_MAX: Final = 120.0
TOPIC: Final = "events"
POLL_SECONDS: Final = 0.05
READY, STORED = "READY", "STORED"
Round = dict[str, float]


class Outbox:
    """Events in SQLite with a mark, as a publisher keeps them."""

    def __init__(self, file: Path, bodies: Iterable[bytes]) -> None:
        self._database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("CREATE TABLE event(seq INTEGER PRIMARY KEY, body BLOB)")
        self._database.execute("CREATE TABLE mark(seq INTEGER)")
        self._database.execute("INSERT INTO mark VALUES (0)")
        self._database.execute("BEGIN")
        rows = ((body,) for body in bodies)
        self._database.executemany("INSERT INTO event(body) VALUES (?)", rows)
        self._database.execute("COMMIT")
        self._database.execute("PRAGMA synchronous = FULL")
        self.count: int = self._database.execute("SELECT count(*) FROM event").fetchone()[0]

    def after(self, seq: int, limit: int) -> list[bytes]:
        """The next events."""
        found = self._database.execute(
            "SELECT body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        )
        return [bytes(body) for (body,) in found]

    def messages(self, events_each: int) -> Iterator[bytes]:
        """All events as messages: one event's bytes, or an array of them."""
        seq = 0
        while bodies := self.after(seq, max(events_each, BATCH_EVENTS)):
            seq += len(bodies)
            if events_each == 1:
                yield from bodies
            else:
                yield b"[" + b",".join(bodies) + b"]"

    def mark(self, seq: int) -> None:
        """All up to that event is safe."""
        self._database.execute("UPDATE mark SET seq = ?", (seq,))

    def close(self) -> None:
        self._database.close()


def mqtt_round(folder: Path, bodies: list[bytes], events_each: int) -> Round:
    """All events to the subscriber's table; raises `MissingError`."""
    client = _paho()
    broker, address = mosquitto(folder / "mosquitto")
    subscriber: Process | None = None
    try:
        words = (str(address), str(folder / "subscriber.db"), str(len(bodies)))
        command = python("tests.bench.drain_peers", *words)
        subscriber = Process(command, folder / "subscriber.log")
        _expect(subscriber, READY)
        with closing(Outbox(folder / "outbox.db", bodies)) as outbox:
            return _published(client, address, outbox, events_each, (broker, subscriber))
    finally:
        if subscriber:
            subscriber.stop()
        broker.stop()


def _expect(subscriber: Process, word: str) -> None:
    said = subscriber.line()
    if said != word:
        raise BenchError(f"the subscriber said {said!r}, not {word}: {subscriber.log}")


def _published(
    client: Any, address: Path, outbox: Outbox, events_each: int, others: tuple[Process, Process]
) -> Round:
    broker, subscriber = others
    client.max_inflight_messages_set(WINDOW_MESSAGES)
    client.connect(str(address))
    client.loop_start()
    ours, theirs, began = time.process_time(), [one.cpu for one in others], now()
    events, waiting = 0, queue.SimpleQueue[int]()
    client.on_publish = lambda *_: waiting.put(1)
    flying = 0
    for message in outbox.messages(events_each):
        while flying >= WINDOW_MESSAGES:
            flying -= waiting.get(timeout=ACKNOWLEDGE_SECONDS_MAX)
            events += events_each
            if events % BATCH_EVENTS == 0:
                outbox.mark(events)
        client.publish(TOPIC, message, qos=1)
        flying += 1
    _expect(subscriber, STORED)
    seconds, cpu = now() - began, time.process_time() - ours
    spent = [one.cpu - before for one, before in zip((broker, subscriber), theirs, strict=True)]
    client.disconnect()
    client.loop_stop()
    return _told(outbox.count, seconds, publisher=cpu, broker=spent[0], subscriber=spent[1])


def _told(events: int, seconds: float, **cpu: float) -> Round:
    micros = 1e6 / events
    parts = {name: spent * micros for name, spent in cpu.items()}
    return {
        **parts,
        "both": sum(parts.values()),
        "events": events,
        "events_a_second": events / seconds,
    }


def nats_round(folder: Path, bodies: list[bytes], events_each: int) -> Round:
    """All events into a stream that flushes each message; raises `MissingError`."""
    try:
        connect = import_module("nats").connect
    except ImportError as fault:
        raise MissingError("nats-py", f"{fault}; pip install nats-py") from None
    broker, url = nats(folder / "nats")
    try:
        with closing(Outbox(folder / "outbox.db", bodies)) as outbox:
            return asyncio.run(_streamed(connect, url, outbox, events_each, broker))
    finally:
        broker.stop()


async def _streamed(
    connect: Callable[[str], Any], url: str, outbox: Outbox, events_each: int, broker: Process
) -> Round:
    connection = await connect(url)
    stream = connection.jetstream(publish_async_max_pending=WINDOW_MESSAGES)
    await stream.add_stream(name=TOPIC, subjects=[TOPIC], storage="file")
    ours, theirs, began = time.process_time(), broker.cpu, now()
    flying: list[Any] = []
    events = 0
    for message in outbox.messages(events_each):
        flying.append(await stream.publish_async(TOPIC, message))
        if len(flying) >= BATCH_EVENTS or events_each > 1:
            events += await _all_safe(flying) * events_each
            outbox.mark(events)
    await _all_safe(flying)
    seconds, cpu, spent = now() - began, time.process_time() - ours, broker.cpu - theirs
    await connection.close()
    return _told(outbox.count, seconds, publisher=cpu, broker=spent)


async def _all_safe(flying: list[Any]) -> int:
    """Wait for all acknowledgements; how many there were."""
    await asyncio.wait_for(asyncio.gather(*flying), ACKNOWLEDGE_SECONDS_MAX)
    count = len(flying)
    flying.clear()
    return count


def _paho() -> Any:
    try:
        module = import_module("paho.mqtt.client")
        version = import_module("paho.mqtt.enums").CallbackAPIVersion.VERSION2
    except ImportError as fault:
        raise MissingError("paho-mqtt", f"{fault}; pip install paho-mqtt") from None
    return module.Client(version, transport="unix")


class Subscriber:
    """Stores messages as they come, all that wait in one commit, and then acknowledges them."""

    def __init__(self, address: Path, file: Path) -> None:
        self._table = SqliteTable(file)
        self._came: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._client = _paho()
        self._client.manual_ack_set(True)
        self._client.on_message = lambda _client, _data, message: self._came.put(message)
        self._client.on_subscribe = lambda *_: print(READY, flush=True)
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.connect(str(address))
        self._client.loop_start()

    def store(self, events: int) -> None:
        """So many events."""
        have = 0
        while have < events:
            messages = self._waiting()
            body = b"[" + b",".join(_plain(one.payload) for one in messages) + b"]"
            have = self._table.store(TOPIC, have + 1, body)
            for one in messages:
                self._client.ack(one.mid, one.qos)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._table.close()

    def _waiting(self) -> list[Any]:
        messages = [self._came.get(timeout=ACKNOWLEDGE_SECONDS_MAX)]
        while not self._came.empty():
            messages.append(self._came.get())
        return messages


def _plain(payload: bytes) -> bytes:
    """Events without the brackets of an array."""
    return payload[1:-1] if payload.startswith(b"[") else payload


def main() -> None:
    """The subscriber."""
    parser = argparse.ArgumentParser(description=Subscriber.__doc__)
    parser.add_argument("address", type=Path, help="the broker's socket")
    parser.add_argument("file", type=Path, help="the SQLite file to make")
    parser.add_argument("events", type=int, help="how many to take")
    asked = parser.parse_args()
    subscriber = Subscriber(asked.address, asked.file)
    subscriber.store(asked.events)
    print(STORED, flush=True)
    signal.pause()  # until it is ended


if __name__ == "__main__":
    main()
