"""The home of fitting text into its room: smaller, then on several lines, then cut.

Pure geometry in dots; widths come from the letters that are passed in.
"""

from labels.primitives import Letters, Text, Weight
from labels.template_items import LINE_PITCH

CUT_SIGN = ".."


def lines_at(text: str, height: int, room: tuple[int, int], letters: Letters) -> list[str]:
    """`text` in lines of `height` dots, broken between words, a long word inside itself."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        wider = f"{line} {word}".strip()
        if letters.width(wider, height) <= room[0]:
            line = wider
            continue
        if line:
            lines.append(line)
        line = word
        while letters.width(line, height) > room[0]:
            start = _longest(line, height, room[0], letters)
            lines.append(start)
            line = line[len(start) :]
    return [*lines, line] if line else lines


def _longest(text: str, height: int, width: int, letters: Letters) -> str:
    """The longest beginning of `text` that fits, one character at least."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if letters.width(text[:middle], height) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def lines_max(height: int, room_height: int, most: int) -> int:
    """How many lines of `height` stand in a room."""
    return min(most, 1 + max(0, int((room_height - height) / (height * LINE_PITCH))))


def shrunk(
    text: str, sizes: tuple[int, int], room: tuple[int, int], most: int, letters: Letters
) -> tuple[int, list[str]]:
    """(height, lines) of the largest height of `sizes` at which `text` fits; else its least."""
    largest, least = sizes
    height = largest
    while True:
        allowed = lines_max(height, room[1], most)
        lines = [text] if allowed == 1 else lines_at(text, height, room, letters)
        fits = len(lines) <= allowed and letters.width(lines[0], height) <= room[0]
        if fits or height <= least:
            return height, lines
        height -= 1


def cut(
    lines: list[str], height: int, room: tuple[int, int], most: int, letters: Letters
) -> list[str]:
    """`lines` without what has no room, the cut sign at its end."""
    kept = lines[: lines_max(height, room[1], most)]
    last = kept[-1]
    if len(kept) == len(lines) and letters.width(last, height) <= room[0]:
        return kept
    while last and letters.width(last + CUT_SIGN, height) > room[0]:
        last = last[:-1]
    return [*kept[:-1], last.rstrip() + CUT_SIGN]


def aligned(x: int, width: int, needed: int, align: str) -> int:
    """Where something `needed` dots wide begins in a room of `width` at `x`."""
    spare = max(0, width - needed)
    return x + {"left": 0, "center": spare // 2, "right": spare}[align]


def set_lines(
    lines: list[str],
    corner: tuple[int, int],
    height: int,
    width: int,
    align: str,
    weight: Weight,
    letters: Letters,
) -> list[Text]:
    """Texts below each other; the room of a text that stands left reaches to the right end."""
    texts = []
    for number, line in enumerate(lines):
        needed = letters.width(line, height)
        x = aligned(corner[0], width, needed, align)
        y = corner[1] + round(number * height * LINE_PITCH)
        room = width if align == "left" else min(needed, width)
        texts.append(Text(x, y, height, room, line, weight))
    return texts
