r"""Shift scripts: text that people write, read into steps and refused as a whole when it is wrong.

    station BAKE-1                          the kiosk that the next lines speak of
    scan badge anna                         a code by its name in the factory's files
    scan DONE                               a command code
    scan raw "]C1…"                         any bytes; \\x1d and the like are understood
    type 3.5                                keys, then Enter
    wait 90s | wait synced | wait printed   move the clock; or wait until nothing is open
    wait 0                                  the next scan comes without a pause
    offline | online | kill                 pull the network, plug it, pull the power
    expect ok|note|stop "text" ["text" …] [next "text"]
    expect order B-1 partial 480 good 12 scrap
    expect lot W-204 consumed 37.5 KGM by B-1
    expect stock WHEAT W-204 462.5 KGM

Each scan and each typed entry is followed by what it must answer. `#` begins a comment.
"""

import shlex
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.demo.factory import Factory, FactoryError

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT_LINES_MAX: Final = 20_000
WAIT_SECONDS_MAX: Final = 366 * 86_400
STATUSES: Final = frozenset(
    {"planned", "released", "started", "partial", "completed", "closed", "held", "cancelled"}
)
_KINDS: Final = frozenset({"ok", "note", "stop"})


class ScriptError(Exception):
    """All that is wrong with a script: one `file:line: what` for each fault."""


@dataclass(frozen=True, slots=True)
class Step:
    line: int


@dataclass(frozen=True, slots=True)
class AtStation(Step):
    name: str


@dataclass(frozen=True, slots=True)
class ScanStep(Step):
    title: str
    sent: bytes


@dataclass(frozen=True, slots=True)
class TypeStep(Step):
    text: str


@dataclass(frozen=True, slots=True)
class Wait(Step):
    """`seconds` to move the clock by, or `until` synced or printed."""

    seconds: float = 0.0
    until: str = ""


@dataclass(frozen=True, slots=True)
class Switch(Step):
    """`offline`, `online` or `kill`."""

    what: str


@dataclass(frozen=True, slots=True)
class ExpectBand(Step):
    kind: str
    texts: tuple[str, ...]
    following: str = ""


@dataclass(frozen=True, slots=True)
class ExpectOrder(Step):
    order: str
    status: str
    good: Decimal | None = None
    scrap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ExpectLot(Step):
    lot: str
    amount: Decimal
    unit: str
    order: str


@dataclass(frozen=True, slots=True)
class ExpectStock(Step):
    material: str
    lot: str
    amount: Decimal
    unit: str


class _LineError(Exception):
    """What is wrong with one line."""


