"""The home of `ETag`, `If-None-Match` and `If-Match` (RFC 9110 section 13): what one thing is now.

A tag is the thing's revision, a dot, and a digest of what was answered: `"3.9c1a04f27be81d56"`. It
is a strong one: another byte, another tag. A change compares the revision, because that is what
people change: what the floor did to an order since it was read refuses no change of the order.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import msgspec
from litestar import MediaType, Response
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from litestar.plugins.problem_details import ProblemDetailsException
from sqlalchemy import Connection

from sync.server.openapi import answer, refusals
from sync.server.problem import at_parameter, problem
from sync.server.services import Services

TAGS_CHARS_MAX: Final = 2_000
DIGEST_BYTES: Final = 8
REVISION_DIGITS_MAX: Final = 16
ANY: Final = "*"
IF_MATCH: Final = "If-Match"
_ONE: Final = r'(?:W/)?"[!#-~]*"'
_LIST: Final = rf"^(?:\*|{_ONE}(?:[ \t]*,[ \t]*{_ONE})*)$"
_TAG: Final = re.compile(_ONE)
_OURS: Final = re.compile(rf'"(?P<revision>[0-9]{{1,{REVISION_DIGITS_MAX}}})\.[0-9a-f]+"\Z')
T = TypeVar("T")

IfNoneMatch = Annotated[
    str,
    HeaderParameter(
        name="If-None-Match",
        max_length=TAGS_CHARS_MAX,
        description="Tags of the copies that the caller has: 304 where one of them is still it.",
    ),
]
IfMatch = Annotated[
    str,
    HeaderParameter(
        name=IF_MATCH,
        max_length=TAGS_CHARS_MAX,
        schema_extra={"pattern": _LIST},
        description="The `ETag` that the change was made of: 412 where another revision stands.",
    ),
]
TAGGED: Final = (
    ResponseHeader(
        name="ETag",
        documentation_only=True,
        description="The revision and a digest of this answer, for `If-None-Match`, `If-Match`.",
    ),
)
UNCHANGED: Final[Mapping[int, ResponseSpec]] = {
    304: answer(None, "The caller's copy, named in `If-None-Match`, is still it.")
}
PRECONDITION: Final[Mapping[int, ResponseSpec]] = refusals(412)


@dataclass(frozen=True, slots=True)
class Standing:
    """The revision that stands, who said it and when."""

    revision: int
    account: str = ""
    at: str = ""


Stands = Callable[[Connection], Standing | None]


def tag_of(revision: int, content: bytes) -> str:
    """The strong tag of an answer, quotes included."""
    return f'"{revision}.{hashlib.sha256(content).digest()[:DIGEST_BYTES].hex()}"'


def tagged(shape: Any, revision: int, if_none_match: str = "") -> Response[Any]:
    """The answer with its tag; 304 without a body where the caller has it."""
    content = msgspec.json.encode(shape)
    tag = tag_of(revision, content)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if _holds(if_none_match, tag):
        return Response(None, status_code=304, media_type=MediaType.TEXT, headers=headers)
    return Response(content, media_type=MediaType.JSON, headers=headers)


async def made_of(
    services: Services,
    act: Callable[[int | None], Awaitable[T]],
    stands: Stands,
    what: str,
    if_match: str,
    told: int | None,
) -> T:
    """Do an act that is made of a revision: of the one that `If-Match` or the body (`told`) names.

    The act itself refuses another revision than the one that it is given, none: whichever stands;
    so nobody comes between the look here and the act. Raises the problems 400 where the two name
    different ones, 412 where another stands.
    """
    if not if_match:
        return await act(told)
    wanted = _revisions(if_match)
    if wanted is not None and told is not None and told not in wanted:
        raise _contradicting(told, if_match)
    found = await _met(services, stands, what, if_match, wanted)
    if told is not None and told != found.revision:
        raise _precondition(what, if_match, found)
    try:
        return await act(found.revision)
    except ProblemDetailsException as fault:
        if fault.status_code == 409:  # somebody came between: told by what was asked for
            await _met(services, stands, what, if_match, frozenset({found.revision}))
        raise


async def _met(
    services: Services,
    stands: Stands,
    what: str,
    if_match: str,
    wanted: frozenset[int] | None,
) -> Standing:
    """What stands, if it is one of the revisions wanted (none: any); raises the problem 412."""
    found = await services.database.read(stands)
    if found is None or (wanted is not None and found.revision not in wanted):
        raise _precondition(what, if_match, found)
    return found


def _revisions(if_match: str) -> frozenset[int] | None:
    """The revisions of our own strong tags; none: whichever stands. Raises the problem 400."""
    if re.match(_LIST, if_match) is None:
        said = (
            f"If-Match {if_match[:60]!r} is no list of tags: send the `ETag` of GET, in its quotes"
        )
        raise problem(400, "precondition", said, errors=at_parameter(IF_MATCH, said))
    if if_match.strip() == ANY:
        return None
    told = (_OURS.match(one) for one in _TAG.findall(if_match))
    return frozenset(int(one["revision"]) for one in told if one is not None)


def _holds(if_none_match: str, tag: str) -> bool:
    """Weak comparison, as RFC 9110 13.1.2 asks for it."""
    written = if_none_match.strip()
    held = (one.removeprefix("W/") for one in _TAG.findall(written))
    return written == ANY or tag in held


def _contradicting(told: int, if_match: str) -> Exception:
    said = (
        f"the request is made of revision {told}, If-Match names {if_match[:60]}: send one of the"
        " two, or both of one revision"
    )
    return problem(400, "precondition", said, errors=at_parameter(IF_MATCH, said))


def _precondition(what: str, if_match: str, found: Standing | None) -> Exception:
    if found is None:
        said = f"{what} is not there, If-Match names {if_match[:60]}: leave it out to make it"
        return problem(412, "precondition", said)
    who = f" by {found.account}" if found.account else ""
    said = (
        f"revision {found.revision} of {what} stands{who}, If-Match names {if_match[:60]}: look at"
        " what stands, then change that"
    )
    told = {"revision": found.revision, "account": found.account, "at": found.at}
    return problem(412, "precondition", said, standing=told)
