"""GS1 element strings with the right verdict: whole ones, and ones broken in a named way.

Written from the General Specifications, not from the table under test: what stands together, how a
value is made, which identifiers have a predefined length.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

GS = "\x1d"
Pairs = list[tuple[str, str]]

DIGITS = "0123456789"
PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
ALL_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
PAIR_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
# The heads of predefined length, GenSpecs 7.8.5.
PREDEFINED = {"00", "01", "02", "03", "04", "41"} | {
    str(n) for n in (*range(11, 21), *range(31, 37))
}
COUNTRIES = ("008", "040", "056", "208", "250", "276", "380", "528", "752", "756", "826", "840")
IBANS = ("DE91100000000123456789", "BE71096123456769", "CH5604835012345678009")
COUPONS = ("012345612345611110123", "0123456123456111101233301231")
OFFERS = ("001234561234560123456", "061234567890121234569123456789012345")


def mod10(body: str) -> str:
    """`body` with its check digit."""
    total = 0
    for place, digit in enumerate(body[::-1]):
        total += int(digit) * (1 if place % 2 else 3)
    return f"{body}{(10 - total % 10) % 10}"


def mod1021(body: str) -> str:
    """`body` with its two check characters."""
    primes = [n for n in range(2, 100) if all(n % k for k in range(2, n))]
    total = sum(ALL_82.index(body[-1 - place]) * primes[place] for place in range(len(body)))
    high, low = divmod(total % 1021, 32)
    return body + PAIR_SIGNS[high] + PAIR_SIGNS[low]


def _some(random: Random, signs: str, least: int, most: int) -> str:
    return "".join(random.choices(signs, k=random.randint(least, most)))


def _digits(chars: int) -> Callable[[Random], str]:
    return lambda random: _some(random, DIGITS, chars, chars)


def _number(most: int) -> Callable[[Random], str]:
    return lambda random: _some(random, DIGITS, 1, most)


def _key(chars: int) -> Callable[[Random], str]:
    return lambda random: mod10(_some(random, DIGITS, chars - 1, chars - 1))


def _text(most: int) -> Callable[[Random], str]:
    return lambda random: _some(random, random.choice((PLAIN, PLAIN, ALL_82)), 1, most)


def _prefixed(most: int) -> Callable[[Random], str]:
    return lambda random: _some(random, DIGITS, 4, 7) + _some(random, PLAIN, 0, most - 7)


def _escaped(most: int) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        return (_some(random, PLAIN, 1, most - 6) + random.choice(("", "+", "%20", "%C3%A9")))[
            :most
        ]

    return make


def _one_of(*values: str) -> Callable[[Random], str]:
    return lambda random: random.choice(values)


def _joined(*makers: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: "".join(make(random) for make in makers)


def _day(random: Random) -> str:
    year, month = random.randint(0, 99), random.randint(1, 12)
    days = (31, 28 if year % 4 else 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return f"{year:02}{month:02}{random.randint(1, days):02}"


def _day_or_month(random: Random) -> str:
    day = _day(random)
    return f"{day[:4]}00" if random.random() < 0.2 else day


def _clock(random: Random) -> str:
    return f"{random.randint(0, 23):02}{random.randint(0, 59):02}"


def _maybe(make: Callable[[Random], str]) -> Callable[[Random], str]:
    return lambda random: make(random) if random.random() < 0.5 else ""


def _sixty(random: Random) -> str:
    return f"{random.randint(0, 59):02}"


def _countries(random: Random) -> str:
    return "".join(random.choices(COUNTRIES, k=random.randint(1, 5)))


def _made_key(random: Random) -> str:
    return mod1021(_prefixed(23)(random) + "A")[-25:]


def _model(random: Random) -> str:
    return mod1021(_some(random, DIGITS, 4, 9) + _some(random, ALL_82, 1, 13) + "X")


GTIN, GLN, GSRN = _key(14), _key(13), _key(18)
PIECE = _joined(GTIN, _one_of("0101", "0102", "0202", "0399"))
COUNTRY = _one_of(*COUNTRIES)
TEXT_CHARS = {
    "10": 20,
    "21": 20,
    "22": 20,
    "235": 28,
    "240": 30,
    "241": 30,
    "243": 20,
    "250": 30,
    "251": 30,
    "254": 20,
    "400": 30,
    "403": 30,
    "420": 20,
    "427": 3,
    "4308": 30,
    "4318": 20,
    "4319": 30,
    "7002": 30,
    "7005": 12,
    "7008": 3,
    "7009": 10,
    "7010": 2,
    "7020": 20,
    "7021": 20,
    "7022": 20,
    "710": 20,
    "711": 20,
    "717": 20,
    "7240": 20,
    "7242": 25,
    "7255": 10,
    "8002": 20,
    "8009": 50,
    "8012": 20,
    "8020": 25,
    "8200": 70,
    "90": 30,
    **{str(ai): 90 for ai in range(91, 100)},
}
NUMBER_CHARS = {"242": 6, "30": 8, "37": 8, "7004": 4, "8019": 10}
CHECKED_AT = {
    "00": 17,
    "01": 13,
    "02": 13,
    "03": 13,
    "253": 12,
    "255": 12,
    "402": 16,
    "8003": 13,
    "410": 12,
    "411": 12,
    "412": 12,
    "413": 12,
    "414": 12,
    "415": 12,
    "416": 12,
    "417": 12,
    "8006": 13,
    "8026": 13,
    "8017": 17,
    "8018": 17,
}
MAKERS: dict[str, Callable[[Random], str]] = {
    **{ai: _text(most) for ai, most in TEXT_CHARS.items()},
    **{ai: _number(most) for ai, most in NUMBER_CHARS.items()},
    "00": GSRN,
    "01": GTIN,
    "02": GTIN,
    "03": GTIN,
    "20": _digits(2),
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), _day_or_month),
    "253": _joined(GLN, _maybe(_text(17))),
    "255": _joined(GLN, _maybe(_number(12))),
    **dict.fromkeys(("410", "411", "412", "413", "414", "415", "416", "417"), GLN),
    "401": _prefixed(30),
    "402": _key(17),
    "7023": _prefixed(30),
    "8004": _prefixed(30),
    **{f"{head}{n}": _digits(6) for head in (310, 311, 315, 320, 330, 331, 337) for n in range(6)},
    "3900": _number(15),
    "3902": _number(15),
    "3922": _number(15),
    "3940": _digits(4),
    "3912": _joined(_one_of("978", "840", "208"), _number(15)),
    "3951": _digits(6),
    "3932": _joined(_one_of("978", "752"), _number(15)),
    "8005": _digits(6),
    "421": _joined(COUNTRY, _text(9)),
    "422": COUNTRY,
    "423": _countries,
    "424": COUNTRY,
    "425": _countries,
    "426": COUNTRY,
    "4300": _escaped(35),
    "4301": _escaped(35),
    "4302": _escaped(70),
    "4303": _escaped(70),
    "4307": _one_of("DE", "DK", "SE", "GB"),
    "4309": _one_of("02790858483015297971", "18000000003600000000", "0" * 20),
    "4321": _one_of("0", "1"),
    "4324": _joined(_day_or_month, _clock),
    "4326": _day,
    **{ai: _joined(_digits(6), _one_of("", "-")) for ai in ("4330", "4331", "4332", "4333")},
    "7001": _digits(13),
    "7003": _joined(_day, _clock),
    "7006": _day,
    "7007": _joined(_day, _maybe(_day)),
    "7011": _joined(_day, _maybe(_clock)),
    "7030": _joined(_one_of("999", *COUNTRIES), _text(27)),
    "7041": _one_of("PX", "201", "9"),
    "7040": _joined(_digits(1), _one_of("AB", "1%", "z9"), _one_of("-", "_", "a", "Z", "0")),
    "7230": _joined(_text(1), _text(1), _text(28)),
    "7241": _one_of("01", "10", "80", "99"),
    "7250": _joined(_one_of("19", "20"), _day),
    "7252": _one_of("0", "1", "2", "9"),
    "7251": _joined(_one_of("19"), _day, _clock),
    "7253": _escaped(40),
    "7254": _escaped(40),
    "7256": _escaped(90),
    "7257": _escaped(70),
    "7259": _escaped(40),
    "7258": _one_of("1/1", "1/2", "9/9"),
    "8001": _one_of("00100010000500", "99999999999999"),
    "8003": _joined(_one_of("0"), GLN, _maybe(_text(16))),
    "8006": PIECE,
    "8026": PIECE,
    "8007": _one_of(*IBANS),
    "8008": _joined(_day, _one_of("00", "23"), _maybe(_sixty)),
    "8010": _joined(_digits(7), _one_of("A#1/2-", "Z")),
    "8011": _one_of("1", "120", "9" * 12),
    "8013": _model,
    "8014": _model,
    "8017": GSRN,
    "8018": GSRN,
    "8030": _one_of("AQ_-", "a=="[:1]),
    "8040": _digits(15),
    "8041": _digits(15),
    "8042": _digits(32),
    "8110": _one_of(*COUPONS),
    "8043": _joined(_digits(18), _maybe(_number(2))),
    "8111": _digits(4),
    "8112": _one_of(*OFFERS),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What always stands on such a label, and groups that may stand beside it."""

    always: tuple[str, ...]
    beside: tuple[str, ...]


