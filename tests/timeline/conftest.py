"""The timeline's stores in memory and in DynamoDB: the same tests run against both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.timeline.connections import ConnectionStore
from souk.timeline.store import TimelineStore
from tests.kernel.tables import temporary_table
from tests.runtime.conftest import log, queues
from tests.timeline.fakes import FakeConnections, FakeTimeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.shop import RunningShop

__all__ = ["log", "queues"]  # fixtures that tests of the batch consumer use

Timeline = FakeTimeline | TimelineStore


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def timeline(request: pytest.FixtureRequest) -> Timeline:
    if request.param == "in memory":
        return FakeTimeline()
    store: TimelineStore = request.getfixturevalue("timeline_store")
    return store


@pytest.fixture
def timeline_store(lambda_env: RunningShop) -> Iterator[TimelineStore]:
    with temporary_table(lambda_env.outputs["TimelineTable"]) as table:
        yield TimelineStore(table)


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def connections(request: pytest.FixtureRequest) -> FakeConnections | ConnectionStore:
    if request.param == "in memory":
        return FakeConnections()
    store: TimelineStore = request.getfixturevalue("timeline_store")
    return ConnectionStore(store._table)
