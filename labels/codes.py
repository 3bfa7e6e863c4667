"""Every barcode that we print or read -> Code: one class per meaning, `decode` and `encode`.

Two families. GS1 element strings and Digital Link URIs belong to plants with a company prefix and
to suppliers. In-house codes need none: two letters, fields between `+`, a check character last,
A-Z 0-9 - . only.

    WO order number [material amount unit]
    LO lot [material amount unit expiry gtin serial]
    MA material [gtin serial]
    LB label [station]
    LU logistic unit (an SSCC, or an in-house number)
    OP badge    KC command    KR reason    KD digit    KE server (base 32) and one-time code

CodeError(ValueError)    cannot be read or written; `kind` says why, the message says it in words
"""

from datetime import date
from decimal import Decimal

from labels import digital_link, gs1, house, keyboard
from labels.meanings import (
    CODE_CHARS_MAX,
    COMMANDS,
    DIGITS,
    BadgeCode,
    Code,
    CodeError,
    CommandCode,
    DigitCode,
    EnrolmentCode,
    ErrorKind,
    LabelCode,
    LotCode,
    MaterialCode,
    OrderCode,
    ReasonCode,
    UnitCode,
)

__all__ = (
    "CODE_CHARS_MAX",
    "COMMANDS",
    "DIGITS",
    "GS1_AIMS",
    "BadgeCode",
    "Code",
    "CodeError",
    "CommandCode",
    "DigitCode",
    "EnrolmentCode",
    "ErrorKind",
    "LabelCode",
    "LotCode",
    "MaterialCode",
    "OrderCode",
    "ReasonCode",
    "UnitCode",
    "decode",
    "encode",
)

GS1_AIMS = gs1.AIMS
FILLERS_MAX = 6  # each leaves one in 37 of the few codes that want any
_ARTICLE_AIMS = {"]E0": 13, "]E4": 8}  # EAN and UPC symbols: a bare GTIN of so many digits
_KEY_CHARS = {"00": 18, "01": 14, "02": 14}
# What an amount may stand in, the most exact first: (AI or its family, UN/CEFACT unit).
_AMOUNT_UNITS = (
    ("310", "KGM"),
    ("315", "LTR"),
    ("316", "MTQ"),
    ("314", "MTK"),
    ("311", "MTR"),
    ("320", "LBR"),
    ("30", "C62"),
    ("37", "C62"),
)


def decode(payload: bytes, aim: str = "", *, current_year: int = gs1.CENTURY_YEAR) -> Code:
    """What a scan means; `aim` is its AIM identifier where the scanner sends one.

    `current_year` settles the century of two-digit years. Raises CodeError; repairs nothing.
    """
    text = _text_of(payload)
    try:
        return _meaning(text, aim, current_year)
    except CodeError:
        fault = keyboard.fault_of(aim + text)
        if fault is None:
            raise
        raise CodeError("layout", _told(text, fault), fault) from None


def _told(text: str, fault: keyboard.Fault) -> str:
    """What a keyboard did to a code, in words."""
    if not fault.changed:
        return "The letters came in the wrong case: switch Caps Lock off."
    name = keyboard.LAYOUTS[fault.layout].name if fault.layout else "not US"
    return f"{_shown(text)} was changed on its way: the keyboard layout is {name}."


def _meaning(text: str, aim: str, current_year: int) -> Code:
    if aim in GS1_AIMS:
        return _decode_gs1(text, current_year)
    if aim in _ARTICLE_AIMS:
        return _decode_article(text, _ARTICLE_AIMS[aim])
    if digital_link.is_link(text):
        return _decode_link(text, current_year)
    if text[:2].upper() in _READERS:
        return _decode_in_house(text, current_year)
    if not aim and text[:2] in _KEY_CHARS and _starts_with_key(text):
        return _decode_gs1(text, current_year)
    raise CodeError("unknown", f"{_shown(text)} is not a code that this terminal knows.")


def encode(code: Code, *, current_year: int = gs1.CENTURY_YEAR) -> str:
    """The in-house text of `code`; `decode` is its inverse. Raises CodeError "characters"."""
    prefix, fields = _fields_of(code, current_year)
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    for field in fields:
        if not house.is_plain(field):
            raise CodeError(
                "characters", f"{field!r} cannot stand in a code: use A-Z, 0-9, - and . only."
            )
    text = _distinct(f"{prefix}{house.SEPARATOR.join(fields)}")
    if not _is_read_back(text, code, current_year):
        raise CodeError("characters", f"{text} would not be read back as it was meant.")
    return text


