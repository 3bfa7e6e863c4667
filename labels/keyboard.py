"""What a keyboard layout does to codes that a scanner types, and how to tell which one it was.

A keyboard scanner set to US English presses keys; the PC's layout decides which characters arrive.
Damage is named, never repaired. A layout here is its keys in the order of `POSITIONS`, without,
with Shift, and with AltGr; a dead key is its combining accent, a key without a sign a blank.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from labels import gs1, house

# Keys by rows: digits, top letters, home letters and backslash, the key left of Z and the last row.
POSITIONS = 48
_ROWS = (13, 12, 12, 11)
SETUP_HEAD = "]C1"
SETUP_CORE = f"-_/;#Aa9{gs1.GS}Z"
SETUP_TEXT = SETUP_HEAD + SETUP_CORE  # a code whose characters reveal the layout
_SETUP_HEAD_CHARS_MAX = 8  # an AIM identifier of the scanner's own may stand before it
_GS_SPELLED_CHARS_MAX = 5  # "<GS>", "^]", "{GS}" and the like instead of the character
_AIM = re.compile(r"\][A-Za-z][0-9A-Fa-f]")
_GS1_AIM = re.compile(r"\](?:C1|d2|Q3|e0|J1)")
_HOUSE = re.compile(r"(?:WO|LO|MA|LB|LU|OP|KC|KR|KD|KE)[A-Z0-9.+-]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """One keyboard layout; `name` is its language in capitals."""

    name: str
    plain: str
    shifted: str
    third: Mapping[str, str]

    def sign(self, position: int, *, shift: bool = False, altgr: bool = False) -> str:
        """What the key at `position` types; "" if nothing."""
        plain = self.plain[position]
        if altgr:
            return self.third.get(plain, "")
        return (self.shifted[position] if shift else plain).strip()


@dataclass(frozen=True, slots=True)
class Fault:
    """How codes are changed on their way; all empty: they are not.

    `layout`: a key of LAYOUTS, "" if it is the right one or cannot be told; `changed`: they are
    changed by a layout, known or not.
    """

    layout: str = ""
    caps: bool = False
    gs_lost: bool = False
    changed: bool = False


UNHARMED = Fault()


def _layout(name: str, plain: str, shifted: str, third: str = "") -> Layout:
    pairs = third.split()
    layout = Layout(name, plain, shifted, {pair[0]: pair[1] for pair in pairs})
    assert len(plain) == len(shifted) == POSITIONS == sum(_ROWS), name
    return layout


_US = _layout(
    "US",
    "`1234567890-=" + "qwertyuiop[]" + "asdfghjkl;'\\" + "<zxcvbnm,./",
    "~!@#$%^&*()_+" + "QWERTYUIOP{}" + 'ASDFGHJKL:"|' + ">ZXCVBNM<>?",
)
LAYOUTS: Mapping[str, Layout] = {
    "us": _US,
    "gb": _layout(
        "BRITISH",
        "`1234567890-=" + "qwertyuiop[]" + "asdfghjkl;'#" + "\\zxcvbnm,./",
        '¬!"£$%^&*()_+' + "QWERTYUIOP{}" + "ASDFGHJKL:@~" + "|ZXCVBNM<>?",
    ),
    "de": _layout(
        "GERMAN",
        "\u03021234567890ß\u0301" + "qwertzuiopü+" + "asdfghjklöä#" + "<yxcvbnm,.-",
        '°!"§$%&/()=?\u0300' + "QWERTZUIOPÜ*" + "ASDFGHJKLÖÄ'" + ">YXCVBNM;:_",
        "7{ 8[ 9] 0} ß\\ q@ +~ <|",
    ),
    "ch": _layout(
        "SWISS",
        "§1234567890'\u0302" + "qwertzuiopü\u0308" + "asdfghjklöä$" + "<yxcvbnm,.-",
        '°+"*ç%&/()=?\u0300' + "QWERTZUIOPè!" + "ASDFGHJKLéà£" + ">YXCVBNM;:_",
        "1| 2@ 3# ü[ \u0308] ä{ $} <\\",
    ),
    "fr": _layout(
        "FRENCH",
        "²&é\"'(-è_çà)=" + "azertyuiop\u0302$" + "qsdfghjklmù*" + "<wxcvbn,;:!",
        "~1234567890°+" + "AZERTYUIOP\u0308£" + "QSDFGHJKLM%µ" + ">WXCVBN?./§",
        "é~ \"# '{ ([ -| è` _\\ ç^ à@ )] =}",
    ),
    "be": _layout(
        "BELGIAN",
        "²&é\"'(§è!çà)-" + "azertyuiop\u0302$" + "qsdfghjklmùµ" + "<wxcvbn,;:=",
        "³1234567890°_" + "AZERTYUIOP\u0308*" + "QSDFGHJKLM%£" + ">WXCVBN?./+",
        '&| é@ "# §^ ç{ à} \u0302[ $] <\\ =~',
    ),
    "dk": _layout(
        "DANISH",
        "½1234567890+\u0301" + "qwertyuiopå\u0308" + "asdfghjklæø'" + "<zxcvbnm,.-",
        '§!"#¤%&/()=?\u0300' + "QWERTYUIOPÅ\u0302" + "ASDFGHJKLÆØ*" + ">ZXCVBNM;:_",
        "2@ 4$ 7{ 8[ 9] 0} \u0301| <\\",
    ),
    "se": _layout(
        "SWEDISH",
        "§1234567890+\u0301" + "qwertyuiopå\u0308" + "asdfghjklöä'" + "<zxcvbnm,.-",
        '½!"#¤%&/()=?\u0300' + "QWERTYUIOPÅ\u0302" + "ASDFGHJKLÖÄ*" + ">ZXCVBNM;:_",
        "2@ 4$ 7{ 8[ 9] 0} +\\ <|",
    ),
    "es": _layout(
        "SPANISH",
        "º1234567890'¡" + "qwertyuiop\u0300+" + "asdfghjklñ\u0301ç" + "<zxcvbnm,.-",
        'ª!"·$%&/()=?¿' + "QWERTYUIOP\u0302*" + "ASDFGHJKLÑ\u0308Ç" + ">ZXCVBNM;:_",
        "º\\ 1| 2@ 3# 4~ \u0300[ +] \u0301{ ç}",
    ),
    "it": _layout(
        "ITALIAN",
        "\\1234567890'ì" + "qwertyuiopè+" + "asdfghjklòàù" + "<zxcvbnm,.-",
        '|!"£$%&/()=?^' + "QWERTYUIOPé*" + "ASDFGHJKLç°§" + ">ZXCVBNM;:_",
        "è[ +] ò@ à#",
    ),
}


def setup_fault(text: str) -> Fault | None:
    """What the set-up code tells as it came, with all that stood before it; None: another code."""
    for name, layout in LAYOUTS.items():
        for image, caps in _setup_images(name):
            head = text.removesuffix(image)
            if head != text and len(head) <= _SETUP_HEAD_CHARS_MAX:
                return _setup_told(name, layout, image, caps=caps)
    return _setup_spelled(text)


def fault_of(text: str) -> Fault | None:
    """What changed a code of ours or of GS1 on its way; None where that cannot be told."""
    if _is_ours(text):
        return None
    found = [
        (name, caps)
        for caps, given in ((False, text), (True, _swapped(text)))
        for name in LAYOUTS
        if (name != "us" or caps) and _is_ours(_original(given, name))
    ]
    right = [one for one in found if one[0] == "us"]
    if right:
        return Fault(caps=True)
    if not found:
        return None
    names = {name for name, _ in found}
    return Fault(
        found[0][0] if len(names) == 1 else "", caps=all(caps for _, caps in found), changed=True
    )


def makes_another(text: str) -> bool:
    """Whether some layout makes of a code of ours another one that is as whole."""
    for name in LAYOUTS:
        if name == "us" or not _betraying(name).isdisjoint(text):
            continue
        arrived = typed(text, name)
        if arrived != text and house.is_intact(arrived):
            return True
    return False


def run_together(value: str) -> Iterator[tuple[str, str]]:
    """(value, element string) as they may have been before the GS between them was lost."""
    for end in range(1, len(value)):
        rest = value[end:]
        for separator in ("", *_GS_IMAGES):
            if rest.startswith(separator) and _is_element_string(rest.removeprefix(separator)):
                yield value[:end], rest.removeprefix(separator)


def has_lost_separator(text: str) -> bool:
    """Whether an element string that breaks a rule keeps them all with one GS put in."""
    return gs1.GS not in text and any(
        _is_element_string(f"{text[:place]}{gs1.GS}{text[place:]}") for place in range(3, len(text))
    )


def typed(text: str, layout: str, *, caps: bool = False, lock_shifts: bool = False) -> str:
    """What arrives of `text` where the PC has `layout`; a lost dead key takes its letter along.

    `lock_shifts`: Caps Lock shifts every key, as Windows does on some layouts.
    """
    keys = (_key(sign, layout, caps and lock_shifts) for sign in text)
    found = _composed(keys)
    return _swapped(found) if caps and not lock_shifts else found


@cache
def _betraying(layout: str) -> frozenset[str]:
    """The signs of our codes that arrive as signs that no code of ours has."""
    images = {sign: _key(sign, layout, shifts=False) for sign in house.SIGNS}
    return frozenset(
        sign
        for sign, image in images.items()
        if image and not unicodedata.combining(image) and image not in house.SIGNS
    )


def _swapped(text: str) -> str:
    """Small letters for capitals and the other way, accents too, as Caps Lock does."""
    turned = ((sign, sign.swapcase()) for sign in text)
    return "".join(other if len(other) == 1 else sign for sign, other in turned)


def _key(sign: str, layout: str, shifts: bool) -> str:
    here = LAYOUTS[layout]
    if sign == gs1.GS:
        made = here.sign(_US.plain.index("]"))
        return gs1.GS if made == "]" else made
    for level, row in enumerate((_US.plain, _US.shifted)):
        if sign in row:
            return here.sign(row.index(sign), shift=bool(level) != shifts)
    return sign


def _composed(keys: Iterable[str]) -> str:
    out, dead = "", ""
    for sign in keys:
        if dead:
            both = unicodedata.normalize("NFC", sign + dead)
            out += both if len(both) == 1 else ""
            dead = ""
        elif sign and unicodedata.combining(sign):
            dead = sign
        else:
            out += sign
    return out


@cache
def _setup_images(layout: str) -> tuple[tuple[str, bool], ...]:
    """What becomes of the set-up code's core, and whether Caps Lock was on."""
    made = [
        (typed(core, layout, caps=caps, lock_shifts=locked), caps)
        for core in (SETUP_CORE, SETUP_CORE.replace(gs1.GS, ""))
        for caps, locked in ((False, False), (True, False), (True, True))
    ]
    return tuple(dict.fromkeys(made))


