"""What a planner's day is about in each sample factory: one order that wants more than is there.

The work is told in the words of a shift script; `NUMBER` stands for the order's number.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Day:
    """`first` is worked at one station, `last` at another.

    `unbooked` is a material and a lot of it that lies there though nobody received it.
    """

    material: str
    quantity: str
    unit: str
    short: str
    lot: str
    unbooked: tuple[str, str]
    first: str
    last: str


DAYS: Final = {
    "bakery": Day(
        material="LOAF",
        quantity="500",
        unit="pcs",
        short="RYE",
        lot="R-118",
        unbooked=("SALT", "S-99"),
        first="""
            station BAKE-1
            scan badge anna
            expect ok "Anna Berg is signed in"
            wait synced
            scan order NUMBER
            expect ok "Rye loaf NUMBER: 500 PCS Mix and bake"
            type 250
            expect note "250"
            scan lot R-118
            expect ok "250 KG"
            type 5
            expect note "5"
            scan lot S-99
            expect note "Sea salt S-99"
            scan OK
            expect ok "Sea salt S-99"
            scan DONE
            expect ok "500 PCS good"
            wait synced
        """,
        last="""
            station PACK-1
            scan badge paul
            expect ok "Paul Lind is signed in"
            wait synced
            scan order NUMBER
            expect ok "Rye loaf NUMBER: 500 PCS Slice and pack"
            scan DONE
            expect ok "500 PCS good. The order is finished."
            wait synced
        """,
    ),
    "machining": Day(
        material="SHAFT",
        quantity="60",
        unit="pcs",
        short="BAR20",
        lot="H-4471",
        unbooked=("BAR20", "H-4999"),
        first="""
            station CNC-1
            scan badge anna
            expect ok "Anna Krog is signed in"
            wait synced
            scan order NUMBER
            expect ok "Drive shaft NUMBER: 60 PCS Saw to length"
            type 18
            expect note "18"
            scan lot H-4471
            expect ok "18 M"
            type 3
            expect note "3"
            scan lot H-4999
            expect note "Steel bar 20 mm H-4999"
            scan OK
            expect ok "Steel bar 20 mm H-4999"
            scan DONE
            expect ok "60 PCS good"
            scan order NUMBER
            expect ok "Drive shaft NUMBER: 60 PCS Turn seats"
            scan DONE
            expect ok "60 PCS good"
            wait synced
        """,
        last="""
            station MILL-1
            scan badge jens
            expect ok "Jens Vold is signed in"
            wait synced
            scan order NUMBER
            expect ok "Drive shaft NUMBER: 60 PCS Mill keyway"
            scan DONE
            expect ok "60 PCS good. The order is finished."
            wait synced
        """,
    ),
    "electronics": Day(
        material="PANEL",
        quantity="3",
        unit="pcs",
        short="BOARD",
        lot="BD-LOT",
        unbooked=("CASE", "CA-99"),
        first="""
            station LINE-1
            scan badge anna
            expect ok "Anna Sand is signed in"
            wait synced
            scan order NUMBER
            expect ok "Operator panel NUMBER: 3 PCS Assemble"
            scan serial BD-1001
            expect ok "Controller board BD-1001: 1 PCS"
            scan serial BD-1002
            expect ok "Controller board BD-1002: 1 PCS"
            scan serial BD-1003
            expect ok "Controller board BD-1003: 1 PCS"
            scan serial DP-2001
            expect ok "Display module DP-2001: 1 PCS"
            scan serial DP-2002
            expect ok "Display module DP-2002: 1 PCS"
            scan serial DP-2003
            expect ok "Display module DP-2003: 1 PCS"
            scan lot CA-99
            expect note "Housing CA-99"
            scan OK
            expect ok "Housing CA-99"
            scan lot PA-3
            expect ok "Thermal paste PA-3"
            scan DONE
            expect ok "3 PCS good"
            wait synced
        """,
        last="""
            station TEST-1
            scan badge mia
            expect ok "Mia Dahl is signed in"
            wait synced
            scan order NUMBER
            expect ok "Operator panel NUMBER: 3 PCS Test and burn in"
            scan serial PN-6001 PANEL
            expect ok "PN-6001"
            scan serial PN-6002 PANEL
            expect ok "PN-6002"
            scan serial PN-6003 PANEL
            expect ok "PN-6003"
            scan DONE
            expect ok "3 PCS good. The order is finished."
            wait synced
        """,
    ),
}
