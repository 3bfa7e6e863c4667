"""`kiosk`: run the terminal, enrol it, examine it, look into its journal, or see the demo.

Exit status: 0 all well, 1 operating trouble or findings, 2 wrong command line or configuration.
"""

import argparse
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kiosk.run import Trouble, add_options, add_place, configuration, run

if TYPE_CHECKING:
    from kiosk.journal import Journal

SHOWN_EVENTS: Final = 40

ABOUT: Final = """\
The terminal of one workstation: an operator signs in by badge, scans an order, scans the lots that
go in, and scans DONE.

  kiosk demo                          a sample factory on this machine, nothing else needed
  kiosk enrol plant:8400 K7QM2XWD4N-8FJ3QZ0A    make this a station of a plant's server
  kiosk setup                         choose scanners by a trial scan, a printer by a test label
  kiosk run                           the terminal, full screen
  kiosk doctor                        is everything there, and how fast is it?
  kiosk sheet --out codes.pdf         commands, digits and reasons on paper, for laser scanners
"""
ABOUT_RUN: Final = """\
Full screen; a keyboard scanner needs no setting up, serial ones stand in kiosk.toml. It ends by
SIGTERM (systemctl stop kiosk), never by a key. Not enrolled yet, it says what to scan or type.
"""
ABOUT_SETUP: Final = """\
Stop the kiosk first (systemctl stop floor-kiosk): a scanner has one listener. Scan any code with
the scanner that is to be used, look whether the test label comes out, and kiosk.toml has their
sections; what stood in it stays. Run it as the kiosk's user, or as root.
"""
ABOUT_CONFIG: Final = """\
kiosk.toml lies in the data folder unless --config names it. All of it is optional:

  [station]            name, work_centers, server (all three come with enrolment), data
                       language = "en"       "de" German, "da" Danish
                       shifts = ["06:00-14:00", "14:00-22:00", "22:00-06:00"]
  [wedge]              gap_ms = 50           keyboard scanner; 300 for Bluetooth
  [input]              mouse = false         true: a mouse or a touch screen, larger targets
  [screen]             theme = "blue"        "green", "contrast"; blue is safe for every eye
                       sound = true          false: no bell for scanners without a voice
  [[scanner]]          port = "/dev/serial/by-id/…"   name, baud, feedback = "honeywell"
  [[printer]]          name = "batch"  url = "tcp://10.0.0.9:9100"   language, dpi
                       kinds = ["batch"]     of labels; the first printer that takes it prints
  [site]               one_person, pin, labour = "split" or "full",
                       severities = { lot_expired = "confirm" }
"""


Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["demo"]:
        from kiosk.demo.command import main as demo

        return demo(given[1:])
    options = parser().parse_args(given)
    command: Command = options.command
    try:
        return command(options)
    except Trouble as trouble:
        print(f"kiosk: {trouble}", file=sys.stderr)
        return trouble.status


def parser() -> argparse.ArgumentParser:
    """All commands and what they mean."""
    form = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser("kiosk", description=ABOUT, formatter_class=form)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    place = argparse.ArgumentParser(add_help=False)
    add_place(place)

    def add(name: str, line: str, command: Command, about: str = "") -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            parents=[place],
            help=line,
            description=f"{line[0].upper()}{line[1:]}.",
            epilog=about or ABOUT_CONFIG,
            formatter_class=form,
        )
        made.set_defaults(command=command)
        return made

    add_options(add("run", "the terminal itself", run, ABOUT_RUN + "\n" + ABOUT_CONFIG))
    enrolling = add("enrol", "make this a station of a server", enrol)
    enrolling.add_argument("server", metavar="SERVER", help="plant:8400 or https://plant.example")
    enrolling.add_argument("code", metavar="CODE", help="the one-time code")
    choosing = add("setup", "choose scanners and printer, and write kiosk.toml", setup, ABOUT_SETUP)
    choosing.add_argument(
        "--serial", type=Path, metavar="DIR", help="where serial scanners have lasting names"
    )
    examining = add("doctor", "examine scanners, disk, server, printers, terminal", doctor)
    examining.add_argument("--json", action="store_true", help="findings for programs")
    printing = add("sheet", "commands, digits and reasons as codes on paper", sheet)
    printing.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="the PDF")
    looking = add("journal", "look into this station's journal", journal)
    looking.add_argument(
        "what",
        choices=("verify", "export", "show"),
        help="verify every digest; export own events as JSON lines; show the last ones in words",
    )
    commands.add_parser("demo", add_help=False, help="a sample factory on this machine")
    return whole


