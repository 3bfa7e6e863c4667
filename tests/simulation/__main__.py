"""`python -m tests.simulation --seeds N --first SEED`: histories of the exchange, audited."""

import argparse
import sys
import time

from tests.simulation.runs import played


def main() -> int:
    """1 where a history breaks a promise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--bug", default="", help="switch a deliberate bug on")
    parser.add_argument("--verbose", action="store_true", help="tell every step, in one process")
    parser.add_argument("--processes", type=int, default=0, help="0: one for each core")
    options = parser.parse_args()
    began = time.monotonic()
    seeds = range(options.first, options.first + options.seeds)
    failed = recorded = 0
    cpu = 0.0
    for told in played(seeds, options.bug, options.processes, verbose=options.verbose):
        recorded += told.recorded
        cpu += told.seconds
        if told.violation:
            failed += 1
            print(f"seed {told.seed}: {told.violation}")
            print(f"  python -m tests.simulation --seeds 1 --first {told.seed} --verbose")
    seconds = time.monotonic() - began
    rate = f"{seconds:.1f} s, {cpu / max(1, options.seeds):.2f} CPU s each"
    print(f"{options.seeds} histories, {recorded} events, {failed} broken, {rate}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
