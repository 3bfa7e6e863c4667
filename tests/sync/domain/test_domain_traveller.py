"""What stands on the paper that travels with an order."""

from decimal import Decimal

from labels import render
from labels.codes import COMMANDS, CommandCode, OrderCode, decode, encode
from sync.domain.events import OrderReleased, ReleasedLine, RoutingOperation
from sync.domain.quantity import Quantity
from sync.domain.traveller import traveller_values

ORDER = OrderReleased(
    order="B-1042",
    revision=1,
    material="BREAD-500",
    name="Wheat bread 500 g",
    quantity=Quantity("1000", "C62"),
    start="2026-11-22",
    due="2026-11-23",
    priority=40,
    note="Deliver before 06:00.\nTwo languages.",
    customer_reference="NS-77120",
    operations=(
        RoutingOperation(
            operation="10",
            work_center="MIX-1",
            name="Mix dough",
            setup_seconds=300,
            run_seconds="1.2",
            steps=("Flour first", "Mix 8 minutes"),
            drawing="WD-7 C",
        ),
        RoutingOperation(operation="20", work_center="OVEN-2", name="", drawing="WD-7 C"),
    ),
    lines=(
        ReleasedLine(
            line="1",
            material="FLOUR",
            name="Wheat flour",
            quantity=Quantity("300", "KGM"),
            operation="10",
            place="A3",
        ),
    ),
)


def test_all_that_an_order_says_stands_on_it() -> None:
    assert traveller_values(ORDER, [("DONE", "KCDONE0")]) == {
        "order": "B-1042",
        "product": "Wheat bread 500 g",
        "material": "BREAD-500",
        "quantity": "1000",
        "unit": "C62",
        "start": "2026-11-22",
        "due": "2026-11-23",
        "priority": "40",
        "customer": "NS-77120",
        "note": "Deliver before 06:00. Two languages.",
        "drawing": "WD-7 C",
        "operations": (
            {
                "number": "10",
                "name": "Mix dough",
                "work_center": "MIX-1",
                "time": "0:25",
                "steps": "Flour first · Mix 8 minutes",
            },
            {"number": "20", "name": "20", "work_center": "OVEN-2", "time": "", "steps": ""},
        ),
        "lines": (
            {
                "material": "FLOUR",
                "name": "Wheat flour",
                "quantity": "300",
                "unit": "KGM",
                "operation": "10",
                "location": "A3",
            },
        ),
        "commands": ({"word": "DONE", "code": "KCDONE0"},),
    }


def test_the_paper_takes_it() -> None:
    values = traveller_values(ORDER, [(word, encode(CommandCode(word))) for word in COMMANDS])
    first, second = render.lay_out_pages("traveller", values, 600)
    meant = [
        decode(one.symbol.content.encode(), one.symbol.aim)
        for one in (*first.symbols, *second.symbols)
    ]
    assert meant == [
        OrderCode("B-1042"),
        OrderCode("B-1042", "BREAD-500", Decimal(1000), "C62"),
        *(CommandCode(word) for word in COMMANDS),
    ]


def test_what_has_no_room_ends_in_a_sign() -> None:
    bare = OrderReleased(
        order="B-1",
        revision=1,
        material="M",
        name="",
        quantity=Quantity("1", "C62"),
        note="long " * 100,
        operations=(
            RoutingOperation(
                operation="OPERATION-10",
                work_center="W",
                name="N" * 120,
                run_seconds="about a minute",
                steps=("S" * 2_000,),
            ),
        ),
    )
    values = traveller_values(bare)
    assert (values["product"], values["lines"], values["commands"]) == ("M", (), ())
    assert isinstance(values["note"], str)
    assert (len(values["note"]), values["note"][-2:]) == (200, "..")
    operations = values["operations"]
    assert isinstance(operations, tuple)
    (operation,) = operations
    assert {name: len(text) for name, text in operation.items()} == {
        "number": 8,
        "name": 80,
        "work_center": 1,
        "time": 0,
        "steps": 200,
    }
