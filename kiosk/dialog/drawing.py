"""The home of the body DRAWING: steps, checks and drawing of the operation, then its code."""

from dataclasses import replace
from typing import Final

from kiosk.dialog.acts import said, stop
from kiosk.dialog.state import Body, Dialog, Notice, Turn
from kiosk.dialog.steps import current
from sync.domain.events import RoutingOperation
from sync.domain.shop import Shop

DRAWING: Final[Body] = "drawing"
CODE_PAGE: Final = 1  # of `Dialog.selected`: the code for a phone; 0 is the drawing


def operation_of(dialog: Dialog, shop: Shop) -> RoutingOperation | None:
    """The current operation as the routing of its order has it."""
    here = current(dialog, shop)
    return here.order.operation(here.operation) if here is not None else None


def pages(dialog: Dialog, shop: Shop) -> int:
    """How many pages the body has: a code only where there is something to open."""
    operation = operation_of(dialog, shop)
    return CODE_PAGE + 1 if operation is not None and operation.drawing.strip() else 1


def show(dialog: Dialog, shop: Shop, home: Body, asked: Notice | None) -> Turn:
    """DRAWING: the drawing, again its code, again back to the work; a question stands on."""
    if operation_of(dialog, shop) is None:
        if dialog.person is None:
            return stop(dialog, "not_signed_in")
        return stop(dialog, "no_order")
    page = dialog.selected + 1 if dialog.body == DRAWING else 0
    if page >= pages(dialog, shop):
        after = replace(dialog, body=home, selected=0)
        return Turn(after, notice=asked or said("note", f"body_{home}"))
    after = replace(dialog, body=DRAWING, selected=page)
    return Turn(after, notice=asked or said("note", _TEXTS[page]))


_TEXTS: Final = ("body_drawing", "body_drawing_code")
