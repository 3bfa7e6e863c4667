"""The home of the records that a template is proved with: the ends of what its fields allow."""

from collections.abc import Iterable, Mapping
from itertools import cycle, islice

from labels import gs1
from labels.template import Field, Record, Template

Sample = dict[str, str | tuple[Record, ...]]
_WIDEST = "W"
_DENSEST = "W-.9A"  # changes of character class cost a symbol most
_NINES = "99"  # what some encoders lose at the beginning
_PATTERNS = (_WIDEST, _DENSEST, _NINES)
_SHORT = "9"
_KEY_BODIES = {"gtin": "0987654321987", "sscc": "99876543219876543", "gln": "998765432198"}
_ELEMENT_STRING = "010987654321987917261228109"
ROWS_PROVED_MAX = 24  # so many rows of the widest kind fill more than a page


def samples(template: Template) -> list[Sample]:
    """Records at the ends of what the fields allow; the last is the one to show people."""
    fields = template.fields
    full = [_full(fields, pattern) for pattern in _PATTERNS]
    optional = [name for name, field in fields.items() if field.optional]
    none = _without(full[0], optional)
    found = [*full, none, _shortest(fields)]
    if len(optional) > 1:
        found += [_without(full[0], [name]) for name in optional]
        found += [none | {name: full[0][name]} for name in optional]
    return [*found, sample(template)]


def sample(template: Template) -> Sample:
    """The record that previews show: each field's own sample, or a short value."""
    least = _shortest(template.fields)
    return {name: (field.sample or least[name]) for name, field in template.fields.items()}


def _full(fields: Mapping[str, Field], pattern: str) -> Sample:
    return {name: _longest(field, pattern) for name, field in fields.items()}


def _without(record: Sample, names: Iterable[str]) -> Sample:
    return record | dict.fromkeys(names, "")


def _shortest(fields: Mapping[str, Field]) -> Sample:
    return {name: "" if field.optional else _least(field) for name, field in fields.items()}


def _longest(field: Field, pattern: str) -> str | tuple[Record, ...]:
    if field.kind == "rows":
        count = min(field.chars_max, ROWS_PROVED_MAX)
        row = {name: str(_longest(one, pattern)) for name, one in field.fields.items()}
        bare = {n: "" if one.optional else row[n] for n, one in field.fields.items()}
        singles = [bare | {name: row[name]} for name, one in field.fields.items() if one.optional]
        return tuple(islice(cycle([row, *singles, bare]), count))
    return _text(field, pattern, field.chars_max)


def _least(field: Field) -> str | tuple[Record, ...]:
    if field.kind == "rows":
        return (
            {name: "" if one.optional else str(_least(one)) for name, one in field.fields.items()},
        )
    return _text(field, _SHORT, 1)


def _text(field: Field, pattern: str, length: int) -> str:
    match field.kind:
        case "amount":
            places = min(6, max(0, length - 13))
            whole = "9" * min(12, length)
            return f"{whole}.{'9' * places}" if places else whole
        case "count":
            return "9" * length
        case "date":
            return "2026-12-28"
        case "gtin" | "sscc" | "gln":
            body = _KEY_BODIES[field.kind]
            return body + gs1.check_digit(body)
        case "gs1":
            return _ELEMENT_STRING
        case _:
            return "".join(islice(cycle(pattern), length))
