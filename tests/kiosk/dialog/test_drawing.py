"""DRAWING and values to be measured: what is opened, what a value may be, what OK records."""

from typing import Final

import pytest
from msgspec.structs import replace

from kiosk.dialog import Scanned, Tick
from labels.codes import CodeError, DigitCode, decode
from sync.domain.events import Check, CheckRecorded, OrderReleased, RoutingOperation
from tests.kiosk.dialog.bakery import Floor

NOBODY: Final = "Measure Core temperature (92–98 °C), enter the number, scan OK."


def measuring(checks: tuple[Check, ...] = ()) -> Floor:
    """A station at B-3, whose steps are confirmed; with checks of its own where they are given."""
    floor = Floor()
    if checks:
        release = floor.order("B-3").release
        assert isinstance(release, OrderReleased)
        first = RoutingOperation("10", "MIX", "Laminate", checks=checks)
        changed = replace_release(release, (first, *release.operations[1:]))
        floor.absorb(changed)
    floor.badge("anna")
    floor.open("B-3")
    floor.lot("BT-12", "BUTTER")
    if not checks:
        floor.command("OK")
        floor.command("OK")
    return floor


def replace_release(
    release: OrderReleased, operations: tuple[RoutingOperation, ...]
) -> OrderReleased:
    return replace(release, operations=operations, revision=release.revision + 1)


def sent(floor: Floor, payload: bytes) -> tuple[str, str]:
    """What a device sends in one burst, read as the desk does."""
    try:
        code = decode(payload, "", current_year=2026)
    except CodeError as fault:
        floor.give(Scanned(fault, payload))
    else:
        floor.give(Scanned(code, payload))
    return floor.told


def recorded(floor: Floor) -> list[tuple[str, str, str]]:
    found = [one for one in floor.events if isinstance(one, CheckRecorded)]
    return [(one.check, one.value, one.unit) for one in found]


def test_drawing_opens_the_drawing_then_its_code_then_the_work() -> None:
    floor = Floor()
    floor.command("DRAWING")
    assert floor.told == ("stop", "not_signed_in")
    floor.badge("anna")
    floor.command("DRAWING")
    assert (floor.told, floor.dialog.body) == (("stop", "no_order"), "queue")
    floor.open("B-3")
    seen = []
    for _ in range(3):
        floor.command("DRAWING")
        seen.append((floor.notice.text, floor.dialog.body, floor.dialog.selected))
    assert seen == [
        ("body_drawing", "drawing", 0),
        ("body_drawing_code", "drawing", 1),
        ("body_order", "order", 0),
    ]
    floor.type("*20")
    assert floor.dialog.body == "drawing"
    floor.key("down")
    assert (floor.dialog.body, floor.dialog.selected) == ("drawing", 1)
    floor.key("up")
    floor.lot("BT-12", "BUTTER")
    assert (floor.told, floor.dialog.body) == (("ok", "consumed"), "order")


def test_an_operation_without_a_drawing_has_one_page() -> None:
    floor = Floor()
    floor.badge("anna")
    floor.open("B-1")
    floor.command("DRAWING")
    floor.key("down")
    assert (floor.dialog.body, floor.dialog.selected) == ("drawing", 0)
    floor.command("DRAWING")
    assert floor.dialog.body == "order"


def test_a_refused_scan_leaves_the_drawing_where_it_is() -> None:
    floor = measuring()
    floor.command("DRAWING")
    floor.lot("R-118", "RYE")
    assert (floor.notice.kind, floor.dialog.body) == ("stop", "drawing")


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("95,5", "95.5"),
        ("95.50", "95.50"),
        ("094", "94"),
        ("+93", "93"),
    ],
)
def test_a_value_is_typed_with_comma_or_point(typed: str, value: str) -> None:
    floor = measuring()
    assert floor.said.next == NOBODY
    floor.type(typed)
    said = floor.said
    assert (said.word, said.what) == (value, f"Core temperature: {value} °C (92–98 °C).")
    floor.command("OK")
    assert recorded(floor) == [("CORE", value, "CEL")]


def test_a_value_is_scanned_digit_by_digit() -> None:
    floor = measuring()
    for sign in "95.5":
        floor.scan(DigitCode(sign))
    assert floor.said.what == "Core temperature: 95.5 °C (92–98 °C)."
    floor.command("OK")
    assert recorded(floor) == [("CORE", "95.5", "CEL")]


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        (b"95.5", "95.5"),
        (b"+0095,50", "95.50"),
        (b"95.5 C", "95.5"),
        (b"+96", "96"),
        (b"97.1mm", "97.1"),
    ],
)
def test_a_measuring_device_sends_a_value_as_a_keyboard_would(payload: bytes, value: str) -> None:
    floor = measuring()
    floor.command("DRAWING")
    assert (sent(floor, payload), floor.dialog.body) == (("note", "value"), "order")
    floor.command("OK")
    assert recorded(floor) == [("CORE", value, "CEL")]


@pytest.mark.parametrize("payload", [b"955", b"4006381333931x", b"95.5.5", b"\xff.5", b"--9.5"])
def test_what_is_no_value_is_a_code_as_ever(payload: bytes) -> None:
    floor = measuring()
    assert sent(floor, payload)[0] == "stop"
    assert floor.dialog.number == ""


def test_a_device_is_not_heard_where_nothing_is_measured() -> None:
    floor = Floor()
    floor.badge("anna")
    floor.open("B-1")
    assert sent(floor, b"95.5")[0] == "stop"


def test_a_value_outside_its_limits_is_asked_for() -> None:
    floor = measuring()
    floor.type("-18,5")
    floor.command("OK")
    assert floor.told == ("ask", "check_out_of_limits")
    assert "-18.5 °C" in floor.said.what
    floor.command("OK")
    assert recorded(floor) == [("CORE", "-18.5", "CEL")]


def test_a_value_below_zero_is_no_quantity() -> None:
    floor = measuring()
    floor.type("-18")
    floor.command("DONE")
    assert floor.notice.kind == "stop"


def test_a_value_that_nobody_records_is_dropped_by_its_unit() -> None:
    floor = measuring()
    floor.type("95")
    floor.give(Tick(), 31.0)
    assert "95 °C" in floor.said.what


def test_several_checks_come_in_turn() -> None:
    floor = measuring(
        (
            Check("A", "Thickness", "MMT", "3", "4"),
            Check("B", "Weight", "GRM", "", "80"),
            Check("C", "Colour by the card"),
        )
    )
    nexts = []
    for value in ("3,5", "78", "4"):
        nexts.append(floor.said.next)
        floor.type(value)
        floor.command("OK")
    assert nexts == [
        "Measure Thickness (3–4 MM), enter the number, scan OK.",
        "Measure Weight (…–80 G), enter the number, scan OK.",
        "Measure Colour by the card, enter the number, scan OK.",
    ]
    assert recorded(floor) == [("A", "3.5", "MMT"), ("B", "78", "GRM"), ("C", "4", "")]


def test_an_open_step_at_the_end_is_asked_for() -> None:
    floor = Floor()
    floor.badge("anna")
    floor.open("B-3")
    floor.lot("BT-12", "BUTTER")
    floor.command("OK")
    floor.command("DONE")
    assert floor.told == ("ask", "step_skipped")
    assert "Rest 20 minutes" in floor.said.what
    floor.command("OK")
    assert floor.order("B-3").is_ended("10")
