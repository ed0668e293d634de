"""Fixtures of the runtime's tests; other services' tests import them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from souk.kernel import aws
from tests.kernel.fakes import FakeQueues
from tests.kernel.logs import capture_log

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """The lines written to the function's log during the test."""
    with capture_log() as lines:
        yield lines


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> FakeQueues:
    fake = FakeQueues()
    monkeypatch.setattr(aws, "sqs", lambda: fake)
    monkeypatch.setenv("QUEUE_URL", "the-queue")
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", "the-dead-letter-queue")
    return fake
