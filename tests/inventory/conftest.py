"""Inventory in memory and in DynamoDB: what is promised is promised of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inventory.fakes import FakeInventory, Inventory, StoredInventory
from tests.kernel.tables import twin

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def inventory(request: pytest.FixtureRequest) -> Inventory:
    if request.param == "in memory":
        return FakeInventory()
    stored: StoredInventory = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(request: pytest.FixtureRequest) -> Iterator[StoredInventory]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["InventoryTable"]) as table:
        yield StoredInventory(table)
