"""The table of identifiers: whole beside biip's, well formed, and each check by its own cases."""

import re

import pytest
from biip.gs1_application_identifiers import _GS1_APPLICATION_IDENTIFIERS as BIIP

from labels import gs1_checks, gs1_table
from labels.gs1_checks import CHECKS
from labels.gs1_table import RULES, Part

_BIIP_PART = re.compile(r"(\[-\])|(\[N1\.\.N2\])|\[?\+?([NXYZ])(\.\.)?([0-9]+)\]?")
COUNT = 541


def parts_of(layout: str) -> list[tuple[str, int, int]]:
    """(kind, least, most) of each part of a format as biip writes it, without the AI."""
    found = []
    for form in _BIIP_PART.finditer(layout.split("+", 1)[1]):
        hyphen, one_or_two, kind, variable, chars = form.groups()
        optional = "[" in form[0]
        if hyphen:
            found.append(("X", 0, 1))
        elif one_or_two:
            found.append(("N", 0, 2))
        else:
            least = 1 if variable else int(chars)
            found.append((kind, 0 if optional else least, int(chars)))
    return found


# The dictionary is finer than the format that biip gives: how the parts of these lie.
FINER = {
    **{ai: [("N", 3, 3), ("N", 1, 12)] for ai in ("423", "425")},
    "4309": [("N", 20, 20)],
    **{ai: [("N", 10, 10)] for ai in ("4324", "4325", "7003")},
    "7040": [("N", 1, 1), ("X", 3, 3)],
    "7251": [("N", 12, 12)],
    "7258": [("N", 1, 1), ("X", 1, 1), ("N", 1, 1)],
    "8001": [("N", 14, 14)],
    "8003": [("N", 14, 14), ("X", 0, 16)],
    **{ai: [("N", 14, 14), ("N", 2, 2), ("N", 2, 2)] for ai in ("8006", "8026")},
    "8008": [("N", 8, 8), ("N", 0, 4)],
}


def test_every_identifier_is_known() -> None:
    assert len(RULES) == COUNT
    assert set(RULES) == set(BIIP)


def test_separators_are_those_of_biip() -> None:
    assert {ai for ai, row in BIIP.items() if row.separator_required} == {
        ai for ai, rule in RULES.items() if rule.separator
    }


def test_formats_are_those_of_biip() -> None:
    for ai, rule in RULES.items():
        theirs = parts_of(BIIP[ai].format)
        ours = [(p.kind, 0 if p.optional else p.chars_min, p.chars_max) for p in rule.parts]
        assert theirs == FINER.get(ai, ours), ai
        # Countries follow by threes: biip counts those behind the first as 1 to 12 digits.
        least = 3 if ai in {"423", "425"} else sum(part[1] for part in theirs)
        most = sum(part[2] for part in theirs)
        assert (rule.chars_min, rule.chars_max) == (least, most), ai


def test_no_identifier_begins_another() -> None:
    assert [(a, b) for a in RULES for b in RULES if a != b and b.startswith(a)] == []


def test_predefined_lengths_are_those_of_the_specification() -> None:
    heads = {"00", "01", "02", "03", "41"} | {str(n) for n in (*range(11, 21), *range(31, 37))}
    assert all(rule.separator != (ai[:2] in heads) for ai, rule in RULES.items())
    fixed = [rule for rule in RULES.values() if not rule.separator]
    assert all(rule.chars_min == rule.chars_max for rule in fixed)


def test_associations_name_identifiers() -> None:
    for ai, rule in RULES.items():
        named = {name for group in rule.needs for name in group} | set(rule.excludes) - {"own"}
        named |= {name for order in rule.qualifiers for name in order}
        for name in named:
            heads = [one for one in RULES if one.startswith(name.rstrip("n"))]
            assert name in RULES or (name[-1] == "n" and heads), f"{ai}: {name}"


def test_only_the_last_part_varies_and_optional_parts_come_last() -> None:
    def is_firm(part: Part) -> bool:
        return part.chars_min == part.chars_max and not part.optional

    for ai, rule in RULES.items():
        firm = [is_firm(part) for part in rule.parts]
        assert firm == sorted(firm, reverse=True), ai
        assert all(part.chars_min == part.chars_max for part in rule.parts[:-1]), ai


@pytest.mark.parametrize(
    ("ai", "title"),
    [
        ("00", "SSCC"),
        ("3103", "NET WEIGHT (kg)"),
        ("37", "COUNT"),
        ("8017", "GSRN - PROVIDER"),
        ("91", "INTERNAL"),
        ("4300", ""),
        ("66", ""),
    ],
)
def test_titles_of_production(ai: str, title: str) -> None:
    assert gs1_table.title(ai) == title


def test_titles_are_those_of_biip() -> None:
    differing = {
        ai: (gs1_table.title(ai), BIIP[ai].data_title)
        for ai in RULES
        if gs1_table.title(ai) not in {"", BIIP[ai].data_title}
    }
    assert differing == {}


