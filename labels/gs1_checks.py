"""What GS1 demands of a value beyond its length and characters: check digits, dates, code lists.

Each check takes a value of right length and characters and says in words what is wrong with it, or
"" where nothing is. `CHECKS` names them as the table of identifiers does.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from labels.gs1_lists import COUNTRIES, COUNTRY_LETTERS, CURRENCIES, PACKAGES

Check = Callable[[str], str]

CHARSET_82 = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
PREFIX_DIGITS_MIN = 4  # the shortest GS1 company prefix
IBAN_CHARS_MIN = 11
LATITUDE_MAX = 1_800_000_000  # tenths of a microdegree from the south pole
LONGITUDE_MAX = 3_600_000_000  # tenths of a microdegree from the antimeridian
_DIGITS = frozenset("0123456789")
_ZERO = ord("0")
_MONTH_DAYS = {
    **dict.fromkeys(("01", "03", "05", "07", "08", "10", "12"), "31"),
    **dict.fromkeys(("04", "06", "09", "11"), "30"),
    "02": "29",
}
_WEIGHTS_82 = {char: weight for weight, char in enumerate(sorted(CHARSET_82))}
_PAIR_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PAIR_MODULUS = 1021
# fmt: off
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83)
# fmt: on
# Values that ICCBBA has assigned or left to local use.
_MEDIA = frozenset(f"{number:02}" for number in (*range(1, 11), *range(80, 100)))


def check_digit(digits: str) -> str:
    """The mod 10 check digit that follows `digits` (GenSpecs 7.9.1): GTIN, SSCC, GLN, GSRN."""
    assert digits, "digits wanted"
    assert set(digits) <= _DIGITS, f"digits wanted, not {digits!r}"
    signs = digits.encode()
    thrice, once = signs[-1::-2], signs[-2::-2]
    total = 3 * (sum(thrice) - _ZERO * len(thrice)) + sum(once) - _ZERO * len(once)
    return str(-total % 10)


def check_pair(text: str) -> str:
    """The two check characters that follow an alphanumeric key of at most 23 (GenSpecs 7.9.5)."""
    assert len(text) <= len(_PRIMES), f"at most {len(_PRIMES)} characters wanted, not {len(text)}"
    weighed = zip(reversed(text), _PRIMES, strict=False)
    total = sum(_WEIGHTS_82[char] * prime for char, prime in weighed) % _PAIR_MODULUS
    return _PAIR_SIGNS[total >> 5] + _PAIR_SIGNS[total & 31]


def _digit(value: str) -> str:
    right = check_digit(value[:-1])
    return "" if value[-1] == right else f"the check digit should be {right}"


def _pair(value: str) -> str:
    if len(value) < len("22"):
        return "is too short for its two check characters"
    right = check_pair(value[:-2])
    return "" if value[-2:] == right else f"the check characters should be {right}"


def _day0(value: str) -> str:
    """YYMMDD, where day 00 leaves the day open."""
    days = _MONTH_DAYS.get(value[2:4])
    if days is None:
        return f"there is no month {value[2:4]}"
    if days == "29" and int(value[:2]) % 4:
        days = "28"
    return "" if value[4:6] <= days else f"month {value[2:4]} has no day {value[4:6]}"


def _day(value: str) -> str:
    """YYMMDD of a day that is named."""
    if value[4:6] == "00":
        return f"month {value[2:4]} has no day 00"
    return _day0(value)


def _long_day(value: str) -> str:
    """YYYYMMDD."""
    year = int(value[:4])
    if value[4:] == "0229" and year % 100 == 0 and year % 400:
        return f"{year} is no leap year"
    return _day(value[2:])


def _below(limit: int) -> Check:
    return lambda value: "" if int(value) < limit else f"{value} is not below {limit}"


_hour, _sixtieth = _below(24), _below(60)


def _clock(value: str) -> str:
    """HHMM."""
    return _hour(value[:2]) or _sixtieth(value[2:])


def _among(values: frozenset[str], what: str) -> Check:
    return lambda value: "" if value in values else f"{value} is not {what}"


def _iban(value: str) -> str:
    """ISO 13616."""
    if len(value) < IBAN_CHARS_MIN:
        return "is too short for an IBAN"
    if value[:2] not in COUNTRY_LETTERS:
        return f"{value[:2]} is not a country of ISO 3166"
    if re.fullmatch(r"[A-Z0-9]+", value) is None:
        return "an IBAN has capitals and digits only"
    number = "".join(str(int(char, 36)) for char in value[4:] + value[:4])
    return "" if int(number) % 97 == 1 else f"the check digits {value[2:4]} are wrong"


def _nonzero(value: str) -> str:
    return "" if value.strip("0") else "must not be zero"


def _zero(value: str) -> str:
    return "must be zero" if value.strip("0") else ""


def _no_leading_zero(value: str) -> str:
    return "must not begin with zero" if value.startswith("0") else ""


def _percent(value: str) -> str:
    """RFC 3986, 2.1."""
    bad = re.search(r"%(?![0-9A-Fa-f]{2})", value)
    return f"{value[bad.start() : bad.start() + 3]} is no percent-encoding" if bad else ""


def _at_most(limit: int) -> Check:
    return lambda value: "" if int(value) <= limit else f"{value} is more than {limit}"


def _prefix(value: str) -> str:
    head = value[:PREFIX_DIGITS_MIN]
    if len(head) == PREFIX_DIGITS_MIN and set(head) <= _DIGITS:
        return ""
    return f"must begin with a company prefix of at least {PREFIX_DIGITS_MIN} digits"


def _sequence(value: str) -> str:
    """A position, a slash, a last position."""
    form = re.fullmatch(r"([1-9][0-9]*)/([1-9][0-9]*)", value)
    if form is None:
        return f"{value} is not a position and a last one, such as 1/2"
    return "" if int(form[1]) <= int(form[2]) else f"{form[1]} lies beyond the last, {form[2]}"


def _piece(value: str) -> str:
    """Two digits of a piece, two of their total."""
    piece, total = int(value[:2]), int(value[2:])
    if not piece or not total:
        return "neither piece nor total may be zero"
    return "" if piece <= total else f"piece {piece} is beyond the total of {total}"


def _nondigit(value: str) -> str:
    return "must hold a sign that is no digit" if set(value) <= _DIGITS else ""


def _importer(value: str) -> str:
    good = value.isalnum() or value in {"-", "_"}
    return "" if good else f"{value} is not an importer index"


def _padding(value: str) -> str:
    """Padding of base64url: none, or `=` up to a multiple of three, as GS1 counts it."""
    body = value.rstrip("=")
    pads = len(value) - len(body)
    good = "=" not in body and pads <= 2 and not (pads and len(value) % 3)
    return "" if good else "its padding with = is wrong"


def _sized(sizes: str, more: int = 0) -> str:
    """A pattern: one digit of `sizes` and as many digits as it says, and `more`."""
    return "(?:" + "|".join(f"{size}[0-9]{{{int(size) + more}}}" for size in sizes) + ")"


@cache
def _coupon_form() -> re.Pattern[str]:
    requirement = _sized("12345") + "[0-49][0-9]{3}"
    company = f"(?:{_sized('0123456', 6)}|9)"
    return re.compile(
        _sized("0123456", 6)
        + "[0-9]{6}"
        + _sized("12345")
        + requirement
        + f"(?:1[0-3]{requirement}{company})?(?:2{requirement}{company})?"
        + "(?:3([0-9]{6}))?(?:4([0-9]{6}))?"
        + f"(?:5{_sized('0123456789', 6)})?(?:6{_sized('1234567', 6)})?"
        + "(?:9[01256][0-2][0-9][01])?"
    )


def _coupon(value: str) -> str:
    """The North American coupon code of AI 8110."""
    form = _coupon_form().fullmatch(value)
    if form is None:
        return "is not built as a coupon code"
    ends, starts = form.groups()
    broken = (ends and _day(ends)) or (starts and _day(starts)) or ""
    if not broken and ends and starts and starts > ends:
        return f"the offer ends on {ends}, before it starts on {starts}"
    return broken


@cache
def _offer_form() -> re.Pattern[str]:
    return re.compile("[01]" + _sized("0123456", 6) + "[0-9]{6}" + _sized("0123456789", 6))


def _offer(value: str) -> str:
    """The positive offer file coupon code of AI 8112."""
    return "" if _offer_form().fullmatch(value) else "is not built as a coupon code"


CHECKS: Mapping[str, Check] = {
    "digit": _digit,
    "pair": _pair,
    "day0": _day0,
    "day": _day,
    "longday": _long_day,
    "hour": _hour,
    "sixtieth": _sixtieth,
    "clock": _clock,
    "country": _among(COUNTRIES, "a country of ISO 3166"),
    "country999": _among(COUNTRIES | {"999"}, "a country of ISO 3166, nor 999"),
    "country2": _among(COUNTRY_LETTERS, "a country of ISO 3166"),
    "currency": _among(CURRENCIES, "a currency of ISO 4217"),
    "package": _among(PACKAGES, "a package type of UN/ECE Recommendation 21"),
    "sex": _among(frozenset("0129"), "a code of ISO/IEC 5218"),
    "winding": _among(frozenset("019"), "a winding direction: 0, 1 or 9"),
    "yesno": _among(frozenset("01"), "yes or no: 0 or 1"),
    "media": _among(_MEDIA, "an AIDC media type"),
    "iban": _iban,
    "nonzero": _nonzero,
    "zero": _zero,
    "noleadingzero": _no_leading_zero,
    "percent": _percent,
    "latitude": _at_most(LATITUDE_MAX),
    "longitude": _at_most(LONGITUDE_MAX),
    "prefix": _prefix,
    "sequence": _sequence,
    "piece": _piece,
    "nondigit": _nondigit,
    "importer": _importer,
    "hyphen": _among(frozenset("-"), "a hyphen, the sign of a negative value"),
    "padding": _padding,
    "coupon": _coupon,
    "offer": _offer,
}
