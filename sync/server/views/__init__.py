"""The home of what people and stations ask of the view tables.

Questions take a connection and give structs that are ready for JSON: amounts are decimal text with
their unit beside them, dates ISO text.
"""

from sync.server.views.books import book, names, rates
from sync.server.views.orders import (
    PAGE_ROWS_MAX,
    OrderLine,
    board_lines,
    order_line,
    order_lines,
    order_of_state,
    projected,
    promised,
)
from sync.server.views.snapshot import snapshot_positions

__all__ = [
    "PAGE_ROWS_MAX",
    "OrderLine",
    "board_lines",
    "book",
    "names",
    "order_line",
    "order_lines",
    "order_of_state",
    "projected",
    "promised",
    "rates",
    "snapshot_positions",
]
