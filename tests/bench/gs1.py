"""GS1 scans parsed a second, and how many broken ones are refused: our parser beside biip's.

Two loads: `plant`, labels of a factory (GTIN, lot, dates, weight, SSCC), and `corpus`, all kinds of
right strings as the tests make them. CPU time of one core, interleaved rounds, biip.parse alone
(without looking into its error fields, which verdicts need). Broken strings: each fault by its
name. Goals: at least 5 times biip, every verdict right, the table read in at most 5 ms.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import biip

from labels import gs1, gs1_table
from tests.bench.gauge import Size, goal, load, result, say, size_asked
from tests.labels import gs1_broken, gs1_corpus
from tests.labels.gs1_biip import biip_reads

STRINGS: Final = {"small": 1_000, "full": 10_000}
BROKEN: Final = {"small": 2_000, "full": 20_000}
ROUNDS: Final = {"small": 5, "full": 9}
RATIO_MIN: Final = 5.0
TABLE_MS_MAX: Final = 5.0
SEED: Final = 5
LABELS: Final = ("01 10", "01 17 10", "01 15 3102 10", "01 10 21", "00", "00 02 37 10", "01 21")
Parse = Callable[[str], object]


def plant(count: int) -> list[str]:
    """Element strings as production labels hold them."""
    random = Random(SEED)
    return [
        gs1_corpus.element_string(gs1_broken.made(random, LABELS[place % len(LABELS)]))
        for place in range(count)
    ]


def seconds(parse: Parse, strings: Sequence[str]) -> float:
    """CPU time of all of them."""
    began = time.process_time()
    for text in strings:
        parse(text)
    return time.process_time() - began


def race(strings: Sequence[str], rounds: int) -> dict[str, float]:
    """Parses a second and their ratio, medians of rounds that alternate."""
    ours, theirs = [], []
    for number in range(rounds + 1):
        mine, its = seconds(gs1.parse, strings), seconds(biip.parse, strings)
        if number:  # the first only warms
            ours.append(mine)
            theirs.append(its)
    ratios = sorted(its / mine for mine, its in zip(ours, theirs, strict=True))
    return {
        "parses_per_second": round(len(strings) / sorted(ours)[rounds // 2]),
        "biip_parses_per_second": round(len(strings) / sorted(theirs)[rounds // 2]),
        "ratio": round(ratios[rounds // 2], 2),
    }


def is_refused(text: str) -> bool:
    try:
        gs1.parse(text)
    except gs1.Gs1Error:
        return True
    return False


def verdicts(count: int) -> dict[str, object]:
    """Right strings refused and broken ones refused, by each."""
    wholes = [text for text, _ in gs1_corpus.wholes(SEED, count)]
    broken = list(gs1_broken.broken(SEED, count))
    missed = Counter(name for name, text in broken if not is_refused(text))
    passed = Counter(name for name, text in broken if biip_reads(text) is not None)
    return {
        "strings": count,
        "right_refused": sum(map(is_refused, wholes)),
        "biip_right_refused": sum(biip_reads(text) is None for text in wholes),
        "broken_refused": count - missed.total(),
        "biip_broken_refused": count - passed.total(),
        "biip_passed": dict(passed.most_common()),
    }


def table_ms(rounds: int) -> float:
    """CPU time of reading the table of identifiers, as an import does once."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        gs1_table.read_table()
        times.append(time.process_time() - began)
    return round(sorted(times)[rounds // 2] * 1_000, 3)


def measure(size: Size) -> dict[str, object]:
    count, rounds = STRINGS[size], ROUNDS[size]
    everyday = race(plant(count), rounds)
    say(f"plant: {everyday}")
    everything = race([text for text, _ in gs1_corpus.wholes(SEED, count)], rounds)
    say(f"corpus: {everything}")
    judged = verdicts(BROKEN[size])
    wrong = BROKEN[size] - int(str(judged["broken_refused"])) + int(str(judged["right_refused"]))
    table = table_ms(rounds)
    return {
        "plant": everyday,
        "corpus": everything,
        "verdicts": judged,
        "table_ms": table,
        "goals": [
            goal("parses by those of biip, plant", everyday["ratio"], RATIO_MIN, least=True),
            goal("parses by those of biip, corpus", everything["ratio"], RATIO_MIN, least=True),
            goal("wrong verdicts", wrong, 0),
            goal("ms to read the table", table, TABLE_MS_MAX),
        ],
    }


def main() -> None:
    size, before = size_asked("gs1", str(__doc__)), load()
    result("gs1", size, before, **measure(size))


if __name__ == "__main__":
    main()
