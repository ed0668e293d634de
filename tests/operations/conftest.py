"""Queues of basket: one with a dead-letter queue, and a dead-letter queue without a source."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from souk.kernel import aws
from souk.operations import handlers
from tests.operations.fakes import ROOT, FakeQueues

NAMES = {
    "BasketQueue": "Souk-BasketQueue-1",
    "BasketDeadLetters": "Souk-BasketDeadLetters-2",
    "BasketUnpublished": "Souk-BasketUnpublished-3",
}


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeQueues]:
    sources = {"BasketDeadLetters": "BasketQueue", "BasketUnpublished": None}
    monkeypatch.setenv("QUEUES", json.dumps(NAMES))
    monkeypatch.setenv("DEAD_LETTER_QUEUES", json.dumps(sources))
    monkeypatch.setenv("QUEUE_URL", f"{ROOT}Souk-BasketDeadLetters-2")
    fakes = FakeQueues(*NAMES.values())
    monkeypatch.setattr(aws, "sqs", lambda: fakes)
    clear_caches()
    yield fakes
    clear_caches()


def clear_caches() -> None:
    handlers.settings.cache_clear()
    handlers.queue_urls.cache_clear()
