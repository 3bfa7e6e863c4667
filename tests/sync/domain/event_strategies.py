"""Hypothesis strategies for events: any well-formed one, and histories whose names meet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import strategies as st
from msgspec import inspect

from sync.domain.events import (
    EVENT_TYPES,
    REVERSIBLE,
    Event,
    EventReversed,
    OrderHeader,
    OrderRegister,
    stamped,
)
from sync.domain.quantity import Quantity

Strategy = st.SearchStrategy[Any]

AMOUNTS = st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", fullmatch=True, alphabet="-.0123456789")
UNITS = st.from_regex(r"[A-Z0-9]{1,8}", fullmatch=True) | st.sampled_from(["KGM", "GRM", "C62"])
ACTS = ["a1", "a2", "a3", "a4", ""]
DATES = st.dates().map(str) | st.just("")


@dataclass(frozen=True)
class Pools:
    """Where the values of fields come from: by the field's name, else by its type."""

    named: Mapping[str, Strategy]
    amounts: Strategy
    units: Strategy
    texts: Strategy


WIDE = Pools({}, AMOUNTS, UNITS, st.text(max_size=20))
NARROW = Pools(
    {
        "order": st.sampled_from(["B-1", "B-1", "B-2", ""]),
        "operation": st.sampled_from(["10", "20", ""]),
        "rework_operation": st.sampled_from(["10", ""]),
        "work_center": st.sampled_from(["MIX", "BAKE"]),
        "material": st.sampled_from(["DOUGH", "FLOUR"]),
        "lot": st.sampled_from(["L-1", "L-2"]),
        "line": st.sampled_from(["1", "2", ""]),
        "serial": st.sampled_from(["S1", "S2", ""]),
        "serials": st.sampled_from([(), ("S1",), ("S1", "S2"), ("S1", "S1")]),
        "place": st.sampled_from(["A1", "A2", ""]),
        "source": st.sampled_from(["A1", "A2", ""]),
        "destination": st.sampled_from(["A1", "A2", ""]),
        "expiry": st.sampled_from(["2026-01-01", "2026-02-01", ""]),
        "station": st.sampled_from(["MIX-1", "MIX-2"]),
        "operator": st.sampled_from(["anna", "ben"]),
        "person": st.sampled_from(["anna", "ben"]),
        "badge": st.sampled_from(["1", "2"]),
        "label": st.sampled_from(["1", "12", "P-3", ""]),
        "unit": st.sampled_from(["KGM", "BAG"]),
        "reason": st.sampled_from(["burnt", ""]),
        "revision": st.integers(0, 2),
        "boot": st.just("b1"),
        "mono": st.just(1),
        "saw": st.just(None),
        "accepted": st.just(()),
        "checks": st.just(()),
        "n": st.integers(0, 30),
        "act": st.sampled_from(ACTS),
        "substitutes": st.sampled_from([(), ("FLOUR",)]),
        "tolerance_percent": st.sampled_from(["0", "2.5", "much"]),
        "limit_percent": st.sampled_from(["110", "-1", ""]),
        "conversions": st.sampled_from([{}, {"BAG": "25 KGM"}, {"BAG": "25 BAG"}]),
    },
    st.sampled_from(["0", "1", "2.5", "-1", "3", "0.000001"]),
    st.sampled_from(["KGM", "KGM", "GRM", "BAG", "C62"]),
    st.sampled_from(["", "x"]),
)


def event_of(kind: type[Event], pools: Pools = WIDE) -> st.SearchStrategy[Event]:
    """Well-formed events of one type, every field drawn."""
    found: st.SearchStrategy[Event] = _struct(kind, pools)
    return found


@cache
def any_event() -> st.SearchStrategy[Event]:
    """Well-formed events of every type."""
    return st.one_of([event_of(kind) for kind in EVENT_TYPES.values()])


@st.composite
def histories(draw: st.DrawFn, size_max: int = 24) -> list[Event]:
    """Events with ids of their own whose orders, lots, acts and references meet."""
    size = draw(st.integers(0, size_max))
    ids = [f"e{number}" for number in range(size)]
    return [_placed(draw, draw(_meeting()), own, ids) for own in ids]


@cache
def _meeting() -> st.SearchStrategy[Event]:
    groups: dict[str, list[Any]] = {
        "any": list(EVENT_TYPES.values()),
        "floor": list(REVERSIBLE),
        "plan": [*OrderHeader.__subclasses__(), *OrderRegister.__subclasses__()],
        "reversal": [EventReversed],
    }
    built = {name: _one_of(kinds) for name, kinds in groups.items()}
    names = st.sampled_from(["floor", "floor", "floor", "plan", "any", "reversal"])
    return names.flatmap(lambda name: built[name])


def _one_of(kinds: list[Any]) -> st.SearchStrategy[Event]:
    return st.one_of([event_of(kind, NARROW) for kind in kinds])


def _placed(draw: st.DrawFn, event: Event, own: str, ids: list[str]) -> Event:
    if not hasattr(event, "of"):
        return stamped(event, id=own)
    wanted = ACTS if isinstance(event, EventReversed) else [*ids, ""]
    return stamped(event, id=own, of=draw(st.sampled_from(wanted)))


def _struct(kind: type[Any], pools: Pools) -> Strategy:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    fixed = (inspect.StructType, inspect.LiteralType)
    fields = {
        one.name: pools.named[one.name]
        if one.name in pools.named and not isinstance(one.type, fixed)
        else _of(one.type, pools)
        for one in info.fields
    }
    return st.builds(kind, **fields)


def _of(info: inspect.Type, pools: Pools) -> Strategy:
    return _BY_TYPE[type(info)](info, pools)


def _text(info: Any, pools: Pools) -> Strategy:
    return DATES if info.pattern else pools.texts


def _union(info: Any, pools: Pools) -> Strategy:
    return st.one_of([_of(one, pools) for one in info.types])


def _quantity(info: Any, pools: Pools) -> Strategy:
    assert info.cls is Quantity
    return st.builds(Quantity, pools.amounts, pools.units)


_BY_TYPE: dict[type[inspect.Type], Callable[[Any, Pools], Strategy]] = {
    inspect.StrType: _text,
    inspect.IntType: lambda info, _: st.integers(
        -(2**53) if info.ge is None else info.ge, info.le or 2**53
    ),
    inspect.BoolType: lambda _, __: st.booleans(),
    inspect.NoneType: lambda _, __: st.none(),
    inspect.LiteralType: lambda info, _: st.sampled_from(info.values),
    inspect.UnionType: _union,
    inspect.VarTupleType: lambda info, pools: st.lists(_of(info.item_type, pools), max_size=3).map(
        tuple
    ),
    inspect.TupleType: lambda info, pools: st.tuples(*(_of(one, pools) for one in info.item_types)),
    inspect.DictType: lambda info, pools: st.dictionaries(
        _of(info.key_type, pools), _of(info.value_type, pools), max_size=3
    ),
    inspect.StructType: lambda info, pools: _struct(info.cls, pools),
    inspect.DataclassType: _quantity,
}