def _setup_told(name: str, layout: Layout, image: str, *, caps: bool) -> Fault:
    wrong = name != "us" and image != typed(SETUP_CORE, "us", caps=caps)
    lost = layout.sign(_US.plain.index("]")) == "]" and gs1.GS not in image
    return Fault(name if wrong else "", caps=caps, gs_lost=lost, changed=wrong)


def _setup_spelled(text: str) -> Fault | None:
    """The set-up code with something else in the place of GS."""
    for caps in (False, True):
        before, _, after = typed(SETUP_CORE, "us", caps=caps).partition(gs1.GS)
        start = text.find(before)
        spelled = len(text) - start - len(before) - len(after)
        is_near = 0 <= start <= _SETUP_HEAD_CHARS_MAX and 0 <= spelled <= _GS_SPELLED_CHARS_MAX
        if is_near and text.endswith(after):
            return Fault(caps=caps, gs_lost=True)
    return None


@cache
def _inverse(layout: str) -> Mapping[str, str]:
    """Character that arrived -> character that was meant, for a scanner set to US English."""
    here = LAYOUTS[layout]
    pairs: dict[str, str] = {}
    for own, arrived in ((_US.shifted, here.shifted), (_US.plain, here.plain)):
        pairs |= dict(zip(arrived, own, strict=True))
    return pairs