# By check: what passes, and what does not with a word of why.
CASES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "digit": (("09506000134352", "00"), (("09506000134353", "should be 2"),)),
    "pair": (
        ("1987654Ad4X4bL5ttr2310c2K", "12345_ABCDEFGHIJKLMCP", "99999zzzzzzzzzzzzzzzzzzT2", "22"),
        (("1987654Ad4X4bL5ttr2310cXK", "should be 2K"), ("2", "too short")),
    ),
    "day0": (
        ("260101", "261231", "260200", "280229", "000229"),
        (("261301", "no month 13"), ("260001", "no month 00"), ("270229", "no day 29")),
    ),
    "day": (("261231",), (("260200", "no day 00"), ("260431", "no day 31"))),
    "longday": (
        ("20000229", "20240229", "19750606"),
        (
            ("19000229", "1900 is no leap year"),
            ("20230229", "no day 29"),
            ("20200600", "no day 00"),
        ),
    ),
    "hour": (("00", "23"), (("24", "not below 24"),)),
    "sixtieth": (("00", "59"), (("60", "not below 60"),)),
    "clock": (("0000", "2359"), (("2400", "24 is not below 24"), ("1260", "60 is not below 60"))),
    "country": (("276", "004", "894"), (("999", "not a country"), ("000", "not a country"))),
    "country999": (("276", "999"), (("998", "nor 999"),)),
    "country2": (("DE", "GB"), (("UK", "not a country"), ("de", "not a country"))),
    "currency": (("978", "840", "999"), (("000", "not a currency"), ("280", "not a currency"))),
    "package": (("PX", "201", "9", "X11"), (("00", "not a package"), ("px", "not a package"))),
    "sex": (tuple("0129"), (("3", "5218"), ("8", "5218"))),
    "winding": (tuple("019"), (("2", "winding"),)),
    "yesno": (tuple("01"), (("2", "yes or no"),)),
    "media": (("01", "10", "80", "99"), (("00", "media"), ("11", "media"), ("79", "media"))),
    "iban": (
        ("FR7630006000011234567890189", "MU43BOMM0101123456789101000MUR", "BE71096123456769"),
        (
            ("BE71096123456760", "71 are wrong"),
            ("XX361234567890", "XX is not a country"),
            ("BE71", "too short"),
            ("LC14BOSLxx3456789012345678901230", "capitals and digits"),
        ),
    ),
    "nonzero": (("0001",), (("0000", "not be zero"),)),
    "zero": (("0",), (("1", "must be zero"),)),
    "noleadingzero": (("1", "10"), (("0", "begin with zero"), ("01", "begin with zero"))),
    "percent": (
        ("", "A%20B", "%fF", "+"),
        (("%", "% is no"), ("A%g1", "%g1 is no"), ("A%2", "%2 is no")),
    ),
    "latitude": (("0279085848", "1800000000"), (("1800000001", "more than"),)),
    "longitude": (("3600000000",), (("3600000001", "more than"),)),
    "prefix": (("0123", "0123A"), (("012", "at least 4"), ("012A5", "at least 4"))),
    "sequence": (
        ("1/1", "9/10", "100/100"),
        (("2/1", "beyond the last"), ("1/0", "is not a position"), ("1//2", "is not a position")),
    ),
    "piece": (
        ("0101", "9899"),
        (("0001", "may be zero"), ("0100", "may be zero"), ("0201", "beyond the total")),
    ),
    "nondigit": (("1A",), (("12", "no digit"),)),
    "importer": (tuple("-0Az_"), ((".", "importer"), ("/", "importer"))),
    "hyphen": (("-",), (("+", "hyphen"), ("0", "hyphen"))),
    "padding": (
        ("1", "12", "123", "12=", "1=="),
        (("123=", "padding"), ("===", "padding"), ("1=2", "padding"), ("12==", "padding")),
    ),
    "coupon": (
        (
            "012345612345611110123",
            "0123456123456111101233301231",
            "01234561234561111012332612314260101",
            "012345612345611110123" + "10" + "110123" + "9" + "2" + "110123" + "0123456",
            "01234561234561111012350123456",
            "012345612345611110123" + "611234567" + "95110",
            "012345612345611110123" + "95210",
            "6123456789012" + "123456" + "512345" + "512345" + "9" + "123",
        ),
        (
            ("712345612345611110123", "not built"),
            ("012345612345601110123", "not built"),
            ("012345612345611115123", "not built"),
            ("0123456123456111101233301331", "no month 13"),
            ("0123456123456111101234300230", "no day 30"),
            ("01234561234561111012332601014260102", "before it starts"),
            ("0123456123456111101237", "not built"),
            ("01234561234561111012393110", "not built"),
            ("a12345612345611110123", "not built"),
        ),
    ),
    "offer": (
        ("001234561234560123456", "061234567890121234569123456789012345"),
        (
            ("201234561234560123456", "not built"),
            ("07", "not built"),
            ("0012345612345601234567", "not built"),
            ("001234561234561123456", "not built"),
        ),
    ),
}


def test_every_check_has_its_cases() -> None:
    assert set(CASES) == set(CHECKS)


@pytest.mark.parametrize("name", sorted(CASES))
def test_checks(name: str) -> None:
    good, bad = CASES[name]
    assert {value: CHECKS[name](value) for value in good} == dict.fromkeys(good, "")
    for value, why in bad:
        assert why in CHECKS[name](value), value


def test_check_characters_are_made_for_keys_of_right_length_only() -> None:
    assert gs1_checks.check_pair("1987654Ad4X4bL5ttr2310c") == "2K"
    with pytest.raises(AssertionError):
        gs1_checks.check_pair("1" * 24)
