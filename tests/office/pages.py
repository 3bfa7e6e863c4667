"""Every page of the office, as an address that shows something in a sample factory."""

from typing import Final
from urllib.parse import urlencode


def at(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def pages(order: str, material: str, lot: str, center: str, part: str) -> dict[str, str]:
    """Name → address; `part` is a component of the material made."""
    return {
        "today": "/today",
        "board": "/board",
        "orders": "/orders",
        "order-new": "/orders/new",
        "order": at("/order", number=order),
        "plan": "/plan",
        "proposals": "/plan/proposals",
        "demand": "/plan/demand",
        "calendar": "/plan/calendar",
        "materials": "/materials",
        "material": at("/material", name=material),
        "boms": "/boms",
        "bom": at("/bom", material=material),
        "routings": "/routings",
        "routing": at("/routing", material=material),
        "work-centers": "/work-centers",
        "stock": "/stock",
        "lot": at("/lot", material=part, lot=lot),
        "shortages": "/shortages",
        "purchase": "/purchase",
        "value": "/stock/value",
        "consumption": "/stock/consumption",
        "floor": "/floor",
        "work-center": at("/work-center", name=center),
        "stations": "/stations",
        "wall": "/wall",
        "trace": "/trace",
        "trace-lot": at("/trace", material=part, lot=lot),
        "recall": at("/trace/recall", material=part, lot=lot),
        "numbers": "/numbers",
        "deviations": "/deviations",
        "people": "/people",
        "keys": "/keys",
        "webhooks": "/webhooks",
        "audit": "/audit",
        "import": "/import",
    }


LOOKS: Final = (("wide", "light"), ("wide", "dark"), ("middle", "light"), ("phone", "light"))
