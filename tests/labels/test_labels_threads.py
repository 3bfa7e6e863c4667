"""Stations print from several threads at once: what they share must not mix them up."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier, Event

import pytest

from labels import fonts, languages, pdf, proof, render, symbols
from labels.languages import Language

TEMPLATES = ("batch", "nameplate", "unit-mixed", "traveller")
WRITTEN: tuple[Language, ...] = ("zpl", "zpl-graphic", "pdf")
THREADS = 6


@pytest.fixture(autouse=True)
def eager_threads() -> Iterator[None]:
    """Threads take turns after 10 microseconds, not after 5 milliseconds."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(usual)


def printed(template: str, language: Language, product_name: str) -> bytes:
    values = proof.sample(render.load(template, 203)) | {"product": product_name}
    return render.render(template, values, language, 203, "T")


def forget() -> None:
    """As in a program that has just begun."""
    for kept in (fonts.covers, fonts.width, fonts.size, fonts.face, fonts.file):
        kept.cache_clear()


def test_labels_of_many_threads_are_those_of_one() -> None:
    names = ("Wheat bread", "Żółty ser", "Ψωμί", "Хлеб", "Brød")
    wanted = list(product(TEMPLATES, WRITTEN, names))
    alone = [printed(*one) for one in wanted]
    forget()
    start = Barrier(THREADS)

    def all_printed(shift: int) -> list[bytes]:
        start.wait()
        made = {one: printed(*one) for one in wanted[shift:] + wanted[:shift]}
        return [made[one] for one in wanted]

    with ThreadPoolExecutor(THREADS) as threads:
        for found in threads.map(all_printed, range(0, THREADS * 7, 7)):
            assert found == alone


def test_previews_and_readers_of_many_threads_agree() -> None:
    page = render.lay_out("batch", proof.sample(render.load("batch", 203)), 203)
    symbol = page.symbols[0].symbol
    wanted = languages.preview([page], "png"), symbols.read_back(symbol)

    def seen(_: int) -> tuple[bytes, tuple[str, str]]:
        return languages.preview([page], "png"), symbols.read_back(symbol)

    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(seen, range(60))) == {wanted}


def test_pdfs_are_made_one_at_a_time() -> None:
    """Their font is read from one place: two at once have mixed up its letters."""
    inside, go_on = Event(), Event()

    def first() -> bytes:
        with pdf.document((100, 100), "first") as (page, buffer):
            page.showPage()
            inside.set()
            assert go_on.wait(30)
        return buffer.getvalue()

    def second() -> bytes:
        with pdf.document((100, 100), "second") as (page, buffer):
            assert go_on.is_set()
            page.showPage()
        return buffer.getvalue()

    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(first)
        assert inside.wait(30)
        quick = threads.submit(second)
        assert not quick.done()
        go_on.set()
        assert slow.result()[:4] == quick.result()[:4] == b"%PDF"
