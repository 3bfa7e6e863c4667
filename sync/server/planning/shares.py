"""The home of shares: how much of each proposal is for which line of demand.

A line has a share of a proposal by its pegs. Of a component's proposal it has as much as it has of
what the component goes into; what a lot size gives too much is nobody's.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sync.server.planning.supply import Peg, Requirements

Shares: TypeAlias = Mapping[str, Mapping[str, int]]


def shares_of(found: Requirements, demands: Iterable[str]) -> Shares:
    """Proposal key → line of demand → micros of the proposal's material; only what is above 0."""
    shares: dict[str, dict[str, int]] = {one.key: {} for one in found.proposals}
    for line in demands:
        for peg in found.pegs.get(line, ()):
            if peg.kind == "proposal":
                _add(shares[peg.key], line, peg.micros)
    micros = {one.key: one.micros for one in found.proposals}
    # `parts` has each proposal behind all that it goes into: its own shares are complete by then.
    for key, needs in found.parts.items():
        for peg in _proposed(found, needs):
            for line, share in shares[key].items():
                _add(shares[peg.key], line, peg.micros * share // micros[key])
    return shares


def _proposed(found: Requirements, needs: Iterable[str]) -> Iterable[Peg]:
    return (peg for need in needs for peg in found.pegs.get(need, ()) if peg.kind == "proposal")


def _add(shares: dict[str, int], line: str, micros: int) -> None:
    if micros > 0:
        shares[line] = shares.get(line, 0) + micros
