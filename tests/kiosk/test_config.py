"""kiosk.toml: what it says, and every mistake in it at once."""

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from kiosk.config import (
    READERS,
    SECTIONS,
    Config,
    ConfigError,
    PrinterConfig,
    SiteConfig,
    StationConfig,
    WedgeConfig,
    load,
)
from kiosk.config_scanner import ScannerConfig
from sync.domain.shifts import shift_of

EXAMPLE: Final = Path(__file__).parents[2] / "deploy" / "examples" / "kiosk.toml"
WHOLE = """
[station]
name = "MIX-A"
work_centers = ["MIX-1", "MIX-2"]
server = "https://plant.example"
language = "en"
shifts = ["06:00-14:00", "22:00-06:00"]

[wedge]
gap_ms = 300

[[scanner]]
port = "/dev/serial/by-id/usb-Honeywell_1"
name = "left"
feedback = "honeywell"

[[scanner]]
port = "socket://10.0.0.7:2000"
sound = false
light = true

[[scanner]]
driver = "tcp"
port = "10.0.0.8:9004"
name = "belt"

[[scanner]]
driver = "evdev"
vendor = "0C2E"
product = "0b61"
layout = "de"
gap_ms = 500

[[printer]]
name = "batch"
url = "tcp://10.0.0.9:9100"
dpi = 300

[site]
one_person = true
labour = "full"
pin = false
severities = { lot_expired = "confirm" }
"""


def test_the_example_names_every_key_and_can_be_used(tmp_path: Path) -> None:
    found = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    keys = {name: _keys(found[name]) for name in found}
    assert keys == {name: set(READERS[kind]) for name, kind in SECTIONS.items()}
    assert load(EXAMPLE, tmp_path).file == EXAMPLE


def _keys(section: Any) -> set[str]:
    tables = section if isinstance(section, list) else [section]
    return {key for one in tables for key in one}


def test_a_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(WHOLE)
    assert load(file, tmp_path / "data") == Config(
        data=tmp_path / "data",
        station=StationConfig(
            name="MIX-A",
            work_centers=("MIX-1", "MIX-2"),
            server="https://plant.example",
            language="en",
            data=str(tmp_path / "data"),
            shifts=(shift_of("06:00-14:00"), shift_of("22:00-06:00")),
        ),
        wedge=WedgeConfig(gap_ms=300),
        scanners=(
            ScannerConfig("/dev/serial/by-id/usb-Honeywell_1", "left", feedback="honeywell"),
            ScannerConfig("socket://10.0.0.7:2000", sound=False, light=True),
            ScannerConfig("10.0.0.8:9004", "belt", driver="tcp"),
            ScannerConfig(driver="evdev", vendor="0c2e", product="0b61", layout="de", gap_ms=500),
        ),
        printers=(PrinterConfig("batch", "tcp://10.0.0.9:9100", dpi=300),),
        site=SiteConfig(
            one_person=True, pin=False, labour="full", severities={"lot_expired": "confirm"}
        ),
        file=file,
    )


