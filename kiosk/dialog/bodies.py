"""Which body is the work's: where an accepted scan leads back to."""

from kiosk.dialog.state import Body, Dialog


def home(dialog: Dialog) -> Body:
    """An open handover, the unit that is packed, the current order, else the queue."""
    if dialog.handover is not None:
        return "handover"
    if dialog.packing is not None:
        return "packing"
    return "order" if dialog.order is not None else "queue"
