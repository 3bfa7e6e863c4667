"""Planned cost: every level, set-up, scrap, by-products, and what has no price."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sync.domain.events import (
    BomDefined,
    BomLine,
    MaterialDefined,
    RoutingDefined,
    RoutingOperation,
)
from sync.domain.quantity import MICROS_PER_ONE, Quantity
from sync.server.planning.costing import Cost, CostLine, money_of, price_of, roll_up
from sync.server.planning.explosion import Book

ONE = MICROS_PER_ONE
RATES = {"LATHE": 60 * ONE, "BENCH": 36 * ONE}


def material(
    name: str, unit: str = "C62", cost: str = "", lot_size: Quantity | None = None
) -> MaterialDefined:
    return MaterialDefined(
        material=name,
        revision=1,
        name=f"{name}!",
        unit=unit,
        standard_cost=cost,
        lot_size=lot_size,
    )


def line(name: str, amount: str, unit: str = "C62", scrap: str = "0") -> BomLine:
    return BomLine(material=name, quantity=Quantity(amount, unit), scrap_percent=scrap)


def bom(name: str, *lines: BomLine, beside: tuple[BomLine, ...] = ()) -> BomDefined:
    quantity = Quantity("1", "C62")
    return BomDefined(material=name, revision=1, quantity=quantity, lines=lines, by_products=beside)


def work(name: str, center: str, setup: int, run: str) -> RoutingDefined:
    step = RoutingOperation(
        operation="10", work_center=center, name="Work", setup_seconds=setup, run_seconds=run
    )
    return RoutingDefined(material=name, revision=1, operations=(step,))


def drive(lot_size: Quantity | None = None) -> Book:
    """A drive of one shaft and two screws; the shaft is turned of 0.5 m of bar, 10 % is lost."""
    items = (
        material("DRIVE"),
        material("SHAFT", lot_size=lot_size),
        material("BAR", "MTR", "4"),
        material("SCREW", cost="0.05"),
        material("CHIPS", "KGM", "0.2"),
    )
    boms = {
        "DRIVE": bom("DRIVE", line("SHAFT", "1"), line("SCREW", "2")),
        "SHAFT": bom("SHAFT", line("BAR", "500", "MMT", "10"), beside=(line("CHIPS", "1", "KGM"),)),
    }
    routings = {
        "DRIVE": work("DRIVE", "BENCH", 0, "100"),
        "SHAFT": work("SHAFT", "LATHE", 600, "60"),
    }
    return Book({item.material: item for item in items}, boms, routings)


def test_roll_up_tells_every_component_and_operation_of_every_level() -> None:
    shaft = 10 * (22 * ONE // 10) - 10 * ONE * 2 // 10 + 10 * ONE + 10 * ONE  # bar, chips, 600 s
    assert roll_up("DRIVE", Quantity("10", "C62"), drive(), RATES) == Cost(
        (
            CostLine("material", "SHAFT", "SHAFT!", 10 * ONE, "C62", shaft),
            CostLine("material", "SCREW", "SCREW!", 20 * ONE, "C62", ONE),
            CostLine("labour", "BENCH", "Work", 1_000 * ONE, "SEC", 10 * ONE),
        )
    )


def test_what_comes_out_beside_is_taken_off() -> None:
    cost = roll_up("SHAFT", Quantity("1", "C62"), drive(), RATES)
    assert cost.lines == (
        CostLine("material", "BAR", "BAR!", 550_000, "MTR", 2_200_000),
        CostLine("material", "CHIPS", "CHIPS!", -ONE, "KGM", -200_000),
        CostLine("labour", "LATHE", "Work", 660 * ONE, "SEC", 11 * ONE),
    )
    assert (cost.material, cost.labour, cost.total) == (2 * ONE, 11 * ONE, 13 * ONE)


def test_a_lot_size_spreads_the_set_up_of_a_component() -> None:
    book = drive(lot_size=Quantity("100", "C62"))
    (shaft, _, _) = roll_up("DRIVE", Quantity("1", "C62"), book, RATES).lines
    assert shaft.cost == 2 * ONE + ONE + 100_000  # material, a minute, a hundredth of ten minutes


def test_what_has_no_price_is_named_and_counts_nothing() -> None:
    book = drive()
    items = {**book.materials, "BAR": material("BAR", "MTR"), "SCREW": material("SCREW", "KGM")}
    cost = roll_up("DRIVE", Quantity("1", "C62"), Book(items, book.boms, book.routings), {})
    assert cost.unknown == ("BAR", "BENCH", "LATHE", "SCREW")
    assert cost.total == -200_000


def test_a_bought_material_costs_its_standard_cost() -> None:
    bought = roll_up("BAR", Quantity("250", "MMT"), drive(), RATES)
    assert bought == Cost((CostLine("material", "BAR", "BAR!", 250_000, "MTR", ONE),))
    assert roll_up("NONE", Quantity("1", "C62"), drive(), RATES) == Cost((), ("NONE",))
    assert roll_up("BAR", Quantity("1", "KGM"), drive(), RATES) == Cost((), ("BAR",))


def test_a_circle_ends_and_is_named() -> None:
    book = drive()
    boms = {**book.boms, "SHAFT": bom("SHAFT", line("DRIVE", "1"))}
    cost = roll_up("DRIVE", Quantity("1", "C62"), Book(book.materials, boms, book.routings), RATES)
    assert cost.unknown == ("DRIVE",)


def test_prices_are_decimal_text() -> None:
    assert [money_of(text) for text in ("", "x", "-1", "0", "1.5")] == [
        None,
        None,
        None,
        0,
        1500000,
    ]
    assert price_of(material("BAR", cost="4")) == 4 * ONE


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_twice_as_much_never_costs_more_than_twice(one: int, other: int) -> None:
    """Set-up is shared: cost is a fixed part and a part by quantity."""
    book = drive()
    both, first, second = (
        roll_up("DRIVE", Quantity(str(count), "C62"), book, RATES).total
        for count in (one + other, one, other)
    )
    assert both <= first + second
    assert first + second - both <= Fraction(10) * ONE + 4
