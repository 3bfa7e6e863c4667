"""Stations print from several threads at once: what they share must not mix them up."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

from labels import fonts, languages, proof, render, symbols
from labels.languages import Language

TEMPLATES = ("batch", "nameplate", "unit-mixed", "traveller")
WRITTEN: tuple[Language, ...] = ("zpl", "zpl-graphic", "pdf")
THREADS = 6


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