_INTERNAL = ("90", "91", "95", "99")
_ITEM = (
    *("10", "11", "13", "15", "16", "17", "20", "21", "22", "235", "240", "241", "242", "243"),
    *("250 21", "251", "30", "30 3922", "30 3932", "30 3951", "422", "427 422", "423", "424"),
    *("425", "426", "7001", "7002", "7003", "7004 10", "7005", "7006", "7007", "7008", "7009"),
    *("7010", "7011", "7020 416", "7021", "7022 7021", "7030", "710", "711", "717", "7230", "7240"),
    *("8001", "8005", "8008", "8009", "8012", "8014", "8200", "8040 21", "8041 8040 21", "400"),
    *("8042 8040 21", "8043 8040 21", "8030 21", "410", "412", "416", "7023", "8002", "400"),
    *(f"{head}{n}" for head in (310, 311, 315, 320, 330, 331, 337) for n in range(6)),
)
_UNIT = (
    *("401", "402", "400", "403", "410", "413", "420", "421", "4300", "4301", "4303 4302", "4307"),
    *("4308", "4309", "4318", "4319", "4321", "4324", "4326", "4330", "4331", "4332", "4333"),
    *("7041", "8009", "02 37", "02 37 10", "02 37 17", "02 37 3102", "02 37 15 10", "3300", "3313"),
)
SCENES = (
    *[Scene(("01",), (*_ITEM, *_INTERNAL))] * 8,
    *[Scene(("00",), (*_UNIT, *_INTERNAL))] * 4,
    Scene(("00", "8026", "37"), ("10", "15", "240", "422")),
    Scene(("03",), ("10", "11", "17", "21", "243", "8008", "8009")),
    Scene(("8006",), ("10", "21", "250 21", "17", "240", "242", "251", "8012")),
    Scene(("8003",), _INTERNAL),
    Scene(("8004",), ("7040", "7230", *_INTERNAL)),
    Scene(("253",), _INTERNAL),
    Scene(("401",), _INTERNAL),
    Scene(("402",), ("400",)),
    Scene(("414",), ("254", "7040")),
    Scene(("417",), ("7040",)),
    Scene(("8010",), ("8011",)),
    Scene(("8013",), _INTERNAL),
    Scene(("8017",), ("8019", "7241", "7242", "7253 7254", "7255", "7256")),
    Scene(("8018",), ("8019", "7250", "7251", "7252", "7253", "7256", "7257", "7259", "7258 7259")),
    Scene(("415", "8020"), ("3900", "3912", "8007", "12")),
    Scene(("255",), ("3902", "3940", "8111", "17")),
    Scene(("8110",), ()),
    Scene(("8112",), ()),
)
_APART = (
    *("21 235", "422 426", "423 426", "424 426", "425 426", "420 421", "421 4307", "4330 4331"),
    *("4332 4333", "7250 7251", "7253 7256", "7254 7256", "7255 7256", "7253 7259", "7254 7259"),
    *("7255 7259", "7256 7259", "3900 3912", "3902 3940", "3902 8111", "3940 8111", "8005 3951"),
    *("3922 3932", "3922 3951", "3932 3951", "3900 3902"),
)