def enrol(options: argparse.Namespace) -> int:
    """Exchange a one-time code for a name and a token."""
    from kiosk import enrolment
    from kiosk.clock import Clock
    from kiosk.journal import JournalError
    from kiosk.station import origin_of

    config = configuration(options)
    try:
        origin = origin_of(config, Clock())
        enrolled = enrolment.enrol(options.server, options.code, data=config.data, origin=origin)
    except (enrolment.EnrolmentError, JournalError) as fault:
        raise Trouble(str(fault)) from None
    print(f"This is station {enrolled.station} for {', '.join(enrolled.work_centers)}.")
    print(f"Its journal and token are in {config.data}. Next: kiosk run --data {config.data}")
    return 0


def setup(options: argparse.Namespace) -> int:
    """Choose scanners and printers with a person, and write them down."""
    from kiosk.first_run import SERIAL_NAMES
    from kiosk.setup import setup as choose

    choose(configuration(options), options.serial or Path(SERIAL_NAMES))
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Findings; status 1 if something does not work."""
    from kiosk.doctor import as_json, as_text, examine

    findings = examine(configuration(options))
    print(as_json(findings) if options.json else as_text(findings))
    return 1 if any(one.state == "bad" for one in findings) else 0


def sheet(options: argparse.Namespace) -> int:
    """Write the sheet; reasons are on it if this station knows them and does not run now."""
    from kiosk.clock import Clock
    from kiosk.journal import JournalError
    from kiosk.sheet import command_sheet
    from kiosk.station import open_journal
    from kiosk.texts import Texts

    config = configuration(options)
    reasons: list[tuple[str, str, str]] = []
    told = "no reasons: this station has heard of none"
    if (config.data / "journal.db").exists():
        try:
            opened = open_journal(config, Clock())
        except JournalError as fault:
            told = f"no reasons: {fault}"
        else:
            known = opened.shop().reasons.values()
            reasons = [(one.reason, one.text, one.group) for one in known if one.active]
            opened.close()
    try:
        options.out.write_bytes(command_sheet(Texts.load(config.station.language), reasons))
    except OSError as fault:
        raise Trouble(f"{options.out}: {fault.strerror}: give --out a file to write") from None
    print(f"{options.out}: {len(reasons)} reasons" if reasons else f"{options.out}: {told}")
    return 0


def journal(options: argparse.Namespace) -> int:
    """Look into the journal; it is not changed."""
    from kiosk.clock import Clock
    from kiosk.journal import JournalError, verify
    from kiosk.station import open_journal

    config = configuration(options)
    if not (config.data / "journal.db").exists():
        raise Trouble(f"{config.data}: there is no journal: give --data")
    try:
        if options.what == "verify":
            print(f"{verify(config.data)}: every page, event and digest is as it was written.")
            return 0
        opened = open_journal(config, Clock())
    except JournalError as fault:
        raise Trouble(str(fault)) from None
    try:
        return _look(opened, options.what)
    except JournalError as fault:
        raise Trouble(str(fault)) from None
    finally:
        opened.close()


def _look(opened: "Journal", what: str) -> int:
    match what:
        case "export":
            opened.export(sys.stdout.buffer)
        case "show":
            _show(opened)
    return 0


def _show(opened: "Journal") -> None:
    """The last events of this station in words, the newest last."""
    from kiosk.dialog.people import name_of
    from kiosk.screens.text import hour_of
    from kiosk.screens.words import told
    from kiosk.texts import Texts
    from sync.wire import Unknown

    shop, texts = opened.shop(), Texts.load("en")
    last = deque((record.event for _, record in opened.replay()), maxlen=SHOWN_EVENTS)
    for event in last:
        if not isinstance(event, Unknown):
            who = name_of(shop, event.operator)
            words = told(event, shop, texts.label, texts.forms)
            print(f"{event.at[:10]} {hour_of(event.at)}  {words}  ({who or 'office'})")
    print(f"{opened.local()} events known here, {opened.waiting()} not yet on the server.")


if __name__ == "__main__":
    sys.exit(main())
