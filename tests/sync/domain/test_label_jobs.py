"""Which labels an event wants, what became of each, and what a person answers to a doubt."""

from collections.abc import Sequence
from typing import Any

import pytest

from sync.domain.events import (
    Event,
    EventReversed,
    LabelDoubted,
    LabelPrinted,
    LabelRequested,
    LabelRule,
    LabelVoided,
    MaterialProduced,
    OperationReported,
    OrderReleased,
    UnitClosed,
)
from sync.domain.label_jobs import (
    Job,
    again,
    came_not,
    came_out,
    copies_of,
    doubts,
    jobs_of,
    label_facts,
    state_of,
)
from sync.domain.quantity import Quantity
from sync.domain.shop import Shop, absorb

WHERE: dict[str, Any] = {"station": "PACK-1", "operator": "anna"}
TOLD: dict[str, Any] = {"label": "17", "of": "m", "order": "B-1", "station": "PACK-1"}


def released(rule: LabelRule) -> OrderReleased:
    return OrderReleased(
        id="r",
        order="B-1",
        revision=1,
        material="ROLL",
        name="Roll",
        quantity=Quantity("1000", "C62"),
        label=rule,
    )


def made(amount: str = "480", label: str = "17", serials: tuple[str, ...] = ()) -> MaterialProduced:
    return MaterialProduced(
        **WHERE,
        id="m",
        n=5,
        act="a",
        order="B-1",
        operation="10",
        material="ROLL",
        lot="B-1",
        quantity=Quantity(amount, "C62"),
        serials=serials,
        label=label,
    )


def folded(events: Sequence[Event]) -> Shop:
    shop = Shop()
    for event in events:
        absorb(shop, event)
    return shop


def labels(jobs: tuple[Job, ...]) -> list[tuple[str, str, str]]:
    return [(job.label, job.quantity.amount if job.quantity else "", job.serial) for job in jobs]


@pytest.mark.parametrize(
    ("rule", "event", "expected"),
    [
        (LabelRule(), made(), [("17", "480", "")]),
        (LabelRule(label="none"), made(), []),
        (LabelRule(label="per_pallet"), made(), []),
        (LabelRule(), made("0"), []),
        (LabelRule(label="per_order"), made(label=""), []),
        (
            LabelRule(label="per_n", per=200),
            made(),
            [("17-1", "200", ""), ("17-2", "200", ""), ("17-3", "80", "")],
        ),
        (LabelRule(label="per_n", per=240), made(), [("17-1", "240", ""), ("17-2", "240", "")]),
        (LabelRule(label="per_n", per=500), made(), [("17", "480", "")]),
        (LabelRule(label="per_n"), made(), [("17", "480", "")]),
        (
            LabelRule(label="per_serial"),
            made("2", serials=("S1", "S2")),
            [("17-1", "1", "S1"), ("17-2", "1", "S2")],
        ),
        (LabelRule(label="per_serial"), made("2"), [("17", "2", "")]),
    ],
)
def test_the_labels_of_an_output(
    rule: LabelRule, event: MaterialProduced, expected: list[tuple[str, str, str]]
) -> None:
    shop = folded([released(rule), event])
    assert labels(jobs_of(shop, event)) == expected


def test_the_one_label_of_an_order_tells_all_that_was_made() -> None:
    before = OperationReported(
        id="o", order="B-1", operation="10", good=Quantity("1000", "C62"), **WHERE
    )
    event = made()
    shop = folded([released(LabelRule(label="per_order")), before, event])
    assert labels(jobs_of(shop, event)) == [("17", "1000", "")]


def test_an_order_that_is_not_known_gets_one_label_a_done() -> None:
    event = made()
    assert labels(jobs_of(folded([event]), event)) == [("17", "480", "")]


def test_what_was_undone_or_told_of_gets_none() -> None:
    event = made()
    assert jobs_of(folded([event, EventReversed(id="x", of="a")]), event) == ()
    for fact in (LabelPrinted(**TOLD), LabelDoubted(**TOLD), LabelVoided(**TOLD)):
        assert jobs_of(folded([event, fact]), event) == ()


