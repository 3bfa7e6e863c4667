"""The home of what can be wrong with a GTIN in a file: its digits, its check digit, its owner."""

from collections.abc import Iterable

from sync.server.importing.tables import Problem, Row
from sync.server.wording import Said


def gtin_problems(row: Row, gtin: str, owner: str) -> Iterable[Problem]:
    """What is wrong with the number; `owner` is the material that has it already."""
    if gtin and not (gtin.isascii() and gtin.isdigit() and len(gtin) in {8, 12, 13, 14}):
        yield row.problem("gtin", Said("import.gtin_digits", gtin=gtin))
    elif gtin and not _check_digit_fits(gtin):
        yield row.problem("gtin", Said("import.gtin_check", gtin=gtin))
    elif gtin and owner != row.text("material"):
        yield row.problem("gtin", Said("import.gtin_taken", gtin=gtin, owner=owner))


def _check_digit_fits(gtin: str) -> bool:
    """GS1 General Specifications 7.9: weights 3 and 1 from the right."""
    digits = [int(digit) for digit in reversed(gtin)]
    return sum(digit * (3 if n % 2 else 1) for n, digit in enumerate(digits)) % 10 == 0
