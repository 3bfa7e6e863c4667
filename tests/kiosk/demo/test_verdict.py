"""A label is held against its event: what would make the verdict fail."""

import pytest

from kiosk.demo.verdict import Json, label_differs
from kiosk.demo.virtual_printer import PrintedLabel, Symbol

EVENT: Json = {
    "id": "e1",
    "type": "MaterialProduced",
    "lot": "B-1",
    "material": "ROLL",
    "quantity": {"amount": "480", "unit": "C62"},
}
LOT = Symbol("LOB-16", "]C0", "code128")
FULL = Symbol("LOB-1+ROLL+480+C62+270131X", "]d1", "datamatrix")


def label(*symbols: Symbol, job: str = "e1", fault: str = "") -> PrintedLabel:
    return PrintedLabel(3, job, "label-0003.png", symbols, fault)


def test_a_label_that_says_its_event_holds() -> None:
    assert label_differs(label(FULL, LOT), {"e1": EVENT}) == ""


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        (label(FULL, job="e2"), "label 3: job 'e2' is no output"),
        (label(), "label 3: no lot could be read from its picture"),
        (label(FULL, fault="bad ^BX"), "label 3: bad ^BX"),
        (
            label(Symbol("LOB-26", "]C0", "code128")),
            "label 3: reads 'LOB-26', its event says lot B-1",
        ),
        (
            label(Symbol("LOB-1+LOAF+480+C62X", "]d1", "datamatrix")),
            "label 3: reads 'LOB-1+LOAF+480+C62X', its event says lot B-1",
        ),
        (
            label(LOT, Symbol("LOB-1+ROLL+48+C62X", "]d1", "datamatrix")),
            "label 3: reads 'LOB-1+ROLL+48+C62X', its event says (Decimal('480'), 'C62')",
        ),
    ],
)
def test_a_label_that_says_something_else_is_a_fault(printed: PrintedLabel, why: str) -> None:
    assert label_differs(printed, {"e1": EVENT}) == why
