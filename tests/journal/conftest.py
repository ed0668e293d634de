"""The journal in memory and in DynamoDB: what is promised is promised of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from souk.journal.gate import GateStore
from souk.journal.store import JournalStore
from tests.edges.conftest import log, queues
from tests.journal.fakes import FakeGate, FakeJournal
from tests.kernel.tables import twin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.shop import Running

__all__ = ["log", "queues"]  # fixtures of the edges, which a listener is one of

Journal = FakeJournal | JournalStore


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def journal(request: pytest.FixtureRequest) -> Journal:
    if request.param == "in memory":
        return FakeJournal()
    stored: JournalStore = request.getfixturevalue("stored")
    return stored


@pytest.fixture
def stored(in_function: Running) -> Iterator[JournalStore]:
    with twin(in_function.outputs["JournalTable"]) as table:
        yield JournalStore(table)


@pytest.fixture(params=["in memory", pytest.param("in DynamoDB", marks=pytest.mark.cloud)])
def gate(request: pytest.FixtureRequest) -> FakeGate | GateStore:
    if request.param == "in memory":
        return FakeGate()
    stored: JournalStore = request.getfixturevalue("stored")
    return GateStore(stored._table)
