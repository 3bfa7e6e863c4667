"""GS1 elements and the element string that holds them, strictly, in both directions.

An element string is the payload after AIM identifier and leading FNC1, GS (0x1D) as separator
(GS1 General Specifications 7.8). Values stay text.

Gs1Error(ValueError)    a rule of the specification is broken: names AI, position and rule
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from labels.gs1_table import RULES, Rule

GS = "\x1d"
ASSOCIATIONS_REMEMBERED_MAX = 2_048  # a plant's labels hold few combinations of identifiers
_CHARSETS = {
    "N": "digits only",
    "X": "not in character set 82",
    "Y": "not in character set 39",
    "Z": "not in character set 64",
}


class Gs1Error(ValueError):
    """A broken rule. `position` counts characters of the text that was read from 0."""

    def __init__(self, ai: str, position: int, rule: str) -> None:
        super().__init__(f"GS1 AI {ai or '?'} at character {position + 1}: {rule}")
        self.ai = ai
        self.position = position
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value as it stands in the symbol."""

    ai: str
    value: str


def read(text: str, *, start: int = 0, associations: bool = True) -> tuple[Element, ...]:
    """The elements of the element string from `start` on, each AI once; raises Gs1Error."""
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    rule_of = RULES.get
    position, size = start, len(text)
    while position < size:
        ai = text[position : position + 2]
        if (rule := rule_of(ai)) is None:
            ai, rule = _longer(text, position)
        begin = position + len(ai)
        if rule.separator:
            end = text.find(GS, begin)
            if end < 0:
                end = size
        else:
            end = begin + rule.chars_max
        value = text[begin:end]
        if (
            not rule.chars_min <= len(value) <= rule.chars_max
            or not rule.spelled(value)
            or (rule.broken and rule.broken(value))
        ):
            raise refusal(ai, value, position, begin)
        if values.setdefault(ai, value) != value:
            raise Gs1Error(ai, position, "stands twice with two values")
        places.setdefault(ai, position)
        position = end + text.startswith(GS, end)
    if not values:
        raise Gs1Error("", start, "there is no element")
    if associations:
        check_associations(places)
    return tuple([Element(ai, value) for ai, value in values.items()])


def write(elements: Iterable[Element], *, associations: bool = True) -> str:
    """The canonical element string: each once, GS after those of variable length but the last.

    Raises Gs1Error for whatever `read` would refuse.
    """
    values: dict[str, str] = {}
    places: dict[str, int] = {}
    text = ""
    for element in dict.fromkeys(elements):
        ai, value = element.ai, element.value
        if ai not in RULES:
            raise Gs1Error(ai, len(text), "is not an application identifier of GS1")
        if GS in value:
            raise Gs1Error(ai, len(text), "a value holds no separator")
        if not is_right(ai, value):
            raise refusal(ai, value, len(text), len(text) + len(ai))
        if ai in values:
            raise Gs1Error(ai, len(text), "stands twice with two values")
        values[ai], places[ai] = value, len(text)
        text += f"{ai}{value}{GS if RULES[ai].separator else ''}"
    if not values:
        raise Gs1Error("", 0, "there is no element")
    if associations:
        check_associations(places)
    return text.removesuffix(GS)


def is_right(ai: str, value: str) -> bool:
    """Whether `value` keeps the length, characters and checks of a known AI."""
    rule = RULES[ai]
    return (
        rule.chars_min <= len(value) <= rule.chars_max
        and bool(rule.spelled(value))
        and not (rule.broken and rule.broken(value))
    )


def refusal(ai: str, value: str, position: int, begin: int) -> Gs1Error:
    """What is wrong with a value: its length, a character, or its meaning.

    `position` is where its element begins, `begin` where the value does.
    """
    rule = RULES[ai]
    if GS in value or not rule.chars_min <= len(value) <= rule.chars_max:
        least, most = rule.chars_min, rule.chars_max
        wanted = f"{most}" if least == most else f"{least} to {most}"
        return Gs1Error(ai, position, f"wants {wanted} characters, has {value!r}")
    for place, char in enumerate(value):
        if not rule.spelled(char):
            return Gs1Error(ai, begin + place, f"{char!r}: {_CHARSETS[rule.kind]}")
    assert rule.broken, f"nothing is wrong with ({ai}){value}"
    return Gs1Error(ai, position, f"{value}: {rule.broken(value)}")


def check_associations(places: dict[str, int]) -> None:
    """GenSpecs 4.13 and 4.14: which elements must and which must not stand together.

    `places` holds where each AI begins; raises Gs1Error.
    """
    fault = _association_fault(tuple(places))
    if fault:
        ai, broken = fault
        raise Gs1Error(ai, places[ai], broken)


@lru_cache(ASSOCIATIONS_REMEMBERED_MAX)
def _association_fault(ais: tuple[str, ...]) -> tuple[str, str] | None:
    """The first AI whose company is wrong, and what is."""
    for ai in ais:
        rule = RULES[ai]
        for excluded in rule.excludes:
            clash = _one_of(ais, f"{ai[:3]}n" if excluded == "own" else excluded, ai)
            if clash:
                return ai, f"must not stand beside AI {clash}"
        if rule.needs and not _holds_any(ais, rule.needs):
            groups = " or ".join(" with ".join(group) for group in rule.needs)
            return ai, f"needs AI {groups} beside it"
    return None


def _holds_any(ais: tuple[str, ...], groups: tuple[tuple[str, ...], ...]) -> bool:
    """Whether all names of one group are among `ais`."""
    for group in groups:
        for name in group:
            if not _one_of(ais, name):
                break
        else:
            return True
    return False


def _one_of(ais: tuple[str, ...], name: str, but: str = "") -> str:
    """The first AI that `name` means, itself or a family such as `310n` or `31nn`; "" if none."""
    if name[-1] != "n":
        return name if name in ais and name != but else ""
    head = name.rstrip("n")
    for ai in ais:
        if ai.startswith(head) and len(ai) == len(name) and ai != but:
            return ai
    return ""


def _longer(text: str, position: int) -> tuple[str, Rule]:
    """The AI of three or four digits at `position`, with its rule."""
    for chars in (4, 3):
        ai = text[position : position + chars]
        rule = RULES.get(ai)
        if rule:
            return ai, rule
    named = text[position : position + 2].replace(GS, "<GS>")
    raise Gs1Error(named, position, "is not an application identifier of GS1")
