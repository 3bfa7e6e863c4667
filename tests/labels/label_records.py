"""Random records of every template that is shipped, and what their symbols are to say, made apart
from the templates: by the rules of in-house codes and by GS1 element strings put together by hand.
"""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, cast

from labels import codes, gs1
from labels.keyboard import SETUP_TEXT
from labels.template import Field, Record, Template

Value = str | tuple[Record, ...]
Made = dict[str, Value]
PLAIN: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-."
WORDS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 %()-./,'&+åäöéßÆØ"
SCANNED: Final = [chr(code) for code in range(33, 127)]
UNITS: Final = ("C62", "KGM", "GRM", "LTR", "MTR", "BG")
ROWS_MAX: Final = 3
KEY_DIGITS: Final = {"gtin": 14, "sscc": 18, "gln": 13}


def record(template: Template, dice: random.Random) -> Made:
    """Values for every field, an optional one left out every other time."""
    return {name: _value(field, dice) for name, field in template.fields.items()}


def _value(field: Field, dice: random.Random) -> Value:
    if field.optional and dice.random() < 0.5:
        return () if field.kind == "rows" else ""
    if field.kind != "rows":
        return _text(field, dice)
    count = dice.randint(1, min(ROWS_MAX, field.chars_max))
    return tuple(
        {name: cast("str", _value(one, dice)) for name, one in field.fields.items()}
        for _ in range(count)
    )


def _text(field: Field, dice: random.Random) -> str:
    length = dice.randint(1, field.chars_max)
    match field.kind:
        case "amount":
            whole = str(dice.randint(1, 10 ** dice.randint(1, 9)))
            return f"{whole}.{dice.randint(1, 9)}" if dice.random() < 0.3 else whole
        case "count":
            return str(dice.randint(1, 10**length - 1))
        case "unit":
            return dice.choice(UNITS)
        case "date":
            return (date(2026, 1, 1) + timedelta(days=dice.randint(0, 3650))).isoformat()
        case "gtin" | "sscc" | "gln":
            return _key(KEY_DIGITS[field.kind], dice)
        case "gs1":
            lot = "".join(dice.choices(PLAIN, k=dice.randint(1, 20)))
            return f"01{_key(14, dice)}17{dice.randint(260101, 260128)}10{lot}"
        case "scan":
            return "".join(dice.choices(SCANNED, k=length))
        case "text":
            return "".join(dice.choices(WORDS, k=length)).strip() or "-"
        case _:
            start = dice.choice(("", "", "", "99", "0"))[:length]
            return start + "".join(dice.choices(PLAIN, k=length - len(start)))


def _key(digits: int, dice: random.Random) -> str:
    body = dice.choice(("", "", "99")) + "".join(dice.choices("0123456789", k=digits - 1))
    return body[: digits - 1] + gs1.check_digit(body[: digits - 1])


Told = tuple[str, str]  # AIM identifier, text
C128, G128, MATRIX, GS1_MATRIX, QR, GS = "]C0", "]C1", "]d1", "]d2", "]Q1", gs1.GS


def expected(name: str, values: Mapping[str, Value]) -> list[Told]:
    """What a scanner is to send for the symbols of this record, sorted."""
    texts = {key: one for key, one in values.items() if isinstance(one, str)}
    rows = {key: one for key, one in values.items() if not isinstance(one, str)}
    return sorted(_SAID[name](texts, rows))


Texts = Mapping[str, str]
Rows = Mapping[str, tuple[Record, ...]]


def _badge(texts: Texts, _: Rows) -> list[Told]:
    code = codes.encode(codes.BadgeCode(texts["badge"]))
    return [(MATRIX, code), (C128, code)]


def _lot(texts: Texts) -> list[Told]:
    full = codes.LotCode(
        texts["lot"],
        material=texts["material"],
        amount=Decimal(texts["quantity"]),
        unit=texts["unit"],
        expiry=date.fromisoformat(texts["expiry"]) if texts["expiry"] else None,
    )
    return [(MATRIX, codes.encode(full)), (C128, codes.encode(codes.LotCode(texts["lot"])))]


def _label(texts: Texts) -> list[Told]:
    label = texts["label"]
    return [(MATRIX, codes.encode(codes.LabelCode(label)))] if label else []


def _commands(_: Texts, rows: Rows) -> list[Told]:
    told = []
    for row in rows["codes"]:
        if row["linear"]:
            told.append((C128, row["linear"]))
        elif row["square"]:
            told.append((QR, row["square"]))
        elif row["gs1"]:
            told.append((GS1_MATRIX, row["gs1"]))
    return told


def _hold(texts: Texts, _: Rows) -> list[Told]:
    code = codes.LotCode(texts["lot"], material=texts["material"])
    return [(MATRIX, codes.encode(code))]


def _nameplate(texts: Texts, _: Rows) -> list[Told]:
    if texts["gtin"]:
        return [(GS1_MATRIX, f"01{texts['gtin']}21{texts['serial']}")]
    code = codes.MaterialCode(texts["material"], serial=texts["serial"])
    return [(MATRIX, codes.encode(code))]


def _setup(_: Texts, __: Rows) -> list[Told]:
    doctor, handover = (codes.encode(codes.CommandCode(one)) for one in ("DOCTOR", "HANDOVER"))
    tests = [(MATRIX, SETUP_TEXT), (QR, SETUP_TEXT), ("]z0", SETUP_TEXT)]
    return [*tests, (C128, doctor), (C128, handover), (MATRIX, doctor)]


def _traveller(texts: Texts, rows: Rows) -> list[Told]:
    number, amount = texts["order"], Decimal(texts["quantity"])
    full = codes.OrderCode(number, texts["material"], amount, texts["unit"])
    commands = [(C128, row["code"]) for row in rows["commands"]]
    order = codes.encode(codes.OrderCode(number))
    return [(C128, order), (MATRIX, codes.encode(full)), *commands]


def _days(texts: Texts) -> str:
    pairs = (("15", texts["best_before"]), ("17", texts["expiry"]))
    return "".join(ai + day[2:].replace("-", "") for ai, day in pairs if day)


def _content(texts: Texts, _: Rows) -> list[Told]:
    content = f"02{texts['gtin']}"
    matrix = f"{content}{_days(texts)}37{texts['count']}{GS}10{texts['lot']}"
    bars = [(G128, f"{content}37{texts['count']}"), (G128, f"00{texts['sscc']}")]
    return [(GS1_MATRIX, matrix), *bars]


def _homogeneous(texts: Texts, _: Rows) -> list[Told]:
    trade_item = f"01{texts['gtin']}"
    matrix = f"{trade_item}{_days(texts)}10{texts['lot']}"
    return [(GS1_MATRIX, matrix), (G128, trade_item), (G128, f"00{texts['sscc']}")]


def _unit(texts: Texts, _: Rows) -> list[Told]:
    code = codes.encode(codes.UnitCode(texts["unit"]))
    return [(MATRIX, code), (C128, code)]


_SAID: Final[dict[str, Callable[[Texts, Rows], list[Told]]]] = {
    "badge": _badge,
    "batch": lambda texts, _: _lot(texts) + _label(texts),
    "commands": _commands,
    "hold": _hold,
    "location": lambda texts, _: [(C128, texts["location"])],
    "nameplate": _nameplate,
    "receipt": lambda texts, _: _lot(texts),
    "scrap": lambda texts, _: _label(texts),
    "setup": _setup,
    "traveller": _traveller,
    "unit": _unit,
    "unit-content": _content,
    "unit-homogeneous": _homogeneous,
    "unit-mixed": lambda texts, _: [(G128, f"00{texts['sscc']}")],
}
