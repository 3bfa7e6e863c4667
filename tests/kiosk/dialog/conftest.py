import pytest

from tests.kiosk.dialog.bakery import Floor


@pytest.fixture
def floor() -> Floor:
    """A station with nobody signed in."""
    return Floor()


@pytest.fixture
def work(floor: Floor) -> Floor:
    """A station where Anna is signed in and B-1 is open."""
    floor.badge("anna")
    floor.open("B-1")
    return floor
