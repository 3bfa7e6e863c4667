"""GS1 element strings broken in a named way, each of which must be refused.

A mutation makes its own right elements and breaks one thing that no other reading of the string
can mend.
"""

from collections.abc import Callable, Iterator
from random import Random

from tests.labels.gs1_corpus import (
    CHECKED_AT,
    DIGITS,
    GS,
    MAKERS,
    NUMBER_CHARS,
    PAIR_SIGNS,
    SCENES,
    TEXT_CHARS,
    Pairs,
    element_string,
    is_predefined,
    mod10,
    mod1021,
    pairs_of,
)

ITEM = SCENES[0]
NEEDS_ITEM = ("10", "11", "13", "15", "16", "20", "21", "240", "241", "250", "251", "30", "3102")
NEEDS_ITEM_TOO = ("422", "423", "7003", "7021", "7030", "7240", "8001", "8005", "8008", "8012")
UNKNOWN = (
    *("04", "05", "06", "07", "08", "09", "14", "18", "19", "230", "236", "244", "26", "27", "28"),
    *("29", "3109", "3176", "319", "3386", "3583", "38", "3944", "3956", "404", "418", "419"),
    *("428", "4327", "44", "45", "46", "50", "60", "66", "69", "7012", "7042", "718", "7260"),
    *("73", "75", "8000", "8015", "8021", "8044", "8100", "8113", "8201", "83", "85", "88"),
)
FOREIGN = "#$@[\\]^`{|}~ éñ\t\x00²"
# A right AI with a value of right length and characters that means nothing.
MEANINGLESS = {
    "no such country": (("421", "999AB"), ("422", "999"), ("423", "276000"), ("7030", "000AB")),
    "no such country in letters": (("4307", "XX"), ("4317", "de"), ("4307", "UK")),
    "no such currency": (("3912", "000100"), ("3932", "2801"), ("3912", "999"[:2] + "8100")),
    "no such package": (("7041", "XX"), ("7041", "px")),
    "neither yes nor no": (("4321", "2"), ("4322", "9"), ("4323", "5")),
    "no such medium": (("7241", "00"), ("7241", "11"), ("7241", "79")),
    "no such sex": (("7252", "3"), ("7252", "8")),
    "no such winding": (("8001", "00100010000520"), ("8001", "00100010000580")),
    "a zero measure": (("8001", "00000010000500"), ("8001", "00100000000500")),
    "outside the world": (("4309", "18000000010000000000"), ("4309", "00000000003600000001")),
    "a wrong account": (("8007", "DE91100000000123456780"), ("8007", "XX361234567890")),
    "a short account": (("8007", "DE9110000"), ("8007", "BE71"), ("8007", "be71096123456769")),
    "a wrong escape": (("4300", "A%2"), ("4302", "%GG"), ("7253", "%"), ("7256", "A%4x")),
    "no company prefix": (("8004", "123"), ("401", "A1234"), ("7023", "12-34"), ("8010", "12A4")),
    "a leading zero": (("8011", "01"), ("8011", "0")),
    "a filler that is not zero": (("8003", "1" + mod10("952123456789") + "A"),),
    "no sequence": (("7258", "2/1"), ("7258", "0/1"), ("7258", "1-2"), ("7258", "1/0")),
    "no hyphen": (("4330", "0001000"), ("4333", "000100+"), ("4331", "000100A")),
    "no importer": (("7040", "1AB."), ("7040", "1AB+"), ("7040", "1AB%")),
    "only digits": (("8014", mod1021("12345") if mod1021("12345").isdigit() else "1234522"),),
    "no coupon": (("8110", "712345612345611110123"), ("8110", "012345612345611110"), ("8112", "2")),
    "a coupon that ends before": (("8110", "01234561234561111012332301014240102"),),
    "wrong padding": (("8030", "ABC="), ("8030", "A==="), ("8030", "=AB"), ("8030", "A+B")),
}
# What the meaningless need beside them to stand right otherwise.
BESIDE = {
    "8001": ("01",),
    "8014": ("01",),
    "421": (),
    "422": ("01",),
    "423": ("01",),
    "7030": ("01",),
    "3912": ("415", "8020"),
    "3932": ("01", "30"),
    "8007": ("415", "8020"),
    "8011": ("8010",),
    "7252": ("8018",),
    "7241": ("8017",),
    "7253": ("8018",),
    "7256": ("8018",),
    "7258": ("8018", "7259"),
    "8030": ("00",),
    "8004": (),
    "401": (),
    "7023": (),
    "8010": (),
    "8003": (),
    "7040": ("8004",),
    "8110": (),
    "8112": (),
}
EXCLUDED = (
    *(
        "01 02 37",
        "01 03",
        "02 03 37",
        "01 255",
        "8006 01",
        "8006 03",
        "8026 00 37 02",
        "8017 8018",
    ),
    *("01 21 235", "420 421", "00 421 4307", "01 422 426", "01 423 426", "00 4330 4331"),
    *("00 4332 4333", "8018 7250 7251", "8018 7253 7256", "8018 7259 7256", "255 415 8020"),
    *("255 8111 3902", "01 30 3951 8005", "01 30 3922 3932", "03 7240 01", "01 37", "00 01 37"),
)
LACKING = (
    *("37", "00 37", "00 02", "02", "403", "4300", "00 4303", "254", "427", "01 427", "7020 416"),
    *("01 7022", "7258 8018", "8011", "8019", "415", "8020", "8111", "12", "8040", "01 8040"),
    *("01 21 8041", "01 250", "3922", "01 3922", "8030", "22", "235", "8200", "7041", "3300"),
)


