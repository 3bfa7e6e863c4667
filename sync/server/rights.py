"""The home of who may do what in the office: rights, the roles that bundle them, who asks.

Every page and every path of the interface names the one right that it takes; what names none is
open to nobody.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

Right = Literal["look", "floor", "plan", "stock", "master", "quality", "administer"]
"""`floor` answers calls and holds orders, `plan` makes and changes orders, `stock` books goods,
`master` changes materials, BOMs and routings, `quality` blocks lots and settles deviations.
"""
Role = Literal["viewer", "lead", "planner", "quality", "administrator"]

RIGHTS: Final[tuple[Right, ...]] = get_args(Right)
ROLES: Final[dict[Role, frozenset[Right]]] = {
    "viewer": frozenset({"look"}),
    "lead": frozenset({"look", "floor"}),
    "planner": frozenset({"look", "floor", "plan", "stock", "master"}),
    "quality": frozenset({"look", "quality"}),
    "administrator": frozenset(RIGHTS),
}


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: `account` stamps what is said, `session` ties forms to a sign-in."""

    account: str
    name: str
    rights: frozenset[Right]
    session: str = ""

    def may(self, right: Right) -> bool:
        return right in self.rights
