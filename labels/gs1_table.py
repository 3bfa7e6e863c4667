"""Every GS1 application identifier: format, separator, associations, place in a Digital Link.

Facts of the GS1 General Specifications, sections 3 (identifiers), 4.13 (associations), 7.8.5
(predefined lengths), and of the Digital Link URI syntax. A row of the table is

    identifiers | format | needs | excludes | link

Identifiers: `91..99` a range, `310..316/5` families with 0 to 5 decimals. Format: parts of N
(digits), X (character set 82), Y (39), Z (base64url), `..` variable, brackets optional, with the
checks of `gs1_checks`; `=` has a predefined length and wants no separator. Needs: any one group,
each identifier of it (`31nn` any of that head). Excludes: none of them; `own` is the family. Link:
`key` with its qualifiers in order, alternatives apart; `-` neither key nor data attribute. Company
prefixes inside digits have nothing to check but their check digit.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from labels.gs1_checks import CHECKS, Check

AI_CHARS_MAX = 4
_ITEM = "01 02 03 8006 8026"
_ABBREVIATED = {
    "ITEM": _ITEM,
    "TRADE": "01 02 03",
    "CONTENT": "01 02",
    "PIECES": "01 03 8006",
    "MEASURED": "30 31nn 32nn 35nn 36nn",
    "STAFF": "8017 8018",
    "SIGNED": "00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018",
}
_TABLE = """
00              | =N18:digit         |                    |                        | key
01              | =N14:digit         |                    | 255 37                | key 22,10,21 235
02              | =N14:digit         | 37                 | 01 03
03              | =N14:digit         |                    | 01 02 37 235           | -
10              | X..20              | ITEM
11 13 15 16     | =N6:day0           | ITEM
12              | =N6:day0           | 8020
17              | =N6:day0           | ITEM 255
20              | =N2                | ITEM
21              | X..20              | PIECES             | 235                    | -
22              | X..20              | 01                 |                        | -
235             | X..28              | 01                 |                        | -
240 241         | X..30              | ITEM
242             | N..6               | 01 02 8006 8026
243             | X..20              | 01 03
250             | X..30              | 01+21 03+21 8006+21
251             | X..30              | PIECES
253             | N13:digit [X..17]  |                    |                        | key
254             | X..20              | 414                |                        | -
255             | N13:digit [N..12]  |                    | 01 02 415 8006 8020 8026 | key
30              | N..8               | CONTENT
310..316/5      | =N6                | CONTENT            | own
320..329/5      | =N6                | CONTENT            | own
330..336/5      | =N6                | 00 01              | own
337/5           | =N6                | 01                 | own
340..349/5      | =N6                | 00 01              | own
350..352/5      | =N6                | CONTENT            | own
353..355/5      | =N6                | 00 01              | own
356 357/5       | =N6                | CONTENT            | own
360 361/5       | =N6                | CONTENT            | own
362 363/5       | =N6                | 00 01              | own
364..366/5      | =N6                | CONTENT            | own
367..369/5      | =N6                | 00 01              | own
37              | N..8               | 00+02 00+8026
390/9           | N..15              | 255 8020           | 390n 391n 394n 8111
391/9           | N3:currency N..15  | 8020               | own
392/9           | N..15              | 01+30 01+31nn 01+32nn 01+35nn 01+36nn | 392n 393n
393/9           | N3:currency N..15  | MEASURED           | own
394/3           | N4                 | 255                | 394n 8111
395/5           | N6                 | MEASURED           | 392n 393n 395n 8005
400             | X..30
401             | X..30:prefix       |                    |                        | key
402             | N17:digit          |                    |                        | key
403             | X..30              | 00
410..413 416    | =N13:digit
414             | =N13:digit         |                    |                        | key 254 7040
415             | =N13:digit         | 8020               |                        | key 8020
417             | =N13:digit         |                    |                        | key 7040
420             | X..20              |                    | 421
421             | N3:country X..9    |                    | 4307
422             | N3:country         | ITEM               | 426
423 425         | N3:country [N3:country] [N3:country] [N3:country] [N3:country] | TRADE | 426
424             | N3:country         | TRADE              | 426
426             | N3:country         | TRADE
427             | X..3               | 01+422 02+422 03+422
4300 4301       | X..35:percent      | 00
4302            | X..70:percent      | 00
4303            | X..70:percent      | 4302
4304..4306      | X..70:percent      | 00
4307 4317       | X2:country2        | 00
4308 4319       | X..30              | 00
4309            | N10:latitude N10:longitude | 00
4310 4311 4320  | X..35:percent      | 00
4312            | X..70:percent      | 00
4313            | X..70:percent      | 4312
4314..4316      | X..70:percent      | 00
4318            | X..20              | 00
4321..4323      | N1:yesno           | 00
4324 4325       | N6:day0 N4:clock   | 00
4326            | N6:day             | 00
4330            | N6 [X1:hyphen]     | 00                 | 4331
4331            | N6 [X1:hyphen]     | 00                 | 4330
4332            | N6 [X1:hyphen]     | 00                 | 4333
4333            | N6 [X1:hyphen]     | 00                 | 4332
7001            | N13                | 01 02 8006 8026
7002            | X..30              | CONTENT
7003            | N6:day N4:clock    | TRADE
7004            | N..4               | 01+10 03+10
7005            | X..12              | CONTENT
7006            | N6:day             | CONTENT
7007            | N6:day [N6:day]    | CONTENT
7008            | X..3               | CONTENT
7009            | X..10              | CONTENT
7010            | X..2               | TRADE
7011            | N6:day [N4:clock]  | TRADE
7020            | X..20              | 01+416 03+416 8006+416
7021            | X..20              | PIECES
7022            | X..20              | 01+7021 03+7021 8006+7021
7023            | X..30:prefix
7030..7039      | N3:country999 X..27 | CONTENT
7040            | N1 X1 X1 X1:importer |                  |                        | -
7041            | X..4:package       | 00                 |                        | -
710..717        | X..20              | 01
7230..7239      | X2 X..28           | 01 8004
7240            | X..20              | 01 8006            | 03
7241            | N2:media           | STAFF
7242            | X..25              | STAFF
7250            | N8:longday         | 8018               | 7251
7251            | N8:longday N4:clock | 8018              | 7250
7252            | N1:sex             | 8018
7253 7254       | X..40:percent      | STAFF              | 7256 7259
7255            | X..10              | STAFF              | 7256 7259
7256            | X..90:percent      | STAFF
7257            | X..70:percent      | 8018
7258            | X3:sequence        | 8018+7259
7259            | X..40:percent      | 8018               | 7256
8001            | N4:nonzero N5:nonzero N3:nonzero N1:winding N1 | 01
8002            | X..20
8003            | N1:zero N13:digit [X..16] |             |                        | key
8004            | X..30:prefix       |                    |                        | key 7040
8005            | N6                 | CONTENT
8006            | N14:digit N4:piece |                    | 01 03 37               | key 22,10,21
8007            | X..34:iban         | 415
8008            | N6:day N2:hour [N2:sixtieth] [N2:sixtieth] | TRADE
8009            | X..50              | 00 01 03
8010            | Y..30:prefix       |                    |                        | key 8011
8011            | N..12:noleadingzero | 8010              |                        | -
8012            | X..20              | PIECES
8013            | X..25:pair:prefix  |                    |                        | key
8014            | X..25:pair:prefix:nondigit | 01         |                        | -
8017            | N18:digit          |                    | 8018                   | key 8019
8018            | N18:digit          |                    | 8017                   | key 8019
8019            | N..10              | STAFF              |                        | -
8020            | X..25              | 415                |                        | -
8026            | N14:digit N4:piece | 37                 | 02 03 8006
8030            | Z..90:padding      | SIGNED
8040            | N15                | 01+21              |                        | -
8041            | N15                | 01+21+8040         |                        | -
8042            | N32                | 01+21+8040         |                        | -
8043            | N18 [N..2]         | 01+21+8040         |                        | -
8110            | X..70:coupon
8111            | N4                 | 255
8112            | X..70:offer
8200            | X..70              | 01                 |                        | -
90              | X..30
91..99          | X..90
"""
# Data titles of what production labels carry (GenSpecs 3.2), a family by its first three digits.
_TITLES = """
00 SSCC; 01 GTIN; 02 CONTENT; 10 BATCH/LOT; 11 PROD DATE; 13 PACK DATE; 15 BEST BEFORE or BEST BY;
16 SELL BY; 17 USE BY or EXPIRY; 20 VARIANT; 21 SERIAL; 22 CPV; 240 ADDITIONAL ID; 241 CUST. PART
No.; 242 MTO VARIANT; 250 SECONDARY SERIAL; 251 REF. TO SOURCE; 253 GDTI; 254 GLN EXTENSION
COMPONENT; 30 VAR. COUNT; 310 NET WEIGHT (kg); 311 LENGTH (m); 312 WIDTH (m); 313 HEIGHT (m); 314
AREA (m²); 315 NET VOLUME (l); 316 NET VOLUME (m³); 320 NET WEIGHT (lb); 330 GROSS WEIGHT (kg); 331
LENGTH (m), log; 332 WIDTH (m), log; 333 HEIGHT (m), log; 334 AREA (m²), log; 335 VOLUME (l), log;
336 VOLUME (m³), log; 337 KG PER m²; 340 GROSS WEIGHT (lb); 37 COUNT; 400 ORDER NUMBER; 401 GINC;
402 GSIN; 403 ROUTE; 410 SHIP TO LOC; 411 BILL TO; 412 PURCHASE FROM; 413 SHIP FOR LOC; 414 LOC No.;
415 PAY TO; 416 PROD/SERV LOC; 417 PARTY; 420 SHIP TO POST; 421 SHIP TO POST; 422 ORIGIN; 7003
EXPIRY TIME; 8001 DIMENSIONS; 8003 GRAI; 8004 GIAI; 8005 PRICE PER UNIT; 8006 ITIP; 8008 PROD TIME;
8010 CPID; 8011 CPID SERIAL; 8012 VERSION; 8013 GMN; 8017 GSRN - PROVIDER; 8018 GSRN - RECIPIENT;
8019 SRIN; 8020 REF No.; 90 INTERNAL; 91 INTERNAL; 92 INTERNAL; 93 INTERNAL; 94 INTERNAL; 95
INTERNAL; 96 INTERNAL; 97 INTERNAL; 98 INTERNAL; 99 INTERNAL
"""
_SPELLED: Mapping[str, Callable[[str], object]] = {
    "N": re.compile(r"[0-9]*").fullmatch,
    "X": re.compile(r"[!\"%-?A-Z_a-z]*").fullmatch,
    "Y": re.compile(r"[#\-/0-9A-Z]*").fullmatch,
    "Z": re.compile(r"[\-0-9A-Z_a-z=]*").fullmatch,
}
_PART = re.compile(r"\[?([NXYZ])(\.\.)?([0-9]+)((?::[a-z0-9]+)*)\]?")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value: its kind of characters, how many, and what they must keep."""

    kind: str
    chars_min: int
    chars_max: int
    optional: bool
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What the identifiers of one row demand. `needs`: any one group, each AI of it.

    Needed and excluded names may be families, such as `310n` and `31nn`; `own` is an identifier's
    own family. `spelled` says whether all characters are allowed, `broken` what else is wrong with
    a value of such characters and length. `key` makes a primary key of a Digital Link, with
    `qualifiers` in one of these orders; `attribute`: may stand in the query of one.
    """

    form: str
    parts: tuple[Part, ...]
    kind: str
    chars_min: int
    chars_max: int
    separator: bool
    spelled: Callable[[str], object]
    broken: Check | None
    needs: tuple[tuple[str, ...], ...]
    excludes: tuple[str, ...]
    key: bool
    qualifiers: tuple[tuple[str, ...], ...]
    attribute: bool


def _parts_broken(parts: tuple[Part, ...], form: str, value: str) -> str:
    """The first fault among the parts of a value."""
    start = 0
    for part in parts:
        if start == len(value) and part.optional:
            break
        piece = value[start : start + part.chars_max]
        if len(piece) < part.chars_min or not _SPELLED[part.kind](piece):
            return f"is not of the form {form}"
        for check in part.checks:
            if fault := check(piece):
                return fault
        start += len(piece)
    return ""


def _part(text: str) -> Part:
    form = _PART.fullmatch(text)
    assert form, f"{text} is no part of a format"
    kind, variable, chars, checks = form.groups()
    named = tuple(CHECKS[name] for name in checks.split(":")[1:])
    return Part(kind, 1 if variable else int(chars), int(chars), text.startswith("["), named)


def _read_format(text: str) -> tuple[str, tuple[Part, ...], Check | None]:
    parts = tuple(_part(word) for word in text.split())
    form = re.sub(r":[a-z0-9]+", "", text)
    if len(parts) > 1 or len(parts[0].checks) > 1:
        return form, parts, partial(_parts_broken, parts, form)
    return form, parts, parts[0].checks[0] if parts[0].checks else None


def _spread(text: str) -> Iterator[str]:
    """The identifiers that the first column names."""
    names, _, decimals = text.partition("/")
    tails = [str(places) for places in range(int(decimals) + 1)] if decimals else [""]
    for name in names.split():
        first, _, last = name.partition("..")
        for number in range(int(first), int(last or first) + 1):
            yield from (f"{number:0{len(first)}}{tail}" for tail in tails)


def _rule(layout: str, needs: str = "", excludes: str = "", link: str = "") -> Rule:
    form, parts, broken = _read_format(layout.removeprefix("="))
    kinds = {part.kind for part in parts}
    kind = kinds.pop() if len(kinds) == 1 else "X"
    groups = " ".join(_ABBREVIATED.get(word, word) for word in needs.split()).split()
    return Rule(
        form,
        parts,
        kind,
        sum(part.chars_min for part in parts if not part.optional),
        sum(part.chars_max for part in parts),
        not layout.startswith("="),
        _SPELLED[kind],
        broken,
        tuple(tuple(group.split("+")) for group in groups),
        tuple(excludes.split()),
        link.startswith("key"),
        tuple(tuple(order.split(",")) for order in link.split()[1:]),
        link != "-",
    )


def read_table() -> dict[str, Rule]:
    """The table as a mapping; AIs of one row share their rule."""
    rules: dict[str, Rule] = {}
    for line in _TABLE.strip().splitlines():
        ais, *cells = (cell.strip() for cell in line.split("|"))
        rules |= dict.fromkeys(_spread(ais), _rule(*cells))
    return rules


RULES: Mapping[str, Rule] = read_table()


@cache
def _titles() -> Mapping[str, str]:
    pairs = (entry.split(maxsplit=1) for entry in _TITLES.split(";"))
    return {ai: " ".join(words.split()) for ai, words in pairs}


def title(ai: str) -> str:
    """The data title of an identifier of production, "" of another."""
    known = _titles()
    return known.get(ai) or (known.get(ai[:3], "") if is_measure(ai) else "")


def is_measure(ai: str) -> bool:
    """Whether the last digit of `ai` says how many decimals its value has."""
    return len(ai) == AI_CHARS_MAX and ai[0] == "3"
