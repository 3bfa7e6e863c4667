"""The home of `kiosk run`: its options, its log, and the terminal from start to end."""

import argparse
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from kiosk.config import Config, ConfigError, load

if TYPE_CHECKING:
    from kiosk.app import KioskApp
    from kiosk.clock import Clock
    from kiosk.observer import Observer

LOG_NAME: Final = "kiosk.log"
TEMPLATES_NAME: Final = "templates"  # a plant's own labels, in a folder beside kiosk.toml
LOG_BYTES_MAX: Final = 1_000_000
HEADLESS_SIZE: Final = (120, 40)


class AppMaker(Protocol):
    """Makes the app of a station."""

    def __call__(
        self, config: Config, *, clock: "Clock", observer: "Observer | None"
    ) -> "KioskApp": ...


class Trouble(Exception):  # noqa: N818 — one line for people, and the status that goes with it
    """Operating trouble."""

    def __init__(self, line: str, status: int = 1) -> None:
        super().__init__(line)
        self.status = status


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where the configuration and the journal lie."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="kiosk.toml to read")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the journal")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk run`, but for where its configuration lies."""
    parser.add_argument("--headless", action="store_true", help="without a terminal")
    parser.add_argument(
        "--observe", type=Path, metavar="SOCKET", help="tell every answer to this Unix socket"
    )
    parser.add_argument(
        "--simulated-clock", action="store_true", help="let the observer move the clock"
    )
    parser.add_argument(
        "--clock-offset", type=float, default=0.0, metavar="SECONDS", help="start the clock so far"
    )


def configuration(options: argparse.Namespace) -> Config:
    """The configuration that the options name; every mistake is told."""
    try:
        return load(options.config, options.data)
    except ConfigError as fault:
        raise Trouble("this cannot be used:\n  " + "\n  ".join(fault.problems), 2) from None


def usable(options: argparse.Namespace) -> Config:
    """The configuration that the options name; where it was spoilt, what was kept of the last."""
    from kiosk.reload import kept

    try:
        return configuration(options)
    except Trouble:
        found = kept(options.config, options.data)
        if found is None:
            raise
        return found


def run(options: argparse.Namespace, make: AppMaker | None = None) -> int:
    """The terminal; `make` builds another app than the product's."""
    from kiosk.clock import Clock
    from kiosk.observer import Observer, ObserverError

    config = usable(options)
    if options.simulated_clock and options.observe is None:
        raise Trouble("--simulated-clock needs --observe: the observer moves it", 2)
    if not options.headless and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Trouble("there is no terminal here: start it on one, or with --headless", 2)
    log_to(config.data)
    observer = None
    if options.observe is not None:
        try:
            observer = Observer.connect(options.observe, steered=options.simulated_clock)
        except ObserverError as fault:
            raise Trouble(str(fault)) from None
    from kiosk.app import KioskApp
    from kiosk.reload import RELOAD_STATUS, keep, start_again
    from labels import render

    keep(config)
    if config.file is not None:
        render.use(config.file.parent / TEMPLATES_NAME)
    clock = Clock(options.clock_offset, steered=options.simulated_clock)
    app = (make or KioskApp)(config, clock=clock, observer=observer)
    app.run(
        headless=options.headless,
        mouse=config.input.mouse,
        size=HEADLESS_SIZE if options.headless else None,
    )
    if app.trouble:
        raise Trouble(app.trouble)
    if app.return_code == RELOAD_STATUS:
        start_again()
    return app.return_code or 0


def log_to(data: Path) -> None:
    """Faults of the program go to a file beside the journal, at most two of a megabyte."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            data / LOG_NAME, maxBytes=LOG_BYTES_MAX, backupCount=1, encoding="utf-8", delay=True
        )
    except OSError as fault:
        raise Trouble(f"{data}: {fault.strerror}: give --data a folder to write") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("kiosk").addHandler(handler)
