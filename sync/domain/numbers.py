"""The home of number ranges: what is left of those that the office granted to one origin.

A range belongs to the origin that it was granted to. A clone or a restored journal has another
origin and never uses what was granted to the first; a range that is used up goes on in the next.
"""

from collections.abc import Collection, Iterable, Iterator

from sync.domain.events import NumbersGranted

Ranges = tuple[tuple[int, int], ...]  # (first, last), apart from each other and rising


def ranges_of(granted: Iterable[NumbersGranted], origin: str, kind: str) -> Ranges:
    """The ranges of one origin and kind, those that touch or overlap made one."""
    own = sorted((g.first, g.last) for g in granted if g.origin == origin and g.kind == kind)
    found: list[tuple[int, int]] = []
    for first, last in own:
        if last < first:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def left_of(ranges: Ranges, used: Collection[int]) -> int:
    """How many numbers of the ranges were not used."""
    whole = sum(last - first + 1 for first, last in ranges)
    return whole - sum(_is_within(ranges, number) for number in set(used))


def next_of(ranges: Ranges, used: Collection[int]) -> int | None:
    """The lowest number that was not used; nothing where all are."""
    taken = frozenset(used)
    return next((number for number in _numbers(ranges) if number not in taken), None)


def highest_of(granted: Iterable[NumbersGranted]) -> dict[str, int]:
    """Counter → the highest number ever granted, to whichever origin."""
    found: dict[str, int] = {}
    for one in granted:
        counter = counter_of(one.kind, one.prefix)
        found[counter] = max(one.last, found.get(counter, 0))
    return found


def counter_of(kind: str, prefix: str = "") -> str:
    """What counts the numbers of a kind: each company prefix is a kind of its own."""
    return f"{kind}:{prefix}" if prefix else kind


def _numbers(ranges: Ranges) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _is_within(ranges: Ranges, number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)
