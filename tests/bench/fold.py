"""CPU time of decoding and folding events: `python -m tests.bench.fold` prints one line of JSON.

Two workloads of equal size: one order with 20,000 events against 500 orders, medians of
interleaved rounds; and 50,000 events of a mixed day, decoded from their bytes and folded.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final

from sync.domain.events import (
    Event,
    LabelPrinted,
    MaterialConsumed,
    MaterialProduced,
    OperationEnded,
    OperationReported,
    OperationStarted,
    StepConfirmed,
    stamped,
)
from sync.domain.quantity import Quantity, of_micros
from sync.domain.shop import Shop, absorb
from sync.wire import decode, encode

ROUNDS: Final = 5
ONE_ORDER_EVENTS: Final = 20_000
ORDERS: Final = 500
DAY_EVENTS: Final = 50_000
AT: Final = "2026-03-02T06:14:09.125+01:00"
PIECES: Final = Quantity("480", "C62")


def scans(orders: int, count: int) -> list[Event]:
    """So many events of a floor, spread evenly over so many orders, stamped as a journal would."""
    return [_scan(number, orders) for number in range(count)]


def _scan(number: int, orders: int) -> Event:
    kinds = (_started, _ended, _reported, _confirmed, _produced, _printed, *[_consumed] * 4)
    event = kinds[(number + number // orders) % len(kinds)](number, f"B-{number % orders}")
    return stamped(
        event,
        id=f"0196f3a0-7c1e-7b44-9a51-{number:012d}",
        act=f"0196f3a0-7c1e-7b44-9a52-{number:012d}",
        n=number + 1,
        at=AT,
        boot="b7e1c9d2",
        mono=number * 2_000,
        station="MIX-1",
        operator="anna",
    )


def _started(_number: int, order: str) -> Event:
    return OperationStarted(order=order, operation="20", work_center="MIX")


def _ended(_number: int, order: str) -> Event:
    return OperationEnded(order=order, operation="10", of="0196f3a0")


def _reported(_number: int, order: str) -> Event:
    return OperationReported(order=order, operation="30", good=PIECES, scrap=PIECES, reason="TORN")


def _confirmed(_number: int, order: str) -> Event:
    return StepConfirmed(order=order, operation="20", step="Mix 12 minutes")


def _produced(number: int, order: str) -> Event:
    return MaterialProduced(
        order=order,
        operation="30",
        material="BREAD",
        lot=f"OUT-{number % 5}",
        quantity=PIECES,
        label=str(number),
    )


def _printed(number: int, order: str) -> Event:
    return LabelPrinted(order=order, label=str(number), of="0196f3a0")


def _consumed(number: int, order: str) -> Event:
    return MaterialConsumed(
        order=order,
        operation="20",
        material=f"MATERIAL-{number % 8}",
        lot=f"L-{number % 40}",
        quantity=of_micros(12_500_000 + number, "KGM"),
    )


def fold(events: Sequence[Event]) -> Shop:
    """The shop that the events make."""
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def read_and_fold(bodies: Sequence[bytes]) -> Shop:
    """The shop that the bytes of events make."""
    shop = Shop()
    for body in bodies:
        event = decode(body).event
        assert isinstance(event, Event)
        absorb(shop, event)
    return shop


def seconds(work: Callable[[], object]) -> float:
    """CPU time of one run."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    one, many = scans(1, ONE_ORDER_EVENTS), scans(ORDERS, ONE_ORDER_EVENTS)
    bodies = [encode(event) for event in scans(ORDERS, DAY_EVENTS)]
    rounds = [
        (
            seconds(lambda: fold(one)),
            seconds(lambda: fold(many)),
            seconds(lambda: read_and_fold(bodies)),
        )
        for _ in range(ROUNDS)
    ]
    alone, spread, day = (statistics.median(column) for column in zip(*rounds, strict=True))
    figures = {
        "one_order_microseconds_an_event": round(alone / ONE_ORDER_EVENTS * 1e6, 2),
        "of_500_orders_microseconds_an_event": round(spread / ONE_ORDER_EVENTS * 1e6, 2),
        "one_order_ratio": round(alone / spread, 3),
        "decode_and_fold_50000_seconds": round(day, 3),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
