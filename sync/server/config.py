"""The home of the server's configuration: `server.toml` in the data folder, then the command line.

ConfigError      all mistakes of the file at once, one a line, each with file, key and remedy
"""

import ipaddress
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from sync.domain.logistic_unit import is_prefix
from sync.server.errors import ServerError

FILE: Final = "server.toml"
LEDGER: Final = "ledger.sqlite"
PORT: Final = 8400
PORT_MAX: Final = 65_535
EXTENSION_DIGIT_MAX: Final = 9
CLOCK_OFFSET_SECONDS_MAX: Final = 100 * 366 * 86_400


class ConfigError(ServerError):
    """The configuration cannot be used; the message lists every mistake."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one caller may ask for, and how long he may take; each at least 1.

    A station's pushes and its waiting feed hold a connection each. `strangers` show no token that
    opens anything; they and who enrols or sends a form are told apart by their address.
    """

    connections: int = 4_000
    header_seconds: int = 20
    request_seconds: int = 60
    station_requests_per_second: int = 300
    person_requests_per_second: int = 100
    stranger_requests_per_second: int = 100
    enrol_requests_per_minute: int = 120
    form_requests_per_minute: int = 120


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How this server runs. `url` is the ledger's database; port 0 takes any that is free.

    `trusted_proxy` is the address whose word on where a request came from is taken; else nobody's.
    `tls` is `off`, `own` or empty: as the other values say. `certificate` and `key` are PEM files.
    `oidc_issuer` is the address of an OpenID provider that people may sign in by; `oidc_claim` says
    which of its claims names the account, one that people cannot change themselves.
    `currency` is written behind costs. Logistic units get SSCCs of `company_prefix` (GS1), and
    numbers of the house where it is empty.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = PORT
    open_board: bool = False
    clock_offset: float = 0.0
    site: str = ""
    currency: str = ""
    url: str = ""
    trusted_proxy: str = ""
    tls: str = ""
    certificate: str = ""
    key: str = ""
    company_prefix: str = ""
    extension_digit: int = 0
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_secret: str = field(default="", repr=False)
    oidc_claim: str = "preferred_username"
    limits: Limits = Limits()

    @property
    def unit_prefix(self) -> str:
        """What the SSCCs of all units begin with; empty without a company prefix."""
        return f"{self.extension_digit}{self.company_prefix}" if self.company_prefix else ""

    @property
    def tls_mode(self) -> Literal["off", "own", "files"]:
        """Plain HTTP for this machine alone or behind a proxy; else TLS, with own key or files."""
        if self.tls in {"off", "own"}:
            return "own" if self.tls == "own" else "off"
        if self.certificate:
            return "files"
        return "off" if self.trusted_proxy or is_loopback(self.host) else "own"

    @property
    def database_url(self) -> str:
        return self.url or f"sqlite:///{self.data.absolute() / LEDGER}"


