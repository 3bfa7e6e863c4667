"""The plant that the proofs share: its server runs from the first test to the last."""

from collections.abc import Iterator

import pytest

from tests.proofs.plant import Plant


@pytest.fixture(scope="session")
def shared_plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    plant = Plant(tmp_path_factory.mktemp("plant"))
    plant.open()
    yield plant
    plant.close()


@pytest.fixture
def plant(shared_plant: Plant) -> Iterator[Plant]:
    yield shared_plant
    shared_plant.clear()
