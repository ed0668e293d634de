"""Fixtures that run each store test twice: on the fake and on the real store in DynamoDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.fakes import (
    FakeShipments,
    FakeShippingOptions,
    StoredShipments,
    StoredShippingOptions,
)
from tests.kernel.tables import temporary_table

if TYPE_CHECKING:
    from collections.abc import Iterator

FAKE_AND_REAL = ["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)]


@pytest.fixture(params=FAKE_AND_REAL)
def options(request: pytest.FixtureRequest) -> FakeShippingOptions | StoredShippingOptions:
    if request.param == "in memory":
        return FakeShippingOptions()
    return StoredShippingOptions(request.getfixturevalue("table"))


@pytest.fixture(params=FAKE_AND_REAL)
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
    shop = request.getfixturevalue("lambda_env")
    with temporary_table(shop.outputs["DeliveryTable"]) as table:
        yield table
