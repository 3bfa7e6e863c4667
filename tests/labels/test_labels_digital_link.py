"""GS1 Digital Link URIs, both ways, and refused where the standard has no such thing."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels import codes, digital_link, gs1
from labels.codes import CodeError, LotCode, MaterialCode
from labels.digital_link import DigitalLink
from labels.gs1 import Element, Gs1Error
from tests.labels import gs1_corpus

GTIN = "09506000134352"
SSCC = "106141412345678908"
GLN = "9520066000017"
ID = "https://id.gs1.org"


def elements(*pairs: tuple[str, str]) -> tuple[Element, ...]:
    return tuple(Element(*pair) for pair in pairs)


@pytest.mark.parametrize(
    ("uri", "stem", "pairs"),
    [
        (f"{ID}/01/{GTIN}", ID, [("01", GTIN)]),
        (f"{ID}/01/{GTIN}/10/ABC/21/12", ID, [("01", GTIN), ("10", "ABC"), ("21", "12")]),
        (f"{ID}/01/{GTIN}/22/2A/10/ABC", ID, [("01", GTIN), ("22", "2A"), ("10", "ABC")]),
        (f"{ID}/01/{GTIN}/235/X1", ID, [("01", GTIN), ("235", "X1")]),
        (
            f"{ID}/01/{GTIN}/10/A%2FB?17=261231&3103=001250",
            ID,
            [("01", GTIN), ("10", "A/B"), ("17", "261231"), ("3103", "001250")],
        ),
        (f"{ID}/00/{SSCC}?02={GTIN}&37=50", ID, [("00", SSCC), ("02", GTIN), ("37", "50")]),
        (f"{ID}/00/{SSCC}?400=A", ID, [("00", SSCC), ("400", "A")]),
        (f"{ID}/00/{SSCC}?400=A;413={GLN}", ID, [("00", SSCC), ("400", "A"), ("413", GLN)]),
        (f"http://example.com:8080/01/{GTIN}", "http://example.com:8080", [("01", GTIN)]),
        (f"HTTPS://ID.GS1.ORG/01/{GTIN}", "HTTPS://ID.GS1.ORG", [("01", GTIN)]),
        (f"https://[::1]/x/01/{GTIN}", "https://[::1]/x", [("01", GTIN)]),
        (f"https://a.b/some/stem/01/{GTIN}", "https://a.b/some/stem", [("01", GTIN)]),
        (f"https://a.b/01/x/01/{GTIN}", "https://a.b/01/x", [("01", GTIN)]),
        (f"https://a.b/01/01/{GTIN}", "https://a.b/01", [("01", GTIN)]),
        (f"{ID}/01/{GTIN}/10/01", ID, [("01", GTIN), ("10", "01")]),
        (f"{ID}/01/{GTIN}/10/414", ID, [("01", GTIN), ("10", "414")]),
        (f"{ID}/414/{GLN}/254/A", ID, [("414", GLN), ("254", "A")]),
        (f"{ID}/414/{GLN}/7040/1ABC", ID, [("414", GLN), ("7040", "1ABC")]),
        (f"{ID}/8017/{SSCC}/8019/1", ID, [("8017", SSCC), ("8019", "1")]),
        (f"{ID}/8010/0614141%23A/8011/12", ID, [("8010", "0614141#A"), ("8011", "12")]),
        (f"{ID}/01/{GTIN}?linkType=gs1:pip&lang=en#top", ID, [("01", GTIN)]),
        (f"{ID}/01/{GTIN}?", ID, [("01", GTIN)]),
        (f"{ID}/01/{GTIN}?a&&b=1?2", ID, [("01", GTIN)]),
        (f"{ID}/01/{GTIN}#?10=A", ID, [("01", GTIN)]),
    ],
)
def test_links_are_read(uri: str, stem: str, pairs: list[tuple[str, str]]) -> None:
    assert digital_link.read(uri) == DigitalLink(stem, elements(*pairs))
    assert gs1.parse(uri) == elements(*pairs)


@pytest.mark.parametrize(
    ("uri", "ai", "position", "rule"),
    [
        ("", "", 0, "not a web address"),
        (f"ftp://id.gs1.org/01/{GTIN}", "", 0, "not a web address"),
        ("https://", "", 0, "not a web address"),
        (f"https:///01/{GTIN}", "", 0, "not a web address"),
        (f"https://user@id.gs1.org/01/{GTIN}", "", 12, "a path begins with /"),
        (ID, "", 0, "names no GS1 key"),
        (f"{ID}/", "", 0, "names no GS1 key"),
        (f"{ID}/gtin/{GTIN}", "", 0, "names no GS1 key"),
        (f"{ID}/01/{GTIN}/", "", 0, "names no GS1 key"),
        (f"{ID}/10/ABC", "", 0, "names no GS1 key"),
        (f"{ID}/1/{GTIN}", "", 0, "names no GS1 key"),
        (f"{ID}/01/09506000134353", "01", 19, "check digit should be 2"),
        (f"{ID}/01/{GTIN[1:]}", "01", 19, "wants 14 characters"),
        (f"{ID}/01/0950600013435X", "01", 35, "digits only"),
        (f"{ID}/01//10/A", "01", 19, "wants 14 characters"),
        (f"{ID}/01/{GTIN}/10/", "10", 37, "wants 1 to 20 characters"),
        (f"{ID}/01/{GTIN}/10/A%20B", "10", 41, "' ': not in character set 82"),
        (f"{ID}/01/{GTIN}/10/%C3%A9", "10", 40, "not in character set 82"),
        (f"{ID}/01/{GTIN}/10/A%1D21B", "10", 37, "wants 1 to 20 characters"),
        (f"{ID}/01/{GTIN}/10/A%2", "", 41, "% must stand before two hexadecimal digits"),
        (f"{ID}/01/{GTIN}/10/A B", "", 41, "' ' has no place in a web address"),
        (f"{ID}/01/{GTIN}/10/é", "", 40, "'é' has no place in a web address"),
        (f'{ID}/01/{GTIN}?10=A"', "", 41, "has no place in a web address"),
        (f"{ID}/01/{GTIN}/21/1/10/A", "10", 42, "has no place there in the path"),
        (f"{ID}/01/{GTIN}/235/1/10/A", "235", 37, "has no place there in the path"),
        (f"{ID}/01/{GTIN}/17/261231", "17", 37, "has no place there in the path"),
        (f"{ID}/01/{GTIN}/lot/A", "lot", 37, "is not an AI of GS1"),
        (f"{ID}/01/{GTIN}/10/A/10/A", "10", 42, "has no place there in the path"),
        (f"{ID}/253/{GLN}/21/A", "21", 37, "has no place there in the path"),
        (f"{ID}/01/{GTIN}?10=A", "10", 37, "belongs into the path behind AI 01"),
        (f"{ID}/01/{GTIN}?17=261301", "17", 37, "no month 13"),
        (f"{ID}/01/{GTIN}?66=A", "66", 37, "not a data attribute"),
        (f"{ID}/01/{GTIN}?8200=A", "8200", 37, "not a data attribute"),
        (f"{ID}/01/{GTIN}?x=1&17=", "17", 41, "wants 6 characters"),
        (f"{ID}/01/{GTIN}?240=A+B", "240", 37, "must be written %2B"),
        (f"{ID}/01/{GTIN}?240=A&240=A", "240", 43, "stands twice"),
        (f"{ID}/01/{GTIN}?01={GTIN}", "01", 37, "stands twice"),
        (f"{ID}/01/{GTIN}?37=5", "01", 19, "must not stand beside AI 37"),
        (f"{ID}/00/{SSCC}?02={GTIN}", "02", 41, "needs AI 37"),
        (f"{ID}/01/{GTIN}?3103=001250&3102=000125", "3103", 37, "must not stand beside"),
    ],
)
def test_broken_links_are_refused(uri: str, ai: str, position: int, rule: str) -> None:
    with pytest.raises(Gs1Error) as caught:
        digital_link.read(uri)
    assert (caught.value.ai, caught.value.position) == (ai, position)
    assert rule in caught.value.rule


def test_one_symbol_of_several_may_lack_what_it_needs() -> None:
    uri = f"{ID}/00/{SSCC}?02={GTIN}"
    found = digital_link.read(uri, associations=False)
    assert found.elements == elements(("00", SSCC), ("02", GTIN))
    assert digital_link.write(found.elements, associations=False) == uri


@pytest.mark.parametrize(
    ("pairs", "stem", "uri"),
    [
        ([("01", GTIN)], ID, f"{ID}/01/{GTIN}"),
        (
            [("21", "S+1"), ("17", "261231"), ("01", GTIN), ("10", "A/B"), ("3103", "001250")],
            "https://example.com/p",
            f"https://example.com/p/01/{GTIN}/10/A%2FB/21/S%2B1?17=261231&3103=001250",
        ),
        (
            [("00", SSCC), ("37", "50"), ("02", GTIN), ("10", "A%")],
            ID,
            f"{ID}/00/{SSCC}?02={GTIN}&10=A%25&37=50",
        ),
        ([("10", "A"), ("01", GTIN), ("410", GLN)], ID, f"{ID}/01/{GTIN}/10/A?410={GLN}"),
        ([("01", GTIN), ("235", "X(1)")], ID, f"{ID}/01/{GTIN}/235/X%281%29"),
        ([("415", GLN), ("8020", "A-1.2_3")], ID, f"{ID}/415/{GLN}/8020/A-1.2_3"),
        ([("99", "a&b;c=d?"), ("00", SSCC)], ID, f"{ID}/00/{SSCC}?99=a%26b%3Bc%3Dd%3F"),
    ],
)
def test_links_are_written(pairs: list[tuple[str, str]], stem: str, uri: str) -> None:
    assert digital_link.write(elements(*pairs), stem) == uri
    found = digital_link.read(uri)
    assert (found.stem, set(found.elements)) == (stem, set(elements(*pairs)))


@pytest.mark.parametrize(
    ("pairs", "stem", "rule"),
    [
        ([], ID, "no element is the key"),
        ([("66", "A")], ID, "not an application identifier"),
        ([("400", "A")], ID, "no element is the key"),
        ([("01", GTIN), ("8200", "https://a")], ID, "no element is the key"),
        ([("01", GTIN), ("21", "1"), ("235", "1")], ID, "no element is the key"),
        ([("01", GTIN), ("17", "261301")], ID, "no month 13"),
        ([("01", GTIN), ("240", "A"), ("240", "B")], ID, "stands twice"),
        ([("01", GTIN), ("37", "5")], ID, "must not stand beside"),
        ([("01", GTIN), ("240", "é")], ID, "not in character set 82"),
        ([("01", GTIN)], "id.gs1.org", "not where a web address can begin"),
        ([("01", GTIN)], "https://id.gs1.org/", "leave out the last /"),
        ([("01", GTIN)], "https://id.gs1.org/a?b", "not where a web address can begin"),
        ([("01", GTIN)], "https://id.gs1.org/a b", "not where a web address can begin"),
        ([("01", GTIN)], "https://id.gs1.org#", "not where a web address can begin"),
    ],
)
def test_what_has_no_link_is_refused(pairs: list[tuple[str, str]], stem: str, rule: str) -> None:
    with pytest.raises(Gs1Error, match=rule):
        digital_link.write(elements(*pairs), stem)


def test_the_canonical_link_leaves_the_resolver_out() -> None:
    uri = f"http://shop.example/de/01/{GTIN}/10/A%2DB?lang=de&3103=001250&17=261231#x"
    assert digital_link.canonical(uri) == f"{ID}/01/{GTIN}/10/A-B?17=261231&3103=001250"


@given(st.randoms(use_true_random=False), st.sampled_from([ID, "http://a.b:1/x/01", "https://a/~"]))
def test_what_is_written_is_read(random: Random, stem: str) -> None:
    wanted = elements(*gs1_corpus.pairs_of(random))
    try:
        uri = digital_link.write(wanted, stem)
    except Gs1Error as error:
        if "no element is the key" not in error.rule:
            raise
        return
    found = digital_link.read(uri)
    assert (found.stem, set(found.elements)) == (stem, set(wanted))
    assert digital_link.canonical(uri) == digital_link.write(found.elements)
    assert set(uri) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?&=%"
    )


@given(st.text("htps:/01.09506000134352?&=%2F#AB+ é", max_size=60))
def test_any_text_is_read_or_refused(tail: str) -> None:
    uri = f"{ID}/01/{GTIN}{tail}"
    try:
        found = digital_link.read(uri)
    except Gs1Error:
        return
    assert digital_link.read(digital_link.canonical(uri)).elements[0] == found.elements[0]


@pytest.mark.parametrize("aim", ["", "]Q1", "]d1"])
def test_a_link_on_a_label_is_a_lot(aim: str) -> None:
    uri = f"https://supplier.example/p/01/{GTIN}/10/W-204?17=261231&3103=001250"
    found = codes.decode(uri.encode(), aim)
    assert isinstance(found, LotCode)
    assert (found.lot, found.gtin, found.unit, str(found.amount)) == ("W-204", GTIN, "KGM", "1.250")
    assert str(found.expiry) == "2026-12-31"


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        (f"{ID}/01/{GTIN}", MaterialCode(gtin=GTIN)),
        (f"{ID}/01/{GTIN}/21/S7", MaterialCode(gtin=GTIN, serial="S7")),
    ],
)
def test_a_link_without_a_lot_is_a_material(uri: str, code: codes.Code) -> None:
    assert codes.decode(uri.encode()) == code


@pytest.mark.parametrize(
    ("uri", "kind", "said"),
    [
        ("https://example.com/", "unknown", "is a web address that names no article"),
        ("http://example.com/x?01=1", "unknown", "is a web address that names no article"),
        (f"{ID}/01/09506000134353", "gs1", "check digit should be 2"),
        (f"{ID}/414/{GLN}", "unknown", "names no article"),
    ],
)
def test_other_web_addresses_are_refused(uri: str, kind: str, said: str) -> None:
    with pytest.raises(CodeError, match=said) as caught:
        codes.decode(uri.encode())
    assert caught.value.kind == kind
