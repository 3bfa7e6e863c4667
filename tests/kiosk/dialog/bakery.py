"""A small bakery as real events, and a floor on which a dialog is worked."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from kiosk.dialog import (
    Dialog,
    Entry,
    Input,
    Key,
    Moment,
    Notice,
    Scanned,
    Tick,
    Turn,
    Workplace,
    advance,
    begin,
    kept,
)
from kiosk.dialog.acts import judged
from kiosk.texts import Said, Texts
from labels.codes import (
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
)
from sync.domain.events import (
    Check,
    Event,
    LabelRule,
    LotStatusSet,
    MaterialDefined,
    MaterialReceived,
    OperatorDefined,
    OrderHeld,
    OrderPlanned,
    OrderReleased,
    ReasonDefined,
    ReleasedLine,
    RoutingOperation,
    WorkCenterDefined,
    stamped,
)
from sync.domain.order import Order
from sync.domain.quantity import Quantity
from sync.domain.rules import Deviation, Severity, check
from sync.domain.shop import Shop, absorb

TODAY = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ENGLISH = Texts.load("en")


def day(offset: int) -> str:
    return (TODAY.date() + timedelta(days=offset)).isoformat()


def kg(amount: str) -> Quantity:
    return Quantity(amount, "KGM")


def pcs(amount: str) -> Quantity:
    return Quantity(amount, "C62")


_MATERIALS: tuple[tuple[str, str, str, str, dict[str, str], str], ...] = (
    ("WHEAT", "Wheat flour", "KGM", "09521101530018", {"BAG": "25 KGM"}, "A3"),
    ("RYE", "Rye flour", "KGM", "09521101530025", {"BAG": "25 KGM"}, "A4"),
    ("YEAST", "Fresh yeast", "KGM", "", {}, "C1"),
    ("BUTTER", "Butter", "KGM", "", {"BOX": "10 KGM"}, "COLD-1"),
    ("SEEDS", "Sunflower seeds", "KGM", "", {}, "B2"),
    ("WATER", "Water", "LTR", "", {}, ""),
    ("PAPER", "Baking paper", "C62", "", {}, "D1"),
    ("CHIP", "Thermometer chip", "C62", "", {}, "E1"),
    ("ROLL", "Wheat roll", "C62", "", {}, "DISPATCH"),
    ("LOAF", "Rye loaf", "C62", "", {}, "DISPATCH"),
    ("CROIS", "Butter croissant", "C62", "", {}, "DISPATCH"),
    ("BOX", "Smart bread box", "C62", "", {}, "DISPATCH"),
)


def materials() -> Iterable[Event]:
    for code, name, unit, gtin, conversions, place in _MATERIALS:
        yield MaterialDefined(
            material=code,
            revision=1,
            name=name,
            unit=unit,
            gtin=gtin,
            conversions=dict(conversions),
            place=place,
            lot_controlled=code not in {"WATER", "PAPER", "CHIP"},
            serial_controlled=code in {"CHIP", "BOX"},
            shelf_life_days=3 if code == "ROLL" else 0,
        )


def people() -> Iterable[Event]:
    for person, name, badge, role in (
        ("anna", "Anna Berg", "4402917386", "operator"),
        ("paul", "Paul Lind", "5820174463", "operator"),
        ("eva", "Eva Holm", "9914402758", "supervisor"),
    ):
        known = "supervisor" if role == "supervisor" else "operator"
        yield OperatorDefined(person=person, revision=1, name=name, badge=badge, role=known)  # type: ignore[arg-type]


def reasons() -> Iterable[Event]:
    yield ReasonDefined(reason="BURNT", revision=1, text="Burnt", group="scrap")
    yield ReasonDefined(reason="TORN", revision=1, text="Bag torn", group="scrap")
    yield ReasonDefined(reason="NOFLOUR", revision=1, text="Material ran out", group="short")
    yield ReasonDefined(reason="BREAK", revision=1, text="Break", group="pause")


def line(
    number: str,
    material: str,
    quantity: Quantity,
    operation: str = "10",
    *,
    backflush: bool = False,
    substitutes: tuple[str, ...] = (),
    label_quantity: bool = False,
) -> ReleasedLine:
    known = next(one for one in _MATERIALS if one[0] == material)
    return ReleasedLine(
        number,
        material,
        known[1],
        quantity,
        operation,
        tolerance_percent="2",
        limit_percent="110",
        backflush=backflush,
        lot_controlled=material not in {"WATER", "PAPER", "CHIP"},
        serial_controlled=material == "CHIP",
        label_quantity=label_quantity,
        gtin=known[3],
        place=known[5],
        conversions=dict(known[4]),
        substitutes=substitutes,
    )


def released(
    number: str,
    material: str,
    quantity: Quantity,
    operations: tuple[RoutingOperation, ...],
    lines: tuple[ReleasedLine, ...],
    *,
    priority: int = 50,
    note: str = "",
    label: LabelRule | None = None,
) -> OrderReleased:
    name = next(one[1] for one in _MATERIALS if one[0] == material)
    return OrderReleased(
        order=number,
        revision=1,
        material=material,
        quantity=quantity,
        due=day(1),
        priority=priority,
        note=note,
        tolerance_percent="2",
        limit_percent="110",
        name=name,
        operations=operations,
        lines=lines,
        label=label or LabelRule(),
        serial_controlled=material == "BOX",
        shelf_life_days=3 if material == "ROLL" else 0,
    )


MIX = RoutingOperation("10", "MIX", "Mix and bake")
PACK = RoutingOperation("20", "PACK", "Slice and pack")
COUNTED = RoutingOperation("10", "MIX", "Mix by hand", count="ask")
STEPPED = RoutingOperation(
    "10",
    "MIX",
    "Laminate",
    steps=("Fold twice", "Rest 20 minutes"),
    checks=(Check("CORE", "Core temperature", "CEL", "92", "98"),),
    drawing="croissant.pdf#page=2",
)
SECOND = RoutingOperation("20", "MIX", "Glaze")


def orders() -> Iterable[Event]:
    yield released(
        "B-1",
        "ROLL",
        pcs("1000"),
        (MIX,),
        (line("1", "WHEAT", kg("60")), line("2", "YEAST", kg("2"))),
        priority=10,
        note="Pack in blue crates",
    )
    yield released(
        "B-2",
        "LOAF",
        pcs("200"),
        (MIX, PACK),
        (line("1", "RYE", kg("100"), substitutes=("WHEAT",)),),
        priority=20,
    )
    yield released(
        "B-3",
        "CROIS",
        pcs("500"),
        (STEPPED, SECOND),
        (
            line("1", "BUTTER", kg("12.5")),
            line("2", "PAPER", pcs("10"), backflush=True),
            line("3", "WATER", Quantity("5", "LTR"), backflush=True),
        ),
        priority=30,
    )
    yield released(
        "B-4",
        "BOX",
        pcs("2"),
        (COUNTED,),
        (line("1", "CHIP", pcs("2")),),
        priority=40,
        label=LabelRule(lot="per_done"),
    )
    yield released("B-5", "ROLL", pcs("10"), (MIX,), (line("1", "WHEAT", kg("0.6")),), priority=60)
    yield OrderHeld(order="B-5", revision=2, reason="Oven check")
    yield released("B-6", "LOAF", pcs("10"), (PACK,), (), priority=70)
    yield OrderPlanned(order="B-7", revision=1, material="ROLL", quantity=pcs("20"))


def stock() -> Iterable[Event]:
    for material, lot, quantity, place, expiry in (
        ("WHEAT", "W-190", kg("150"), "A3", day(-2)),
        ("WHEAT", "W-204", kg("500"), "A3", day(45)),
        ("WHEAT", "W-210", kg("5"), "A3", day(60)),
        ("RYE", "R-118", kg("300"), "A4", day(60)),
        ("RYE", "R-7", kg("50"), "A4", day(70)),
        ("YEAST", "Y-31", kg("20"), "C1", day(9)),
        ("BUTTER", "BT-12", kg("80"), "COLD-1", day(20)),
        ("SEEDS", "SD-5", kg("40"), "B2", day(90)),
        ("PAPER", "P-1", pcs("6"), "D1", ""),
        ("PAPER", "P-2", pcs("100"), "D1", ""),
    ):
        yield MaterialReceived(
            material=material, lot=lot, quantity=quantity, place=place, expiry=expiry
        )
    yield MaterialReceived(
        material="CHIP", lot="CH-1", quantity=pcs("3"), serials=("C-1", "C-2", "C-3"), place="E1"
    )
    yield LotStatusSet(material="RYE", lot="R-7", revision=1, status="blocked", reason="Moist")


def office() -> Iterable[Event]:
    yield WorkCenterDefined(work_center="MIX", revision=1, name="Bakehouse")
    yield WorkCenterDefined(work_center="PACK", revision=1, name="Packing")
    yield from materials()
    yield from people()
    yield from reasons()
    yield from orders()
    yield from stock()


class Floor:
    """A station at work: each turn's act is stamped as a journal would, and absorbed."""

    def __init__(self, workplace: Workplace | None = None, *, shop: Shop | None = None) -> None:
        self.shop = shop if shop is not None else Shop()
        self.events: list[Event] = []
        self.mono = 1000.0
        self.start = TODAY - timedelta(seconds=1000)
        if shop is None:
            for event in office():
                self._store(stamped(event, station="office"), "")
        self.events.clear()
        self.dialog: Dialog = begin(workplace or Workplace("BAKE-1", ("MIX",)), self.shop, None)
        self.turn = Turn(self.dialog)

    @property
    def now(self) -> Moment:
        return Moment(self.start + timedelta(seconds=self.mono), self.mono)

    @property
    def notice(self) -> Notice:
        assert self.turn.notice is not None, "the band did not change"
        return self.turn.notice

    @property
    def said(self) -> Said:
        return ENGLISH.say(self.notice)

    @property
    def told(self) -> tuple[str, str]:
        """Kind and key of the answer."""
        return self.notice.kind, self.notice.text

    def order(self, number: str) -> Order:
        return self.shop.orders[number]

    def give(self, given: Input, wait: float = 2.0) -> Turn:
        self.mono += wait
        self.turn = advance(self.dialog, self.shop, given, self.now)
        assert_allowed(self.turn, self.dialog, self.shop)
        self.dialog = self.turn.dialog
        act = f"act-{len(self.shop.seen)}"
        for event in self.turn.events:
            self._store(event, act)
        return self.turn

    def scan(self, code: Code | CodeError, wait: float = 2.0) -> Turn:
        return self.give(Scanned(code, repr(code).encode()), wait)

    def key(self, name: str) -> Turn:
        return self.give(Key(name))

    def type(self, text: str) -> Turn:
        return self.give(Entry(text))

    def badge(self, person: str) -> Turn:
        return self.scan(BadgeCode(self.shop.operators[person].badge))

    def command(self, name: str) -> Turn:
        return self.scan(CommandCode(name))

    def lot(
        self, lot: str, material: str | None = None, amount: str = "", unit: str | None = None
    ) -> Turn:
        value = Decimal(amount) if amount else None
        return self.scan(LotCode(lot, material, amount=value, unit=unit))

    def wheat(self, amount: str = "", unit: str | None = "KGM") -> Turn:
        return self.lot("W-204", "WHEAT", amount, unit if amount else None)

    def open(self, number: str) -> Turn:
        return self.scan(OrderCode(number))

    def reason(self, reason: str) -> Turn:
        return self.scan(ReasonCode(reason))

    def item(self, material: str, serial: str | None = None) -> Turn:
        return self.scan(MaterialCode(material, serial=serial))

    def wait(self, seconds: float) -> Turn:
        return self.give(Tick(), seconds)

    def restart(self) -> None:
        memory = kept(self.dialog)
        self.dialog = begin(self.dialog.workplace, self.shop, memory)

    def judged(self, event: Event) -> tuple[Deviation, ...]:
        """What the rule book says of an event now."""
        return check(self.shop, event)

    def absorb(self, event: Event) -> None:
        """Something that comes from elsewhere."""
        self._store(event, f"act-{len(self.shop.seen)}")

    def _store(self, event: Event, act: str) -> None:
        n = len(self.shop.seen) + 1
        fresh = stamped(event, id=f"id-{n:06d}", n=n, act=act or f"act-{n}")
        absorb(self.shop, fresh)
        self.events.append(fresh)


def assert_allowed(turn: Turn, dialog: Dialog, shop: Shop) -> None:
    """No act is proposed that has a deviation which nobody accepted, but for notes."""
    for event, found in judged(replace(dialog), shop, turn.events):
        accepted = {one.deviation for one in event.accepted}
        for one in found:
            if one.severity is not Severity.NOTE:
                assert one.name in accepted, f"{type(event).__name__}: {one.name}"


def expiry(text: str) -> date:
    return date.fromisoformat(text)
