"""Options and shipments in memory and in DynamoDB: what is promised is promised of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.fakes import FakeOptions, FakeShipments, StoredOptions, StoredShipments
from tests.kernel.tables import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = ["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)]


@pytest.fixture(params=BOTH)
def options(request: pytest.FixtureRequest) -> FakeOptions | StoredOptions:
    if request.param == "in memory":
        return FakeOptions()
    return StoredOptions(request.getfixturevalue("table"))


@pytest.fixture(params=BOTH)
def shipments(request: pytest.FixtureRequest) -> FakeShipments | StoredShipments:
    if request.param == "in memory":
        return FakeShipments()
    stored: StoredShipments = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(table: str) -> StoredShipments:
    return StoredShipments(table)


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[str]:
    shop = request.getfixturevalue("in_function")
    with twin(shop.outputs["DeliveryTable"]) as table:
        yield table
