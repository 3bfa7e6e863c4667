"""Labels that a shift leaves behind: not printed yet, in doubt, or to be found and voided."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from sync.domain.acts import read_key
from sync.domain.events import LabelDoubted, LabelPrinted, LabelVoided, MaterialProduced
from sync.domain.order import Order
from sync.domain.shop import Shop

ACTS_LOOKED_AT_MAX: Final = 1_000

State = Literal["unprinted", "doubt", "outstanding"]


@dataclass(frozen=True, slots=True)
class OpenLabel:
    """A label by its number at the station; "outstanding": its output was taken back."""

    label: str
    order: str
    state: State


def labels_open(shop: Shop, station: str) -> tuple[OpenLabel, ...]:
    """What became of no label of a station's last acts, the oldest first."""
    keys = shop.act_keys.get(station, [])[-ACTS_LOOKED_AT_MAX:]
    acts = dict.fromkeys(read_key(key)[0] for key in keys)
    return tuple(found for act in acts for found in _of_act(shop, act))


def _of_act(shop: Shop, act: str) -> Iterator[OpenLabel]:
    for event in shop.acts.get(act, ()):
        order = shop.orders.get(getattr(event, "order", ""))
        if isinstance(event, MaterialProduced) and event.label and order is not None:
            state = _state(order, event, taken_back=act in shop.reversed)
            if state is not None:
                yield OpenLabel(event.label, event.order, state)


def _state(order: Order, event: MaterialProduced, *, taken_back: bool) -> State | None:
    """One label; one that was taken back before it was printed never comes out."""
    told = {type(one) for one in order.labels.get(event.label, {}).values() if one.of == event.id}
    if LabelVoided in told:
        return None
    if taken_back:
        return "outstanding" if told else None
    if LabelPrinted in told:
        return None
    if LabelDoubted in told:
        return "doubt"
    rule = order.release.label.label if order.release is not None else ""
    return "unprinted" if event.quantity.micros > 0 and rule != "none" else None
