"""Orders from an ERP as B2MML (ISA-95 part 5): each ProductionRequest is a row of orders.csv.

Read are ProductionSchedule documents of V0600 and later, bare or in a transaction such as
ProcessProductionSchedule. Of a request we take what an order is made of; what else a schedule may
hold (persons, equipment, consumed material) is the routing's and the BOM's here.

ScheduleError    a file that is no such document; the message says what is wrong in which line
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.parsers import expat

from sync.server.errors import ServerError
from sync.server.importing.workbook import Cells
from sync.server.wording import Said

SUFFIX: Final = ".xml"
NAMESPACE: Final = "http://www.mesa.org/xml/B2MML"
REQUESTS_MAX: Final = 20_000
DEPTH_MAX: Final = 40
XML_BYTES_MAX: Final = 32 * 1024 * 1024
SCHEDULE: Final = "ProductionSchedule"
REQUEST: Final = "ProductionRequest"
SEGMENT: Final = "SegmentRequirement"
PRODUCED: Final = "MaterialProducedRequirement"
MATERIAL: Final = "MaterialRequirement"
PARAMETER: Final = "ProductionParameter"
RELEASED: Final = "Released"
PARTS: Final[Mapping[str, str]] = {
    "release": "RequestState",
    "order": "ID",
    "material": f"{SEGMENT}/{PRODUCED}/MaterialDefinitionID",
    "quantity": f"{SEGMENT}/{PRODUCED}/Quantity",
    "due": "EndTime",
    "start": "StartTime",
    "priority": "Priority",
    "note": "Description",
}
OWN: Final = (
    "customer_reference",
    "tolerance_percent",
    "limit_percent",
    "label",
    "label_per",
    "label_template",
    "output_lot",
)
"""Columns for which B2MML has no element: a ProductionParameter by the column's name."""


class ScheduleError(ServerError):
    """See the tree at the top; `line` is 0 where it is the whole file."""

    def __init__(self, said: Said, line: int = 0) -> None:
        super().__init__(said)
        self.said, self.line = said, line


@dataclass(slots=True)
class Node:
    """An element: its name, the line it begins in, what it holds."""

    name: str
    line: int
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Node"]:
        """The elements at a path of names, in the order of the document."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def said(self, path: str) -> str:
        """The text of the first element at a path; empty without one."""
        return next((one.text.strip() for one in self.all(path)), "")


def requests(content: bytes) -> Cells:
    """A header, and a row for each request with its line; raises `ScheduleError`."""
    found = list(_requests(content))
    header = (*PARTS, *OWN)
    return [(0, header), *((one.line, _row(one)) for one in found)]


def places() -> dict[str, str]:
    """Where each column of a row stands in the document, up to the line of its request."""
    own = {name: f"{SEGMENT}/{PARAMETER} {name}" for name in OWN}
    return {name: f"{path} of the request in line " for name, path in {**PARTS, **own}.items()}


def tree_of(content: bytes) -> Node:
    """The document's root; raises `ScheduleError`."""
    if len(content) > XML_BYTES_MAX:
        raise ScheduleError(Said("import.bytes", count=len(content), most=XML_BYTES_MAX))
    reading = _Reading()
    try:
        reading.parser.Parse(content, True)
    except expat.ExpatError as fault:
        told = expat.ErrorString(fault.code)
        raise ScheduleError(Said("import.no_xml", why=told), fault.lineno) from None
    except (ValueError, LookupError) as fault:  # an encoding that is none
        raise ScheduleError(Said("import.xml_unread", why=str(fault))) from None
    assert reading.root is not None, "expat ends only after a root"
    return reading.root


class _Reading:
    """Builds the tree as the parser calls; elements of other namespaces keep their whole name."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        line = self.parser.CurrentLineNumber
        if len(self._open) >= DEPTH_MAX:
            raise ScheduleError(Said("import.deep", most=DEPTH_MAX), line)
        node = Node(local if space.startswith(NAMESPACE) else f"{space} {local}", line)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_told: object) -> None:
        told = Said("import.doctype")
        raise ScheduleError(told, self.parser.CurrentLineNumber)


def _requests(content: bytes) -> Iterator[Node]:
    root = tree_of(content)
    schedules = [root] if root.name == SCHEDULE else list(root.all(f"DataArea/{SCHEDULE}"))
    if not schedules:
        name = root.name.rpartition(" ")[2][:60]
        told = Said("import.no_schedule", name=name, wanted=SCHEDULE, space=NAMESPACE)
        raise ScheduleError(told, root.line)
    count = 0
    for schedule in schedules:
        for one in schedule.all(REQUEST):
            count += 1
            if count > REQUESTS_MAX:
                raise ScheduleError(Said("import.requests", most=REQUESTS_MAX), one.line)
            yield one
    if not count:
        raise ScheduleError(Said("import.no_request", wanted=REQUEST), root.line)


def _row(request: Node) -> list[str]:
    material, amount = _produced(request)
    told = {
        "release": "yes" if request.said("RequestState") == RELEASED else "no",
        "order": request.said("ID"),
        "material": material,
        "quantity": amount,
        "due": _day(request.said("EndTime")),
        "start": _day(request.said("StartTime")),
        "priority": request.said("Priority"),
        "note": request.said("Description"),
        **_parameters(request),
    }
    return [told.get(name, "") for name in (*PARTS, *OWN)]


def _produced(request: Node) -> tuple[str, str]:
    """What is made and how much, as `orders.csv` has it; raises where it is not one thing."""
    found = [*request.all(f"{SEGMENT}/{PRODUCED}")]
    others = request.all(f"{SEGMENT}/{MATERIAL}")
    found += [one for one in others if one.said("MaterialUse") == "Produced"]
    made = {(one.said("MaterialDefinitionID"), _amount(one)): one for one in found}
    if len(made) > 1:
        named = ", ".join(sorted({name for name, _ in made}))
        told = Said(
            "import.several", kind=REQUEST, order=request.said("ID")[:60], named=named[:200]
        )
        raise ScheduleError(told, request.line)
    return next(iter(made), ("", ""))


def _amount(requirement: Node) -> str:
    unit = requirement.said("Quantity/UnitOfMeasure")
    return f"{requirement.said('Quantity/QuantityString')} {unit}".strip()


def _parameters(request: Node) -> dict[str, str]:
    """Our own columns; other systems' parameters are theirs."""
    found = {}
    for one in request.all(f"{SEGMENT}/{PARAMETER}/Parameter"):
        if (name := one.said("ID")) in OWN:
            found[name] = one.said("Value/ValueString")
    return found


def _day(written: str) -> str:
    """The day of a time; with an offset, the day at the server's place. What is none stays."""
    try:
        when = datetime.fromisoformat(written)
        return (when.astimezone() if when.tzinfo else when).date().isoformat()
    except (ValueError, OverflowError):
        return written
