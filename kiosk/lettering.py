"""The home of big words: text in half blocks (▀ ▄ █), cut from the glyph file of the screens.

The cells exist in the fonts of terminals and of the Linux console alike. The glyph file is made
from Bitstream Vera Bold, which reportlab carries, by `python -m kiosk.lettering`.
"""

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

GLYPH_FILE: Final = Path(__file__).with_name("screens") / "glyphs.txt"
SIGNS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜÉÈÀÇÑÅÆØ0123456789.,:;=-+/%!?&'()#×"
DOTTED: Final = "ÄÖÜ"
DOTS_COLUMNS_MIN: Final = 3  # of a bar that two dots can be made of
# (height in rows, width in percent of the font's own), the most legible first.
FACES: Final = (
    (9, 75),
    (9, 60),
    (7, 75),
    (7, 60),
    (5, 90),
    (5, 75),
    (5, 60),
    (4, 75),
    (4, 60),
    (3, 75),
)
ROWS_MIN: Final = min(rows for rows, _ in FACES)
WORDS_KEPT: Final = 512
DOUBLED_ROWS_MIN: Final = 7
_HALVES: Final = (str.maketrans("▀▄", "█ "), str.maketrans("▀▄", " █"))  # upper, lower

Face = dict[str, tuple[str, ...]]


@lru_cache(WORDS_KEPT)
def big(text: str, rows: int, width: int) -> str:
    """`text` in the largest letters within `rows` × `width` cells; plain where none fit.

    Signs without a glyph are read as capitals; one that has no glyph either makes it plain text.
    """
    letters = text.strip().upper()
    if letters and rows >= 2 * DOUBLED_ROWS_MIN:
        for face in FACES:
            drawn = _drawn(letters, face) if DOUBLED_ROWS_MIN <= face[0] <= rows // 2 else None
            if drawn is not None and 2 * len(drawn[0]) <= width:
                return "\n".join(doubled(drawn))
    if letters:
        for face in FACES:
            drawn = _drawn(letters, face) if face[0] <= rows else None
            if drawn is not None and len(drawn[0]) <= width:
                return "\n".join(drawn)
    return text


def doubled(lines: list[str]) -> list[str]:
    """Every dot twice as high and twice as wide."""
    return ["".join(sign.translate(half) * 2 for sign in one) for one in lines for half in _HALVES]


def _drawn(letters: str, face: tuple[int, int]) -> list[str] | None:
    glyphs = faces()[face]
    if any(sign not in glyphs for sign in letters if sign != " "):
        return None
    rows = face[0]
    blank = (" " * max(2, rows * face[1] // 100),) * rows
    cells = [glyphs.get(sign, blank) for sign in letters]
    gap = " " * (2 if rows > 5 else 1)
    return [gap.join(cell[row] for cell in cells) for row in range(rows)]


@cache
def faces() -> dict[tuple[int, int], Face]:
    """Every face of the glyph file: sign → rows of cells, all of one width."""
    found: dict[tuple[int, int], Face] = {face: {} for face in FACES}
    for line in GLYPH_FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#! "):
            rows, percent, sign, cells = line.split(" ", 3)
            found[int(rows), int(percent)][sign] = tuple(cells.split("|"))
    return found


def glyph_lines(font: Path) -> list[str]:
    """The lines of a glyph file, drawn from a TrueType font: `rows percent sign cells|cells|…`."""
    return [
        f"{rows} {percent} {sign} {'|'.join(_cells(font, sign, rows, percent))}"
        for rows, percent in FACES
        for sign in SIGNS
    ]


def _cells(font: Path, sign: str, rows: int, percent: int) -> list[str]:
    """One sign, capital height = all rows, two dots a cell; what hangs lower is squeezed in."""
    from PIL import Image, ImageDraw, ImageFont

    scale = 16
    tall = rows * 2 * scale
    face = ImageFont.truetype(str(font), 1_000)
    cap = -face.getbbox("H", anchor="ls")[1]
    face = ImageFont.truetype(str(font), round(1_000 * tall / cap))
    left, top, right, bottom = (round(edge) for edge in face.getbbox(sign, anchor="ls"))
    top, bottom = min(top, -tall), max(bottom, 0)
    drawing = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(drawing).text((-left, -top), sign, font=face, fill=255, anchor="ls")
    wide = max(1, round((right - left) * percent / 100 / scale))
    levels = drawing.resize((wide, rows * 2), Image.Resampling.BOX).tobytes()
    dark = 90 if percent < 75 else 110  # narrow stems need more ink
    inked = [level > dark for level in levels]
    lines = [inked[start : start + wide] for start in range(0, len(inked), wide)]
    if sign in DOTTED:
        lines = _dots_apart(lines)
    return [
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(lines[::2], lines[1::2], strict=True)
    ]


def _dots_apart(lines: list[list[bool]]) -> list[list[bool]]:
    """The two dots above a letter, where so few cells have run them together to a bar."""
    top = next(row for row, line in enumerate(lines) if any(line))
    bar = lines[top]
    left, right = bar.index(True), len(bar) - 1 - bar[::-1].index(True)
    if not all(bar[left : right + 1]) or right - left < DOTS_COLUMNS_MIN - 1:
        return lines
    low, high = (left + right) // 2, (left + right + 1) // 2
    apart = [ink and not low <= place <= high for place, ink in enumerate(bar)]
    return [
        apart if line == bar and row < len(lines) // 2 else line for row, line in enumerate(lines)
    ]


def _make() -> None:
    import reportlab

    font = Path(reportlab.__file__).with_name("fonts") / "VeraBd.ttf"
    head = "#! Made from Bitstream Vera Bold by: python -m kiosk.lettering"
    GLYPH_FILE.write_text("\n".join([head, *glyph_lines(font), ""]), encoding="utf-8")
    print(f"{GLYPH_FILE}: {len(FACES)} faces of {len(SIGNS)} signs")


if __name__ == "__main__":
    _make()