def with_value(pairs: Pairs, place: int, value: str) -> Pairs:
    return [*pairs[:place], (pairs[place][0], value), *pairs[place + 1 :]]


def made(random: Random, ais: str) -> Pairs:
    return [(ai, MAKERS[ai](random)) for ai in ais.split()]


def _pick(random: Random, keep: Callable[[str], bool]) -> tuple[Pairs, int]:
    """Right elements and the place of one whose AI is wanted."""
    while True:
        pairs = pairs_of(random)
        places = [place for place, (ai, _) in enumerate(pairs) if keep(ai)]
        if places:
            return pairs, random.choice(places)


def wrong_check_digit(random: Random) -> str:
    pairs, place = _pick(random, CHECKED_AT.__contains__)
    ai, value = pairs[place]
    at = CHECKED_AT[ai]
    digit = random.choice([sign for sign in DIGITS if sign != value[at]])
    return element_string(with_value(pairs, place, value[:at] + digit + value[at + 1 :]))


def wrong_check_pair(random: Random) -> str:
    pairs = made(random, random.choice(("8013", "01 8014")))
    value = pairs[-1][1]
    at = random.choice((-1, -2))
    signs = list(value)
    signs[at] = random.choice([sign for sign in PAIR_SIGNS if sign != signs[at]])
    return element_string([*pairs[:-1], (pairs[-1][0], "".join(signs))])


DATED = {"11", "13", "15", "16", "17", "7003", "7006", "7007", "7011", "8008", "4326", "12"}


def _date_changed(random: Random, ais: set[str], bad: Callable[[str], str]) -> str:
    pairs, place = _pick(random, ais.__contains__)
    value = pairs[place][1]
    return element_string(with_value(pairs, place, bad(value[:6]) + value[6:]))


def month_13(random: Random) -> str:
    month = random.choice((0, *range(13, 100)))
    return _date_changed(random, DATED, lambda day: f"{day[:2]}{month:02}{day[4:]}")


def day_32(random: Random) -> str:
    bad = random.choice(("0132", "1299", "0431", "0931", "0230", "1145"))
    return _date_changed(random, DATED, lambda day: day[:2] + bad)


def no_leap_day(random: Random) -> str:
    year = random.choice([year for year in range(100) if year % 4])
    return _date_changed(random, DATED, lambda _: f"{year:02}0229")


def day_00(random: Random) -> str:
    days = {"7003", "7006", "7007", "7011", "8008", "4326"}
    return _date_changed(random, days, lambda day: f"{day[:4]}00")


def no_such_time(random: Random) -> str:
    pairs, place = _pick(random, {"7003", "8008", "7251", "4324"}.__contains__)
    ai, value = pairs[place]
    start = 8 if ai == "7251" else 6
    clock = random.choice(("24", "99"))
    if ai != "8008":
        clock = random.choice(("2400", "0060", "9999"))
    return element_string(
        with_value(pairs, place, value[:start] + clock + value[start + len(clock) :])
    )


def letter_in_number(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: ai in NUMBER_CHARS or is_predefined(ai))
    value = pairs[place][1]
    at = random.randrange(len(value))
    sign = random.choice("ABOIlx-. ")
    return element_string(with_value(pairs, place, value[:at] + sign + value[at + 1 :]))


def foreign_sign(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: ai in TEXT_CHARS)
    value = pairs[place][1]
    at = random.randrange(len(value))
    sign = random.choice(FOREIGN)
    return element_string(with_value(pairs, place, value[:at] + sign + value[at + 1 :]))


def too_long(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: ai in TEXT_CHARS or ai in NUMBER_CHARS)
    ai = pairs[place][0]
    most = {**TEXT_CHARS, **NUMBER_CHARS}[ai]
    value = "1" * (most + random.randint(1, 12))
    return element_string(with_value(pairs, place, value))


def too_short(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: is_predefined(ai) or ai in {"402", "8017", "8042"})
    ai, value = pairs.pop(place)
    cut = random.randrange(len(value))
    return element_string([*pairs, (ai, value[:cut])])


