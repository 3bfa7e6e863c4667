"""Shares: how much of each proposal is for which line of demand, down to its components."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.domain.events import BomDefined, BomLine, MaterialDefined
from sync.domain.quantity import Quantity
from sync.server.planning.explosion import Book
from sync.server.planning.requirements import Supply, Want, requirements
from sync.server.planning.shares import shares_of

MONDAY = date(2026, 11, 23)
ONE = 1_000_000


def item(name: str, lot: str = "") -> MaterialDefined:
    lots = Quantity(lot, "C62") if lot else None
    return MaterialDefined(material=name, revision=1, name=name, unit="C62", lot_size=lots)


def bom(material: str, part: str, each: str) -> BomDefined:
    line = BomLine(material=part, quantity=Quantity(each, "C62"))
    own = Quantity("1", "C62")
    return BomDefined(material=material, revision=1, quantity=own, lines=(line,))


def book(lot: str = "") -> Book:
    """A box of 20 rolls, a roll of a dough of its own, and the lot size of all three."""
    items = {name: item(name, lot) for name in ("BOX", "ROLL", "DOUGH", "RYE")}
    boms = {"BOX": bom("BOX", "ROLL", "20"), "ROLL": bom("ROLL", "DOUGH", "1")}
    return Book(items, {**boms, "DOUGH": bom("DOUGH", "RYE", "0.5")}, {})


def want(key: str, material: str, pieces: int, due: int, order: str = "") -> Want:
    return Want(key, material, pieces * ONE, MONDAY + timedelta(days=due), 50, order)


def shares(wants: list[Want], supplies: list[Supply], known: Book) -> list[tuple[str, int, object]]:
    """(material, pieces, pieces by line) of each proposal, by its level."""
    found = requirements(wants, supplies, known, MONDAY)
    told = shares_of(found, [one.key for one in wants if not one.order])
    return [
        (one.material, one.micros // ONE, {k: n // ONE for k, n in told[one.key].items()})
        for one in sorted(found.proposals, key=lambda one: (one.level, one.due))
    ]


def test_lines_of_one_day_share_a_proposal_and_its_components() -> None:
    wants = [want("A", "BOX", 3, 7), want("B", "BOX", 1, 7), want("C", "ROLL", 10, 4)]
    there = [Supply("stock", "", "BOX", ONE, MONDAY), Supply("stock", "", "ROLL", 10 * ONE, MONDAY)]
    assert shares(wants, there, book()) == [
        ("BOX", 3, {"A": 2, "B": 1}),
        ("ROLL", 60, {"A": 40, "B": 20}),
        ("DOUGH", 60, {"A": 40, "B": 20}),
    ]


def test_what_a_lot_gives_too_much_and_what_an_open_order_takes_is_nobodys() -> None:
    wants = [want("A", "BOX", 3, 7), want("P-1 / 0", "BOX", 1, 7, "P-1")]
    assert shares(wants, [], book("5")) == [
        ("BOX", 5, {"A": 3}),
        ("ROLL", 100, {"A": 60}),
        ("DOUGH", 100, {"A": 60}),
    ]


WANTS = st.lists(
    st.tuples(
        st.sampled_from(["BOX", "ROLL", "DOUGH"]), st.integers(1, 30), st.integers(0, 3),
        st.sampled_from(["", "", "P-1"]),
    ),
    max_size=8,
).map(lambda found: [want(f"D{n}", *one) for n, one in enumerate(found)])  # fmt: skip


@settings(deadline=None)
@given(WANTS, st.sampled_from(["", "7"]), st.integers(0, 40))
def test_nothing_is_shared_twice_and_a_line_has_all_that_is_proposed_for_it(
    wants: list[Want], lot: str, stock: int
) -> None:
    there = [Supply("stock", "", "ROLL", stock * ONE, MONDAY)] if stock else []
    found = requirements(wants, there, book(lot), MONDAY)
    told = shares_of(found, [one.key for one in wants if not one.order])
    assert set(told) == {one.key for one in found.proposals}
    for made in found.proposals:
        assert sum(told[made.key].values()) <= made.micros
        assert set(told[made.key]) <= set(made.wants)
    for one in wants:
        pegs = [peg for peg in found.pegs[one.key] if peg.kind == "proposal"]
        assert one.order or all(told[peg.key][one.key] >= peg.micros for peg in pegs)
