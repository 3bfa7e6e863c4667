"""Verdicts on a large corpus of element strings, right both ways."""

import pytest

from labels import gs1
from labels.gs1 import Element, Gs1Error
from tests.labels import gs1_broken, gs1_corpus

COUNT = 2_000
LONG_COUNT = 20_000


def accepts(text: str) -> bool:
    try:
        gs1.parse(text)
    except Gs1Error:
        return False
    return True


def check_wholes(seed: int, count: int) -> None:
    for text, pairs in gs1_corpus.wholes(seed, count):
        assert gs1.parse(text) == tuple(Element(*pair) for pair in pairs), text


def check_broken(seed: int, count: int) -> None:
    accepted = [pair for pair in gs1_broken.broken(seed, count) if accepts(pair[1])]
    assert accepted == []


def test_whole_strings_are_read() -> None:
    check_wholes(1, COUNT)


def test_broken_strings_are_refused() -> None:
    check_broken(2, COUNT)


@pytest.mark.long
def test_many_whole_strings_are_read() -> None:
    check_wholes(3, LONG_COUNT)


@pytest.mark.long
def test_many_broken_strings_are_refused() -> None:
    check_broken(4, LONG_COUNT)


def test_a_fault_is_told_with_identifier_place_and_rule() -> None:
    for name, text in gs1_broken.broken(5, COUNT // 4):
        with pytest.raises(Gs1Error) as caught:
            gs1.parse(text)
        error = caught.value
        assert error.rule, name
        assert 0 <= error.position <= len(text), name
        if error.ai in gs1_corpus.MAKERS:
            assert text.find(error.ai) >= 0, name
