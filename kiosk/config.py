"""The home of the station's configuration: kiosk.toml, and what enrolment wrote beside the journal.

Secrets stand in files of their own in the data folder. All mistakes are reported at once, each with
its file and key.

ConfigError(Exception)    kiosk.toml or the enrolment cannot be used; `problems` has a line for each
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

from kiosk.catalogues import languages
from kiosk.config_scanner import SCANNER_READERS, ScannerConfig
from kiosk.config_values import (
    Reader,
    choice,
    flag,
    name,
    names,
    nearest,
    shifts,
    text,
    url,
    whole,
)
from labels.languages import LANGUAGES as PRINTER_LANGUAGES
from labels.languages import Language as PrinterLanguage
from labels.printers import PrinterAddressError, open_printer
from sync.domain.rules import SEVERITIES, Severity
from sync.domain.shifts import Shift

CONFIG_NAME: Final = "kiosk.toml"
ENROLMENT_NAME: Final = "station.toml"
TOKEN_NAME: Final = "station.token"  # noqa: S105 — the name of a file
TOKEN_BEFORE_NAME: Final = "station.token.before"  # noqa: S105
LANGUAGES: Final = languages()
SEVERITY_NAMES: Final = tuple(severity.value for severity in Severity)
WEDGE_GAP_MS_MAX: Final = 1_000
DPI_MIN, DPI_MAX = 100, 1_200


class ConfigError(Exception):
    """What is wrong in the configuration, one line a mistake: file, key, value, what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class StationConfig:
    """Who this station is; name, work centers and server come with enrolment where not given."""

    name: str = ""
    work_centers: tuple[str, ...] = ()
    server: str = ""
    language: str = "en"
    data: str = ""
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True, slots=True)
class WedgeConfig:
    """The scanner that types as a keyboard: the longest gap inside a burst (Bluetooth: 300)."""

    gap_ms: int = 50


@dataclass(frozen=True, slots=True)
class InputConfig:
    """What else a person may use: `mouse` is a mouse or a touch screen."""

    mouse: bool = False


@dataclass(frozen=True, slots=True)
class ScreenConfig:
    """What is seen and heard: the colours, and the terminal's bell where a scanner has no voice."""

    theme: Literal["blue", "green", "contrast"] = "blue"
    sound: bool = True


@dataclass(frozen=True, slots=True)
class PrinterConfig:
    """A label printer: where its bytes go, as `labels.printers` reads it, and its language.

    It prints labels of these `kinds`, all where none is named; the first printer that does prints.
    """

    name: str
    url: str
    language: PrinterLanguage = "zpl"
    dpi: int = 203
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """The rules that a site may change; `severities` maps a deviation to one of SEVERITY_NAMES.

    `labour` of a person on several jobs is split between them, or counted in full for each.
    """

    one_person: bool = False
    pin: bool = True
    labour: Literal["split", "full"] = "split"
    severities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """All of it. `public_key` pins the server's signature, `pin` its TLS key; see `token`.

    `problems`: why its file is not what is in force, but what was kept of it.
    """

    data: Path
    station: StationConfig = StationConfig()
    wedge: WedgeConfig = WedgeConfig()
    scanners: tuple[ScannerConfig, ...] = ()
    printers: tuple[PrinterConfig, ...] = ()
    site: SiteConfig = field(default_factory=SiteConfig)
    public_key: str = ""
    pin: str = ""
    file: Path | None = None
    input: InputConfig = InputConfig()
    screen: ScreenConfig = ScreenConfig()
    problems: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """The station's secret from its file; "" where there is none."""
        return self._secret(TOKEN_NAME)

    @property
    def token_before(self) -> str:
        """The secret before it, which is good until the server has seen the newer one."""
        return self._secret(TOKEN_BEFORE_NAME)

    def _secret(self, file: str) -> str:
        try:
            return (self.data / file).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return ""

    @property
    def is_enrolled(self) -> bool:
        """Whether this station has a name, a server and the secret to speak to it."""
        return bool(self.station.name and self.station.server and self.token)


def printer_url(value: object) -> str:
    """An address that a label can be sent to; raises ValueError."""
    found = text(value)
    try:
        open_printer(found)
    except PrinterAddressError as fault:
        raise ValueError(str(fault).partition(": ")[2]) from None
    return found


