"""What tests of people share: a station whose supervisor has a PIN, and its own facts on disk."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from kiosk.config import Config, SiteConfig
from kiosk.journal import Journal
from kiosk.station import new_id
from labels.codes import DigitCode
from sync.domain import pin
from sync.domain.events import Event, OperatorDefined, stamped
from sync.wire import FeedMark, Unknown
from sync.wire import encode as body_of
from tests.kiosk.dialog.bakery import TODAY
from tests.kiosk.terminals import BADGES, StillClock, Terminal, seeded

PIN: Final = "4711"
ROUNDS: Final = 10


def guarded(data: Path, *, one_person: bool = False, asks_pin: bool = True) -> Config:
    """The bakery's station where the badge of Eva, a supervisor, wants her PIN."""
    config = seeded(data)
    journal = Journal.open(data, station="BAKE-1", clock=StillClock(), new_id=new_id)
    eva = OperatorDefined(
        person="eva",
        revision=2,
        name="Eva Holm",
        badge=BADGES["eva"],
        role="supervisor",
        pin=pin.kept(PIN, "salt", ROUNDS),
    )
    body = body_of(stamped(eva, id="0-pin", n=9_000, station="office", at=TODAY.isoformat()))
    journal.absorb([body], FeedMark("i1", 9_000, "00")).result(5)
    journal.close()
    return replace(config, site=SiteConfig(one_person=one_person, pin=asks_pin))


def own_facts(terminal: Terminal) -> list[Event]:
    """The station's own events as they are on disk, in order."""
    assert terminal.station is not None
    return [
        record.event
        for _, record in terminal.station.journal.replay()
        if not isinstance(record.event, Unknown) and record.event.station == "BAKE-1"
    ]


def who_did(terminal: Terminal) -> list[str]:
    """`OperatorSignedIn anna` for each of them."""
    return [f"{type(one).__name__} {one.operator}" for one in own_facts(terminal)]


def digits(text: str) -> list[DigitCode]:
    return [DigitCode(sign) for sign in text]


def everything(terminal: Terminal) -> str:
    """All that stands on the screen."""
    names = ("head", "word", "what", "next", "scans", terminal.dialog.body)
    return "\n".join(terminal.zone(name) for name in names)
