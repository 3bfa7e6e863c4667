"""The scripts that make a Debian PC a station or a server, their units and rules; on demand in a clean
root of their own.
"""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kiosk.screens.palette import FLOOR
from tests.missing import missing
from tests.tidy_source import ROOT

DEPLOY: Final = ROOT / "deploy"
SCRIPTS: Final = ("install-station", "install-server")
SECONDS_MAX: Final = 600
PATH: Final = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NEEDS: Final = {"station": (), "server": ("server", "postgresql")}


def script(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(DEPLOY / name), *words], capture_output=True, text=True, check=False
    )


def closure(wanted: list[str]) -> set[str]:
    """All packages that these requirements bring on this machine."""
    found: dict[str, set[str]] = {}
    open_ones = [Requirement(one) for one in wanted]
    while open_ones:
        one = open_ones.pop()
        name = canonicalize_name(one.name)
        if name in found and one.extras <= found[name]:
            continue
        found.setdefault(name, set()).update(one.extras)
        for text in distribution(name).requires or ():
            more = Requirement(text)
            extras = one.extras | {""}
            if more.marker is None or any(more.marker.evaluate({"extra": e}) for e in extras):
                open_ones.append(more)
    return set(found)


@pytest.mark.parametrize("kind", NEEDS)
def test_the_lists_of_packages_are_what_the_project_needs(kind: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], "hatchling"]
    for extra in NEEDS[kind]:
        wanted += project["optional-dependencies"][extra]
    listed = (DEPLOY / f"packages.{kind}").read_text(encoding="ascii").split()
    assert listed == sorted(closure(wanted))
    lock = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert set(listed) <= pinned


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_teaches_and_wrong_words_are_told(name: str) -> None:
    taught = script(name, "--help")
    assert (taught.returncode, taught.stderr) == (0, "")
    for word in ("--print", "--uninstall", "--no-start", "As root", "/var/lib/"):
        assert word in taught.stdout
    wrong = script(name, "--frobnicate")
    assert wrong.returncode == 2
    assert f"{name}: no such option: --frobnicate (--help tells them)" in wrong.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "want the server's address"),
        (("plant; reboot",), "this is not an address"),
        (("a", "b", "c"), "too many words"),
    ],
)
def test_a_station_wants_its_server(words: tuple[str, ...], told: str) -> None:
    done = script("install-station", *words)
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        ("plant", "https://plant:8400"),
        ("plant:9000", "https://plant:9000"),
        ("http://10.0.0.9:8400/", "http://10.0.0.9:8400"),
        ("https://plant.example", "https://plant.example:8400"),
    ],
)
def test_print_shows_every_step_and_does_none(given: str, whole: str) -> None:
    done = script("install-station", "--print", given, "CODE")
    assert done.returncode == 0, done.stderr
    assert f"kiosk enrol {whole} CODE" in done.stdout
    for step in ("useradd --system", "pip install", "71-floor-kiosk.rules", "systemctl enable"):
        assert step in done.stdout


@pytest.mark.parametrize("unit", ["floor-kiosk", "floor-server"])
def test_units_are_verified(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze", "apt install systemd")
    text = (DEPLOY / "units" / f"{unit}.service").read_text(encoding="utf-8")
    program = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
    copy = tmp_path / f"{unit}.service"
    copy.write_text(program, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_station_has_the_first_screen_and_no_shell_behind_it() -> None:
    unit = (DEPLOY / "units" / "floor-kiosk.service").read_text(encoding="utf-8")
    for line in (
        "Type=notify",
        "WatchdogSec=15",
        "Restart=always",
        "RestartSec=1",
        "TTYPath=/dev/tty1",
        "StandardInput=tty",
        "StandardError=tty",
        "Conflicts=getty@tty1.service",
        "Environment=LANG=C.UTF-8 TERM=linux",
        "MemoryMax=300M",
        "User=kiosk",
    ):
        assert f"\n{line}\n" in unit


def test_the_console_has_the_colours_of_the_palette() -> None:
    rows = (DEPLOY / "console" / "vtrgb").read_text(encoding="ascii").split()
    colours = list(zip(*(row.split(",") for row in rows), strict=True))
    shown = ["#" + "".join(f"{int(part):02x}" for part in one) for one in colours]
    assert len(shown) == 16
    wanted = FLOOR.variables
    assert (shown[1], shown[3], shown[4]) == (wanted["stop"], wanted["note"], wanted["ok"])
    assert (shown[0], shown[7]) == (FLOOR.background, FLOOR.foreground)


def test_every_line_of_the_rules_names_the_three_vendors() -> None:
    text = (DEPLOY / "udev" / "71-floor-kiosk.rules").read_text(encoding="ascii")
    rules = [one for one in text.splitlines() if one.startswith("SUBSYSTEM")]
    assert len(rules) == 5
    for rule in rules:
        assert 'idVendor}=="05e0|0c2e|05f9"' in rule
        assert re.fullmatch(r'(?:[A-Z]+(?:\{[\w/]+\})?(?:==|!=|\+=|=)"[^"]+"(?:, |$))+', rule)


def mirror() -> str:
    """From where this machine has its Debian packages."""
    words = ["apt-get", "download", "--print-uris", "base-files"]
    told = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    if "/pool/" not in told:
        missing("a Debian mirror", "apt-get update")
    return told.strip("'").partition("/pool/")[0]


@pytest.fixture(scope="module")
def clean_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare Debian, with this machine's way to its packages and the project as it is here."""
    if shutil.which("debootstrap") is None or os.getuid():
        missing("debootstrap", "apt install debootstrap, and run as root")
    root = tmp_path_factory.mktemp("root")
    options = ["--variant=minbase", "--include=ca-certificates", "bookworm", str(root)]
    subprocess.run(
        ["debootstrap", *options, mirror()],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=SECONDS_MAX,
    )
    for file in ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if Path(file).exists():
            shutil.copy(file, root / file[1:])
    root.chmod(0o755)  # what it is is the root of users, too
    _unpack_into(root / "srv" / "floor")
    return root


def _unpack_into(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "kiosk", "sync", "labels", "deploy"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def within(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the clean root."""
    environment = {"PATH": PATH, "HOME": "/", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["chroot", str(root), *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_MAX,
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "words", "user", "unit"),
    [
        ("install-station", ("plant",), "kiosk", "floor-kiosk"),
        ("install-server", (), "floor-server", "floor-server"),
    ],
)
def test_a_clean_debian_becomes_what_it_should(
    clean_root: Path, name: str, words: tuple[str, ...], user: str, unit: str
) -> None:
    command = f"/srv/floor/deploy/{name}"
    for said in ("without shell", f"{user} is there"):  # the second run finds the first
        done = within(clean_root, "sh", command, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert said in done.stdout
    verified = within(clean_root, "systemd-analyze", "verify", "--man=no", f"{unit}.service")
    assert (verified.returncode, verified.stderr) == (0, "")
    wants = clean_root / "etc/systemd/system/multi-user.target.wants"
    assert (wants / f"{unit}.service").is_symlink()
    if name == "install-server":
        assert "central server" in within(clean_root, "kiosk-server", "--help").stdout
    else:
        as_kiosk = ("setpriv", "--reuid", user, "--regid", user, "--init-groups")
        looked = within(clean_root, *as_kiosk, "kiosk", "doctor", "--data", "/var/lib/kiosk")
        assert "✖ enrolment    not enrolled" in looked.stdout
        assert "✔ disk" in looked.stdout or "▲ disk" in looked.stdout
    assert within(clean_root, "sh", command, "--uninstall").returncode == 0
    assert not (wants / f"{unit}.service").is_symlink()