def test_five_mistakes_are_five_lines(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(
        """
[station]
nmae = "MIX-A"
server = "plant.example"
[[scanner]]
port = "/dev/ttyACM0"
baud = 9601
[[printer]]
name = "batch"
[sites]
pin = true
"""
    )
    with pytest.raises(ConfigError) as caught:
        load(file, tmp_path)
    assert caught.value.problems == (
        f"{file}: station.nmae: no such key (did you mean name?)",
        (
            f"{file}: station.server = 'plant.example': want an address that begins with"
            " http:// or https://"
        ),
        (
            f"{file}: scanner[1].baud = 9601: want one of 1200, 2400, 4800, 9600, 19200, 38400,"
            " 57600, 115200, 230400 (did you mean 9600?)"
        ),
        f"{file}: printer[1].url: is missing",
        f"{file}: sites: no such key (did you mean site?)",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[station", "is not TOML: Expected ']' at the end of a table declaration"),
        ("station = 1", "station: want a section [station]"),
        ("scanner = 1", "scanner: want sections [[scanner]]"),
        ('[station]\nname = "A B"', "station.name = 'A B': want at most 40 letters"),
        ('[station]\nname = ""', "station.name = '': want a line of text"),
        ("[station]\nname = 3", "station.name = 3: want a line of text"),
        ('[station]\nwork_centers = "M"', "station.work_centers = 'M': want a list such as"),
        ('[station]\nwork_centers = ["M", "M"]', "station.work_centers = ['M', 'M']: names one"),
        ('[station]\nlanguage = "tlh"', "station.language = 'tlh': want one of da, de, en"),
        ("[[scanner]]\nbaud = 9600", "scanner[1].port: is missing"),
        ('[[scanner]]\ndriver = "evdev"\nvendor = "0c2e"', "scanner[1].product: is missing"),
        ('[[scanner]]\ndriver = "evdev"\nvendor = "c2e"\nproduct = "0b61"', "want four hex digits"),
        ('[[scanner]]\ndriver = "tcp"\nport = "x"', "scanner[1].port = 'x': want host:port"),
        ('[[scanner]]\ndriver = "tcp"\nport = "x:0"', "scanner[1].port = 'x:0': want host:port"),
        ("[wedge]\ngap_ms = true", "wedge.gap_ms = True: want a whole number from 10 to 1000"),
        ('[site]\npin = "no"', "site.pin = 'no': want true or false, without quotes"),
        ("[site]\nseverities = 1", "site.severities = 1: want a table such as"),
        (
            '[site.severities]\nlot_expird = "note"',
            "no deviation is called lot_expird (did you mean lot_expired?)",
        ),
        ('[site.severities]\nlot_expired = "maybe"', "lot_expired: want one of refuse, supervisor"),
        (
            '[[printer]]\nname = "a"\nurl = "usb:1"',
            "printer[1].url = 'usb:1': write tcp://host:9100, ",
        ),
        (
            '[[printer]]\nname = "a"\nurl = "tcp://a"\n[[printer]]\nname = "a"\nurl = "tcp://b"',
            "printer.name = 'a': stands there twice",
        ),
    ],
)
def test_each_mistake_names_file_key_and_what_is_wanted(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file, tmp_path)
    (line,) = caught.value.problems
    assert line.startswith(f"{file}: ")
    assert problem in line


def test_without_a_file_there_are_defaults_and_no_enrolment(tmp_path: Path) -> None:
    config = load(None, tmp_path)
    assert config == Config(tmp_path, StationConfig(data=str(tmp_path)))
    assert not config.is_enrolled


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file: give --config or --data"):
        load(tmp_path / "other.toml", tmp_path)


def test_the_enrolment_fills_what_people_left_out(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text(
        'name = "MIX-A"\nwork_centers = ["MIX-1"]\nserver = "http://plant:8400"\n'
        'public_key = "ab"\nsite = "S"\n'
    )
    (tmp_path / "station.token").write_text("secret\n")
    (tmp_path / "kiosk.toml").write_text('[station]\nwork_centers = ["MIX-2"]\n')
    config = load(None, tmp_path)
    assert config.is_enrolled
    assert (config.station.name, config.station.work_centers) == ("MIX-A", ("MIX-2",))
    assert (config.station.server, config.public_key) == ("http://plant:8400", "ab")
    assert config.token == "secret"
    assert "secret" not in repr(config)


def test_another_name_than_the_servers_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text('name = "MIX-A"\n')
    (tmp_path / "kiosk.toml").write_text('[station]\nname = "MIX-B"\n')
    with pytest.raises(ConfigError, match="the server enrolled this one as 'MIX-A'"):
        load(None, tmp_path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('shifts = "06:00-14:00"', "want a list such as"),
        ("shifts = []", "want a list such as"),
        ('shifts = ["6-14"]', "6-14: want hours and minutes such as 06:00-14:00"),
        ('shifts = ["06:00-25:00"]', "06:00-25:00: want hours and minutes such as"),
        ('shifts = ["06:00-06:00"]', "06:00-06:00: begins and ends at the same time"),
        ('shifts = ["06:00-14:00", "06:00-14:00"]', "names one twice"),
        ("shifts = [6]", "6: want a line of text"),
    ],
)
def test_shifts_that_cannot_be(tmp_path: Path, line: str, why: str) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(f"[station]\n{line}\n")
    with pytest.raises(ConfigError) as raised:
        load(file, tmp_path)
    (problem,) = raised.value.problems
    assert problem.startswith(f"{file}: station.shifts = ")
    assert why in problem


def test_labour_is_split_or_full(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text('[site]\nlabour = "ful"\n')
    with pytest.raises(ConfigError, match=r"site.labour = 'ful': .*did you mean full"):
        load(file, tmp_path)
    assert load(data=tmp_path / "none").site.labour == "split"
