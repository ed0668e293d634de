"""A basket's queue with its dead letters, and dead letters that came out of no queue."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from souk.kernel import aws
from souk.watch import handlers
from tests.watch.fakes import ROOT, FakeQueues

NAMES = {
    "BasketQueue": "Souk-BasketQueue-1",
    "BasketDeadLetters": "Souk-BasketDeadLetters-2",
    "BasketUnpublished": "Souk-BasketUnpublished-3",
}


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeQueues]:
    left = {"BasketDeadLetters": "BasketQueue", "BasketUnpublished": None}
    monkeypatch.setenv("QUEUES", json.dumps(NAMES))
    monkeypatch.setenv("DEAD_LETTERS", json.dumps(left))
    monkeypatch.setenv("QUEUE_URL", f"{ROOT}Souk-BasketDeadLetters-2")
    fakes = FakeQueues(*NAMES.values())
    monkeypatch.setattr(aws, "sqs", lambda: fakes)
    forget()
    yield fakes
    forget()


def forget() -> None:
    handlers.settings.cache_clear()
    handlers.urls.cache_clear()
