"""Runs tests against the fake inventory and the real store on DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inventory.fakes import FakeInventory, Inventory, StoredInventory
from tests.kernel.tables import temporary_table

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
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["InventoryTable"]) as table:
        yield StoredInventory(table)
