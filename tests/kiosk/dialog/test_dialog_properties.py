"""Whatever is scanned, typed and pressed in whatever order: the dialog holds."""

from copy import deepcopy
from decimal import Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.dialog import (
    STUTTER_SECONDS,
    Connected,
    Entry,
    Input,
    Key,
    Scanned,
    Tick,
    Typing,
    begin,
    expected,
    kept,
    settled,
)
from labels.codes import (
    COMMANDS,
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    EnrolmentCode,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
)
from sync.domain.events import EventReversed
from tests.kiosk.dialog.bakery import ENGLISH, Floor

CODES: Final[tuple[Code | CodeError, ...]] = (
    BadgeCode("4402917386"),
    BadgeCode("5820174463"),
    BadgeCode("9914402758"),
    BadgeCode("0"),
    *(OrderCode(f"B-{n}") for n in range(1, 8)),
    OrderCode("B-99", "ROLL", Decimal(40), "C62"),
    LotCode("W-204", "WHEAT", amount=Decimal(25), unit="KGM"),
    LotCode("W-204", "WHEAT", amount=Decimal(1), unit="BAG"),
    LotCode("W-190", "WHEAT"),
    LotCode("W-999"),
    LotCode("Y-31", "YEAST"),
    LotCode("R-118", "RYE", amount=Decimal("0.5"), unit="TNE"),
    LotCode("R-7", "RYE", amount=Decimal(1), unit="PALLET"),
    LotCode("BT-12", "BUTTER"),
    LotCode("SD-5", "SEEDS"),
    LotCode("CH-1", "CHIP", serial="C-1"),
    MaterialCode("CHIP", serial="C-2"),
    MaterialCode("BOX", serial="SN-1"),
    MaterialCode("WATER"),
    MaterialCode(gtin="09521101530018"),
    *(CommandCode(name) for name in COMMANDS),
    *(ReasonCode(name) for name in ("BURNT", "NOFLOUR", "BREAK", "NONE")),
    *(DigitCode(sign) for sign in "0159."),
    LabelCode("1"),
    LabelCode("2", "BAKE-1"),
    EnrolmentCode("http://127.0.0.1:1", "A"),
    CodeError("layout", "x"),
    CodeError("bytes", "x"),
)
KEYS: Final = (
    *("ok", "cancel", "done", "scrap", "undo", "end", "pause", "resume", "help"),
    *("outbox", "queue", "up", "down", "enter", "f13", ""),
)


def scanned(code: Code | CodeError) -> Scanned:
    return Scanned(code, repr(code).encode())


LIKELY: Final = st.sampled_from(
    [
        *CODES[:1],
        *(OrderCode(f"B-{n}") for n in (1, 2, 3, 4)),
        *[one for one in CODES if isinstance(one, LotCode)],
        CommandCode("DONE"),
        CommandCode("OK"),
        CommandCode("UNDO"),
        BadgeCode("9914402758"),
    ]
)
INPUTS: Final[st.SearchStrategy[Input]] = st.one_of(
    LIKELY.map(scanned),
    st.sampled_from(CODES).map(scanned),
    st.sampled_from(KEYS).map(Key),
    st.sampled_from(["5", "480", "1,5", "0", "", "B-1", "x y", "1 000", "9" * 40]).map(Entry),
    st.text(max_size=30).map(Entry),
    st.builds(Typing, st.text(max_size=5)),
    st.builds(Connected, st.booleans(), st.just("10:42")),
    st.just(Tick()),
)
WAITS: Final = st.sampled_from([0.2, 2.0, 2.0, 2.0, 31.0, 121.0, 601.0])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(INPUTS, WAITS), max_size=40))
def test_no_input_breaks_the_dialog(inputs: list[tuple[Input, float]]) -> None:
    floor = Floor()
    floor.badge("anna")
    for one, wait in inputs:
        turn = floor.give(one, wait)  # holds that no act has a deviation nobody accepted
        dialog = floor.dialog
        if turn.notice is not None:
            assert turn.notice.facts["current"] == (dialog.order or "")
            said = ENGLISH.say(turn.notice)
            assert said.word
            assert said.what
            assert turn.notice.text in ENGLISH.sentences, turn.notice.text
            assert turn.notice.next in {"", *ENGLISH.following}, turn.notice.next
        if dialog.order is not None:
            assert dialog.order in floor.shop.orders
        assert all(event.at and event.station == "BAKE-1" for event in turn.events)
        assert not (turn.refused and turn.events)
        again = begin(dialog.workplace, floor.shop, kept(dialog))
        ended = dialog.order and floor.order(dialog.order).is_ended(dialog.operation or "")
        assert again.order == (None if ended else dialog.order)
        assert isinstance(expected(dialog, floor.shop), tuple)
        assert settled(dialog, floor.shop, floor.now).text in ENGLISH.sentences


@settings(max_examples=100, deadline=None)
@given(
    st.lists(LIKELY.map(scanned), max_size=12),
    LIKELY,
    st.floats(0.0, STUTTER_SECONDS - 0.01),
)
def test_a_stutter_never_books_twice(
    before: list[Scanned], code: Code | CodeError, gap: float
) -> None:
    floor = Floor()
    floor.badge("anna")
    for one in before:
        floor.give(one)
    first = floor.give(scanned(code))
    second = floor.give(scanned(code), gap)
    if first.events and not first.refused:
        assert second.events == () or first.notice is None or first.notice.kind in {"stop", "ask"}


def standing(floor: Floor) -> dict[str, object]:
    """What the orders count by now."""
    return {
        number: (order.consumed, order.good, order.scrap, order.produced, sorted(order.starts))
        for number, order in floor.shop.orders.items()
    }


@settings(max_examples=60, deadline=None)
@given(st.lists(LIKELY.map(scanned), max_size=25))
def test_undo_leaves_the_orders_as_if_the_act_had_never_been(inputs: list[Scanned]) -> None:
    floor = Floor()
    floor.badge("anna")
    before: dict[str, dict[str, object]] = {}
    for one in inputs:
        was = deepcopy(standing(floor))
        floor.give(one)
        if floor.turn.events:
            before[floor.events[-1].act] = was
    floor.command("UNDO")
    for event in floor.turn.events:
        if isinstance(event, EventReversed):
            assert standing(floor) == before[event.of]