@pytest.mark.parametrize(("order", "template"), [("", "unit"), ("B-1", "sscc-homogeneous")])
def test_a_closed_unit_gets_its_label(order: str, template: str) -> None:
    rule = LabelRule(label="per_pallet", template="sscc-homogeneous")
    event = UnitClosed(**WHERE, id="c", act="a", unit="U-7", order=order)
    (job,) = jobs_of(folded([released(rule), event]), event)
    assert (job.label, job.unit, job.template, job.of) == ("U-7", "U-7", template, "c")


def test_a_copy_is_of_the_label_or_of_all_labels_of_the_act() -> None:
    event = made()
    shop = folded([released(LabelRule(label="per_n", per=200)), event])
    one = LabelRequested(**{**TOLD, "label": "17-2"}, id="q", reason="TORN", printer="second")
    (job,) = jobs_of(shop, one)
    assert (job.label, job.request, job.reason, job.printer) == ("17-2", "q", "TORN", "second")
    assert job.name == "q.2"
    everything = LabelRequested(**TOLD, id="q")
    assert [job.label for job in jobs_of(shop, everything)] == ["17-1", "17-2", "17-3"]
    assert jobs_of(Shop(), one) == ()


def test_a_copy_of_a_unit_s_label() -> None:
    event = UnitClosed(**WHERE, id="c", n=3, act="a", unit="U-7")
    shop = folded([event, LabelPrinted(id="p", n=4, label="U-7", of="c", station="PACK-1")])
    assert jobs_of(shop, event) == ()
    (job,) = jobs_of(shop, again(event, "U-7", "LOST"))
    assert (job.unit, job.reason) == ("U-7", "LOST")
    assert copies_of(label_facts(shop, "c", "U-7")) == 1


@pytest.mark.parametrize(
    ("facts", "state", "copies"),
    [
        ([], "unprinted", 0),
        ([LabelPrinted(**TOLD, id="1", n=6)], "printed", 1),
        ([LabelDoubted(**TOLD, id="1", n=6)], "doubt", 1),
        ([LabelDoubted(**TOLD, id="1", n=6), LabelPrinted(**TOLD, id="2", n=7)], "printed", 1),
        ([LabelDoubted(**TOLD, id="1", n=6), LabelRequested(**TOLD, id="2", n=7)], "requested", 1),
        (
            [
                LabelDoubted(**TOLD, id="1", n=6),
                LabelRequested(**TOLD, id="2", n=7),
                LabelPrinted(**TOLD, id="3", n=8, request="2"),
            ],
            "printed",
            2,
        ),
        (
            [
                LabelPrinted(**TOLD, id="1", n=6),
                LabelRequested(**TOLD, id="2", n=7),
                LabelDoubted(**TOLD, id="3", n=8, request="2"),
            ],
            "doubt",
            2,
        ),
        ([LabelDoubted(**TOLD, id="1", n=6), LabelVoided(**TOLD, id="2", n=7)], "voided", 1),
        ([LabelVoided(**TOLD, id="1", n=6), LabelRequested(**TOLD, id="2", n=7)], "voided", 0),
    ],
)
def test_what_became_of_a_label(facts: list[Event], state: str, copies: int) -> None:
    for order in (facts, facts[::-1]):
        told = label_facts(folded([made(), *order]), "m", "17", "B-1")
        assert (state_of(told), copies_of(told)) == (state, copies)


def test_doubts_are_asked_until_somebody_answers() -> None:
    first = LabelDoubted(**TOLD, id="1", n=6)
    other = LabelDoubted(**{**TOLD, "label": "18", "order": ""}, id="2", n=7)
    elsewhere = LabelDoubted(**{**TOLD, "station": "MIX-1", "label": "3"}, id="3", n=1)
    shop = folded([made(), other, first, elsewhere])
    assert doubts(shop, "PACK-1") == (first, other)
    out, lost = came_out(first), came_not(other)
    assert (out.label, out.of, out.order, out.copy_number) == ("17", "m", "B-1", 1)
    absorb(shop, LabelPrinted(**TOLD, id="4", n=8))
    absorb(shop, LabelRequested(label=lost.label, of=lost.of, id="5", n=9, station="PACK-1"))
    assert doubts(shop, "PACK-1") == ()
    assert doubts(shop, "MIX-1") == (elsewhere,)
