"""Our parser beside biip's: equal on what is right, never laxer on what is broken."""

from labels import gs1
from tests.labels import gs1_broken, gs1_corpus
from tests.labels.gs1_biip import biip_reads

COUNT = 600
# biip reads the second day of a harvest (7007) as hours and minutes, and refuses most of them.
HARVEST, TWO_DAYS_CHARS = "7007", 12
# Kinds of faults that biip lets pass always: it looks at no associations, code lists or repeats,
# and allows day 00 everywhere.
NEVER_SEEN = {
    "day 00",
    *("wrong check pair", "missing item", "item and content", "count without content", "excluded"),
    *("lacking", "two decimals", "two values", "two separators", "no such piece"),
    *("no such country", "no such currency", "no such package", "no such medium", "no such sex"),
    *("no such winding", "a zero measure", "outside the world", "a wrong account"),
    *("a short account", "a wrong escape", "a leading zero", "no importer", "only digits"),
    *("no coupon", "a coupon that ends before"),
}


def test_both_read_the_same() -> None:
    for text, pairs in gs1_corpus.wholes(6, COUNT):
        if (HARVEST, TWO_DAYS_CHARS) not in {(ai, len(value)) for ai, value in pairs}:
            assert biip_reads(text) == gs1.parse(text), text


def test_what_biip_lets_pass() -> None:
    kinds: dict[str, set[bool]] = {}
    for name, text in gs1_broken.broken(7, COUNT * 2):
        kinds.setdefault(name, set()).add(biip_reads(text) is None)
    assert {name for name, refused in kinds.items() if refused == {False}} == NEVER_SEEN
    assert set(kinds) == set(gs1_broken.MUTATIONS)
