"""Colours as eyes see them: WCAG contrast, dichromatic vision, and distance by CIEDE2000."""

import math
from typing import Final

RGB = tuple[float, float, float]
# Machado, Oliveira and Fernandes 2009, severity 1: of linear RGB.
VISIONS: Final[dict[str, tuple[RGB, RGB, RGB]]] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE: Final = (0.95047, 1.0, 1.08883)


def linear(colour: str) -> RGB:
    """`#rrggbb` as light (IEC 61966-2-1)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def distance(one: str, other: str, vision: str = "normal") -> float:
    """How far two colours are apart for an eye (CIEDE2000)."""
    return ciede2000(_lab(seen(one, vision)), _lab(seen(other, vision)))


def seen(colour: str, vision: str) -> RGB:
    """A colour as that kind of eye sees it, as light."""
    light = linear(colour)
    red, green, blue = (min(1.0, max(0.0, part)) for part in _times(VISIONS[vision], light))
    return red, green, blue


def ciede2000(one: RGB, other: RGB) -> float:
    """Sharma, Wu and Dalal 2005, with the weights at 1."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    scale = 1 + 0.5 * (1 - math.sqrt(mean**7 / (mean**7 + 25**7)))
    c1, c2 = math.hypot(a1 * scale, b1), math.hypot(a2 * scale, b2)
    h1, h2 = (
        math.degrees(math.atan2(b, a * scale)) % 360 if a or b else 0.0
        for a, b in ((a1, b1), (a2, b2))
    )
    turn = 0.0 if not c1 * c2 else (h2 - h1 + 180) % 360 - 180
    dl, dc = l2 - l1, c2 - c1
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2))
    ml, mc = (l1 + l2) / 2, (c1 + c2) / 2
    mh = h1 + h2 if not c1 * c2 else (h1 + turn / 2) % 360
    return _weighed((dl, dc, dh), (ml, mc, mh))


def _weighed(apart: RGB, mean: RGB) -> float:
    (dl, dc, dh), (ml, mc, mh) = apart, mean
    cosines = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(part * math.cos(math.radians(times * mh + plus)) for part, times, plus in cosines)
    sl = 1 + 0.015 * (ml - 50) ** 2 / math.sqrt(20 + (ml - 50) ** 2)
    sc, sh = 1 + 0.045 * mc, 1 + 0.015 * mc * t
    bent = 60 * math.exp(-(((mh - 275) / 25) ** 2))
    rt = -math.sin(math.radians(bent)) * 2 * math.sqrt(mc**7 / (mc**7 + 25**7))
    parts = (dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + rt * dc / sc * dh / sh
    return math.sqrt(parts)


def _luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _lab(light: RGB) -> RGB:
    x, y, z = (part / white for part, white in zip(_times(_TO_XYZ, light), _WHITE, strict=True))
    fx, fy, fz = (
        part ** (1 / 3) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29
        for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _times(matrix: tuple[RGB, RGB, RGB], vector: RGB) -> RGB:
    red, green, blue = (
        sum(weight * part for weight, part in zip(row, vector, strict=True)) for row in matrix
    )
    return red, green, blue
