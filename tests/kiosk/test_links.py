"""What links the app to the sync client."""

from kiosk.links import Granted
from sync.domain.events import NumbersGranted, OperatorSignedIn
from sync.wire import Unknown, recorded


def test_the_highest_number_granted_is_told_by_kind() -> None:
    granted = Granted({"SSCC": 100, "lot": 7})
    ranges = [("SSCC", 101, 200), ("SSCC", 1, 50), ("label", 1, 9)]
    records = [
        recorded(NumbersGranted(id=f"e{first}", origin="o", kind=kind, first=first, last=last))
        for kind, first, last in ranges
    ]
    records.append(recorded(OperatorSignedIn(id="e")))
    assert not any(isinstance(record.event, Unknown) for record in records)
    assert granted.heard(records) is records
    assert granted.highest() == {"SSCC": 200, "lot": 7, "label": 9}
