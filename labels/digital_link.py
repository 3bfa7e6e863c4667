"""GS1 Digital Link URIs <-> elements, strictly (GS1 Digital Link Standard: URI Syntax, 1.2 on).

    https://example.com/some/stem/01/09506000134352/10/ABC%2F1?17=261231&linkType=gs1:pip

A stem, one primary key, its qualifiers in their order, data attributes in the query. Refused:
anything that the standard does not define (names instead of numbers, shortened GTINs, compressed
links), a qualifier in the query, an element twice, an attribute that GS1 does not know. Parameters
that are not all digits and the fragment belong to the resolver and are passed over.

Raises Gs1Error; positions count characters of the URI.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labels.gs1_elements import Element, Gs1Error, check_associations, is_right, refusal
from labels.gs1_table import RULES

CANONICAL_STEM = "https://id.gs1.org"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_STEM = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?", re.IGNORECASE)
_PATH_SIGNS = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_QUERY_SIGNS = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
_LINK = re.compile(r"https?://", re.IGNORECASE)
_UNRESERVED = frozenset("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~")
_SIGN = re.compile(r"%([0-9A-Fa-f]{2})|.")


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """What a URI says: where it leads, and the elements with the primary key first."""

    stem: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    """A piece of the path with its place in the URI."""

    text: str
    position: int


def is_link(text: str) -> bool:
    """Whether `text` is a web address at all."""
    return _LINK.match(text) is not None


def names_key(text: str) -> bool:
    """Whether a web address has the place of a GS1 key in its path, right or wrong."""
    return is_link(text) and _key_index(_segments(text)) is not None


def read(uri: str, *, associations: bool = True) -> DigitalLink:
    """Stem and elements of a GS1 Digital Link URI."""
    _check_signs(uri)
    segments = _segments(uri)
    index = _key_index(segments)
    if index is None:
        raise Gs1Error("", 0, "the web address names no GS1 key")
    in_path = list(_path_elements(segments[index:]))
    places: dict[str, int] = {}
    elements = []
    key = in_path[0][0].ai
    for element, position in (*in_path, *_query_elements(uri, key)):
        if element.ai in places:
            raise Gs1Error(element.ai, position, "stands twice in one web address")
        places[element.ai] = position
        elements.append(element)
    if associations:
        check_associations(places)
    return DigitalLink(uri[: segments[index].position - 1], tuple(elements))


def write(
    elements: Iterable[Element], stem: str = CANONICAL_STEM, *, associations: bool = True
) -> str:
    """The URI of `elements`; with the stem of GS1 it is the canonical one.

    The key is the first element that can be one with all others as qualifiers and attributes.
    """
    wanted = tuple(dict.fromkeys(elements))
    for element in wanted:
        if element.ai not in RULES:
            raise Gs1Error(element.ai, 0, "is not an application identifier of GS1")
    for key in wanted:
        path = _path(key, wanted)
        rest = [element for element in wanted if element not in path]
        if path and all(RULES[element.ai].attribute for element in rest):
            break
    else:
        names = ", ".join(f"({element.ai})" for element in wanted)
        raise Gs1Error("", 0, f"no element is the key of a web address with all of {names}")
    rest.sort(key=lambda element: element.ai)
    query = "&".join(f"{element.ai}={_encoded(element.value)}" for element in rest)
    uri = _checked_stem(stem) + "".join(f"/{one.ai}/{_encoded(one.value)}" for one in path)
    uri += f"?{query}" if query else ""
    if read(uri, associations=associations).elements != (*path, *rest):
        raise Gs1Error(key.ai, 0, "the web address would not be read back as it was meant")
    return uri


def canonical(uri: str) -> str:
    """The same elements under the stem of GS1, without what belongs to a resolver."""
    return write(read(uri, associations=False).elements, associations=False)


def _path(key: Element, elements: tuple[Element, ...]) -> list[Element]:
    """Key and qualifiers in their order; nothing if `key` is none."""
    rule = RULES[key.ai]
    if not rule.key:
        return []
    by_ai = {element.ai: element for element in elements}
    return [key, *(by_ai[ai] for ai in _best_order(key.ai, by_ai) if ai in by_ai)]


def _best_order(key: str, ais: Iterable[str]) -> tuple[str, ...]:
    """The sequence of qualifiers that takes most of `ais`."""
    held = set(ais)
    return max(RULES[key].qualifiers, key=lambda order: len(held & set(order)), default=())


def _checked_stem(stem: str) -> str:
    good = _STEM.match(stem)
    path = stem[good.end() :] if good else ""
    if not good or not _PATH_SIGNS.fullmatch(path) or (path and not path.startswith("/")):
        raise Gs1Error("", 0, f"{stem!r} is not where a web address can begin")
    if path.endswith("/"):
        raise Gs1Error("", 0, f"{stem!r}: leave out the last /")
    return stem


def _check_signs(uri: str) -> None:
    head = _STEM.match(uri)
    if head is None:
        raise Gs1Error("", 0, "is not a web address: http:// or https:// and a host wanted")
    path = _PATH_SIGNS.match(uri, head.end())
    assert path
    end = path.end()
    if uri.startswith("?", end):
        query = _QUERY_SIGNS.match(uri, end + 1)
        assert query
        end = query.end()
    bad = re.search(r"%(?![0-9A-Fa-f]{2})", uri[:end])
    if bad:
        raise Gs1Error("", bad.start(), "% must stand before two hexadecimal digits")
    if end < len(uri) and uri[end] != "#":
        raise Gs1Error("", end, f"{uri[end]!r} has no place in a web address")
    if uri[head.end() : path.end()][:1] not in {"", "/"}:
        raise Gs1Error("", head.end(), "a path begins with /")


def _segments(uri: str) -> list[_Segment]:
    """The pieces of the path."""
    head = _STEM.match(uri)
    path = re.match(r"[^?#]*", uri[head.end() :]) if head else None
    if not head or not path or not path[0]:
        return []
    segments, position = [], head.end() + 1
    for text in path[0][1:].split("/"):
        segments.append(_Segment(text, position))
        position += len(text) + 1
    return segments


def _key_index(segments: list[_Segment]) -> int | None:
    """Where the primary key stands: the last one that pairs of AI and value follow to the end."""
    for index in range(len(segments) - 2, -1, -2):
        rule = RULES.get(segments[index].text)
        if rule and rule.key:
            return index
    return None


def _path_elements(segments: list[_Segment]) -> Iterator[tuple[Element, int]]:
    """Key and qualifiers with their places."""
    names = [segment.text for segment in segments[::2]]
    order = iter(_best_order(names[0], names[1:]))
    for name, value in zip(segments[::2], segments[1::2], strict=True):
        if name is not segments[0] and name.text not in order:
            known = name.text in RULES
            rule = "has no place there in the path" if known else "is not an AI of GS1"
            raise Gs1Error(name.text, name.position, rule)
        yield _element(name.text, value.text, name.position, value.position), name.position


def _query_elements(uri: str, key: str) -> Iterator[tuple[Element, int]]:
    """The data attributes of the query with their places."""
    _, mark, query = uri.partition("#")[0].partition("?")
    position = uri.find("?") + 1 if mark else 0
    qualifiers = {ai for order in RULES[key].qualifiers for ai in order}
    for text in re.split(r"[&;]", query):
        name, _, value = text.partition("=")
        if name.isdecimal():
            rule = RULES.get(name)
            if rule is None or not rule.attribute:
                raise Gs1Error(name, position, "is not a data attribute that GS1 knows")
            if name in qualifiers:
                raise Gs1Error(name, position, f"belongs into the path behind AI {key}")
            if "+" in value:
                raise Gs1Error(name, position, "a + in the query must be written %2B")
            yield _element(name, value, position, position + len(name) + 1), position
        position += len(text) + 1


def _element(ai: str, encoded: str, position: int, begin: int) -> Element:
    signs = list(_SIGN.finditer(encoded))
    value = "".join(chr(int(sign[1], 16)) if sign[1] else sign[0] for sign in signs)
    if not is_right(ai, value):
        error = refusal(ai, value, position, begin)
        if error.position >= begin:  # a sign of the value: told where it stands encoded
            place = begin + signs[error.position - begin].start()
            raise Gs1Error(ai, place, error.rule)
        raise error
    return Element(ai, value)


def _encoded(value: str) -> str:
    return "".join(char if char in _UNRESERVED else f"%{ord(char):02X}" for char in value)
