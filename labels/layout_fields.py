"""The home of a record's values: checked field by field, and as people and symbols read them.

Raises ValueRefusedError.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from labels import gs1, house
from labels.primitives import Letters, ValueRefusedError
from labels.template import Field, Record, Template, Values

# What operators call a UN/CEFACT unit code.
UNIT_WORDS = {
    "C62": "PCS",
    "H87": "PCS",
    "EA": "PCS",
    "KGM": "KG",
    "GRM": "G",
    "TNE": "T",
    "LTR": "L",
    "MLT": "ML",
    "MTR": "M",
    "MTK": "M2",
    "MTQ": "M3",
    "BG": "BAG",
    "BX": "BOX",
}
COUNT_CHARS = frozenset("0123456789")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Filled:
    """The checked texts of a record, those of a row included, and of what kind each is.

    `rows` holds the records of each field of type rows.
    """

    texts: Mapping[str, str]
    fields: Mapping[str, Field]
    rows: Mapping[str, tuple[Mapping[str, str], ...]]

    def has(self, name: str) -> bool:
        """Whether a field, or rows, say anything."""
        return bool(self.texts.get(name) or self.rows.get(name))

    def words(self) -> dict[str, str]:
        """The values as people read them: a unit by its word."""
        return {
            name: UNIT_WORDS.get(text, text) if self._kind(name) == "unit" else text
            for name, text in self.texts.items()
        }

    def digits(self) -> dict[str, str]:
        """The values as GS1 elements hold them: a day as YYMMDD."""
        return {
            name: _six_digits(name, text) if text and self._kind(name) == "date" else text
            for name, text in self.texts.items()
        }

    def with_row(self, of: Field, row: Mapping[str, str]) -> "Filled":
        """The values inside one cell: the row's own go before the record's."""
        return Filled({**self.texts, **row}, {**self.fields, **of.fields}, self.rows)

    def with_texts(self, texts: Mapping[str, str]) -> "Filled":
        return Filled({**self.texts, **texts}, self.fields, self.rows)

    def _kind(self, name: str) -> str:
        return self.fields[name].kind if name in self.fields else "text"


def fill(template: Template, values: Values, letters: Letters) -> Filled:
    """Every field of the template with its checked text, empty where optional and absent."""
    texts: dict[str, str] = {}
    rows: dict[str, tuple[Mapping[str, str], ...]] = {}
    for name, field in template.fields.items():
        value = values.get(name, "")
        if field.kind == "rows":
            rows[name] = _rows(template, field, value, letters)
        elif isinstance(value, str):
            texts[name] = _text(template, field, name, value, letters)
        else:
            raise ValueRefusedError(name, str(value), "is one text, not rows")
    return Filled(texts, template.fields, rows)


def _rows(
    template: Template, field: Field, value: str | Sequence[Record], letters: Letters
) -> tuple[Mapping[str, str], ...]:
    if isinstance(value, str):
        if value:
            raise ValueRefusedError(field.name, value, "is rows, not one text")
        value = ()
    if not value and not field.optional:
        raise ValueRefusedError(field.name, "", f"the label {template.name} needs a row of it")
    if len(value) > field.chars_max:
        most = f"is more than {field.chars_max} rows"
        raise ValueRefusedError(field.name, f"{len(value)} rows", most)
    return tuple(
        {
            name: _text(template, one, f"{field.name} {place}.{name}", row.get(name, ""), letters)
            for name, one in field.fields.items()
        }
        for place, row in enumerate(value, 1)
    )


def _text(template: Template, field: Field, where: str, text: str, letters: Letters) -> str:
    if field.kind == "text":
        # Some systems write an accent as its own sign; nobody sees blanks.
        text = unicodedata.normalize("NFC", text).strip()
    if text:
        reason = _fault(field, text, letters)
    else:
        reason = "" if field.optional else f"the label {template.name} needs it"
    if reason:
        raise ValueRefusedError(where, text, reason)
    return text


def _fault(field: Field, text: str, letters: Letters) -> str:
    """Why `text` is not a value of this field, or nothing."""
    if len(text) > field.chars_max:
        return f"is longer than {field.chars_max} characters"
    match field.kind:
        case "text":
            return letters_fault(text, letters)
        case "code" | "serial" | "unit":
            return "" if house.is_plain(text) else "has other characters than A-Z 0-9 - ."
        case "amount":
            return _reading_fault(house.read_amount, text)
        case "count":
            return "" if COUNT_CHARS.issuperset(text) else "is not a whole number"
        case "date":
            return _reading_fault(_read_day, text)
        case "gtin" | "sscc" | "gln":
            return _key_fault(field, text)
        case "scan":
            good = all(" " <= char <= "~" for char in text)
            return "" if good else "has characters that not every scanner passes on"
        case "gs1":
            return _reading_fault(lambda value: gs1.parse(value, associations=False), text)
        case "rows":
            raise AssertionError("rows are checked row by row")


def _key_fault(field: Field, text: str) -> str:
    name, length = field.kind.upper(), field.chars_max
    if len(text) != length or not COUNT_CHARS.issuperset(text):
        return f"is no {name} of {length} digits with check digit"
    wanted = gs1.check_digit(text[:-1])
    return "" if text[-1] == wanted else f"is no {name}: its check digit should be {wanted}"


def letters_fault(text: str, letters: Letters) -> str:
    """The first letter of `text` that is not in every output's font, or nothing."""
    for char in text:
        if not char.isprintable() or not letters.covers(char):
            name = unicodedata.name(char, "a control character")
            return f"{char!r} (U+{ord(char):04X}, {name}) is in no printer's font"
    return ""


def _reading_fault(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


def _read_day(text: str) -> date:
    if _DAY.fullmatch(text) is None:
        raise ValueError("is not a day, YYYY-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar, YYYY-MM-DD") from None


def _six_digits(name: str, iso: str) -> str:
    try:
        return gs1.write_date(date.fromisoformat(iso))
    except ValueError as error:
        raise ValueRefusedError(name, iso, str(error)) from error
