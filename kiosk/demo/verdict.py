"""What a played shift amounts to, and whether all of it can be proved."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from kiosk.demo import audit, checker
from kiosk.demo.player import Score
from kiosk.demo.processes import Server
from kiosk.demo.virtual_printer import PrintedLabel, Tray

Json = dict[str, Any]


@dataclass(slots=True)
class Summary:
    """The last line of a headless shift."""

    factory: str
    scans: int
    accepted: int
    stopped: int
    events_journal: int = 0
    events_ledger: int = 0
    orders_completed: int = 0
    lots_consumed: int = 0
    labels_printed: int = 0
    labels_decoded: int = 0
    deviations: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Verdict:
    """The summary, and one sentence for each thing that does not hold."""

    summary: Summary
    faults: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        return json.dumps(asdict(self.summary))


def judge(
    factory: str, score: Score, comparison: audit.Comparison, server: Server, labels: Path
) -> Verdict:
    """Hold the score, the ledger, the views and the labels against each other."""
    exported = server.export()
    totals = checker.totals(exported)
    printed = Tray(labels).labels()
    summary = Summary(
        factory=factory,
        scans=score.scans,
        accepted=score.accepted,
        stopped=score.stopped,
        events_journal=comparison.in_journals,
        events_ledger=comparison.in_ledger,
        orders_completed=totals.completed(),
        lots_consumed=totals.lots_consumed(),
        labels_printed=len(printed),
        labels_decoded=sum(bool(label.symbols) for label in printed),
        deviations=len(server.get("/v1/deviations")["items"]),
    )
    faults = [*score.misses, *_unheld(comparison)]
    faults += _orders_differ(totals, server) + _stock_differs(totals, server)
    faults += _labels_differ(exported, totals, printed)
    return Verdict(summary, faults)


def _unheld(comparison: audit.Comparison) -> list[str]:
    return [] if comparison.holds else [f"ledger: {comparison}"]


def _orders_differ(totals: checker.Totals, server: Server) -> list[str]:
    faults = []
    for number, order in totals.orders.items():
        view = server.get(f"/v1/orders/{number}")
        wanted = (order.good, order.scrap)
        found = (Decimal(view["good"]["amount"]), Decimal(view["scrap"]["amount"]))
        if wanted != found:
            faults.append(f"order {number}: events say {wanted}, the server's view {found}")
        faults += _consumption_differs(number, totals, view)
    return faults


def _consumption_differs(number: str, totals: checker.Totals, view: Json) -> list[str]:
    wanted = {
        (lot, unit): amount
        for (lot, order, unit), amount in totals.consumed.items()
        if order == number and amount
    }
    found: dict[tuple[str, str], Decimal] = {}
    for row in view["consumed"]:
        key = (row["lot"], row["unit"])
        found[key] = found.get(key, Decimal(0)) + Decimal(row["amount"])
    found = {key: amount for key, amount in found.items() if amount}
    return [] if wanted == found else [f"order {number}: consumed {wanted}, the view {found}"]


def _stock_differs(totals: checker.Totals, server: Server) -> list[str]:
    found: dict[tuple[str, str, str], Decimal] = {}
    for row in server.get("/v1/stock")["items"]:
        key = (row["material"], row["lot"], row["unit"])
        found[key] = found.get(key, Decimal(0)) + Decimal(row["amount"])
    wanted = {key: amount for key, amount in totals.stock.items() if amount}
    found = {key: amount for key, amount in found.items() if amount}
    return [
        f"stock {' '.join(key)}: events say {wanted.get(key)}, the server's view {found.get(key)}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key)
    ]


_TOLD_BY_LABELS = frozenset({"MaterialProduced", "UnitClosed", "LabelRequested"})


def _labels_differ(
    exported: Iterable[bytes], totals: checker.Totals, printed: list[PrintedLabel]
) -> list[str]:
    events = list(map(json.loads, exported))
    told = {event["id"]: event for event in events if event["type"] in _TOLD_BY_LABELS}
    doubted = {event["of"] for event in events if event["type"] == "LabelDoubted"}
    faults = [fault for label in printed if (fault := label_differs(label, told))]
    came = {what["id"] for label in printed if (what := told_by(label, told)) is not None}
    wanted = checker.labelled(events) & (totals.produced.keys() | told.keys())
    missing = wanted - came - doubted
    named = {one: told[one].get("lot") or told[one].get("unit") for one in missing}
    return faults + [f"no label came out for {named[one]} ({one})" for one in missing]


def told_by(label: PrintedLabel, told: dict[str, Json]) -> Json | None:
    """The output or closed unit that a printed label tells: its job names it, or a request."""
    event = told.get(label.job.partition(".")[0])
    if event is not None and event["type"] == "LabelRequested":
        return told.get(event["of"])
    return event


def label_differs(label: PrintedLabel, told: dict[str, Json]) -> str:
    """Whether the symbols of a label say what its event says; of several, each has its part."""
    name = f"label {label.number}"
    event = told_by(label, told)
    if event is None:
        return f"{name}: job {label.job!r} is no output"
    if event["type"] == "UnitClosed":
        is_named = any(event["unit"] in symbol.text for symbol in label.symbols)
        return label.fault or ("" if is_named else f"{name}: does not name unit {event['unit']}")
    is_whole = "." not in label.job
    lots = [symbol.text for symbol in label.symbols if symbol.text.startswith("LO")]
    if not lots or label.fault:
        return f"{name}: {label.fault or 'no lot could be read from its picture'}"
    for text in lots:
        fields = text[2:-1].split("+")
        said = (fields[0].rstrip(), *fields[1:2])
        if said != (event["lot"], event["material"])[: len(said)]:
            return f"{name}: reads {text!r}, its event says lot {event['lot']}"
        if is_whole and len(fields) > 3 and _amount(fields) != _amount_of(event):
            return f"{name}: reads {text!r}, its event says {_amount_of(event)}"
    return ""


def _amount(fields: list[str]) -> tuple[Decimal, str]:
    return Decimal(fields[2]), fields[3]


def _amount_of(event: Json) -> tuple[Decimal, str]:
    return Decimal(event["quantity"]["amount"]), event["quantity"]["unit"]
