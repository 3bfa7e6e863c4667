"""What layouts and Caps Lock make of codes, told by name; nothing is repaired, nothing accused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import keyboard
from labels.codes import CodeError, CommandCode, LotCode, OrderCode, decode, encode
from labels.keyboard import LAYOUTS, SETUP_TEXT, Fault, fault_of, setup_fault, typed

ARTICLE = "]C1010952110153001810LOT-1\x1d3712"
LOT = encode(LotCode("W-204", "WHEAT"))


@pytest.mark.parametrize(
    ("layout", "arrived"),
    [  # as real key codes gave them through X and xterm
        ("us", "]C1LOT-123_a/7\x1d21Z"),
        ("fr", '$C&LOT)&é"°q!è$é&W'),
        ("de", "+C1LOTß123?a-7+21Y"),
    ],
)
def test_a_layout_changes_what_is_typed(layout: str, arrived: str) -> None:
    assert typed("]C1LOT-123_a/7\x1d21Z", layout) == arrived


def test_caps_lock_turns_letters_about() -> None:
    assert typed("]C1LOT-123_a/7", "us", caps=True) == "]c1lot-123_A/7"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("caps", [False, True])
@pytest.mark.parametrize("head", ["", "]Q1"])
def test_the_set_up_code_names_layout_and_caps_lock(layout: str, caps: bool, head: str) -> None:
    arrived = typed(head + SETUP_TEXT, layout, caps=caps)
    wrong = "" if layout == "us" else layout
    assert setup_fault(arrived) == Fault(wrong, caps=caps, changed=bool(wrong))


@pytest.mark.parametrize("instead", ["", "^]", "<GS>", " ", "{GS}"])
def test_the_set_up_code_tells_that_gs_is_lost(instead: str) -> None:
    assert setup_fault(SETUP_TEXT.replace("\x1d", instead)) == Fault(gs_lost=True)


@pytest.mark.parametrize("text", ["", "Z", LOT, ARTICLE, "-_/;#Aa9", "x" * 9 + SETUP_TEXT])
def test_other_codes_are_not_the_set_up_code(text: str) -> None:
    assert setup_fault(text) is None


@pytest.mark.parametrize(
    ("text", "layout", "caps", "fault"),
    [
        (LOT, "fr", False, Fault("fr", changed=True)),
        (LOT, "de", False, Fault("de", changed=True)),
        (LOT, "de", True, Fault("de", caps=True, changed=True)),
        (LOT, "dk", False, Fault("", changed=True)),  # Swedish does the same to it
        (LOT, "us", True, Fault(caps=True)),
        (LOT, "us", False, None),
        (encode(CommandCode("DONE")), "fr", False, Fault(changed=True)),  # or Belgian
        (encode(OrderCode("B-1")), "be", False, Fault(changed=True)),  # or French
        (ARTICLE, "fr", False, Fault("fr", changed=True)),
        (ARTICLE, "be", False, Fault("be", changed=True)),
        (ARTICLE, "de", False, Fault("de", changed=True)),
        (ARTICLE, "us", True, Fault(caps=True)),
        (ARTICLE, "us", False, None),
        ("ZOO-123", "us", False, None),
        ("3 x 4711", "us", False, None),
    ],
)
def test_damage_of_everyday_codes(text: str, layout: str, caps: bool, fault: Fault | None) -> None:
    assert fault_of(typed(text, layout, caps=caps)) == fault


@pytest.mark.parametrize("layout", ["de", "fr", "be"])
def test_a_changed_code_is_refused_by_name(layout: str) -> None:
    for text in (LOT, ARTICLE):
        with pytest.raises(CodeError, match=LAYOUTS[layout].name) as caught:
            decode(typed(text, layout).encode())
        assert (caught.value.kind, caught.value.fault.layout) == ("layout", layout)


def test_gs1_without_its_separator_is_told() -> None:
    text = "010952110153001810" + "LOT12345678901234567" + "37123"
    with pytest.raises(CodeError, match="ran together") as caught:
        decode(text.encode(), "]C1")
    assert caught.value.kind == "gs_lost"
    assert ("W-204", "3712") in list(keyboard.run_together("W-2043712"))
    assert ("W-204", "3712") in list(keyboard.run_together("W-204+3712"))


@given(st.text(max_size=80), st.sampled_from(sorted(LAYOUTS)), st.booleans())
def test_any_text_is_told_or_not_and_nothing_breaks(text: str, layout: str, caps: bool) -> None:
    arrived = typed(text, layout, caps=caps)
    for one in (setup_fault(arrived), fault_of(arrived)):
        assert one is None or one.layout in {"", *LAYOUTS}