def load(path: Path, factory: Factory) -> tuple[Step, ...]:
    """The steps of a script file; raises `ScriptError` naming every faulty line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ScriptError(f"{path}: {fault}") from None
    return parse(text, factory, path.name)


def parse(text: str, factory: Factory, name: str = "script") -> tuple[Step, ...]:
    """The steps of a script; raises `ScriptError` naming every faulty line."""
    steps: list[Step] = []
    faults: list[str] = []
    lines = text.splitlines()
    if len(lines) > SCRIPT_LINES_MAX:
        raise ScriptError(f"{name}: {len(lines)} lines, at most {SCRIPT_LINES_MAX}")
    for number, line in enumerate(lines, 1):
        try:
            words = shlex.split(line, comments=True)
            if words:
                steps.append(_step(number, words, line, factory))
        except (_LineError, ValueError, FactoryError) as fault:
            faults.append(f"{name}:{number}: {fault}")
    faults += [f"{name}:{step.line}: {why}" for step, why in _unanswered(steps)]
    if faults:
        raise ScriptError("\n".join(faults))
    return tuple(steps)


def _unanswered(steps: list[Step]) -> list[tuple[Step, str]]:
    faults: list[tuple[Step, str]] = []
    if steps and not isinstance(steps[0], AtStation):
        faults.append((steps[0], "begin with `station NAME`"))
    for step, following in zip_longest(steps, steps[1:]):
        if isinstance(step, ScanStep | TypeStep) and not isinstance(following, ExpectBand):
            faults.append((step, "say on the next line what it answers: expect ok|note|stop"))
    return faults


def _step(number: int, words: list[str], line: str, factory: Factory) -> Step:
    verbs: dict[str, Callable[[int, list[str], str, Factory], Step]] = {
        "station": _station,
        "scan": _scan,
        "type": _type,
        "wait": _wait,
        "offline": _switch,
        "online": _switch,
        "kill": _switch,
        "expect": _expect,
    }
    if words[0] not in verbs:
        raise _LineError(f"{words[0]!r} is no step: want one of {', '.join(verbs)}")
    return verbs[words[0]](number, words, line, factory)


def _station(number: int, words: list[str], _line: str, factory: Factory) -> Step:
    (name,) = _exactly(words[1:], 1, "station NAME")
    return AtStation(number, factory.station(name).name)


def _scan(number: int, words: list[str], _line: str, factory: Factory) -> Step:
    if len(words) < 2:
        raise _LineError('want scan KIND NAME, scan COMMAND or scan raw "…"')
    if words[1] == "raw":
        (text,) = _exactly(words[2:], 1, 'scan raw "…"')
        return ScanStep(number, "raw", _bytes_of(text) + b"\r")
    printed = factory.printed(words[1], words[2:])
    return ScanStep(number, printed.title, printed.sent)


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
    except UnicodeError:
        raise _LineError(
            f"raw {text!r}: want characters up to \\xff and escapes such as \\x1d"
        ) from None


def _type(number: int, words: list[str], _line: str, _factory: Factory) -> Step:
    (text,) = _exactly(words[1:], 1, "type TEXT")
    return TypeStep(number, text)


def _wait(number: int, words: list[str], _line: str, _factory: Factory) -> Step:
    (what,) = _exactly(words[1:], 1, "wait 90s, wait 0, wait synced or wait printed")
    if what in ("synced", "printed"):
        return Wait(number, until=what)
    seconds = _number(what.removesuffix("s"))
    if not 0 <= seconds <= WAIT_SECONDS_MAX:
        raise _LineError(f"{what}: a clock moves forwards, at most {WAIT_SECONDS_MAX}s at a time")
    return Wait(number, seconds=float(seconds))


def _switch(number: int, words: list[str], _line: str, _factory: Factory) -> Step:
    _exactly(words[1:], 0, words[0])
    return Switch(number, words[0])


def _expect(number: int, words: list[str], _line: str, _factory: Factory) -> Step:
    if len(words) > 2 and words[1] in _KINDS:
        return _expect_band(number, words[1:])
    kinds = {"order": _expect_order, "lot": _expect_lot, "stock": _expect_stock}
    if len(words) < 3 or words[1] not in kinds:
        raise _LineError('want expect ok|note|stop "text", or expect order|lot|stock …')
    return kinds[words[1]](number, words[2:])


def _expect_band(number: int, words: list[str]) -> Step:
    kind, *texts = words
    following = ""
    if "next" in texts:
        at = texts.index("next")
        (following,) = _exactly(texts[at + 1 :], 1, 'next "text"')
        texts = texts[:at]
    if not texts:
        raise _LineError(f'want expect {kind} "text" [next "text"]')
    return ExpectBand(number, kind, tuple(texts), following)


def _expect_order(number: int, words: list[str]) -> Step:
    if len(words) % 2 or words[1] not in STATUSES:
        raise _LineError(f"want order NUMBER {'|'.join(sorted(STATUSES))} [480 good] [12 scrap]")
    found: dict[str, Decimal] = {}
    for amount, what in zip(words[2::2], words[3::2], strict=True):
        if what not in ("good", "scrap"):
            raise _LineError(f"{what!r}: want good or scrap")
        found[what] = _number(amount)
    return ExpectOrder(number, words[0], words[1], found.get("good"), found.get("scrap"))


def _expect_lot(number: int, words: list[str]) -> Step:
    lot, consumed, amount, unit, by, order = _exactly(words, 6, "lot L consumed 37.5 KGM by B-1")
    if (consumed, by) != ("consumed", "by"):
        raise _LineError("want lot L consumed 37.5 KGM by B-1")
    return ExpectLot(number, lot, _number(amount), unit, order)


def _expect_stock(number: int, words: list[str]) -> Step:
    material, lot, amount, unit = _exactly(words, 4, "stock MATERIAL LOT 462.5 KGM")
    return ExpectStock(number, material, lot, _number(amount), unit)


def _exactly(words: list[str], count: int, want: str) -> list[str]:
    if len(words) != count:
        raise _LineError(f"want {want}")
    return words


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _LineError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise _LineError(f"{text!r} is not a number")
    return number