def _distinct(body: str) -> str:
    """`body` with its check character; empty fields behind it where a layout made another code."""
    for fillers in range(FILLERS_MAX + 1):
        text = house.checked(body + house.SEPARATOR * fillers)
        if not keyboard.makes_another(text):
            return text
    raise CodeError("characters", f"{body} would be another code on some keyboard layout.")


def filled(text: str) -> str:
    """An in-house code as long as one in eighty of its size is; commands and others as they are."""
    if not (text[:2].isalpha() and house.is_intact(text)) or text.startswith("KC"):
        return text
    return house.checked(text[:-1] + house.SEPARATOR)


def _is_read_back(text: str, code: Code, current_year: int) -> bool:
    try:
        return len(text) <= CODE_CHARS_MAX and _decode_in_house(text, current_year) == code
    except CodeError:
        return False


def _text_of(payload: bytes) -> str:
    if len(payload) > CODE_CHARS_MAX:
        raise CodeError("bytes", f"{len(payload)} characters are more than any code of ours has.")
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise CodeError("bytes", "The scanner sent bytes that are not text.") from None
    if not text:
        raise CodeError("unknown", "The scan is empty.")
    if any(ord(char) < 32 and char != gs1.GS for char in text):
        raise CodeError("bytes", "The scanner sent control characters inside the code.")
    return text


def _shown(text: str) -> str:
    return text.replace(gs1.GS, "<GS>")


# GS1 element strings


def _starts_with_key(text: str) -> bool:
    return gs1.has_check_digit(text[2 : 2 + _KEY_CHARS[text[:2]]])


def _decode_gs1(text: str, current_year: int) -> Code:
    try:
        elements = gs1.parse(text)
        return _of_elements(elements, current_year)
    except gs1.Gs1Error as error:
        if keyboard.has_lost_separator(text):
            said = f"{_shown(text)} lost its separator (GS): two values ran together."
            raise CodeError("gs_lost", said) from error
        raise CodeError("gs1", f"The label breaks a GS1 rule: {error}.") from error


def _decode_link(text: str, current_year: int) -> Code:
    """A GS1 Digital Link URI; any other web address means nothing here."""
    if not digital_link.names_key(text):
        raise CodeError("unknown", f"{text} is a web address that names no article.")
    try:
        return _of_elements(digital_link.read(text).elements, current_year)
    except gs1.Gs1Error as error:
        raise CodeError("gs1", f"The label breaks a GS1 rule: {error}.") from error


def _of_elements(elements: tuple[gs1.Element, ...], current_year: int) -> Code:
    values = {element.ai: element for element in elements}
    gtin = values.get("01") or values.get("02")
    if gtin is None and "00" in values:
        return UnitCode(values["00"].value)
    if gtin is None:
        named = ", ".join(f"({element.ai}) {element.value}" for element in elements)
        raise CodeError("unknown", f"{named} names no article: scan the label with the lot.")
    serial = values["21"].value if "21" in values else None
    if "10" not in values:
        return MaterialCode(gtin=gtin.value, serial=serial)
    expiry = values.get("17") or values.get("15")
    amount, unit = _amount_and_unit(values)
    return LotCode(
        values["10"].value,
        gtin=gtin.value,
        expiry=gs1.date_of(expiry, current_year) if expiry else None,
        amount=amount,
        unit=unit,
        serial=serial,
    )


def _amount_and_unit(values: dict[str, gs1.Element]) -> tuple[Decimal | None, str | None]:
    for name, unit in _AMOUNT_UNITS:
        for ai, element in values.items():
            if (ai[:3] if len(ai) == 4 else ai) == name:
                return gs1.amount_of(element), unit
    return None, None


def _decode_article(text: str, chars: int) -> Code:
    if len(text) != chars or not gs1.has_check_digit(text):
        raise CodeError("gs1", f"{_shown(text)} is not an article number of {chars} digits.")
    return MaterialCode(gtin=text.zfill(14))


# In-house codes


