"""The sample shifts, played as fast as they go on real processes: server, printer, kiosks."""

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path

import pytest

from kiosk.demo.factory import FACTORIES, Factory
from kiosk.demo.script import ExpectBand, ScanStep, Step, Switch, load

SHIFT_SECONDS_MAX = 240
PLAYED_AT_ONCE = 3
FACTORY_NAMES = ("bakery", "machining", "electronics")
# Each shift once; one of them three years on, as no date may count: the bakery's lots expire.
SHIFTS = (("bakery", "later"), ("machining", "today"), ("electronics", "today"))
# The same on the other of the two days.
OTHERS = tuple((name, "today" if when == "later" else "later") for name, when in SHIFTS)
PLAYED = (*SHIFTS, *(pytest.param(*one, marks=pytest.mark.long) for one in OTHERS))


def shift(factory: str) -> tuple[Step, ...]:
    return load(FACTORIES / factory / "shift.txt", Factory.named(factory, date(2026, 11, 22)))


def play(*words: str) -> tuple[int, dict[str, object], str]:
    """Exit status, the summary on the last line, and all that was said."""
    done = subprocess.run(
        [sys.executable, "-m", "kiosk", "demo", "--headless", "--play", "--pace", "0", *words],
        capture_output=True,
        text=True,
        timeout=SHIFT_SECONDS_MAX,
    )
    said = done.stdout + done.stderr
    assert done.stdout.strip(), said
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), said


Played = tuple[int, dict[str, object], str]


def asked_of(session: pytest.Session) -> dict[tuple[str, str], tuple[str, ...]]:
    """The shifts that this run's tests ask for, each with its options."""
    today = datetime.now().astimezone().date()
    later = today.replace(year=today.year + 3, day=min(today.day, 28)).isoformat()
    options = {"today": (), "later": ("--today", later)}
    return {
        (factory, when): ("--factory", factory, *options[when])
        for item in session.items
        if isinstance(item, pytest.Function)
        and item.originalname == "test_a_shift_holds_to_the_last_event"
        for factory, when in [(str(item.callspec.params[name]) for name in ("factory", "when"))]
    }


@pytest.fixture(scope="module")
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, str], Played]]:
    """Every shift that is asked for; a few at once, as they mostly wait for hands."""
    asked = asked_of(request.session)
    with ThreadPoolExecutor(PLAYED_AT_ONCE) as pool:
        playing = {
            key: pool.submit(play, *words, "--data", str(tmp_path_factory.mktemp("-".join(key))))
            for key, words in asked.items()
        }
        yield {key: one.result() for key, one in playing.items()}


@pytest.mark.parametrize(("factory", "when"), PLAYED)
def test_a_shift_holds_to_the_last_event(
    factory: str, when: str, played: dict[tuple[str, str], Played]
) -> None:
    status, summary, said = played[factory, when]
    assert status == 0, said
    steps = shift(factory)
    bands = [step for step in steps if isinstance(step, ExpectBand)]
    assert summary["factory"] == factory
    assert summary["scans"] == sum(isinstance(step, ScanStep) for step in steps)
    assert summary["stopped"] == sum(step.kind == "stop" for step in bands)
    assert summary["events_ledger"] == summary["events_journal"]
    assert summary["labels_decoded"] == summary["labels_printed"] != 0


@pytest.mark.parametrize("factory", FACTORY_NAMES)
def test_a_shift_holds_what_a_shift_meets(factory: str) -> None:
    """Offline for 20 scans and more, two kills, stops, and expectations about all that it made."""
    steps = shift(factory)
    switches = [step.what for step in steps if isinstance(step, Switch)]
    assert switches.count("kill") >= 2
    away = scans_offline(steps)
    assert away >= 20
    stops = [step for step in steps if isinstance(step, ExpectBand) and step.kind == "stop"]
    assert len(stops) >= 3


def scans_offline(steps: tuple[Step, ...]) -> int:
    longest = count = 0
    offline = False
    for step in steps:
        if isinstance(step, Switch) and step.what in ("offline", "online"):
            offline, count = step.what == "offline", 0
        elif isinstance(step, ScanStep) and offline:
            count += 1
            longest = max(longest, count)
    return longest