def severities(value: object) -> dict[str, str]:
    """Deviation → severity; raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError('want a table such as lot_expired = "confirm"')  # noqa: TRY004
    pick = choice(*SEVERITY_NAMES)
    found: dict[str, str] = {}
    for deviation, severity in value.items():
        if deviation not in SEVERITIES:
            near = nearest(deviation, tuple(SEVERITIES))
            raise ValueError(f"no deviation is called {deviation}{near}")
        try:
            found[deviation] = pick(severity)
        except ValueError as fault:
            raise ValueError(f"{deviation}: {fault}") from None
    return found


READERS: Final[Mapping[type, Mapping[str, Reader]]] = {
    StationConfig: {
        "name": name,
        "work_centers": names,
        "server": url("http://", "https://"),
        "language": choice(*LANGUAGES),
        "data": text,
        "shifts": shifts,
    },
    WedgeConfig: {"gap_ms": whole(10, WEDGE_GAP_MS_MAX)},
    InputConfig: {"mouse": flag},
    ScreenConfig: {"theme": choice("blue", "green", "contrast"), "sound": flag},
    ScannerConfig: SCANNER_READERS,
    PrinterConfig: {
        "name": name,
        "url": printer_url,
        "language": choice(*PRINTER_LANGUAGES),
        "dpi": whole(DPI_MIN, DPI_MAX),
        "kinds": names,
    },
    SiteConfig: {
        "one_person": flag,
        "pin": flag,
        "labour": choice("split", "full"),
        "severities": severities,
    },
}
SECTIONS: Final[Mapping[str, type]] = {
    "station": StationConfig,
    "wedge": WedgeConfig,
    "input": InputConfig,
    "screen": ScreenConfig,
    "scanner": ScannerConfig,
    "printer": PrinterConfig,
    "site": SiteConfig,
}
LISTED: Final = ("scanner", "printer")
_ENROLMENT: Final[Mapping[str, Reader]] = {
    "name": name,
    "work_centers": names,
    "server": url("http://", "https://"),
    **dict.fromkeys(("public_key", "pin", "site"), lambda value: text(value) if value else ""),
}

S = TypeVar("S")


class _Reading:
    """One pass over one file, gathering problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def table(self) -> dict[str, Any]:
        """The file's content; a missing file is empty."""
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
            self.problems.append(f"{self.path}: is not TOML: {fault}")
        except OSError as fault:
            self.problems.append(f"{self.path}: cannot be read: {fault.strerror}")
        return {}

    def unknown(self, where: str, key: str, allowed: Sequence[str]) -> None:
        self.problems.append(f"{self.path}: {where}: no such key{nearest(key, allowed)}")

    def values(
        self, where: str, given: Mapping[str, Any], readers: Mapping[str, Reader]
    ) -> dict[str, Any]:
        """The values that can be read; a problem for each other."""
        found = {}
        for key, value in given.items():
            if key not in readers:
                self.unknown(f"{where}.{key}", key, tuple(readers))
                continue
            try:
                found[key] = readers[key](value)
            except ValueError as fault:
                self.problems.append(f"{self.path}: {where}.{key} = {_shown(value)}: {fault}")
        return found

    def section(self, where: str, given: object, kind: type[S]) -> S | None:
        """One table as its dataclass; None if a needed key is missing or wrong."""
        if not isinstance(given, dict):
            self.problems.append(f"{self.path}: {where}: want a section [{where}]")
            return None
        found = self.values(where, given, READERS[kind])
        needed = [
            one.name
            for one in fields(cast("Any", kind))
            if one.default is MISSING and one.default_factory is MISSING
        ]
        missing = [key for key in needed if key not in given]
        self.problems += [f"{self.path}: {where}.{key}: is missing" for key in missing]
        return None if any(key not in found for key in needed) else kind(**found)

    def sections(self, key: str, given: object, kind: type[S]) -> tuple[S, ...]:
        """A list of tables `[[key]]`, with different names and ports."""
        if not isinstance(given, list):
            self.problems.append(f"{self.path}: {key}: want sections [[{key}]]")
            return ()
        made = [self.section(f"{key}[{n}]", one, kind) for n, one in enumerate(given, 1)]
        found = tuple(one for one in made if one is not None)
        for n, one in enumerate(made, 1):
            lacks = one.lacks(given[n - 1]) if isinstance(one, ScannerConfig) else ()
            self.problems += [f"{self.path}: {key}[{n}].{lack}" for lack in lacks]
        self.distinct(key, "name", [getattr(one, "name", "") for one in found])
        self.distinct(key, "port", [getattr(one, "port", "") for one in found])
        return found

    def distinct(self, section: str, key: str, given: Sequence[str]) -> None:
        for one in sorted({one for one in given if one and given.count(one) > 1}):
            self.problems.append(f"{self.path}: {section}.{key} = '{one}': stands there twice")


def load(file: Path | None = None, data: Path | None = None) -> Config:
    """The configuration of `file` (default: kiosk.toml in `data`), with the enrolment in the data
    folder; raises `ConfigError` with every problem found.
    """
    if file is not None and not file.is_file():
        raise ConfigError([f"{file}: there is no such file: give --config or --data"])
    source = _Reading(file or (data or default_data()) / CONFIG_NAME)
    sections = _read_sections(source)
    station = sections.get("station") or StationConfig()
    folder = data or (Path(station.data).expanduser() if station.data else default_data())
    enrolment = _Reading(folder / ENROLMENT_NAME)
    enrolled = enrolment.values("enrolment", enrolment.table(), _ENROLMENT)
    given, told = station.name, enrolled.get("name", "")
    if given and told and given != told:
        said = f"station.name = '{given}': the server enrolled this one as '{told}'"
        source.problems.append(f"{source.path}: {said}")
    server, pin = station.server or enrolled.get("server", ""), enrolled.get("pin", "")
    if pin and not server.startswith("https://"):
        step = "want https://, for its TLS key is pinned; or enrol this station again"
        source.problems.append(f"{source.path}: station.server = '{server}': {step}")
    problems = source.problems + enrolment.problems
    if problems:
        raise ConfigError(problems)
    return Config(
        folder,
        StationConfig(
            station.name or enrolled.get("name", ""),
            station.work_centers or enrolled.get("work_centers", ()),
            server,
            station.language,
            str(folder),
            station.shifts,
        ),
        sections.get("wedge") or WedgeConfig(),
        sections.get("scanner", ()),
        sections.get("printer", ()),
        sections.get("site") or SiteConfig(),
        enrolled.get("public_key", ""),
        pin,
        source.path if source.path.exists() else None,
        sections.get("input") or InputConfig(),
        sections.get("screen") or ScreenConfig(),
    )


def default_data() -> Path:
    """Where a station keeps its journal unless told: $XDG_STATE_HOME/floor-kiosk."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "floor-kiosk"


def _read_sections(source: _Reading) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, given in source.table().items():
        if key not in SECTIONS:
            source.unknown(key, key, tuple(SECTIONS))
        elif key in LISTED:
            found[key] = source.sections(key, given, SECTIONS[key])
        else:
            found[key] = source.section(key, given, SECTIONS[key])
    return found


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)