def _clash(ais: Sequence[str]) -> bool:
    held = set(ais)
    measures = [ai[:3] for ai in held if len(ai) == 4 and ai[0] == "3"]
    apart = any(held.issuperset(pair.split()) for pair in _APART)
    return apart or len(measures) != len(set(measures))


def is_predefined(ai: str) -> bool:
    return ai[:2] in PREDEFINED


def element_string(pairs: Pairs) -> str:
    """Written with the separators that are needed."""
    text = "".join(f"{ai}{value}{'' if is_predefined(ai) else GS}" for ai, value in pairs)
    return text.removesuffix(GS)


def pairs_of(random: Random, scene: Scene | None = None) -> Pairs:
    """Elements that may stand together, in any order."""
    scene = scene or random.choice(SCENES)
    ais = list(scene.always)
    for group in random.sample(scene.beside, min(len(scene.beside), random.randint(0, 4))):
        more = [*ais, *(ai for ai in group.split() if ai not in ais)]
        if not _clash(more):
            ais = more
    if random.random() < 0.3:
        random.shuffle(ais)
    return [(ai, MAKERS[ai](random)) for ai in ais]


def whole(random: Random) -> tuple[str, Pairs]:
    """A right element string and what it holds."""
    pairs = pairs_of(random)
    text = element_string(pairs)
    kind = random.random()
    if kind < 0.05:
        text += GS
    elif kind < 0.1:  # a separator that was not needed
        text = GS.join(f"{ai}{value}" for ai, value in pairs)
    elif kind < 0.13 and len(text) < 60:
        text = element_string([*pairs, pairs[0]])
    return text, pairs


def wholes(seed: int, count: int) -> Iterator[tuple[str, Pairs]]:
    random = Random(seed)
    for _ in range(count):
        yield whole(random)
