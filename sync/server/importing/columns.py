"""The columns of each file in a factory folder."""

from typing import Final

from sync.server.importing.cells import Column
from sync.server.importing.supply_columns import CALENDARS, DEMAND, RECEIPTS
from sync.server.importing.tables import Table

TIME_GROUPS: Final = ("delay", "down", "setup", "preventive", "corrective")
LABELS: Final = ("none", "per_done", "per_order", "per_n", "per_serial", "per_pallet")


def _name(name: str, note: str) -> Column:
    return Column(name, "name", note, needed=True)


def _free(name: str, note: str) -> Column:
    return Column(name, "name", note)


def _percent(name: str, note: str, default: str) -> Column:
    return Column(name, "amount", note, default=default)


TOLERANCE: Final = _percent("tolerance_percent", "how much more or less passes silently", "0")
LIMIT: Final = _percent("limit_percent", "beyond this share a supervisor is asked", "110")

MATERIALS: Final = Table(
    "materials.csv",
    ("material",),
    (
        _name("material", "the item's number, once in the file"),
        _name("name", "what people call it"),
        Column("unit", "base", "base unit: kg, g, l, m, pcs …", needed=True),
        _free("gtin", "GS1 item number, 8, 12, 13 or 14 digits"),
        Column("lot_controlled", "yes", "yes: every use names its lot", default="yes"),
        Column("serial_controlled", "yes", "yes: every piece has a serial number", default="no"),
        Column("label_quantity", "yes", "yes: a scan books the label's quantity", default="no"),
        Column("conversions", "units", "other units, as BAG=25 kg;PALLET=1000 kg"),
        Column("shelf_life_days", "count", "days from making to expiry; 0: does not expire"),
        _free("place", "where it lies"),
        Column("lead_time_days", "count", "bought: in calendar days; made: in working days"),
        Column("reorder_point", "quantity", "order again below this much, in the base unit"),
        _free("supplier", "who delivers it; empty: made here"),
        Column("standard_cost", "amount", "money for one base unit"),
        Column("lot_size", "quantity", "orders come in multiples of this, in the base unit"),
    ),
)
BOMS: Final = Table(
    "boms.csv",
    ("material", "component", "operation", "kind"),
    (
        _name("material", "what is made; one row per component"),
        Column("for_quantity", "quantity", "made quantity that the row is for", needed=True),
        _name("component", "the material that goes in"),
        Column("quantity", "quantity", "how much of it goes in", needed=True),
        Column("unit", "unit", "the unit of that quantity", needed=True),
        _free("operation", "at which operation; empty: the first"),
        TOLERANCE,
        LIMIT,
        Column("backflush", "yes", "yes: booked with the output, not scanned", default="no"),
        Column("substitutes", "names", "materials that may stand in, parted by ;"),
        _percent("scrap_percent", "how much more is lost on the way", "0"),
        Column("valid_from", "date", "the BOM holds from this day on; empty: always"),
        Column("kind", "choice", "component, or by_product: it comes out beside",
               default="component", choices=("component", "by_product")),
        Column("note", "text", "what whoever reads the BOM must know"),
    ),
)  # fmt: skip
ROUTINGS: Final = Table(
    "routings.csv",
    ("material", "operation"),
    (
        _name("material", "what is made; one row per operation, in order"),
        _name("operation", "the operation's number, such as 10"),
        _name("work_center", "where it is done"),
        _name("name", "what is done"),
        Column("setup_seconds", "count", "seconds before the first piece"),
        Column("run_seconds", "amount", "seconds for one base unit", default="0"),
        Column("count", "choice", "planned: DONE reports the rest; ask: DONE wants a number",
               default="planned", choices=("planned", "ask")),
        Column("steps", "names", "what to do and confirm, parted by ;"),
        Column("checks", "checks", "what to measure, parted by ;: Diameter = 19.98..20.02 mm"),
        _free("drawing", "a file of import drawings, as shaft.pdf#page=2, or an address"),
    ),
)  # fmt: skip
WORK_CENTERS: Final = Table(
    "work_centers.csv",
    ("work_center",),
    (
        _name("work_center", "its short name"),
        _name("name", "what people call it"),
        Column("hours_per_day", "amount", "hours a day where no calendar is named", default="8"),
        _free("calendar", "a calendar of calendars.csv"),
        Column("capacity", "count", "orders side by side", default="1"),
        Column("cost_per_hour", "amount", "money for one hour of work there"),
    ),
)
OPERATORS: Final = Table(
    "operators.csv",
    ("person",),
    (
        _name("person", "a short name or number"),
        _name("name", "what people call them"),
        _name("badge", "the number on the badge; no two alike"),
        Column("role", "choice", "operator or supervisor", default="operator",
               choices=("operator", "supervisor")),
        Column("pin", "text", "4 to 12 digits, kept as a salted hash; empty: none"),
    ),
)  # fmt: skip
REASONS: Final = Table(
    "reasons.csv",
    ("reason",),
    (
        _name("reason", "its short code"),
        Column("group", "choice", "scrap, short, pause, downtime or reprint", default="scrap",
               choices=("scrap", "short", "pause", "downtime", "reprint")),
        Column("text", "text", "what operators read", needed=True),
        Column("time_group", "choice", "of a stop, by ISO 22400: delay, down, setup, preventive"
               " or corrective", choices=TIME_GROUPS),
    ),
)  # fmt: skip
ORDERS: Final = Table(
    "orders.csv",
    ("order",),
    (
        _name("order", "the order's number"),
        _name("material", "what is made"),
        Column("quantity", "quantity", "how much: 1000, or 1000 pcs", needed=True),
        Column("due", "date", "a date, or +3d"),
        Column("start", "date", "planned start: a date, or +1d"),
        Column("priority", "count", "lower is first", default="50"),
        Column("note", "text", "what the operator must read and confirm"),
        _free("customer_reference", "the customer's own number"),
        Column("release", "yes", "yes: goes to the floor at once", default="no"),
        TOLERANCE,
        LIMIT,
        Column("label", "choice", ", ".join(LABELS), default="per_done", choices=LABELS),
        Column("label_per", "count", "per_n: pieces on one label"),
        Column("label_template", "name", "the label's template", default="batch"),
        Column("output_lot", "choice", "order: its number; per_done: a new lot each",
               default="order", choices=("order", "per_done")),
    ),
)  # fmt: skip
STOCK: Final = Table(
    "stock.csv",
    ("material", "lot"),
    (
        _name("material", "what lies there"),
        _name("lot", "its lot number"),
        Column("quantity", "amount", "how much", needed=True),
        Column("unit", "unit", "the unit of that quantity", needed=True),
        _free("place", "where it lies; empty: the material's place"),
        Column("expiry", "date", "use until: a date, or +30d"),
        _free("supplier_lot", "the supplier's own lot number"),
        Column("status", "choice", "available or blocked", default="available",
               choices=("available", "blocked")),
        Column("serials", "names", "serial numbers, parted by ;"),
    ),
)  # fmt: skip
TABLES: Final = (
    MATERIALS,
    BOMS,
    ROUTINGS,
    WORK_CENTERS,
    OPERATORS,
    REASONS,
    ORDERS,
    STOCK,
    DEMAND,
    RECEIPTS,
    CALENDARS,
)
ELSEWHERE: Final = frozenset({"stations.csv"})