def read_config(data: Path, **given: Any) -> ServerConfig:
    """The file's values under those given on the command line; raises `ConfigError`."""
    path = data / FILE
    values = _read(path)
    values.update({name: value for name, value in given.items() if value is not None})
    limits = Limits(**{name: values.pop(name) for name in _LIMITS if name in values})
    config = replace(ServerConfig(data), limits=limits, **values)
    problems = list(_problems(config))
    if problems:
        raise ConfigError("\n".join(problems))
    return config


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_address(host: str) -> bool:
    """Whether the host is written as an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_LIMITS: Final = tuple(one.name for one in fields(Limits))
# (section, key) -> field and type of its value
_KEYS: Final[dict[tuple[str, str], tuple[str, type]]] = {
    ("server", "host"): ("host", str),
    ("server", "port"): ("port", int),
    ("server", "open_board"): ("open_board", bool),
    ("server", "trusted_proxy"): ("trusted_proxy", str),
    ("site", "name"): ("site", str),
    ("site", "currency"): ("currency", str),
    ("database", "url"): ("url", str),
    ("tls", "mode"): ("tls", str),
    ("tls", "certificate"): ("certificate", str),
    ("tls", "key"): ("key", str),
    ("gs1", "company_prefix"): ("company_prefix", str),
    ("gs1", "extension_digit"): ("extension_digit", int),
    ("oidc", "issuer"): ("oidc_issuer", str),
    ("oidc", "client_id"): ("oidc_client_id", str),
    ("oidc", "secret"): ("oidc_secret", str),
    ("oidc", "claim"): ("oidc_claim", str),
    **{("limits", name): (name, int) for name in _LIMITS},
}


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"{path}: {fault}; mend the file") from None
    values: dict[str, Any] = {}
    problems: list[str] = []
    for section, part in document.items():
        for key, value in part.items() if isinstance(part, dict) else [("", part)]:
            name, kind = _KEYS.get((section, key), ("", object))
            if not name:
                known = ", ".join(f"{known}.{word}" for known, word in _KEYS)
                problems.append(f"{path}: {section}.{key}: unknown; known are {known}")
            elif type(value) is not kind:
                problems.append(f"{path}: {section}.{key}: {value!r} is no {_NAMES[kind]}")
            else:
                values[name] = value
    if problems:
        raise ConfigError("\n".join(problems))
    return values


_NAMES: Final[dict[type, str]] = {
    str: 'text in "quotes"',
    int: "whole number",
    bool: "true or false",
}


def _problems(config: ServerConfig) -> list[str]:
    problems = []
    if not 0 <= config.port <= PORT_MAX:
        problems.append(f"server.port: {config.port}: want 0 (any) to {PORT_MAX}")
    if not config.host or not config.host.isprintable():
        problems.append(f"server.host: {config.host!r}: want an address such as 127.0.0.1")
    if not abs(config.clock_offset) <= CLOCK_OFFSET_SECONDS_MAX:
        problems.append(f"--clock-offset {config.clock_offset}: want at most a hundred years")
    if config.trusted_proxy and not is_address(config.trusted_proxy):
        problems.append(f"server.trusted_proxy: {config.trusted_proxy!r}: want an IP address")
    if config.tls not in {"", "off", "own"}:
        problems.append(f"tls.mode: {config.tls!r}: want off or own, or leave it out")
    if bool(config.certificate) != bool(config.key):
        problems.append("tls.certificate and tls.key: want both, each the path of a PEM file")
    if config.company_prefix and not is_prefix(f"0{config.company_prefix}"):
        wanted = 'want its 4 to 12 digits as text, such as "952123", without extension digit'
        problems.append(f"gs1.company_prefix: {config.company_prefix!r}: {wanted}")
    if not 0 <= config.extension_digit <= EXTENSION_DIGIT_MAX:
        problems.append(f"gs1.extension_digit: {config.extension_digit}: want 0 to 9")
    problems += _oidc_problems(config)
    problems += [
        f"limits.{name}: {getattr(config.limits, name)}: want 1 or more"
        for name in _LIMITS
        if getattr(config.limits, name) < 1
    ]
    if config.open_board and not is_loopback(config.host):
        problems.append(
            f"server.open_board: {config.host} is reached from outside; the board without a"
            " password is for loopback only: use --host 127.0.0.1 or leave it out"
        )
    return problems


def _oidc_problems(config: ServerConfig) -> list[str]:
    if not (config.oidc_issuer or config.oidc_client_id or config.oidc_secret):
        return []
    problems = []
    if not (config.oidc_issuer and config.oidc_client_id and config.oidc_claim):
        problems.append("oidc.issuer, oidc.client_id and oidc.claim: want all of them, or none")
    if config.oidc_issuer and not config.oidc_issuer.startswith(("https://", "http://")):
        problems.append(f"oidc.issuer: {config.oidc_issuer!r}: want the provider's https address")
    return problems