def test_a_missed_expectation_fails_the_run(tmp_path: Path) -> None:
    script = tmp_path / "wrong.txt"
    script.write_text('station BAKE-1\nscan badge anna\nexpect stop "NO SUCH WORD"\n')
    status, summary, said = play("--script", str(script), "--data", str(tmp_path / "demo"))
    assert status == 1
    assert "wrong.txt:3: wanted stop, the band says ok" in said
    assert summary["scans"] == 1


def test_the_readme_s_shift_holds(tmp_path: Path) -> None:
    readme = Path(__file__).parents[3].joinpath("README.md").read_text(encoding="utf-8")
    block = readme[readme.index("    station BAKE-1\n") :].partition("\n\n")[0]
    script = tmp_path / "readme.txt"
    script.write_text("\n".join(line.strip() for line in block.splitlines()), encoding="utf-8")
    status, summary, said = play("--script", str(script), "--data", str(tmp_path / "demo"))
    assert status == 0, said
    assert (summary["scans"], summary["stopped"]) == (7, 1)


def test_a_factory_that_nobody_has_seen_works_as_well(tmp_path: Path) -> None:
    """Other names, other units, another script: nothing is known of the sample factories."""
    folder = tmp_path / "paint"
    folder.mkdir()
    for name, text in UNSEEN.items():
        (folder / name).write_text(text)
    status, summary, said = play("--factory", str(folder), "--data", str(tmp_path / "demo"))
    assert status == 0, said
    assert (summary["factory"], summary["orders_completed"], summary["stopped"]) == ("paint", 1, 1)


UNSEEN = {
    "materials.csv": (
        "material,name,unit,gtin,lot_controlled,serial_controlled,label_quantity,conversions,"
        "shelf_life_days,place\n"
        "BASE,White base,l,,yes,no,no,,0,TANK-1\n"
        "PIG-R,Red pigment,g,,yes,no,no,,0,SHELF-9\n"
        "PAINT,Red paint,l,,yes,no,no,,365,OUT\n"
    ),
    "boms.csv": (
        "material,for_quantity,component,quantity,unit,operation,tolerance_percent,"
        "limit_percent,backflush,substitutes\n"
        "PAINT,10,BASE,9.5,l,10,1,110,no,\nPAINT,10,PIG-R,250,g,10,1,110,no,\n"
    ),
    "routings.csv": (
        "material,operation,work_center,name,setup_seconds,run_seconds,count,steps\n"
        "PAINT,10,BLEND,Blend,60,5,planned,\n"
    ),
    "work_centers.csv": "work_center,name,hours_per_day\nBLEND,Blender,8\n",
    "operators.csv": "person,name,badge,role,pin\nole,Ole Dam,1234567890,operator,\n",
    "reasons.csv": "reason,group,text\nSPILL,scrap,Spilled\n",
    "orders.csv": (
        "order,material,quantity,due,start,priority,note,customer_reference,release,"
        "tolerance_percent,limit_percent,label,output_lot\n"
        "P-77,PAINT,40 l,+1d,+0d,10,,,yes,0,110,per_done,order\n"
    ),
    "stock.csv": (
        "material,lot,quantity,unit,place,expiry,supplier_lot,status,serials\n"
        "BASE,WB-1,500,l,TANK-1,,,available,\nPIG-R,RP-4,9000,g,SHELF-9,+700d,,available,\n"
    ),
    "stations.csv": "station,work_centers\nTANKROOM,BLEND\n",
    "shift.txt": (
        "station TANKROOM\n"
        'scan badge ole\nexpect ok "OLE DAM"\n'
        'scan order P-77\nexpect ok "P-77"\n'
        'scan lot WB-1\nexpect ok "38 L"\n'
        'scan raw "]C0NONSENSE"\nexpect stop ""\n'
        'scan lot RP-4\nexpect ok "1000 G"\n'
        'scan DONE\nexpect ok "40"\n'
        "wait synced\nwait printed\n"
        "expect order P-77 completed 40 good 0 scrap\n"
        "expect stock BASE WB-1 462 LTR\nexpect stock PIG-R RP-4 8000 GRM\n"
    ),
}
