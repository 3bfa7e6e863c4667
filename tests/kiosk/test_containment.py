from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual import constants, events
from textual._styles_cache import StylesCache
from textual.color import Color

from kiosk import containment

if TYPE_CHECKING:
    from textual.message import Message


@pytest.fixture(autouse=True)
def installed() -> None:
    containment.install()
    containment.install()


def keys(messages: list[Message]) -> list[str]:
    return [one.character or one.key for one in messages if isinstance(one, events.Key)]


def received(*chunks: bytes) -> tuple[list[Message], list[bytes]]:
    lost: list[bytes] = []
    terminal = containment.TerminalInput(lost.append)
    messages = [message for chunk in chunks for message in terminal.feed(chunk, 1.0)]
    return messages, lost


def test_a_style_does_not_keep_a_widget_alive() -> None:
    cache = StylesCache()
    inner, outer = cache.get_inner_outer(Color.parse("red"), Color.parse("blue"))
    assert (inner.background, outer.background) == (Color.parse("blue"), Color.parse("red"))
    gone = weakref.ref(cache)
    del cache
    gc.collect()
    assert gone() is None


def test_shift_keys_of_a_burst_are_not_reported_as_keys() -> None:
    assert constants.DISABLE_KITTY_KEY


def test_a_byte_that_is_not_utf_8_is_a_key_that_gives_it_back() -> None:
    messages, lost = received(b"caf\xe9\r")
    assert "".join(keys(messages)).encode("utf-8", "surrogateescape") == b"caf\xe9\r"
    assert lost == []


def test_a_character_in_two_reads_is_one_key() -> None:
    assert keys(received(b"\xc3", b"\xa9")[0]) == ["é"]


def test_a_sequence_that_the_parser_cannot_take_is_told_and_the_next_key_comes() -> None:
    no_size, mouse = b"\x1b[48;0;0;0;0t", b"\x1b[<0;1;1M"
    messages, lost = received(no_size + mouse, b"A")
    assert keys(messages) == ["A"]
    assert lost == [no_size + mouse]


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_paste_without_end_is_ended_by_silence(cut: int) -> None:
    mark = b"\x1b[200~"
    terminal = containment.TerminalInput(lambda _data: None)
    assert list(terminal.feed(mark[:cut], 1.0)) == []
    assert list(terminal.feed(mark[cut:] + b"LOT-1", 1.0)) == []
    assert list(terminal.idle(1.4)) == []
    assert [one.text for one in terminal.idle(1.5) if isinstance(one, events.Paste)] == ["LOT-1"]
    assert keys(list(terminal.feed(b"A", 2.0))) == ["A"]


def test_a_whole_paste_is_left_alone() -> None:
    terminal = containment.TerminalInput(lambda _data: None)
    messages = list(terminal.feed(b"\x1b[200~LOT-1\x1b[201~7", 1.0))
    assert [one.text for one in messages if isinstance(one, events.Paste)] == ["LOT-1"]
    assert keys(messages) == ["7"]
    assert list(terminal.idle(9.0)) == []


def test_an_esc_is_undecided_until_silence_tells() -> None:
    terminal = containment.TerminalInput(lambda _data: None)
    assert list(terminal.feed(b"\x1b", 1.0)) == []
    assert terminal.undecided
    assert list(terminal.idle(1.05)) == []
    assert keys(list(terminal.idle(1.1))) == ["\x1b"]
    assert not terminal.undecided


@pytest.mark.parametrize("chunks", [(b"-\x1b1x",), (b"-\x1b", b"1x"), (b"-", b"\x1b", b"1", b"x")])
def test_an_esc_before_a_character_is_not_lost(chunks: tuple[bytes, ...]) -> None:
    found = [one.key for one in received(*chunks)[0] if isinstance(one, events.Key)]
    assert found == ["minus", "alt+1", "x"]


@pytest.mark.parametrize(
    "chunks", [(b"\x1b[A",), (b"\x1b", b"[A"), (b"\x1b[", b"A"), (b"\x1b", b"[", b"A")]
)
def test_a_sequence_in_pieces_is_one_key(chunks: tuple[bytes, ...]) -> None:
    assert keys(received(*chunks)[0]) == ["up"]


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=20) | st.text("\x1b[<?;:0123456789uMmRt~ABCHIO$y").map(str.encode))
)
def test_whatever_comes_the_input_lives(chunks: list[bytes]) -> None:
    terminal = containment.TerminalInput(lambda _data: None)
    for chunk in chunks:
        list(terminal.feed(chunk, 1.0))
    list(terminal.idle(9.0))
    list(terminal.feed(b"\x1b[201~" + b" " * 40, 10.0))
    assert keys(list(terminal.feed(b"A", 11.0))) == ["A"]
