"""The home of `kiosk doctor`: does everything that this station needs work, and how fast?

Each check gives findings and changes nothing; none of them raises.
"""

import json
import os
import queue
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from kiosk.config import Config, PrinterConfig
from kiosk.config_scanner import Driver, ScannerConfig
from kiosk.correction import CLOCK_WRONG_SECONDS
from kiosk.journal import files, flushes, queries
from kiosk.journal.ballast import BALLAST_BYTES, BALLAST_NAME, ROOM_FACTOR_MIN
from kiosk.scanners import KEYS_SWALLOWED, Delivery, SourceState
from kiosk.scanners.drivers import make_scanner
from labels.printers import PrinterError
from labels.printers import status as printer_status
from sync.pinning import is_unproved, pinned

if TYPE_CHECKING:
    import httpx

PROBE_SECONDS_MAX: Final = 1.0
FLUSH_MS_MAX: Final = 30.0
ANSWER_WAIT_S: Final = 3.0
SCANS_READ_MAX: Final = 1_000
COLUMNS_MIN, ROWS_MIN = 80, 24
# What became of the events of a log that nobody has: a token is looked at, and little else.
TOKEN_PATH: Final = f"/v1/origins/{'0' * 32}/outcome"
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 400, 401, 403

State = Literal["ok", "warn", "bad"]
_SIGNS: Final[Mapping[State, str]] = {"ok": "✔", "warn": "▲", "bad": "✖"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `next` says what to do, empty where all is well."""

    what: str
    state: State
    detail: str
    next: str = ""


def examine(config: Config) -> list[Finding]:
    """All findings, in the order of a scan's way."""
    return [
        *terminal(os.environ),
        *(finding for one in config.scanners for finding in scanner(one)),
        *(input_devices() if not _has_input_device(config) else ()),
        *keyboard(config),
        *swallowed(config.data),
        *flush(config.data),
        *room(config.data),
        *journal(config.data),
        *server(config),
        *(finding for one in config.printers for finding in printer(one)),
    ]


def as_text(findings: list[Finding]) -> str:
    """Findings for people, one or two lines each."""
    lines: list[str] = []
    for one in findings:
        lines.append(f"{_SIGNS[one.state]} {one.what:<12} {one.detail}")
        if one.next:
            lines.append(f"  {'':<12} → {one.next}")
    return "\n".join(lines)


def as_json(findings: list[Finding]) -> str:
    """Findings for programs."""
    return json.dumps([asdict(one) for one in findings], ensure_ascii=False)


def terminal(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Size, colours and encoding of the terminal."""
    columns, rows = shutil.get_terminal_size((0, 0))
    if not columns or not os.isatty(1):
        yield Finding("terminal", "warn", "none here", "run the doctor on the kiosk's screen")
        return
    small = columns < COLUMNS_MIN or rows < ROWS_MIN
    yield Finding(
        "terminal",
        "bad" if small else "ok",
        f"{columns} × {rows}, {colours(environment)}",
        f"set a smaller font: at least {COLUMNS_MIN} × {ROWS_MIN}" if small else "",
    )
    locale = environment.get("LC_ALL") or environment.get("LC_CTYPE") or environment.get("LANG", "")
    if "utf" not in locale.lower():
        yield Finding("terminal", "bad", f"LANG is {locale or 'not set'}", "set LANG=C.UTF-8")


def colours(environment: Mapping[str, str]) -> str:
    """How many colours the terminal says it has."""
    if environment.get("TERM") == "linux":
        return "8 grounds (Linux console)"
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return "true colour"
    return "256 colours" if "256" in environment.get("TERM", "") else "16 colours"


def scanner(config: ScannerConfig) -> Iterator[Finding]:
    """Whether the scanner's own driver can open it."""
    told: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
    driver = make_scanner(config)
    driver.start(told.put)
    try:
        state = told.get(timeout=ANSWER_WAIT_S)
    except queue.Empty:
        state = SourceState(config.label, up=False, why=f"{config.label}: does not answer")
    finally:
        driver.stop()
    what = f"scanner {config.label}"
    if isinstance(state, SourceState) and not state.up:
        yield Finding(what, "bad", state.why, _STEPS[config.driver](config))
        return
    yield Finding(what, "ok", _opens(config))
    if config.driver == "serial" and config.feedback == "none":
        step = "if it can beep our answer, set feedback: the operator then hears a STOP"
        yield Finding(what, "ok", "is not told what the kiosk decided", step)
    if config.port.startswith(("/dev/ttyUSB", "/dev/ttyACM")):
        step = "use its name under /dev/serial/by-id: numbers change with an unplug"
        yield Finding(what, "warn", config.port, step)


def input_devices() -> Iterator[Finding]:
    """Keyboard scanners that are plugged in: which ids kiosk.toml wants of each."""
    if sys.platform != "linux":
        return
    from kiosk.scanners import input_device

    for one in input_device.input_devices(input_device.Folders()):
        maker = input_device.SCANNER_VENDORS.get(one.vendor)
        if maker and one.types:
            ids = f'vendor = "{one.vendor}", product = "{one.product}"'
            step = f'types like a keyboard; to hold it for us alone: driver = "evdev", {ids}'
            yield Finding("plugged in", "ok", f"{one.name} ({maker})", step)


def keyboard(config: Config) -> Iterator[Finding]:
    """The keyboard wedge always works; it has no way to hear our answer."""
    gap = f"bursts with gaps up to {config.wedge.gap_ms} ms are scans"
    step = "" if config.scanners else "a serial scanner can also beep the answer: add [[scanner]]"
    yield Finding("keyboard", "ok", gap, step)


def swallowed(data: Path) -> Iterator[Finding]:
    """Which function keys came with bursts: the scanner sends keys that its codes do not hold."""
    path = data / files.JOURNAL_NAME
    if not path.exists():
        return
    try:
        with closing(files.connect(path, "mode=ro")) as connection:
            rows = queries.newest_scans(connection, SCANS_READ_MAX)
    except sqlite3.Error:
        return  # what ails the journal is told by its own check
    told = next((row for row in rows if row[3] == KEYS_SWALLOWED), None)
    if told is not None:
        keys = bytes(told[2]).decode("utf-8", "replace")
        step = "switch function-key and Alt mode of the scanner off; GS goes as Ctrl+]"
        yield Finding("keys", "warn", f"came with codes and did not act: {keys}", step)


def flush(data: Path) -> Iterator[Finding]:
    """The median time until the disk under the journal has written one scan."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = flushes.measured(data, seconds_max=PROBE_SECONDS_MAX)
    except OSError as fault:
        yield Finding("disk", "bad", f"{data}: {fault.strerror}", "give --data a folder to write")
        return
    milliseconds = probe.microseconds / 1000
    detail = f"{data} flushes in {milliseconds:.2f} ms (median of {probe.count})"
    if probe.is_suspicious:
        step = "it says 'written' faster than a disk can: test a power cut, or use another disk"
        yield Finding("disk", "warn", detail, step)
    elif milliseconds > FLUSH_MS_MAX:
        yield Finding("disk", "warn", detail, "scans will feel slow: use an SSD")
    else:
        yield Finding("disk", "ok", detail)


def journal(data: Path) -> Iterator[Finding]:
    """How large the journal is, and what of it was set aside."""
    path = data / files.JOURNAL_NAME
    megabytes = files.size(path) / 1_000_000
    detail, most = f"{path} is {megabytes:.1f} MB", files.JOURNAL_BYTES_MAX
    if files.size(path) > most:
        step = f"over {most / 1e9:.1f} GB: does the server make backups? nothing else is deleted"
        yield Finding("journal", "warn", detail, step)
    elif path.exists():
        yield Finding("journal", "ok", detail)
    aside = sorted(one.name for one in data.glob("journal-aside-*.db"))
    if aside:
        step = "an older journal that was damaged; keep it until its station's orders are checked"
        yield Finding("journal", "warn", f"{data / aside[-1]}", step)


def room(data: Path) -> Iterator[Finding]:
    """Whether the disk has room for what a station records, and for its ballast."""
    try:
        free = shutil.disk_usage(data).free
    except OSError:
        return
    wanted = ROOM_FACTOR_MIN * BALLAST_BYTES
    detail = f"{free / 1_000_000:.0f} MB free in {data}"
    held = (data / BALLAST_NAME).exists()
    if free < BALLAST_BYTES:
        yield Finding("room", "bad", detail, "free some space: scans will soon be refused")
    elif free < wanted and not held:
        yield Finding("room", "warn", detail, f"free some: {wanted / 1e6:.0f} MB are wanted")
    else:
        yield Finding("room", "ok", detail)


def server(
    config: Config, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Finding]:
    """Enrolment, the way to the server, and how far the clocks are apart."""
    import httpx

    address = config.station.server
    if not config.is_enrolled:
        yield Finding("enrolment", "bad", "not enrolled", "run: kiosk enrol SERVER CODE")
    if not address:
        return
    try:
        trust = pinned(config.pin) if config.pin else True
        with httpx.Client(
            base_url=address, timeout=ANSWER_WAIT_S, verify=trust, trust_env=False
        ) as client:
            answer = client.get("/healthz")
            state: State = "ok" if answer.is_success else "warn"
            yield Finding("server", state, f"{address} answers {answer.status_code}")
            if config.is_enrolled:
                yield enrolment(config, client)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        if is_unproved(fault):
            said = f"{address}: this is not the server of the enrolment: it has another key"
            step = "ask the office; if the key was changed there, enrol again"
            yield Finding("server", "bad", said, step)
            return
        step = "scans are kept and sent later; check cable, address, firewall"
        yield Finding("server", "warn", f"{address}: {fault or type(fault).__name__}", step)
        yield from clock("", now())
        return
    yield from tls(config)
    yield from clock(answer.headers.get("date", ""), now())


def enrolment(config: Config, client: "httpx.Client") -> Finding:
    """Whether the server takes the token of this station, or the one before; `httpx.HTTPError`."""
    status = 0
    for token in filter(None, (config.token, config.token_before)):
        status = client.get(TOKEN_PATH, headers={"Authorization": f"Bearer {token}"}).status_code
        if status not in (UNAUTHORIZED, FORBIDDEN):
            break
    if status in (UNAUTHORIZED, FORBIDDEN):
        step = "enrol again: kiosk enrol SERVER CODE; scans are kept until then"
        return Finding("enrolment", "bad", f"the server refused {config.station.name}", step)
    if status >= BAD_REQUEST:
        step = "look into the server's log; scans are kept and sent later"
        return Finding("enrolment", "warn", f"the server answers {status} to the token", step)
    return Finding("enrolment", "ok", f"the server knows {config.station.name}")


def tls(config: Config) -> Iterator[Finding]:
    """What keeps others from listening, or from answering in the server's place."""
    if config.pin:
        yield Finding("tls", "ok", f"the key pinned at enrolment, {config.pin[:16]}…")
    elif config.station.server.startswith("https://"):
        yield Finding("tls", "ok", "a certificate that this machine trusts")
    else:
        here = urlsplit(config.station.server).hostname in ("localhost", "127.0.0.1", "::1")
        step = "" if here else "everybody on the network can read along: enrol over TLS"
        yield Finding("tls", "ok" if here else "warn", "plain HTTP", step)


def clock(date: str, now: datetime) -> Iterator[Finding]:
    """How far this machine's clock is from the server's, by its Date header (whole seconds)."""
    try:
        apart = round((now - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError):
        step = "check it by hand: until the server is heard, nobody knows how right it is"
        yield Finding("clock", "warn", f"{now.astimezone():%d %b %H:%M}, not compared", step)
        return
    off = abs(apart) > CLOCK_WRONG_SECONDS
    step = "set it: timedatectl set-ntp true; the screen goes by the server, events do not"
    step = step if off else ""
    yield Finding("clock", "bad" if off else "ok", f"{apart:+d} s against the server", step)


def printer(config: PrinterConfig) -> Iterator[Finding]:
    """Whether the printer can be reached, and how it says that it is; nothing is printed."""
    what = f"printer {config.name}"
    try:
        told = printer_status(config.url, config.language)
    except PrinterError as fault:
        step = "check power, cable and address; labels wait and are printed later"
        yield Finding(what, "bad", f"{config.url}: {fault}", step)
        return
    way = f"{config.url}, {config.language}, {config.dpi} dpi"
    if told.state in {"ready", "busy", "unknown"}:
        yield Finding(what, "ok", f"{way}: {told.detail}")
    else:
        yield Finding(what, "warn", f"{way}: {told.detail}", "see to it; labels wait meanwhile")


def _has_input_device(config: Config) -> bool:
    return any(one.driver == "evdev" for one in config.scanners)


def _opens(config: ScannerConfig) -> str:
    match config.driver:
        case "evdev":
            ids = f"{config.vendor}:{config.product}"
            return f"{ids} is ours alone, as a {config.layout} keyboard"
        case "tcp":
            return f"{config.port} takes the connection"
        case "serial":
            return f"{config.port} opens at {config.baud} baud"


def _input_step(_: ScannerConfig) -> str:
    return "plug it in; the kiosk's user needs the device's group; a running kiosk holds it"


def _network_step(_: ScannerConfig) -> str:
    return "check power, cable, address, and that no other program is connected to it"


def _serial_step(config: ScannerConfig) -> str:
    if "://" in config.port:
        return "check the address of the scanner"
    if not Path(config.port).exists():
        return "plug it in; names are listed under /dev/serial/by-id"
    if not os.access(config.port, os.R_OK | os.W_OK):
        return "let the kiosk's user into the group dialout"
    return "end the other program that uses it (the running kiosk is one)"


_STEPS: Final[Mapping[Driver, Callable[[ScannerConfig], str]]] = {
    "serial": _serial_step,
    "evdev": _input_step,
    "tcp": _network_step,
}