def _original(text: str, layout: str) -> str:
    """What was meant if the PC has `layout`; "" where it cannot type this."""
    if layout == "us":
        return text
    inverse, out = _inverse(layout), ""
    for sign in _apart(text):
        meant = inverse.get(sign)
        if meant is None:
            return ""
        out += meant
    return out[:1] + out[1:].replace("]", gs1.GS)


def _apart(text: str) -> Iterator[str]:
    """The keys of a text: a composed letter that no key has is a dead key and a letter."""
    for sign in text:
        parts = unicodedata.normalize("NFD", sign)
        if len(parts) == 1 or any(sign in one.plain + one.shifted for one in LAYOUTS.values()):
            yield sign
        else:
            yield from reversed(parts)


def _is_ours(text: str) -> bool:
    """Whether a code of this terminal, or a GS1 element string that names an article or unit."""
    aim = _AIM.match(text)
    body = text[aim.end() :] if aim else text
    if _HOUSE.fullmatch(body):
        return house.is_intact(body)
    if aim and not _GS1_AIM.match(text):
        return False
    chars = {"00": 18, "01": 14, "02": 14}.get(body[:2])
    if chars is None or not gs1.has_check_digit(body[2 : 2 + chars]):
        return False
    return _is_element_string(body)


def _is_element_string(text: str) -> bool:
    try:
        gs1.parse(text, associations=False)
    except gs1.Gs1Error:
        return False
    return True


# What may stand where GS was: the signs on its key in other layouts, and how it is spelled.
_GS_IMAGES = ("+", "$", "^]", "<GS>", "{GS}", "|", " ")