def _decode_in_house(text: str, current_year: int) -> Code:
    if not house.is_intact(text):
        if house.is_intact(text.upper()):
            said = "The letters came in lower case: switch Caps Lock off."
            raise CodeError("layout", said, keyboard.Fault(caps=True))
        raise CodeError(
            "layout",
            f"{_shown(text)} was changed on its way: set the scanner to this keyboard's layout.",
        )
    names, read = _READERS[text[:2]]
    fields = text[2:-1].rstrip(house.SEPARATOR).split(house.SEPARATOR)
    if len(fields) > len(names):
        raise CodeError("unknown", f"{text} has more fields than a {text[:2]} code.")
    values = {name: field for name, field in zip(names, fields, strict=False) if field}
    try:
        return read(values, current_year)
    except (KeyError, ValueError) as error:
        why = f"no {error.args[0]}" if isinstance(error, KeyError) else str(error)
        raise CodeError("unknown", f"{text} cannot be used: {why}.") from None


def _amount(values: dict[str, str]) -> Decimal | None:
    return house.read_amount(values["amount"]) if "amount" in values else None


def _read_order(values: dict[str, str], _: int) -> Code:
    number = values["number"]
    return OrderCode(number, values.get("material"), _amount(values), values.get("unit"))


def _read_lot(values: dict[str, str], current_year: int) -> Code:
    day = values.get("expiry")
    return LotCode(
        values["lot"],
        values.get("material"),
        values.get("gtin"),
        gs1.read_date(day, current_year) if day else None,
        _amount(values),
        values.get("unit"),
        values.get("serial"),
    )


def _read_material(values: dict[str, str], _: int) -> Code:
    if not values:
        raise KeyError("material")
    return MaterialCode(values.get("material"), values.get("gtin"), values.get("serial"))


def _read_badge(values: dict[str, str], _: int) -> Code:
    return BadgeCode(values["badge"])


def _read_command(values: dict[str, str], _: int) -> Code:
    if values["command"] not in COMMANDS:
        raise ValueError(f"there is no command {values['command']}")
    return CommandCode(values["command"])


def _read_reason(values: dict[str, str], _: int) -> Code:
    return ReasonCode(values["reason"])


def _read_digit(values: dict[str, str], _: int) -> Code:
    if values["digit"] not in DIGITS:
        raise ValueError(f"{values['digit']} is not one digit")
    return DigitCode(values["digit"])


def _read_label(values: dict[str, str], _: int) -> Code:
    return LabelCode(values["label"], values.get("station"))


def _read_unit(values: dict[str, str], _: int) -> Code:
    return UnitCode(values["unit"])


def _read_enrolment(values: dict[str, str], _: int) -> Code:
    return EnrolmentCode(house.from_base32(values["server"]), values["code"])


_READERS = {
    "WO": (("number", "material", "amount", "unit"), _read_order),
    "LO": (("lot", "material", "amount", "unit", "expiry", "gtin", "serial"), _read_lot),
    "MA": (("material", "gtin", "serial"), _read_material),
    "OP": (("badge",), _read_badge),
    "KC": (("command",), _read_command),
    "KR": (("reason",), _read_reason),
    "KD": (("digit",), _read_digit),
    "LB": (("label", "station"), _read_label),
    "LU": (("unit",), _read_unit),
    "KE": (("server", "code"), _read_enrolment),
}


def _fields_of(code: Code, current_year: int) -> tuple[str, list[str]]:
    """Prefix and fields as text, empty where the code says nothing."""
    match code:
        case OrderCode(number, material, amount, unit):
            return "WO", [number, material or "", _written(amount), unit or ""]
        case LotCode(lot, material, gtin, expiry, amount, unit, serial):
            day = _written_date(expiry, current_year)
            fields = (material, _written(amount), unit, day, gtin, serial)
            return "LO", [lot, *(field or "" for field in fields)]
        case MaterialCode(material, gtin, serial):
            return "MA", [material or "", gtin or "", serial or ""]
        case BadgeCode(badge):
            return "OP", [badge]
        case CommandCode(command):
            return "KC", [command]
        case ReasonCode(reason):
            return "KR", [reason]
        case DigitCode(digit):
            return "KD", [digit]
        case LabelCode(label, station):
            return "LB", [label, station or ""]
        case UnitCode(unit):
            return "LU", [unit]
        case EnrolmentCode(server, one_time):
            return "KE", [house.to_base32(server), one_time]


def _written(amount: Decimal | None) -> str:
    if amount is None:
        return ""
    try:
        return house.write_amount(amount)
    except ValueError as error:
        raise CodeError("characters", f"{error}.") from None


def _written_date(day: date | None, current_year: int) -> str:
    if day is None:
        return ""
    try:
        return gs1.write_date(day, current_year)
    except ValueError as error:
        raise CodeError("characters", f"{error}.") from None
