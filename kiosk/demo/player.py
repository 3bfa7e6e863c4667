"""Plays a shift script on running kiosks: bytes go in at the scanner's cable, answers come back
from the kiosk's observer, expectations are held against both and against the journals.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol

from kiosk.demo import checker, script
from kiosk.demo.observed import Json, Observed, Silence

SCAN_GAP_SECONDS: Final = 2.0
ANSWER_SECONDS_MAX: Final = 20.0


class StationKiosk(Protocol):
    """What the player needs of one kiosk."""

    @property
    def name(self) -> str: ...
    @property
    def data(self) -> Path: ...
    @property
    def observed(self) -> Observed: ...
    def scan(self, sent: bytes) -> None: ...
    def type(self, text: str) -> None: ...
    def advance(self, seconds: float) -> None: ...
    def restart_after_kill(self) -> None: ...


class Floor(Protocol):
    """The stations of a demo, and its network; waiting raises `Silence` when it takes too long."""

    def kiosk(self, station: str) -> StationKiosk: ...
    def offline(self) -> None: ...
    def online(self) -> None: ...
    def bodies(self) -> Iterator[bytes]: ...
    def await_synced(self) -> None: ...
    def await_printed(self) -> None: ...


@dataclass(slots=True)
class Score:
    """What was played, and what did not hold."""

    scans: int = 0
    accepted: int = 0
    stopped: int = 0
    misses: list[str] = field(default_factory=list)


class Player:
    """Plays steps at a pace of so many seconds a scan; 0 is as fast as the kiosk answers."""

    def __init__(
        self,
        floor: Floor,
        *,
        pace: float = 0.0,
        told: Callable[[str], None] = lambda _line: None,
        name: str = "script",
    ) -> None:
        self.score = Score()
        self._floor = floor
        self._pace = pace
        self._told = told
        self._name = name
        self._kiosk: StationKiosk | None = None
        self._answer: Json = {}
        self._hurry = False

    def play(self, steps: Sequence[script.Step], stopped: Callable[[], bool] = bool) -> Score:
        """Play until the end, or until `stopped` says so; what does not hold is in the score."""
        for step in steps:
            if stopped():
                break
            try:
                self._play(step)
            except Silence as silence:
                self._missed(step, str(silence))
                break
        return self.score

    def _play(self, step: script.Step) -> None:
        match step:
            case script.AtStation(name=name):
                self._kiosk = self._floor.kiosk(name)
            case script.ScanStep(title=title, sent=sent):
                self._pause()
                self._told(f"{self._at.name}: {title}")
                self._answer = self._scanned(sent)
                self._count(str(self._answer.get("kind", "")))
            case script.TypeStep(text=text):
                self._pause()
                self._answer = self._typed(text)
            case script.Wait():
                self._wait(step)
            case script.Switch(what=what):
                self._switch(what)
            case _:
                self._expect(step)

    @property
    def _at(self) -> StationKiosk:
        assert self._kiosk, "a script begins with a station"
        return self._kiosk

    def _scanned(self, sent: bytes) -> Json:
        self.score.scans += 1
        before = self._at.observed.scans
        self._at.scan(sent)
        return self._at.observed.answered(before + 1, ANSWER_SECONDS_MAX)

    def _typed(self, text: str) -> Json:
        before = self._at.observed.scans
        self._at.type(text)
        return self._at.observed.answered(before + 1, ANSWER_SECONDS_MAX)

    def _pause(self) -> None:
        """Leave a hand its time between two scans: as paced on the wall, the rest on the clock."""
        if self._pace:
            time.sleep(self._pace)
        if not self._hurry:
            self._at.advance(max(0.0, SCAN_GAP_SECONDS - self._pace))
        self._hurry = False

    def _wait(self, step: script.Wait) -> None:
        if step.until == "synced":
            self._floor.await_synced()
        elif step.until == "printed":
            self._floor.await_printed()
        elif step.seconds:
            self._at.advance(step.seconds)
        else:
            self._hurry = True

    def _switch(self, what: str) -> None:
        if what == "offline":
            self._floor.offline()
        elif what == "online":
            self._floor.online()
        else:
            self._at.restart_after_kill()

    def _expect(self, step: script.Step) -> None:
        match step:
            case script.ExpectBand():
                self._hold(step, _band_differs(step, self._answer))
            case script.ExpectOrder():
                self._hold(step, _order_differs(step, self._totals().orders[step.order]))
            case script.ExpectLot(lot=lot, order=order, unit=unit, amount=amount):
                self._equal(step, amount, self._totals().consumed_by(lot, order, unit))
            case script.ExpectStock(material=material, lot=lot, unit=unit, amount=amount):
                self._equal(step, amount, self._totals().stock[material, lot, unit])

    def _count(self, kind: str) -> None:
        if kind == "stop":
            self.score.stopped += 1
        elif kind in ("ok", "note", "ask"):
            self.score.accepted += 1

    def _totals(self) -> checker.Totals:
        return checker.totals(self._floor.bodies())

    def _equal(self, step: script.Step, wanted: Decimal, found: Decimal) -> None:
        self._hold(step, "" if wanted == found else f"wanted {wanted}, found {found}")

    def _hold(self, step: script.Step, difference: str) -> None:
        if difference:
            self._missed(step, difference)

    def _missed(self, step: script.Step, why: str) -> None:
        self.score.misses.append(f"{self._name}:{step.line}: {why}")


def _band_differs(step: script.ExpectBand, band: Json) -> str:
    kind = {"ask": "note"}.get(str(band.get("kind", "")), str(band.get("kind", "")))
    said = f"{band.get('word', '')} / {band.get('what', '')}"
    following = str(band.get("next", ""))
    if kind != step.kind:
        return f"wanted {step.kind}, the band says {kind}: {said} / {following}"
    missing = [text for text in step.texts if text.casefold() not in said.casefold()]
    if missing:
        return f"wanted {missing[0]!r} in {said!r}"
    if step.following.casefold() not in following.casefold():
        return f"wanted next {step.following!r} in {following!r}"
    return ""


def _order_differs(step: script.ExpectOrder, found: checker.OrderTotals) -> str:
    wanted = [step.status]
    seen = [found.status]
    counts = (("good", step.good, found.good), ("scrap", step.scrap, found.scrap))
    for name, amount, there in counts:
        if amount is not None:
            wanted.append(f"{amount} {name}")
            seen.append(f"{there} {name}")
            if amount == there:
                seen[-1] = wanted[-1]
    return "" if wanted == seen else f"wanted {' '.join(wanted)}, found {' '.join(seen)}"