def empty_value(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: ai in TEXT_CHARS or ai in NUMBER_CHARS)
    return element_string(with_value(pairs, place, ""))


def lost_separator(random: Random) -> str:
    """Two values run together and are longer than the first may be."""
    first = random.choice(("10", "21", "240", "30", "400"))
    most = {**TEXT_CHARS, **NUMBER_CHARS}[first]
    second = random.choice([ai for ai in ("10", "21", "241", "30") if ai != first])
    left = random.choices(DIGITS, k=most - random.randint(0, 1))
    right = MAKERS[second](random)
    text = f"{''.join(left)}{second}{right}"
    return f"01{MAKERS['01'](random)}{first}{text}"


def missing_item(random: Random) -> str:
    ais = random.sample((*NEEDS_ITEM, *NEEDS_ITEM_TOO), random.randint(1, 3))
    return element_string([(ai, MAKERS[ai](random)) for ai in ais])


def item_and_content(random: Random) -> str:
    pairs = made(random, random.choice(("01 02 37", "00 01 02 37", "02 37 00 01 10", "01 02")))
    return element_string(pairs)


def count_without_content(random: Random) -> str:
    return element_string(made(random, random.choice(("37", "00 37", "00 37 400", "37 90"))))


def excluded(random: Random) -> str:
    pairs = made(random, random.choice(EXCLUDED))
    random.shuffle(pairs)
    return element_string(pairs)


def lacking(random: Random) -> str:
    return element_string(made(random, random.choice(LACKING)))


def two_decimals(random: Random) -> str:
    head = random.choice(("310", "311", "315", "320", "330", "331"))
    first, second = random.sample("012345", 2)
    return element_string(made(random, f"01 {head}{first} {head}{second}"))


def two_values(random: Random) -> str:
    pairs, place = _pick(random, lambda ai: ai in TEXT_CHARS or is_predefined(ai))
    ai, value = pairs[place]
    other = value
    while other == value:
        other = MAKERS[ai](random)
    return element_string([*pairs, (ai, other)])


def unknown_identifier(random: Random) -> str:
    """One that GS1 never gave, first, last, or between."""
    pairs = pairs_of(random)
    place = random.randint(0, len(pairs))
    strange = (random.choice(UNKNOWN), "9" * random.randint(2, 12))
    parts = [*pairs[:place], strange, *pairs[place:]]
    return GS.join(f"{ai}{value}" for ai, value in parts)


def two_separators(random: Random) -> str:
    pairs = pairs_of(random)
    place = random.randint(1, len(pairs))
    texts = [f"{ai}{value}" for ai, value in pairs]
    return GS.join((*texts[:place], "", *texts[place:], ""))


def wrong_mark(random: Random) -> str:
    """The AIM identifier of a symbol that is not one of GS1."""
    mark = random.choice(("]C0", "]d1", "]Q1", "]E0", "]E4", "]A0", "]L0", "]z0", "]", "]C", "C1"))
    return mark + element_string(pairs_of(random))


def brackets(random: Random) -> str:
    """Human readable text as if it were scanned."""
    return "".join(f"({ai}){value}" for ai, value in pairs_of(random))


def padded(random: Random) -> str:
    text = element_string(pairs_of(random))
    return random.choice((f" {text}", f"\x02{text}", f"\n{text}", f"{GS}{GS}{text}"))


def meaningless(name: str) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        ai, value = random.choice(MEANINGLESS[name])
        beside = BESIDE.get(ai, ("00",))
        return element_string([*((one, MAKERS[one](random)) for one in beside), (ai, value)])

    return make


def no_such_piece(random: Random) -> str:
    bad = random.choice(("0201", "0001", "0100", "0000", "9998"))
    gtin = MAKERS["01"](random)
    if random.random() < 0.5:
        return f"8006{gtin}{bad}"
    return element_string([("00", MAKERS["00"](random)), ("8026", gtin + bad), ("37", "4")])


MUTATIONS: dict[str, Callable[[Random], str]] = {
    **{
        make.__name__.replace("_", " "): make
        for make in (
            wrong_check_digit,
            wrong_check_pair,
            month_13,
            day_32,
            no_leap_day,
            day_00,
            no_such_time,
            letter_in_number,
            foreign_sign,
            too_long,
            too_short,
            empty_value,
            lost_separator,
            missing_item,
            item_and_content,
            count_without_content,
            excluded,
            lacking,
            two_decimals,
            two_values,
            unknown_identifier,
            two_separators,
            wrong_mark,
            brackets,
            padded,
            no_such_piece,
        )
    },
    **{name: meaningless(name) for name in MEANINGLESS},
}


def broken(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """(mutation, element string), each mutation as often as any other."""
    random = Random(seed)
    names = list(MUTATIONS)
    for place in range(count):
        name = names[place % len(names)]
        yield name, MUTATIONS[name](random)
