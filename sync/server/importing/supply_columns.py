"""The columns of what the plan is made from: demand, scheduled receipts, calendars."""

from typing import Final

from sync.server.importing.cells import Column
from sync.server.importing.tables import Table

WEEKDAYS: Final = (*("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),)

DEMAND: Final = Table(
    "demand.csv",
    ("demand",),
    (
        Column("demand", "name", "the line's number, such as SO-7001-10", needed=True),
        Column("material", "name", "what is wanted", needed=True),
        Column("quantity", "quantity", "how much: 1000, or 1000 pcs", needed=True),
        Column("due", "date", "when it is delivered: a date, or +3d"),
        Column("priority", "count", "lower is first", default="50"),
        Column("customer_reference", "name", "the customer's own number"),
        Column("note", "text", "what planners should know"),
    ),
)
RECEIPTS: Final = Table(
    "receipts.csv",
    ("receipt",),
    (
        Column("receipt", "name", "the purchase line's number, such as PO-55-1", needed=True),
        Column("material", "name", "what was ordered", needed=True),
        Column("quantity", "quantity", "how much: 500, or 20 BAG", needed=True),
        Column("due", "date", "when it comes: a date, or +3d"),
        Column("supplier", "name", "who delivers it; empty: the material's supplier"),
        Column("reference", "name", "the supplier's own number"),
        Column("note", "text", "what goods-in should know"),
    ),
)
CALENDARS: Final = Table(
    "calendars.csv",
    ("calendar",),
    (
        Column("calendar", "name", "its short name, as work_centers.csv says it", needed=True),
        Column("name", "name", "what people call it", needed=True),
        *(
            Column(day, "names", "shifts parted by ;, as 06:00-14:00;14:00-22:00; empty: closed")
            for day in WEEKDAYS
        ),
        Column("closed", "dates", "days on which nobody works, parted by ;: 2027-01-01 or +3d"),
    ),
)
